//! The real Pyro5 client checks an echo server in Rust, as it checks Pyro's own.

use firesteel_testkit::{Output, Python, unique_socket_path};

use crate::echo::{ECHO, EchoServer};
use crate::hosted::{Hosted, server_config};
use crate::support::TIMEOUT;

/// Checks that hold for Pyro's server and not for this one.
const SKIPPED: &str = concat!(
    // Classes are data here: a method that echoes any value gives them back.
    "unknown_classes_are_refused,double_underscore_classes_are_refused,",
    // A dictionary is no list of arguments here.
    "keys_of_a_dictionary_as_arguments",
);

fn check(server: &Hosted, kind: &str, more: &[&str]) -> Output {
    let output = Python::script("check_server.py")
        .arg(server.uri.to_string())
        .args(["--kind", kind, "--skip", SKIPPED])
        .args(more)
        .run(TIMEOUT * 3);
    assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
    output
}

#[test]
fn python_finds_pyros_echo_server_on_one_thread_over_tcp() {
    let server = Hosted::local("127.0.0.1:0", server_config(), ECHO, EchoServer::new);
    let output = check(&server, "tcp", &["--shutdown"]);
    let passed = output.stdout.lines().filter(|line| line.starts_with("ok ")).count();
    assert!(passed > 60, "{output:?}");
    // It was shut down by its own method.
    server.wait();
}

#[test]
fn python_finds_pyros_echo_server_on_several_threads_over_tcp() {
    let server = Hosted::shared("127.0.0.1:0", server_config(), ECHO, EchoServer::new);
    check(&server, "tcp", &["--shutdown"]);
    server.wait();
}

#[test]
fn python_finds_pyros_echo_server_on_one_thread_over_ipv6() {
    let server = Hosted::local("[::1]:0", server_config(), ECHO, EchoServer::new);
    check(&server, "tcp6", &[]);
}

#[test]
fn python_finds_pyros_echo_server_on_several_threads_over_ipv6() {
    let server = Hosted::shared("[::1]:0", server_config(), ECHO, EchoServer::new);
    check(&server, "tcp6", &[]);
}

#[test]
fn python_finds_pyros_echo_server_on_one_thread_over_a_unix_socket() {
    let path = unique_socket_path();
    let server = Hosted::local(&format!("./u:{path}"), server_config(), ECHO, EchoServer::new);
    check(&server, "unix", &["--shutdown"]);
    server.wait();
    assert!(!path.exists(), "the socket is removed with the server");
}

#[test]
fn python_finds_pyros_echo_server_on_several_threads_over_a_unix_socket() {
    let path = unique_socket_path();
    let server = Hosted::shared(&format!("./u:{path}"), server_config(), ECHO, EchoServer::new);
    check(&server, "unix", &[]);
}

#[test]
fn python_finds_a_compressing_echo_server() {
    let mut config = server_config();
    config.compression = true;
    let server = Hosted::local("127.0.0.1:0", config.clone(), ECHO, EchoServer::new);
    check(&server, "tcp", &["--compressing"]);
    let server = Hosted::shared("127.0.0.1:0", config, ECHO, EchoServer::new);
    check(&server, "tcp", &["--compressing"]);
}
