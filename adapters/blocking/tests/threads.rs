//! Several threads on one proxy, and slow calls beside fast ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use firesteel_blocking::{Proxy, Server, Stopper};
use firesteel_proto::{Args, CallFailure, Config, Context, Fault, Member, Metadata, Method, Object, Outcome, Shared};

struct Sleeper(Arc<AtomicBool>);

static METADATA: Metadata =
    Metadata::new(&[Method::new("echo").shared(), Method::new("wait").shared(), Method::new("alone")], &[]);

impl Object for Sleeper {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call_shared(&self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Method("echo") => {
                let (n,): (u64,) = args.bind(&["n"])?;
                cx.answer(&n)
            }
            Member::Method("wait" | "alone") => {
                let end = Instant::now() + Duration::from_secs(20);
                while !self.0.load(Ordering::Acquire) && Instant::now() < end {
                    thread::sleep(Duration::from_millis(1));
                }
                cx.answer("done")
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

/// A server on four threads; `go` ends the calls that wait.
fn server() -> (String, Stopper, Arc<AtomicBool>, thread::JoinHandle<std::io::Result<()>>) {
    let go = Arc::new(AtomicBool::new(false));
    let objects = Shared::new();
    objects.register("sleeper", Sleeper(Arc::clone(&go))).expect("registered");
    let mut server = Server::shared_with("127.0.0.1:0", &objects, 3, Config::default()).expect("bound");
    let (uri, stopper) = (server.uri("sleeper").to_string(), server.stopper());
    (uri, stopper, go, thread::spawn(move || server.run_threads(4)))
}

#[test]
fn slow_calls_hold_nobody_up() {
    let (uri, stopper, go, running) = server();
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let uri = uri.clone();
            thread::spawn(move || Proxy::new(&uri).unwrap().call::<String>("wait", &()))
        })
        .collect();
    // Both are in the object by the time that others are answered, or will be: either way they must not matter.
    for n in 0..300 {
        let proxy = Proxy::new(&uri).unwrap().timeout(Duration::from_secs(10));
        assert_eq!(proxy.call::<u64>("echo", &(n,)), Ok(n));
    }
    assert!(waiting.iter().all(|call| !call.is_finished()));
    go.store(true, Ordering::Release);
    for call in waiting {
        assert_eq!(call.join().unwrap(), Ok("done".to_owned()));
    }
    stopper.stop();
    running.join().unwrap().unwrap();
}

#[test]
fn many_threads_share_one_connection() {
    let (uri, stopper, _, running) = server();
    let proxy = Proxy::new(&uri).unwrap();
    thread::scope(|scope| {
        for start in 0..8 {
            let proxy = proxy.clone();
            scope.spawn(move || {
                for n in 0..500 {
                    let n = start * 1_000 + n;
                    assert_eq!(proxy.call::<u64>("echo", &(n,)), Ok(n));
                }
            });
        }
    });
    stopper.stop();
    running.join().unwrap().unwrap();
}

#[test]
fn closing_ends_the_calls_that_wait() {
    let (uri, stopper, go, running) = server();
    let proxy = Proxy::new(&uri).unwrap();
    assert_eq!(proxy.call::<u64>("echo", &(1,)), Ok(1));
    let (told, hears) = mpsc::channel();
    let waiting = proxy.clone();
    thread::spawn(move || told.send(waiting.call::<String>("wait", &())));
    // Whether the call is out already or not: it ends, or it runs on a connection of its own.
    thread::sleep(Duration::from_millis(100));
    proxy.close();
    let result = hears.recv_timeout(Duration::from_secs(10)).expect("it ended");
    assert!(matches!(result, Err(CallFailure::Lost(_))), "{result:?}");
    go.store(true, Ordering::Release);
    assert_eq!(proxy.call::<u64>("echo", &(2,)), Ok(2));
    stopper.stop();
    running.join().unwrap().unwrap();
}

#[test]
fn a_call_past_its_deadline_leaves_the_connection_usable() {
    let (uri, stopper, go, running) = server();
    let proxy = Proxy::new(&uri).unwrap();
    let hasty = proxy.timeout(Duration::from_millis(50));
    assert_eq!(hasty.call::<String>("wait", &()), Err(CallFailure::Deadline));
    go.store(true, Ordering::Release);
    assert_eq!(proxy.call::<u64>("echo", &(3,)), Ok(3));
    stopper.stop();
    running.join().unwrap().unwrap();
}
