//! The adapter for mio: with the loop that it brings, and in a loop of the user's beside other tokens.

use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use firesteel::mio::Server;
use firesteel::{Budget, Registry, Shared};
use mio::{Events, Poll, Token, Waker};

use crate::stage::{Loop, Plan, Running, assert_at_rest};

/// `Server::run`.
pub struct Ready;

/// A loop that gives events on, a few at a time.
pub struct Own;

/// `Server::run` with objects of several threads.
pub struct Several;

const TOKENS: Range<usize> = 100..10_000;

fn waker(poll: &Poll) -> Arc<Waker> {
    Arc::new(Waker::new(poll.registry(), Token(7)).expect("a waker"))
}

fn open(plan: Plan, poll: &Poll, ready: impl FnOnce(Running)) -> Server {
    let mut server = Server::new(poll.registry(), TOKENS, waker(poll), plan.config).expect("a server");
    server.daemon.register("thing", plan.thing).expect("a free id");
    open_sockets(&mut server, plan.address, plan.sockets, ready);
    server
}

fn open_sockets<R: Registry>(
    server: &mut Server<R>,
    address: Option<String>,
    sockets: Vec<UnixStream>,
    ready: impl FnOnce(Running),
) {
    if let Some(address) = address {
        server.listen(&address).expect("a free address");
    }
    for socket in sockets {
        server.adopt(socket).expect("a session");
    }
    let stopper = server.stopper();
    ready(Running { location: server.local_addr(), stop: Box::new(move || stopper.stop()) });
}

impl Loop for Ready {
    const THREADED: bool = false;

    fn host(plan: Plan, ready: impl FnOnce(Running)) {
        let mut poll = Poll::new().expect("a poll");
        let mut server = open(plan, &poll, ready);
        server.run(&mut poll).expect("the loop runs");
        assert_at_rest(&server.daemon);
    }
}

impl Loop for Several {
    const THREADED: bool = false;

    fn host(plan: Plan, ready: impl FnOnce(Running)) {
        let mut poll = Poll::new().expect("a poll");
        let objects = Shared::new();
        objects.register("thing", plan.thing).expect("a free id");
        let server = Server::shared(poll.registry(), TOKENS, waker(&poll), &objects, 2, plan.config);
        let mut server = server.expect("a server");
        open_sockets(&mut server, plan.address, plan.sockets, ready);
        server.run(&mut poll).expect("the loop runs");
        assert_at_rest(&server.daemon);
    }
}

impl Loop for Own {
    const THREADED: bool = false;

    fn host(plan: Plan, ready: impl FnOnce(Running)) {
        let mut poll = Poll::new().expect("a poll");
        let mut server = open(plan, &poll, ready);
        let listens = server.local_addr().is_some();
        let mut events = Events::with_capacity(3);
        while !server.is_over() && (listens || !server.daemon.is_idle()) {
            poll.poll(&mut events, server.timeout()).expect("polled");
            for event in &events {
                assert!(server.handle_event(event) != (event.token() == Token(7)));
            }
            server.step(&mut (), Budget::calls(2));
        }
        server.step(&mut (), Budget::calls(0));
        assert_at_rest(&server.daemon);
    }
}
