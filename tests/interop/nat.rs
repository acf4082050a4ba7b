//! Published addresses behind a router: a relay on another port stands for it.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::thread;

use firesteel::blocking::Server;
use firesteel::{Context, Fault, Location, Nat, ObjectRef, Uri, expose};
use firesteel_testkit::{Python, unique_socket_path};

use crate::hosted::{Hosted, server_config};
use crate::support::{TIMEOUT, config, connect};

struct Door;

#[expose]
impl Door {
    /// A proxy for itself, as outsiders see it.
    pub fn itself(&self, cx: &mut Context<'_>) -> Result<ObjectRef, Fault> {
        cx.reference("door").ok_or_else(|| Fault::new("builtins.RuntimeError", "nowhere"))
    }

    pub fn knock(&self, times: i64) -> i64 {
        times + 1
    }
}

/// The router: it takes connections on a port of its own.
fn relay(to: u16, listener: TcpListener) {
    thread::spawn(move || {
        while let Ok((outside, _)) = listener.accept() {
            let Ok(inside) = TcpStream::connect(("127.0.0.1", to)) else { return };
            let copies = [(outside.try_clone(), inside.try_clone()), (Ok(inside), Ok(outside))];
            for (from, to) in copies {
                let (mut from, mut to) = (from.expect("a socket"), to.expect("a socket"));
                thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
            }
        }
    });
}

const CLIENT: &str = "
import sys
from checking import equal
from generation import Proxy, config
config.COMMTIMEOUT = 30.0
with Proxy(sys.argv[1]) as door:
    equal(door.knock(1), 2)
    other = door.itself()
    equal(str(other._pyroUri), sys.argv[1])
    equal(other.knock(2), 3)
with Proxy(sys.argv[1].replace('door@', 'Pyro.Daemon@')) as daemon:
    assert (', NAT %s, ' % sys.argv[1].split('@')[1]) in daemon.info(), daemon.info()
print('ALL OK')
";

#[test]
fn python_reaches_objects_where_the_router_takes_connections() {
    let router = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = router.local_addr().expect("an address").port();
    let mut config = server_config();
    config.nat = Some(Nat { host: "127.0.0.1".to_owned(), port });
    let server = Hosted::shared("127.0.0.1:0", config, "door", |_| Door);
    assert_eq!(server.uri.to_string(), format!("PYRO:door@127.0.0.1:{port}"));
    let Some(Location::Tcp { port: real, .. }) = server.address.clone() else { panic!("it listens") };
    assert_ne!(real, port);
    relay(real, router);
    for generation in ["5", "4"] {
        let output = Python::source(CLIENT).env("GENERATION", generation).arg(server.uri.to_string()).run(TIMEOUT);
        assert!(output.stdout.ends_with("ALL OK\n"), "{generation}: {output:?}");
    }
    // Without the router, the object is known under the same address.
    let inside = Uri::pyro("door", Location::Tcp { host: "127.0.0.1".to_owned(), port: real });
    let reference: ObjectRef = connect(&inside.to_string(), crate::support::config()).call("itself", &()).expect("it");
    assert_eq!(reference.uri, server.uri);
}

/// What `Daemon(host, port, nathost, natport)` makes of the same, in Python.
const PYRO: &str = "
from Pyro5.api import Daemon
for nathost, natport in [('router', 1234), ('router', 0), (None, None)]:
    with Daemon(host='127.0.0.1', nathost=nathost, natport=natport) as daemon:
        port = daemon.locationStr.split(':')[1]
        uris = [str(daemon.uriFor('door')), str(daemon.uriFor('door', nat=False))]
        print(*[uri.replace(port, 'REAL') for uri in uris])
";

#[test]
fn uris_are_those_of_pyro() {
    let output = Python::source(PYRO).run(TIMEOUT);
    let mut lines = output.stdout.lines();
    for nat in [Some(Nat { host: "router".to_owned(), port: 1234 }), Some(Nat::host("router")), None] {
        let mut config = config();
        config.nat = nat;
        let server: Server = Server::bind_with("127.0.0.1:0", config).expect("it listens");
        let Some(Location::Tcp { port, .. }) = server.local_addr() else { panic!("it listens") };
        let internal = server.daemon.internal_uri("door").expect("a uri");
        let ours = format!("{} {internal}", server.uri("door")).replace(&port.to_string(), "REAL");
        assert_eq!(Some(&*ours), lines.next(), "{output:?}");
    }
    let mut config = config();
    config.nat = Some(Nat::host("router"));
    let refused = Server::<firesteel::Local>::bind_with(&format!("./u:{}", unique_socket_path()), config);
    assert_eq!(refused.err().map(|error| error.kind()), Some(io::ErrorKind::InvalidInput));
}
