//! The adapters for tokio and smol.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use firesteel::{Shared, smol, tokio};

use crate::stage::{Loop, Plan, Running, assert_at_rest};

/// tokio, all on one thread.
pub struct CurrentThread;

/// tokio, with workers.
pub struct MultiThread;

/// smol's executor.
pub struct Smol;

macro_rules! host {
    ($server:ty, $plan:ident, $ready:ident) => {
        async move {
            let Plan { thing, config, address, sockets } = $plan;
            let server = <$server>::unbound(&Shared::new(), config);
            server.daemon().register("thing", thing).expect("a free id");
            if let Some(address) = &address {
                server.listen(address).await.expect("a free address");
            }
            for socket in sockets {
                server.adopt(socket).expect("a session");
            }
            let stopper = server.stopper();
            $ready(Running { location: server.local_addr(), stop: Box::new(move || stopper.stop()) });
            server.run().await.expect("it runs");
            assert_at_rest(&server.daemon());
            let mut again = pin!(server.run());
            assert!(again.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready(), "it is over");
        }
    };
}

impl Loop for CurrentThread {
    const THREADED: bool = false;

    fn host(plan: Plan, ready: impl FnOnce(Running)) {
        let runtime = ::tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(host!(tokio::Server, plan, ready));
    }
}

impl Loop for MultiThread {
    // Methods that block keep a worker, and with it perhaps the one that waits for all sockets: they have to tell tokio.
    const THREADED: bool = false;

    fn host(plan: Plan, ready: impl FnOnce(Running)) {
        let runtime = ::tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
        runtime.expect("a runtime").block_on(host!(tokio::Server, plan, ready));
    }
}

impl Loop for Smol {
    const THREADED: bool = false;

    fn host(plan: Plan, ready: impl FnOnce(Running)) {
        ::smol::block_on(host!(smol::Server, plan, ready));
    }
}
