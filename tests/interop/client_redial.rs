//! A client that is not told which protocol a server speaks finds out.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use firesteel::blocking::Connector;
use firesteel::wire::Dialect;
use firesteel::{CallFailure, CloseReason, Config, Protocol, ProtocolError, SerializerId, Uri, Value};
use firesteel_testkit::{Sender, SocketPath, unique_socket_path};

use crate::support::{Thing, assert_raises, config, connect, eventually, raised};
use crate::tap::Tap;

/// A server of Pyro4 on a unix socket, with a tap on each connection to it.
struct Tapped {
    thing: Thing,
    taps: Receiver<Tap>,
    path: SocketPath,
}

impl Tapped {
    fn new(start: fn(&[&str]) -> Thing) -> Self {
        let server = unique_socket_path().to_string();
        let thing = start(&["--unix", &server, "--threads"]);
        let (taps, path) = Tap::each_before(server);
        Self { thing, taps, path }
    }

    fn uri(&self) -> String {
        format!("PYRO:test.thing@./u:{}", self.path)
    }

    /// In which protocol the next connection began.
    fn next_began_with(&self) -> Option<Dialect> {
        let tap = self.taps.recv_timeout(Duration::from_millis(200)).ok()?;
        eventually("the first message", || !tap.sent_by(Sender::Client).is_empty());
        Some(tap.sent_by(Sender::Client)[0].header.dialect)
    }
}

/// In the serializers of both protocols.
fn any() -> impl Iterator<Item = Config> {
    [SerializerId::Serpent, SerializerId::Marshal, SerializerId::Json, SerializerId::Msgpack].into_iter().map(
        |serializer| {
            let mut config = config();
            config.serializer = serializer;
            config
        },
    )
}

#[test]
fn it_connects_once_more_and_remembers() {
    for config in any() {
        let server = Tapped::new(Thing::pyro4);
        let connector = Connector::new(config);
        let proxy = connector.proxy(&server.uri()).expect("a URI");
        assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("an answer"), 1);
        assert_eq!(server.next_began_with(), Some(Dialect::Pyro5));
        assert_eq!(server.next_began_with(), Some(Dialect::Pyro4));
        assert_eq!(proxy.call::<i64>("echo", &(2,)).expect("an answer"), 2);
        assert_eq!(server.next_began_with(), None);
        // What it has learnt, it need not learn again.
        proxy.close();
        assert_eq!(proxy.call::<i64>("echo", &(3,)).expect("an answer"), 3);
        assert_eq!(server.next_began_with(), Some(Dialect::Pyro4));
        let other = connector.proxy(&server.uri()).expect("a URI");
        assert_eq!(other.call::<i64>("echo", &(4,)).expect("an answer"), 4);
        proxy.call::<()>("quit", &()).expect("it ends");
        drop(server.thing);
    }
}

#[test]
fn a_server_of_its_first_choice_is_connected_to_once() {
    let server = Tapped::new(Thing::start);
    let proxy = connect(&server.uri(), config());
    assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("an answer"), 1);
    assert_eq!(server.next_began_with(), Some(Dialect::Pyro5));
    assert_eq!(server.next_began_with(), None);
}

#[test]
fn calls_that_waited_are_sent_again() {
    for (config, compress) in any().zip([false, true].into_iter().cycle()) {
        let thing = Thing::pyro4(&["--threads"]);
        let mut config = config;
        config.compression = compress;
        let proxy = thing.proxy_with(config);
        // Nobody waits for these: they are on their way before the server is known.
        proxy.notify("note", &("one",)).expect("it is kept");
        proxy.notify("note", &("x".repeat(100_000),)).expect("it is kept");
        let uri: Uri = "PYRO:some.object@localhost:4444".parse().expect("a URI");
        assert_eq!(proxy.call::<(String, String)>("describe", &(&uri,)).expect("an answer").0, "URI");
        eventually("the notes", || {
            let mut sizes =
                proxy.call::<Vec<String>>("notes", &()).expect("an answer").iter().map(String::len).collect::<Vec<_>>();
            sizes.sort_unstable();
            sizes == [3, 100_000]
        });
    }
}

#[test]
fn many_threads_wait_for_the_second_connection() {
    let thing = Thing::pyro4(&["--threads"]);
    let proxy = thing.proxy();
    std::thread::scope(|threads| {
        for number in 0..8 {
            let proxy = &proxy;
            threads.spawn(move || {
                for n in 0..20 {
                    assert_eq!(proxy.call::<(i32, i32)>("echo", &((number, n),)).expect("an answer"), (number, n));
                }
            });
        }
    });
}

#[test]
fn who_is_told_what_to_speak_does_not_try_the_other() {
    let (pyro4, pyro5) = (Thing::pyro4(&[]), Thing::start(&[]));
    for (thing, speaks, other) in [(&pyro4, Dialect::Pyro4, Dialect::Pyro5), (&pyro5, Dialect::Pyro5, Dialect::Pyro4)] {
        let mut config = config();
        config.protocol = Protocol::Always(other);
        let error = thing.proxy_with(config).call::<Value>("echo", &(1,)).expect_err("it speaks the other");
        assert_eq!(error, CallFailure::Lost(CloseReason::Protocol(ProtocolError::Dialect(speaks))));
        let text = format!("the peer speaks {speaks}: allow that in the config");
        assert!(error.to_string().contains(&text), "{error}");
    }
}

#[test]
fn pickle_is_spoken_in_protocol_48_alone() {
    let mut config = config();
    config.serializer = SerializerId::Pickle;
    let thing = Thing::pyro4(&[]);
    let proxy = thing.proxy_with(config.clone());
    assert_eq!(proxy.call::<(i64, i64)>("echo", &((1, 2),)).expect("an answer"), (1, 2));
    // Pyro5 has no pickle.
    let thing = Thing::start(&[]);
    let error = thing.proxy_with(config).call::<Value>("echo", &(1,)).expect_err("it is not understood");
    assert_eq!(error, CallFailure::Lost(CloseReason::Protocol(ProtocolError::Dialect(Dialect::Pyro5))));
}

#[test]
fn an_unknown_object_is_told_after_the_second_connection() {
    let thing = Thing::pyro4(&[]);
    let stranger = connect(&thing.uri("no.such.object"), config());
    let rejected = stranger.call::<Value>("echo", &(1,)).expect_err("it is not there");
    assert_eq!(rejected, CallFailure::Lost(CloseReason::Rejected("unknown object".to_owned())));
    let proxy = thing.proxy();
    assert_raises(proxy.call::<Value>("fail_builtin", &("KeyError", "k")), "builtins.KeyError", "k");
    assert_eq!(raised(proxy.call::<Value>("fail_pyro", &("NamingError", "n"))).0, "Pyro5.errors.NamingError");
}
