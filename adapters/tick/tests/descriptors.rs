//! A process that has no more descriptors. A program of its own: the limit is the whole process's.

use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use firesteel_proto::{Budget, Config, Location};
use firesteel_tick::Server;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

#[test]
fn a_listener_goes_on_when_there_are_descriptors_again() {
    let mut server: Server = Server::bind(Instant::now(), "127.0.0.1:0", Config::default()).expect("a free port");
    let Some(Location::Tcp { port, .. }) = server.local_addr() else { panic!("it listens") };
    let client = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    // The next one would be the limit itself, as free ones below it are filled.
    let limit = getrlimit(Resource::Nofile);
    let filled: Vec<_> = (0..64).map(|_| client.try_clone().expect("a descriptor")).collect();
    let highest = filled.iter().map(AsRawFd::as_raw_fd).max().expect("some");
    let lowered = Rlimit { current: Some(highest as u64 + 1), maximum: limit.maximum };
    setrlimit(Resource::Nofile, lowered).expect("lowered");
    client.connect(&std::net::SocketAddr::from(([127, 0, 0, 1], port)).into()).expect("it listens");
    for _ in 0..10 {
        server.tick(Instant::now(), &mut (), Budget::calls(1));
        assert_eq!(server.daemon.session_count(), 0);
    }
    setrlimit(Resource::Nofile, limit).expect("as before");
    let until = Instant::now() + Duration::from_secs(30);
    while server.daemon.session_count() == 0 {
        assert!(Instant::now() < until, "the client is not let in");
        server.tick(Instant::now(), &mut (), Budget::calls(1));
    }
}
