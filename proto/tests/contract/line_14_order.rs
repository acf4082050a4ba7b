//! 14. Calls of a session start in arrival order; the next one starts when the previous is answered,
//!     except that a oneway counts as answered when it starts.

use firesteel_proto::Request;

use crate::common::*;

#[test]
fn a_call_waits_for_the_answer_to_the_one_before() {
    let (mut pair, mut world) = (pair(), World::default());
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
