//! 14. Calls of a session start in arrival order; the next one starts when the previous is answered,
//!     except that a oneway counts as answered when it starts, and that answers may overtake where both ends know
//!     more than Pyro.

use firesteel_proto::{Batch, CallFailure, Config, Request};

use crate::common::*;

#[test]
fn a_call_waits_for_the_answer_to_the_one_before() {
    let (mut pair, mut world) = (plain_pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    log(&mut pair, proxy, "first");
    pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    log(&mut pair, proxy, "second");
    pair.settle(&mut world);
    assert_eq!(world.log, ["first"]);
    world.responders.remove(0).reply(&());
    pair.settle(&mut world);
    assert_eq!(world.log, ["first", "second"]);
}

#[test]
fn a_oneway_call_that_defers_holds_nobody_up() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    pair.client.notify(pair.now, proxy, &Request::method("later", &())).expect("sent");
    log(&mut pair, proxy, "next");
    pair.settle(&mut world);
    assert_eq!(world.log, ["next"]);
    world.responders.remove(0).reply(&());
    pair.settle(&mut world);
}

#[test]
fn answers_overtake_between_peers_that_know_it() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let late = pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    let early = pair.client.call(pair.now, proxy, &Request::method("echo", &("early",))).expect("sent");
    let ping = pair.client.ping(pair.now, proxy).expect("sent");
    pair.settle(&mut world);
    assert_eq!(value(pair.done.remove(&early).expect("answered")).as_str(), Some("early"));
    assert!(pair.done.remove(&ping).is_some_and(|pong| pong.is_ok()));
    assert!(!pair.done.contains_key(&late));
    world.responders.remove(0).reply(&"late");
    pair.settle(&mut world);
    assert_eq!(value(pair.done.remove(&late).expect("answered")).as_str(), Some("late"));
}

#[test]
fn a_socket_without_a_handshake_is_asked_with_the_first_call() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = pair.join("thing");
    pair.call::<()>(proxy, &Request::method("nop", &()), &mut world).expect("answered");
    pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    log(&mut pair, proxy, "overtakes");
    pair.settle(&mut world);
    assert_eq!(world.log, ["overtakes"]);
}

#[test]
fn a_server_that_is_told_to_be_plain_keeps_the_order() {
    let mut config = Config::default();
    config.extensions = false;
    let (mut pair, mut world) = (pair_with(Config::default(), config), World::default());
    let proxy = connected(&mut pair, &mut world);
    pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    log(&mut pair, proxy, "waits");
    pair.settle(&mut world);
    assert!(world.log.is_empty());
}

#[test]
fn no_more_calls_are_out_than_the_server_allows() {
    let mut config = Config::default();
    config.limits.max_in_flight = 2;
    let (mut pair, mut world) = (pair_with(Config::default(), config), World::default());
    let proxy = connected(&mut pair, &mut world);
    for _ in 0..4 {
        pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    }
    pair.settle(&mut world);
    assert_eq!(world.responders.len(), 2);
    // The second one holds up what follows until it is answered, whatever becomes of the first.
    world.responders.pop().expect("two").reply(&());
    pair.settle(&mut world);
    assert_eq!(world.responders.len(), 2);
    world.responders.drain(..).for_each(|responder| responder.reply(&()));
    pair.settle(&mut world);
    world.responders.drain(..).for_each(|responder| responder.reply(&()));
    pair.settle(&mut world);
    assert_eq!(pair.done.len(), 4);
}

#[test]
fn a_large_call_overtakes_as_well() {
    let mut config = Config::default();
    config.limits.max_waiting_bytes = 2_000;
    let (mut pair, mut world) = (pair_with(Config::default(), config), World::default());
    let proxy = connected(&mut pair, &mut world);
    pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    let text = "x".repeat(10_000);
    let large = pair.client.call(pair.now, proxy, &Request::method("echo", &(&text,))).expect("sent");
    pair.room = 300;
    pair.settle(&mut world);
    assert_eq!(value(pair.done.remove(&large).expect("it was read in full")).as_str(), Some(&*text));
}

#[test]
fn a_batch_waits_for_nobody_and_holds_up_what_follows() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let first = pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    let batch = Batch::new().call("log", &("one",)).call("later", &()).call("log", &("two",));
    let all = pair.client.call(pair.now, proxy, &Request::batch(&batch)).expect("sent");
    log(&mut pair, proxy, "behind");
    pair.settle(&mut world);
    assert_eq!(world.log, ["one"]);
    world.responders.remove(1).reply(&());
    pair.settle(&mut world);
    assert_eq!(world.log, ["one", "two", "behind"]);
    assert!(pair.done.contains_key(&all) && !pair.done.contains_key(&first));
    world.responders.remove(0).reply(&());
    pair.settle(&mut world);
    assert!(pair.done.contains_key(&first));
}

#[test]
fn who_works_for_nobody_is_told() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let kept = pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    let gone = pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    let hasty = Request::method("later", &()).deadline(pair.now + SECOND);
    let hasty = pair.client.call(pair.now, proxy, &hasty).expect("sent");
    pair.settle(&mut world);
    assert!(pair.client.cancel(pair.now, gone));
    pair.settle(&mut world);
    let cancelled = |world: &World| world.responders.iter().map(|one| one.is_cancelled()).collect::<Vec<_>>();
    assert_eq!(cancelled(&world), [false, true, false]);
    pair.turn(SECOND);
    pair.settle(&mut world);
    assert_eq!(cancelled(&world), [false, true, true]);
    assert_eq!(pair.done.remove(&hasty), Some(Err(CallFailure::Deadline)));
    // What they answer all the same disturbs nobody.
    world.responders.drain(..).for_each(|responder| responder.reply(&7));
    pair.settle(&mut world);
    assert_eq!(value(pair.done.remove(&kept).expect("answered")).as_i64(), Some(7));
    assert_eq!(pair.done.len(), 1, "{:?}", pair.done);
    pair.call::<()>(proxy, &Request::method("nop", &()), &mut world).expect("the connection goes on");
    assert_eq!(pair.daemon.counters().deferred, 0);
}

#[test]
fn a_call_that_comes_too_late_does_not_run() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let request = Request::method("log", &("never",)).deadline(pair.now + SECOND);
    pair.client.call(pair.now, proxy, &request).expect("sent");
    while pair.transfer() {}
    // The daemon is busy with other things meanwhile: the time counts from when it takes the call.
    log(&mut pair, proxy, "runs");
    pair.settle(&mut world);
    assert_eq!(world.log, ["never", "runs"], "it was taken in time");
    let request = Request::method("log", &("never",)).deadline(pair.now);
    pair.client.call(pair.now, proxy, &request).expect("sent");
    pair.settle(&mut world);
    assert_eq!(world.log, ["never", "runs"]);
}

#[test]
fn at_the_end_of_the_stream_what_is_deferred_is_cancelled() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    for _ in 0..3 {
        pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    }
    pair.settle(&mut world);
    pair.client.shutdown(pair.now);
    pair.settle(&mut world);
    assert!(world.responders.iter().all(|responder| responder.is_cancelled()));
    assert_eq!(pair.daemon.session_count(), 0);
}
