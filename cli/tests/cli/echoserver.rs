//! `firesteel echoserver`, used by the real Pyro5.

use std::fs;
use std::time::{Duration, Instant};

use crate::running::{Firesteel, PATIENCE, echoserver, firesteel};
use firesteel_testkit::{Output, Python, unique_socket_path};
use rustix::process::Signal;

/// Checks of `check_server.py` that are left out.
const SKIPPED: &[&str] = &[
    // Python takes the keys of a dictionary for positional arguments; firesteel takes tuples and lists.
    "keys_of_a_dictionary_as_arguments",
    // firesteel passes instances of classes on as data; it never makes objects of them.
    "unknown_classes_are_refused",
    "double_underscore_classes_are_refused",
];

#[track_caller]
fn check(uri: &str, args: &[&str]) -> Output {
    let output = Python::script("check_server.py")
        .arg(uri)
        .arg("--skip")
        .arg(SKIPPED.join(","))
        .args(args)
        .run(Duration::from_secs(180));
    assert!(output.stdout.ends_with("ALL OK\n"), "{}", output.stdout);
    output
}

#[test]
fn behaves_as_that_of_pyro() {
    let (server, uri) = echoserver(&["-p", "0"]);
    let output = check(&uri, &["--kind", "tcp", "--shutdown"]);
    assert!(output.stdout.contains("ok shut_down\n"), "{}", output.stdout);
    assert_eq!(server.finish().ok(), "");
}

#[test]
fn behaves_as_that_of_pyro_on_a_unix_socket() {
    let path = unique_socket_path();
    let (server, uri) = echoserver(&["-u", &path.to_string()]);
    assert_eq!(uri, format!("PYRO:test.echoserver@./u:{path}"));
    check(&uri, &["--kind", "unix", "--shutdown"]);
    assert_eq!(server.finish().ok(), "");
    assert!(!path.exists(), "the socket is removed");
}

#[test]
fn behaves_as_that_of_pyro_over_ipv6() {
    let (server, uri) = echoserver(&["-H", "::1"]);
    assert!(uri.starts_with("PYRO:test.echoserver@[::1]:"), "{uri}");
    check(&uri, &["--kind", "tcp6", "--shutdown"]);
    assert_eq!(server.finish().ok(), "");
}

#[test]
fn behaves_as_that_of_pyro_when_it_compresses() {
    let mut server = Firesteel::new(&["echoserver"]).env("PYRO_COMPRESSION", "on").start();
    let uri = server.wait_for("echo uri: ");
    check(&uri, &["--compressing", "--shutdown"]);
    assert_eq!(server.finish().code, Some(0));
}

#[test]
fn prints_what_that_of_pyro_prints() {
    let mut server = Firesteel::new(&["echoserver", "-v"]).start();
    assert_eq!(server.line(), "Starting firesteel's built-in test echo server.");
    assert_eq!(server.line(), "not using a name server.");
    assert_eq!(server.line(), "object name: test.echoserver");
    let uri = server.line();
    let uri = uri.strip_prefix("echo uri: ").expect("the uri");
    assert!(uri.starts_with("PYRO:test.echoserver@localhost:"), "{uri}");
    assert_eq!(server.line(), "echoserver running.");

    firesteel(&["call", uri, "echo", "['it\\'s', b'\\x00', (1,)]"]).ok();
    let call = server.line();
    let (time, text) = call.split_once(" - ").expect("a time and a text");
    assert_eq!(text, "echo: [\"it's\", {'data': 'AA==', 'encoding': 'base64'}, (1,)]");
    assert_python(&format!("import time; time.strptime({time:?}); assert len({time:?}) == len(time.asctime())"));

    let rest = |server: &mut crate::running::Server| server.line().split_once(" - ").expect("a time").1.to_owned();
    assert_eq!(firesteel(&["call", uri, "error"]).code, Some(1));
    assert_eq!(rest(&mut server), "error: generating exception");
    assert_eq!(firesteel(&["call", uri, "error_with_text"]).code, Some(1));
    assert_eq!(rest(&mut server), "error: generating exception");
    firesteel(&["call", uri, "oneway_echo", "1"]).ok();
    assert_eq!(rest(&mut server), "oneway_echo: 1");
    firesteel(&["call", uri, "oneway_slow"]).ok();
    assert_eq!(rest(&mut server), "oneway_slow: waiting a bit...");
    assert_eq!(rest(&mut server), "oneway_slow: returning result");
    assert_eq!(firesteel(&["call", uri, "slow"]).ok(), "'Finally, an answer!'\n");
    assert_eq!(rest(&mut server), "slow: waiting a bit...");
    assert_eq!(rest(&mut server), "slow: returning result");
    firesteel(&["call", uri, "shutdown"]).ok();
    assert_eq!(rest(&mut server), "shutting down");
    assert_eq!(server.finish().ok(), "");
}

#[track_caller]
fn assert_python(source: &str) {
    Python::source(source).run(PATIENCE);
}

#[test]
fn says_nothing_when_it_shall_be_quiet() {
    let path = unique_socket_path();
    let server = Firesteel::new(&["echoserver", "-q", "-u", &path.to_string()]).start();
    let deadline = Instant::now() + PATIENCE;
    while !path.exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    firesteel(&["call", &format!("PYRO:test.echoserver@./u:{path}"), "shutdown"]).ok();
    assert_eq!(server.finish().ok(), "");
}

#[test]
fn ends_cleanly_with_a_signal() {
    for signal in [Signal::INT, Signal::TERM] {
        let path = unique_socket_path();
        let (server, uri) = echoserver(&["-u", &path.to_string()]);
        // A client that is still there does not hold it up.
        let client = std::os::unix::net::UnixStream::connect(&path).expect("it listens");
        firesteel(&["ping", &uri]).ok();
        server.signal(signal);
        assert_eq!(server.finish().ok(), "", "{signal:?}");
        assert!(!path.exists(), "the socket is removed");
        drop(client);
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (mut server, uri) = echoserver(&["-v"]);
    let slow = Firesteel::new(&["call", &uri, "slow"]).start();
    assert!(server.line().ends_with("slow: waiting a bit..."));
    server.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(300));
    assert!(server.is_running(), "the call may end");
    server.signal(Signal::INT);
    assert_eq!(server.finish().code, Some(130));
    assert_eq!(slow.finish().code, Some(1));
}

#[test]
fn answers_the_calls_that_run_when_it_is_told_to_end() {
    let (mut server, uri) = echoserver(&["-v"]);
    let slow = Firesteel::new(&["call", &uri, "slow"]).start();
    assert!(server.line().ends_with("slow: waiting a bit..."));
    // The server gives calls as long as this one takes in all.
    std::thread::sleep(Duration::from_secs(2));
    server.signal(Signal::TERM);
    assert_eq!(slow.finish().ok(), "'Finally, an answer!'\n");
    assert_eq!(server.finish().code, Some(0));
}

/// More slow calls than threads, and meanwhile an attribute is set, for which the object must be free.
const SLOW_CALLS: &str = r#"
import sys, threading, time
from Pyro5.api import Proxy

answers = []

def slow():
    with Proxy(sys.argv[1]) as proxy:
        answers.append(proxy.slow())

with Proxy(sys.argv[1]) as proxy:
    proxy._pyroBind()
    threads = [threading.Thread(target=slow, daemon=True) for _ in range(20)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    proxy.verbose = [0]
    assert proxy.verbose is True
    proxy.verbose = ""
    assert proxy.verbose is False
    assert proxy.echo(1) == 1
    assert answers == [], answers
    for thread in threads:
        thread.join(30)
    assert answers == ["Finally, an answer!"] * 20, answers
"#;

#[test]
fn slow_calls_stop_nobody() {
    let (_server, uri) = echoserver(&[]);
    Python::source(SLOW_CALLS).arg(&uri).run(PATIENCE);
}

#[test]
fn settings_come_from_the_environment() {
    let start = |name: &str, value: &str| {
        let mut server = Firesteel::new(&["echoserver"]).env(name, value).env("PYRO_HOST", "no.such.host").start();
        let uri = server.wait_for("echo uri: ");
        (server, uri)
    };
    let (_server, uri) = start("PYRO_SERPENT_BYTES_REPR", "1");
    assert_eq!(firesteel(&["call", &uri, "echo", "b'raw'"]).code, Some(0));
    assert_python(&format!(
        "from Pyro5 import api, config\nconfig.SERPENT_BYTES_REPR = True\nwith api.Proxy({uri:?}) as p:\n  assert p.echo(b'\\0') == b'\\0'"
    ));
    let (_server, uri) = start("PYRO_MAX_MESSAGE_SIZE", "1000");
    let long = format!("'{}'", "x".repeat(2000));
    assert_eq!(firesteel(&["call", &uri, "echo", "'short'"]).ok(), "'short'\n");
    assert!(firesteel(&["call", &uri, "echo", &long]).error(1).contains("connection was lost"));
    for (name, value) in [("PYRO_COMPRESSION", "perhaps"), ("PYRO_MAX_MESSAGE_SIZE", "big"), ("PYRO_COMMTIMEOUT", "x")]
    {
        let error = Firesteel::new(&["echoserver"]).env(name, value).run().error(2);
        assert!(error.contains(&format!("{name}={value}")), "{error}");
    }
}

#[test]
fn addresses_that_are_taken_are_an_error() {
    let (_server, uri) = echoserver(&[]);
    let port = uri.rsplit(':').next().expect("a port");
    let error = firesteel(&["echoserver", "-H", "127.0.0.1", "-p", port]).code;
    assert_eq!(error, Some(1));
    let path = unique_socket_path();
    fs::write(&path, "somebody's file").expect("the file can be written");
    let output = firesteel(&["echoserver", "-q", "-u", &path.to_string()]);
    assert!(output.error(1).contains("choose another"));
    assert_eq!(fs::read_to_string(&path).expect("the file is still there"), "somebody's file");
}
