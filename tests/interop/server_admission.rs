//! Python's clients before a gatekeeper that decides later, and what the server is told of them.

use std::io;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use firesteel::blocking::{Server, Stopper};
use firesteel::{Admission, Knock, Local, Notice, Registry, Shared, Value, expose};
use firesteel_testkit::Python;

use crate::hosted::{WORKERS, server_config};
use crate::support::TIMEOUT;

struct Thing;

#[expose]
impl Thing {
    pub fn echo(&self, value: Value) -> Value {
        value
    }
}

/// A server whose gatekeeper asks a thread, and that tells of its sessions.
struct Guarded {
    uri: String,
    told: Receiver<String>,
    stopper: Stopper,
    thread: JoinHandle<io::Result<()>>,
}

fn guarded<R: Registry<World = ()>>(
    make: impl FnOnce() -> io::Result<Server<R>> + Send + 'static,
    run: impl FnOnce(&mut Server<R>) -> io::Result<()> + Send + 'static,
) -> Guarded {
    let (ask, asked) = mpsc::channel::<(Value, Admission)>();
    thread::spawn(move || {
        for (handshake, admission) in asked {
            thread::sleep(Duration::from_millis(20));
            match handshake.as_str() {
                Some("sesame") => admission.admit("welcome"),
                Some("nobody") => drop(admission),
                // It is kept for ever.
                Some("never") => std::mem::forget(admission),
                _ => admission.refuse(format!("{handshake} is no password")),
            }
        }
    });
    let (tell, told) = mpsc::channel();
    let (started, ready) = mpsc::channel();
    let thread = thread::spawn(move || {
        let mut server = make()?;
        server.set_gatekeeper(move |knock: &Knock<'_>| {
            let (admission, verdict) = knock.defer();
            let _ = ask.send((knock.handshake.clone(), admission));
            verdict
        });
        server.daemon.set_notices(move |(), notice| {
            let _ = tell.send(match notice {
                Notice::Connected { handshake, object, dialect, .. } => {
                    format!("{} for {} in {dialect}", handshake.unwrap_or(&Value::None), object.unwrap_or("nobody"))
                }
                Notice::Disconnected { reason, .. } => reason.to_string(),
                _ => "?".to_owned(),
            });
        });
        let _ = started.send((server.uri("thing").to_string(), server.stopper()));
        run(&mut server)?;
        assert_eq!(server.daemon.counters().sessions, 0);
        Ok(())
    });
    let (uri, stopper) = ready.recv_timeout(TIMEOUT).expect("the server starts");
    Guarded { uri, told, stopper, thread }
}

fn config() -> firesteel::Config {
    let mut config = server_config();
    config.handshake_timeout = Duration::from_secs(2);
    config
}

fn servers() -> [Guarded; 2] {
    let local = || {
        let mut server: Server<Local> = Server::bind_with("127.0.0.1:0", config())?;
        server.daemon.register("thing", Thing).map_err(io::Error::other)?;
        Ok(server)
    };
    let shared = || {
        let mut server = Server::shared_with("127.0.0.1:0", &Shared::new(), WORKERS, config())?;
        server.daemon.register("thing", Thing).map_err(io::Error::other)?;
        Ok(server)
    };
    [guarded(local, Server::run), guarded(shared, |server| server.run_threads(WORKERS + 1))]
}

const PROGRAM: &str = "
import sys
from checking import equal, raises
from generation import Proxy, config, errors
config.COMMTIMEOUT = 30.0
def client(word):
    proxy = Proxy(sys.argv[1])
    proxy._pyroHandshake = word
    return proxy
for word, reason in [('please', \"'please' is no password\"), ('nobody', 'nobody decided whether to let the client in')]:
    text = str(raises(errors.CommunicationError, None, client(word)._pyroBind))
    assert text.endswith('rejected: ' + reason), text
# The time of a handshake is over at last.
raises(errors.ConnectionClosedError, None, client('never')._pyroBind)
one, other = client('sesame'), client('sesame')
equal([one.echo(1), other.echo(2)], [1, 2])
one._pyroRelease()
equal(other.echo(3), 3)
print('ALL OK')
# The other one's connection breaks with the process.
import os
sys.stdout.flush()
os._exit(0)
";

#[test]
fn clients_wait_for_the_verdict_and_are_told_of_once() {
    for (generation, protocol) in [("5", "protocol 502"), ("4", "protocol 48")] {
        for server in servers() {
            let script = Python::source(PROGRAM).env("GENERATION", generation);
            let output = script.args([&server.uri]).run(TIMEOUT);
            assert!(output.stdout.ends_with("ALL OK\n"), "Pyro{generation}: {output:?}");
            let told: Vec<_> = (0..4).map(|_| server.told.recv_timeout(TIMEOUT).expect("a notice")).collect();
            let came = format!("'sesame' for thing in {protocol}");
            assert_eq!(told[..2], [came.clone(), came]);
            assert!(!told[2..].iter().any(|notice| notice.contains("sesame")), "{told:?}");
            server.stopper.stop();
            server.thread.join().expect("no panic").expect("the loop runs");
            assert_eq!(server.told.try_iter().count(), 0);
        }
    }
}

#[test]
fn a_server_that_stops_tells_of_the_last_ones() {
    for server in servers() {
        let mut config = firesteel::Config::default();
        config.handshake = Value::from("sesame");
        let proxy = firesteel::blocking::Connector::new(config).proxy(&server.uri).expect("a uri");
        assert_eq!(proxy.call::<i64>("echo", &(1,)), Ok(1));
        server.stopper.stop();
        server.thread.join().expect("no panic").expect("the loop runs");
        let told: Vec<_> = server.told.try_iter().collect();
        assert_eq!(told, ["'sesame' for thing in protocol 502", "closed by this end"]);
    }
}
