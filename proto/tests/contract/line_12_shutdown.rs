//! 12. `shutdown(grace)`: no new sessions or calls; running and deferred calls may finish and be
//!     flushed; then everything closes.

use firesteel_proto::{CallFailure, Peer, Refused, Request};

use crate::common::*;

#[test]
fn what_runs_may_finish() {
    let (mut pair, mut world) = (plain_pair(), World::default());
    let busy = connected(&mut pair, &mut world);
    let idle = connected(&mut pair, &mut world);
    let running = pair.client.call(pair.now, busy, &Request::method("later", &())).expect("sent");
    let waiting = pair.client.call(pair.now, busy, &Request::method("log", &("never",))).expect("sent");
    pair.settle(&mut world);

    pair.daemon.shutdown(pair.now, SECOND);
    pair.settle(&mut world);
    assert_eq!(pair.daemon.open(pair.now, Peer::default(), None), Err(Refused::ShuttingDown));
    assert_eq!(pair.daemon.session_count(), 1, "the idle session closed");
    assert!(!pair.daemon.is_drained());
    assert!(pair.client.connection_of(idle).is_none());

    world.responders.remove(0).reply(&"done");
    pair.settle(&mut world);
    assert_eq!(value(pair.done.remove(&running).expect("ended")).as_str(), Some("done"));
    assert!(matches!(pair.done.remove(&waiting), Some(Err(CallFailure::Lost(_)))));
    assert!(pair.daemon.is_drained());
    assert!(world.log.is_empty());
}

#[test]
fn the_grace_has_an_end() {
    let (mut pair, mut world) = (pair(), World::default());
    let busy = connected(&mut pair, &mut world);
    let running = pair.client.call(pair.now, busy, &Request::method("later", &())).expect("sent");
    pair.settle(&mut world);
    pair.daemon.shutdown(pair.now, SECOND);
    pair.settle(&mut world);
    assert_eq!(pair.daemon.poll_timeout(), Some(pair.now + SECOND));
    pair.turn(SECOND);
    pair.settle(&mut world);
    assert!(pair.daemon.is_drained());
    assert!(matches!(pair.done.remove(&running), Some(Err(CallFailure::Lost(_)))));
    assert!(world.responders[0].is_cancelled());
}
