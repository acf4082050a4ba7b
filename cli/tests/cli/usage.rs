//! Wrong usage, and what is printed for it.

use std::process::{Command, Stdio};

use crate::running::{Firesteel, firesteel};

/// Nothing listens there; wrong usage is noticed before that matters.
const URI: &str = "PYRO:obj@127.0.0.1:1";

#[test]
fn wrong_usage_is_one_line_and_exit_code_2() {
    for (args, text) in [
        (&[][..], "requires a subcommand"),
        (&["bogus"], "unrecognized subcommand 'bogus'"),
        (&["call"], "<URI> <METHOD>"),
        (&["call", URI], "<METHOD>"),
        (&["call", URI, "echo", "text"], "quotes"),
        (&["call", URI, "echo", "[1"], "not a Python literal"),
        (&["call", URI, "echo", "-x"], "unexpected argument"),
        (&["call", URI, "echo", "--kw", "x"], "NAME=LITERAL"),
        (&["call", URI, "echo", "--kw", "x=y"], "not a Python literal"),
        (&["call", URI, "echo", "--kw", "x=1", "--kw", "x=2"], "x was given twice"),
        (&["call", URI, "echo", "--serializer", "morse"], "unknown serializer \"morse\""),
        (&["inspect", URI, "--serializer", "morse"], "unknown serializer \"morse\""),
        (&["ping", URI, "--protocol", "pyro3"], "pyro5, pyro4, auto"),
        (&["ping", URI, "--protocol", "pyro5", "--serializer", "pickle"], "--protocol pyro4"),
        (&["call", URI, "echo", "--timeout", "soon"], "number of seconds"),
        (&["call", "PYRONAME:", "echo"], "invalid uri"),
        (&["nsc"], "<COMMAND>"),
        (&["nsc", "bogus"], "'bogus'"),
        (&["nsc", "-p", "70000", "list"], "70000"),
        (&["ping", "obj"], "write PYRO:object@host:port"),
        (&["ping", "PYRO:obj@host"], "invalid port"),
        (&["ping", "PYRO:obj@host:99999"], "invalid port"),
        (&["inspect", URI, "--timeout", "0"], "number of seconds"),
        (&["echoserver", "-p", "70000"], "70000"),
        (&["echoserver", "extra"], "unexpected argument 'extra'"),
    ] {
        let error = firesteel(args).error(2);
        assert!(error.contains(text), "{args:?}: {error}");
    }
    for (name, value) in [("PYRO_SERIALIZER", "morse"), ("PYRO_COMMTIMEOUT", "-1")] {
        let error = Firesteel::new(&["ping", URI]).env(name, value).run().error(2);
        assert!(error.contains(&format!("{name}={value}")), "{error}");
    }
}

#[test]
fn variables_that_mean_nothing_here_are_ignored() {
    let run = Firesteel::new(&["ping", URI]).env("PYRO_SERVERTYPE", "any").env("PYRO_METADATA", "0").run();
    assert!(run.error(1).contains("cannot connect"));
}

#[test]
fn help_and_version_are_no_errors() {
    for command in ["call", "inspect", "ping", "nsc", "echoserver", "check-config"] {
        assert!(firesteel(&["--help"]).ok().contains(&format!("  {command} ")));
        assert!(firesteel(&[command, "--help"]).ok().contains("Usage: firesteel "));
    }
    assert!(firesteel(&["--version"]).ok().starts_with("firesteel "));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (_server, uri) = crate::running::echoserver(&[]);
    for args in [&["inspect", &uri][..], &["call", &uri, "echo", "1"], &["--help"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = Command::new(env!("CARGO_BIN_EXE_firesteel"))
            .args(args)
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .expect("firesteel runs");
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn a_server_outlives_the_reader_of_its_output() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let path = firesteel_testkit::unique_socket_path();
    let mut server = Command::new(env!("CARGO_BIN_EXE_firesteel"))
        .args(["echoserver", "-v", "-u", &path.to_string()])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .expect("firesteel runs");
    drop(reader);
    let uri = format!("PYRO:test.echoserver@./u:{path}");
    let deadline = std::time::Instant::now() + crate::running::PATIENCE;
    while !path.exists() && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let answers = [&["echo", "1"][..], &["shutdown"]].map(|call| Firesteel::new(&["call", &uri]).args(call).run().ok());
    if answers != ["1\n", "None\n"] {
        let _ = server.kill();
    }
    let output = server.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
    assert_eq!(answers, ["1\n", "None\n"]);
}
