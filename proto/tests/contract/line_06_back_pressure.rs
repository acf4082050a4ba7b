//! 6. `wants_read` turns false at the limits, and the session reappears when it turns true again.

use firesteel_proto::wire::{Dialect, Flags, FrameStart, Head, MessageType, OwnedAnnotations};
use firesteel_proto::{Budget, Config, Machine, Request};

use crate::common::*;

fn limited() -> Config {
    let mut config = Config::default();
    config.limits.max_waiting_bytes = 2_000;
    config.limits.max_unsent = 2_000;
    config
}

#[test]
fn a_client_that_fills_its_limits_is_served_to_the_end() {
    // A loop that pumps only what it is told of: edge-triggered.
    let mut config = Config::default();
    config.limits.max_in_flight = 20_000;
    let (mut pair, mut world) = (pair_with(config, limited()), World::default());
    let proxy = connected(&mut pair, &mut world);
    let calls: Vec<_> =
        (0..8_100).map(|n| pair.client.call(pair.now, proxy, &Request::method("echo", &(n,))).expect("sent")).collect();
    pair.room = 300;
    pair.settle(&mut world);
    let answered = calls.iter().filter(|id| pair.done.contains_key(id)).count();
    assert_eq!(answered, calls.len());
}

#[test]
fn waiting_calls_stop_reading_and_running_them_resumes_it() {
    let (mut pair, mut world) = (pair_with(Config::default(), limited()), World::default());
    let proxy = connected(&mut pair, &mut world);
    let id = pair.session_of(proxy).expect("a session");
    for n in 0..100 {
        log(&mut pair, proxy, &format!("{n}"));
    }
    while pair.transfer() {}
    let session = pair.daemon.session(id).expect("alive");
    assert!(!session.wants_read(), "100 calls wait");
    assert_ne!(pair.daemon.poll_session(), Some(id), "there is no reason to pump it yet");

    let mut announced = false;
    for _ in 0..200 {
        pair.daemon.dispatch(pair.now, &mut world, Budget::calls(1));
        while let Some(session) = pair.daemon.poll_session() {
            let mut machine = pair.daemon.session(session).expect("alive");
            announced |= machine.wants_read();
            let _ = machine.poll_transmit().map(|transmit| transmit.take());
        }
    }
    assert!(announced, "reading was resumed and nobody was told");
    while pair.transfer() {
        pair.daemon.dispatch(pair.now, &mut world, Budget::UNLIMITED);
    }
    assert_eq!(world.log.len(), 100);
}

#[test]
fn a_reader_that_stops_reading_stops_its_calls() {
    let (mut pair, mut world) = (pair_with(Config::default(), limited()), World::default());
    let proxy = connected(&mut pair, &mut world);
    let large = "x".repeat(1_000);
    for _ in 0..50 {
        pair.client.call(pair.now, proxy, &Request::method("echo", &(&large,))).expect("sent");
    }
    let id = pair.session_of(proxy).expect("a session");
    // Nothing is taken from the session: its output piles up, but only to the limit.
    pair.room = 0;
    while pair.transfer() {}
    pair.room = usize::MAX;
    for _ in 0..100 {
        pair.client.handle_timeout(pair.now);
        if let Some(connection) = pair.client.connection_of(proxy)
            && let Some(mut machine) = pair.client.connection(connection)
            && let Some(transmit) = machine.poll_transmit()
        {
            let bytes = transmit.take();
            pair.daemon.session(id).expect("alive").handle_input(pair.now, &bytes);
        }
        pair.daemon.dispatch(pair.now, &mut world, Budget::UNLIMITED);
    }
    let mut session = pair.daemon.session(id).expect("alive");
    let unsent = session.poll_transmit().expect("output").take().len();
    assert!((2_000..5_000).contains(&unsent), "{unsent} bytes wait");
    // Sending them lets the next calls start, though the socket stays silent.
    assert!(pair.daemon.poll_timeout().is_some_and(|at| at <= pair.now));
    assert!(pair.daemon.dispatch(pair.now, &mut world, Budget::UNLIMITED).calls > 0);
}

#[test]
fn a_flood_of_pings_does_not_keep_the_loop() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let id = pair.session_of(proxy).expect("a session");
    let mut ping = Vec::new();
    let head = Head {
        dialect: Dialect::Pyro5,
        kind: MessageType::Ping,
        serializer: 1,
        flags: Flags::NONE,
        sequence: 0,
        correlation: None,
        compress: false,
    };
    let frame = FrameStart::begin(&mut ping, head, &OwnedAnnotations::default(), None);
    ping.extend_from_slice(b"ping");
    frame.finish(&mut ping, 0, 1000).expect("fits");

    for _ in 0..3 {
        let mut session = pair.daemon.session(id).expect("alive");
        let mut turn = 0;
        while session.wants_read() {
            session.handle_input(pair.now, &ping);
            // The answers are taken at once, so that only the turn's bound can end this.
            let _ = session.poll_transmit().map(|transmit| transmit.take());
            turn += 1;
            assert!(turn < 100_000, "pings keep the loop for ever");
        }
        assert!(pair.daemon.poll_timeout().is_some_and(|at| at <= pair.now), "dispatch can resume it");
        pair.daemon.dispatch(pair.now, &mut world, Budget::UNLIMITED);
        assert_eq!(pair.daemon.poll_session(), Some(id), "it reappears");
    }
}
