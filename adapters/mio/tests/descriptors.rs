//! A process that has no more descriptors. A program of its own: the limit is the whole process's.

use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use firesteel_mio::Server;
use firesteel_proto::{Budget, Config, Location};
use mio::Events;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

#[test]
fn a_listener_rests_and_goes_on_when_there_are_descriptors_again() {
    let (mut poll, mut server): (_, Server) = Server::bind("127.0.0.1:0", Config::default()).expect("a free port");
    let Some(Location::Tcp { port, .. }) = server.local_addr() else { panic!("it listens") };
    let client = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    // The next one would be the limit itself, as free ones below it are filled.
    let limit = getrlimit(Resource::Nofile);
    let filled: Vec<_> = (0..64).map(|_| client.try_clone().expect("a descriptor")).collect();
    let highest = filled.iter().map(AsRawFd::as_raw_fd).max().expect("some");
    setrlimit(Resource::Nofile, Rlimit { current: Some(highest as u64 + 1), maximum: limit.maximum }).expect("lowered");
    client.connect(&std::net::SocketAddr::from(([127, 0, 0, 1], port)).into()).expect("it listens");
    let mut events = Events::with_capacity(4);
    let mut turn = |server: &mut Server| {
        poll.poll(&mut events, server.timeout().or(Some(Duration::from_secs(5)))).expect("polled");
        events.iter().for_each(|event| assert!(server.handle_event(event)));
        server.step(&mut (), Budget::calls(1));
    };
    let start = Instant::now();
    for _ in 0..4 {
        turn(&mut server);
        assert_eq!(server.daemon.session_count(), 0);
        assert!(server.timeout().is_some_and(|wait| wait <= Duration::from_millis(100)), "it rests");
    }
    assert!(start.elapsed() > Duration::from_millis(200), "that was no rest");
    setrlimit(Resource::Nofile, limit).expect("as before");
    let until = Instant::now() + Duration::from_secs(30);
    while server.daemon.session_count() == 0 {
        assert!(Instant::now() < until, "the client is not let in");
        turn(&mut server);
    }
}
