//! Shared objects: what runs at once, what waits, and what becomes of calls that go wrong.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::time::{Duration, Instant};

use firesteel_proto::testing::Pair;
use firesteel_proto::{
    Args, Batch, BatchResults, Budget, Config, Context, Daemon, Fault, Job, Member, Metadata, Method, Object, Outcome,
    ProxyId, Request, Responder, Shared,
};

/// An object that tells how many are inside at once, and waits until told to go on.
#[derive(Default)]
struct Room {
    inside: AtomicUsize,
    most: AtomicUsize,
    gate: (Mutex<bool>, Condvar),
    responders: Mutex<Vec<Responder>>,
}

static METADATA: Metadata = Metadata::new(
    &[
        Method::new("read").shared(),
        Method::new("write"),
        Method::new("panic"),
        Method::new("nop").shared(),
        Method::new("early").shared(),
        Method::new("later").shared(),
        Method::new("ordered").shared().oneway().ordered(),
    ],
    &[],
);

impl Room {
    fn visit(&self) -> usize {
        let now = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let (open, changed) = &self.gate;
        let guard = open.lock().unwrap();
        let (guard, waited) = changed.wait_timeout_while(guard, Duration::from_secs(20), |open| !*open).unwrap();
        assert!(!waited.timed_out(), "nobody opened the room");
        drop(guard);
        self.inside.fetch_sub(1, Ordering::SeqCst);
        now
    }

    fn open(&self) {
        *self.gate.0.lock().unwrap() = true;
        self.gate.1.notify_all();
    }
}

struct Handle(Arc<Room>);

impl Object for Handle {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Method("write") => cx.answer(&self.0.visit()),
            Member::Method("panic") => panic!("on purpose"),
            other => self.call_shared(cx, other, args),
        }
    }

    fn call_shared(&self, cx: &mut Context<'_>, member: Member<'_>, _: Args<'_>) -> Outcome {
        match member {
            Member::Method("read" | "ordered") => cx.answer(&self.0.visit()),
            Member::Method("later") => {
                let (responder, deferred) = cx.defer();
                self.0.responders.lock().unwrap().push(responder);
                Ok(deferred.into())
            }
            Member::Method("nop") => cx.answer("nop"),
            Member::Method("early") => {
                let (responder, deferred) = cx.defer();
                responder.reply("early");
                Ok(deferred.into())
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

struct Scene {
    pair: Pair<Shared>,
    objects: Shared,
    room: Arc<Room>,
}

fn scene(workers: usize) -> Scene {
    let objects = Shared::new();
    let room = Arc::new(Room::default());
    objects.register("room", Handle(Arc::clone(&room))).expect("registered");
    #[expect(clippy::disallowed_methods)]
    let start = Instant::now();
    let pair = Pair::new(start, |now, config| Daemon::shared(now, config, &objects, workers));
    Scene { pair, objects, room }
}

impl Scene {
    fn proxy(&mut self) -> ProxyId {
        let proxy = self.pair.client.proxy("PYRO:room@anywhere:1").expect("a uri");
        self.pair.call::<String>(proxy, &Request::method("nop", &()), &mut ()).expect("connected");
        proxy
    }

    /// Sends calls, each on a connection of its own.
    fn send(&mut self, methods: &[&str]) {
        let proxies: Vec<_> = methods.iter().map(|_| self.proxy()).collect();
        for (proxy, method) in proxies.into_iter().zip(methods) {
            self.send_on(proxy, method);
        }
    }

    fn send_on(&mut self, proxy: ProxyId, method: &str) {
        self.pair.client.call(self.pair.now, proxy, &Request::method(method, &())).expect("sent");
        while self.pair.transfer() {}
    }

    fn jobs(&mut self) -> Vec<Job> {
        std::iter::from_fn(|| self.pair.daemon.next_job(self.pair.now)).collect()
    }

    /// Takes in what jobs brought, and delivers it.
    fn collect(&mut self) {
        self.pair.daemon.dispatch(self.pair.now, &mut (), Budget::calls(0));
        while self.pair.transfer() {}
    }
}

#[test]
fn an_answer_that_is_there_before_its_job_has_ended_belongs_to_the_batch() {
    let mut scene = scene(2);
    let proxy = scene.proxy();
    let batch = Batch::new().call("early", &()).call("nop", &()).call("early", &());
    let id = scene.pair.client.call(scene.pair.now, proxy, &Request::batch(&batch)).expect("sent");
    while scene.pair.transfer() {}
    for _ in 0..3 {
        let jobs = scene.jobs();
        assert_eq!(jobs.len(), 1);
        jobs.into_iter().for_each(Job::run);
    }
    scene.collect();
    let answer = scene.pair.done.remove(&id).expect("answered").expect("results");
    let mut results = BatchResults::read(&answer.into_value().expect("a value")).expect("a list");
    for text in ["early", "nop", "early"] {
        assert_eq!(results.next_as::<String>(), Some(Ok(text.to_owned())));
    }
    assert_eq!(results.next_as::<String>(), None);
}

#[test]
fn calls_that_share_run_at_once_and_a_writer_waits_for_them() {
    let mut scene = scene(8);
    scene.send(&["read", "read", "write", "read"]);
    let jobs = scene.jobs();
    assert_eq!(jobs.len(), 2, "two readers; the writer waits, and the third reader behind it");
    assert!(scene.pair.daemon.poll_timeout().is_none(), "nothing can be done until the object is free");

    #[expect(clippy::disallowed_methods)]
    let threads: Vec<_> = jobs.into_iter().map(|job| std::thread::spawn(|| job.run())).collect();
    while scene.room.most.load(Ordering::SeqCst) < 2 {
        std::hint::spin_loop();
    }
    scene.room.open();
    threads.into_iter().for_each(|thread| thread.join().unwrap());

    assert!(scene.pair.daemon.poll_timeout().is_some_and(|at| at <= scene.pair.now));
    let next = scene.jobs();
    assert_eq!(next.len(), 1, "now the writer, alone");
    next.into_iter().for_each(Job::run);
    let last = scene.jobs();
    assert_eq!(last.len(), 1);
    last.into_iter().for_each(Job::run);
    scene.collect();
    assert_eq!(scene.pair.done.values().filter(|result| result.is_ok()).count(), 4);
}

#[test]
fn no_more_jobs_are_out_than_there_are_workers() {
    let mut scene = scene(2);
    scene.send(&["nop"; 5]);
    let mut jobs = scene.jobs();
    assert_eq!(jobs.len(), 2);
    assert!(scene.pair.daemon.poll_timeout().is_none(), "a call is ready, but nobody could run it");
    jobs.pop().unwrap().run();
    assert!(scene.pair.daemon.poll_timeout().is_some());
    jobs.extend(scene.jobs());
    assert_eq!(jobs.len(), 2);
    while let Some(job) = jobs.pop() {
        job.run();
        jobs.extend(scene.jobs());
    }
    scene.collect();
    assert_eq!(scene.pair.done.values().filter(|result| result.is_ok()).count(), 5);
}

#[test]
fn a_job_that_panics_or_is_dropped_is_a_fault_and_frees_the_object() {
    let mut scene = scene(8);
    let proxy = scene.proxy();
    scene.send_on(proxy, "panic");
    scene.jobs().into_iter().for_each(Job::run);
    scene.collect();
    scene.send_on(proxy, "write");
    drop(scene.jobs());
    scene.collect();
    scene.room.open();
    scene.send_on(proxy, "write");
    scene.jobs().into_iter().for_each(Job::run);
    scene.collect();
    let results: Vec<_> = scene.pair.done.values().map(|result| result.is_ok()).collect();
    assert_eq!(results, [false, false, true]);
}

#[test]
fn several_daemons_share_objects_and_wake_each_other() {
    let mut one = scene(8);
    #[expect(clippy::disallowed_methods)]
    let start = Instant::now();
    let pair = Pair::new(start, |now, config| Daemon::shared(now, config, &one.objects, 8));
    let mut two = Scene { pair, objects: one.objects.clone(), room: Arc::clone(&one.room) };
    one.room.open();
    let proxy = two.proxy();

    one.send(&["write"]);
    let writer = one.jobs();
    assert_eq!(writer.len(), 1);
    two.send_on(proxy, "write");
    assert!(two.jobs().is_empty(), "the object is busy with the other daemon's call");
    assert!(two.pair.daemon.poll_timeout().is_none());
    writer.into_iter().for_each(Job::run);
    assert!(two.pair.daemon.poll_timeout().is_some(), "it is told");
    let next = two.jobs();
    assert_eq!(next.len(), 1);
    next.into_iter().for_each(Job::run);
    two.collect();
    assert_eq!(two.pair.done.len(), 1);
}

#[test]
fn a_call_that_waits_for_its_object_runs_though_its_client_left() {
    let mut scene = scene(8);
    scene.room.open();
    let proxy = scene.proxy();
    scene.send(&["write"]);
    let first = scene.jobs();
    let session = scene.pair.session_of(proxy).expect("a session");
    scene.pair.client.notify(scene.pair.now, proxy, &Request::method("write", &())).expect("sent");
    while scene.pair.transfer() {}
    assert!(scene.jobs().is_empty());
    {
        use firesteel_proto::Machine;
        scene.pair.daemon.session(session).expect("alive").handle_eof(scene.pair.now);
    }
    scene.collect();
    first.into_iter().for_each(Job::run);
    let parked = scene.jobs();
    assert_eq!(parked.len(), 1, "a oneway call, then the end: it must run");
    parked.into_iter().for_each(Job::run);
    scene.collect();
    assert!(scene.pair.daemon.session(session).is_none());
}

#[test]
fn who_waits_and_leaves_hands_its_turn_on() {
    let mut scene = scene(8);
    scene.room.open();
    let proxies: Vec<_> = (0..4).map(|_| scene.proxy()).collect();
    for proxy in &proxies {
        scene.send_on(*proxy, "write");
    }
    let first = scene.jobs();
    assert_eq!(first.len(), 1, "the others wait");
    // The second one leaves while it waits, the third when it has just been told.
    scene.pair.cut(proxies[1]);
    first.into_iter().for_each(Job::run);
    scene.pair.cut(proxies[2]);
    let mut last = scene.jobs();
    while last.is_empty() {
        // Passed on from one to the next, the turn comes in as mail again.
        assert!(scene.pair.daemon.poll_timeout().is_some_and(|at| at <= scene.pair.now), "the turn was lost");
        last = scene.jobs();
    }
    assert_eq!(last.len(), 1, "the fourth has its turn");
    last.into_iter().for_each(Job::run);
    scene.collect();
    assert_eq!(scene.pair.done.values().filter(|result| result.is_ok()).count(), 2);
}

#[test]
fn dispatch_runs_jobs_on_its_own_thread() {
    let mut scene = scene(1);
    let proxy = scene.proxy();
    let answer: String = scene.pair.call(proxy, &Request::method("nop", &()), &mut ()).expect("answered");
    assert_eq!(answer, "nop");
}

#[test]
fn unregistered_objects_are_unknown() {
    let mut scene = scene(1);
    let proxy = scene.proxy();
    assert!(scene.objects.unregister("room"));
    assert!(!scene.objects.unregister("room"));
    let failure = scene.pair.call::<String>(proxy, &Request::method("nop", &()), &mut ()).unwrap_err();
    assert!(failure.fault().expect("a fault").is("Pyro5.errors.DaemonError"));
    assert_eq!(failure.fault().expect("a fault").message(), "unknown object");
}

#[test]
fn an_answer_that_comes_while_a_batch_runs_is_not_the_batchs() {
    let mut scene = scene(2);
    let proxy = scene.proxy();
    let late = scene.pair.client.call(scene.pair.now, proxy, &Request::method("later", &())).expect("sent");
    scene.pair.settle(&mut ());
    let batch = Batch::new().call("read", &());
    let all = scene.pair.client.call(scene.pair.now, proxy, &Request::batch(&batch)).expect("sent");
    while scene.pair.transfer() {}
    let running = scene.pair.daemon.next_job(scene.pair.now).expect("the batch's call");
    let responder = scene.room.responders.lock().unwrap().pop().expect("deferred");
    responder.reply(&"late");
    scene.pair.settle(&mut ());
    assert!(scene.pair.done.contains_key(&late) && !scene.pair.done.contains_key(&all));
    scene.room.open();
    running.run();
    scene.pair.settle(&mut ());
    assert!(scene.pair.done.contains_key(&all));
}

#[test]
fn what_follows_an_ordered_oneway_call_waits_for_its_end() {
    let mut scene = scene(2);
    let proxy = scene.proxy();
    for together in [true, false] {
        scene.pair.client.notify(scene.pair.now, proxy, &Request::method("ordered", &())).expect("sent");
        if !together {
            while scene.pair.transfer() {}
        }
        scene.pair.client.call(scene.pair.now, proxy, &Request::method("nop", &())).expect("sent");
        while scene.pair.transfer() {}
        let oneway = scene.pair.daemon.next_job(scene.pair.now).expect("the oneway call");
        while scene.pair.transfer() {}
        assert!(scene.pair.daemon.next_job(scene.pair.now).is_none(), "it did not wait");
        scene.room.open();
        oneway.run();
        scene.pair.settle(&mut ());
        assert_eq!(scene.pair.done.len(), 1);
        scene.pair.done.clear();
    }
}

#[test]
fn a_call_right_behind_a_oneway_call_does_not_wait_for_its_end() {
    let mut scene = scene(2);
    let proxy = scene.proxy();
    // Both come in one piece.
    scene.pair.client.notify(scene.pair.now, proxy, &Request::method("read", &())).expect("sent");
    scene.pair.client.call(scene.pair.now, proxy, &Request::method("nop", &())).expect("sent");
    while scene.pair.transfer() {}
    let oneway = scene.pair.daemon.next_job(scene.pair.now).expect("the oneway call");
    scene.pair.daemon.next_job(scene.pair.now).expect("the one behind it").run();
    scene.pair.settle(&mut ());
    assert_eq!(scene.pair.done.len(), 1);
    scene.room.open();
    oneway.run();
    scene.pair.settle(&mut ());
}

#[test]
fn a_call_right_behind_a_oneway_call_that_defers_runs() {
    for extensions in [true, false] {
        let mut scene = scene(2);
        let mut config = Config::default();
        config.extensions = extensions;
        scene.pair.client = firesteel_proto::Client::new(scene.pair.now, config);
        let proxy = scene.proxy();
        // Both come in one piece.
        scene.pair.client.notify(scene.pair.now, proxy, &Request::method("early", &())).expect("sent");
        scene.pair.client.call(scene.pair.now, proxy, &Request::method("nop", &())).expect("sent");
        scene.pair.settle(&mut ());
        assert_eq!(scene.pair.done.len(), 1, "the call behind was forgotten");
    }
}

#[test]
fn a_call_that_waits_for_its_object_is_overtaken_by_one_for_another() {
    let mut scene = scene(4);
    scene.objects.register("other", Handle(Arc::new(Room::default()))).expect("registered");
    let proxy = scene.proxy();
    scene.send_on(proxy, "write");
    scene.send_on(proxy, "write");
    let other = Request::method("nop", &()).object("other");
    let other = scene.pair.client.call(scene.pair.now, proxy, &other).expect("sent");
    while scene.pair.transfer() {}
    let first = scene.pair.daemon.next_job(scene.pair.now).expect("the object is free");
    let overtakes = scene.pair.daemon.next_job(scene.pair.now).expect("the other object is free");
    assert!(scene.pair.daemon.next_job(scene.pair.now).is_none(), "two writers at once");
    assert_eq!(scene.pair.daemon.counters().waiting, 1);
    overtakes.run();
    scene.pair.settle(&mut ());
    assert!(scene.pair.done.contains_key(&other));
    assert_eq!(scene.pair.done.len(), 1);
    scene.room.open();
    first.run();
    scene.pair.settle(&mut ());
    assert_eq!(scene.pair.done.len(), 3);
    assert_eq!(scene.room.most.load(Ordering::SeqCst), 1);
    assert_eq!(scene.pair.daemon.counters().waiting, 0);
}

#[test]
fn a_call_that_was_cancelled_before_it_ran_leaves_its_object_to_the_next() {
    let mut scene = scene(4);
    let (proxy, next) = (scene.proxy(), scene.proxy());
    scene.send_on(proxy, "write");
    while scene.pair.transfer() {}
    let first = scene.pair.daemon.next_job(scene.pair.now).expect("the object is free");
    let gone = scene.pair.client.call(scene.pair.now, proxy, &Request::method("write", &())).expect("sent");
    while scene.pair.transfer() {}
    assert!(scene.pair.daemon.next_job(scene.pair.now).is_none());
    scene.send_on(next, "write");
    while scene.pair.transfer() {}
    assert!(scene.pair.daemon.next_job(scene.pair.now).is_none());
    assert_eq!(scene.pair.daemon.counters().waiting, 2);
    scene.pair.client.cancel(scene.pair.now, gone);
    while scene.pair.transfer() {}
    assert!(scene.pair.daemon.next_job(scene.pair.now).is_none());
    assert_eq!(scene.pair.daemon.counters().waiting, 1);
    scene.room.open();
    first.run();
    scene.pair.settle(&mut ());
    assert_eq!(scene.pair.done.len(), 3, "cancelled, and two that ran");
    assert_eq!(scene.pair.daemon.counters().waiting, 0);
    // The second one never ran: each visit counts who is inside.
    assert_eq!(scene.pair.daemon.counters().calls, 5, "two to connect, two writers, the word of the cancelled one");
}

#[test]
fn an_object_that_was_just_called_is_forgotten_when_it_is_unregistered() {
    struct Other;
    impl Object for Other {
        fn metadata(&self) -> &Metadata {
            &METADATA
        }

        fn call(&mut self, cx: &mut Context<'_>, _: Member<'_>, _: Args<'_>) -> Outcome {
            cx.answer("another")
        }

        fn call_shared(&self, cx: &mut Context<'_>, _: Member<'_>, _: Args<'_>) -> Outcome {
            cx.answer("another")
        }
    }
    let mut scene = scene(1);
    let proxy = scene.proxy();
    for _ in 0..3 {
        let answer: String = scene.pair.call(proxy, &Request::method("nop", &()), &mut ()).expect("answered");
        assert_eq!(answer, "nop");
    }
    assert_eq!(Arc::strong_count(&scene.room), 2);
    assert!(scene.objects.unregister("room"));
    assert_eq!(Arc::strong_count(&scene.room), 1, "somebody still holds the object");
    scene.objects.register("room", Other).expect("registered");
    let answer: String = scene.pair.call(proxy, &Request::method("nop", &()), &mut ()).expect("answered");
    assert_eq!(answer, "another");
    // Neither does a method that is not exposed pass for the last one, nor a name that only begins like it.
    for name in ["no", "nope"] {
        let failure = scene.pair.call::<String>(proxy, &Request::method(name, &()), &mut ()).unwrap_err();
        assert!(failure.fault().expect("a fault").is("builtins.AttributeError"), "{name}");
    }
}

#[test]
fn many_threads_on_many_objects_lose_nothing() {
    const CALLS: usize = 400;
    let objects = Shared::new();
    for n in 0..3 {
        let room = Arc::new(Room::default());
        room.open();
        objects.register(format!("room{n}"), Handle(room)).expect("registered");
    }
    #[expect(clippy::disallowed_methods)]
    let start = Instant::now();
    let mut pair = Pair::new(start, |now, config: Config| Daemon::shared(now, config, &objects, 4));
    let mut calls = Vec::new();
    for n in 0..12 {
        let proxy = pair.client.proxy(&format!("PYRO:room{}@anywhere:1", n % 3)).expect("a uri");
        for at in 0..CALLS / 12 {
            let method = if at % 3 == 0 { "write" } else { "read" };
            calls.push(pair.client.call(pair.now, proxy, &Request::method(method, &())).expect("sent"));
        }
    }
    let jobs = Mutex::new(Vec::<Job>::new());
    let (go_on, ready) = (Mutex::new(true), Barrier::new(5));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                ready.wait();
                while *go_on.lock().unwrap() {
                    let job = jobs.lock().unwrap().pop();
                    match job {
                        Some(job) => job.run(),
                        None => std::thread::yield_now(),
                    }
                }
            });
        }
        ready.wait();
        for _ in 0..10_000_000 {
            pair.transfer();
            while let Some(job) = pair.daemon.next_job(pair.now) {
                jobs.lock().unwrap().push(job);
            }
            if pair.done.len() == calls.len() {
                break;
            }
        }
        *go_on.lock().unwrap() = false;
    });
    assert_eq!(pair.done.len(), calls.len(), "calls were lost");
    assert!(pair.done.values().all(Result::is_ok));
}
