//! Calls that are made again when their connection is lost.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use firesteel_blocking::{Proxy, Server};
use firesteel_proto::{
    Args, CallFailure, CloseReason, Config, Context, Fault, Local, Member, Metadata, Method, Object, Outcome,
};

struct Echo;

impl Object for Echo {
    fn metadata(&self) -> &Metadata {
        static METADATA: Metadata = Metadata::new(&[Method::new("echo").shared()], &[]);
        &METADATA
    }

    fn call_shared(&self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Method("echo") => {
                let (n,): (i64,) = args.bind(&["n"])?;
                cx.answer(&n)
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

/// Hangs up on its first clients, then serves; gives its URI.
fn unreliable(hang_ups: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for _ in 0..hang_ups {
            drop(listener.accept().expect("a client"));
        }
        let (socket, _) = listener.accept().expect("a client");
        let mut server: Server<Local> = Server::unbound(Config::default()).expect("a server");
        server.daemon.register("echo", Echo).expect("registered");
        server.adopt(socket).expect("adopted");
        // It ends with its session.
        server.run().expect("served");
    });
    format!("PYRO:echo@127.0.0.1:{port}")
}

#[test]
fn a_call_is_made_again_as_often_as_it_may() {
    let proxy = Proxy::new(&unreliable(3)).expect("a proxy").retries(3);
    let begun = Instant::now();
    assert_eq!(proxy.call::<i64>("echo", &(5,)).expect("answered"), 5);
    assert!(begun.elapsed() >= Duration::from_millis(50 + 100), "later attempts wait");
    assert_eq!(proxy.call::<i64>("echo", &(6,)).expect("the connection stays"), 6);
}

#[test]
fn without_retries_a_lost_call_is_lost() {
    let uri = unreliable(1);
    let proxy = Proxy::new(&uri).expect("a proxy");
    let lost = proxy.call::<i64>("echo", &(5,)).expect_err("lost");
    assert!(matches!(&lost, CallFailure::Lost(CloseReason::PeerEof | CloseReason::Transport)), "{lost:?}");
    assert_eq!(proxy.call::<i64>("echo", &(6,)).expect("the next call connects again"), 6);
}

#[test]
fn several_threads_wait_for_the_same_reconnection() {
    let proxy = Proxy::new(&unreliable(2)).expect("a proxy").retries(5);
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let proxy = proxy.clone();
            thread::spawn(move || proxy.call::<i64>("echo", &(n,)))
        })
        .collect();
    for (n, thread) in (0..).zip(threads) {
        assert_eq!(thread.join().expect("no panic").expect("answered"), n);
    }
}

#[test]
fn a_timeout_ends_the_waiting() {
    // Nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("an address").port();
    let proxy = Proxy::new(&format!("PYRO:echo@127.0.0.1:{port}")).expect("a proxy").retries(1000);
    let failure = proxy.timeout(Duration::from_millis(300)).call::<i64>("echo", &(5,)).expect_err("no answer");
    assert_eq!(failure, CallFailure::Deadline);
}
