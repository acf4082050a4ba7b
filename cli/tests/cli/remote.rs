//! `firesteel call`, `inspect` and `ping`, with the real Pyro5 at the other end.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::running::{Firesteel, firesteel};
use firesteel_testkit::{echoserver, server, unique_socket_path};

#[track_caller]
fn call(uri: &str, args: &[&str]) -> String {
    let output = Firesteel::new(&["call", uri]).args(args).run().ok();
    output.strip_suffix('\n').expect("a line").to_owned()
}

#[test]
fn the_echo_server_of_pyro_answers() {
    let (_server, uri) = echoserver(&[]);
    for literal in [
        "['real', 1, 2.5, None]",
        "None",
        "True",
        "-5",
        "-2.5",
        "1.5e+300",
        "'text with \"quotes\"'",
        "\"it's\"",
        "(1,)",
        "()",
        "{'a': {1: 2}}",
        "{}",
        "{1}",
        "123456789012345678901234567890",
        "(1+2j)",
        "'äöü €'",
    ] {
        assert_eq!(call(&uri, &["echo", literal]), literal);
    }
    assert_eq!(call(&uri, &["echo", "--", "-1.5j"]), "(-0-1.5j)");
    assert_eq!(call(&uri, &["echo", "b'\\x00abc'"]), "{'data': 'AGFiYw==', 'encoding': 'base64'}");
    assert_eq!(call(&uri, &["echo", "set()"]), "()");
    assert_eq!(call(&uri, &["nan"]), "nan");
    assert_eq!(call(&uri, &["inf"]), "inf");
    assert_eq!(call(&uri, &["verbose"]), "False");
    assert_eq!(call(&uri, &["__dunder__"]), "'should be allowed (dunder)'");
    assert_eq!(call(&uri, &["echo", "--serializer", "serpent", "--kw", "message={'a': 'b=c'}"]), "{'a': 'b=c'}");
}

#[test]
fn arguments_go_by_place_and_by_name() {
    let (_server, uri) = server("server.py", &[]);
    assert_eq!(call(&uri, &["add", "1"]), "111");
    assert_eq!(call(&uri, &["add", "-1", "-2", "--kw", "c=-3"]), "-6");
    assert_eq!(call(&uri, &["add", "--kw", "b=2", "--kw=a=1"]), "103");
    assert_eq!(call(&uri, &["collect", "1", "'x'", "--kw", "k=[None]"]), "[[1, 'x'], {'k': [None]}]");
    assert_eq!(call(&uri, &["nothing"]), "None");
    assert_eq!(call(&uri, &["name"]), "'the thing'");
    assert_eq!(call(&uri, &["describe", "b'x'"]), "['dict', \"{'data': 'eA==', 'encoding': 'base64'}\"]");
    assert_eq!(
        call(&uri, &["custom"]),
        "[{'__class__': 'thing.Point', 'x': 1, 'y': 2}, {'__class__': 'weather.Temperature', 'celsius': 21.5}]"
    );
    let bytes = Firesteel::new(&["call", &uri, "describe", "b'x'"]).env("PYRO_SERPENT_BYTES_REPR", "true").run();
    assert_eq!(bytes.ok(), "['bytes', \"b'x'\"]\n");
    let compressed = Firesteel::new(&["call", &uri, "large", "300"]).env("PYRO_COMPRESSION", "1").run();
    assert_eq!(compressed.ok(), format!("'{}'\n", "x".repeat(300)));
}

#[test]
fn oneway_calls_do_not_wait() {
    let (_server, uri) = server("server.py", &["--threads"]);
    let start = Instant::now();
    assert_eq!(call(&uri, &["note_slowly", "'late'", "5"]), "None");
    assert_eq!(call(&uri, &["--oneway", "slow", "5"]), "None");
    assert!(start.elapsed() < Duration::from_secs(4), "it waited");
    assert_eq!(call(&uri, &["note", "'a'"]), "None");
    assert_eq!(call(&uri, &["note", "--kw", "text='b'"]), "None");
    // Each ran on a thread of its own.
    let deadline = Instant::now() + crate::running::PATIENCE;
    while !["['a', 'b']", "['b', 'a']"].contains(&call(&uri, &["notes"]).as_str()) {
        assert!(Instant::now() < deadline, "the oneway calls did not come");
    }
}

#[test]
fn a_remote_exception_comes_with_its_traceback() {
    let (_server, uri) = server("server.py", &[]);
    let output = Firesteel::new(&["call", &uri, "fail_deep", "2"]).run();
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    let lines: Vec<_> = output.stderr.lines().collect();
    assert_eq!(lines[0], "builtins.ZeroDivisionError: at the bottom");
    assert_eq!(lines[1], " +--- This exception occurred remotely (Pyro) - Remote traceback:");
    assert_eq!(lines[2], " | Traceback (most recent call last):");
    assert_eq!(lines[lines.len() - 2], " | ZeroDivisionError: at the bottom");
    assert_eq!(lines[lines.len() - 1], " +--- End of remote traceback");
    assert!(
        lines[3..lines.len() - 2].iter().any(|line| line.starts_with(" |   File ") && line.ends_with("in fail_deep"))
    );

    for (args, first) in [
        (&["failing"][..], "builtins.RuntimeError: this attribute cannot be read"),
        (&["nosuch"], "builtins.AttributeError: 'Thing' object has no attribute 'nosuch'"),
        (&["fail_custom"], "thing.CustomError: ('custom text', [1, 2])"),
        (&["nothing", "1"], "builtins.TypeError: Thing.nothing() takes 1 positional argument but 2 were given"),
    ] {
        let output = Firesteel::new(&["call", &uri]).args(args).run();
        assert_eq!((output.code, output.stderr.lines().next()), (Some(1), Some(first)));
    }
    let output = firesteel(&["call", &uri, "fail_builtin", "'ValueError'", "'\\x1b[2J'"]);
    assert!(!output.stderr.contains('\x1b') && output.stderr.contains("\\u{1b}[2J"), "{}", output.stderr);
}

#[test]
fn inspect_lists_one_member_a_line() {
    let (_server, uri) = echoserver(&[]);
    let members = "\
method __dunder__
method echo
method error
method error_with_text
method generator
method inf
method nan
method oneway_echo (oneway)
method oneway_slow (oneway)
method shutdown
method slow
attribute verbose
";
    assert_eq!(firesteel(&["inspect", &uri]).ok(), members);
    let (_ours, uri) = crate::running::echoserver(&[]);
    assert_eq!(firesteel(&["inspect", &uri]).ok(), members);
}

#[test]
fn ping_measures() {
    let (_server, uri) = echoserver(&[]);
    let output = firesteel(&["ping", &uri]).ok();
    assert!(output.starts_with("ok: round trip ") && output.ends_with(" ms)\n"), "{output}");
}

#[test]
fn all_kinds_of_sockets() {
    let path = unique_socket_path();
    let (_unix, uri) = server("server.py", &["--unix", &path.to_string()]);
    assert_eq!(call(&uri, &["add", "1"]), "111");
    let (_ip6, uri) = server("server.py", &["--host", "::1"]);
    assert!(uri.contains("@[::1]:"), "{uri}");
    assert_eq!(call(&uri, &["add", "2"]), "112");
    assert!(firesteel(&["ping", &uri]).ok().starts_with("ok"));
}

#[test]
fn what_cannot_be_reached_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    // It accepts by the system's queue, and never answers.
    for (command, more) in [("ping", None), ("inspect", None), ("call", Some("echo"))] {
        let silent = format!("PYRO:obj@{address}");
        let start = Instant::now();
        let output = Firesteel::new(&[command, &silent, "--timeout", "0.3"]).args(more.as_slice()).run();
        assert!(output.error(1).contains("--timeout"));
        assert!(start.elapsed() < Duration::from_secs(5));
    }
    drop(listener);
    for location in [address.to_string(), "./u:/no/such/socket".to_owned()] {
        let output = firesteel(&["ping", &format!("PYRO:obj@{location}")]);
        let error = output.error(1);
        assert!(error.starts_with(&format!("error: cannot connect to {location}: ")), "{error}");
    }
    let (_server, uri) = echoserver(&[]);
    let error = firesteel(&["ping", &uri.replace("test.echoserver", "no.such.object")]).error(1);
    assert!(error.ends_with("unknown object"), "{error}");
}

#[test]
fn slow_answers_are_waited_for_only_so_long() {
    let (_server, uri) = server("server.py", &["--threads"]);
    let error = firesteel(&["call", &uri, "slow", "20", "--timeout", "0.5"]).error(1);
    assert!(error.contains("in time"), "{error}");
    let slow = Firesteel::new(&["call", &uri, "slow", "20"]).env("PYRO_COMMTIMEOUT", "0.5").run();
    assert!(slow.error(1).contains("in time"));
    assert_eq!(call(&uri, &["--timeout", "30", "slow", "0.2", "5"]), "5");
}

#[test]
fn large_answers_are_refused_above_the_limit() {
    let (_server, uri) = server("server.py", &[]);
    let large =
        |limit: &str| Firesteel::new(&["call", &uri, "large", "5000"]).env("PYRO_MAX_MESSAGE_SIZE", limit).run();
    assert_eq!(large("6000").ok().len(), 5003);
    assert!(large("4000").error(1).contains("PYRO_MAX_MESSAGE_SIZE"));
}
