//! How calls end without an answer.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use firesteel_async::Connector;
use firesteel_blocking::Server;
use firesteel_proto::{CallFailure, CloseReason, Config, Local, Request};

use super::support::{PATIENCE, patient, poll_once, proxy, sleep, start, within};
use super::thing::{Hosted, Thing};
use crate::{R, run};

#[test]
fn the_server_learns_that_a_call_was_dropped() {
    run(|| async {
        let server = Hosted::start();
        let proxy = patient(&server.uri);
        let mut alone = proxy.call::<String>("hold", &());
        assert!(poll_once(&mut alone).await.is_pending());
        assert_eq!(within(Duration::from_millis(200), &mut alone).await, None);
        server.board.wait_for_held(1).await;
        drop(alone);
        server.board.wait_for_cancelled(1).await;

        let mut calls: Vec<_> = (0..6).map(|_| proxy.call::<String>("hold", &())).collect();
        for call in &mut calls {
            assert!(poll_once(call).await.is_pending());
        }
        let last = start(calls.pop().expect("a call"));
        server.board.wait_for_held(7).await;
        calls.clear();
        server.board.wait_for_cancelled(6).await;
        server.board.release("the last");
        assert_eq!(last.await.as_deref(), Ok("the last"));
    });
}

#[test]
fn deadlines_end_calls_alone_and_together() {
    run(|| async {
        let server = Hosted::start();
        let patient = patient(&server.uri);
        patient.bind().await.expect("connected");
        let begun = Instant::now();
        let hasty = patient.timeout(Duration::from_millis(60));
        assert_eq!(hasty.call::<String>("hold", &()).await, Err(CallFailure::Deadline));
        assert!(begun.elapsed() >= Duration::from_millis(60));
        assert_eq!(hasty.call::<i64>("echo", &(1,)).await, Ok(1));

        // Beside one that waits without a time, and in any order.
        let waits = start(patient.call::<String>("hold", &()));
        let late: Vec<_> = [90, 30, 60, 10]
            .map(|millis| start(patient.timeout(Duration::from_millis(millis)).call::<String>("hold", &())))
            .into_iter()
            .collect();
        for late in late {
            assert_eq!(late.await, Err(CallFailure::Deadline));
        }
        let at = Instant::now() + Duration::from_millis(20);
        let request = patient.request::<String>(Request::method("hold", &()).deadline(at));
        assert_eq!(request.await, Err(CallFailure::Deadline));
        server.board.release("now");
        assert_eq!(waits.await.as_deref(), Ok("now"));

        let mut config = Config::default();
        config.call_timeout = Some(Duration::from_millis(40));
        let bounded = Connector::<R>::new(config).proxy(&server.uri).expect("a URI");
        assert_eq!(bounded.call::<String>("hold", &()).await, Err(CallFailure::Deadline));
        assert_eq!(bounded.call::<i64>("echo", &(1,)).await, Ok(1));
    });
}

#[test]
fn a_lost_connection_ends_its_calls_and_the_next_one_connects() {
    run(|| async {
        let server = Hosted::start();
        let address = server.uri.split_once('@').expect("an address").1.to_owned();
        let proxy = patient(&server.uri);
        let calls: Vec<_> = (0..5).map(|_| start(proxy.call::<String>("hold", &()))).collect();
        server.board.wait_for_held(5).await;
        server.stop();
        for call in calls {
            let end = call.await;
            assert!(matches!(end, Err(CallFailure::Lost(_))), "{end:?}");
        }
        let nobody = proxy.call::<i64>("echo", &(1,)).await;
        assert!(matches!(nobody, Err(CallFailure::Lost(CloseReason::Unreachable(_)))), "{nobody:?}");
        let nobody = proxy.notify("note", &("lost",)).await;
        assert!(matches!(nobody, Err(CallFailure::Lost(CloseReason::Unreachable(_)))), "{nobody:?}");
        assert!(proxy.reconnect_every(Duration::from_millis(1), 3).await.is_err());

        let again = Hosted::at(&address);
        assert_eq!(proxy.call::<i64>("echo", &(2,)).await, Ok(2));
        proxy.close();
        assert_eq!(proxy.call::<i64>("echo", &(3,)).await, Ok(3));
        proxy.reconnect(1).await.expect("connected");
        assert_eq!(proxy.bind().await, Ok(false));
        drop(again);
    });
}

#[test]
fn a_call_that_meets_the_end_of_an_idle_connection_is_lost() {
    run(|| async {
        let server = Hosted::start();
        let address = server.uri.split_once('@').expect("an address").1.to_owned();
        let proxy = patient(&server.uri);
        assert_eq!(proxy.call::<i64>("echo", &(1,)).await, Ok(1));
        server.stop();
        let again = Hosted::at(&address);
        let lost = proxy.call::<i64>("echo", &(2,)).await;
        assert!(matches!(lost, Err(CallFailure::Lost(_))), "{lost:?}");
        assert_eq!(proxy.call::<i64>("echo", &(3,)).await, Ok(3));
        assert_eq!(again.board.calls(), 1);
    });
}

#[test]
fn closing_loses_the_calls_that_are_out() {
    run(|| async {
        let server = Hosted::start();
        let proxy = patient(&server.uri);
        for calls in [1, 4] {
            let calls: Vec<_> = (0..calls).map(|_| start(proxy.call::<String>("hold", &()))).collect();
            server.board.wait_for_held(calls.len()).await;
            proxy.close();
            for call in calls {
                assert_eq!(call.await, Err(CallFailure::Lost(CloseReason::Local)));
            }
            server.board.release("nobody listens");
        }
        assert_eq!(proxy.call::<i64>("echo", &(1,)).await, Ok(1));
    });
}

#[test]
fn a_server_that_never_answers_the_handshake_is_given_up() {
    run(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let uri = format!("PYRO:thing@{}", listener.local_addr().expect("an address"));
        let mut config = Config::default();
        config.handshake_timeout = Duration::from_millis(80);
        let proxy = Connector::<R>::new(config).proxy(&uri).expect("a URI");
        let timeout = CallFailure::Lost(CloseReason::Timeout);
        assert_eq!(proxy.call::<i64>("echo", &(1,)).await, Err(timeout.clone()));
        assert_eq!(proxy.notify("note", &("x",)).await, Err(timeout.clone()));
        assert_eq!(proxy.bind().await, Err(timeout.clone()));
        let calls: Vec<_> = (0..4).map(|n| start(proxy.call::<i64>("echo", &(n,)))).collect();
        for call in calls {
            assert_eq!(call.await, Err(timeout.clone()));
        }
        // A call's own time counts as well.
        let hasty = proxy.timeout(Duration::from_millis(10));
        assert_eq!(hasty.call::<i64>("echo", &(1,)).await, Err(CallFailure::Deadline));
        // Nobody waits for the handshake any more: the next call does not end with that one's time.
        sleep(Duration::from_millis(120)).await;
        let begun = Instant::now();
        assert_eq!(proxy.call::<i64>("echo", &(1,)).await, Err(timeout));
        assert!(begun.elapsed() >= Duration::from_millis(80));
    });
}

#[test]
fn nobody_listens() {
    run(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let uri = format!("PYRO:thing@{}", listener.local_addr().expect("an address"));
        drop(listener);
        let proxy = proxy(&uri);
        for end in [proxy.ping().await, proxy.call("echo", &(1,)).await, proxy.metadata().await.map(drop)] {
            assert!(matches!(&end, Err(CallFailure::Lost(CloseReason::Unreachable(_)))), "{end:?}");
        }
        let again = proxy.retries(1000).timeout(Duration::from_millis(200));
        assert_eq!(again.call::<i64>("echo", &(1,)).await, Err(CallFailure::Deadline));
        assert!(patient("PYRO:thing@./u:/nowhere/at/all").ping().await.is_err());
    });
}

/// Hangs up on its first clients, then serves; gives its URI.
fn unreliable(hang_ups: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for _ in 0..hang_ups {
            drop(listener.accept().expect("a client"));
        }
        let (socket, _) = listener.accept().expect("a client");
        let mut server: Server<Local> = Server::unbound(Config::default()).expect("a server");
        server.daemon.register("thing", Thing::default()).expect("registered");
        server.adopt(socket).expect("adopted");
        // It ends with its session.
        server.run().expect("served");
    });
    format!("PYRO:thing@{address}")
}

#[test]
fn calls_are_made_again_as_often_as_they_may() {
    run(|| async {
        let proxy = proxy(&unreliable(3)).retries(3);
        let begun = Instant::now();
        assert_eq!(proxy.call::<i64>("echo", &(5,)).await, Ok(5));
        assert!(begun.elapsed() >= Duration::from_millis(50 + 100), "later attempts wait");
        assert_eq!(proxy.call::<i64>("echo", &(6,)).await, Ok(6));

        let several = super::support::proxy(&unreliable(2)).retries(5);
        let calls: Vec<_> = (0..6).map(|n| start(several.call::<i64>("echo", &(n,)))).collect();
        for (n, call) in (0..).zip(calls) {
            assert_eq!(call.await, Ok(n));
        }
        let lost = super::support::proxy(&unreliable(1)).call::<i64>("echo", &(1,)).await;
        assert!(matches!(&lost, Err(CallFailure::Lost(_))), "{lost:?}");
    });
}

#[test]
fn a_connection_that_nobody_waits_for_is_taken_up_again() {
    run(|| async {
        let server = Hosted::start();
        let proxy = patient(&server.uri);
        // Dropped at each of its steps.
        for polls in 0..4 {
            let mut call = proxy.call::<i64>("echo", &(polls,));
            for _ in 0..polls {
                let _ = poll_once(&mut call).await;
                sleep(Duration::from_millis(5)).await;
            }
            drop(call);
            let more = proxy.call::<i64>("echo", &(100,));
            assert_eq!(within(PATIENCE, more).await, Some(Ok(100)));
            proxy.close();
        }
    });
}
