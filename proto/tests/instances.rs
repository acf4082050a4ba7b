//! Registered classes: how many instances there are, and when they go.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use firesteel_proto::testing::Pair;
use firesteel_proto::{
    Args, Config, Context, Daemon, Fault, InstanceMode, Local, Member, Metadata, Method, Object, Outcome, ProxyId,
    Registry, Request, Shared,
};

const URI: &str = "PYRO:counter@anywhere:1";

static METADATA: Metadata = Metadata::new(&[Method::new("next"), Method::new("peek").shared()], &[]);

/// What happened to instances.
type Log = Arc<Mutex<Vec<String>>>;

struct Counter {
    name: usize,
    count: u32,
    log: Log,
}

impl<W> Object<W> for Counter {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
        if member == Member::Method("next") {
            self.count += 1;
            return cx.answer(&(self.name, self.count));
        }
        self.call_shared(cx, member, args)
    }

    fn call_shared(&self, cx: &mut Context<'_, W>, _: Member<'_>, _: Args<'_>) -> Outcome<W> {
        cx.answer(&(self.name, self.count))
    }

    fn closed(&mut self, _: &mut W) {
        self.log.lock().unwrap().push(format!("closed {}", self.name));
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.log.lock().unwrap().push(format!("dropped {}", self.name));
    }
}

fn start() -> Instant {
    // The one place where a test looks at a clock: any start will do.
    #[expect(clippy::disallowed_methods)]
    Instant::now()
}

/// Makes instances, numbered.
fn maker<W>(log: &Log) -> impl Fn(&mut Context<'_, W>) -> Result<Counter, Fault> + Send + Sync + 'static {
    let (made, log) = (AtomicUsize::new(0), Arc::clone(log));
    move |_| Ok(Counter { name: made.fetch_add(1, Ordering::Relaxed), count: 0, log: Arc::clone(&log) })
}

/// Runs a test on both registries.
fn on_both(mode: InstanceMode, test: fn(&mut dyn Calls, &Log)) {
    let log = Log::default();
    let mut pair: Pair<Local> = Pair::with_configs(start(), Config::default(), Config::default(), Daemon::new);
    pair.daemon.register_class("counter", mode, &METADATA, maker(&log)).expect("registered");
    test(&mut pair, &log);

    let log = Log::default();
    let objects = Shared::new();
    objects.register_class("counter", mode, &METADATA, maker(&log)).expect("registered");
    let mut pair: Pair<Shared> = Pair::with_configs(start(), Config::default(), Config::default(), |now, config| {
        Daemon::shared(now, config, &objects, 2)
    });
    test(&mut pair, &log);
}

/// A client of some daemon.
trait Calls {
    fn proxy(&mut self) -> ProxyId;
    fn call(&mut self, proxy: ProxyId, method: &str) -> (usize, u32);
    fn close(&mut self, proxy: ProxyId);
}

impl<R: Registry<World = ()>> Calls for Pair<R> {
    fn proxy(&mut self) -> ProxyId {
        self.client.proxy(URI).expect("a uri")
    }

    fn call(&mut self, proxy: ProxyId, method: &str) -> (usize, u32) {
        Pair::call(self, proxy, &Request::method(method, &()), &mut ()).expect("an answer")
    }

    fn close(&mut self, proxy: ProxyId) {
        self.client.release(self.now, proxy);
        self.settle(&mut ());
    }
}

fn taken(log: &Log) -> Vec<String> {
    std::mem::take(&mut log.lock().unwrap())
}

#[test]
fn a_single_instance_is_for_all() {
    on_both(InstanceMode::Single, |calls, log| {
        let (a, b) = (calls.proxy(), calls.proxy());
        assert_eq!(calls.call(a, "peek"), (0, 0), "made by its first call, whatever that is");
        assert_eq!(calls.call(a, "next"), (0, 1));
        assert_eq!(calls.call(b, "next"), (0, 2));
        calls.close(a);
        assert_eq!(calls.call(b, "peek"), (0, 2));
        assert!(taken(log).is_empty());
    });
}

#[test]
fn each_session_has_its_own_which_goes_with_it() {
    on_both(InstanceMode::Session, |calls, log| {
        let (a, b) = (calls.proxy(), calls.proxy());
        assert_eq!(calls.call(a, "next"), (0, 1));
        assert_eq!(calls.call(b, "next"), (1, 1));
        assert_eq!(calls.call(a, "next"), (0, 2));
        calls.close(a);
        assert_eq!(taken(log), ["closed 0", "dropped 0"]);
        assert_eq!(calls.call(b, "peek"), (1, 1));
        let again = calls.proxy();
        assert_eq!(calls.call(again, "next"), (2, 1), "a new session has a new one");
    });
}

#[test]
fn each_call_has_its_own() {
    on_both(InstanceMode::PerCall, |calls, log| {
        let proxy = calls.proxy();
        assert_eq!(calls.call(proxy, "next"), (0, 1));
        assert_eq!(taken(log), ["closed 0", "dropped 0"]);
        assert_eq!(calls.call(proxy, "peek"), (1, 0));
        assert_eq!(taken(log), ["closed 1", "dropped 1"]);
    });
}

#[test]
fn a_creator_that_fails_is_a_fault_at_the_caller_and_asked_again_next_time() {
    let log = Log::default();
    let make = maker(&log);
    let mut attempts = 0;
    let mut pair: Pair<Local> = Pair::with_configs(start(), Config::default(), Config::default(), Daemon::new);
    let create = move |cx: &mut Context<'_>| {
        attempts += 1;
        if attempts == 1 { Err(Fault::new("builtins.OSError", "not yet")) } else { make(cx) }
    };
    pair.daemon.register_class("counter", InstanceMode::Single, &METADATA, create).expect("registered");
    let proxy = pair.client.proxy(URI).expect("a uri");
    let failed = pair.call::<(usize, u32)>(proxy, &Request::method("next", &()), &mut ());
    assert_eq!(failed.expect_err("a fault").to_string(), "builtins.OSError: not yet");
    assert_eq!(Calls::call(&mut pair, proxy, "next"), (0, 1));
}
