//! The blocking adapter: on one thread, and on several with shared objects.

use firesteel::blocking::Server;
use firesteel::{Registry, Shared};

use crate::stage::{Loop, Plan, Running, assert_at_rest};

pub struct OneThread;

impl Loop for OneThread {
    const THREADED: bool = false;

    fn host(plan: Plan, ready: impl FnOnce(Running)) {
        let mut server = Server::unbound(plan.config).expect("a server");
        server.daemon.register("thing", plan.thing).expect("a free id");
        open(&mut server, plan.address, plan.sockets, ready);
        server.run().expect("the loop runs");
        assert_at_rest(&server.daemon);
    }
}

pub struct Threads;

/// Calls that run at once.
const WORKERS: usize = 3;

impl Loop for Threads {
    const THREADED: bool = true;

    fn host(plan: Plan, ready: impl FnOnce(Running)) {
        let objects = Shared::new();
        objects.register("thing", plan.thing).expect("a free id");
        let mut server = Server::shared_unbound(&objects, WORKERS, plan.config).expect("a server");
        open(&mut server, plan.address, plan.sockets, ready);
        server.run_threads(WORKERS + 1).expect("the loop runs");
        assert_at_rest(&server.daemon);
    }
}

fn open<R: Registry>(
    server: &mut Server<R>,
    address: Option<String>,
    sockets: Vec<std::os::unix::net::UnixStream>,
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
