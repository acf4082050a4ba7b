//! 8. Every call ends exactly once; a deadline does not tear the connection down.

use firesteel_proto::{CallError, CallFailure, CloseReason, Config, Request};

use crate::common::*;

#[test]
fn a_late_answer_to_a_call_past_its_deadline_is_dropped() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let request = Request::method("later", &()).deadline(pair.now + SECOND);
    let late = pair.client.call(pair.now, proxy, &request).expect("sent");
    pair.settle(&mut world);
    assert_eq!(pair.client.poll_timeout(), Some(pair.now + SECOND));
    pair.turn(SECOND);
    pair.settle(&mut world);
    assert_eq!(pair.done.remove(&late), Some(Err(CallFailure::Deadline)));

    let next = pair.client.call(pair.now, proxy, &Request::method("echo", &(1,))).expect("sent");
    world.responders.remove(0).reply(&"late");
    pair.settle(&mut world);
    assert_eq!(pair.done.len(), 1);
    assert_eq!(value(pair.done.remove(&next).expect("ended")).as_i64(), Some(1));
    assert_eq!(pair.daemon.session_count(), 1, "the same connection");
}

#[test]
fn a_cancelled_call_ends_once() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let call = pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    pair.settle(&mut world);
    assert!(pair.client.cancel(pair.now, call));
    assert!(!pair.client.cancel(pair.now, call), "it has ended already");
    world.responders.remove(0).reply(&1);
    pair.settle(&mut world);
    assert_eq!(pair.done.remove(&call), Some(Err(CallFailure::Cancelled)));
}

#[test]
fn a_lost_connection_ends_its_calls_and_the_next_call_connects_again() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let call = pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    pair.settle(&mut world);
    pair.cut(proxy);
    pair.settle(&mut world);
    assert_eq!(pair.done.remove(&call), Some(Err(CallFailure::Lost(CloseReason::Transport))));
    let answer: i64 = pair.call(proxy, &Request::method("echo", &(3,)), &mut world).expect("connected again");
    assert_eq!(answer, 3);
}

#[test]
fn sequence_numbers_wrap_and_skip_those_in_use() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let slow = pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    for _ in 0..70 {
        for _ in 0..1000 {
            pair.client.notify(pair.now, proxy, &Request::method("nop", &())).expect("sent");
        }
        pair.settle(&mut world);
    }
    let fast = pair.client.call(pair.now, proxy, &Request::method("echo", &("fast",))).expect("sent");
    world.responders.remove(0).reply(&"slow");
    pair.settle(&mut world);
    assert_eq!(value(pair.done.remove(&slow).expect("ended")).as_str(), Some("slow"));
    assert_eq!(value(pair.done.remove(&fast).expect("ended")).as_str(), Some("fast"));
}

#[test]
fn calls_in_flight_are_bounded_and_a_refused_call_leaves_no_trace() {
    let mut config = Config::default();
    config.limits.max_in_flight = 3;
    config.limits.max_message = 1000;
    let (mut pair, mut world) = (pair_with(config, Config::default()), World::default());
    let proxy = connected(&mut pair, &mut world);
    let large = "x".repeat(2000);
    let refused = pair.client.call(pair.now, proxy, &Request::method("echo", &(&large,)));
    assert!(matches!(refused, Err(CallError::TooLarge { max: 1000, .. })), "{refused:?}");
    let bad_key = std::collections::BTreeMap::from([((), 1)]);
    let refused = pair.client.call(pair.now, proxy, &Request::method("echo", &(&bad_key,)));
    assert!(matches!(refused, Err(CallError::Format(_))), "{refused:?}");
    let refused = pair.client.call(pair.now, proxy, &Request::method("echo", &5));
    assert!(matches!(refused, Err(CallError::Format(_))), "{refused:?}");
    for n in 0..3 {
        pair.client.call(pair.now, proxy, &Request::method("echo", &(n,))).expect("sent");
    }
    let refused = pair.client.call(pair.now, proxy, &Request::method("echo", &(3,)));
    assert_eq!(refused, Err(CallError::TooManyCalls));
    pair.settle(&mut world);
    assert_eq!(pair.done.len(), 3);
}

#[test]
fn an_object_that_is_not_there_rejects_the_connection() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = pair.client.proxy("PYRO:nobody@anywhere:1").expect("a uri");
    let answer = pair.call::<()>(proxy, &Request::method("nop", &()), &mut world);
    assert_eq!(answer, Err(CallFailure::Lost(CloseReason::Rejected("unknown object".to_owned()))));
}

#[test]
fn after_a_fault_that_ends_the_connection_the_next_call_has_a_new_one() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    for class in ["Pyro5.errors.SerializeError", "Pyro5.errors.SecurityError"] {
        let failure = pair.call::<()>(proxy, &Request::method("raise", &(class,)), &mut world).unwrap_err();
        assert!(failure.fault().is_some_and(|fault| fault.is(class)), "{failure}");
        let answer: i64 = pair.call(proxy, &Request::method("echo", &(3,)), &mut world).expect("a new connection");
        assert_eq!(answer, 3);
    }
}
