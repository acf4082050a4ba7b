//! What Pyro's own tests ask of a daemon over time (`tests/test_daemon.py` and `tests/test_server.py` of Pyro5), with
//! programs of both generations as clients of a daemon in Rust.
//!
//! Not here, because other tests have it: `testDaemonCustomInterface` and the lifetimes at the end of `test_daemon.py`
//! (`server_objects.rs`), `testDaemonConnectedSocket` (`server_sockets.rs`), `testDaemonUnixSocket` (`server_echo.rs`),
//! `testCustomHandshake`, `testHandshakeDenied` and `testInstanceCreation...` (`server_sessions.rs`), `testNAT...` (`nat.rs`),
//! `testCombine` (`server_several.rs`), `testSerializerAccepted` and `testMetaSerialization` (`server_generations.rs`).

use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use firesteel::blocking::{Server, Stopper};
use firesteel::{Config, RegisterError, Shared, Stream, Uri, expose};
use firesteel_testkit::Python;

use crate::hosted::{WORKERS, server_config};
use crate::support::TIMEOUT;

struct MyObj(&'static str);

#[expose]
impl MyObj {
    pub fn name(&self) -> &'static str {
        self.0
    }

    pub fn generator(&self) -> Stream {
        Stream::new(["one", "two", "three"])
    }
}

struct Running {
    objects: Shared,
    location: String,
    stopper: Stopper,
    thread: JoinHandle<()>,
}

impl Running {
    fn start(config: Config) -> Self {
        let objects = Shared::new();
        let mut server = Server::shared_with("127.0.0.1:0", &objects, WORKERS, config).expect("a server");
        let location = match server.uri("x") {
            Uri::Pyro { location, .. } => location.to_string(),
            other => panic!("{other}"),
        };
        let stopper = server.stopper();
        let thread = thread::spawn(move || {
            server.run_threads(WORKERS + 1).expect("the server could wait for events");
            let counters = server.daemon.counters();
            assert_eq!((counters.sessions, counters.streams), (0, 0), "{counters:?}");
        });
        Self { objects, location, stopper, thread }
    }

    /// A program of a generation, with `named(id)` for the proxy of an object.
    fn program(&self, generation: &str, text: &str) -> Python {
        let program = format!(
            "
import sys, time
from checking import equal, raises
from generation import Proxy, config, errors
config.COMMTIMEOUT = 30.0
def named(name):
    return Proxy('PYRO:%s@%s' % (name, sys.argv[1]))
{text}
print('ALL OK', flush=True)
"
        );
        Python::source(&program).env("GENERATION", generation).arg(&self.location)
    }

    #[track_caller]
    fn passes(&self, generation: &str, text: &str) {
        let output = self.program(generation, text).run(TIMEOUT);
        assert!(output.stdout.ends_with("ALL OK\n"), "Pyro{generation}: {output:?}");
    }

    fn stop(self) {
        self.stopper.stop();
        self.thread.join().expect("no panic");
    }
}

/// `testRegisterEtc`, `testRegisterTwice`, `testRegisterUnicode`, `testDaemonObject`.
#[test]
fn objects_come_and_go_while_python_uses_them() {
    for generation in ["5", "4"] {
        let server = Running::start(server_config());
        let objects = &server.objects;
        server.passes(generation, "equal(named('Pyro.Daemon').registered(), ['Pyro.Daemon'])");
        objects.register("obj1", MyObj("object1")).expect("a free id");
        objects.register("unicode_\u{20ac}", MyObj("object2")).expect("a free id");
        assert_eq!(objects.register("obj1", MyObj("another")), Err(RegisterError::Duplicate("obj1".into())));
        assert_eq!(objects.register("Pyro.Daemon", MyObj("x")), Err(RegisterError::Reserved("Pyro.Daemon".into())));
        server.passes(
            generation,
            "
equal([named('obj1').name(), named('unicode_\\u20ac').name()], ['object1', 'object2'])
daemon = named('Pyro.Daemon')
equal(daemon.ping(), None)
registered = daemon.registered()
equal((type(registered), sorted(registered)), (list, ['Pyro.Daemon', 'obj1', 'unicode_\\u20ac']))
",
        );
        assert!(!objects.unregister("unexisting_thingie") && !objects.unregister("Pyro.Daemon"));
        assert!(objects.unregister("obj1"));
        server.passes(
            generation,
            "
assert 'unknown object' in str(raises(errors.CommunicationError, None, named('obj1')._pyroBind))
equal(sorted(named('Pyro.Daemon').registered()), ['Pyro.Daemon', 'unicode_\\u20ac'])
",
        );
        objects.register("obj1", MyObj("again")).expect("it is free again");
        server.passes(generation, "equal(named('obj1').name(), 'again')");
        server.stop();
    }
}

/// `testCleanup`: connections do not keep a server that shall end, and their clients learn of it.
#[test]
fn a_server_ends_while_python_is_connected() {
    for generation in ["5", "4"] {
        let server = Running::start(server_config());
        server.objects.register("obj", MyObj("object")).expect("a free id");
        let mut client = server
            .program(
                generation,
                "
proxies = [named('obj') for _ in range(3)]
equal([p.name() for p in proxies], ['object'] * 3)
print('CONNECTED', flush=True)
for p in proxies:
    deadline = time.time() + 30
    while p._pyroConnection is not None:
        assert time.time() < deadline, 'it is served on'
        try:
            p.name()
        except errors.CommunicationError:
            pass
",
            )
            .start();
        client.wait_for("CONNECTED", TIMEOUT);
        let (tell, over) = mpsc::channel();
        thread::spawn(move || {
            server.stop();
            let _ = tell.send(());
        });
        over.recv_timeout(TIMEOUT).expect("the server has ended");
        let output = client.finish(TIMEOUT);
        assert!(output.stdout.ends_with("ALL OK\n"), "Pyro{generation}: {output:?}");
    }
}

/// `testGeneratorLinger`.
#[test]
fn a_generator_goes_on_after_a_reconnect_within_the_linger() {
    for generation in ["5", "4"] {
        let mut config = server_config();
        config.stream_linger = Duration::from_secs(2);
        let server = Running::start(config);
        server.objects.register("obj", MyObj("object")).expect("a free id");
        server.passes(
            generation,
            "
p = named('obj')
generator = p.generator()
equal(next(generator), 'one')
p._pyroRelease()
raises(errors.ConnectionClosedError, None, next, generator)
p._pyroReconnect()
equal(next(generator), 'two')
# After the linger time it is gone.
p._pyroRelease()
time.sleep(4)
p._pyroReconnect()
raises(errors.PyroError, 'item stream terminated', next, generator)
",
        );
        server.stop();
    }
}
