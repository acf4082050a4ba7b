//! Several calls in one request.

use std::thread;

use firesteel::{Batch, CallFailure, Request};

use super::fault;
use crate::stage::{Loop, Stage, Transport};

pub fn results_in_order_until_one_raises<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 1);
    let proxy = stage.proxy();
    let numbers: Vec<_> = (0..500).map(|n| (n,)).collect();
    let mut batch = Batch::new();
    for (n, number) in numbers.iter().enumerate() {
        batch.push(if n % 50 == 0 { "later" } else { "echo" }, number);
    }
    let mut results = proxy.batch(&batch).expect("results");
    for (n,) in &numbers {
        assert_eq!(results.next_as::<i32>(), Some(Ok(*n)));
    }
    assert_eq!(results.next_as::<i32>(), None);

    let (raise, note) = (("builtins.KeyError", "k"), ("never",));
    let batch = Batch::new().call("echo", &numbers[1]).call("fail", &raise).call("note", &note);
    let mut results = proxy.batch(&batch).expect("results");
    assert_eq!(results.next_as::<i32>(), Some(Ok(1)));
    assert_eq!(fault(results.next_as::<()>().expect("a result")).class, "builtins.KeyError");
    assert_eq!(results.next_as::<()>(), None);

    // One that cannot be called makes all of it fail; those before it have run.
    let note = ("before",);
    let batch = Batch::new().call("note", &note).call("no_such_method", &());
    assert_eq!(fault(proxy.batch(&batch)).class, "builtins.AttributeError");
    assert_eq!(stage.board.wait_for_notes(1), ["before"]);
    assert_eq!(proxy.batch(&Batch::new()).expect("results").count(), 0);
    drop(proxy);
    stage.end();
}

pub fn a_oneway_batch<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 1);
    let proxy = stage.proxy();
    let (one, two, raise) = (("one",), ("two",), ("builtins.KeyError", "k"));
    for n in 0..3 {
        let batch = Batch::new().call("note", &one).call("later", &one).call("note", &two).call("fail", &raise);
        proxy.notify_batch(&batch.call("note", &one)).expect("sent");
        assert_eq!(proxy.call::<i32>("echo", &(n,)).expect("an answer"), n);
    }
    assert_eq!(stage.board.wait_for_notes(6), ["one", "two", "one", "two", "one", "two"]);
    drop(proxy);
    stage.end();
}

/// What comes behind a batch waits for its end, also where a call of it is answered from elsewhere.
pub fn a_call_in_it_is_waited_for<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 2);
    let proxy = stage.proxy();
    let behind = ("behind",);
    let answer = thread::scope(|threads| {
        let waiting = threads.spawn(|| proxy.batch(&Batch::new().call("hold", &()).call("note", &behind)));
        let responder = stage.board.take_held();
        let pending = proxy.start::<Vec<String>>("notes", &()).expect("a call");
        assert_eq!(stage.proxy().call::<i32>("echo", &(1,)).expect("an answer"), 1);
        assert!(stage.board.notes().is_empty());
        responder.reply("held");
        assert_eq!(pending.wait(), Ok(vec!["behind".to_owned()]));
        waiting.join().expect("no panic")
    });
    let mut answer = answer.expect("results");
    assert_eq!(answer.next_as::<String>(), Some(Ok("held".to_owned())));
    assert_eq!((answer.next_as::<()>(), answer.next_as::<()>()), (Some(Ok(())), None));
    drop(proxy);
    stage.end();
}

pub fn a_long_batch_beside_short_calls<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 5);
    thread::scope(|threads| {
        for _ in 0..2 {
            let proxy = stage.proxy();
            threads.spawn(move || {
                let text = ("x".repeat(500),);
                let mut batch = Batch::new();
                (0..2000).for_each(|_| batch.push("text", &text));
                let mut results = proxy.batch(&batch).expect("results");
                assert!((0..2000).all(|_| results.next_as::<String>() == Some(Ok(text.0.clone()))));
            });
        }
        for from in 0..3 {
            let proxy = stage.proxy();
            threads.spawn(move || {
                for n in 0..50 {
                    assert_eq!(proxy.call::<i32>("echo", &(from + n,)).expect("an answer"), from + n);
                }
            });
        }
    });
    stage.end();
}

/// The client goes away in the middle: what is left of the batch does not run.
pub fn the_client_goes_away_in_the_middle<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 3);
    for reset in [false, true] {
        let mut raw = stage.raw();
        let note = ("never",);
        let batch = Batch::new().call("hold", &()).call("note", &note);
        let call = raw.machine.call(std::time::Instant::now(), &Request::batch(&batch).object("thing"));
        call.expect("a call");
        raw.send_all();
        let responder = stage.board.take_held();
        if reset {
            raw.wire.reset();
            while !responder.is_cancelled() {
                thread::sleep(std::time::Duration::from_millis(1));
            }
        } else {
            raw.finish();
        }
        assert!(responder.is_cancelled());
        responder.reply("too late");
    }
    let proxy = stage.proxy();
    assert_eq!(proxy.call::<i32>("echo", &(1,)).expect("an answer"), 1);
    assert!(stage.board.notes().is_empty());
    let lost = proxy.batch(&Batch::new().call("hang_up", &()));
    assert!(!matches!(lost, Err(CallFailure::Deadline)), "{lost:?}");
    drop(proxy);
    stage.end();
}
