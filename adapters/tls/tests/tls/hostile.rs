//! Bytes that mean no good: nothing panics, hangs or grows.

use firesteel_proto::{CloseReason, Config, Daemon, DaemonEvent, Layers, Machine, Outbox, Target};
use firesteel_tls::Tls;
use proptest::prelude::*;

use crate::common::{
    Bare, bare_config, client_options, daemon, messages, mutual_options, output, peer, server_options, start, step,
    under,
};

fn server() -> Tls {
    Tls::server(&server_options()).expect("good")
}

fn ends(daemon: &mut Daemon, bytes: &[u8]) -> Option<CloseReason> {
    let id = daemon.open(start(), peer(), None).expect("there is room");
    daemon.session(id).expect("it is there").handle_input(start(), bytes);
    let mut events = step(daemon, start());
    let _ = output(daemon, id);
    events.extend(step(daemon, start()));
    events.into_iter().find_map(|event| match event {
        DaemonEvent::Closed { reason, .. } => Some(reason),
        _ => None,
    })
}

proptest! {
    #[test]
    fn noise_is_refused(head in 0_usize..3, bytes in proptest::collection::vec(any::<u8>(), 1..2000)) {
        let (mut daemon, _) = daemon(under(&server()));
        let begin: &[u8] = [&b"\x16\x03\x01"[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b""][head];
        ends(&mut daemon, &[begin, &bytes].concat());
        // Whoever is still there has not got far.
        assert!(daemon.counters().buffered < 10_000);
    }

    #[test]
    fn a_changed_greeting_is_refused_or_taken(at in 0_usize..300, byte in any::<u8>()) {
        let (mut daemon, _) = daemon(under(&Tls::server(&mutual_options()).expect("good")));
        let mut bare = Bare::open(&mut daemon, bare_config());
        let mut hello = bare.sealed();
        let at = at % hello.len();
        hello[at] = byte;
        ends(&mut daemon, &hello);
    }

    /// Changed on its way, a record ends the connection, and nothing of it comes through.
    #[test]
    fn a_changed_record_is_the_end(at in 0_usize..200, bit in 0_u32..8) {
        let (mut daemon, notes) = daemon(under(&server()));
        let mut bare = Bare::open(&mut daemon, bare_config());
        bare.say(&messages(&[]));
        bare.exchange(&mut daemon);
        bare.say(&messages(&[("note", "changed")])[messages(&[]).len()..]);
        let mut sealed = bare.sealed();
        // Its length aside, by which more would be waited for.
        let at = 5 + at % (sealed.len() - 5);
        sealed[at] ^= 1 << bit;
        daemon.session(bare.id).expect("it is there").handle_input(start(), &sealed);
        let events = bare.exchange(&mut daemon);
        assert!(matches!(&events[..], [DaemonEvent::Closed { reason: CloseReason::Layer(_), .. }]), "{events:?}");
        assert!(notes.lock().expect("no panic").is_empty());
    }

    #[test]
    fn a_client_refuses_noise(tls in any::<bool>(), bytes in proptest::collection::vec(any::<u8>(), 1..2000)) {
        let client = Tls::client(&client_options()).expect("good");
        let target = Target::Tcp { host: "anywhere".to_owned(), port: 1 };
        let mut layer = client.connect(&target).expect("a name").expect("a layer");
        let (mut up, mut wire) = (Vec::new(), Outbox::new());
        layer.handle_input(start(), &[], &mut up, &mut wire).expect("a greeting");
        let bytes = if tls { [b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03", &bytes[..]].concat() } else { bytes };
        let _ = layer.handle_input(start(), &bytes, &mut up, &mut wire);
        assert!(up.is_empty() && !layer.is_established());
    }
}

/// A handshake that never comes to its end is cut off, by its size or by its time, and holds little until then.
#[test]
fn an_endless_handshake_is_cut_off() {
    let (mut daemon, _) = daemon(under(&server()));
    // A greeting of 16 MiB is promised, in records that go on and on.
    let mut bytes = b"\x16\x03\x01\x40\x00\x01\xff\xff\xff".to_vec();
    bytes.resize(5 + 0x4000, 0);
    for _ in 0..200 {
        bytes.extend_from_slice(b"\x16\x03\x01\x40\x00");
        bytes.resize(bytes.len() + 0x4000, 0);
    }
    let reason = ends(&mut daemon, &bytes).expect("it is over");
    assert!(matches!(reason, CloseReason::Layer(_)), "{reason}");
    // Alerts that say nothing, and change of nothing, without end.
    for record in [&b"\x14\x03\x03\x00\x01\x01"[..], b"\x15\x03\x03\x00\x02\x01\x5a", b"\x16\x03\x03\x00\x00"] {
        let mut bytes = Bare::open(&mut daemon, bare_config()).sealed();
        bytes.extend(record.repeat(100_000));
        let reason = ends(&mut daemon, &bytes).expect("it is over");
        assert!(matches!(reason, CloseReason::Layer(_)), "{reason}");
    }
}

/// What comes in TLS is bounded as elsewhere.
#[test]
fn garbage_inside_of_tls_is_garbage() {
    let mut config = under(&server());
    config.limits.max_handshake = 10_000;
    let (mut daemon, _) = daemon(config);
    for plaintext in [&b"no protocol at all"[..], &[0x16, 0x03, 0x01, 0, 0, 0, 0], &[7; 100_000]] {
        let mut bare = Bare::open(&mut daemon, bare_config());
        bare.exchange(&mut daemon);
        for chunk in plaintext.chunks(10_000) {
            bare.say(chunk);
            bare.exchange(&mut daemon);
        }
        assert!(daemon.session(bare.id).is_none());
        assert!(String::from_utf8_lossy(&bare.heard).contains("PYRO"), "it is told so, in TLS");
    }
    assert_eq!(Config::default().limits.max_handshake, 256 << 10);
}

/// What is held for a client counts, wherever it is held; nothing does, once the record is whole.
#[test]
fn half_a_record_counts_among_what_is_held() {
    let (mut daemon, _) = daemon(under(&server()));
    let mut bare = Bare::open(&mut daemon, bare_config());
    let hello = bare.sealed();
    daemon.session(bare.id).expect("it is there").handle_input(start(), &hello[..100]);
    step(&mut daemon, start());
    assert_eq!(daemon.counters().buffered, 100);
    daemon.session(bare.id).expect("it is there").handle_input(start(), &hello[100..]);
    let answer = output(&mut daemon, bare.id);
    bare.hear(&answer);
    bare.say(&messages(&[]));
    bare.exchange(&mut daemon);
    assert_eq!(daemon.counters().buffered, 0);
    bare.say(&messages(&[("echo", &"x".repeat(40_000))])[messages(&[]).len()..]);
    let sealed = bare.sealed();
    daemon.session(bare.id).expect("it is there").handle_input(start(), &sealed[..10_000]);
    step(&mut daemon, start());
    assert_eq!(daemon.counters().buffered, 10_000);
    daemon.session(bare.id).expect("it is there").handle_input(start(), &sealed[10_000..]);
    bare.exchange(&mut daemon);
    assert_eq!(daemon.counters().buffered, 0);
}
