//! The Python programs of tests/interop/python, run against each other.

use std::os::unix::net::UnixStream;
use std::time::Duration;

use firesteel_testkit::{Python, scripts, unique_socket_path};

const TIMEOUT: Duration = Duration::from_secs(60);

#[test]
fn client_and_server_on_a_socketpair() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (mut server, uri) = Python::script("server.py").args(["--fd", "0"]).socket(ours).serve("READY ");
    assert_eq!(uri, "PYRO:test.thing@./u:<<not-bound>>");
    let output = Python::script("client_fd.py").args(["0", "test.echoserver"]).socket(theirs).run(TIMEOUT);
    assert!(output.stdout.ends_with("\nALL OK\n"), "{output:?}");
    server.wait_for("END", TIMEOUT);
    server.finish(TIMEOUT);
}

/// Uses every option and most methods, so that what clients are tested with is itself tested.
#[test]
fn the_server_for_clients() {
    let path = unique_socket_path().to_string();
    let unix = ["--unix", &path, "--secret", "open sesame", "--bytes-repr"];
    for options in [
        &["--host", "127.0.0.1", "--detailed-tracebacks"][..],
        &["--host", "::1", "--annotation", "DMON=always", "--compress"],
        &["--threads", "--no-streams"],
        &unix,
    ] {
        let (server, uri) = firesteel_testkit::server("server.py", options);
        let output = Python::script("try_server.py").arg(&uri).args(options).run(TIMEOUT);
        assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
        server.finish(TIMEOUT);
    }
}

#[test]
fn the_transcripts_still_hold() {
    for generation in ["5", "4"] {
        let output = Python::script("record.py").env("GENERATION", generation).arg("--verify").run(TIMEOUT);
        assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
    }
}

#[test]
fn the_examples_in_python() {
    let examples = scripts().join("../../../examples/python");
    let path = |name| examples.join(name).display().to_string();
    let (_server, uri) = firesteel_testkit::server(&path("server.py"), &[]);
    let output = Python::script(&path("client.py")).arg(&uri).run(TIMEOUT);
    assert!(output.stdout.ends_with("the total is 3\n"), "{output:?}");
}
