//! `firesteel nsc`, beside Pyro's own, on name servers of Pyro5 and Pyro4.

use std::process::{Command, Stdio};
use std::time::Instant;

use firesteel_testkit::{Python, PythonProcess, python, unique_socket_path};

use crate::running::{Firesteel, Output, echoserver};

/// A name server of Python's, which ends with this.
fn name_server(module: &str) -> (PythonProcess, String) {
    let (process, uri) = Python::module(module).args(["-n", "127.0.0.1", "-p", "0", "-x"]).serve("URI = ");
    let port = uri.rsplit(':').next().expect("a port").to_owned();
    (process, port)
}

/// The option of the name server, and the rest.
fn nsc(port: &str, args: &[&str]) -> Output {
    Firesteel::new(&["nsc", "-n", "127.0.0.1", "-p", port]).args(args).run()
}

fn nsc_of_pyro(port: &str, args: &[&str]) -> Output {
    let output = Command::new(python())
        .args(["-m", "Pyro5.nsc", "-n", "127.0.0.1", "-p", port])
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("Python runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Output { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Python has no order in sets, and each name server has its own address.
fn comparable(output: &str, port: &str) -> String {
    let line = |line: &str| match line.split_once('{') {
        Some((before, tags)) => {
            let mut tags: Vec<_> = tags.trim_end_matches('}').split(", ").collect();
            tags.sort_unstable();
            format!("{before}{tags:?}")
        }
        None => line.to_owned(),
    };
    output.replace(port, "PORT").lines().map(line).collect::<Vec<_>>().join("\n")
}

/// What is asked, one after the other.
const SESSION: &[&[&str]] = &[
    &["ping"],
    &["ping", "too", "many"],
    &["list"],
    &["-v", "list"],
    &["register", "a.one", "PYRO:one@far:1"],
    &["register", "a.one", "PYRO:other@far:1"],
    &["register", "a.two", "PYRO:two@./u:/tmp/socket"],
    &["register", "b three", "PYRONAME:a.one"],
    &["register", "bad", "no uri"],
    &["register", "bad"],
    &["lookup", "a.one"],
    &["lookup", "none"],
    &["lookup"],
    &["lookup", "a", "b"],
    &["setmeta", "a.one", "x", "y", "it's"],
    &["lookup", "a.one"],
    &["setmeta", "a.two", "y"],
    &["setmeta", "none", "y"],
    &["setmeta"],
    &["list", "a."],
    &["list", "none"],
    &["list", ""],
    &["listmatching", r"[ab].t"],
    &["listmatching", "("],
    &["listmatching"],
    &["yplookup_all", "x", "y"],
    &["yplookup_any", "x", "y"],
    &["yplookup_any", "none"],
    &["yplookup_all"],
    &["yplookup_any"],
    &["setmeta", "a.two"],
    &["yplookup_any", "x", "y"],
    &["remove", "a.one"],
    &["remove", "a.one"],
    &["remove", "Pyro.NameServer"],
    &["remove"],
    &["removematching", "b.*"],
    &["removematching"],
    &["list", "-v"],
    &["bogus"],
    &[],
];

#[test]
fn every_command_prints_what_that_of_pyro_prints() {
    let ((_theirs, theirs), (_ours, ours)) = (name_server("Pyro5.nameserver"), name_server("Pyro5.nameserver"));
    for args in SESSION {
        let (theirs, ours) = (nsc_of_pyro(&theirs, args), nsc(&ours, args)).map_ports(&theirs, &ours);
        assert_eq!(ours.1, theirs.1, "{args:?}: {:?} {:?}", ours.2, theirs.2);
        assert_eq!(ours.0, theirs.0, "{args:?}: {}", ours.2);
        assert_eq!(ours.2.is_empty() || args.contains(&"-v"), theirs.2.is_empty() || args.contains(&"-v"), "{args:?}");
    }
}

trait MapPorts {
    fn map_ports(self, theirs: &str, ours: &str) -> (Shown, Shown);
}

/// Exit code, standard output and standard error.
type Shown = (Option<i32>, String, String);

impl MapPorts for (Output, Output) {
    fn map_ports(self, theirs: &str, ours: &str) -> (Shown, Shown) {
        let shown = |output: Output, port: &str| (output.code, comparable(&output.stdout, port), output.stderr);
        (shown(self.0, theirs), shown(self.1, ours))
    }
}

#[test]
fn the_name_server_of_pyro4_takes_every_command_too() {
    let (_process, port) = name_server("Pyro4.naming");
    for (args, expected) in [
        (&["ping"][..], "Name server ping ok.\n"),
        (&["register", "a.one", "PYRO:one@far:1"], "Registered a.one\n"),
        (&["register", "b", "PYRO:two@far:2"], "Registered b\n"),
        (&["setmeta", "a.one", "y", "x"], "Metadata updated\n"),
        (&["lookup", "a.one"], "PYRO:one@far:1\nmetadata: {'x', 'y'}\n"),
        (
            &["list", "a"],
            "--------START LIST - prefix 'a'\na.one --> PYRO:one@far:1\n    metadata: {'x', 'y'}\n--------END LIST - prefix 'a'\n",
        ),
        (
            &["listmatching", "B|b"],
            "--------START LIST - regex 'B|b'\nb --> PYRO:two@far:2\n--------END LIST - regex 'B|b'\n",
        ),
        (
            &["yplookup_all", "x", "y"],
            "--------START LIST  - searched by metadata\na.one --> PYRO:one@far:1\n    metadata: {'x', 'y'}\n--------END LIST  - searched by metadata\n",
        ),
        (
            &["listmeta_any", "z"],
            "--------START LIST  - searched by metadata\n--------END LIST  - searched by metadata\n",
        ),
        (&["remove", "b"], "Removed b\n"),
    ] {
        assert_eq!(nsc(&port, args).ok(), expected, "{args:?}");
    }
    let failed = nsc(&port, &["lookup", "none"]);
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), "Error: NamingError - unknown name: none\n"));
    assert!(failed.stderr.contains("unknown name: none"), "{}", failed.stderr);
}

#[test]
fn removing_many_asks_first() {
    let (_process, port) = name_server("Pyro5.nameserver");
    let question = "Potentially removing lots of items from the Name server. Are you sure (y/n)?";
    for name in ["a1", "a2", "b"] {
        nsc(&port, &["register", name, "PYRO:o@far:1"]).ok();
    }
    let remove = || Firesteel::new(&["nsc", "-n", "127.0.0.1", "-p", &port, "removematching", "a.*"]);
    // The question stands on the line of what follows.
    assert_eq!(remove().says("n\n").run().ok(), format!("{question}\n"));
    assert_eq!(remove().says(" y \n").run().ok(), format!("{question}2 items removed.\n"));
    assert_eq!(remove().says("y").run().ok(), format!("{question}0 items removed.\n"));
    let unanswered = remove().run();
    let expected = format!("{question}Error: EOFError - EOF when reading a line\n");
    assert_eq!((unanswered.code, unanswered.stdout), (Some(1), expected));
}

#[test]
fn no_name_server_is_a_line_and_no_failure() {
    for generation in [&["-n", "127.0.0.1", "-p", "1"][..], &["-u", "/tmp/no.such.socket"]] {
        let run = Firesteel::new(&["nsc"]).args(generation).args(&["list"]).run();
        assert_eq!(run.ok(), "Error: Failed to locate the nameserver\n");
    }
    // Each step is seen, and none takes longer than it says.
    let began = Instant::now();
    let run = Firesteel::new(&["nsc", "-v", "ping"])
        .env("PYRO_NS_PORT", "1")
        .env("PYRO_NS_HOST", "127.0.0.1")
        .env("PYRO_NS_BCPORT", "1")
        .env("PYRO_BROADCAST_ADDRS", "127.0.0.1")
        .run();
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (Some(0), "Locating name server...\nError: Failed to locate the nameserver\n")
    );
    assert!(began.elapsed().as_secs_f64() >= 2.1, "{:?}", began.elapsed());
    let steps: Vec<_> = run.stderr.lines().map(|line| line.split(": cannot").next().unwrap_or_default()).collect();
    assert_eq!(
        steps,
        [
            "trying PYRO:Pyro.NameServer@127.0.0.1:1 for up to 2s",
            "no name server at 127.0.0.1:1",
            "trying PYRO:Pyro.NameServer@127.0.1.1:1 for up to 2s",
            "no name server at 127.0.1.1:1",
            "asking 127.0.0.1 on port 1 for up to 2.1s",
            "no name server by broadcast: nobody answered",
            "trying PYRO:Pyro.NameServer@127.0.0.1:1 for up to 10s",
            "no name server at 127.0.0.1:1",
        ]
    );
}

#[test]
fn a_unix_socket_is_taken_as_well() {
    let path = unique_socket_path();
    let (_process, _) = Python::module("Pyro5.nameserver").arg("-u").arg(path.as_os_str()).serve("URI = ");
    let run = Firesteel::new(&["nsc", "-v", "-u", &path.to_string(), "ping"]).run();
    let found = format!("Name server found: PYRO:Pyro.NameServer@./u:{path}");
    assert_eq!(run.stdout, format!("Locating name server...\n{found}\nName server ping ok.\nDone.\n"), "{run:?}");
}

#[test]
fn a_peer_cannot_command_the_terminal() {
    let (_process, port) = name_server("Pyro5.nameserver");
    nsc(&port, &["register", "a\u{1b}[2J\nb", "PYRO:o@far:1"]).ok();
    let listed = nsc(&port, &["list", "a"]).ok();
    assert!(listed.contains("\na\\u{1b}[2J\\nb --> PYRO:o@far:1\n"), "{listed}");
}

#[test]
fn names_are_called_inspected_and_pinged() {
    for module in ["Pyro5.nameserver", "Pyro4.naming"] {
        let (_process, port) = name_server(module);
        let (_server, uri) = echoserver(&[]);
        nsc(&port, &["register", "echo", &uri]).ok();
        nsc(&port, &["setmeta", "echo", "test", "rust"]).ok();
        let here =
            |args: &[&str]| Firesteel::new(args).env("PYRO_NS_HOST", "127.0.0.1").env("PYRO_NS_PORT", &port).run();
        assert_eq!(here(&["call", "PYRONAME:echo", "echo", "1"]).ok(), "1\n");
        // The port that is set goes with a host alone.
        assert_eq!(here(&["call", "PYRONAME:echo@127.0.0.1", "echo", "1"]).ok(), "1\n");
        assert_eq!(here(&["call", "PYROMETA:rust,test", "echo", "1"]).ok(), "1\n");
        assert!(here(&["inspect", "PYRONAME:echo"]).ok().contains("method echo\n"));
        assert!(here(&["ping", "PYROMETA:rust"]).ok().starts_with("ok: round trip "));
        let error = here(&["ping", "PYRONAME:none"]).error(1);
        assert!(error.contains("unknown name: none") && error.contains("firesteel nsc list"), "{error}");
        let error = here(&["ping", "PYRONAME:echo@127.0.0.1:1"]).error(1);
        assert!(error.contains("failed to locate the name server") && error.contains("PYRO_NS_HOST"), "{error}");
        let error = here(&["call", "PYROMETA:rust,none", "echo"]).error(1);
        assert!(error.contains("no registrations available"), "{error}");
    }
}
