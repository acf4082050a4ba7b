//! What belongs to a client of Python's: instances, resources, the handshake, and objects passed both ways.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use firesteel::blocking::{Connector, Server, Stopper};
use firesteel::{
    Args, Context, Fault, InstanceMode, Member, Metadata, Method, Object, ObjectRef, Outcome, Shared, Value,
};
use firesteel_testkit::Python;

use crate::hosted::{WORKERS, server_config};
use crate::support::{TIMEOUT, eventually};

static METADATA: Metadata = Metadata::new(
    &[
        Method::new("next"),
        Method::new("allocate"),
        Method::new("call_back").shared(),
        Method::new("neighbour").shared(),
    ],
    &[],
);

/// Counts its calls, and the resources that it gave out.
struct Desk {
    calls: u32,
    allocated: Arc<AtomicUsize>,
}

struct Resource(Arc<AtomicUsize>);

impl Drop for Resource {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Object for Desk {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Method("next") => {
                self.calls += 1;
                cx.answer(&self.calls)
            }
            Member::Method("allocate") => {
                self.allocated.fetch_add(1, Ordering::SeqCst);
                cx.track(Resource(Arc::clone(&self.allocated)));
                cx.answer(&())
            }
            other => self.call_shared(cx, other, args),
        }
    }

    fn call_shared(&self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            // Calls the object that the caller hosts.
            Member::Method("call_back") => {
                let (to, text): (ObjectRef, String) = args.bind(&["to", "text"])?;
                let proxy = Connector::default().proxy_to(&to)?;
                let answer: Value = proxy.call("heard", &(text,)).map_err(Fault::from)?;
                cx.answer(&answer)
            }
            Member::Method("neighbour") => cx.answer(&cx.reference("single")),
            other => Err(Fault::unknown(&other)),
        }
    }
}

/// A server with the desk in each instance mode, guarded by a gatekeeper.
struct Office {
    location: String,
    allocated: Arc<AtomicUsize>,
    stopper: Stopper,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Office {
    fn open() -> Self {
        let allocated = Arc::new(AtomicUsize::new(0));
        let (tell, told) = mpsc::channel();
        let count = Arc::clone(&allocated);
        let thread = thread::spawn(move || {
            let mut server = Server::shared_with("127.0.0.1:0", &Shared::new(), WORKERS, server_config())?;
            let modes = [InstanceMode::Single, InstanceMode::Session, InstanceMode::PerCall];
            for (id, mode) in ["single", "session", "percall"].into_iter().zip(modes) {
                let allocated = Arc::clone(&count);
                let create = move |_: &mut Context<'_>| Ok(Desk { calls: 0, allocated: Arc::clone(&allocated) });
                server.daemon.register_class(id, mode, &METADATA, create).map_err(std::io::Error::other)?;
            }
            server.set_gatekeeper(|knock| match knock.handshake.as_str() {
                Some("hello") => Ok(Value::from("hello")),
                _ => Err(format!("{} is no password", knock.handshake)),
            });
            let location = server.uri("x").to_string();
            let _ = tell.send((location.split('@').nth(1).unwrap_or_default().to_owned(), server.stopper()));
            server.run_threads(WORKERS + 1)
        });
        let (location, stopper) = told.recv_timeout(TIMEOUT).expect("the server starts");
        Self { location, allocated, stopper, thread: Some(thread) }
    }

    fn visited_by(&self, generation: &str, program: &str) {
        let script = Python::source(&format!("{COMMON}{program}")).env("GENERATION", generation);
        let output = script.args([&self.location]).run(TIMEOUT);
        assert!(output.stdout.ends_with("ALL OK\n"), "Pyro{generation}: {output:?}");
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.stopper.stop();
        if let Some(thread) = self.thread.take()
            && !thread::panicking()
        {
            thread.join().expect("the server has not panicked").expect("the server could wait for events");
        }
    }
}

const COMMON: &str = "
import sys, threading
from checking import equal, raises
from generation import Daemon, Proxy, config, errors, expose
config.COMMTIMEOUT = 30.0
def desk(name):
    return Proxy('PYRO:%s@%s' % (name, sys.argv[1]))
";

#[test]
fn instances_are_single_of_a_session_or_of_a_call() {
    for generation in ["5", "4"] {
        let office = Office::open();
        office.visited_by(
            generation,
            "
for name, expected in [('single', [1, 2, 3]), ('session', [1, 2, 1]), ('percall', [1, 1, 1])]:
    with desk(name) as one, desk(name) as other:
        equal([one.next(), one.next(), other.next()], expected)
with desk('session') as again:
    equal(again.next(), 1)
print('ALL OK')
",
        );
    }
}

#[test]
fn resources_are_given_back_when_the_client_goes() {
    for generation in ["5", "4"] {
        let office = Office::open();
        office.visited_by(
            generation,
            "
one, other = desk('single'), desk('session')
one.allocate(); one.allocate(); other.allocate()
one._pyroRelease()
# The other one's connection breaks with the process.
print('ALL OK')
",
        );
        eventually("the resources are given back", || office.allocated.load(Ordering::SeqCst) == 0);
    }
}

#[test]
fn a_gatekeeper_turns_clients_away_with_a_reason() {
    for generation in ["5", "4"] {
        Office::open().visited_by(
            generation,
            "
stranger = desk('single')
stranger._pyroHandshake = {'user': 'somebody'}
text = str(raises(errors.CommunicationError, None, lambda: stranger.next()))
assert text.endswith(\"rejected: {'user': 'somebody'} is no password\"), text
equal(desk('single').next(), 1)
print('ALL OK')
",
        );
    }
}

#[test]
fn a_client_is_called_back_and_gets_references_to_other_objects() {
    for generation in ["5", "4"] {
        Office::open().visited_by(
            generation,
            "
@expose
class Listener(object):
    def heard(self, text):
        if text == 'bad':
            raise ValueError('that was bad')
        return 'heard ' + text
with Daemon(host='127.0.0.1') as daemon:
    listener = Listener()
    uri = daemon.register(listener)
    threading.Thread(target=daemon.requestLoop, daemon=True).start()
    with desk('single') as single:
        # Pyro sends a proxy for an object that it hosts.
        equal(single.call_back(listener, 'this'), 'heard this')
        equal(single.call_back(uri, 'that'), 'heard that')
        raises(ValueError, 'that was bad', single.call_back, listener, 'bad')
        neighbour = single.neighbour()
        equal(type(neighbour), Proxy)
        first = neighbour.next()
        equal(single.next(), first + 1)
    daemon.shutdown()
print('ALL OK')
",
        );
    }
}
