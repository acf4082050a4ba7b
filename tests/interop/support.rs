//! Python's servers for Rust clients, and what all tests need.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use firesteel::blocking::{Connector, Proxy};
use firesteel::{CallFailure, Config, Fault};
use firesteel_testkit::{Python, PythonProcess, server};

/// How long anything may take; generous, for busy machines.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// The default config, but no call waits for ever.
pub fn config() -> Config {
    let mut config = Config::default();
    config.call_timeout = Some(TIMEOUT);
    config
}

const ALL_OF_PYRO4: &str = "serpent,marshal,json,msgpack,pickle";

/// `server.py`, running until this is dropped.
pub struct Thing {
    pub process: PythonProcess,
    uri: String,
}

impl Thing {
    pub fn start(options: &[&str]) -> Self {
        let (process, uri) = server("server.py", options);
        Self { process, uri }
    }

    /// The same of Pyro4, which takes messages in every serializer that it has.
    pub fn pyro4(options: &[&str]) -> Self {
        let script = Python::script("server.py").env("GENERATION", "4").args(["--accept", ALL_OF_PYRO4]);
        let (process, uri) = script.args(options).serve("READY ");
        Self { process, uri }
    }

    /// The URI of one of its objects: `test.thing`, `test.echoserver`, `test.session` ...
    pub fn uri(&self, object: &str) -> String {
        self.uri.replacen("test.thing", object, 1)
    }

    /// A proxy for `test.thing`.
    pub fn proxy(&self) -> Proxy {
        self.proxy_with(config())
    }

    pub fn proxy_with(&self, config: Config) -> Proxy {
        connect(&self.uri, config)
    }

    /// Ends it, and waits until it is over.
    pub fn quit(self) {
        self.proxy().call::<()>("quit", &()).expect("it ends");
        self.process.finish(TIMEOUT);
    }
}

/// A proxy that connects when it is first used.
pub fn connect(uri: &str, config: Config) -> Proxy {
    Connector::new(config).proxy(uri).expect("a URI")
}

/// The remote exception that a call must have ended with.
#[track_caller]
pub fn fault<T: Debug>(result: Result<T, CallFailure>) -> Fault {
    match result {
        Err(CallFailure::Fault(fault)) => *fault,
        other => panic!("expected a remote exception, got {other:?}"),
    }
}

/// The class and the text of the remote exception that a call must have ended with.
#[track_caller]
pub fn raised<T: Debug>(result: Result<T, CallFailure>) -> (String, String) {
    let fault = fault(result);
    let message = fault.message();
    (fault.class, message)
}

/// Checks the class (of `builtins`) and the text of the remote exception that a call must have ended with.
#[track_caller]
pub fn assert_raises<T: Debug>(result: Result<T, CallFailure>, class: &str, text: &str) {
    assert_eq!(raised(result), (class.to_owned(), text.to_owned()));
}

/// Asks again until the condition holds.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {TIMEOUT:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Numbers that look random, the same ones in each run.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// From 1 to `max`.
    pub fn up_to(&mut self, max: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        1 + (self.0 % max as u64) as usize
    }
}
