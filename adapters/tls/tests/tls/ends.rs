//! How connections end: in an orderly way, or cut.

use firesteel_proto::{CloseReason, DaemonEvent, LayerError, Machine};
use firesteel_tls::Tls;

use crate::common::{Bare, bare_config, daemon, messages, mutual_options, server_options, start, step, under};

fn closed(events: &[DaemonEvent]) -> Option<&CloseReason> {
    events.iter().find_map(|event| match event {
        DaemonEvent::Closed { reason, .. } => Some(reason),
        _ => None,
    })
}

/// Pyro's programs close the socket without a word, right after their last call.
#[test]
fn calls_that_came_before_a_cut_count() {
    let (mut daemon, notes) = daemon(under(&Tls::server(&server_options()).expect("good")));
    let mut bare = Bare::open(&mut daemon, bare_config());
    bare.exchange(&mut daemon);
    bare.say(&messages(&[("echo", "first"), ("note", "one"), ("note", "two")]));
    let sealed = bare.sealed();
    let mut session = daemon.session(bare.id).expect("it is there");
    session.handle_input(start(), &sealed);
    session.handle_eof(start());
    let events = bare.exchange(&mut daemon);
    assert_eq!(*notes.lock().expect("no panic"), ["one", "two"]);
    assert!(String::from_utf8_lossy(&bare.heard).contains("first"), "answers still go out");
    assert_eq!(closed(&events), Some(&CloseReason::Layer(LayerError::Truncated)));
    assert_eq!(daemon.session_count(), 0);
}

#[test]
fn an_orderly_end_is_none_of_the_transport() {
    let (mut daemon, notes) = daemon(under(&Tls::server(&server_options()).expect("good")));
    let mut bare = Bare::open(&mut daemon, bare_config());
    bare.exchange(&mut daemon);
    bare.say(&messages(&[("note", "last words")]));
    bare.connection.send_close_notify();
    let mut sealed = bare.sealed();
    // What follows the end is nobody's.
    sealed.extend_from_slice(b"\x17\x03\x03\x00\x05noise");
    daemon.session(bare.id).expect("it is there").handle_input(start(), &sealed);
    let events = bare.exchange(&mut daemon);
    assert_eq!(closed(&events), Some(&CloseReason::PeerEof));
    assert_eq!(*notes.lock().expect("no panic"), ["last words"]);
    let state = bare.connection.process_new_packets().expect("all is well");
    assert!(state.peer_has_closed(), "the server says goodbye, too");
}

#[test]
fn who_goes_during_the_handshake_leaves_nothing_behind() {
    for options in [server_options(), mutual_options()] {
        let (mut daemon, _) = daemon(under(&Tls::server(&options).expect("good")));
        let mut bare = Bare::open(&mut daemon, bare_config());
        let hello = bare.sealed();
        for cut in [0, 1, 5, hello.len() / 2, hello.len()] {
            let id = daemon.open(start(), crate::common::peer(), None).expect("there is room");
            let mut session = daemon.session(id).expect("it is there");
            session.handle_input(start(), &hello[..cut]);
            session.handle_eof(start());
            let events = step(&mut daemon, start());
            let _ = crate::common::output(&mut daemon, id);
            let events = [events, step(&mut daemon, start())].concat();
            assert!(closed(&events).is_some(), "{cut}: {events:?}");
        }
        assert_eq!(daemon.session_count(), 1);
    }
}

#[test]
fn the_server_ends_in_an_orderly_way() {
    let (mut daemon, _) = daemon(under(&Tls::server(&server_options()).expect("good")));
    let mut bare = Bare::open(&mut daemon, bare_config());
    bare.say(&messages(&[("echo", "first")]));
    bare.exchange(&mut daemon);
    daemon.shutdown(start(), std::time::Duration::from_secs(1));
    bare.exchange(&mut daemon);
    let state = bare.connection.process_new_packets().expect("all is well");
    assert!(state.peer_has_closed());
    assert!(daemon.is_drained());
}
