//! Several daemons in one process, called by Python's clients.

use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;

use firesteel::blocking::Server;
use firesteel::{Shared, expose};
use firesteel_testkit::Python;

use crate::hosted::{Hosted, WORKERS, server_config};
use crate::support::TIMEOUT;

#[expect(dead_code, reason = "its main, and what shows it without Python")]
#[path = "../../examples/two_daemons.rs"]
mod two_daemons;

fn run(generation: &str, program: &str, args: &[&str]) {
    let program = format!("{HEAD}{program}print('ALL OK')\n");
    let output = Python::source(&program).env("GENERATION", generation).args(args).run(TIMEOUT);
    assert!(output.stdout.ends_with("ALL OK\n"), "{generation}: {output:?}");
}

const HEAD: &str = "
import sys
from checking import equal, raises
from generation import Proxy, config, errors
config.COMMTIMEOUT = 30.0
";

/// The example's two daemons on one thread: each has an object of its own, and both know the stock.
const SHOPPING: &str = "
shop, store = Proxy(sys.argv[1]), Proxy(sys.argv[2])
raises(ValueError, 'sold out', shop.buy, 1)
for n in range(20):
    equal(store.deliver(10), 10)
    equal(shop.buy(3), 7)
    equal(shop.buy(7), 0)
elsewhere = Proxy(sys.argv[1].replace('shop@', 'store@'))
error = raises(errors.CommunicationError, None, elsewhere._pyroBind)
assert 'unknown object' in str(error), error
# One that is full turns nobody away from the other.
others = [Proxy(sys.argv[2])]
others[0]._pyroBind()
raises(errors.ConnectionClosedError, None, Proxy(sys.argv[2])._pyroBind)
equal(store.deliver(1), 1)
equal(shop.buy(1), 0)
shop._pyroRelease(), store._pyroRelease(), others[0]._pyroRelease()
";

#[test]
fn two_daemons_share_a_loop_made_by_hand() {
    let (rope, stop) = UnixStream::pair().expect("a pair");
    let (started, ready) = mpsc::channel();
    let server = thread::spawn(move || {
        let mut hosts = two_daemons::open().expect("they listen");
        let uris = [(0, "shop"), (1, "store")].map(|(at, object)| hosts[at].uri(object).expect("a uri").to_string());
        started.send(uris).expect("somebody waits");
        two_daemons::serve(&mut hosts, stop).expect("it serves");
    });
    let [shop, store] = ready.recv_timeout(TIMEOUT).expect("it starts");
    for generation in ["5", "4", "5"] {
        run(generation, SHOPPING, &[&shop, &store]);
    }
    drop(rope);
    server.join().expect("it ends");
}

struct Word(&'static str);

#[expose]
impl Word {
    pub fn say(&self) -> &'static str {
        self.0
    }
}

const TALK: &str = "
one, two = Proxy(sys.argv[1]), Proxy(sys.argv[2])
for n in range(20):
    equal([one.say(), two.say()], ['one', 'two'])
";

#[test]
fn blocking_servers_of_both_kinds_share_a_process() {
    let one = Hosted::local("127.0.0.1:0", server_config(), "word", |_| Word("one"));
    let two = Hosted::shared("127.0.0.1:0", server_config(), "word", |_| Word("two"));
    for generation in ["5", "4"] {
        run(generation, TALK, &[&one.uri.to_string(), &two.uri.to_string()]);
    }
    // The end of one is not that of the other.
    drop(one);
    run("5", "equal(Proxy(sys.argv[1]).say(), 'two')\n", &[&two.uri.to_string()]);
}

#[derive(Default)]
struct Counter(u32);

#[expose]
impl Counter {
    pub fn next(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }
}

const COUNT: &str = "
one, two = Proxy(sys.argv[1]), Proxy(sys.argv[2])
first = one.next()
equal([two.next(), one.next(), two.next()], [first + 1, first + 2, first + 3])
";

#[test]
fn two_servers_have_the_same_objects() {
    let objects = Shared::new();
    let mut servers =
        [(); 2].map(|()| Server::shared_with("127.0.0.1:0", &objects, WORKERS, server_config()).expect("it listens"));
    servers[0].daemon.register("counter", Counter::default()).expect("registered");
    let uris = servers.each_ref().map(|server| server.uri("counter").to_string());
    let stoppers = servers.each_ref().map(Server::stopper);
    thread::scope(|threads| {
        for server in &mut servers {
            threads.spawn(|| server.run_threads(WORKERS + 1).expect("it serves"));
        }
        let all = std::panic::catch_unwind(|| {
            for generation in ["5", "4"] {
                run(generation, COUNT, &[&uris[0], &uris[1]]);
            }
        });
        stoppers.iter().for_each(firesteel::blocking::Stopper::stop);
        all.expect("the clients are content");
    });
}
