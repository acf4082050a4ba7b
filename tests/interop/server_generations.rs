//! Programs of both generations of Pyro, in all their serializers, call one Rust object on one port.

use std::os::unix::net::UnixStream;

use firesteel::blocking::Server;
use firesteel::{Config, Local, SerializerId};
use firesteel_testkit::{Python, PythonProcess, unique_socket_path};

use crate::echo::{ECHO, EchoServer};
use crate::hosted::{Hosted, server_config};
use crate::support::TIMEOUT;

/// The generations, with the serializers of each.
const PROGRAMS: [(&str, &str); 9] = [
    ("4", "serpent"),
    ("4", "marshal"),
    ("4", "json"),
    ("4", "msgpack"),
    ("4", "pickle"),
    ("5", "serpent"),
    ("5", "marshal"),
    ("5", "json"),
    ("5", "msgpack"),
];

/// One that takes pickle, too.
fn accepting() -> Config {
    let mut config = server_config();
    config.serializers = config.serializers.with(SerializerId::Pickle);
    config
}

fn client(server: &Hosted, generation: &str, args: &[&str]) -> PythonProcess {
    let script = Python::script("check_generation.py").env("GENERATION", generation);
    script.arg(server.uri.to_string()).args(args).start()
}

#[track_caller]
fn assert_passed(client: PythonProcess) {
    let output = client.finish(TIMEOUT * 3);
    assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
    let passed = output.stdout.lines().filter(|line| line.starts_with("ok ")).count();
    assert!(passed > 18, "{output:?}");
}

/// All of them at the same time.
fn check(server: &Hosted, more: &[&str]) {
    let clients = PROGRAMS.map(|(generation, serializer)| client(server, generation, &[&[serializer], more].concat()));
    clients.into_iter().for_each(assert_passed);
}

#[test]
fn all_call_one_object_on_one_thread() {
    check(&Hosted::local("127.0.0.1:0", accepting(), ECHO, EchoServer::new), &[]);
}

#[test]
fn all_call_one_object_on_several_threads() {
    check(&Hosted::shared("127.0.0.1:0", accepting(), ECHO, EchoServer::new), &[]);
}

#[test]
fn both_sides_compress() {
    let mut config = accepting();
    config.compression = true;
    check(&Hosted::local("127.0.0.1:0", config, ECHO, EchoServer::new), &["--compressing"]);
}

#[test]
fn pyro4_calls_over_ipv6_and_a_unix_socket() {
    let path = unique_socket_path();
    for address in ["[::1]:0".to_owned(), format!("./u:{path}")] {
        let server = Hosted::local(&address, accepting(), ECHO, EchoServer::new);
        assert_passed(client(&server, "4", &["json"]));
    }
}

/// Without a handshake: the first message tells what is spoken.
#[test]
fn pyro4_calls_on_a_socketpair() {
    let (ours, theirs) = UnixStream::pair().expect("a socketpair");
    let mut server: Server<Local> = Server::unbound(accepting()).expect("a server");
    server.daemon.register(ECHO, EchoServer::default()).expect("a free name");
    server.adopt(ours).expect("a socket");
    let script = Python::script("client_fd.py").env("GENERATION", "4");
    let client = script.args(["0", ECHO, "--without-batches"]).socket(theirs).start();
    server.run().expect("events");
    let output = client.finish(TIMEOUT);
    assert!(output.stdout.ends_with("\nALL OK\n"), "{output:?}");
}

#[test]
fn pickle_is_refused_unless_it_is_accepted() {
    let server = Hosted::local("127.0.0.1:0", server_config(), ECHO, EchoServer::new);
    let body = "
import sys
from Pyro4 import config, errors, message
from Pyro4.core import Proxy
from Pyro4.util import get_serializer
from checking import equal, raises
config.SERIALIZER = sys.argv[2]
proxy = Proxy(sys.argv[1])
error = raises(errors.CommunicationError, None, proxy._pyroBind)
assert str(error).endswith('rejected: message used serializer that is not accepted: 4'), error
# The same within a session that began in another one.
proxy._pyroSerializer = 'serpent'
equal(proxy.echo(1), 1)
proxy._pyroSerializer = 'pickle'
raises(errors.SerializeError, 'message used serializer that is not accepted: 4', proxy.echo, 1)
# Pyro's client hangs up, too, and connects again.
proxy._pyroSerializer = 'json'
equal(proxy.echo(2), 2)
print('ALL OK')
";
    let output = Python::source(body).args([server.uri.to_string(), "pickle".to_owned()]).run(TIMEOUT);
    assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
}
