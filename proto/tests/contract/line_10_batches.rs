//! A batch runs in order, stops at the first fault, counts each call against the budget, waits for a deferred call.

use firesteel_proto::{Batch, BatchResults, Budget, CallFailure, Config, ProxyId, Reply, Request, SerializerId, Value};

use crate::common::*;

fn results(result: Result<Reply, CallFailure>) -> Vec<Result<Value, String>> {
    let payload = result.expect("an answer").into_value().expect("a value");
    BatchResults::read(&payload).expect("a list").map(|result| result.map_err(|fault| fault.to_string())).collect()
}

fn call(pair: &mut ThingPair, proxy: ProxyId, batch: &Batch<'_>, world: &mut World) -> Result<Reply, CallFailure> {
    let id = pair.client.call(pair.now, proxy, &Request::batch(batch)).expect("sent");
    pair.settle(world);
    pair.done.remove(&id).expect("answered")
}

#[test]
fn calls_run_in_order_and_their_results_come_in_order() {
    for serializer in SerializerId::ALL.into_iter().filter(|id| id.to_wire(Default::default()).is_some()) {
        let mut config = Config::default();
        config.serializer = serializer;
        let (mut pair, mut world) = (pair_with(config, Config::default()), World::default());
        let proxy = connected(&mut pair, &mut world);
        let (first, second, third) = (("one",), ("two",), (3,));
        let batch = Batch::new().call("log", &first).call("log", &second).call("echo", &third).call("nop", &());
        let answer = call(&mut pair, proxy, &batch, &mut world);
        assert_eq!(results(answer), [Ok(Value::None), Ok(Value::None), Ok(Value::Int(3)), Ok(Value::None)]);
        assert_eq!(world.log, ["one", "two"], "{serializer}");
    }
}

#[test]
fn the_first_fault_is_the_last_result() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let never = ("never",);
    let batch = Batch::new().call("nop", &()).call("fail", &()).call("log", &never);
    let answer = call(&mut pair, proxy, &batch, &mut world);
    assert_eq!(results(answer), [Ok(Value::None), Err("builtins.ValueError: no".to_owned())]);
    assert!(world.log.is_empty());
}

#[test]
fn a_method_that_is_not_exposed_makes_all_of_it_fail() {
    for (method, text) in [
        ("nothing", "builtins.AttributeError: 'Thing' object has no attribute 'nothing'"),
        ("_x", "builtins.AttributeError: attempt to access private attribute '_x'"),
        ("__getattr__", "builtins.AttributeError: attempt to access private attribute '__getattr__'"),
    ] {
        let (mut pair, mut world) = (pair(), World::default());
        let proxy = connected(&mut pair, &mut world);
        let args = ("ran",);
        let batch = Batch::new().call("log", &args).call(method, &()).call("log", &args);
        let answer = call(&mut pair, proxy, &batch, &mut world);
        assert_eq!(answer.expect_err("refused").to_string(), text);
        assert_eq!(world.log, ["ran"], "what stood before has run");
    }
}

#[test]
fn an_empty_batch_has_no_results_and_a_malformed_one_is_an_error() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let answer = call(&mut pair, proxy, &Batch::new(), &mut world);
    assert!(results(answer).is_empty());
    // The session goes on.
    let args = (1,);
    let answer = call(&mut pair, proxy, &Batch::new().call("echo", &args), &mut world);
    assert_eq!(results(answer), [Ok(Value::Int(1))]);
}

#[test]
fn each_call_counts_against_the_budget_and_sessions_take_turns() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let args = ("x",);
    let mut batch = Batch::new();
    (0..10).for_each(|_| batch.push("log", &args));
    let id = pair.client.call(pair.now, proxy, &Request::batch(&batch)).expect("sent");
    while pair.transfer() {}
    for n in [3, 6, 9] {
        let dispatched = pair.daemon.dispatch(pair.now, &mut world, Budget::calls(3));
        assert_eq!((dispatched.calls, dispatched.more, world.log.len()), (3, true, n));
    }
    pair.settle(&mut world);
    assert_eq!(results(pair.done.remove(&id).expect("answered")).len(), 10);
}

#[test]
fn a_deferred_call_holds_up_those_behind_it() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let args = ("behind",);
    let batch = Batch::new().call("later", &()).call("log", &args);
    let id = pair.client.call(pair.now, proxy, &Request::batch(&batch)).expect("sent");
    pair.settle(&mut world);
    assert!(world.log.is_empty() && pair.done.is_empty());
    world.responders.remove(0).reply(&7);
    pair.settle(&mut world);
    assert_eq!(results(pair.done.remove(&id).expect("answered")), [Ok(Value::Int(7)), Ok(Value::None)]);
    assert_eq!(world.log, ["behind"]);
}

#[test]
fn a_oneway_batch_runs_to_its_end_before_the_next_call() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let (one, two, three) = (("one",), ("two",), ("three",));
    let batch = Batch::new().call("log", &one).call("later", &()).call("log", &two);
    pair.client.notify(pair.now, proxy, &Request::batch(&batch)).expect("sent");
    pair.client.call(pair.now, proxy, &Request::method("log", &three)).expect("sent");
    pair.settle(&mut world);
    assert_eq!(world.log, ["one", "two", "three"]);
}

#[test]
fn a_oneway_batch_stops_at_a_fault_too() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let (one, two) = (("one",), ("two",));
    let batch = Batch::new().call("log", &one).call("fail", &()).call("log", &two);
    pair.client.notify(pair.now, proxy, &Request::batch(&batch)).expect("sent");
    pair.settle(&mut world);
    assert_eq!(world.log, ["one"]);
}

#[test]
fn a_client_that_goes_while_its_batch_waits_leaves_nothing_behind() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let args = ("never",);
    let batch = Batch::new().call("later", &()).call("log", &args);
    pair.client.call(pair.now, proxy, &Request::batch(&batch)).expect("sent");
    pair.settle(&mut world);
    pair.client.shutdown(pair.now);
    pair.settle(&mut world);
    assert!(world.responders[0].is_cancelled());
    world.responders.remove(0).reply(&1);
    pair.settle(&mut world);
    assert!(world.log.is_empty());
    assert_eq!(pair.daemon.session_count(), 0);
}
