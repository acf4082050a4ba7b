//! `firesteel ns`, with the commands of Pyro5 and Pyro4.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::running::{Firesteel, PATIENCE, Server, firesteel};
use firesteel::blocking::{Connector, Proxy};
use firesteel::{CallFailure, Config, Value};
use firesteel_testkit::{Python, unique_socket_path};
use rustix::process::Signal;

/// A file that is removed with what lies beside it.
struct Database(PathBuf);

impl Database {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let database = Self(std::env::temp_dir().join(format!("firesteel-cli-ns-{}-{number}.db", std::process::id())));
        database.remove();
        database
    }

    fn option(&self) -> String {
        format!("sql:{}", self.0.display())
    }

    fn remove(&self) {
        for ending in ["", "-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(format!("{}{ending}", self.0.display()));
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.remove();
    }
}

/// A name server on a free port of localhost, and its URI.
#[track_caller]
fn ns(args: &[&str]) -> (Server, String) {
    let mut server = Firesteel::new(&["ns", "-p", "0"]).args(args).start();
    let uri = server.wait_for("URI = ");
    (server, uri)
}

/// The port in a URI.
fn port(uri: &str) -> &str {
    uri.rsplit(':').next().expect("a port")
}

fn proxy(uri: &str) -> Proxy {
    let mut config = Config::default();
    config.wait_at_most(PATIENCE);
    Connector::new(config).proxy(uri).expect("a URI")
}

#[test]
fn it_prints_what_pyros_name_server_prints() {
    let database = Database::new();
    for round in 0..2 {
        let args = ["-n", "localhost", "-p", "0", "-s", &database.option()];
        let mut ours = Firesteel::new(&["ns"]).args(&args).start();
        let mut theirs =
            Python::module("Pyro5.nameserver").args(["-n", "localhost", "-p", "0", "-s", &database.option()]).start();
        let mut shown = Vec::new();
        let uri = loop {
            let (our, their) = (ours.line(), theirs.line(PATIENCE).expect("a line"));
            let digits = |line: &str| {
                line.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty()).collect::<String>()
            };
            assert_eq!(digits(&our), digits(&their));
            shown.push(our.clone());
            if let Some(uri) = our.strip_prefix("URI = ") {
                break uri.to_owned();
            }
        };
        assert_eq!(shown.len(), 3 + round, "{shown:?}");
        assert_eq!(shown[0], "Not starting broadcast server for localhost.");
        if round == 1 {
            assert_eq!(shown[1], "Persistent store contains 2 existing registrations.");
        }
        assert_eq!(shown[1 + round], format!("NS running on localhost:{} (127.0.0.1)", port(&uri)));
        proxy(&uri).call::<()>("register", &("a", "PYRO:a@h:1")).expect("it is registered");
        ours.signal(Signal::INT);
        assert_eq!(ours.finish().ok(), "NS shut down.\n");
    }
}

#[test]
fn it_tells_where_the_outside_reaches_it() {
    let mut server = Firesteel::new(&["ns", "-p", "0", "--nathost", "router.example", "--natport", "1234"]).start();
    assert!(server.wait_for("internal URI = PYRO:Pyro.NameServer@localhost:").parse::<u16>().is_ok());
    assert_eq!(server.line(), "external URI = PYRO:Pyro.NameServer@router.example:1234");
    let mut server = Firesteel::new(&["ns", "-p", "0"]).env("PYRO_NATHOST", "router.example").start();
    let internal = server.wait_for("internal URI = PYRO:Pyro.NameServer@localhost:");
    assert_eq!(server.line(), format!("external URI = PYRO:Pyro.NameServer@router.example:{internal}"));
}

#[test]
fn it_answers_broadcasts_unless_it_is_told_not_to() {
    // It listens where others could connect, on an address that this machine alone has.
    let args = ["ns", "-n", "0.0.0.0", "-p", "0", "--bchost", "127.0.0.1", "--bcport", "0"];
    let mut server = Firesteel::new(&args).start();
    let address = server.line();
    let address = address.strip_prefix("Broadcast server running on 127.0.0.1:").expect("where it listens");
    let uri = server.wait_for("URI = ").replace("0.0.0.0", "127.0.0.1");
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("it is set");
    socket.send_to(b"GET_NSURI", ("127.0.0.1", address.parse().expect("a port"))).expect("it is sent");
    let mut buffer = [0; 200];
    let n = socket.recv(&mut buffer).expect("an answer");
    assert_eq!(String::from_utf8_lossy(&buffer[..n]), uri);
    server.signal(Signal::TERM);
    assert_eq!(server.finish().ok(), "NS shut down.\n");
    let mut silent = Firesteel::new(&["ns", "-n", "0.0.0.0", "-p", "0", "-x"]).start();
    assert!(silent.line().starts_with("NS running on 0.0.0.0:"));
}

#[test]
fn wrong_options_are_told() {
    let error = |args: &[&str], code| firesteel(&[&["ns", "-p", "0"], args].concat()).error(code);
    assert!(error(&["-s", "dbm:x"], 2).contains("invalid storage type 'dbm:x'"));
    assert!(error(&["-s", "sql:"], 2).contains("invalid storage type 'sql:'"));
    assert!(error(&["-s", "sql::memory:"], 1).contains("default volatile in-memory store"));
    assert!(error(&["-s", "sql:/nowhere/at/all.db"], 1).contains("cannot open /nowhere/at/all.db"));
    assert!(error(&["--natport", "5"], 2).contains("--nathost"));
    assert!(error(&["-u", "/tmp/x", "--nathost", "h"], 2).contains("a unix socket has no NAT address"));
    let short = Firesteel::new(&["ns", "-p", "0"]).env("PYRO_NS_AUTOCLEAN", "2.5").run().error(2);
    assert!(short.contains("NS_AUTOCLEAN cannot be smaller than 3"), "{short}");
    let (_server, uri) = ns(&[]);
    let taken = firesteel(&["ns", "-p", port(&uri)]).error(1);
    assert!(taken.contains("cannot start a name server") && taken.contains("--port"), "{taken}");
}

/// Pyro's own control programs: the command, what it prints, and whether it succeeds.
fn control(module: &str, place: &[&str], commands: &[(&[&str], &str, bool)]) {
    for (command, expected, succeeds) in commands {
        let mut process = Python::module(module).args(place).args(*command).start();
        let mut printed = String::new();
        while let Some(line) = process.line(PATIENCE) {
            printed.push_str(&line);
            printed.push('\n');
        }
        assert_eq!(&printed, expected, "{module} {command:?}");
        if *succeeds {
            process.finish(PATIENCE);
        }
    }
}

#[test]
fn pyro5s_nsc_works_with_it() {
    let path = unique_socket_path();
    let own = format!("PYRO:Pyro.NameServer@./u:{path}");
    let (_server, uri) = ns(&["-u", &path.to_string()]);
    assert_eq!(uri, own);
    let start = format!(
        "--------START LIST \nPyro.NameServer --> {own}\n    metadata: {{'class:Pyro5.nameserver.NameServer'}}\n"
    );
    let all = format!("{start}a.b --> PYRO:x@h:1\n    metadata: {{'red'}}\nc --> PYRO:y@h:2\n--------END LIST \n");
    let own_alone = format!("PYRO:Pyro.NameServer@./u:{path}\nmetadata: {{'class:Pyro5.nameserver.NameServer'}}\n");
    control(
        "Pyro5.nsc",
        &["-u", &path.to_string()],
        &[
            (&["ping"], "Name server ping ok.\n", true),
            (&["lookup", "Pyro.NameServer"], &own_alone, true),
            (&["register", "a.b", "PYRO:x@h:1"], "Registered a.b\n", true),
            (&["register", "a.b", "PYRO:x@h:1"], "Error: NamingError - name already registered: a.b\n", false),
            (&["register", "bad", "nonsense"], "Error: PyroError - invalid uri\n", false),
            (&["register", "c", "PYRO:y@h:2"], "Registered c\n", true),
            (&["setmeta", "a.b", "red"], "Metadata updated\n", true),
            (&["setmeta", "c", "blue"], "Metadata updated\n", true),
            (&["setmeta", "c"], "Metadata cleared\n", true),
            (&["lookup", "a.b"], "PYRO:x@h:1\nmetadata: {'red'}\n", true),
            (&["lookup", "nobody"], "Error: NamingError - unknown name: nobody\n", false),
            (&["list"], &all, true),
            (
                &["list", "a."],
                "--------START LIST - prefix 'a.'\na.b --> PYRO:x@h:1\n    metadata: {'red'}\n--------END LIST - prefix 'a.'\n",
                true,
            ),
            (
                &["listmatching", "[ac]$"],
                "--------START LIST - regex '[ac]$'\nc --> PYRO:y@h:2\n--------END LIST - regex '[ac]$'\n",
                true,
            ),
            (
                &["listmatching", "["],
                "Error: NamingError - invalid regex: unterminated character set at position 0\n",
                false,
            ),
            (
                &["yplookup_all", "red"],
                "--------START LIST  - searched by metadata\na.b --> PYRO:x@h:1\n    metadata: {'red'}\n--------END LIST  - searched by metadata\n",
                true,
            ),
            (
                &["yplookup_any", "red", "green"],
                "--------START LIST  - searched by metadata\na.b --> PYRO:x@h:1\n    metadata: {'red'}\n--------END LIST  - searched by metadata\n",
                true,
            ),
            (&["remove", "Pyro.NameServer"], "Nothing removed\n", true),
            (&["remove", "c"], "Removed c\n", true),
            (&["remove", "c"], "Nothing removed\n", true),
        ],
    );
    // It asks first.
    let source = "
import builtins, sys
builtins.input = lambda question: 'y'
import Pyro5.nsc
Pyro5.nsc.main(sys.argv[1:])
";
    let output = Python::source(source).args(["-u", &path.to_string(), "removematching", "a.*|Pyro.*"]).run(PATIENCE);
    assert_eq!(output.stdout, "1 items removed.\n");
}

#[test]
fn pyro4s_nsc_works_with_it() {
    let (_server, uri) = ns(&[]);
    let own = "    metadata: ['class:Pyro4.naming.NameServer']\n";
    let all = format!(
        "--------START LIST \nPyro.NameServer --> {uri}\n{own}a.b --> PYRO:x@h:1\n    metadata: ['blue', 'red']\n--------END LIST \n"
    );
    let found = "--------START LIST  - searched by metadata\na.b --> PYRO:x@h:1\n    metadata: ['blue', 'red']\n--------END LIST  - searched by metadata\n";
    let itself = format!(
        "--------START LIST  - searched by metadata\nPyro.NameServer --> {uri}\n{own}--------END LIST  - searched by metadata\n"
    );
    control(
        "Pyro4.nsc",
        &["-n", "localhost", "-p", port(&uri)],
        &[
            (&["ping"], "Name server ping ok.\n", true),
            (&["register", "a.b", "PYRO:x@h:1"], "Registered a.b\n", true),
            (&["register", "a.b", "PYRO:x@h:1"], "Error: NamingError - name already registered: a.b\n", true),
            (&["setmeta", "a.b", "red", "blue"], "Metadata updated\n", true),
            (&["lookup", "a.b"], "PYRO:x@h:1\nmetadata: ['blue', 'red']\n", true),
            (&["lookup", "nobody"], "Error: NamingError - unknown name: nobody\n", true),
            (&["list"], &all, true),
            (
                &["listmatching", "(?=a).\\.b"],
                "--------START LIST - regex '(?=a).\\.b'\na.b --> PYRO:x@h:1\n    metadata: ['blue', 'red']\n--------END LIST - regex '(?=a).\\.b'\n",
                true,
            ),
            (&["listmeta_all", "red", "blue"], found, true),
            (&["listmeta_any", "green", "blue"], found, true),
            (&["listmeta_all", "class:Pyro4.naming.NameServer"], &itself, true),
            (&["setmeta", "a.b"], "Metadata cleared\n", true),
            (&["remove", "a.b"], "Removed a.b\n", true),
            (&["remove", "a.b"], "Nothing removed\n", true),
        ],
    );
}

#[test]
fn our_own_nsc_works_with_it() {
    let (_server, uri) = ns(&[]);
    let nsc = |args: &[&str]| firesteel(&[&["nsc", "-n", "localhost", "-p", port(&uri)], args].concat());
    assert_eq!(nsc(&["ping"]).ok(), "Name server ping ok.\n");
    assert_eq!(nsc(&["register", "a.b", "PYRO:x@h:1"]).ok(), "Registered a.b\n");
    assert_eq!(nsc(&["setmeta", "a.b", "red"]).ok(), "Metadata updated\n");
    assert_eq!(nsc(&["lookup", "a.b"]).ok(), "PYRO:x@h:1\nmetadata: {'red'}\n");
    let own = "    metadata: {'class:Pyro5.nameserver.NameServer'}\n";
    let all = format!("Pyro.NameServer --> {uri}\n{own}a.b --> PYRO:x@h:1\n    metadata: {{'red'}}\n");
    assert_eq!(nsc(&["list"]).ok(), format!("--------START LIST \n{all}--------END LIST \n"));
    assert!(nsc(&["yplookup_any", "red"]).ok().contains("a.b --> PYRO:x@h:1\n"));
    let wrong = nsc(&["listmatching", "("]);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.stdout.starts_with("Error: NamingError - invalid regex: missing ), unterminated"), "{wrong:?}");
    assert_eq!(nsc(&["remove", "a.b"]).ok(), "Removed a.b\n");
}

/// Asks for names as they come and goes on when the name server is replaced.
const WATCHER: &str = "
import sys, time
from generation import Proxy, config, errors
config.COMMTIMEOUT = 30.0
ns = Proxy(sys.argv[1])
for name in ['of.pyro5', 'of.firesteel', 'of.pyro5.again']:
    while True:
        try:
            print('%s is %s' % (name, ns.lookup(name)))
            break
        except (errors.NamingError, errors.CommunicationError):
            ns._pyroRelease()
            time.sleep(0.05)
";

#[test]
fn it_takes_the_place_of_pyros_name_server_and_gives_it_back() {
    let database = Database::new();
    let pyro5 = |port: &str| {
        let args = ["-n", "localhost", "-p", port, "-s", &database.option()];
        Python::module("Pyro5.nameserver").args(args).serve("URI = ")
    };
    let (process, uri) = pyro5("0");
    let mut watcher = Python::source(WATCHER).arg(&uri).start();
    let register =
        |name: &str| proxy(&uri).call::<()>("register", &(name, format!("PYRO:{name}@h:1"))).expect("registered");
    let mut hear = |name: &str| assert_eq!(watcher.line(PATIENCE), Some(format!("{name} is PYRO:{name}@h:1")));
    register("of.pyro5");
    hear("of.pyro5");
    process.stop();
    let mut server = Firesteel::new(&["ns", "-p", port(&uri), "-s", &database.option()]).start();
    assert_eq!(server.wait_for("URI = "), uri);
    register("of.firesteel");
    hear("of.firesteel");
    server.signal(Signal::INT);
    assert_eq!(server.finish().ok(), "NS shut down.\n");
    let (_process, again) = pyro5(port(&uri));
    assert_eq!(again, uri);
    register("of.pyro5.again");
    hear("of.pyro5.again");
    assert_eq!(proxy(&uri).call::<usize>("count", &()).expect("a number"), 4);
}

/// Registers names until the name server is gone, and tells how many it was told are there.
fn register_until_it_dies(uri: &str, begin: &str) -> usize {
    let proxy = proxy(uri);
    for number in 0.. {
        let name = format!("{begin}.{number}");
        let tags = [begin, "tag"];
        match proxy.call::<()>("register", &(name, format!("PYRO:o{number}@h:1"), true, tags)) {
            Ok(()) => {}
            Err(CallFailure::Fault(fault)) => panic!("{fault}"),
            Err(_) => return number,
        }
    }
    0
}

#[test]
fn what_was_answered_survives_a_hundred_kills() {
    const CLIENTS: usize = 3;
    let database = Database::new();
    let mut told: Vec<(String, usize)> = Vec::new();
    let mut total = 0;
    for round in 0..100_u64 {
        let (mut server, uri) = ns(&["-s", &database.option()]);
        if round > 0 {
            // Those of the last round, one by one; the others by their number.
            let names = proxy(&uri);
            for (begin, count) in told.drain(..) {
                let found: std::collections::BTreeMap<String, (String, Value)> =
                    names.call("list", &(&*begin, (), true)).expect("a listing");
                assert!(found.len() == count || found.len() == count + 1, "{begin}: {} of {count}", found.len());
                for number in 0..count {
                    let (uri, tags) = &found[&format!("{begin}.{number}")];
                    assert_eq!(*uri, format!("PYRO:o{number}@h:1"));
                    assert_eq!(*tags, Value::set([begin.as_str().into(), "tag".into()]));
                }
            }
            assert!(names.call::<usize>("count", &()).expect("a number") > total);
        }
        let counts: Vec<_> = thread::scope(|threads| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| {
                    let uri = &uri;
                    let begin = format!("{round}-{client}-");
                    threads.spawn(move || (begin.clone(), register_until_it_dies(uri, &begin)))
                })
                .collect();
            thread::sleep(Duration::from_millis(10 + round * 7 % 40));
            server.signal(Signal::KILL);
            let counts = clients.into_iter().map(|client| client.join().expect("no panic")).collect();
            assert!(!server.is_running() || server.finish().code.is_none());
            counts
        });
        total += counts.iter().map(|(_, count)| count).sum::<usize>();
        told.extend(counts);
    }
    assert!(total > 100, "only {total} were registered");
    // Pyro opens what is left.
    let source = "
import sys
from Pyro5.nameserver import SqlStorage
print(len(SqlStorage(sys.argv[1])))
";
    let counted = Python::source(source).arg(&database.0).run(PATIENCE).stdout;
    assert!(counted.trim().parse::<usize>().expect("a number") > total, "{counted} of {total}");
    println!("{total} registrations were answered");
}

#[test]
fn names_go_with_their_servers() {
    let mut server =
        Firesteel::new(&["ns", "-p", "0"]).env("PYRO_NS_AUTOCLEAN", "3").env("PYRO_COMMTIMEOUT", "2").start();
    let uri = server.wait_for("URI = ");
    let names = proxy(&uri);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let (there, gone) = (listener.local_addr().expect("an address"), "127.0.0.1:1");
    for (name, place) in [("there", there.to_string()), ("gone", gone.to_owned())] {
        names.call::<()>("register", &(name, format!("PYRO:o@{place}"))).expect("it is registered");
    }
    let begin = std::time::Instant::now();
    while names.call::<usize>("count", &()).expect("a number") == 3 {
        assert!(begin.elapsed() < PATIENCE, "it does not go");
        thread::sleep(Duration::from_millis(200));
    }
    assert!(begin.elapsed() > Duration::from_secs(15), "Pyro waits 20 seconds");
    let left: std::collections::BTreeMap<String, String> = names.call("list", &()).expect("a listing");
    assert_eq!(left.keys().collect::<Vec<_>>(), ["Pyro.NameServer", "there"]);
}
