//! A network in memory: daemons at addresses, a name server, and datagrams.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Buf;
use firesteel_proto::{
    Args, Budget, CallFailure, CallId, Client, Config, ConnId, Context, Daemon, Datagram, Dict, Fault, Local, Machine,
    Member, Metadata, Method, NAME_SERVER, Object, Outcome, Peer, ProxyEvent, ProxyId, Reply, Request, SerializerId,
    SessionId, Target, Uri, Value,
};

pub const SECOND: Duration = Duration::from_secs(1);

/// The network and the one client in it.
pub struct Net {
    pub client: Client,
    pub now: Instant,
    pub began: Instant,
    hosts: BTreeMap<Target, Host>,
    wires: Vec<Wire>,
    /// Sockets that were asked for: when, and where.
    pub asked: Vec<(Duration, String)>,
    pub steps: Vec<String>,
    /// Datagrams that were sent: when, and what.
    pub datagrams: Vec<(Duration, Datagram)>,
    pub done: BTreeMap<CallId, Result<Reply, CallFailure>>,
    pub closed: usize,
    /// The ends of calls, for those who take them themselves.
    pub others: Vec<ProxyEvent>,
}

enum Host {
    Daemon(Box<Daemon<Local>>),
    /// It takes connections and says nothing.
    Silent,
}

struct Wire {
    connection: ConnId,
    target: Target,
    session: Option<SessionId>,
}

pub fn tcp(host: &str, port: u16) -> Target {
    Target::Tcp { host: host.to_owned(), port }
}

impl Net {
    pub fn new(config: Config) -> Self {
        // The one place where these tests look at a clock: any start will do.
        #[expect(clippy::disallowed_methods)]
        let now = Instant::now();
        Self {
            client: Client::new(now, config),
            now,
            began: now,
            hosts: BTreeMap::new(),
            wires: Vec::new(),
            asked: Vec::new(),
            steps: Vec::new(),
            datagrams: Vec::new(),
            done: BTreeMap::new(),
            closed: 0,
            others: Vec::new(),
        }
    }

    /// Hosts an object.
    pub fn host(&mut self, host: &str, port: u16, id: &str, object: impl Object + 'static) {
        let now = self.now;
        let place = self.hosts.entry(tcp(host, port));
        let mut config = Config::default();
        if id != NAME_SERVER {
            // Name servers take what they take by default.
            config.serializers = SerializerId::ALL.into_iter().collect();
        }
        let there = place.or_insert_with(|| Host::Daemon(Box::new(Daemon::new(now, config))));
        if let Host::Daemon(daemon) = there {
            daemon.register(id, object).expect("a free id");
        }
    }

    /// A name server.
    pub fn name_server(&mut self, host: &str, port: u16, names: &Names) {
        self.host(host, port, NAME_SERVER, names.clone());
    }

    pub fn silent(&mut self, host: &str, port: u16) {
        self.hosts.insert(tcp(host, port), Host::Silent);
    }

    /// A host is gone, with its connections.
    pub fn fall(&mut self, host: &str, port: u16) {
        let target = tcp(host, port);
        self.hosts.remove(&target);
        for wire in self.wires.iter().filter(|wire| wire.target == target) {
            if let Some(mut machine) = self.client.connection(wire.connection) {
                machine.handle_error(self.now);
            }
        }
        self.wires.retain(|wire| wire.target != target);
    }

    /// Does all that can be done now.
    pub fn settle(&mut self) {
        for _ in 0..10_000 {
            if !self.step() {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    /// Lets time pass from one event to the next.
    pub fn pass(&mut self, most: Duration) {
        let until = self.now + most;
        self.settle();
        while let Some(at) = self.client.poll_timeout().filter(|at| *at <= until) {
            assert!(at >= self.now, "past, and nothing to do");
            self.now = at;
            self.settle();
        }
        self.now = until;
        self.settle();
    }

    /// Starts a call.
    pub fn call(&mut self, proxy: ProxyId, method: &str) -> CallId {
        self.client.call(self.now, proxy, &Request::method(method, &())).expect("taken")
    }

    /// Lets time pass until a call has ended; gives its value.
    pub fn end(&mut self, call: CallId) -> Result<Value, CallFailure> {
        self.settle();
        while !self.done.contains_key(&call) {
            let at = self.client.poll_timeout().expect("something to wait for");
            assert!(at > self.now, "past, and nothing to do");
            self.now = at;
            self.settle();
        }
        let reply = self.done.remove(&call).expect("it has ended")?;
        Ok(reply.into_value().map_or(Value::None, |payload| payload.to_value().expect("readable")))
    }

    /// How long it took so far.
    pub fn elapsed(&self) -> Duration {
        self.now - self.began
    }

    /// Where sockets were asked for.
    pub fn places(&self) -> Vec<&str> {
        self.asked.iter().map(|(_, place)| place.as_str()).collect()
    }

    fn step(&mut self) -> bool {
        let mut busy = false;
        self.client.handle_timeout(self.now);
        while let Some((connection, target)) = self.client.poll_connect() {
            busy = true;
            self.connect(connection, target);
        }
        while let Some(datagram) = self.client.poll_datagram() {
            busy = true;
            self.datagrams.push((self.now - self.began, datagram));
        }
        for wire in &self.wires {
            let Some(mut machine) = self.client.connection(wire.connection) else { continue };
            match (self.hosts.get_mut(&wire.target), wire.session) {
                (Some(Host::Daemon(daemon)), Some(session)) => match daemon.session(session) {
                    Some(mut server) => {
                        busy |= transfer(&mut machine, &mut server, self.now);
                        daemon.handle_timeout(self.now);
                        busy |= daemon.dispatch(self.now, &mut (), Budget::UNLIMITED).calls > 0;
                        if let Some(mut server) = daemon.session(session) {
                            busy |= transfer(&mut server, &mut machine, self.now);
                        }
                    }
                    None if machine.wants_read() => {
                        machine.handle_eof(self.now);
                        busy = true;
                    }
                    None => {}
                },
                _ => while drain(&mut machine).is_some() {},
            }
        }
        let client = &self.client;
        self.wires.retain(|wire| client.connection_is_there(wire.connection));
        while self.client.poll_connection().is_some() {
            busy = true;
        }
        while let Some(event) = self.client.poll_event() {
            busy = true;
            match event {
                ProxyEvent::Done { id, ref result, .. } => {
                    assert!(self.done.insert(id, result.clone()).is_none(), "twice");
                    self.others.push(event);
                }
                ProxyEvent::Naming { step, .. } => self.steps.push(step.to_string()),
                ProxyEvent::Closed { connection, .. } => {
                    self.closed += 1;
                    self.wires.retain(|wire| wire.connection != connection);
                }
                _ => {}
            }
        }
        busy
    }

    fn connect(&mut self, connection: ConnId, target: Target) {
        let text = match &target {
            Target::Tcp { host, port } => format!("{host}:{port}"),
            Target::Unix(path) => path.display().to_string(),
        };
        self.asked.push((self.now - self.began, text));
        // It may be asked for again under its old name.
        self.wires.retain(|wire| wire.connection != connection);
        let session = match self.hosts.get_mut(&target) {
            None => return self.client.failed(self.now, connection, "connection refused"),
            Some(Host::Silent) => None,
            Some(Host::Daemon(daemon)) => Some(daemon.open(self.now, Peer::unix(), None).expect("room")),
        };
        self.client.connected(self.now, connection, None);
        self.wires.push(Wire { connection, target, session });
    }
}

/// Tells whether a connection is still known, without lending it.
trait Known {
    fn connection_is_there(&self, id: ConnId) -> bool;
}

impl Known for Client {
    fn connection_is_there(&self, id: ConnId) -> bool {
        self.is_connected(id)
    }
}

fn drain(machine: &mut impl Machine) -> Option<Vec<u8>> {
    let mut transmit = machine.poll_transmit()?;
    let bytes = transmit.chunk().to_vec();
    transmit.advance(bytes.len());
    Some(bytes)
}

fn transfer(from: &mut impl Machine, to: &mut impl Machine, now: Instant) -> bool {
    let mut any = false;
    while let Some(bytes) = drain(from) {
        to.handle_input(now, &bytes);
        any = true;
    }
    any
}

/// What a name server knows, and how it behaves.
#[derive(Clone, Default)]
pub struct Names(Arc<Mutex<Book>>);

#[derive(Default)]
pub struct Book {
    pub names: BTreeMap<String, (String, Vec<String>)>,
    /// It answers with this, whatever it is asked.
    pub always: Option<Value>,
    /// It raises this, whatever it is asked.
    pub raises: Option<Fault>,
    /// It has no `yplookup`, as in Pyro4.
    pub old: bool,
    /// It never answers.
    pub mute: bool,
    /// What it was asked.
    pub asked: Vec<String>,
}

impl Names {
    pub fn with<T>(&self, f: impl FnOnce(&mut Book) -> T) -> T {
        f(&mut self.0.lock().expect("not poisoned"))
    }

    pub fn add(&self, name: &str, uri: &str, tags: &[&str]) {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        self.with(|book| book.names.insert(name.to_owned(), (uri.to_owned(), tags)));
    }

    pub fn asked(&self) -> Vec<String> {
        self.with(|book| std::mem::take(&mut book.asked))
    }
}

static NEW: Metadata = Metadata::new(
    &[
        Method::new("lookup"),
        Method::new("list"),
        Method::new("yplookup"),
        Method::new("register"),
        Method::new("remove"),
    ],
    &[],
);
static OLD: Metadata = Metadata::new(&[Method::new("lookup"), Method::new("list")], &[]);

impl Object for Names {
    fn metadata(&self) -> &Metadata {
        if self.with(|book| book.old) { &OLD } else { &NEW }
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        let (always, raises, mute) = self.with(|book| {
            book.asked.push(member.name().to_owned());
            (book.always.clone(), book.raises.clone(), book.mute)
        });
        if mute {
            let (responder, deferred) = cx.defer();
            std::mem::forget(responder);
            return Ok(deferred.into());
        }
        if let Some(fault) = raises {
            return Err(fault);
        }
        if let Some(value) = always {
            return cx.answer(&value);
        }
        let having = |tags: &[String]| {
            let all = |known: &Vec<String>| tags.iter().all(|tag| known.contains(tag));
            self.with(|book| {
                let found = book.names.iter().filter(|(_, (_, known))| all(known));
                found.map(|(name, (uri, _))| (name.clone(), uri.clone())).collect::<BTreeMap<_, _>>()
            })
        };
        match member {
            Member::Method("lookup") => {
                let (name,): (String,) = args.bind(&["name"])?;
                let known = self.with(|book| book.names.get(&name).map(|(uri, _)| uri.clone()));
                let unknown = || Fault::new("Pyro5.errors.NamingError", format!("unknown name: {name}"));
                let uri: Uri = known.ok_or_else(unknown)?.parse().expect("a uri");
                cx.answer(&uri)
            }
            Member::Method("yplookup") => {
                let (tags, _, metadata): (Vec<String>, Value, bool) =
                    args.bind(&["meta_all", "meta_any", "return_metadata"])?;
                assert!(!metadata);
                cx.answer(&having(&tags))
            }
            Member::Method("list") => {
                let (prefix, regex, tags, _, _): (Value, Value, Vec<String>, Value, bool) =
                    args.bind(&["prefix", "regex", "metadata_all", "metadata_any", "return_metadata"])?;
                assert_eq!((prefix, regex), (Value::None, Value::None));
                cx.answer(&having(&tags))
            }
            Member::Method("register") => {
                let (name, uri): (String, String) = args.bind(&["name", "uri"])?;
                self.add(&name, &uri, &[]);
                cx.answer(&())
            }
            Member::Method("remove") => {
                let (name,): (String,) = args.bind(&["name"])?;
                cx.answer(&usize::from(self.with(|book| book.names.remove(&name)).is_some()))
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

/// Says who it is; counts how often it was asked.
pub struct Who(pub &'static str);

impl Object for Who {
    fn metadata(&self) -> &Metadata {
        static METADATA: Metadata =
            Metadata::new(&[Method::new("who"), Method::new("same"), Method::new("never")], &[]);
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Method("same") => {
                let (value,): (Value,) = args.bind(&["value"])?;
                cx.answer(&value)
            }
            Member::Method("never") => {
                let (responder, deferred) = cx.defer();
                std::mem::forget(responder);
                Ok(deferred.into())
            }
            _ => cx.answer(&self.0),
        }
    }
}

/// An empty dictionary.
pub fn nothing() -> Value {
    Value::Dict(Dict::new())
}
