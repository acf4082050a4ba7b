//! Hooks around calls.

use std::time::Duration;

use firesteel_proto::wire::Annotations;
use firesteel_proto::{Batch, CallFailure, CallInfo, CallOutcome, Fault, Hooks, Member, Registry, Request};

use crate::common::{Board, Host, both};

both!(
    every_call_is_told_of_once_before_and_once_after,
    a_refused_call_does_not_run,
    calls_that_are_answered_later_end_when_they_are_answered,
    each_call_of_a_batch_is_told_of,
    hooks_that_panic_harm_nobody,
);

/// Notes what it is told.
struct Notes(Board);

impl Hooks for Notes {
    fn before(&mut self, call: &CallInfo<'_>, annotations: Annotations<'_>) -> Result<(), Fault> {
        let kind = match call.member {
            Member::Method(_) => "",
            Member::Get(_) => "get ",
            _ => "set ",
        };
        let id = call.correlation_id[0];
        let marks = [(call.oneway, " oneway"), (call.batch, " batch")];
        let marks: String = marks.into_iter().filter_map(|(holds, text)| holds.then_some(text)).collect();
        self.0.note(format!("{id} {kind}{}.{}{marks}", call.object, call.member.name()));
        match annotations.get(*b"DENY") {
            Some(text) => Err(Fault::new("builtins.PermissionError", String::from_utf8_lossy(text))),
            None => Ok(()),
        }
    }

    fn failed(&mut self, call: &CallInfo<'_>, fault: &Fault) {
        self.0.note(format!("{} failed: {}", call.member.name(), fault.message()));
    }

    fn after(&mut self, call: &CallInfo<'_>, now: std::time::Instant, outcome: CallOutcome<'_>) {
        let how = match outcome {
            CallOutcome::Value => "value",
            CallOutcome::Stream => "stream",
            CallOutcome::Fault(_) => "fault",
            _ => "?",
        };
        let took = now - call.started;
        self.0.note(format!("{} {how} {}", call.member.name(), took.as_secs()));
    }
}

fn method<'a>(name: &'a str, args: &'a impl firesteel_proto::Arguments) -> Request<'a> {
    Request::method(name, args).correlation_id([5; 16])
}

fn every_call_is_told_of_once_before_and_once_after<R: Registry<World = ()>>(mut host: Host<R>) {
    let (proxy, hooks) = (host.proxy(), Board::default());
    host.pair.daemon.set_hooks(Notes(hooks.clone()));
    host.call(proxy, &method("echo", &(1,))).expect("an answer");
    assert_eq!(hooks.take(), ["5 thing.echo", "echo value 0"]);
    host.call(proxy, &Request::get("size").correlation_id([6; 16])).expect("an answer");
    host.call(proxy, &Request::set("size", &1).correlation_id([7; 16])).expect("an answer");
    assert_eq!(hooks.take(), ["6 get thing.size", "size value 0", "7 set thing.size", "size value 0"]);
    host.call(proxy, &method("fail", &())).expect_err("a fault");
    assert_eq!(hooks.take(), ["5 thing.fail", "fail failed: no", "fail fault 0"]);
    host.call(proxy, &method("nosuch", &()).object("nobody")).expect_err("a fault");
    assert_eq!(hooks.take(), ["5 nobody.nosuch", "nosuch failed: unknown object", "nosuch fault 0"]);
    host.call(proxy, &method("ping", &()).object("Pyro.Daemon")).expect("an answer");
    assert_eq!(hooks.take(), ["5 Pyro.Daemon.ping", "ping value 0"]);
    host.pair.client.notify(host.pair.now, proxy, &method("note", &("x",))).expect("sent");
    host.settle();
    assert_eq!(hooks.take(), ["5 thing.note oneway", "note value 0"]);

    let stream = host.start(proxy, &method("count", &(1,)));
    let Some(Ok(firesteel_proto::Reply::Stream(id))) = host.end_of(stream) else { panic!("no stream") };
    let (item, close) = ("get_next_stream_item", "close_stream");
    host.call(proxy, &method(item, &(&id,)).object("Pyro.Daemon")).expect("an item");
    host.call(proxy, &method(close, &(&id,)).object("Pyro.Daemon")).expect("an answer");
    let expected = [
        "5 thing.count".to_owned(),
        "count stream 0".to_owned(),
        format!("5 Pyro.Daemon.{item}"),
        format!("{item} value 0"),
        format!("5 Pyro.Daemon.{close}"),
        format!("{close} value 0"),
    ];
    assert_eq!(hooks.take(), expected);
    host.cut(proxy);
    host.assert_at_rest();
    assert!(hooks.take().is_empty());
}

fn a_refused_call_does_not_run<R: Registry<World = ()>>(mut host: Host<R>) {
    let (proxy, hooks) = (host.proxy(), Board::default());
    host.pair.daemon.set_hooks(Notes(hooks.clone()));
    let refusals = [("note", "thing"), ("ping", "Pyro.Daemon"), ("close_stream", "Pyro.Daemon"), ("echo", "nobody")];
    for (name, object) in refusals {
        let request = method(name, &("x",)).object(object).annotation(*b"DENY", "not you");
        match host.call(proxy, &request) {
            Err(CallFailure::Fault(fault)) => {
                assert!(fault.is("builtins.PermissionError") && fault.message() == "not you", "{fault:?}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(hooks.take(), [format!("5 {object}.{name}")]);
    }
    let request = method("note", &("x",)).annotation(*b"DENY", "not you");
    host.pair.client.notify(host.pair.now, proxy, &request).expect("sent");
    host.settle();
    assert_eq!((hooks.take().len(), host.board.take().len()), (1, 0));
    // The object is free for others.
    host.call(proxy, &method("fail", &())).expect_err("a fault");
    assert_eq!(hooks.take().len(), 3);
    assert_eq!(host.pair.daemon.counters().errors, 6);
    host.cut(proxy);
    host.assert_at_rest();
}

fn calls_that_are_answered_later_end_when_they_are_answered<R: Registry<World = ()>>(mut host: Host<R>) {
    let (proxy, hooks) = (host.proxy(), Board::default());
    host.pair.daemon.set_hooks(Notes(hooks.clone()));
    host.start(proxy, &method("later", &()));
    assert_eq!(hooks.take(), ["5 thing.later"]);
    host.pair.turn(Duration::from_secs(3));
    host.board.responder().fail(Fault::new("builtins.ValueError", "late"));
    host.settle();
    assert_eq!(hooks.take(), ["later failed: late", "later fault 3"]);
    // The client is gone before the answer comes.
    host.start(proxy, &method("later", &()));
    host.cut(proxy);
    assert_eq!(hooks.take(), ["5 thing.later"]);
    host.pair.turn(Duration::from_secs(4));
    drop(host.board.responder());
    host.settle();
    assert_eq!(hooks.take(), ["later failed: the method ended without an answer", "later fault 4"]);
    host.assert_at_rest();
}

fn each_call_of_a_batch_is_told_of<R: Registry<World = ()>>(mut host: Host<R>) {
    let (proxy, hooks) = (host.proxy(), Board::default());
    host.pair.daemon.set_hooks(Notes(hooks.clone()));
    let one = (1,);
    let batch = Batch::new().call("echo", &one).call("fail", &()).call("echo", &one);
    host.call(proxy, &Request::batch(&batch).correlation_id([5; 16])).expect("an answer");
    let expected = ["5 thing.echo batch", "echo value 0", "5 thing.fail batch", "fail failed: no", "fail fault 0"];
    assert_eq!(hooks.take(), expected);
    host.call(proxy, &Request::batch(&batch).correlation_id([5; 16]).annotation(*b"DENY", "no")).expect("an answer");
    assert_eq!(hooks.take(), ["5 thing.echo batch"], "the first one raises");
    let batch = Batch::new().call("nosuch", &());
    host.call(proxy, &Request::batch(&batch).correlation_id([5; 16])).expect_err("a fault");
    assert_eq!(hooks.take()[2], "nosuch fault 0");
    // In a oneway batch, nobody waits for what comes later.
    let batch = Batch::new().call("note_later", &()).call("echo", &one);
    host.pair.client.notify(host.pair.now, proxy, &Request::batch(&batch).correlation_id([5; 16])).expect("sent");
    host.settle();
    let told = hooks.take();
    assert_eq!(told[1..], ["5 thing.echo oneway batch", "note_later value 0", "echo value 0"], "{told:?}");
    host.board.responder().reply(&1);
    // Its client goes between two calls of the batch, the first of which is answered later.
    host.start(proxy, &Request::batch(&batch).correlation_id([5; 16]));
    host.cut(proxy);
    host.board.responder().reply(&1);
    host.settle();
    assert_eq!(hooks.take(), ["5 thing.note_later batch", "note_later value 0"]);
    host.assert_at_rest();
}

fn hooks_that_panic_harm_nobody<R: Registry<World = ()>>(mut host: Host<R>) {
    struct Panics;
    impl Hooks for Panics {
        fn before(&mut self, call: &CallInfo<'_>, _: Annotations<'_>) -> Result<(), Fault> {
            assert_ne!(call.member.name(), "fail", "on purpose");
            Ok(())
        }
        fn after(&mut self, _: &CallInfo<'_>, _: std::time::Instant, _: CallOutcome<'_>) {
            panic!("on purpose");
        }
    }
    let proxy = host.proxy();
    host.pair.daemon.set_hooks(Panics);
    host.call(proxy, &method("echo", &(1,))).expect("an answer");
    let failure = host.call(proxy, &method("fail", &())).expect_err("refused");
    assert!(failure.to_string().contains("a hook of the server panicked"), "{failure}");
    host.cut(proxy);
    host.assert_at_rest();
}
