//! Connections and daemons that end.

use std::thread;

use firesteel::{CallFailure, CloseReason, ObjectRef, Request, Uri};

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

pub fn objects_of_sessions_go_with_them<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 6);
    let good = stage.proxy();
    let make = |n: i64| match good.call::<ObjectRef>("make", &(n,)).expect("a reference").uri {
        Uri::Pyro { object, .. } => object,
        other => panic!("{other}"),
    };
    let number = |id: &str| good.request::<i64>(Request::method("number", &()).object(id));
    let (one, other) = (make(1), make(2));
    for how in 0..5 {
        let mut raw = stage.raw();
        let call = raw.call("make", &(3,));
        match how {
            0 => {
                raw.end_of(call).expect("a reference");
                stage.board.wait_for_guests(3);
                raw.finish();
            }
            1 => {
                raw.end_of(call).expect("a reference");
                stage.board.wait_for_guests(3);
                raw.wire.reset();
            }
            // The answer finds nobody, or may find nobody.
            2 => {
                raw.send_all();
                raw.wire.reset();
            }
            3 => {
                raw.call("make", &(4,));
                raw.call("hold", &());
                raw.send_all();
                let responder = stage.board.take_held();
                raw.wire.reset();
                drop(responder);
            }
            _ => {
                raw.call("hang_up", &());
                raw.send_all();
                raw.wait_for_close();
            }
        }
        assert_eq!((number(&one), number(&other)), (Ok(1), Ok(2)));
        stage.board.wait_for_guests(2);
    }
    good.request::<()>(Request::method("leave", &()).object(one.as_str())).expect("released");
    stage.board.wait_for_guests(1);
    assert!(number(&one).expect_err("it is gone").to_string().ends_with("unknown object"));
    assert_eq!(number(&other), Ok(2));
    good.close();
    stage.board.wait_for_guests(0);
    drop(good);
    stage.end();
}

pub fn a_shutdown_lets_deferred_answers_out<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 2);
    let (mut idle, mut busy) = (stage.raw(), stage.plain());
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
