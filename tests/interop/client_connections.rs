//! How proxies come to their connections, and lose them.

use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use firesteel::blocking::Connector;
use firesteel::wire::MessageType;
use firesteel::{CallFailure, CloseReason, Instance, Value};
use firesteel_testkit::{Python, Sender, echoserver, unique_socket_path};

use crate::support::{TIMEOUT, Thing, assert_raises, config, connect, eventually, fault};
use crate::tap::Tap;

#[test]
fn unix_sockets_work_like_tcp() {
    let path = unique_socket_path().to_string();
    let thing = Thing::start(&["--unix", &path]);
    let proxy = thing.proxy();
    assert_eq!(proxy.call::<String>("echo", &("through a file",)).expect("an answer"), "through a file");
    proxy.close();
    assert_eq!(proxy.call::<String>("echo", &("once more",)).expect("an answer"), "once more");
    thing.quit();

    let path = unique_socket_path().to_string();
    let (_server, uri) = echoserver(&["-u", &path]);
    assert_eq!(connect(&uri, config()).call::<i64>("echo", &(5,)).expect("an answer"), 5);
}

#[test]
fn ipv6_works_like_ipv4() {
    let thing = Thing::start(&["--host", "::1"]);
    let uri = thing.uri("test.thing");
    assert!(uri.contains("@[::1]:"), "{uri}");
    assert_eq!(thing.proxy().call::<i64>("echo", &(6,)).expect("an answer"), 6);
    thing.quit();
}

#[test]
fn a_child_serves_on_a_socketpair_without_a_handshake() {
    let (ours, theirs) = UnixStream::pair().expect("a socketpair");
    let (process, uri) = Python::script("server.py").args(["--fd", "0"]).socket(theirs).serve("READY ");
    assert_eq!(uri, "PYRO:test.thing@./u:<<not-bound>>");
    let (client, tapped) = UnixStream::pair().expect("a socketpair");
    let tap = Tap::between(&tapped, &ours);
    drop((tapped, ours));
    let proxy = Connector::new(config()).adopt("test.thing", client).expect("a socket");

    assert_eq!(proxy.call::<String>("echo", &("hello",)).expect("an answer"), "hello");
    assert_eq!(proxy.get::<String>("name").expect("an answer"), "the thing");
    assert_raises(
        proxy.call::<Value>("nosuch", &()),
        "builtins.AttributeError",
        "'Thing' object has no attribute 'nosuch'",
    );
    // Nobody has told what it exposes: the daemon is asked.
    let metadata = proxy.metadata().expect("an answer");
    assert_eq!(metadata.oneway, ["note", "note_slowly"]);
    assert_eq!(metadata.attributes, ["failing", "level", "name"]);
    proxy.notify("note", &("one",)).expect("it is sent");
    eventually("the note", || proxy.call::<Vec<String>>("notes", &()).expect("an answer") == ["one"]);
    let long = "x".repeat(500_000);
    assert!(proxy.call::<String>("echo", &(&long,)).expect("an answer") == long);

    // Other objects on the same socket.
    let other = proxy.share("test.echoserver").expect("the same socket");
    assert_eq!(other.call::<i64>("echo", &(2,)).expect("an answer"), 2);
    let stranger = proxy.share("no.such.object").expect("the same socket");
    assert_raises(stranger.call::<Value>("echo", &(1,)), "Pyro5.errors.DaemonError", "unknown object");
    proxy.call::<()>("quit", &()).expect("it ends");
    assert!(!tap.sent_by(Sender::Client).iter().any(|message| message.is(MessageType::Connect)));
    process.finish(TIMEOUT);

    let error = proxy.call::<i64>("echo", &(1,)).expect_err("the child is gone");
    assert!(matches!(error, CallFailure::Lost(_)), "{error:?}");
    let error = proxy.call::<i64>("echo", &(1,)).expect_err("the socket was given: there is no other");
    assert_eq!(error, CallFailure::Misuse(firesteel::CallError::Closed));
}

#[test]
fn several_threads_share_one_proxy() {
    let thing = Thing::start(&["--threads"]);
    let proxy = thing.proxy();
    thread::scope(|threads| {
        for number in 0..8 {
            let proxy = &proxy;
            threads.spawn(move || {
                for n in 0..100 {
                    let sent = (number, n, "x".repeat(n * 50));
                    assert_eq!(proxy.call::<(usize, usize, String)>("echo", &(&sent,)).expect("an answer"), sent);
                    if n % 25 == 0 {
                        assert!(fault(proxy.call::<Value>("fail_builtin", &("KeyError",))).is("builtins.KeyError"));
                    }
                }
            });
        }
    });
}

/// Each answer waits for the other thread's request to be read, and each request for an answer to be read.
#[test]
fn large_calls_of_several_threads_do_not_block_each_other() {
    let path = unique_socket_path().to_string();
    let thing = Thing::start(&["--unix", &path, "--threads"]);
    let proxy = thing.proxy();
    thread::scope(|threads| {
        for digit in ["1", "2", "3", "4"] {
            let proxy = &proxy;
            threads.spawn(move || {
                for _ in 0..5 {
                    let text = digit.repeat(4 << 20);
                    assert!(proxy.call::<String>("echo", &(&text,)).expect("an answer") == text);
                }
            });
        }
    });
}

#[test]
fn threads_with_deadlines_share_one_proxy() {
    let thing = Thing::start(&["--threads"]);
    let proxy = thing.proxy();
    proxy.ping().expect("connected");
    thread::scope(|threads| {
        threads.spawn(|| {
            let hasty = proxy.timeout(Duration::from_millis(30));
            assert_eq!(hasty.call::<Value>("slow", &(0.3,)), Err(CallFailure::Deadline));
        });
        for number in 0..4 {
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
fn a_restarted_server_is_found_again() {
    let path = unique_socket_path().to_string();
    let first = Thing::start(&["--unix", &path]);
    let proxy = first.proxy();
    assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("an answer"), 1);
    first.quit();
    let nobody = proxy.call::<i64>("echo", &(2,)).expect_err("nobody is there");
    assert!(matches!(nobody, CallFailure::Lost(_)), "{nobody:?}");
    let nobody = proxy.call::<i64>("echo", &(3,)).expect_err("nobody is there");
    assert!(matches!(nobody, CallFailure::Lost(CloseReason::Unreachable(_))), "{nobody:?}");
    let _second = Thing::start(&["--unix", &path]);
    assert_eq!(proxy.call::<i64>("echo", &(4,)).expect("it connects again"), 4);
}

#[test]
fn after_a_serialize_error_the_next_call_connects_again() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    for _ in 0..3 {
        let stranger = Value::from(Instance::new("some.Thing"));
        assert!(fault(proxy.call::<Value>("echo", &(&stranger,))).is("Pyro5.errors.SerializeError"));
        // Pyro closes the connection behind this answer. A call that meets the end is lost; the next one is not.
        let echo = proxy.call::<i64>("echo", &(1,));
        assert!(matches!(echo, Ok(1) | Err(CallFailure::Lost(_))), "{echo:?}");
        assert_eq!(proxy.call::<i64>("echo", &(2,)).expect("it is connected again"), 2);
    }
}

#[test]
fn a_closed_port_is_a_quick_and_clear_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    drop(listener);
    let begun = Instant::now();
    let proxy = connect(&format!("PYRO:test.thing@127.0.0.1:{port}"), config());
    let error = proxy.call::<i64>("echo", &(1,)).expect_err("nobody listens");
    assert!(matches!(error, CallFailure::Lost(CloseReason::Unreachable(_))), "{error:?}");
    let text = error.to_string();
    assert!(text.starts_with("the connection was lost: cannot connect: ") && text.contains("refused"), "{text}");
    assert!(begun.elapsed() < Duration::from_secs(5), "it took {:?}", begun.elapsed());
    for result in [proxy.ping(), proxy.notify("note", &("x",)), proxy.metadata().map(|_| ())] {
        assert!(matches!(result, Err(CallFailure::Lost(CloseReason::Unreachable(_)))), "{result:?}");
    }

    let path = unique_socket_path().to_string();
    let proxy = connect(&format!("PYRO:test.thing@./u:{path}"), config());
    let error = proxy.call::<i64>("echo", &(1,)).expect_err("nobody listens");
    assert!(error.to_string().contains("No such file"), "{error}");
}

#[test]
fn who_accepts_and_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let uri = format!("PYRO:test.thing@{}", listener.local_addr().expect("a port"));
    let mut config = config();
    config.handshake_timeout = Duration::from_millis(200);
    let error = connect(&uri, config).call::<i64>("echo", &(1,)).expect_err("nobody answers");
    assert_eq!(error, CallFailure::Lost(CloseReason::Timeout));
    assert_eq!(error.to_string(), "the connection was lost: the handshake took too long");
}
