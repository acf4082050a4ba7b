//! What Python's clients see of objects that belong to a session, of weak ones, and of a daemon that has more to say.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, RwLock};
use std::thread;

use firesteel::blocking::{Server, Stopper};
use firesteel::{Context, ObjectRef, Registry, Shared, expose};
use firesteel_testkit::Python;

use crate::hosted::{WORKERS, server_config};
use crate::support::{TIMEOUT, eventually};

/// How many carts there are, and how many were closed.
#[derive(Clone, Default)]
struct Carts(Arc<(AtomicUsize, AtomicUsize)>);

struct Shop(Carts);

struct Cart {
    goods: Vec<String>,
    carts: Carts,
}

#[expose]
impl Shop {
    pub fn cart(&self, cx: &mut Context<'_>) -> ObjectRef {
        self.0.0.0.fetch_add(1, Ordering::SeqCst);
        cx.register(Cart { goods: Vec::new(), carts: self.0.clone() })
    }
}

#[expose]
impl Cart {
    pub fn add(&mut self, good: String) -> usize {
        self.goods.push(good);
        self.goods.len()
    }

    pub fn leave(&mut self, cx: &mut Context<'_>) {
        let own = cx.object_id();
        cx.release(own);
    }
}

impl Drop for Cart {
    fn drop(&mut self) {
        self.carts.0.1.fetch_add(1, Ordering::SeqCst);
    }
}

/// Owned by nobody but the test.
struct Guest;

#[expose]
impl Guest {
    pub fn hello(&mut self) -> &'static str {
        "hello"
    }
}

/// What the daemon has to say beside the usual.
#[derive(Default)]
struct Interface {
    asked: i64,
}

#[expose]
impl Interface {
    pub fn about(&mut self, text: String) -> (String, i64) {
        self.asked += 1;
        (text, self.asked)
    }

    pub fn info(&self) -> &'static str {
        "nothing to see here"
    }

    #[attr]
    pub fn version(&self) -> &'static str {
        "7"
    }
}

type Drops = Box<dyn FnOnce() + Send>;

/// A server with all of this, and what ends the weak object.
struct Hosting {
    location: String,
    carts: Carts,
    stopper: Stopper,
    drop_weak: Mutex<Option<Drops>>,
    thread: thread::JoinHandle<std::io::Result<()>>,
}

impl Hosting {
    fn start<R: Registry>(
        make: impl FnOnce(Carts) -> (Server<R>, Drops) + Send + 'static,
        run: impl FnOnce(&mut Server<R>) -> std::io::Result<()> + Send + 'static,
    ) -> Self {
        let (tell, told) = mpsc::channel();
        let carts = Carts::default();
        let theirs = carts.clone();
        let thread = thread::spawn(move || {
            let (mut server, drops) = make(theirs);
            let uri = server.uri("x").to_string();
            let _ = tell.send((uri.split('@').nth(1).unwrap_or_default().to_owned(), server.stopper(), drops));
            run(&mut server)?;
            let counters = server.daemon.counters();
            assert_eq!((counters.sessions, counters.session_objects, counters.objects), (0, 0, 1), "{counters:?}");
            Ok(())
        });
        let (location, stopper, drops) = told.recv_timeout(TIMEOUT).expect("the server starts");
        Self { location, carts, stopper, drop_weak: Mutex::new(Some(drops)), thread }
    }

    fn local() -> Self {
        let make = |carts| {
            let mut server: Server = Server::bind_with("127.0.0.1:0", server_config()).expect("a server");
            server.daemon.register("shop", Shop(carts)).expect("a free id");
            server.daemon.set_interface(Interface::default());
            // Its owner is on the server's thread.
            let weak = std::rc::Rc::new(std::cell::RefCell::new(Guest));
            server.daemon.register_weak("weak", &weak).expect("a free id");
            let (drops, dropped) = mpsc::channel::<()>();
            OWNED.with(|owned| *owned.borrow_mut() = Some((weak, dropped)));
            let notices = |(): &mut (), _: firesteel::Notice<'_>| {
                OWNED.with(|owned| {
                    let over = matches!(&*owned.borrow(), Some((_, dropped)) if dropped.try_recv().is_ok());
                    if over {
                        owned.borrow_mut().take();
                    }
                });
            };
            server.daemon.set_notices(notices);
            (server, Box::new(move || drops.send(()).expect("the server runs")) as Drops)
        };
        Self::start(make, Server::run)
    }

    fn shared() -> Self {
        let make = |carts| {
            let objects = Shared::new();
            let mut server = Server::shared_with("127.0.0.1:0", &objects, WORKERS, server_config()).expect("a server");
            objects.register("shop", Shop(carts)).expect("a free id");
            server.daemon.set_interface(Interface::default());
            let weak = Arc::new(RwLock::new(Guest));
            server.daemon.register_weak("weak", &weak).expect("a free id");
            (server, Box::new(move || drop(weak)) as Drops)
        };
        Self::start(make, |server| server.run_threads(WORKERS + 1))
    }

    fn visited_by(&self, generation: &str, program: &str) {
        let script = Python::source(&format!("{COMMON}{program}")).env("GENERATION", generation);
        let output = script.args([&self.location]).run(TIMEOUT);
        assert!(output.stdout.ends_with("ALL OK\n"), "Pyro{generation}: {output:?}");
    }

    fn stop(self) {
        self.stopper.stop();
        self.thread.join().expect("no panic").expect("the loop runs");
    }
}

type Owned = (std::rc::Rc<std::cell::RefCell<Guest>>, mpsc::Receiver<()>);

thread_local! {
    /// What the thread of a local server owns.
    static OWNED: std::cell::RefCell<Option<Owned>> = const { std::cell::RefCell::new(None) };
}

const COMMON: &str = "
import os, sys
from checking import equal, raises
from generation import Daemon, Proxy, config, errors
config.COMMTIMEOUT = 30.0
def named(name):
    return Proxy('PYRO:%s@%s' % (name, sys.argv[1]))
";

fn each(check: impl Fn(&str, &Hosting)) {
    for generation in ["5", "4"] {
        for hosting in [Hosting::local(), Hosting::shared()] {
            check(generation, &hosting);
            let drops = hosting.drop_weak.lock().unwrap().take();
            if let Some(drops) = drops {
                drops();
            }
            // A last visitor, for whoever notices things when somebody comes.
            hosting.visited_by(generation, "named('shop')._pyroBind()\nprint('ALL OK')\n");
            hosting.stop();
        }
    }
}

#[test]
fn objects_of_a_session_are_proxies_until_it_ends() {
    each(|generation, hosting| {
        hosting.visited_by(
            generation,
            "
shop, other = named('shop'), named('shop')
cart, second, third = shop.cart(), shop.cart(), other.cart()
equal(type(cart), Proxy)
equal([cart.add('a'), cart.add('b'), second.add('c'), third.add('d')], [1, 2, 1, 1])
ids = sorted(p._pyroUri.object for p in [cart, second, third])
assert all(i.startswith('obj_') for i in ids), ids
equal(sorted(i for i in named('Pyro.Daemon').registered() if i.startswith('obj_')), ids)
cart.leave()
raises(errors.DaemonError, 'unknown object', cart.add, 'x')
equal(second.add('e'), 2)
shop._pyroRelease()
# It has a connection of its own; the one of the shop may take a moment to end.
import time
for _ in range(1000):
    try:
        second.add('f')
    except errors.DaemonError as error:
        equal(str(error), 'unknown object')
        break
    time.sleep(0.01)
else:
    raise AssertionError('it is still there')
equal(third.add('g'), 2)
print('ALL OK')
sys.stdout.flush()
os._exit(0)
",
        );
        // The last one went with the process.
        let counts = || (hosting.carts.0.0.load(Ordering::SeqCst), hosting.carts.0.1.load(Ordering::SeqCst));
        eventually("all carts are gone", || counts() == (3, 3));
    });
}

#[test]
fn a_weak_object_is_unknown_once_its_owner_has_dropped_it() {
    each(|generation, hosting| {
        hosting.visited_by(
            generation,
            "
weak = named('weak')
equal(weak.hello(), 'hello')
assert 'weak' in named('Pyro.Daemon').registered()
print('ALL OK')
",
        );
        let drops = hosting.drop_weak.lock().unwrap().take();
        drops.expect("it is there")();
        hosting.visited_by(generation, "named('shop')._pyroBind()\nprint('ALL OK')\n");
        hosting.visited_by(
            generation,
            "
text = str(raises(errors.CommunicationError, None, named('weak')._pyroBind))
assert text.endswith('unknown object'), text
daemon = named('Pyro.Daemon')
raises(errors.DaemonError, 'unknown object', daemon.get_metadata, 'weak')
equal(sorted(daemon.registered()), ['Pyro.Daemon', 'shop'])
print('ALL OK')
",
        );
    });
}

/// The same of Python's own daemon with an interface, and of ours.
#[test]
fn a_daemon_may_have_more_to_say() {
    let checks = "
def check(daemon):
    equal(tuple(daemon.about('this')), ('this', 1))
    equal(tuple(daemon.about('that')), ('that', 2))
    equal(daemon.info(), 'nothing to see here')
    equal(daemon.version, '7')
    equal(daemon.ping(), None)
    assert 'Pyro.Daemon' in daemon.registered()
    equal(daemon._pyroMethods, {'about', 'info', 'ping', 'registered', 'get_metadata', 'get_next_stream_item', 'close_stream'})
    equal(daemon._pyroAttrs, {'version'})
    assert 'about' in daemon.get_metadata('Pyro.Daemon')['methods']
    raises(AttributeError, None, lambda: daemon.nosuch)
";
    let theirs = "
import threading
from generation import expose
if os.environ['GENERATION'] == '4':
    from Pyro4.core import DaemonObject
else:
    from Pyro5.server import DaemonObject
@expose
class Interface(DaemonObject):
    asked = 0
    def about(self, text):
        self.asked += 1
        return text, self.asked
    def info(self):
        return 'nothing to see here'
    @property
    def version(self):
        return '7'
with Daemon(host='127.0.0.1', interface=Interface) as daemon:
    threading.Thread(target=daemon.requestLoop, daemon=True).start()
    with Proxy('PYRO:Pyro.Daemon@' + daemon.locationStr) as proxy:
        check(proxy)
    daemon.shutdown()
print('ALL OK')
";
    each(|generation, hosting| {
        hosting.visited_by(generation, &format!("{checks}{theirs}"));
        hosting.visited_by(generation, &format!("{checks}\ncheck(named('Pyro.Daemon'))\nprint('ALL OK')\n"));
    });
}
