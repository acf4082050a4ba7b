//! A lot of work, and clients that take more than their share of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use firesteel::{Blob, Machine};
use rustix::event::PollFlags;

use crate::stage::{Loop, Stage, Transport};

pub fn a_flood_beside_a_polite_client<L: Loop>(transport: Transport) {
    const IN_FLIGHT: usize = 10_000;
    let stage = Stage::new::<L>(transport, 2);
    let (polite, mut raw) = (stage.proxy(), stage.raw());
    let over = AtomicBool::new(false);
    thread::scope(|threads| {
        // The flood goes on until the polite client is through: so that one ends only if it gets its turns.
        let flood = threads.spawn(|| {
            let mut calls = std::collections::VecDeque::new();
            let mut sent = 0;
            loop {
                while calls.len() < IN_FLIGHT && (sent < IN_FLIGHT || !over.load(Ordering::Relaxed)) {
                    calls.push_back((sent, raw.call("echo", &(sent,))));
                    sent += 1;
                }
                let Some((n, call)) = calls.pop_front() else { break };
                assert_eq!(raw.value(call).as_i64(), Some(n as i64));
            }
            raw.finish();
        });
        for n in 0..50 {
            assert_eq!(polite.call::<i32>("echo", &(n,)).expect("an answer"), n);
        }
        over.store(true, Ordering::Relaxed);
        flood.join().expect("no panic");
    });
    drop(polite);
    stage.end();
}

pub fn a_slow_reader<L: Loop>(transport: Transport) {
    const CALLS: usize = 2000;
    let stage = Stage::with::<L>(transport, 2, |config| {
        config.limits.max_unsent = 100_000;
        config.limits.max_waiting_bytes = 100_000;
    });
    let (others, mut slow) = (stage.proxy(), stage.raw());
    slow.wire.shrink_send_buffer();
    let first = slow.call("nop", &());
    slow.end_of(first).expect("an answer");
    let calls: Vec<_> = (0..CALLS).map(|n| slow.call("text", &(format!("{n:05}").repeat(2000),))).collect();
    // Sends as long as the server takes anything, and does not read.
    loop {
        slow.send();
        if !slow.wire.wait(PollFlags::OUT, Some(Duration::from_millis(100))) {
            break;
        }
        assert!(slow.machine.wants_write(), "the server held 20 MB for one client");
    }
    for n in 0..100 {
        assert_eq!(others.call::<i32>("echo", &(n,)).expect("an answer"), n);
    }
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(slow.value(call).as_str(), Some(format!("{n:05}").repeat(2000).as_str()));
    }
    slow.finish();
    drop(others);
    stage.end();
}

pub fn large_messages<L: Loop>(transport: Transport) {
    const SIZE: usize = 20 << 20;
    let stage = Stage::new::<L>(transport, 2);
    let (one, other) = (stage.proxy(), stage.proxy());
    thread::scope(|threads| {
        let data: Blob = (0..SIZE).map(|n| (n % 251) as u8).collect::<Vec<_>>().into();
        threads.spawn(move || {
            let back: Blob = one.call("swap", &(&data,)).expect("an answer");
            assert!(back == data, "it came back changed");
        });
        for n in 0..20 {
            assert_eq!(other.call::<i32>("echo", &(n,)).expect("an answer"), n);
        }
        let text = "\u{e9}".repeat(SIZE / 16);
        assert!(other.call::<String>("text", &(&text,)).expect("an answer") == text, "it came back changed");
    });
    drop(other);
    stage.end();
}

/// PINGs are answered without user code, but only so many in one turn of the loop.
pub fn more_than_a_turn_of_pings<L: Loop>(transport: Transport) {
    const PINGS: usize = 20_000;
    let stage = Stage::new::<L>(transport, 2);
    let (polite, mut raw) = (stage.proxy(), stage.raw());
    let pings: Vec<_> = (0..PINGS).map(|_| raw.machine.ping(std::time::Instant::now()).expect("a ping")).collect();
    let call = raw.call("echo", &("behind them",));
    thread::scope(|threads| {
        threads.spawn(move || {
            assert_eq!(raw.value(call).as_str(), Some("behind them"));
            for ping in pings {
                raw.end_of(ping).expect("a pong");
            }
            raw.finish();
        });
        for n in 0..20 {
            assert_eq!(polite.call::<i32>("echo", &(n,)).expect("an answer"), n);
        }
    });
    drop(polite);
    stage.end();
}
