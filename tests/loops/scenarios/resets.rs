//! Clients that break off, in every state that a session can be in: others are served on.

use std::io::Read;
use std::thread;
use std::time::Duration;

use firesteel::blocking::Proxy;

use crate::raw::Raw;
use crate::stage::{Loop, Stage, Transport};
use crate::thing::Board;

const ROUNDS: usize = 5;
const LARGE: usize = 8 << 20;

/// Breaks off with `reset` beside a good client.
fn broken_off<L: Loop>(transport: Transport, reset: impl Fn(Raw, &Board)) {
    let stage = Stage::new::<L>(transport, 1 + ROUNDS);
    let good = stage.proxy();
    let session: String = good.call("session", &()).expect("an answer");
    for n in 0..ROUNDS {
        reset(stage.raw(), &stage.board);
        assert_eq!(good.call::<usize>("echo", &(n,)).expect("an answer"), n);
    }
    assert_eq!(good.call::<String>("session", &()).expect("an answer"), session);
    drop::<Proxy>(good);
    stage.end();
}

pub fn before_the_handshake<L: Loop>(transport: Transport) {
    broken_off::<L>(transport, |raw, _| raw.wire.reset());
}

pub fn in_a_header<L: Loop>(transport: Transport) {
    broken_off::<L>(transport, |mut raw, _| {
        let call = raw.call("nop", &());
        let bytes = raw.take_bytes();
        raw.wire.push(&bytes[..20]);
        raw.wire.reset();
        let _ = call;
    });
}

pub fn while_an_answer_is_awaited<L: Loop>(transport: Transport) {
    broken_off::<L>(transport, |mut raw, board| {
        raw.call("hold", &());
        raw.send_all();
        let responder = board.take_held();
        raw.wire.reset();
        while !responder.is_cancelled() {
            thread::sleep(Duration::from_millis(1));
        }
        responder.reply(&"too late");
    });
}

pub fn in_a_large_request<L: Loop>(transport: Transport) {
    broken_off::<L>(transport, |mut raw, _| {
        let first = raw.call("nop", &());
        raw.end_of(first).expect("an answer");
        raw.call("text", &("x".repeat(LARGE),));
        let bytes = raw.take_bytes();
        raw.wire.push(&bytes[..LARGE / 2]);
        raw.wire.reset();
    });
}

pub fn in_a_large_reply<L: Loop>(transport: Transport) {
    broken_off::<L>(transport, |mut raw, _| {
        raw.call("get", &(LARGE,));
        raw.send_all();
        raw.wire.set_nonblocking(false);
        let mut part = vec![0; 100_000];
        { &raw.wire }.read_exact(&mut part).expect("the answer's beginning");
        raw.wire.reset();
    });
}
