//! 4. A loop that obeys only `poll_timeout` and the Waker neither stalls nor spins.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use firesteel_proto::{Budget, Request};

use crate::common::*;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Runs the daemon only when it says so; gives the steps that took.
fn obey(pair: &mut ThingPair, world: &mut World) -> usize {
    let mut steps = 0;
    loop {
        let moved = pair.transfer();
        if pair.daemon.poll_timeout().is_none_or(|at| at > pair.now) {
            if !moved {
                return steps;
            }
            continue;
        }
        pair.daemon.handle_timeout(pair.now);
        pair.daemon.dispatch(pair.now, world, Budget::calls(1));
        steps += 1;
        assert!(steps < 10_000, "the daemon spins");
    }
}

#[test]
fn what_can_run_is_announced_and_what_cannot_is_not() {
    let (mut pair, mut world) = (pair(), World::default());
    let waker = Arc::new(Count::default());
    pair.daemon.set_waker(Waker::from(Arc::clone(&waker)));
    let proxy = connected(&mut pair, &mut world);

    let calls: Vec<_> =
        (0..50).map(|n| pair.client.call(pair.now, proxy, &Request::method("echo", &(n,))).expect("sent")).collect();
    let steps = obey(&mut pair, &mut world);
    assert!(calls.iter().all(|id| pair.done.contains_key(id)), "it stalled");
    assert!(steps <= 2 * calls.len() + 10, "{steps} steps for {} calls", calls.len());

    // A deferred answer: nothing to do until it comes, and then the waker tells.
    let call = pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    obey(&mut pair, &mut world);
    assert!(pair.daemon.poll_timeout().is_none(), "nothing can be done now");
    let before = waker.0.load(Ordering::SeqCst);
    world.responders.remove(0).reply(&7);
    assert_eq!(waker.0.load(Ordering::SeqCst), before + 1);
    obey(&mut pair, &mut world);
    assert_eq!(value(pair.done.remove(&call).expect("ended")).as_i64(), Some(7));
}

#[test]
fn an_idle_daemon_waits_for_nothing() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    pair.settle(&mut world);
    assert_eq!(pair.daemon.poll_timeout(), None);
    assert_eq!(pair.client.poll_timeout(), None);
    let _ = proxy;
}

#[test]
fn asking_changes_nothing() {
    use firesteel_proto::Machine;
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let id = pair.session_of(proxy).expect("a session");
    for _ in 0..3 {
        let session = pair.daemon.session(id).expect("alive");
        assert!(session.wants_read() && !session.wants_write() && !session.is_closed());
        assert_eq!(session.poll_timeout(), None);
        assert_eq!(pair.daemon.poll_timeout(), None);
    }
}
