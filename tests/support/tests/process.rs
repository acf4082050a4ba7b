//! The test kit tested: children, their output, time bounds, and what happens when they fail.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::{Duration, Instant};

use firesteel_testkit::{Python, echoserver, unique_socket_path};

const TIMEOUT: Duration = Duration::from_secs(60);

fn message_of(failing: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(failing)).expect_err("it must panic");
    *panic.downcast::<String>().expect("a formatted message")
}

fn is_alive(pid: u32) -> bool {
    Command::new("kill").args(["-0", &pid.to_string()]).output().unwrap().status.success()
}

#[test]
fn the_pinned_versions_are_there() {
    let output = Python::source(
        "import Pyro5, Pyro4, serpent, msgpack\n\
         print(Pyro5.__version__, Pyro4.__version__, serpent.__version__, msgpack.version)",
    )
    .run(TIMEOUT);
    assert_eq!(output.stdout, "5.17 4.82 1.43 (1, 2, 4)\n");
}

#[test]
fn arguments_environment_and_both_outputs() {
    let output = Python::source(
        "import os, sys\n\
         print(sys.argv[1:], os.environ['PYRO_COMPRESSION'])\n\
         print('to stderr', file=sys.stderr)",
    )
    .args(["ä b", "-x"])
    .env("PYRO_COMPRESSION", "1")
    .run(TIMEOUT);
    assert_eq!(output.stdout, "['ä b', '-x'] 1\n");
    assert_eq!(output.stderr, "to stderr\n");
}

#[test]
fn lines_come_one_by_one() {
    let mut child = Python::source("print('one'); print('x=1'); print('x=2')").start();
    assert_eq!(child.line(TIMEOUT).as_deref(), Some("one"));
    assert_eq!(child.wait_for("x=", TIMEOUT), "1");
    assert_eq!(child.line(TIMEOUT).as_deref(), Some("x=2"));
    assert_eq!(child.line(TIMEOUT), None);
    assert_eq!(child.finish(TIMEOUT).stdout, "one\nx=1\nx=2\n");
}

#[test]
fn a_failure_shows_both_outputs() {
    let message = message_of(|| {
        Python::source("print('said'); raise ValueError('wrong')").run(TIMEOUT);
    });
    assert!(message.contains("said\n"), "{message}");
    assert!(message.contains("ValueError: wrong"), "{message}");

    let message = message_of(|| {
        let mut child = Python::source("print('other')").start();
        child.wait_for("READY", TIMEOUT);
    });
    assert!(message.contains("ended before \"READY\""), "{message}");
    assert!(message.contains("other\n"), "{message}");
}

#[test]
fn a_child_that_hangs_is_killed() {
    let started = Instant::now();
    let mut pid = 0;
    let message = message_of(|| {
        let mut child = Python::source("import time\nprint('up')\ntime.sleep(1000)").start();
        pid = child.id();
        child.wait_for("up", TIMEOUT);
        child.finish(Duration::from_millis(50));
    });
    assert!(message.contains("not finished within 50ms"), "{message}");
    assert!(started.elapsed() < TIMEOUT);
    assert!(!is_alive(pid));
}

#[test]
fn a_child_ends_with_its_parent() {
    let parent = "import os, subprocess, sys, time\n\
        subprocess.Popen([sys.executable, sys.argv[1], str(os.getpid()), 'source',\n\
            'import time; print(1, flush=True); time.sleep(1000)'])\n\
        time.sleep(1000)";
    // Both hold the other end of the socket, so its end of file means that both are gone. (A process
    // id says less: nobody may have waited for the orphan.)
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    ours.set_read_timeout(Some(TIMEOUT)).unwrap();
    let mut parent = Python::source(parent).arg(firesteel_testkit::scripts().join("launch.py")).socket(theirs).start();
    assert_eq!(parent.line(TIMEOUT).as_deref(), Some("1"));
    drop(parent);
    assert_eq!(ours.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn a_socket_is_handed_over() {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    ours.set_read_timeout(Some(TIMEOUT)).unwrap();
    let child = Python::source(
        "import socket, sys\n\
         s = socket.socket(fileno=int(sys.argv[1]))\n\
         s.sendall(s.recv(4).upper())",
    )
    .arg("0")
    .socket(theirs)
    .start();
    ours.write_all(b"ping").unwrap();
    let mut answer = String::new();
    ours.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "PING");
    child.finish(TIMEOUT);
}

#[test]
fn the_echo_server_answers() {
    let path = unique_socket_path();
    let path = path.to_string();
    for args in [vec![], vec!["-u", &path]] {
        let (server, uri) = echoserver(&args);
        let output = Python::source(
            "import sys, Pyro5.api\n\
             with Pyro5.api.Proxy(sys.argv[1]) as proxy: print(proxy.echo([1, 'two']))",
        )
        .arg(&uri)
        .run(TIMEOUT);
        assert_eq!(output.stdout, "[1, 'two']\n");
        assert!(server.stop().stdout.contains("echoserver running."));
    }
}
