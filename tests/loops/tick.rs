//! The adapter for games: a tick every half millisecond, with few calls in each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use firesteel::Budget;
use firesteel::tick::Server;

use crate::stage::{Loop, Plan, Running, assert_at_rest};

pub struct Ticks;

const FRAME: Duration = Duration::from_micros(500);

impl Loop for Ticks {
    const THREADED: bool = false;

    fn host(plan: Plan, ready: impl FnOnce(Running)) {
        let mut server = Server::new(Instant::now(), plan.config);
        server.daemon.register("thing", plan.thing).expect("a free id");
        if let Some(address) = &plan.address {
            server.listen(address).expect("a free address");
        }
        for socket in plan.sockets {
            server.adopt(Instant::now(), socket).expect("a session");
        }
        let stop = Arc::new(AtomicBool::new(false));
        let stopper = Arc::clone(&stop);
        let location = server.local_addr();
        let listens = location.is_some();
        ready(Running { location, stop: Box::new(move || stopper.store(true, Ordering::Release)) });
        while !server.is_over() && (listens || !server.daemon.is_idle()) {
            if stop.swap(false, Ordering::AcqRel) {
                server.shutdown(Instant::now(), Duration::from_secs(5));
            }
            server.tick(Instant::now(), &mut (), Budget::calls(32));
            thread::sleep(FRAME);
        }
        // What belonged to the last sessions goes in one more.
        server.tick(Instant::now(), &mut (), Budget::calls(0));
        assert_at_rest(&server.daemon);
    }
}
