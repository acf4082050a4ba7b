//! Messages in pieces, with and without time between them.

use std::time::{Duration, Instant};

use firesteel::Machine;

use crate::stage::{Loop, Stage, Transport};

pub fn single_bytes<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 1);
    let mut raw = stage.raw();
    let calls: Vec<_> = (0..3).map(|n| raw.call("echo", &(n,))).collect();
    for (n, call) in calls.into_iter().enumerate() {
        // Before the handshake is done, calls wait in the machine.
        while !raw.done.iter().any(|(done, _)| *done == call) {
            for byte in raw.take_bytes() {
                raw.wire.push(&[byte]);
            }
            raw.read();
        }
        assert_eq!(raw.value(call).as_i64(), Some(n as i64));
    }
    raw.finish();
    stage.end();
}

/// Within the time for the handshake, a client has to be done with it; after that it may take all the
/// time that it wants.
pub fn half_messages_and_long_pauses<L: Loop>(transport: Transport) {
    let stage = Stage::with::<L>(transport, 5, |config| config.handshake_timeout = Duration::from_secs(2));
    let good = stage.proxy();
    good.call::<()>("nop", &()).expect("an answer");
    // A client that paused in a call, in its header and in its body.
    let mut paused: Vec<_> = [17, 70]
        .into_iter()
        .map(|cut| {
            let mut raw = stage.raw();
            let first = raw.call("nop", &());
            raw.end_of(first).expect("an answer");
            let call = raw.call("echo", &("x".repeat(100),));
            let bytes = raw.take_bytes();
            raw.wire.push(&bytes[..cut]);
            (raw, call, bytes[cut..].to_vec())
        })
        .collect();
    // Two that pause in their first message: the server gives them up.
    let halves: Vec<_> = [17, 70]
        .into_iter()
        .map(|cut| {
            let mut raw = stage.raw();
            let first = raw.call("text", &("x".repeat(100),));
            let bytes = raw.take_bytes();
            raw.wire.push(&bytes[..cut]);
            let _ = first;
            raw
        })
        .collect();
    let start = Instant::now();
    for half in halves {
        half.wire.drain();
    }
    assert!(start.elapsed() > Duration::from_secs(1), "that was hasty");
    for (raw, call, rest) in &mut paused {
        assert_eq!(good.call::<i32>("echo", &(1,)).expect("an answer"), 1);
        raw.wire.push(rest);
        assert_eq!(raw.value(*call).as_str(), Some("x".repeat(100).as_str()));
        assert!(!raw.machine.is_closed());
    }
    paused.into_iter().for_each(|(raw, ..)| raw.finish());
    drop(good);
    stage.end();
}

/// Where no handshake is due, the first call may come at any time.
pub fn a_silent_client_is_not_a_slow_one<L: Loop>(transport: Transport) {
    if transport != Transport::Pair {
        return;
    }
    let stage = Stage::with::<L>(transport, 2, |config| config.handshake_timeout = Duration::from_millis(200));
    let (silent, other) = (stage.proxy(), stage.raw());
    // Half a message has a time limit, and tells here that it has passed.
    other.wire.push(b"PYRO");
    other.wire.drain();
    assert_eq!(silent.call::<i32>("echo", &(1,)).expect("an answer"), 1);
    drop((silent, other));
    stage.end();
}
