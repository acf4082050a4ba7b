//! Answers that come later, or too late.

use std::thread;
use std::time::Duration;

use firesteel::{CallFailure, Fault};

use super::fault;
use crate::stage::{Loop, Stage, Transport};

pub fn answers_from_another_thread<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 5);
    thread::scope(|threads| {
        let mut answered = Vec::new();
        let mut responders = Vec::new();
        for _ in 0..4 {
            let proxy = stage.proxy();
            answered.push(threads.spawn(move || proxy.call::<i32>("hold", &())));
            // One after the other, to know whose they are.
            responders.push(stage.board.take_held());
        }
        // Nobody is held up by calls that wait.
        assert_eq!(stage.proxy().call::<i32>("echo", &(1,)).expect("an answer"), 1);
        let dropped = responders.remove(0);
        let failed = responders.remove(0);
        for (n, responder) in responders.into_iter().enumerate().rev() {
            responder.reply(&n);
        }
        failed.fail(Fault::new("builtins.KeyError", "lost"));
        drop(dropped);
        let results: Vec<_> = answered.into_iter().map(|caller| caller.join().expect("no panic")).collect();
        let [dropped, failed, first, second] = results.try_into().expect("four");
        assert_eq!(fault(dropped).class, "builtins.RuntimeError");
        assert_eq!(fault(failed).class, "builtins.KeyError");
        assert_eq!((first.expect("an answer"), second.expect("an answer")), (0, 1));
    });
    stage.end();
}

pub fn a_storm_of_answers<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 8);
    thread::scope(|threads| {
        for n in 0..8 {
            let mut raw = stage.raw();
            threads.spawn(move || {
                let calls: Vec<_> = (0..40).map(|k| (k, raw.call("later", &((n, k),)))).collect();
                for (k, call) in calls {
                    assert_eq!(raw.value(call), firesteel::to_value(&(n, k)).expect("a value"));
                }
                raw.finish();
            });
        }
    });
    stage.end();
}

pub fn nobody_waits_any_more<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 2);
    let mut raw = stage.raw();
    let call = raw.call("hold", &());
    raw.send_all();
    let responder = stage.board.take_held();
    assert!(!responder.is_cancelled());
    raw.finish();
    // The session is over, and who works on the answer can see it.
    assert!(responder.is_cancelled());
    responder.reply(&"too late");
    assert_eq!(stage.proxy().call::<i32>("echo", &(1,)).expect("an answer"), 1);
    let _ = call;
    stage.end();
}

/// Nobody waits for its answer, so nobody's going ends it; a loop without a listener stays for it.
pub fn a_oneway_call_outlives_its_session<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 1);
    let mut raw = stage.raw();
    raw.notify("hold", &());
    raw.send_all();
    let responder = stage.board.take_held();
    raw.finish();
    stage.let_it_see_that();
    assert!(!responder.is_cancelled());
    assert!(!stage.is_over());
    responder.reply(&"done");
    stage.end();
}

pub fn a_late_answer_is_dropped<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 1);
    let proxy = stage.proxy();
    let session: String = proxy.call("session", &()).expect("an answer");
    let hasty = proxy.timeout(Duration::from_millis(50));
    for n in 0..3 {
        let result = hasty.call::<String>("hold", &());
        assert!(matches!(result, Err(CallFailure::Deadline)), "{result:?}");
        stage.board.take_held().reply(&"late");
        assert_eq!(proxy.call::<i32>("echo", &(n,)).expect("an answer"), n);
    }
    // All of that on one connection.
    assert_eq!(proxy.call::<String>("session", &()).expect("an answer"), session);
    drop((proxy, hasty));
    stage.end();
}
