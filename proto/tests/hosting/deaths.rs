//! A client dies in each state of each feature, in each way: nothing of it may stay. Once where answers keep the order of
//! their calls, as Python's clients want it, and once where they overtake.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use firesteel_proto::{
    Admission, Args, Batch, Client, Config, Context, Counters, Fault, Handshake, InstanceMode, Items, Knock, Local,
    Machine, Member, Metadata, Method, Object, ObjectId, ObjectRef, Outcome, Peer, ProxyId, Registry, Reply, Request,
    SessionId, Shared, Stream, Uri,
};

use crate::common::{Board, Host, local, shared};

/// Does everything that leaves something behind. What is left holds a copy of the token.
#[derive(Clone)]
struct Subject(Board, Arc<()>);

static METADATA: Metadata = Metadata::new(
    &[
        Method::new("echo").shared(),
        Method::new("large").shared(),
        Method::new("later"),
        Method::new("note_later").oneway(),
        Method::new("count"),
        Method::new("count_later"),
        Method::new("make"),
        Method::new("make_later"),
        Method::new("track"),
        Method::new("track_later"),
    ],
    &[],
);

impl Subject {
    fn later<W>(&self, cx: &mut Context<'_, W>) -> Outcome<W> {
        let (responder, deferred) = cx.defer();
        self.0.with(|state| state.responders.push(responder));
        Ok(deferred.into())
    }
}

impl<W> Object<W> for Subject {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
        let token = Arc::clone(&self.1);
        match member {
            Member::Method("later" | "note_later") => self.later(cx),
            Member::Method("count") => Ok(Stream::new((0..9).map(move |n| (n, Arc::strong_count(&token)))).into()),
            Member::Method("count_later") => Ok(Stream::from_items(Later(self.clone())).into()),
            Member::Method("make") => {
                let made = cx.register(self.clone());
                cx.answer(&made)
            }
            Member::Method("make_later") => {
                cx.register(self.clone());
                self.later(cx)
            }
            Member::Method("track") => {
                cx.track(token);
                cx.answer(&())
            }
            Member::Method("track_later") => {
                cx.track(token);
                self.later(cx)
            }
            other => self.call_shared(cx, other, args),
        }
    }

    fn call_shared(&self, cx: &mut Context<'_, W>, member: Member<'_>, _: Args<'_>) -> Outcome<W> {
        match member {
            Member::Method("echo") => cx.answer(&1),
            Member::Method("large") => cx.answer(&"x".repeat(100_000)),
            other => Err(Fault::unknown(&other)),
        }
    }
}

/// Items that somebody else makes.
struct Later(Subject);

impl<W> Items<W> for Later {
    fn next(&mut self, cx: &mut Context<'_, W>) -> Option<Outcome<W>> {
        Some(self.0.later(cx))
    }
}

trait Hosts: Sized {
    fn fresh() -> Self;
    fn register(&mut self, id: &'static str, subject: Subject);
    fn register_class(&mut self, id: &'static str, subject: Subject);
}

impl Hosts for Host<Local> {
    fn fresh() -> Self {
        local()
    }

    fn register(&mut self, id: &'static str, subject: Subject) {
        self.pair.daemon.unregister("thing");
        self.pair.daemon.register(id, subject).expect("registered");
    }

    fn register_class(&mut self, id: &'static str, subject: Subject) {
        let create = move |_: &mut Context<'_>| Ok(subject.clone());
        self.pair.daemon.register_class(id, InstanceMode::Session, &METADATA, create).expect("registered");
    }
}

impl Hosts for Host<Shared> {
    fn fresh() -> Self {
        shared()
    }

    fn register(&mut self, id: &'static str, subject: Subject) {
        self.pair.daemon.registry().unregister("thing");
        self.pair.daemon.register(id, subject).expect("registered");
    }

    fn register_class(&mut self, id: &'static str, subject: Subject) {
        let create = move |_: &mut Context<'_>| Ok(subject.clone());
        self.pair.daemon.register_class(id, InstanceMode::Session, &METADATA, create).expect("registered");
    }
}

/// A daemon with the subject, as an object and as a class whose instances belong to sessions.
struct Case<R: Registry> {
    host: Host<R>,
    token: Arc<()>,
    /// How many hold the token where nobody is connected.
    holders: usize,
    admissions: Arc<Mutex<Vec<Admission>>>,
}

impl<R: Registry<World = ()>> Case<R>
where
    Host<R>: Hosts,
{
    fn new(extensions: bool) -> Self {
        let (mut host, token) = (Host::<R>::fresh(), Arc::new(()));
        let mut config = Config::default();
        config.extensions = extensions;
        host.pair.client = Client::new(host.pair.now, config);
        let subject = Subject(host.board.clone(), Arc::clone(&token));
        host.register("subject", subject.clone());
        host.register_class("session", subject);
        let holders = Arc::strong_count(&token);
        Self { host, token, holders, admissions: Arc::default() }
    }

    fn proxy(&mut self) -> ProxyId {
        self.host.pair.client.proxy("PYRO:subject@anywhere:1").expect("a uri")
    }

    fn connected(&mut self) -> ProxyId {
        let proxy = self.proxy();
        self.host.call(proxy, &Request::method("echo", &())).expect("an answer");
        proxy
    }

    fn session_of(&self, proxy: ProxyId) -> SessionId {
        self.host.pair.session_of(proxy).expect("a session")
    }

    /// A connected client that has made these calls, which have come as far as they can.
    fn after(&mut self, methods: &[&str]) -> SessionId {
        let proxy = self.connected();
        for method in methods {
            let request = Request::method(method, &());
            if *method == "note_later" {
                self.host.pair.client.notify(self.host.pair.now, proxy, &request).expect("sent");
                self.host.settle();
            } else {
                self.host.start(proxy, &request);
            }
        }
        self.session_of(proxy)
    }

    fn after_batch(&mut self, oneway: bool) -> SessionId {
        let proxy = self.connected();
        let batch = Batch::new().call("echo", &()).call("later", &()).call("echo", &());
        if oneway {
            self.host.pair.client.notify(self.host.pair.now, proxy, &Request::batch(&batch)).expect("sent");
            self.host.settle();
        } else {
            self.host.start(proxy, &Request::batch(&batch));
        }
        self.session_of(proxy)
    }

    /// The bytes of a handshake and of a call.
    fn recorded(&mut self) -> (Vec<u8>, Vec<u8>) {
        let proxy = self.proxy();
        self.host.call(proxy, &Request::method("echo", &())).expect("an answer");
        let all = self.host.pair.traffic().last().expect("a wire").0.clone();
        self.host.call(proxy, &Request::method("echo", &())).expect("an answer");
        let more = self.host.pair.traffic().last().expect("a wire").0.clone();
        let call = more[all.len()..].to_vec();
        self.host.cut(proxy);
        (all[..all.len() - call.len()].to_vec(), call)
    }

    /// A session that has got these bytes.
    fn fed(&mut self, bytes: &[u8]) -> SessionId {
        let now = self.host.pair.now;
        let mut peer = Peer::default();
        peer.handshake = Handshake::Required;
        let session = self.host.pair.daemon.open(now, peer, None).expect("room");
        self.host.pair.daemon.session(session).expect("it is there").handle_input(now, bytes);
        self.host.settle();
        session
    }

    /// What is held for nobody, once all that was held for somebody is gone.
    #[track_caller]
    fn assert_at_rest(&mut self, state: &str) {
        self.host.settle();
        let linger = self.host.pair.daemon.config().stream_linger;
        self.host.pair.turn(linger + Duration::from_millis(1));
        self.host.settle();
        let Counters {
            sessions,
            waiting,
            running,
            deferred,
            buffered,
            streams,
            objects,
            session_objects,
            instances,
            ..
        } = self.host.pair.daemon.counters();
        let held = [sessions, waiting, running, deferred, buffered, streams, session_objects, instances];
        assert_eq!((held, objects), ([0; 8], 2), "{state}");
        assert_eq!(self.host.pair.daemon.poll_timeout(), None, "{state}");
        assert_eq!(Arc::strong_count(&self.token), self.holders, "{state}: all that was made is dropped");
    }
}

/// How far a client has come, and how one sees that it has.
struct State<R: Registry> {
    name: &'static str,
    reach: fn(&mut Case<R>) -> SessionId,
    /// From what is counted, and how many hold the token for the client.
    is_reached: fn(&Counters, usize) -> bool,
}

impl<R: Registry<World = ()>> State<R>
where
    Host<R>: Hosts,
{
    fn all() -> Vec<Self> {
        let state = |name, reach, is_reached| Self { name, reach, is_reached };
        vec![
            state("no byte was sent", |case| case.fed(b""), |c, _| c.sessions == 1),
            state(
                "half a handshake",
                |case| {
                    let (connect, _) = case.recorded();
                    case.fed(&connect[..connect.len() / 2])
                },
                |c, _| c.buffered > 0,
            ),
            state("connected", |case| case.after(&[]), |c, _| c.sessions == 1),
            state(
                "half a call",
                |case| {
                    let (connect, call) = case.recorded();
                    case.fed(&[&connect[..], &call[..call.len() - 1]].concat())
                },
                |c, _| c.buffered > 0,
            ),
            state(
                "a call that nobody has looked at",
                |case| {
                    let proxy = case.connected();
                    let request = Request::method("echo", &());
                    case.host.pair.client.call(case.host.pair.now, proxy, &request).expect("sent");
                    case.host.pair.transfer();
                    case.session_of(proxy)
                },
                |c, _| c.waiting == 1,
            ),
            state("an answer that is due", |case| case.after(&["later"]), |c, _| c.deferred == 1),
            state(
                "calls behind it",
                |case| case.after(&["later", "echo", "later"]),
                |c, _| c.deferred == 2 || (c.deferred == 1 && c.buffered > 0),
            ),
            state("a oneway call that goes on", |case| case.after(&["note_later", "later"]), |c, _| c.deferred == 2),
            state("a batch with an answer that is due", |case| case.after_batch(false), |c, _| c.deferred == 1),
            // Nobody waits for it: it is counted when it has ended.
            state("a oneway batch with one", |case| case.after_batch(true), |c, _| c.calls == 3),
            state("an open stream", |case| case.after(&["count"]), |c, _| c.streams == 1),
            state("several of them", |case| case.after(&["count", "count_later", "count"]), |c, _| c.streams == 3),
            state(
                "an item that is due",
                |case| {
                    let proxy = case.connected();
                    let id = case.host.start(proxy, &Request::method("count_later", &()));
                    let reply = case.host.end_of(id).expect("an end").expect("a stream");
                    let Reply::Stream(id) = reply else { panic!("{reply:?}") };
                    let args = (id,);
                    let next = Request::method("get_next_stream_item", &args).object(ObjectId::DAEMON);
                    case.host.start(proxy, &next);
                    // A window: the next one is asked for, too.
                    case.host.start(proxy, &next);
                    case.session_of(proxy)
                },
                |c, _| c.streams == 1 && (c.deferred + c.waiting == 2 || (c.deferred == 1 && c.buffered > 0)),
            ),
            state(
                "a gatekeeper thinks about it",
                |case| {
                    let kept = Arc::clone(&case.admissions);
                    case.host.pair.daemon.set_gatekeeper(move |knock: &Knock<'_>| {
                        let (admission, verdict) = knock.defer();
                        kept.lock().unwrap().push(admission);
                        verdict
                    });
                    let proxy = case.proxy();
                    case.host.start(proxy, &Request::method("echo", &()));
                    case.session_of(proxy)
                },
                |c, _| c.deferred == 1,
            ),
            state(
                "objects of the session",
                |case| case.after(&["make", "make"]),
                |c, held| c.session_objects == 2 && held == 2,
            ),
            state("one whose method ends later", |case| case.after(&["make", "make_later"]), |c, _| c.deferred == 1),
            state(
                "a call of such an object",
                |case| {
                    let proxy = case.connected();
                    let made: ObjectRef =
                        case.host.pair.call(proxy, &Request::method("make", &()), &mut ()).expect("an object");
                    let Uri::Pyro { object, .. } = made.uri else { panic!("{}", made.uri) };
                    case.host.start(proxy, &Request::method("later", &()).object(object));
                    case.session_of(proxy)
                },
                |c, _| c.session_objects == 1 && c.deferred == 1,
            ),
            state("resources", |case| case.after(&["track", "track"]), |_, held| held == 2),
            state("a resource of a call that is not over", |case| case.after(&["track_later"]), |c, _| c.deferred == 1),
            state(
                "an instance of its own",
                |case| {
                    let proxy = case.connected();
                    case.host.call(proxy, &Request::method("echo", &()).object("session")).expect("an answer");
                    case.host.start(proxy, &Request::method("later", &()).object("session"));
                    case.session_of(proxy)
                },
                |c, _| c.instances == 1 && c.deferred == 1,
            ),
            state(
                "an answer that it does not take",
                |case| {
                    let proxy = case.connected();
                    case.host.pair.room = 10;
                    let request = Request::method("large", &());
                    case.host.pair.client.call(case.host.pair.now, proxy, &request).expect("sent");
                    for _ in 0..50 {
                        case.host.pair.step(&mut ());
                    }
                    case.session_of(proxy)
                },
                |c, _| c.buffered > 10_000,
            ),
            state(
                "everything at once",
                |case| case.after(&["count", "make", "track", "note_later", "later", "later"]),
                |c, _| c.streams == 1 && c.session_objects == 1 && c.deferred > 0,
            ),
        ]
    }
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Error,
    /// It ends orderly, and reads no more.
    End,
    /// The daemon closes the connection.
    Closed,
}

fn dies<R: Registry<World = ()>>(host: &mut Host<R>, session: SessionId, way: Way) {
    let now = host.pair.now;
    let mut machine = host.pair.daemon.session(session).expect("it is there");
    match way {
        Way::Error => machine.handle_error(now),
        Way::End => machine.handle_eof(now),
        Way::Closed => machine.close(),
    }
}

fn nothing_of_a_dead_client_stays<R: Registry<World = ()>>()
where
    Host<R>: Hosts,
{
    for state in State::<R>::all() {
        for (way, extensions) in ways() {
            let mut case = Case::<R>::new(extensions);
            let session = (state.reach)(&mut case);
            let name = format!("{}, {way:?}, extensions: {extensions}", state.name);
            let counters = case.host.pair.daemon.counters();
            let held = Arc::strong_count(&case.token) - case.holders;
            assert!((state.is_reached)(&counters, held), "{name}: {counters:?}, {held} tokens");
            dies(&mut case.host, session, way);
            case.host.pair.room = usize::MAX;
            case.host.settle();
            // Who works for it learns that nobody waits, and may be late.
            let responders = case.host.board.with(|state| std::mem::take(&mut state.responders));
            for responder in responders {
                responder.reply(&1);
                case.host.settle();
            }
            case.host.board.with(|state| state.responders.clear());
            for admission in case.admissions.lock().unwrap().drain(..) {
                assert!(admission.is_cancelled(), "{name}");
                admission.admit("too late");
            }
            case.assert_at_rest(&name);
        }
    }
}

/// Each way to die, of a client that knows what goes beyond Pyro and of one that does not.
fn ways() -> impl Iterator<Item = (Way, bool)> {
    [Way::Error, Way::End, Way::Closed].into_iter().flat_map(|way| [(way, false), (way, true)])
}

#[test]
fn nothing_of_a_dead_client_stays_on_one_thread() {
    nothing_of_a_dead_client_stays::<Local>();
}

#[test]
fn nothing_of_a_dead_client_stays_on_several_threads() {
    nothing_of_a_dead_client_stays::<Shared>();
}

/// While another thread runs its call, and while it waits for an object that another client keeps busy.
#[test]
fn nothing_stays_of_a_client_that_dies_while_jobs_are_out() {
    for method in ["later", "count", "make", "make_later", "track", "track_later"] {
        for (way, extensions) in ways() {
            for waits in [false, true] {
                let mut case = Case::<Shared>::new(extensions);
                let clients = [case.connected(), case.connected()];
                let sessions = clients.map(|proxy| case.session_of(proxy));
                // Where answers overtake, several calls of one client wait.
                let each = 1 + usize::from(extensions);
                for proxy in clients {
                    for _ in 0..each {
                        let request = Request::method(method, &());
                        case.host.pair.client.call(case.host.pair.now, proxy, &request).expect("sent");
                    }
                    case.host.pair.transfer();
                }
                let now = case.host.pair.now;
                let job = case.host.pair.daemon.next_job(now).expect("a job");
                assert!(case.host.pair.daemon.next_job(now).is_none(), "the subject is busy");
                let name = format!("{method}, {way:?}, waits: {waits}, extensions: {extensions}");
                let counters = case.host.pair.daemon.counters();
                assert_eq!((counters.running, counters.waiting), (1, 2 * each - 1), "{name}");
                dies(&mut case.host, sessions[usize::from(waits)], way);
                while let Some(event) = case.host.pair.daemon.poll_event() {
                    case.host.pair.daemon_events.push(event);
                }
                job.run();
                case.host.settle();
                dies(&mut case.host, sessions[usize::from(!waits)], way);
                case.host.settle();
                for responder in case.host.board.with(|state| std::mem::take(&mut state.responders)) {
                    responder.reply(&1);
                }
                case.assert_at_rest(&name);
            }
        }
    }
}
