//! 2. `now` must not go backwards; if it does, the earlier maximum is used.

use firesteel_proto::{CallFailure, Peer, Request};

use crate::common::*;

#[test]
fn a_clock_that_goes_back_changes_nothing() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    pair.turn(SECOND * 100);
    pair.settle(&mut world);
    let late = pair.now;
    pair.now -= SECOND * 50;

    // The handshake's ten seconds are counted from the latest time that was seen.
    let id = pair.daemon.open(pair.now, Peer::unix(), None).expect("opened");
    pair.daemon.handle_timeout(late + SECOND * 9);
    assert!(pair.daemon.session(id).is_some());
    pair.daemon.handle_timeout(late + SECOND * 10);
    assert!(pair.daemon.session(id).is_none());

    let request = Request::method("later", &()).deadline(late + SECOND);
    let call = pair.client.call(pair.now, proxy, &request).expect("sent");
    pair.settle(&mut world);
    assert!(!pair.done.contains_key(&call));
    pair.now = late + SECOND;
    pair.settle(&mut world);
    assert_eq!(pair.done.remove(&call), Some(Err(CallFailure::Deadline)));
}

#[test]
fn the_clock_need_not_be_asked_where_time_does_not_matter() {
    let (mut pair, mut world) = (pair(), World::default());
    let request = Request::method("later", &());
    let proxy = pair.client.proxy("PYRO:thing@anywhere:1").expect("a uri");
    assert_eq!(pair.client.untimed(proxy, &request), None, "a connection that begins has a deadline");
    let proxy = connected(&mut pair, &mut world);
    pair.turn(SECOND * 100);
    pair.settle(&mut world);
    let known = pair.now;
    pair.now += SECOND * 50;
    assert_eq!(pair.client.untimed(proxy, &request), Some(known));
    assert_eq!(pair.client.untimed(proxy, &request.deadline(pair.now + SECOND)), None);
    // While a deadline runs, it has to be seen.
    let request = Request::method("later", &()).deadline(pair.now + SECOND);
    pair.client.call(pair.now, proxy, &request).expect("sent");
    assert_eq!(pair.client.untimed(proxy, &Request::method("later", &())), None);
    pair.cut(proxy);
    pair.settle(&mut world);
    assert_eq!(pair.client.untimed(proxy, &Request::method("later", &())), None);
}
