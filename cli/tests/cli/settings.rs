//! `firesteel check-config`, and settings that take effect.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use firesteel_testkit::Python;

use crate::running::{Firesteel, echoserver, firesteel};

/// The settings that a listing shows.
fn listed(output: &str) -> BTreeMap<String, String> {
    let pairs = output.lines().filter_map(|line| line.split_once(" = "));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn of_pyro(variables: &[(&str, &str)]) -> String {
    let program = "import Pyro5; print(Pyro5.config.dump())";
    let python = variables.iter().fold(Python::source(program), |python, (name, value)| python.env(name, value));
    python.run(Duration::from_secs(60)).stdout
}

fn ours(variables: &[(&str, &str)]) -> String {
    let command = Firesteel::new(&["check-config"]);
    variables.iter().fold(command, |command, (name, value)| command.env(name, value)).run().ok()
}

#[test]
fn the_layout_is_that_of_pyro() {
    let (pyro, ours) = (of_pyro(&[]), ours(&[]));
    let header = "Currently active global configuration settings:";
    assert!(pyro.lines().any(|line| line == header) && ours.lines().any(|line| line == header), "{ours}");
    assert!(ours.starts_with(&format!("firesteel version: {}\nLoaded from: /", env!("CARGO_PKG_VERSION"))), "{ours}");
    let (pyro, settings) = (listed(&pyro), listed(&ours));
    let last = ours.lines().last().and_then(|line| line.strip_prefix("Not used by firesteel: ")).expect("the rest");
    for (name, value) in &pyro {
        match settings.get(name) {
            None => assert!(last.split(", ").any(|unused| unused == name), "{name} is nowhere"),
            Some(ours) if name == "MAX_MESSAGE_SIZE" => assert_eq!(ours, "67108864"),
            Some(ours) if name == "THREADPOOL_SIZE" => assert_eq!(ours, "4"),
            Some(ours) => assert_eq!(ours, value, "{name}"),
        }
    }
    let more: Vec<_> = settings.keys().filter(|name| !pyro.contains_key(*name)).collect();
    assert_eq!(more, ["HMAC_KEY", "SERIALIZERS_ACCEPTED"], "of Pyro4");
}

#[test]
fn what_the_environment_sets_is_shown_as_in_pyro() {
    let variables = [
        ("PYRO_HOST", "0.0.0.0"),
        ("PYRO_COMMTIMEOUT", "2.50"),
        ("PYRO_COMPRESSION", "YES"),
        ("PYRO_NATHOST", "router.example"),
        ("PYRO_NATPORT", "1234"),
        ("PYRO_MAX_MESSAGE_SIZE", " 1_000_000 "),
        ("PYRO_SERIALIZER", "msgpack"),
        ("PYRO_ITER_STREAM_LINGER", "5"),
        ("PYRO_SERVERTYPE", "multiplex"),
    ];
    let output = ours(&variables);
    assert!(output.contains("SERVERTYPE (set)"), "{output}");
    let (pyro, ours) = (listed(&of_pyro(&variables)), listed(&output));
    for (name, _) in variables.iter().filter(|(name, _)| *name != "PYRO_SERVERTYPE") {
        let name = name.trim_start_matches("PYRO_");
        assert_eq!(ours[name], pyro[name], "{name}");
    }
    let secret = self::ours(&[("PYRO_HMAC_KEY", "very secret")]);
    assert!(secret.contains("HMAC_KEY = (set)\n") && !secret.contains("very"), "{secret}");
}

#[test]
fn wrong_variables_are_errors_that_name_them() {
    for (name, value) in [("PYRO_BOGUS", "1"), ("PYRO_NATPORT", "high"), ("PYRO_SOCK_REUSE", "perhaps")] {
        let error = Firesteel::new(&["check-config"]).env(name, value).run().error(2);
        assert!(error.contains(&format!("{name}={value}: ")), "{error}");
    }
    assert!(firesteel(&["check-config", "x"]).error(2).contains("unexpected argument 'x'"));
}

#[test]
fn an_echo_server_behind_a_router_says_where_that_is() {
    let nat = |port| {
        let command = Firesteel::new(&["echoserver", "-H", "127.0.0.1"]).env("PYRO_NATHOST", "router.example");
        let mut server = command.env("PYRO_NATPORT", port).start();
        let uri = server.wait_for("echo uri: ");
        server.wait_for("echoserver running.");
        (server, uri)
    };
    assert_eq!(nat("1234").1, "PYRO:test.echoserver@router.example:1234");
    // Without a port, it is the real one.
    let (_server, uri) = nat("0");
    let port = uri.strip_prefix("PYRO:test.echoserver@router.example:").expect("the name of the router");
    let real = format!("PYRO:test.echoserver@127.0.0.1:{port}");
    assert_eq!(firesteel(&["call", &real, "echo", "5"]).ok(), "5\n");
    let info = firesteel(&["call", &format!("PYRO:Pyro.Daemon@127.0.0.1:{port}"), "info"]).ok();
    assert!(info.contains(&format!("bound on 127.0.0.1:{port}, NAT router.example:{port}, ")), "{info}");
    let socket = firesteel_testkit::unique_socket_path();
    let unix = Firesteel::new(&["echoserver", "-u", &socket.to_string(), "-q"]).env("PYRO_NATHOST", "router.example");
    assert!(unix.run().error(1).contains("a unix socket has no NAT address"));
}

#[test]
fn the_version_of_ip_is_chosen() {
    let start = |version| {
        let mut server = Firesteel::new(&["echoserver"]).env("PYRO_PREFER_IP_VERSION", version).start();
        let uri = server.wait_for("echo uri: ");
        let with = |host: &str| firesteel(&["ping", &uri.replace("localhost", host)]);
        let by_name = Firesteel::new(&["ping", &uri]).env("PYRO_PREFER_IP_VERSION", version).run();
        assert!(by_name.ok().starts_with("ok"));
        (with("127.0.0.1"), with("[::1]"))
    };
    let (four, six) = start("4");
    assert!(four.ok().starts_with("ok") && six.error(1).contains("cannot connect"));
    let addresses: Vec<_> = ("localhost", 0).to_socket_addrs().expect("addresses").collect();
    if addresses.iter().any(SocketAddr::is_ipv6) {
        let (four, six) = start("6");
        assert!(six.ok().starts_with("ok") && four.error(1).contains("cannot connect"));
    } else {
        let six = Firesteel::new(&["echoserver", "-q"]).env("PYRO_PREFER_IP_VERSION", "6").run();
        assert!(six.error(1).contains("the name has no address of the version that is set"));
    }
}

#[test]
fn streams_can_be_switched_off() {
    let mut server = Firesteel::new(&["echoserver"]).env("PYRO_ITER_STREAMING", "off").start();
    let uri = server.wait_for("echo uri: ");
    let output = firesteel(&["call", &uri, "generator"]);
    assert!(output.stderr.contains("not configured to allow streaming"), "{output:?}");
    let (_server, uri) = echoserver(&[]);
    assert!(firesteel(&["call", &uri, "generator"]).ok().starts_with("'one'\n"));
}
