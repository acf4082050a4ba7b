//! Proxies for names, in name servers of Pyro5 and Pyro4.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use firesteel::blocking::{Connector, Proxy, Server};
use firesteel::{
    Args, CallFailure, CloseReason, Config, Context, Location, Member, Metadata, Method, NameServerProxy, Naming,
    NamingError, Object, Outcome, Protocol, SerializerId, Uri, Whereabouts,
};
use firesteel_testkit::{Python, PythonProcess, unique_socket_path};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{TIMEOUT, Thing, config, eventually, fault};

/// A name server of Python's, on a free port, without broadcasts.
pub struct NameServer {
    process: PythonProcess,
    pub uri: Uri,
}

pub const MODULES: [&str; 2] = ["Pyro5.nameserver", "Pyro4.naming"];

impl NameServer {
    pub fn start(module: &str) -> Self {
        Self::with(Python::module(module).args(["-n", "127.0.0.1", "-p", "0", "-x"]))
    }

    pub fn with(program: Python) -> Self {
        let (process, uri) = program.serve("URI = ");
        Self { process, uri: uri.parse().expect("a uri") }
    }

    pub fn location(&self) -> &Location {
        self.uri.location().expect("a location")
    }

    pub fn port(&self) -> u16 {
        match self.location() {
            Location::Tcp { port, .. } => *port,
            Location::Unix(_) => panic!("it has no port"),
        }
    }

    /// A config whose name server this is.
    pub fn config(&self) -> Config {
        let mut config = config();
        config.naming.host = "127.0.0.1".to_owned();
        config.naming.port = self.port();
        config.naming.broadcast = false;
        config
    }

    /// Stops it in the middle of what it does, for a while.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.process.id() as i32).expect("a process");
        kill_process(id, signal).expect("it is there");
    }

    pub fn client(&self) -> NameServerProxy<Proxy> {
        Connector::new(config()).locate_ns(Whereabouts::At(self.location().clone())).expect("it is there")
    }
}

pub struct Who(pub &'static str);

impl Object for Who {
    fn metadata(&self) -> &Metadata {
        static METADATA: Metadata = Metadata::new(&[Method::new("who")], &[]);
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, _: Member<'_>, _: Args<'_>) -> Outcome {
        cx.answer(&self.0)
    }
}

/// An object of ours, on a thread of its own; it ends with the test.
pub fn serve(object: &str, who: &'static str) -> (Uri, firesteel::blocking::Stopper) {
    let objects = firesteel::Shared::new();
    objects.register(object, Who(who)).expect("registered");
    let mut server = Server::shared("127.0.0.1:0", &objects, 1).expect("a free port");
    let (uri, stopper) = (server.uri(object), server.stopper());
    thread::spawn(move || server.run());
    (uri, stopper)
}

fn naming_error<T: std::fmt::Debug>(result: Result<T, CallFailure>) -> NamingError {
    match result {
        Err(CallFailure::Lost(CloseReason::Unresolved(error))) => *error,
        other => panic!("not the failure of a look-up: {other:?}"),
    }
}

#[test]
fn names_and_metadata_lead_to_objects_of_both_generations() {
    for module in MODULES {
        let names = NameServer::start(module);
        let client = names.client();
        let (five, four) = (Thing::start(&[]), Thing::pyro4(&[]));
        let uri = |thing: &Thing| thing.uri("test.echoserver").parse::<Uri>().expect("a uri");
        client.register("five", &uri(&five), true, Some(&["python", "new"])).expect("registered");
        client.register("four", &uri(&four), true, Some(&["python", "old"])).expect("registered");
        for serializer in ["serpent", "json", "marshal"] {
            let mut config = names.config();
            config.serializer = serializer.parse().expect("known");
            let connector = Connector::new(config);
            let place = names.location();
            for name in [
                "PYRONAME:five".to_owned(),
                format!("PYRONAME:four@{place}"),
                "PYROMETA:python,new".to_owned(),
                format!("PYROMETA:old@{place}"),
                "PYROMETA:python".to_owned(),
            ] {
                let proxy = connector.proxy(&name).expect("a uri");
                assert_eq!(proxy.call::<String>("echo", &("text",)).expect(&name), "text");
                assert!(proxy.metadata().expect("metadata").has_method("echo"));
                let resolved = proxy.resolved().expect("found");
                assert!(resolved == uri(&five) || resolved == uri(&four), "{resolved}");
            }
            let unknown = connector.proxy("PYRONAME:other").expect("a uri");
            let error = naming_error(unknown.call::<()>("echo", &()));
            assert_eq!(error.to_string(), "the name server says: unknown name: other", "{module}");
            let none = connector.proxy("PYROMETA:python,none").expect("a uri");
            let error = naming_error(none.notify("echo", &()));
            assert!(matches!(error, NamingError::NoCandidate(_)), "{error}");
        }
        // What they do not take by default, they are not asked in.
        for serializer in [SerializerId::Pickle, SerializerId::Msgpack] {
            let mut config = names.config();
            config.serializer = serializer;
            if module == "Pyro5.nameserver" || serializer == SerializerId::Pickle {
                let proxy = Connector::new(config).proxy("PYRONAME:four").expect("a uri");
                assert_eq!(proxy.call::<String>("echo", &("text",)).expect("an answer"), "text");
            }
        }
    }
}

#[test]
fn the_typed_client_knows_every_method_of_both_name_servers() {
    for module in MODULES {
        let names = NameServer::start(module);
        let client = names.client();
        client.ping().expect("it is there");
        assert_eq!(client.count(), Ok(1));
        let itself = client.lookup("Pyro.NameServer").expect("it knows itself");
        assert_eq!(itself, names.uri);
        let uri = |n: u16| Uri::pyro(format!("object.{n}"), Location::Tcp { host: "far".to_owned(), port: n });
        client.register("a.one", &uri(1), true, None).expect("registered");
        client.register("a.two", &uri(2), true, Some(&["x", "y"])).expect("registered");
        client.register("b.three", &uri(3), false, Some(&["y"])).expect("registered");
        assert_eq!(client.count(), Ok(4));
        let taken = fault(client.register("a.one", &uri(9), true, None));
        assert_eq!(
            (taken.class.as_str(), taken.message().as_str()),
            ("Pyro5.errors.NamingError", "name already registered: a.one")
        );
        assert_eq!(client.lookup("a.one"), Ok(uri(1)));
        let unknown = fault(client.lookup("c"));
        assert_eq!(
            (unknown.class.as_str(), unknown.message().as_str()),
            ("Pyro5.errors.NamingError", "unknown name: c")
        );

        let set = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<BTreeSet<_>>();
        let known = client.lookup_with_metadata("a.two").expect("known");
        assert_eq!((known.uri, known.metadata), (uri(2), set(&["x", "y"])));
        assert_eq!(client.lookup_with_metadata("a.one").expect("known").metadata, set(&[]));
        client.set_metadata("a.one", &["z", "y", "z"]).expect("set");
        assert_eq!(client.lookup_with_metadata("a.one").expect("known").metadata, set(&["y", "z"]));
        client.set_metadata("a.one", &[]).expect("cleared");
        assert!(fault(client.set_metadata("c", &["z"])).is("Pyro5.errors.NamingError"));

        use firesteel::{Names, Tags};
        let keys = |result: Result<std::collections::BTreeMap<String, Uri>, CallFailure>| {
            result.expect("a list").into_keys().collect::<Vec<_>>()
        };
        assert_eq!(keys(client.list(Names::All)), ["Pyro.NameServer", "a.one", "a.two", "b.three"]);
        assert_eq!(keys(client.list(Names::Prefix("a."))), ["a.one", "a.two"]);
        assert_eq!(keys(client.list(Names::Regex(r"[ab]\.t"))), ["a.two", "b.three"]);
        assert!(fault(client.list(Names::Regex("("))).is("Pyro5.errors.NamingError"));
        let all = client.list_with_metadata(Names::Prefix("a.")).expect("a list");
        assert_eq!(all["a.two"].metadata, set(&["x", "y"]));
        assert_eq!(all["a.one"].uri, uri(1));
        let found = |tags: Tags<'_>| client.yplookup(tags).expect("a list").into_keys().collect::<Vec<_>>();
        assert_eq!(found(Tags::All(&["x", "y"])), ["a.two"]);
        assert_eq!(found(Tags::Any(&["x", "y"])), ["a.two", "b.three"]);
        assert_eq!(found(Tags::Any(&["none"])), [""; 0]);
        assert_eq!(found(Tags::All(&[])), [""; 0]);

        assert_eq!((client.remove("b.three"), client.remove("b.three")), (Ok(1), Ok(0)));
        assert_eq!(client.remove("Pyro.NameServer"), Ok(0));
        assert_eq!(client.remove_all(Names::All), Ok(0));
        assert_eq!(client.remove_all(Names::Regex(".*ne$")), Ok(1));
        assert_eq!(client.remove_all(Names::Prefix("a")), Ok(1));
        assert_eq!(client.count(), Ok(1));
    }
}

#[test]
fn a_name_is_waited_for() {
    let names = NameServer::start("Pyro5.nameserver");
    let mut config = names.config();
    config.naming.lookup_delay = Duration::from_secs(30);
    let proxy = Connector::new(config).proxy("PYRONAME:late").expect("a uri");
    let (uri, stopper) = serve("late", "it came");
    let began = Instant::now();
    let waits = thread::spawn(move || proxy.call::<String>("who", &()));
    thread::sleep(Duration::from_millis(500));
    assert!(!waits.is_finished());
    names.client().register("late", &uri, true, None).expect("registered");
    assert_eq!(waits.join().expect("no panic").expect("an answer"), "it came");
    assert!(began.elapsed() < Duration::from_secs(20));
    stopper.stop();
}

#[test]
fn what_has_moved_is_looked_up_again() {
    let names = NameServer::start("Pyro5.nameserver");
    let client = names.client();
    let (here, stopper) = serve("thing", "here");
    client.register("mover", &here, false, None).expect("registered");
    let proxy = Connector::new(names.config()).proxy("PYRONAME:mover").expect("a uri");
    assert_eq!(proxy.call::<String>("who", &()).expect("an answer"), "here");
    let (there, second) = serve("other.thing", "there");
    client.register("mover", &there, false, None).expect("registered");
    stopper.stop();
    eventually("the loss is seen", || proxy.call::<String>("who", &()).is_ok_and(|who| who == "there"));
    assert_eq!(proxy.resolved(), Some(there));
    // So does a reconnection, which does not wait for a name that is gone.
    proxy.reconnect(2).expect("connected");
    client.remove("mover").expect("removed");
    let began = Instant::now();
    naming_error(proxy.reconnect_every(Duration::from_secs(600), 3));
    assert!(began.elapsed() < Duration::from_secs(60));
    second.stop();
}

#[test]
fn dead_ones_among_several_are_skipped() {
    let names = NameServer::start("Pyro5.nameserver");
    let client = names.client();
    let (alive, stopper) = serve("thing", "alive");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    for n in 0..5 {
        let dead = Uri::pyro("thing", closed.into());
        client.register(&format!("dead{n}"), &dead, false, Some(&["worker"])).expect("registered");
        let Some(location) = alive.location() else { panic!("{alive}") };
        let other = Uri::pyro("other", location.clone());
        client.register(&format!("other{n}"), &other, false, Some(&["worker"])).expect("registered");
    }
    client.register("alive", &alive, false, Some(&["worker"])).expect("registered");
    let connector = Connector::new(names.config());
    for _ in 0..10 {
        let proxy = connector.proxy("PYROMETA:worker").expect("a uri");
        assert_eq!(proxy.call::<String>("who", &()).expect("the one that is alive"), "alive");
    }
    stopper.stop();
}

#[test]
fn a_name_server_may_be_behind_a_unix_socket() {
    for module in MODULES {
        let path = unique_socket_path();
        let names = NameServer::with(Python::module(module).arg("-u").arg(path.as_os_str()));
        let client = names.client();
        let (uri, stopper) = serve("thing", "it");
        client.register("thing", &uri, true, None).expect("registered");
        let proxy = Connector::new(config()).proxy(&format!("PYRONAME:thing@./u:{}", path.display())).expect("a uri");
        assert_eq!(proxy.call::<String>("who", &()).expect("an answer"), "it");
        let at = Whereabouts::new(&format!("./u:{}", path.display()), None, &config().naming).expect("a place");
        assert_eq!(Connector::new(config()).locate_ns(at).expect("found").count(), Ok(2));
        stopper.stop();
    }
}

/// Pyro's own responder on this machine, for a name server that is there. Prints its port.
const RESPONDER: &str = "
import sys
if sys.argv[2] == '5':
    from Pyro5 import core
    from Pyro5.nameserver import BroadcastServer
else:
    from Pyro4 import core
    from Pyro4.naming import BroadcastServer
server = BroadcastServer(core.URI(sys.argv[1]), bchost='127.0.0.1', bcport=0)
print('PORT', server.getPort(), flush=True)
while True:
    server.processRequest()
";

pub struct Responder {
    _process: PythonProcess,
    port: u16,
}

impl Responder {
    pub fn start(names: &NameServer, generation: &str) -> Self {
        let mut process = Python::source(RESPONDER).args([&names.uri.to_string(), generation]).start();
        let port = process.wait_for("PORT ", TIMEOUT).parse().expect("a port");
        Self { _process: process, port }
    }

    /// Finds the name server by broadcast alone.
    pub fn naming(&self) -> Naming {
        let mut naming = Naming::default();
        // It is not where it is looked for first.
        naming.host = "127.0.1.1".to_owned();
        naming.port = 1;
        naming.broadcast_port = self.port;
        naming.broadcast_addresses = vec!["127.0.0.1".to_owned()];
        naming
    }
}

#[test]
fn a_broadcast_finds_a_name_server_of_either_generation() {
    for (module, generation) in MODULES.into_iter().zip(["5", "4"]) {
        let names = NameServer::start(module);
        let responder = Responder::start(&names, generation);
        let port = responder.port;
        let mut config = config();
        config.naming = responder.naming();
        let steps = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let told = std::sync::Arc::clone(&steps);
        let watch = move |step: &firesteel::NamingStep| told.lock().expect("not poisoned").push(step.to_string());
        let connector = Connector::new(config).on_naming(watch);
        let client = connector.locate_ns(Whereabouts::Anywhere { port: None }).expect("found");
        assert_eq!(client.caller().resolved(), Some(names.uri.clone()));
        client.ping().expect("it is there");
        let steps = steps.lock().expect("not poisoned").join("\n");
        assert!(
            steps.starts_with("trying PYRO:Pyro.NameServer@127.0.1.1:1 for up to 2s\nno name server at "),
            "{steps}"
        );
        let found = format!("asking 127.0.0.1 on port {port} for up to 2.1s\ntrying {}", names.uri);
        assert!(steps.contains(&found), "{steps}");
        // As a proxy finds it.
        let proxy = connector.proxy("PYRONAME:Pyro.NameServer").expect("a uri");
        assert_eq!(proxy.call::<usize>("count", &()).expect("an answer"), 1);
    }
}

#[test]
fn a_name_server_that_is_not_there_is_missed_in_the_time_of_each_step() {
    // Somebody who takes connections and never says a word, and a port that nobody listens on.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut config = config();
    config.handshake_timeout = Duration::from_millis(300);
    config.naming.host = "127.0.0.1".to_owned();
    config.naming.port = silent.local_addr().expect("an address").port();
    config.naming.broadcast_addresses = vec!["127.0.0.1".to_owned()];
    config.naming.broadcast_port = 1;
    let connector = Connector::new(config);
    let began = Instant::now();
    let error = naming_error(connector.locate_ns(Whereabouts::Anywhere { port: None }).map(|_| ()));
    let NamingError::NotLocated(tried) = &error else { panic!("{error}") };
    assert_eq!(tried.len(), 4, "{error}");
    assert!(began.elapsed() >= Duration::from_millis(2600), "{:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    // A call of an impatient caller ends before the search does.
    let proxy = connector.proxy("PYRONAME:thing").expect("a uri").timeout(Duration::from_millis(100));
    let began = Instant::now();
    assert_eq!(proxy.call::<()>("who", &()), Err(CallFailure::Deadline));
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
}

#[test]
fn several_threads_wait_for_one_search() {
    let names = NameServer::start("Pyro4.naming");
    let (uri, stopper) = serve("thing", "it");
    names.client().register("thing", &uri, true, None).expect("registered");
    for protocol in [Protocol::Auto, Protocol::Always(firesteel::Dialect::Pyro4)] {
        let mut config = names.config();
        config.protocol = protocol;
        let proxy = Connector::new(config).proxy("PYRONAME:thing").expect("a uri");
        thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| assert_eq!(proxy.call::<String>("who", &()).expect("an answer"), "it"));
            }
        });
    }
    stopper.stop();
}
