//! Every call ends exactly once, even one that is made again: and only what may be made again is.

use std::time::Duration;

use firesteel_proto::{CallFailure, Config, ProxyEvent, Reply, Request, Value};

use crate::common::*;

#[test]
fn nothing_is_repeated_unless_it_may_be() {
    let (mut pair, mut world) = (plain_pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let lost = pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    let kept = pair.client.call(pair.now, proxy, &Request::method("later", &()).retries(1)).expect("sent");
    pair.settle(&mut world);
    pair.cut(proxy);
    pair.settle(&mut world);
    assert!(matches!(pair.done.remove(&lost), Some(Err(CallFailure::Lost(_)))));
    assert!(!pair.done.contains_key(&kept));
    // The one that was made again came after the two that were cancelled with their session: the second of those
    // never ran, as the first one was still out.
    assert_eq!(world.responders.len(), 2);
    assert!(world.responders.remove(0).is_cancelled());
    world.responders.remove(0).reply(&5);
    pair.settle(&mut world);
    assert_eq!(value(pair.done.remove(&kept).expect("answered")), Value::Int(5));
}

#[test]
fn calls_that_were_made_meanwhile_come_behind_and_in_order() {
    let mut config = Config::default();
    config.max_retries = 2;
    let (mut pair, mut world) = (pair_with(config, Config::default()), World::default());
    let proxy = connected(&mut pair, &mut world);
    let first = pair.client.call(pair.now, proxy, &Request::method("log", &("first",))).expect("sent");
    // It never arrives.
    pair.cut(proxy);
    let second = pair.client.call(pair.now, proxy, &Request::method("log", &("second",))).expect("sent");
    log(&mut pair, proxy, "third");
    pair.settle(&mut world);
    assert_eq!(world.log, ["first", "second", "third"]);
    assert!(matches!(pair.done.get(&first), Some(Ok(Reply::Value(_)))));
    assert!(matches!(pair.done.get(&second), Some(Ok(Reply::Value(_)))));
    assert_eq!(pair.done.len(), 3);
    // The proxy goes on with the same connection.
    assert_eq!(pair.call::<i64>(proxy, &Request::method("echo", &(7,)), &mut world), Ok(7));
    assert_eq!(pair.daemon.session_count(), 1);
}

#[test]
fn attempts_are_counted_and_wait_ever_longer() {
    let mut config = Config::default();
    config.max_retries = 3;
    let mut client = firesteel_proto::Client::new(start(), config);
    let mut now = start();
    let proxy = client.proxy(URI).expect("a uri");
    let call = client.call(now, proxy, &Request::method("nop", &())).expect("sent");
    let mut waits = Vec::new();
    for _ in 0..10 {
        let Some((connection, _)) = client.poll_connect() else {
            let Some(at) = client.poll_timeout() else { break };
            waits.push(at.saturating_duration_since(now));
            now = now.max(at);
            client.handle_timeout(now);
            if let Some(event) = client.poll_event() {
                assert!(
                    matches!(&event, ProxyEvent::Done { id, result: Err(CallFailure::Lost(_)), .. } if *id == call)
                );
                break;
            }
            continue;
        };
        client.failed(now, connection, "nobody is there");
    }
    let millis: Vec<_> = waits.iter().map(Duration::as_millis).collect();
    assert_eq!(millis, [0, 50, 100, 0], "three attempts after the first, and the end");
    assert!(client.is_drained());
}

#[test]
fn a_deadline_holds_while_the_connection_is_away() {
    let mut config = Config::default();
    config.max_retries = 9;
    let mut pair = pair_with(config, Config::default());
    let mut world = World::default();
    let proxy = connected(&mut pair, &mut world);
    let request = Request::method("later", &()).deadline(pair.now + SECOND);
    let call = pair.client.call(pair.now, proxy, &request).expect("sent");
    pair.settle(&mut world);
    pair.cut(proxy);
    pair.now += 2 * SECOND;
    pair.client.handle_timeout(pair.now);
    pair.transfer();
    assert_eq!(pair.done.remove(&call), Some(Err(CallFailure::Deadline)));
    pair.settle(&mut world);
    assert!(pair.done.is_empty(), "it ended once");
    assert_eq!(pair.call::<i64>(proxy, &Request::method("echo", &(7,)), &mut world), Ok(7));
}

#[test]
fn a_refusal_is_final() {
    let mut config = Config::default();
    config.max_retries = 5;
    let (mut pair, mut world) = (pair_with(config, Config::default()), World::default());
    let proxy = pair.client.proxy("PYRO:nobody@anywhere:1").expect("a uri");
    let refused = pair.call::<()>(proxy, &Request::method("nop", &()), &mut world);
    assert_eq!(
        refused.expect_err("refused").to_string(),
        "the connection was lost: connection rejected: unknown object"
    );
}

#[test]
fn an_attempt_whose_time_is_over_before_it_connects_is_made_again_too() {
    let mut config = Config::default();
    config.max_retries = 2;
    config.handshake_timeout = Duration::from_secs(3);
    for late in [Some(Ok(())), Some(Err("refused")), None] {
        let mut client = firesteel_proto::Client::new(start(), config.clone());
        let mut now = start();
        let proxy = client.proxy(URI).expect("a uri");
        let call = client.call(now, proxy, &Request::method("nop", &())).expect("sent");
        for waits in [0, 50] {
            let (connection, _) = client.poll_connect().expect("an attempt");
            now += Duration::from_secs(3);
            client.handle_timeout(now);
            // It has been given up: how it ends is of no interest any more.
            match late {
                Some(Ok(())) => client.connected(now, connection, None),
                Some(Err(reason)) => client.failed(now, connection, reason),
                None => {}
            }
            assert!(!client.is_connected(connection), "{late:?}");
            now += Duration::from_millis(waits);
            client.handle_timeout(now);
        }
        let (connection, _) = client.poll_connect().expect("the last attempt");
        client.failed(now, connection, "refused");
        let mut ends = std::iter::from_fn(|| client.poll_event()).filter_map(|event| match event {
            ProxyEvent::Done { id, result, .. } => Some((id, result)),
            _ => None,
        });
        assert!(matches!(ends.next(), Some((id, Err(CallFailure::Lost(_)))) if id == call), "{late:?}");
        assert_eq!(ends.next(), None);
    }
}

#[test]
fn a_connection_that_is_to_be_made_again_can_be_closed() {
    let mut client = firesteel_proto::Client::new(start(), Config::default());
    let proxy = client.proxy(URI).expect("a uri");
    let call = client.call(start(), proxy, &Request::method("nop", &()).retries(5)).expect("sent");
    for _ in 0..2 {
        let (connection, _) = client.poll_connect().expect("an attempt");
        client.failed(start(), connection, "refused");
        client.handle_timeout(start());
    }
    client.disconnect(start(), proxy);
    let ends: Vec<_> = std::iter::from_fn(|| client.poll_event()).collect();
    let reason = firesteel_proto::CloseReason::Local;
    assert!(
        matches!(&ends[..], [ProxyEvent::Done { id, result: Err(CallFailure::Lost(done)), .. }, ProxyEvent::Closed { reason: closed, .. }]
            if *id == call && *done == reason && *closed == reason),
        "{ends:?}"
    );
    assert!(client.is_drained() && client.poll_timeout().is_none());
}
