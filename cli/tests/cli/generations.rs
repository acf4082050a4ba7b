//! Both generations of Pyro, each of their serializers, and signed messages.

use crate::running::{Firesteel, PATIENCE, echoserver, firesteel};
use firesteel_testkit::{Python, PythonProcess};

/// Pyro4's own echo server, accepting all that it has.
fn echoserver_of_pyro4(environment: &[(&str, &str)]) -> (PythonProcess, String) {
    let python = Python::module("Pyro4.test.echoserver").args(["-H", "127.0.0.1"]);
    let python = python.env("PYRO_SERIALIZERS_ACCEPTED", "serpent,marshal,json,msgpack,pickle");
    environment.iter().fold(python, |python, (name, value)| python.env(name, value)).serve("echo uri: ")
}

#[track_caller]
fn call(uri: &str, args: &[&str]) -> String {
    Firesteel::new(&["call", uri]).args(args).run().ok().trim_end().to_owned()
}

/// A value that every serializer of Pyro leaves as it is.
const LITERAL: &str = "[1, -2.5, 'äö', None, True, {'a': [1180591620717411303424]}]";
/// The same for marshal and msgpack, which have no such integers everywhere.
const SMALL: &str = "[1, -2.5, 'äö', None, True, {'a': []}]";

#[test]
fn the_echo_server_of_pyro4_answers_in_each_serializer() {
    let (_server, uri) = echoserver_of_pyro4(&[]);
    for serializer in ["serpent", "marshal", "json", "msgpack", "pickle"] {
        for protocol in ["pyro4", "auto"] {
            let options = ["--protocol", protocol, "--serializer", serializer];
            let call = |args: &[&str]| call(&uri, &[&options, args].concat());
            assert_eq!(call(&["echo", LITERAL]), LITERAL, "{options:?}");
            assert_eq!(call(&["oneway_echo", "1"]), "None", "{options:?}");
            assert_eq!(call(&["nan"]), "nan", "{options:?}");
        }
    }
    assert_eq!(call(&uri, &["--serializer", "pickle", "echo", "(1, {2}, b'\\x00')"]), "(1, {2}, b'\\x00')");
    for protocol in ["pyro4", "48", "4", "auto"] {
        assert!(firesteel(&["ping", &uri, "--protocol", protocol]).ok().starts_with("ok"), "{protocol}");
        assert_eq!(call(&uri, &["--protocol", protocol, "verbose"]), "False");
    }
    let output = Firesteel::new(&["call", &uri, "error"]).run();
    assert_eq!(output.code, Some(1));
    let first = "builtins.ValueError: expected error from echoserver error() method\n";
    assert!(output.stderr.starts_with(first) && output.stderr.contains("in error"), "{}", output.stderr);
    for serializer in ["serpent", "marshal", "json", "msgpack", "pickle"] {
        let members = firesteel(&["inspect", &uri, "--serializer", serializer]).ok();
        assert!(members.contains("method echo\n") && members.contains("method oneway_slow (oneway)\n"), "{members}");
        assert!(members.ends_with("attribute verbose\n"), "{members}");
    }
}

#[test]
fn the_echo_server_of_pyro5_answers_in_each_serializer() {
    let (_server, uri) = firesteel_testkit::echoserver(&[]);
    for serializer in ["serpent", "marshal", "json", "msgpack"] {
        let options = ["--protocol", "pyro5", "--serializer", serializer];
        let echoed = call(&uri, &[&options[..], &["echo", LITERAL]].concat());
        assert_eq!(echoed, LITERAL, "{serializer}");
        assert!(Firesteel::new(&["inspect", &uri]).args(&options).run().ok().contains("method echo\n"));
        assert!(Firesteel::new(&["ping", &uri]).args(&options).run().ok().starts_with("ok"));
    }
    let error = firesteel(&["ping", &uri, "--protocol", "pyro4"]).error(1);
    assert!(error.contains("protocol"), "{error}");
}

#[test]
fn between_two_firesteels_everything_is_spoken() {
    let (_server, uri) = echoserver(&["--serializers", "serpent,marshal,json,msgpack,pickle,dill,cloudpickle,cbor"]);
    for protocol in ["pyro5", "pyro4", "auto"] {
        for serializer in ["serpent", "marshal", "json", "msgpack", "cbor", "pickle", "dill", "cloudpickle"] {
            let options = ["--protocol", protocol, "--serializer", serializer];
            if protocol == "pyro5" && ["pickle", "dill", "cloudpickle"].contains(&serializer) {
                let error = Firesteel::new(&["call", &uri, "nan"]).args(&options).run().error(2);
                assert!(error.contains("--protocol pyro4"), "{error}");
                continue;
            }
            assert_eq!(call(&uri, &[&options[..], &["echo", SMALL]].concat()), SMALL, "{options:?}");
        }
    }
    let everything = "[(1,), {2}, b'\\x00', 1180591620717411303424, {(1, 2): None}, (1+2j)]";
    assert_eq!(call(&uri, &["--serializer", "cbor", "echo", everything]), everything);
}

#[test]
fn pickle_is_refused_unless_it_is_accepted() {
    let refused = |uri: &str, serializer: &str| {
        let error = firesteel(&["call", uri, "nan", "--serializer", serializer]).error(1);
        assert!(error.contains("not accepted") || error.contains("connection was lost"), "{error}");
    };
    let (_server, uri) = echoserver(&[]);
    for serializer in ["pickle", "dill", "cloudpickle"] {
        refused(&uri, serializer);
    }
    let mut server = Firesteel::new(&["echoserver"]).env("PYRO_SERIALIZERS_ACCEPTED", "serpent,pickle").start();
    let uri = server.wait_for("echo uri: ");
    assert_eq!(call(&uri, &["--serializer", "pickle", "nan"]), "nan");
    refused(&uri, "dill");
    refused(&uri, "json");
    let error = firesteel(&["echoserver", "--serializers", "pickle,morse"]).error(2);
    assert!(error.contains("unknown serializer \"morse\""), "{error}");
}

/// Each generation in its own words.
const CLIENT: &str = r#"
import importlib, sys, time
generation, uri, serializers = sys.argv[1:]
pyro = importlib.import_module(generation)
core, config = (pyro.core, pyro.config) if generation == "Pyro4" else (importlib.import_module("Pyro5.api"), pyro.config)
error_text = {
    "Pyro4": "expected error from echoserver error() method",
    "Pyro5": "this is the generated error from echoserver echo() method",
}[generation]
for serializer in serializers.split(","):
    config.SERIALIZER = serializer
    with core.Proxy(uri) as proxy:
        value = [1, -2.5, "äö", None, True, {"a": [2, 3]}]
        assert proxy.echo(value) == value, serializer
        assert proxy.echo(message="text") == "text", serializer
        assert proxy.oneway_echo(1) is None
        assert proxy.nan() != proxy.nan()
        try:
            proxy.error()
        except ValueError as error:
            assert error.args == (error_text,), (serializer, error)
        else:
            assert False, serializer
        try:
            proxy.nosuch()
        except AttributeError:
            pass
        else:
            assert False, serializer
        if serializer != "marshal":
            assert proxy.verbose is False, serializer
        if serializer == "pickle":
            import datetime, decimal
            value = [(1,), {2}, b"\0", bytearray(b"1"), 2**70, 1 + 2j, decimal.Decimal("1.5"), datetime.datetime(2020, 1, 2)]
            assert proxy.echo(value) == value, proxy.echo(value)
print("ALL OK")
"#;

#[track_caller]
fn check(generation: &str, uri: &str, serializers: &str, key: &str) {
    let source = match generation {
        // Pyro4 has no variable for the key of its proxies.
        "Pyro4" => {
            CLIENT.replace("as proxy:", &format!("as proxy:\n        proxy._pyroHmacKey = {key:?}.encode() or None"))
        }
        _ => CLIENT.to_owned(),
    };
    let output = Python::source(&source).args([generation, uri, serializers]).run(PATIENCE);
    assert!(output.stdout.ends_with("ALL OK\n"), "{}", output.stdout);
}

#[test]
fn clients_of_both_generations_share_one_port() {
    let (_server, uri) = echoserver(&["--serializers", "serpent,marshal,json,msgpack,pickle"]);
    check("Pyro4", &uri, "serpent,marshal,json,msgpack,pickle", "");
    check("Pyro5", &uri, "serpent,marshal,json,msgpack", "");
    check("Pyro4", &uri, "pickle,serpent", "");
}

#[test]
fn messages_are_signed_where_there_is_a_key() {
    let key = [("PYRO_HMAC_KEY", "secret")];
    let with_key = |args: &[&str], key: &str| Firesteel::new(args).env("PYRO_HMAC_KEY", key).run();
    let mut ours = Firesteel::new(&["echoserver", "-H", "127.0.0.1"]).env(key[0].0, key[0].1).start();
    let our_uri = ours.wait_for("echo uri: ");
    check("Pyro4", &our_uri, "serpent,json", "secret");
    let (_theirs, their_uri) = echoserver_of_pyro4(&key);
    for uri in [&our_uri, &their_uri] {
        assert_eq!(with_key(&["call", uri, "echo", "'signed'"], "secret").ok(), "'signed'\n");
        for (args, key) in
            [(&["ping", uri][..], "wrong"), (&["ping", uri], ""), (&["ping", uri, "--protocol", "pyro4"], "")]
        {
            with_key(args, key).error(1);
        }
        let error = with_key(&["ping", uri, "--protocol", "pyro5"], "secret").error(2);
        assert!(error.contains("PYRO_HMAC_KEY"), "{error}");
    }
}
