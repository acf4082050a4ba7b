//! Programs of both generations of Pyro iterate over the streams of a Rust object.

use std::time::Duration;

use firesteel::{Config, SerializerId};
use firesteel_testkit::Python;

use crate::hosted::{Hosted, server_config};
use crate::source::{SOURCE, Source};
use crate::support::{TIMEOUT, config, connect, eventually};

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
pub fn accepting() -> Config {
    let mut config = server_config();
    config.serializers = config.serializers.with(SerializerId::Pickle);
    config
}

/// Runs the checks of this name, in all these generations and serializers at the same time.
pub fn check(server: &Hosted, programs: &[(&str, &str)], of: &str) {
    let start = |(generation, serializer): &(&str, &str)| {
        let script = Python::script("check_generation.py").env("GENERATION", generation);
        script.args([&*server.uri.to_string(), serializer, "--of", of]).start()
    };
    let clients: Vec<_> = programs.iter().map(start).collect();
    for client in clients {
        let output = client.finish(TIMEOUT * 3);
        assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
        let passed = output.stdout.lines().filter(|line| line.starts_with("ok ")).count();
        assert!(passed > 5, "{output:?}");
    }
}

fn local(config: Config) -> Hosted {
    Hosted::local("127.0.0.1:0", config, SOURCE, |_| Source::default())
}

fn shared(config: Config) -> Hosted {
    Hosted::shared("127.0.0.1:0", config, SOURCE, |_| Source::default())
}

#[test]
fn all_iterate_over_streams_on_one_thread() {
    check(&local(accepting()), &PROGRAMS, "streams");
}

#[test]
fn all_iterate_over_streams_on_several_threads() {
    check(&shared(accepting()), &PROGRAMS, "streams");
}

/// Runs a program of each generation with a proxy for the object.
#[track_caller]
fn assert_passes(server: &Hosted, body: &str) {
    let head = "\
import sys, time
from generation import Proxy, config, errors
from checking import equal, raises
config.COMMTIMEOUT = 30.0
proxy = Proxy(sys.argv[1])
";
    for generation in ["4", "5"] {
        let program = Python::source(&format!("{head}{body}\nprint('ALL OK')\n")).env("GENERATION", generation);
        let output = program.arg(server.uri.to_string()).run(TIMEOUT);
        assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
    }
}

#[test]
fn without_streaming_python_says_so() {
    let mut config = server_config();
    config.streaming = false;
    for server in [local(config.clone()), shared(config)] {
        assert_passes(
            &server,
            "
text = 'result of call is an iterator, but the server is not configured to allow streaming'
raises(errors.ProtocolError, text, proxy.count, 3)
raises(errors.ProtocolError, text, proxy.tracked, 'none')
equal(proxy.open('none'), 0)
",
        );
    }
}

#[test]
fn without_linger_a_stream_ends_with_its_connection() {
    let mut config = server_config();
    config.stream_linger = Duration::ZERO;
    for server in [local(config.clone()), shared(config)] {
        assert_passes(
            &server,
            "
stream = proxy.tracked('key')
equal([next(stream), proxy.open('key')], [1, 1])
proxy._pyroReconnect(3)
raises(errors.PyroError, 'item stream terminated', next, stream)
equal(proxy.open('key'), 0)
",
        );
    }
}

#[test]
fn a_lifetime_ends_a_stream_while_it_is_pulled() {
    let mut config = server_config();
    config.stream_lifetime = Some(Duration::from_millis(300));
    for server in [local(config.clone()), shared(config)] {
        assert_passes(
            &server,
            "
stream = proxy.tracked('key')
equal(next(stream), 1)
time.sleep(0.5)
raises(errors.PyroError, 'item stream terminated', next, stream)
equal(proxy.open('key'), 0)
",
        );
    }
}

/// The streams of a client that dies are gone after a while, even if it was pulling one.
#[test]
fn a_dead_clients_streams_do_not_stay() {
    let mut linger = server_config();
    linger.stream_linger = Duration::from_millis(200);
    for server in [local(linger.clone()), shared(linger)] {
        assert_passes(
            &server,
            "
import os
streams = [proxy.tracked('dead') for _ in range(5)]
for stream in streams[:3]:
    equal(next(stream), 1)
print('ALL OK', flush=True)
os._exit(0)
",
        );
        let proxy = connect(&server.uri.to_string(), config());
        eventually("the end of the streams", || proxy.call::<i32>("open", &("dead",)).expect("an answer") == 0);
    }
}
