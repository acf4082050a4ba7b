//! A Python child is the client, on one end of a socketpair; Rust serves on the other.

use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use firesteel::blocking::Server;
use firesteel::pump::pump;
use firesteel::{Budget, Config, Daemon, DaemonEvent, Local, Machine, Peer, Shared};
use firesteel_testkit::{Python, PythonProcess};

use crate::echo::{ECHO, EchoServer};
use crate::hosted::WORKERS;
use crate::support::TIMEOUT;

/// The client on a socket, which begins without a handshake.
fn client(socket: UnixStream) -> PythonProcess {
    Python::script("client_fd.py").args(["0", ECHO, "--without-batches"]).socket(socket).start()
}

fn assert_passed(client: PythonProcess) {
    let output = client.finish(TIMEOUT);
    assert!(output.stdout.ends_with("\nALL OK\n"), "{output:?}");
}

#[test]
fn a_server_adopts_a_socket() {
    let (ours, theirs) = UnixStream::pair().expect("a socketpair");
    let mut server: Server<Local> = Server::unbound(Config::default()).expect("a server");
    server.daemon.register(ECHO, EchoServer::default()).expect("a free name");
    server.adopt(ours).expect("a socket");
    let client = client(theirs);
    // Without a listener, it ends with the last session.
    server.run().expect("events");
    assert_passed(client);
}

#[test]
fn a_server_with_threads_adopts_two_sockets() {
    let (first, second) = (UnixStream::pair().expect("a socketpair"), UnixStream::pair().expect("a socketpair"));
    let objects = Shared::new();
    objects.register(ECHO, EchoServer::default()).expect("a free name");
    let mut server = Server::shared_unbound(&objects, WORKERS, Config::default()).expect("a server");
    server.adopt(first.0).expect("a socket");
    server.adopt(second.0).expect("a socket");
    let clients = [client(first.1), client(second.1)];
    server.run_threads(WORKERS + 1).expect("events");
    clients.into_iter().for_each(assert_passed);
}

#[test]
fn a_daemon_is_pumped_by_hand() {
    let (ours, theirs) = UnixStream::pair().expect("a socketpair");
    ours.set_nonblocking(true).expect("a socket");
    let mut daemon: Daemon<Local> = Daemon::new(Instant::now(), Config::default());
    daemon.register(ECHO, EchoServer::default()).expect("a free name");
    let id = daemon.open(Instant::now(), Peer::pair(), None).expect("room for a session");
    let client = client(theirs);

    let deadline = Instant::now() + TIMEOUT;
    'serving: loop {
        let now = Instant::now();
        assert!(now < deadline, "the client does not end");
        // Like a program that draws frames: all in one step, then something else.
        if let Some(mut session) = daemon.session(id)
            && pump(&mut session, &ours, now).is_err()
        {
            session.handle_error(now);
        }
        daemon.handle_timeout(now);
        daemon.dispatch(now, &mut (), Budget::calls(8));
        while let Some(id) = daemon.poll_session() {
            if let Some(session) = daemon.session(id) {
                // An error shows itself again in the next step.
                let _ = pump(session, &ours, now);
            }
        }
        while let Some(event) = daemon.poll_event() {
            if matches!(event, DaemonEvent::Closed { session, .. } if session == id) {
                break 'serving;
            }
        }
        thread::sleep(Duration::from_millis(1));
    }
    assert_passed(client);
}
