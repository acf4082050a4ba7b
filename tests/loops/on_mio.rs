//! The adapter for mio: with the loop that it brings, and in a loop of the user's beside other tokens.

use std::sync::Arc;

use firesteel::Budget;
use firesteel::mio::Server;
use mio::{Events, Poll, Token, Waker};

use crate::stage::{Loop, Plan, Running, assert_at_rest};

/// `Server::run`.
pub struct Ready;

/// A loop that gives events on, a few at a time.
pub struct Own;

fn open(plan: Plan, poll: &Poll, ready: impl FnOnce(Running)) -> Server {
    let waker = Arc::new(Waker::new(poll.registry(), Token(7)).expect("a waker"));
    let mut server = Server::new(poll.registry(), 100..10_000, waker, plan.config).expect("a server");
    server.daemon.register("thing", plan.thing).expect("a free id");
    if let Some(address) = &plan.address {
        server.listen(address).expect("a free address");
    }
    for socket in plan.sockets {
        server.adopt(socket).expect("a session");
    }
    let stopper = server.stopper();
    ready(Running { location: server.local_addr(), stop: Box::new(move || stopper.stop()) });
    server
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

impl Loop for Own {
    const THREADED: bool = false;

    fn host(plan: Plan, ready: impl FnOnce(Running)) {
        let mut poll = Poll::new().expect("a poll");
        let mut server = open(plan, &poll, ready);
        let listens = server.local_addr().is_some();
        let mut events = Events::with_capacity(3);
        while !server.is_over() && (listens || server.daemon.session_count() > 0) {
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
