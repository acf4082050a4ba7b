//! Streams live in the registry, obey lifetime and linger, and survive a reconnect.

use std::time::Duration;

use firesteel_proto::{CallFailure, Config, ObjectId, ProxyId, Reply, Request, Value};

use crate::common::*;

fn open(pair: &mut ThingPair, proxy: ProxyId, method: &str, args: &Value, world: &mut World) -> String {
    let id = pair.client.call(pair.now, proxy, &Request::method(method, args)).expect("sent");
    pair.settle(world);
    match pair.done.remove(&id) {
        Some(Ok(Reply::Stream(id))) => id,
        other => panic!("{other:?} is no stream"),
    }
}

fn count(pair: &mut ThingPair, proxy: ProxyId, n: u32, world: &mut World) -> String {
    open(pair, proxy, "count", &Value::from((n,)), world)
}

fn next(pair: &mut ThingPair, proxy: ProxyId, stream: &str, world: &mut World) -> Result<u32, CallFailure> {
    let args = (stream,);
    pair.call(proxy, &Request::method("get_next_stream_item", &args).object(ObjectId::DAEMON), world)
}

fn text(result: Result<u32, CallFailure>) -> String {
    result.expect_err("a fault").to_string()
}

const TERMINATED: &str = "Pyro5.errors.PyroError: item stream terminated";

#[test]
fn items_come_one_by_one_and_the_end_is_an_exception() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let (one, two) = (count(&mut pair, proxy, 2, &mut world), count(&mut pair, proxy, 1, &mut world));
    assert_ne!(one, two);
    assert_eq!(next(&mut pair, proxy, &one, &mut world), Ok(0));
    assert_eq!(next(&mut pair, proxy, &two, &mut world), Ok(0));
    assert_eq!(next(&mut pair, proxy, &one, &mut world), Ok(1));
    assert_eq!(text(next(&mut pair, proxy, &one, &mut world)), "builtins.StopIteration");
    assert_eq!(text(next(&mut pair, proxy, &one, &mut world)), TERMINATED);
    assert_eq!(text(next(&mut pair, proxy, "nobody", &mut world)), TERMINATED);
}

#[test]
fn an_exception_among_the_items_ends_the_stream() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let stream = open(&mut pair, proxy, "count", &Value::from((5, 1)), &mut world);
    assert_eq!(next(&mut pair, proxy, &stream, &mut world), Ok(0));
    assert_eq!(text(next(&mut pair, proxy, &stream, &mut world)), "builtins.KeyError: 1");
    assert_eq!(text(next(&mut pair, proxy, &stream, &mut world)), TERMINATED);
}

#[test]
fn a_stream_is_closed_on_demand() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let stream = open(&mut pair, proxy, "count_later", &Value::from(Vec::<Value>::new()), &mut world);
    let (args, before) = ((&stream,), DROPPED.get());
    let close = Request::method("close_stream", &args).object(ObjectId::DAEMON);
    pair.client.notify(pair.now, proxy, &close).expect("sent");
    pair.settle(&mut world);
    assert_eq!(DROPPED.get(), before + 1);
    assert_eq!(text(next(&mut pair, proxy, &stream, &mut world)), TERMINATED);
    pair.call::<()>(proxy, &close, &mut world).expect("closing twice is no mistake");
}

#[test]
fn items_may_come_later() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let stream = open(&mut pair, proxy, "count_later", &Value::from(Vec::<Value>::new()), &mut world);
    let args = (&stream,);
    let ask = Request::method("get_next_stream_item", &args).object(ObjectId::DAEMON);
    let id = pair.client.call(pair.now, proxy, &ask).expect("sent");
    pair.settle(&mut world);
    assert!(pair.done.is_empty());
    world.responders.remove(0).reply(&42);
    pair.settle(&mut world);
    assert_eq!(value(pair.done.remove(&id).expect("answered")), Value::Int(42));
}

#[test]
fn a_stream_waits_for_a_reconnect_for_a_while() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let (kept, lost) = (count(&mut pair, proxy, 9, &mut world), count(&mut pair, proxy, 9, &mut world));
    assert_eq!(next(&mut pair, proxy, &kept, &mut world), Ok(0));
    pair.client.shutdown(pair.now);
    pair.settle(&mut world);
    pair.now += 29 * SECOND;
    assert_eq!(next(&mut pair, proxy, &kept, &mut world), Ok(1), "the proxy has connected again");
    assert_eq!(pair.daemon.poll_timeout(), Some(pair.now + SECOND), "the other one's time");
    pair.now += 2 * SECOND;
    pair.settle(&mut world);
    assert_eq!(pair.daemon.poll_timeout(), None);
    assert_eq!(text(next(&mut pair, proxy, &lost, &mut world)), TERMINATED);
    assert_eq!(next(&mut pair, proxy, &kept, &mut world), Ok(2));
}

#[test]
fn without_linger_a_stream_ends_with_its_session_and_is_dropped_in_the_next_dispatch() {
    let mut config = Config::default();
    config.stream_linger = Duration::ZERO;
    let (mut pair, mut world) = (pair_with(Config::default(), config), World::default());
    let proxy = connected(&mut pair, &mut world);
    open(&mut pair, proxy, "count_later", &Value::from(Vec::<Value>::new()), &mut world);
    let before = DROPPED.get();
    pair.client.shutdown(pair.now);
    pair.settle(&mut world);
    assert_eq!((DROPPED.get(), pair.daemon.poll_timeout()), (before + 1, None));
}

#[test]
fn a_lifetime_ends_a_stream_that_is_in_use() {
    let mut config = Config::default();
    config.stream_lifetime = Some(5 * SECOND);
    let (mut pair, mut world) = (pair_with(Config::default(), config), World::default());
    let proxy = connected(&mut pair, &mut world);
    let stream = count(&mut pair, proxy, 9, &mut world);
    pair.now += 4 * SECOND;
    assert_eq!(next(&mut pair, proxy, &stream, &mut world), Ok(0));
    pair.now += 2 * SECOND;
    pair.settle(&mut world);
    assert_eq!(text(next(&mut pair, proxy, &stream, &mut world)), TERMINATED);
}

#[test]
fn streams_can_be_switched_off_and_are_limited_in_number() {
    let mut config = Config::default();
    config.streaming = false;
    let (mut pair, mut world) = (pair_with(Config::default(), config), World::default());
    let proxy = connected(&mut pair, &mut world);
    let refused = pair.call::<u32>(proxy, &Request::method("count", &(3,)), &mut world);
    assert!(text(refused).ends_with("the server is not configured to allow streaming"));

    let mut config = Config::default();
    config.limits.max_streams = 2;
    let (mut pair, mut world) = (pair_with(Config::default(), config), World::default());
    let proxy = connected(&mut pair, &mut world);
    count(&mut pair, proxy, 1, &mut world);
    let second = count(&mut pair, proxy, 0, &mut world);
    let refused = pair.call::<u32>(proxy, &Request::method("count", &(3,)), &mut world);
    assert_eq!(text(refused), "Pyro5.errors.PyroError: too many streams are open: close some first");
    assert_eq!(text(next(&mut pair, proxy, &second, &mut world)), "builtins.StopIteration");
    count(&mut pair, proxy, 1, &mut world);
}
