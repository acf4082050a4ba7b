//! The name server, beside those of Pyro5 and Pyro4.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use firesteel::Location;
use firesteel::blocking::Stopper;
use firesteel::nameserver::{Options, Place, Service, StorageKind};
use firesteel_testkit::{Python, PythonProcess};

use crate::support::TIMEOUT;

/// A name server of ours, on a thread, until this is dropped.
pub struct Names {
    pub uri: String,
    /// Where it listens.
    pub port: String,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

impl Names {
    pub fn start(storage: StorageKind) -> Self {
        let mut options = Options::default();
        options.storage = storage;
        Self::with(options)
    }

    pub fn with(options: Options) -> Self {
        Self::at(&Place::tcp("localhost", 0), options)
    }

    pub fn at(place: &Place, options: Options) -> Self {
        let mut service = Service::start(place, options).expect("it starts");
        let (uri, stopper) = (service.uri().to_string(), service.stopper());
        let port = match service.location() {
            Some(Location::Tcp { port, .. }) => *port,
            _ => 0,
        };
        let thread = thread::spawn(move || service.run().expect("it runs"));
        Self { uri, port: port.to_string(), stopper, thread: Some(thread) }
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        self.stopper.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))));
    }
}

/// A sqlite file, removed with whatever lies beside it.
pub struct Database(pub PathBuf);

impl Database {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let database = Self(std::env::temp_dir().join(format!("firesteel-ns-{}-{number}.db", std::process::id())));
        database.remove();
        database
    }

    pub fn option(&self) -> String {
        format!("sql:{}", self.0.display())
    }

    pub fn storage(&self) -> StorageKind {
        StorageKind::Sqlite(self.0.clone())
    }

    fn remove(&self) {
        for ending in ["", "-wal", "-shm", "-journal"] {
            let _ = fs::remove_file(format!("{}{ending}", self.0.display()));
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The name server of Pyro's generation `5` or `4`.
pub fn original(generation: &str, storage: &str) -> (PythonProcess, String) {
    let module = if generation == "5" { "Pyro5.nameserver" } else { "Pyro4.naming" };
    let python = Python::module(module).args(["-n", "localhost", "-p", "0", "-s", storage]);
    // Pyro5 takes all that it has, and knows no such setting.
    let python = match generation {
        "4" => python.env("PYRO_SERIALIZERS_ACCEPTED", "serpent,marshal,json,msgpack"),
        _ => python,
    };
    python.serve("URI = ")
}

/// All that a client hears from a name server.
fn asked(generation: &str, serializer: &str, uri: &str) -> Vec<String> {
    let script = Python::script("names.py").env("GENERATION", generation).env("SERIALIZER", serializer);
    let output = script.arg(uri).run(TIMEOUT);
    assert_eq!(output.stderr, "");
    output.stdout.lines().map(str::to_owned).collect()
}

/// Python's marshal cannot write a URI within a tuple; ours can.
const UNABLE: &str = "-> builtins.ValueError: 'unmarshallable object'";

#[track_caller]
fn compare(generation: &str, storage: &dyn Fn(&Database) -> (String, StorageKind)) {
    let [theirs, ours] = [Database::new(), Database::new()];
    for serializer in ["serpent", "marshal", "json", "msgpack"] {
        let (_process, original) = original(generation, &storage(&theirs).0);
        let names = Names::start(storage(&ours).1);
        let expected = asked(generation, serializer, &original);
        let found = asked(generation, serializer, &names.uri);
        assert!(expected.len() > 100 && expected.len() == found.len(), "{serializer}");
        let pairs = expected.iter().zip(&found);
        let differ = pairs.filter(|(expected, found)| expected != found && !expected.ends_with(UNABLE));
        let report: Vec<_> = differ.map(|(expected, found)| format!("Pyro: {expected}\nours: {found}")).collect();
        assert!(report.is_empty(), "{serializer}:\n{}", report.join("\n"));
    }
}

#[test]
fn clients_of_pyro5_hear_what_they_hear_from_pyro5() {
    compare("5", &|_| ("memory".to_owned(), StorageKind::Memory));
}

#[test]
fn clients_of_pyro4_hear_what_they_hear_from_pyro4() {
    compare("4", &|_| ("memory".to_owned(), StorageKind::Memory));
}

#[test]
fn clients_of_pyro5_hear_the_same_with_sqlite() {
    compare("5", &|database| (database.option(), database.storage()));
}

#[test]
fn clients_of_pyro4_hear_the_same_with_sqlite() {
    compare("4", &|database| (database.option(), database.storage()));
}
