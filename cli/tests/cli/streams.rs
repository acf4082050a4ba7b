//! `firesteel call` of methods that answer with streams.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use firesteel_testkit::{Python, echoserver, server};

use crate::running::{Firesteel, PATIENCE, firesteel};

/// Its items come when their time has come.
const SERVER: &str = "
import time
from generation import Daemon, expose
class Source:
    @expose
    def slowly(self):
        yield 'at once'
        time.sleep(3)
        yield 'later'
    @expose
    def endless(self):
        n = 0
        while True:
            yield [n, None]
            n += 1
    @property
    @expose
    def attribute(self): return iter([1.5, 'x'])
daemon = Daemon(host='127.0.0.1')
print('READY', daemon.register(Source(), 'source'), flush=True)
daemon.requestLoop()
";

#[test]
fn items_are_printed_one_in_each_line() {
    let items = "'one'\n'two'\n'three'\n";
    let (_pyro, uri) = echoserver(&[]);
    let output = firesteel(&["call", &uri, "generator"]).ok();
    assert!(output.starts_with(items), "{output}");
    let (_ours, uri) = crate::running::echoserver(&[]);
    assert_eq!(firesteel(&["call", &uri, "generator"]).ok(), output);
    assert_eq!(firesteel(&["call", &uri, "generator", "--protocol", "pyro4"]).ok(), output);
    let (_thing, uri) = server("server.py", &[]);
    assert_eq!(firesteel(&["call", &uri, "stream", "2"]).ok(), "'item 0'\n'item 1'\n");
    assert_eq!(firesteel(&["call", &uri, "stream", "0"]).ok(), "");
}

#[test]
fn items_are_printed_as_they_come() {
    let (_server, uri) = Python::source(SERVER).serve("READY ");
    let start = Instant::now();
    let mut call = Firesteel::new(&["call", &uri, "slowly"]).start();
    assert_eq!(call.line(), "'at once'");
    let first = start.elapsed();
    assert_eq!(call.line(), "'later'");
    assert!(start.elapsed() - first > Duration::from_secs(1), "both came together");
    assert_eq!(call.finish().ok(), "");
    assert_eq!(firesteel(&["call", &uri, "attribute"]).ok(), "1.5\n'x'\n");
}

#[test]
fn an_exception_ends_it_after_the_items_before() {
    let (_server, uri) = server("server.py", &[]);
    let output = firesteel(&["call", &uri, "failing_stream", "2"]);
    assert_eq!((output.code, &*output.stdout), (Some(1), "0\n1\n"));
    assert!(output.stderr.starts_with("builtins.ValueError: the stream broke\n"), "{output:?}");
}

#[test]
fn a_reader_that_has_seen_enough_ends_it() {
    let (_server, uri) = Python::source(SERVER).env("GENERATION", "4").serve("READY ");
    let mut child = Command::new(env!("CARGO_BIN_EXE_firesteel"))
        .args(["call", &uri, "endless"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("firesteel starts");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
    assert_eq!(lines.next().expect("a line").expect("UTF-8"), "[0, None]");
    drop(lines);
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().expect("it can be killed");
            panic!("it goes on");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "{status}");
}
