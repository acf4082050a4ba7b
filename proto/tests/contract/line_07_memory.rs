//! 7. Receive memory grows with bytes received, never with the length claimed; limits are checked
//!    at the header.

use firesteel_proto::wire::{Dialect, Flags, Header, MessageType};
use firesteel_proto::{CloseReason, Config, DaemonEvent, Machine, Peer, ProtocolError};

use crate::common::*;

fn claim(kind: MessageType, data: u32) -> Vec<u8> {
    let header = Header {
        dialect: Dialect::Pyro5,
        kind: kind as u8,
        serializer: 1,
        flags: Flags::NONE,
        sequence: 1,
        data_len: data,
        annotations_len: 0,
        correlation: [0; 16],
    };
    header.to_bytes()
}

#[test]
fn a_claim_is_judged_at_the_header() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let id = pair.session_of(proxy).expect("a session");
    let mut session = pair.daemon.session(id).expect("alive");
    session.handle_input(pair.now, &claim(MessageType::Invoke, 1 << 30));
    assert!(session.is_closed());
    pair.settle(&mut world);
    let max = Config::default().limits.max_message;
    let reason = CloseReason::Protocol(ProtocolError::TooLarge { size: 1 << 30, max });
    assert_eq!(pair.daemon_events, [DaemonEvent::Closed { session: id, reason }]);
}

#[test]
fn a_stranger_may_send_less() {
    let mut pair = pair();
    let id = pair.daemon.open(pair.now, Peer::unix(), None).expect("opened");
    let mut session = pair.daemon.session(id).expect("alive");
    session.handle_input(pair.now, &claim(MessageType::Connect, 1 << 20));
    let answer = session.poll_transmit().expect("an answer").take();
    assert!(answer.ends_with(b"message too large (1048576, max=262144)"));
}

#[test]
fn what_is_lent_follows_what_has_come() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let id = pair.session_of(proxy).expect("a session");
    let mut session = pair.daemon.session(id).expect("alive");
    let len = 40_usize << 20;
    session.handle_input(pair.now, &claim(MessageType::Invoke, len as u32));
    let mut received = 40;
    while received < 1 << 20 {
        let lent = session.input_buf().len();
        assert!(lent <= received.max(64 * 1024), "{lent} bytes lent after {received}");
        session.input_buf()[..1000].fill(b' ');
        session.handle_filled(pair.now, 1000);
        received += 1000;
    }
}

#[test]
fn all_sessions_together_are_bounded() {
    let mut config = Config::default();
    config.limits.max_total_buffered = 1 << 20;
    let (mut pair, mut world) = (pair_with(Config::default(), config), World::default());
    let small = connected(&mut pair, &mut world);
    let mut large = Vec::new();
    for _ in 0..20 {
        let proxy = connected(&mut pair, &mut world);
        let id = pair.session_of(proxy).expect("a session");
        pair.daemon.session(id).expect("alive").handle_input(pair.now, &claim(MessageType::Invoke, 10 << 20));
        large.push(id);
    }
    let mut total = 0;
    for _ in 0..10_000 {
        for id in &large {
            let mut session = pair.daemon.session(*id).expect("alive");
            if session.wants_read() {
                session.handle_input(pair.now, &[b' '; 1000]);
                total += 1000;
            }
        }
    }
    // One of them, whose turn it is, may bring its message to an end.
    assert!(total < (11 << 20) + 64 * 1024, "{total} bytes were taken");
    // Who holds little is served on.
    let answer: String =
        pair.call(small, &firesteel_proto::Request::method("echo", &("here",)), &mut world).expect("served");
    assert_eq!(answer, "here");
    // When the others go, there is room again.
    for id in large {
        pair.daemon.session(id).expect("alive").handle_error(pair.now);
    }
    pair.settle(&mut world);
    assert_eq!(pair.daemon.session_count(), 1);
}
