//! Programs of both generations find each other in one name server, and the name server in the network.

use std::net::TcpListener;

use firesteel::nameserver::{
    BroadcastResponder, BroadcastServer, NameServer, Options, Place, Service, StorageKind, storage::Memory,
};
use firesteel::{Fault, Nat, expose};
use firesteel_testkit::{Python, unique_socket_path};

use crate::hosted::{Hosted, server_config};
use crate::nameserver::{Database, Names};
use crate::support::{TIMEOUT, config, connect};

struct Greeter;

#[expose]
impl Greeter {
    pub fn greet(&self, whom: &str) -> Result<String, Fault> {
        Ok(format!("hello {whom}"))
    }
}

/// Serves an object under a name of its own generation.
const SERVER: &str = "
import sys
from generation import NUMBER, Daemon, Proxy, expose
@expose
class Thing(object):
    def generation(self):
        return NUMBER
daemon = Daemon(host='127.0.0.1')
uri = daemon.register(Thing())
with Proxy(sys.argv[1]) as ns:
    ns.register('thing%d' % NUMBER, uri, safe=True, metadata=['thing', 'pyro%d' % NUMBER])
print('READY %s' % uri)
daemon.requestLoop()
";

/// Uses the object of its own generation and that of firesteel, and finds that of the other one.
const CLIENT: &str = "
import sys
from checking import equal
from generation import NUMBER, URI, Proxy, config, core
config.COMMTIMEOUT = 30.0
place = sys.argv[1].split('@')[1]
host, _, port = place.partition(':')
for kind in ['PYRONAME:thing%d' % NUMBER, 'PYROMETA:thing,pyro%d' % NUMBER]:
    with Proxy('%s@%s' % (kind, place)) as thing:
        equal(thing.generation(), NUMBER)
for kind in ['PYRONAME:rust', 'PYROMETA:greets']:
    with Proxy('%s@%s' % (kind, place)) as rust:
        equal(rust.greet('pyro'), 'hello pyro')
locate = core.locate_ns if NUMBER == 5 else core._locateNS
with locate(host, int(port)) as ns:
    other = ns.lookup('thing%d' % (9 - NUMBER))
    equal(type(other), URI)
    equal(str(other), sys.argv[2])
    equal(sorted(ns.list()), ['Pyro.NameServer', 'rust', 'thing4', 'thing5'])
print('ALL OK')
";

fn find_each_other(storage: StorageKind) {
    let names = Names::start(storage);
    let greeter = Hosted::shared("127.0.0.1:0", server_config(), "greeter", |_| Greeter);
    let tags = vec!["greets"];
    connect(&names.uri, config())
        .call::<()>("register", &("rust", greeter.uri.to_string(), true, tags))
        .expect("it is registered");
    let server = |generation| Python::source(SERVER).env("GENERATION", generation).arg(&names.uri).serve("READY ");
    let ((_five, uri_of_five), (_four, uri_of_four)) = (server("5"), server("4"));
    for (generation, other) in [("5", &uri_of_four), ("4", &uri_of_five)] {
        let client = Python::source(CLIENT).env("GENERATION", generation).arg(&names.uri).arg(other);
        let output = client.run(TIMEOUT);
        assert!(output.stdout.ends_with("ALL OK\n"), "{generation}: {output:?}");
    }
}

#[test]
fn programs_of_both_generations_find_each_other() {
    find_each_other(StorageKind::Memory);
}

#[test]
fn programs_of_both_generations_find_each_other_with_sqlite() {
    let database = Database::new();
    find_each_other(database.storage());
}

/// Nobody listens where the name server is looked for first, so that it has to be asked for.
const BROADCAST: &str = "
import sys
from checking import equal
from generation import NUMBER, config, core
config.COMMTIMEOUT = 30.0
locate = core.locate_ns if NUMBER == 5 else core._locateNS
with locate() as ns:
    equal(str(ns._pyroUri), sys.argv[1])
    ns.ping()
print('ALL OK')
";

#[test]
fn the_name_server_is_found_by_broadcast() {
    let names = Names::start(StorageKind::Memory);
    let uri = names.uri.replace("localhost", "0.0.0.0");
    // What it tells in place of 0.0.0.0 is the address that the client reaches.
    let responder = BroadcastResponder::new(uri.parse().expect("a URI"));
    let broadcast = BroadcastServer::bind("127.0.0.1", 0, responder).expect("it listens");
    let port = broadcast.local_addr().port().to_string();
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port();
    for generation in ["5", "4"] {
        let client = Python::source(BROADCAST)
            .env("GENERATION", generation)
            .env("PYRO_BROADCAST_ADDRS", "127.0.0.1")
            .env("PYRO_NS_BCPORT", &port)
            .env("PYRO_NS_PORT", nobody.to_string())
            .arg(names.uri.replace("localhost", "127.0.0.1"));
        let output = client.run(TIMEOUT);
        assert!(output.stdout.ends_with("ALL OK\n"), "{generation}: {output:?}");
    }
}

/// What a client sees of a name server that stands elsewhere than at `localhost`.
const ELSEWHERE: &str = "
import sys
from checking import equal
from generation import NUMBER, config, core
config.COMMTIMEOUT = 30.0
locate = core.locate_ns if NUMBER == 5 else core._locateNS
with locate(sys.argv[1], int(sys.argv[2])) as ns:
    equal(str(ns.lookup('Pyro.NameServer')), sys.argv[3])
    equal(ns.list()['Pyro.NameServer'], sys.argv[3])
print('ALL OK')
";

#[test]
fn the_name_server_stands_behind_a_router_or_on_a_unix_socket() {
    let mut options = Options::default();
    options.config.nat = Some(Nat { host: "router.example".to_owned(), port: 1234 });
    let behind = Names::with(options);
    assert_eq!(behind.uri, "PYRO:Pyro.NameServer@router.example:1234");
    let path = unique_socket_path();
    let local = Names::at(&Place::Unix(path.to_string()), Options::default());
    assert_eq!(local.uri, format!("PYRO:Pyro.NameServer@./u:{path}"));
    for generation in ["5", "4"] {
        for (names, host) in [(&behind, "localhost".to_owned()), (&local, format!("./u:{path}"))] {
            let client = Python::source(ELSEWHERE).env("GENERATION", generation);
            let output = client.args([&host, &names.port, &names.uri]).run(TIMEOUT);
            assert!(output.stdout.ends_with("ALL OK\n"), "{generation}: {output:?}");
        }
    }
    let mut options = Options::default();
    options.config.nat = Some(Nat::host("router.example"));
    let refused = Service::start(&Place::Unix(path.to_string()), options).err().map(|error| error.kind());
    assert_eq!(refused, Some(std::io::ErrorKind::InvalidInput));
}

/// It is an object of a daemon like any other one.
#[test]
fn a_name_server_stands_beside_other_objects() {
    let names = NameServer::new(Memory::new());
    let server = Hosted::local("127.0.0.1:0", server_config(), "Pyro.NameServer", move |_| names);
    let output = Python::source(
        "
import sys
from generation import Proxy
with Proxy(sys.argv[1]) as ns:
    ns.register('a', 'PYRO:a@h:1')
    print(sorted(ns.list()))
",
    )
    .arg(server.uri.to_string())
    .run(TIMEOUT);
    assert_eq!(output.stdout, "['a']\n");
}
