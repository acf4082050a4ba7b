//! A runtime that ends while calls wait.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{self, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use firesteel_blocking::Server;
use firesteel_proto::{CallFailure, Context, Outcome, Responder, Shared, expose};
use firesteel_tokio::Proxy;
use tokio::runtime::{Builder, Runtime};

/// Never answers.
#[derive(Default)]
struct Silent(std::sync::Mutex<Vec<Responder>>);

#[expose(crate = firesteel_proto)]
impl Silent {
    pub fn hold(&self, cx: &mut Context<'_>) -> Outcome {
        let (responder, deferred) = cx.defer();
        self.0.lock().expect("no panic").push(responder);
        Ok(deferred.into())
    }

    pub fn nop(&self) {}
}

/// Runs a future on this thread, which is none of the runtime's.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut task::Context::from_waker(&waker)) {
            return value;
        }
        assert!(Instant::now() < end, "it hangs");
        thread::park_timeout(Duration::from_secs(60));
    }
}

fn runtimes() -> [Runtime; 2] {
    let one = Builder::new_current_thread().enable_all().build().expect("a runtime");
    [one, Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")]
}

#[test]
fn calls_end_when_their_runtime_does() {
    let objects = Shared::new();
    objects.register("silent", Silent::default()).expect("a free id");
    let mut server = Server::shared("127.0.0.1:0", &objects, 2).expect("a server");
    let (uri, stopper) = (server.uri("silent").to_string(), server.stopper());
    let serving = thread::spawn(move || server.run_threads(2));

    for waiting in [0, 1, 5] {
        for runtime in runtimes() {
            let proxy = Proxy::new(&uri).expect("a URI");
            let timed = proxy.timeout(Duration::from_secs(600));
            // Without a time: tokio's timers panic where they are polled outside of a runtime that ends.
            let mut outside = proxy.call::<()>("hold", &());
            runtime.block_on(async {
                proxy.call::<()>("nop", &()).await.expect("an answer");
                for _ in 0..waiting {
                    tokio::spawn(timed.call::<()>("hold", &()));
                }
                // Polled here, waited for outside.
                let waited = tokio::time::timeout(Duration::from_millis(30), &mut outside).await;
                assert!(waited.is_err(), "nobody answers");
            });
            let ends = thread::spawn(move || block_on(outside));
            thread::sleep(Duration::from_millis(30));
            drop(runtime);
            let end = ends.join().expect("no panic");
            assert!(matches!(end, Err(CallFailure::Lost(_))), "{end:?} with {waiting} others");
            // Another runtime connects it again.
            let [runtime, _] = runtimes();
            runtime.block_on(async {
                let calls: Vec<_> = (0..5).map(|_| tokio::spawn(timed.call::<()>("nop", &()))).collect();
                for call in calls {
                    assert_eq!(call.await.expect("no panic"), Ok(()));
                }
            });
        }
    }
    stopper.stop_within(Duration::ZERO);
    serving.join().expect("no panic").expect("served");
}
