//! 9. Answers to sessions that are gone are discarded; after EOF, calls that arrived still run.

use firesteel_proto::{CloseReason, DaemonEvent, Machine, Request};

use crate::common::*;

#[test]
fn a_responder_learns_that_nobody_waits() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    pair.settle(&mut world);
    assert!(!world.responders[0].is_cancelled());
    pair.cut(proxy);
    pair.settle(&mut world);
    assert!(world.responders[0].is_cancelled());
    world.responders.remove(0).reply(&1);
    pair.settle(&mut world);
    assert_eq!(pair.daemon.session_count(), 0);
}

#[test]
fn a_responder_that_is_dropped_is_a_fault_at_the_caller() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let call = pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    pair.settle(&mut world);
    world.responders.clear();
    pair.settle(&mut world);
    let failure = pair.done.remove(&call).expect("ended").unwrap_err();
    assert!(failure.fault().expect("a fault").is("builtins.RuntimeError"));
}

#[test]
fn a_oneway_call_and_then_the_end_still_runs() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let id = pair.session_of(proxy).expect("a session");
    for text in ["a", "b"] {
        pair.client.notify(pair.now, proxy, &Request::method("oneway", &(text,))).expect("sent");
    }
    pair.transfer();
    pair.daemon.session(id).expect("alive").handle_eof(pair.now);
    pair.settle(&mut world);
    assert_eq!(world.log, ["a", "b"]);
    let ended = DaemonEvent::Closed { session: id, reason: CloseReason::PeerEof };
    assert_eq!(pair.daemon_events, [ended]);
}

#[test]
fn after_the_end_answers_are_flushed_and_deferred_ones_cancelled() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let id = pair.session_of(proxy).expect("a session");
    pair.client.call(pair.now, proxy, &Request::method("echo", &("flushed",))).expect("sent");
    pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    pair.transfer();
    pair.daemon.session(id).expect("alive").handle_eof(pair.now);
    pair.daemon.dispatch(pair.now, &mut world, firesteel_proto::Budget::UNLIMITED);
    assert!(world.responders[0].is_cancelled());
    let mut session = pair.daemon.session(id).expect("not before the last byte is out");
    let bytes = session.poll_transmit().expect("output").take();
    assert!(bytes.windows(7).any(|window| window == b"flushed"));
    pair.settle(&mut world);
    assert!(pair.daemon.session(id).is_none());
}

#[test]
fn a_panic_is_a_fault_and_the_session_goes_on() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let failure = pair.call::<()>(proxy, &Request::method("panic", &()), &mut world).unwrap_err();
    assert!(failure.to_string().contains("the method panicked: on purpose"), "{failure}");
    pair.call::<()>(proxy, &Request::method("nop", &()), &mut world).expect("served on");
}

#[test]
fn a_peer_that_does_not_take_the_last_bytes_is_dropped() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let id = pair.session_of(proxy).expect("a session");
    let class = ("Pyro5.errors.SerializeError",);
    pair.client.call(pair.now, proxy, &Request::method("raise", &class)).expect("sent");
    pair.transfer();
    pair.daemon.dispatch(pair.now, &mut world, firesteel_proto::Budget::UNLIMITED);
    assert!(pair.daemon.session(id).is_some_and(|session| session.wants_write()));
    pair.turn(SECOND * 10);
    pair.daemon.handle_timeout(pair.now);
    assert!(pair.daemon.session(id).is_none());
}
