//! The checks of tests/interop/python hold for the original: only then do they mean anything for
//! firesteel.

use std::time::Duration;

use firesteel_testkit::{Python, unique_socket_path};

/// Ends with `shutdown()`, so the echo server must have ended by itself too.
fn check(server: Python, args: &[&str]) {
    let (server, uri) = server.serve("echo uri: ");
    let output = Python::script("check_server.py").arg(&uri).args(args).arg("--shutdown").run(Duration::from_secs(120));
    assert!(output.stdout.contains("ok shut_down\n"), "{output:?}");
    assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
    server.finish(Duration::from_secs(20));
}

fn echoserver(args: &[&str]) -> Python {
    Python::module("Pyro5.utils.echoserver").args(args)
}

#[test]
fn over_tcp() {
    check(echoserver(&["-H", "127.0.0.1"]), &["--kind", "tcp"]);
}

#[test]
fn over_ipv6() {
    check(echoserver(&["-H", "::1"]), &["--kind", "tcp6"]);
}

#[test]
fn over_a_unix_socket() {
    let path = unique_socket_path();
    check(echoserver(&["-u", &path.to_string()]), &["--kind", "unix"]);
}

#[test]
fn with_compression() {
    check(echoserver(&["-H", "127.0.0.1"]).env("PYRO_COMPRESSION", "1"), &["--compressing"]);
}

#[test]
fn of_both_generations_in_every_serializer() {
    let all = [("4", "serpent,marshal,json,msgpack,pickle"), ("5", "serpent,marshal,json,msgpack")];
    for (generation, serializers) in all {
        let server = Python::script("server.py").env("GENERATION", generation).args(["--accept", serializers]);
        let (_server, uri) = server.serve("READY ");
        let uri = uri.replace("test.thing", "test.echoserver");
        for serializer in serializers.split(',') {
            let check = Python::script("check_generation.py").env("GENERATION", generation);
            let output = check.args([&uri, serializer]).run(Duration::from_secs(120));
            assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
        }
    }
}

#[test]
fn a_deviation_is_found() {
    let (_server, uri) = firesteel_testkit::echoserver(&[]);
    let process = Python::script("check_server.py").args([&uri, "--compressing"]).start();
    let failure = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| process.finish(Duration::from_secs(120))))
        .expect_err("this server does not compress");
    let report = failure.downcast::<String>().expect("a formatted message");
    assert!(report.contains("FAILED compressed_replies"), "{report}");
}
