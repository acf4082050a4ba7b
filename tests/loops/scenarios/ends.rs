//! Connections and daemons that end.

use std::thread;

use firesteel::{CallFailure, CloseReason};

use crate::stage::{Loop, Stage, Transport};

pub fn a_lost_connection_is_made_again<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 1);
    let proxy = stage.proxy();
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(proxy.call::<String>("session", &()).expect("an answer"));
        let lost = proxy.call::<()>("hang_up", &());
        assert!(matches!(lost, Err(CallFailure::Lost(_))), "{lost:?}");
        if stage.is_pair() {
            // A socket that was given cannot be made again.
            let after = proxy.call::<()>("nop", &());
            assert!(matches!(after, Err(CallFailure::Misuse(_) | CallFailure::Lost(_))), "{after:?}");
            break;
        }
    }
    let made = sessions.len();
    sessions.dedup();
    assert_eq!(sessions.len(), made);
    if !stage.is_pair() {
        proxy.close();
        assert_eq!(proxy.call::<i32>("echo", &(1,)).expect("an answer"), 1);
        stage.stop();
        stage.join();
        let (lost, after) = (proxy.call::<()>("nop", &()), proxy.call::<()>("nop", &()));
        assert!(matches!(lost, Err(CallFailure::Lost(_))), "{lost:?}");
        assert!(matches!(after, Err(CallFailure::Lost(CloseReason::Unreachable(_)))), "{after:?}");
        return;
    }
    drop(proxy);
    stage.end();
}

pub fn a_shutdown_lets_deferred_answers_out<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 2);
    let (mut idle, mut busy) = (stage.raw(), stage.raw());
    let call = idle.call("nop", &());
    idle.end_of(call).expect("an answer");
    let held = busy.call("hold", &());
    let queued = busy.call("note", &("queued",));
    busy.send_all();
    let responder = stage.board.take_held();

    stage.stop();
    // Who has no call out is let go at once: this also tells that the shutdown has begun.
    idle.wait_for_close();
    if let Ok(wire) = if stage.is_pair() { Err(std::io::ErrorKind::Other.into()) } else { stage.try_wire() } {
        assert_eq!(wire.drain(), b"", "a client was let in");
    }
    responder.reply(&"just in time");
    assert_eq!(busy.value(held).as_str(), Some("just in time"));
    let queued = busy.end_of(queued);
    assert!(matches!(queued, Err(CallFailure::Lost(_))), "{queued:?}");
    busy.wait_for_close();
    assert!(stage.board.notes().is_empty(), "a call began after the shutdown");
    stage.join();
}

pub fn a_shutdown_lets_a_running_call_end<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 1);
    let proxy = stage.proxy();
    let caller = thread::spawn(move || proxy.call::<String>("gate", &()));
    stage.board.wait_inside(1);
    stage.stop();
    stage.board.open_gate();
    assert_eq!(caller.join().expect("no panic").expect("an answer"), "through");
    stage.join();
}

pub fn connections_come_and_go<L: Loop>(transport: Transport) {
    let at_once = 8;
    let rounds = if transport == Transport::Pair { 5 } else { 25 };
    let stage = Stage::new::<L>(transport, rounds * at_once);
    for round in 0..rounds {
        let mut clients: Vec<_> = (0..at_once).map(|_| stage.raw()).collect();
        let calls: Vec<_> = clients.iter_mut().map(|client| client.call("echo", &(round,))).collect();
        for (client, call) in clients.iter_mut().zip(calls) {
            assert_eq!(client.value(call).as_i64(), Some(round as i64));
        }
        for (n, client) in clients.into_iter().enumerate() {
            // Some say nothing more, some hang up, and in the end the daemon has forgotten all of them.
            match n % 4 {
                0 => drop(client),
                1 => client.wire.reset(),
                _ => client.finish(),
            }
        }
    }
    stage.end();
}

/// A client that says at once that it has no more to say still gets all of its answer.
pub fn the_end_comes_behind_a_large_answer<L: Loop>(transport: Transport) {
    const SIZE: usize = 4 << 20;
    let stage = Stage::new::<L>(transport, 1);
    let mut raw = stage.raw();
    raw.call("get", &(SIZE,));
    raw.send_all();
    raw.wire.end();
    // In base64, that is a third more.
    assert!(raw.wire.drain().len() > SIZE);
    stage.end();
}
