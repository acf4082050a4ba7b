//! Objects that a daemon does not keep alive.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, RwLock};

use firesteel_proto::{CallFailure, RegisterError, Registry, Request};

use crate::common::{Board, Host, Thing, local, shared};

#[track_caller]
fn assert_unknown<R: Registry<World = ()>>(host: &mut Host<R>, object: &str) {
    let proxy = host.proxy();
    match host.call(proxy, &Request::method("echo", &(1,)).object(object)) {
        Err(CallFailure::Fault(fault)) => assert_eq!(fault.message(), "unknown object"),
        other => panic!("{other:?}"),
    }
    let args = (object,);
    let metadata = Request::method("get_metadata", &args).object("Pyro.Daemon");
    assert!(host.call(proxy, &metadata).expect_err("a fault").to_string().ends_with("unknown object"));
    assert_eq!(host.pair.daemon.objects().len(), 1);
    host.cut(proxy);
}

fn use_it<R: Registry<World = ()>>(host: &mut Host<R>) {
    let proxy = host.pair.client.proxy("PYRO:weak@anywhere:1").expect("a uri");
    host.call(proxy, &Request::method("echo", &(1,))).expect("an answer");
    host.call(proxy, &Request::set("size", &1)).expect("an answer");
    assert_eq!(host.call(proxy, &Request::get("size")), Ok(7.into()));
    assert_eq!(host.pair.daemon.objects().len(), 2);
    host.cut(proxy);
}

#[test]
fn a_weak_object_is_there_as_long_as_its_owner_on_one_thread() {
    let mut host = local();
    let thing = Rc::new(RefCell::new(Thing(Board::default())));
    host.pair.daemon.register_weak("weak", &thing).expect("registered");
    let again = host.pair.daemon.register_weak("weak", &thing);
    assert_eq!(again, Err(RegisterError::Duplicate("weak".into())));
    assert_eq!(Rc::strong_count(&thing), 1);
    use_it(&mut host);
    {
        let _borrowed = thing.borrow_mut();
        let proxy = host.proxy();
        let failure = host.call(proxy, &Request::method("echo", &(1,)).object("weak")).expect_err("in use");
        assert!(failure.to_string().contains("the object is in use by its owner"), "{failure}");
        host.cut(proxy);
    }
    drop(thing);
    assert_unknown(&mut host, "weak");
    assert!(!host.pair.daemon.unregister("weak"));
    // The id is free.
    let thing = Rc::new(RefCell::new(Thing(Board::default())));
    host.pair.daemon.register_weak("weak", &thing).expect("registered");
    use_it(&mut host);
    drop(thing);
    host.assert_at_rest();
    // A reference to what is gone costs nothing for long.
    for _ in 0..1000 {
        let thing = Rc::new(RefCell::new(Thing(Board::default())));
        host.pair.daemon.register_weak("", &thing).expect("registered");
    }
    host.assert_at_rest();
}

#[test]
fn a_weak_object_is_there_as_long_as_its_owner_on_several_threads() {
    let mut host = shared();
    let thing = Arc::new(RwLock::new(Thing(Board::default())));
    host.pair.daemon.register_weak("weak", &thing).expect("registered");
    let again = host.pair.daemon.register("weak", Thing(Board::default()));
    assert_eq!(again, Err(RegisterError::Duplicate("weak".into())));
    assert_eq!(Arc::strong_count(&thing), 1);
    use_it(&mut host);
    // It goes between the choice of a job and its run.
    let proxy = host.proxy();
    host.call(proxy, &Request::method("echo", &(1,)).object("weak")).expect("an answer");
    let call = host.pair.client.call(host.pair.now, proxy, &Request::method("echo", &(1,)).object("weak"));
    host.pair.transfer();
    let job = host.pair.daemon.next_job(host.pair.now).expect("a job");
    drop(thing);
    job.run();
    host.settle();
    let failure = host.end_of(call.expect("sent")).expect("an end").expect_err("gone");
    assert!(failure.to_string().ends_with("unknown object"), "{failure}");
    // What was called last is not remembered beyond its end.
    let failure = host.call(proxy, &Request::method("echo", &(1,)).object("weak")).expect_err("gone");
    assert!(failure.to_string().ends_with("unknown object"), "{failure}");
    host.cut(proxy);
    assert_unknown(&mut host, "weak");
    let thing = Arc::new(RwLock::new(Thing(Board::default())));
    host.pair.daemon.register_weak("weak", &thing).expect("the id is free");
    use_it(&mut host);
    drop(thing);
    for _ in 0..1000 {
        let thing = Arc::new(RwLock::new(Thing(Board::default())));
        host.pair.daemon.register_weak("", &thing).expect("registered");
    }
    host.assert_at_rest();
}
