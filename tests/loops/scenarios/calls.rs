//! Calls that do what calls do.

use std::thread;
use std::time::Duration;

use firesteel::{CallFailure, Value};

use super::fault;
use crate::stage::{Loop, Stage, Transport};

/// An answer that takes its time holds up nobody, and who works on it learns that nobody waits any more.
pub fn answers_overtake<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 1);
    let proxy = stage.proxy();
    assert_eq!(proxy.call::<String>("text", &("first",)).expect("an answer"), "first");
    let held = proxy.start::<String>("hold", &()).expect("sent");
    let responder = stage.board.take_held();
    assert_eq!(proxy.call::<String>("text", &("second",)).expect("an answer"), "second");
    assert!(!responder.is_cancelled());
    responder.reply(&"held");
    assert_eq!(held.wait().expect("an answer"), "held");

    let hasty = proxy.timeout(Duration::from_millis(50)).call::<String>("hold", &());
    assert_eq!(hasty, Err(CallFailure::Deadline));
    let responder = stage.board.take_held();
    let given_up = (0..1000).any(|_| {
        thread::sleep(Duration::from_millis(5));
        responder.is_cancelled()
    });
    assert!(given_up, "nobody told the responder");
    responder.reply(&"in vain");
    assert_eq!(proxy.call::<String>("text", &("third",)).expect("an answer"), "third");
}

pub fn calls_and_faults<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 2);
    let (one, other) = (stage.proxy(), stage.proxy());
    one.ping().expect("a pong");
    for text in
        ["None", "[1, 2.5, 'three', (True, None)]", "{'a': {1, 2}, 'b': 12345678901234567890}", "'\u{e9}\\n\\'\"'"]
    {
        let value: Value = literal(text);
        assert_eq!(one.call::<Value>("echo", &(&value,)).expect("an answer"), value);
        assert_eq!(other.call::<Value>("echo", &(&value,)).expect("an answer"), value);
    }
    let joined = |args: &[&str], named: &[(&str, &str)]| {
        let named: std::collections::BTreeMap<_, _> = named.iter().copied().collect();
        one.call_with::<String>("join", &args.to_vec(), &named)
    };
    assert_eq!(joined(&["a"], &[]).expect("an answer"), "a, nobody");
    assert_eq!(joined(&["a"], &[("last", "z"), ("between", "-")]).expect("an answer"), "a-z");
    assert_eq!(fault(joined(&[], &[])).class, "builtins.TypeError");
    assert_eq!(fault(joined(&["a"], &[("colour", "red")])).class, "builtins.TypeError");

    one.set("size", &7).expect("set");
    assert_eq!(other.get::<i64>("size").expect("an answer"), 7);
    assert_eq!(fault(one.set("colour", &7)).class, "builtins.AttributeError");

    let raised = fault(one.call::<()>("fail", &("builtins.ValueError", "no")));
    assert_eq!((raised.class.as_str(), raised.message().as_str()), ("builtins.ValueError", "no"));
    assert_eq!(fault(one.call::<()>("no_such_method", &())).class, "builtins.AttributeError");
    assert!(fault(one.call::<()>("panic", &())).message().contains("on purpose"));
    let wrong = one.call::<i64>("text", &("not a number",));
    assert!(matches!(wrong, Err(CallFailure::Format(_))), "{wrong:?}");
    assert_eq!(one.call::<String>("text", &("still there",)).expect("an answer"), "still there");
    assert!(one.metadata().expect("an answer").methods.iter().any(|name| name == "echo"));
    drop((one, other));
    stage.end();
}

/// Reads a Python literal.
fn literal(text: &str) -> Value {
    firesteel::Payload::from_bytes(firesteel::SerializerId::Serpent, text.to_owned().into_bytes())
        .to_value()
        .expect("a literal")
}

pub fn many_threads_share_a_proxy<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 1);
    let proxy = stage.proxy();
    thread::scope(|threads| {
        for n in 0..8 {
            let proxy = proxy.clone();
            threads.spawn(move || {
                for k in 0..50 {
                    let method = if k % 5 == 0 { "later" } else { "echo" };
                    assert_eq!(proxy.call::<(i32, i32)>(method, &((n, k),)).expect("an answer"), (n, k));
                }
            });
        }
    });
    drop(proxy);
    stage.end();
}

pub fn a_oneway_then_close<L: Loop>(transport: Transport) {
    let rounds = 10;
    let stage = Stage::new::<L>(transport, 2 * rounds);
    let mut expected = Vec::new();
    for n in 0..rounds {
        // The stream's end comes right behind the call, and nothing was read before.
        let mut raw = stage.raw();
        raw.notify("note", &(format!("raw {n}"),));
        raw.send_all();
        raw.finish();

        let proxy = stage.proxy();
        proxy.notify("note", &(format!("proxy {n}"),)).expect("sent");
        drop(proxy);
        expected.extend([format!("proxy {n}"), format!("raw {n}")]);
    }
    let mut notes = stage.board.wait_for_notes(2 * rounds);
    notes.sort();
    expected.sort();
    assert_eq!(notes, expected);
    stage.end();
}

/// Two calls of one object, each of which needs the other one to run.
pub fn calls_of_one_object_overlap<L: Loop>(transport: Transport) {
    if !L::THREADED {
        return;
    }
    let stage = Stage::new::<L>(transport, 4);
    thread::scope(|threads| {
        let callers: Vec<_> = (0..2)
            .map(|_| {
                let proxy = stage.proxy();
                threads.spawn(move || proxy.call::<String>("gate", &()).expect("an answer"))
            })
            .collect();
        stage.board.wait_inside(2);
        let beside = stage.proxy();
        assert_eq!(beside.call::<i32>("echo", &(1,)).expect("an answer"), 1);
        // A call that has to be alone waits for them, and keeps no thread.
        let waiting = stage.proxy();
        let alone = threads.spawn(move || waiting.call::<Vec<String>>("notes", &()).expect("an answer"));
        beside.ping().expect("a pong");
        stage.board.open_gate();
        assert!(callers.into_iter().all(|caller| caller.join().expect("no panic") == "through"));
        assert!(alone.join().expect("no panic").is_empty());
    });
    stage.end();
}
