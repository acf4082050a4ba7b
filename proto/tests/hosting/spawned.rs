//! Methods that go on as futures, on an executor made by hand.

use std::sync::Arc;
use std::time::Duration;

use firesteel_proto::{
    ArcObject, Args, Batch, CallFailure, CallId, Client, Config, Context, Daemon, Fault, Hooks, Local, Member,
    Metadata, Method, Outcome, ProxyId, Registry, Request, Shared, Value,
};
use serde::ser::Error as _;

use crate::common::{Board, Host, both, start};
use crate::executor::{Door, Executor};

both!(
    answers_come_when_the_future_ends,
    faults_panics_and_dropped_tasks_are_raised_at_the_caller,
    without_an_executor_the_fault_says_so,
    the_future_of_a_client_that_is_gone_is_dropped,
    a_cancelled_call_drops_its_future,
    a_shutdown_waits_for_futures_and_drops_them_when_its_grace_is_over,
    oneway_calls_run_to_their_end,
    what_follows_an_ordered_one_waits_for_its_end,
    the_end_of_the_stream_cuts_off_no_oneway_call,
    there_is_a_limit_of_oneway_calls_that_run,
    it_holds_for_oneway_batches_too,
    it_holds_for_oneway_calls_with_responders_too,
    batches_wait_for_each_call,
    futures_have_the_correlation_id_while_they_run,
);

/// Notes that a future was dropped.
struct Trace(String, Board);

impl Drop for Trace {
    fn drop(&mut self) {
        self.1.note(format!("{} dropped", self.0));
    }
}

struct Unspeakable;

impl serde::Serialize for Unspeakable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("no words for it"))
    }
}

struct Oracle(Door, Board);

impl<W> ArcObject<W> for Oracle {
    fn metadata(&self) -> &Metadata {
        static METADATA: Metadata = Metadata::new(
            &[
                Method::new("ask").shared(),
                Method::new("now").shared(),
                Method::new("plain").shared(),
                Method::new("fail").shared(),
                Method::new("panic").shared(),
                Method::new("unspeakable").shared(),
                Method::new("note").shared().oneway(),
                Method::new("note_in_order").shared().oneway().ordered(),
            ],
            &[],
        );
        &METADATA
    }

    fn call(self: Arc<Self>, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
        let (name,): (String,) = args.bind(&["name"])?;
        match member {
            Member::Method("plain") => cx.answer(&name),
            Member::Method("now") => cx.spawn(async move { Ok(name) }),
            Member::Method("ask") => cx.spawn(async move {
                let _trace = Trace(name.clone(), self.1.clone());
                self.0.pass(&name).await;
                Ok(format!("{name}!"))
            }),
            Member::Method("note" | "note_in_order") => cx.spawn(async move {
                self.1.note(format!("{name} begins"));
                self.0.pass(&name).await;
                self.1.note(format!("{name} ends"));
                Ok(())
            }),
            Member::Method("fail") => cx.spawn::<()>(async move {
                self.0.pass(&name).await;
                Err(Fault::new("builtins.ValueError", name))
            }),
            Member::Method("panic") => cx.spawn::<()>(async move {
                self.0.pass(&name).await;
                panic!("on purpose");
            }),
            Member::Method("unspeakable") => cx.spawn(async { Ok(Unspeakable) }),
            other => Err(Fault::unknown(&other)),
        }
    }
}

trait Hosts {
    fn host(&mut self, object: impl ArcObject);
    fn limit(&mut self, config: Config);
}

impl Hosts for Host<Local> {
    fn host(&mut self, object: impl ArcObject) {
        self.pair.daemon.unregister("thing");
        self.pair.daemon.register("thing", Arc::new(object)).expect("registered");
    }

    fn limit(&mut self, config: Config) {
        self.pair.daemon = Daemon::new(start(), config);
    }
}

impl Hosts for Host<Shared> {
    fn host(&mut self, object: impl ArcObject) {
        self.pair.daemon.registry().unregister("thing");
        self.pair.daemon.register("thing", Arc::new(object)).expect("registered");
    }

    fn limit(&mut self, config: Config) {
        self.pair.daemon = Daemon::shared(start(), config, &Shared::new(), 4);
    }
}

/// A daemon with an oracle and an executor.
struct Case<R: Registry> {
    host: Host<R>,
    door: Door,
    executor: Executor,
}

impl<R: Registry<World = ()>> Case<R>
where
    Host<R>: Hosts,
{
    fn new(mut host: Host<R>) -> Self {
        let (door, executor) = (Door::default(), Executor::default());
        host.host(Oracle(door.clone(), host.board.clone()));
        let tasks = executor.clone();
        host.pair.daemon.set_spawner(move |task| tasks.add(task));
        Self { host, door, executor }
    }

    /// Everybody does what they can; gives how many futures are left.
    fn settle(&mut self) -> usize {
        loop {
            self.host.settle();
            let left = self.executor.run();
            if !self.host.pair.step(&mut ()) {
                return left;
            }
        }
    }

    fn start(&mut self, proxy: ProxyId, method: &str, name: &str) -> CallId {
        let id = self.host.start(proxy, &Request::method(method, &(name,)));
        self.settle();
        id
    }

    fn notify(&mut self, proxy: ProxyId, method: &str, name: &str) {
        self.host.pair.client.notify(self.host.pair.now, proxy, &Request::method(method, &(name,))).expect("sent");
        self.settle();
    }

    fn open(&mut self, name: &str) {
        self.door.open(name);
        self.settle();
    }

    fn end(&mut self, id: CallId) -> Option<Result<Value, Fault>> {
        Some(match self.host.end_of(id)? {
            Ok(reply) => Ok(reply.into_value().expect("a value").decode().expect("readable")),
            Err(CallFailure::Fault(fault)) => Err(*fault),
            Err(other) => panic!("{other:?}"),
        })
    }

    fn text(&mut self, id: CallId) -> Option<String> {
        self.end(id).map(|end| end.expect("no fault").as_str().expect("a text").to_owned())
    }

    fn fault(&mut self, id: CallId) -> (String, String) {
        let fault = self.end(id).expect("it has ended").expect_err("a fault");
        (fault.to_string(), fault.message())
    }
}

fn answers_come_when_the_future_ends<R: Registry<World = ()>>(host: Host<R>)
where
    Host<R>: Hosts,
{
    let mut case = Case::new(host);
    // Python's clients know nothing of answers that overtake.
    let mut config = Config::default();
    config.extensions = false;
    case.host.pair.client = Client::new(case.host.pair.now, config);
    let (one, other) = (case.host.proxy(), case.host.proxy());
    let at_once = case.start(one, "now", "x");
    assert_eq!(case.text(at_once).as_deref(), Some("x"));
    let (asked, behind) = (case.start(one, "ask", "a"), case.start(one, "plain", "b"));
    let beside = case.start(other, "ask", "c");
    assert_eq!((case.text(asked), case.text(behind), case.text(beside)), (None, None, None));
    case.open("c");
    assert_eq!(case.text(beside).as_deref(), Some("c!"), "nobody holds up another's calls");
    assert_eq!(case.text(behind), None, "it counts as answered when it is answered");
    case.open("a");
    assert_eq!(case.text(asked).as_deref(), Some("a!"));
    assert_eq!(case.text(behind).as_deref(), Some("b"));
    assert_eq!(case.host.board.take(), ["c dropped", "a dropped"]);
    case.host.cut(one);
    case.host.cut(other);
    case.host.assert_at_rest();
}

fn faults_panics_and_dropped_tasks_are_raised_at_the_caller<R: Registry<World = ()>>(host: Host<R>)
where
    Host<R>: Hosts,
{
    let mut case = Case::new(host);
    let proxy = case.host.proxy();
    let (failed, panicked) = (case.start(proxy, "fail", "sorry"), case.start(proxy, "panic", "p"));
    case.open("sorry");
    case.open("p");
    assert_eq!(case.fault(failed), ("builtins.ValueError: sorry".to_owned(), "sorry".to_owned()));
    let (class, message) = case.fault(panicked);
    assert!(class.starts_with("builtins.RuntimeError") && message.contains("on purpose"), "{class}");
    // As in Pyro, the connection is closed after such an answer.
    let other = case.host.proxy();
    let unspeakable = case.start(other, "unspeakable", "u");
    let (class, message) = case.fault(unspeakable);
    assert!(
        class.starts_with("Pyro5.errors.SerializeError") && message.contains("no words for it"),
        "{class}: {message}"
    );
    let lost = case.start(proxy, "ask", "lost");
    case.executor.clear();
    case.settle();
    let (_, message) = case.fault(lost);
    assert_eq!(message, "the method ended without an answer");
    let fine = case.start(proxy, "now", "fine");
    assert_eq!(case.text(fine).as_deref(), Some("fine"));
}

fn without_an_executor_the_fault_says_so<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Hosts,
{
    host.host(Oracle(Door::default(), host.board.clone()));
    let proxy = host.proxy();
    let Err(CallFailure::Fault(fault)) = host.call(proxy, &Request::method("ask", &("a",))) else {
        panic!("it cannot be answered")
    };
    assert!(fault.message().contains("Daemon::set_spawner"), "{fault}");
}

fn the_future_of_a_client_that_is_gone_is_dropped<R: Registry<World = ()>>(host: Host<R>)
where
    Host<R>: Hosts,
{
    let mut case = Case::new(host);
    let (one, other) = (case.host.proxy(), case.host.proxy());
    case.start(one, "ask", "a");
    let stays = case.start(other, "ask", "b");
    case.host.cut(one);
    assert_eq!(case.settle(), 1);
    assert_eq!(case.host.board.take(), ["a dropped"]);
    case.open("b");
    assert_eq!(case.text(stays).as_deref(), Some("b!"));
    case.host.cut(other);
    assert_eq!(case.settle(), 0);
    case.host.assert_at_rest();
}

fn a_cancelled_call_drops_its_future<R: Registry<World = ()>>(host: Host<R>)
where
    Host<R>: Hosts,
{
    let mut case = Case::new(host);
    let proxy = case.host.proxy();
    let warm = case.start(proxy, "plain", "hello");
    assert!(case.text(warm).is_some());
    let (cancelled, stays) = (case.start(proxy, "ask", "a"), case.start(proxy, "ask", "b"));
    assert!(case.host.pair.client.cancel(case.host.pair.now, cancelled));
    assert_eq!(case.settle(), 1);
    assert_eq!(case.host.board.take(), ["a dropped"]);
    case.open("b");
    assert_eq!(case.text(stays).as_deref(), Some("b!"));
    assert_eq!(case.host.pair.daemon.counters().deferred, 0, "its number is free again");
}

fn a_shutdown_waits_for_futures_and_drops_them_when_its_grace_is_over<R: Registry<World = ()>>(host: Host<R>)
where
    Host<R>: Hosts,
{
    let mut case = Case::new(host);
    let (one, other) = (case.host.proxy(), case.host.proxy());
    let (in_time, late) = (case.start(one, "ask", "a"), case.start(other, "ask", "b"));
    case.notify(one, "note", "n");
    case.notify(one, "note", "m");
    case.host.board.take();
    case.host.pair.daemon.shutdown(case.host.pair.now, Duration::from_secs(1));
    assert_eq!(case.settle(), 4);
    case.open("a");
    case.open("n");
    assert_eq!(case.text(in_time).as_deref(), Some("a!"));
    assert_eq!(case.host.board.take(), ["a dropped", "n ends"]);
    assert!(!case.host.pair.daemon.is_drained());
    case.host.pair.turn(Duration::from_secs(1));
    assert_eq!(case.settle(), 0);
    assert!(matches!(case.host.end_of(late), Some(Err(CallFailure::Lost(_)))));
    assert_eq!(case.host.board.take(), ["b dropped"], "and the note never came");
    assert!(case.host.pair.daemon.is_drained());
    case.host.assert_at_rest();
}

fn oneway_calls_run_to_their_end<R: Registry<World = ()>>(host: Host<R>)
where
    Host<R>: Hosts,
{
    struct Ends(Board);
    impl Hooks for Ends {
        fn failed(&mut self, call: &firesteel_proto::CallInfo<'_>, fault: &Fault) {
            self.0.note(format!("{}: {}", call.member.name(), fault.message()));
        }
    }
    let mut case = Case::new(host);
    let hooks = Ends(case.host.board.clone());
    case.host.pair.daemon.set_hooks(hooks);
    let proxy = case.host.proxy();
    case.notify(proxy, "note", "a");
    let next = case.start(proxy, "plain", "next");
    assert_eq!(case.text(next).as_deref(), Some("next"), "what follows does not wait");
    case.notify(proxy, "panic", "p");
    assert_eq!(case.host.pair.daemon.counters().deferred, 2);
    case.host.cut(proxy);
    assert_eq!(case.settle(), 2, "they run on");
    case.open("a");
    case.open("p");
    assert_eq!(case.host.board.take(), ["a begins", "a ends", "panic: the method panicked: on purpose"]);
    case.host.assert_at_rest();
}

fn what_follows_an_ordered_one_waits_for_its_end<R: Registry<World = ()>>(host: Host<R>)
where
    Host<R>: Hosts,
{
    let mut case = Case::new(host);
    let proxy = case.host.proxy();
    let warm = case.start(proxy, "plain", "hello");
    assert!(case.text(warm).is_some());
    case.notify(proxy, "note_in_order", "a");
    case.notify(proxy, "note_in_order", "b");
    let last = case.start(proxy, "plain", "last");
    assert_eq!((case.text(last), case.host.board.take()), (None, vec!["a begins".to_owned()]));
    case.open("a");
    assert_eq!((case.text(last), case.host.board.take()), (None, vec!["a ends".to_owned(), "b begins".to_owned()]));
    case.open("b");
    assert_eq!(case.text(last).as_deref(), Some("last"));
    assert_eq!(case.host.board.take(), ["b ends"]);
}

fn the_end_of_the_stream_cuts_off_no_oneway_call<R: Registry<World = ()>>(host: Host<R>)
where
    Host<R>: Hosts,
{
    let mut case = Case::new(host);
    let proxy = case.host.proxy();
    let warm = case.start(proxy, "plain", "hello");
    assert!(case.text(warm).is_some());
    case.notify(proxy, "note_in_order", "a");
    case.notify(proxy, "note_in_order", "b");
    let session = case.host.pair.session_of(proxy).expect("a session");
    let now = case.host.pair.now;
    firesteel_proto::Machine::handle_eof(&mut case.host.pair.daemon.session(session).expect("it is there"), now);
    case.settle();
    case.open("a");
    case.open("b");
    assert_eq!(case.host.board.take(), ["a begins", "a ends", "b begins", "b ends"]);
    assert_eq!(case.host.pair.daemon.session_count(), 0);
    case.host.assert_at_rest();
}

fn there_is_a_limit_of_oneway_calls_that_run<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Hosts,
{
    let mut config = Config::default();
    config.limits.max_in_flight = 2;
    host.limit(config);
    let mut case = Case::new(host);
    let (one, other) = (case.host.proxy(), case.host.proxy());
    for name in ["a", "b", "c", "d"] {
        case.notify(one, "note", name);
    }
    case.notify(other, "note", "e");
    assert_eq!(case.host.board.take(), ["a begins", "b begins", "c begins", "e begins"]);
    // Each session has one that goes beyond the limit, and waits for the end of that.
    case.open("a");
    assert_eq!(case.host.board.take(), ["a ends"]);
    case.open("c");
    assert_eq!(case.host.board.take(), ["c ends", "d begins"]);
    for name in ["b", "d", "e"] {
        case.open(name);
    }
    assert_eq!(case.host.board.take(), ["b ends", "d ends", "e ends"]);
    let last = case.start(one, "plain", "last");
    assert_eq!(case.text(last).as_deref(), Some("last"));
}

fn it_holds_for_oneway_batches_too<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Hosts,
{
    let mut config = Config::default();
    config.limits.max_in_flight = 2;
    host.limit(config);
    let mut case = Case::new(host);
    let proxy = case.host.proxy();
    let names = ["a", "b", "c", "d"].map(|name| (name,));
    let mut batch = Batch::new();
    names.iter().for_each(|name| batch.push("note", name));
    case.host.pair.client.notify(case.host.pair.now, proxy, &Request::batch(&batch)).expect("sent");
    case.settle();
    let mut begun = case.host.board.take();
    begun.sort_unstable();
    assert_eq!(begun, ["a begins", "b begins", "c begins"]);
    // The third one goes beyond the limit, and the rest waits for its end.
    case.open("a");
    assert_eq!(case.host.board.take(), ["a ends"]);
    case.open("c");
    assert_eq!(case.host.board.take(), ["c ends", "d begins"]);
    case.open("b");
    case.open("d");
    case.host.cut(proxy);
    case.host.assert_at_rest();
}

/// Keeps responders.
#[derive(Default)]
struct Keeping(Arc<std::sync::Mutex<Vec<firesteel_proto::Responder>>>);

impl<W> ArcObject<W> for Keeping {
    fn metadata(&self) -> &Metadata {
        static METADATA: Metadata = Metadata::new(&[Method::new("keep").shared().oneway()], &[]);
        &METADATA
    }

    fn call(self: Arc<Self>, cx: &mut Context<'_, W>, _: Member<'_>, _: Args<'_>) -> Outcome<W> {
        let (responder, deferred) = cx.defer();
        self.0.lock().expect("no panic").push(responder);
        Ok(deferred.into())
    }
}

fn it_holds_for_oneway_calls_with_responders_too<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Hosts,
{
    let mut config = Config::default();
    config.limits.max_in_flight = 2;
    host.limit(config);
    let mut case = Case::new(host);
    let keeping = Keeping::default();
    let list = Arc::clone(&keeping.0);
    case.host.host(keeping);
    let proxy = case.host.proxy();
    let kept = || list.lock().expect("no panic").len();
    for _ in 0..10 {
        case.host.pair.client.notify(case.host.pair.now, proxy, &Request::method("keep", &())).expect("sent");
    }
    case.settle();
    assert_eq!(kept(), 3);
    // Each that ends, however it does, lets another one begin: here the last one, for which the others wait.
    for ended in 1..=7 {
        let last = list.lock().expect("no panic").pop();
        drop(last);
        case.settle();
        assert_eq!(kept(), 3, "after {ended}");
    }
    list.lock().expect("no panic").clear();
    case.host.cut(proxy);
    case.host.assert_at_rest();
}

fn batches_wait_for_each_call<R: Registry<World = ()>>(host: Host<R>)
where
    Host<R>: Hosts,
{
    let mut case = Case::new(host);
    let proxy = case.host.proxy();
    let batch = Batch::new().call("now", &("x",)).call("ask", &("a",)).call("plain", &("y",)).call("ask", &("b",));
    let id = case.host.start(proxy, &Request::batch(&batch));
    assert_eq!(case.settle(), 1);
    case.open("a");
    assert!(case.host.end_of(id).is_none());
    case.open("b");
    let results = case.end(id).expect("it has ended").expect("no fault");
    assert_eq!(results, Value::List(["x", "a!", "y", "b!"].map(Value::from).into()));
    // In a oneway batch nobody waits for an answer: the next call starts when the future was made.
    let batch = Batch::new().call("note", &("c",)).call("note", &("d",));
    case.host.pair.client.notify(case.host.pair.now, proxy, &Request::batch(&batch)).expect("sent");
    assert_eq!(case.settle(), 2);
    case.host.board.take();
    case.open("d");
    case.open("c");
    assert_eq!(case.host.board.take(), ["d ends", "c ends"]);
    case.host.cut(proxy);
    case.host.assert_at_rest();
}

thread_local! {
    static CURRENT: std::cell::Cell<Option<[u8; 16]>> = const { std::cell::Cell::new(None) };
}

fn futures_have_the_correlation_id_while_they_run<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Hosts,
{
    struct Seen(Door);
    impl<W> ArcObject<W> for Seen {
        fn metadata(&self) -> &Metadata {
            static METADATA: Metadata = Metadata::new(&[Method::new("ids").shared()], &[]);
            &METADATA
        }

        fn call(self: Arc<Self>, cx: &mut Context<'_, W>, _: Member<'_>, _: Args<'_>) -> Outcome<W> {
            cx.spawn(async move {
                let before = CURRENT.get();
                self.0.pass("on").await;
                Ok([before, CURRENT.get()].map(|id| id.map(|id| id[0])))
            })
        }
    }
    host.pair.daemon.set_scope(|id| CURRENT.replace(id));
    let door = Door::default();
    host.host(Seen(door.clone()));
    let mut case = Case { host, door, executor: Executor::default() };
    let tasks = case.executor.clone();
    case.host.pair.daemon.set_spawner(move |task| tasks.add(task));
    let proxy = case.host.proxy();
    let id = case.host.start(proxy, &Request::method("ids", &()).correlation_id([7; 16]));
    assert_eq!(case.settle(), 1);
    assert_eq!(CURRENT.get(), None);
    case.open("on");
    let seen = case.end(id).expect("it has ended").expect("no fault");
    assert_eq!(seen, Value::Tuple(vec![Value::Int(7), Value::Int(7)]));
    assert_eq!(CURRENT.get(), None);
}
