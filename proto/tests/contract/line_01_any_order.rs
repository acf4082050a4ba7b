//! 1. Any method is legal at any time in any order; nothing must be drained first; after close,
//!    inputs are ignored. No cap on undelivered events may stop reading.

use firesteel_proto::{Budget, Machine, Peer, Request};
use proptest::prelude::*;

use crate::common::*;

/// Something that an embedder may do with a session and its daemon.
#[derive(Clone, Debug)]
enum Op {
    Input(Vec<u8>),
    Call,
    Filled(usize),
    Eof,
    Error,
    Timeout(u64),
    Transmit(usize),
    Dispatch(usize),
    PollSession,
    PollEvent,
    Answer,
    Open,
    Close,
    Shutdown,
    Unregister,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..80).prop_map(Op::Input),
        Just(Op::Call),
        Just(Op::Call),
        Just(Op::Call),
        (0_usize..100_000).prop_map(Op::Filled),
        Just(Op::Eof),
        Just(Op::Error),
        (0_u64..20).prop_map(Op::Timeout),
        (0_usize..2000).prop_map(Op::Transmit),
        (0_usize..4).prop_map(Op::Dispatch),
        Just(Op::PollSession),
        Just(Op::PollEvent),
        Just(Op::Answer),
        Just(Op::Open),
        Just(Op::Close),
        Just(Op::Shutdown),
        Just(Op::Unregister),
    ]
}

/// What a client sends: a handshake, then calls.
fn traffic() -> Vec<u8> {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    for method in ["later", "nop", "fail"] {
        pair.client.call(pair.now, proxy, &Request::method(method, &())).expect("sent");
    }
    pair.client.notify(pair.now, proxy, &Request::method("oneway", &("x",))).expect("sent");
    pair.transfer();
    pair.traffic().remove(0).0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_order_of_operations_panics_or_hangs(ops in proptest::collection::vec(op(), 0..60)) {
        static TRAFFIC: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let traffic = TRAFFIC.get_or_init(traffic);
        let mut now = start();
        let mut daemon = firesteel_proto::Daemon::new(now, Default::default());
        daemon.register("thing", Thing).unwrap();
        let mut world = World::default();
        let mut ids = vec![daemon.open(now, Peer::default(), None).unwrap()];
        let mut sent = 0;
        for op in ops {
            let id = *ids.last().unwrap();
            let session = daemon.session(id);
            match (op, session) {
                (Op::Input(bytes), Some(mut session)) => session.handle_input(now, &bytes),
                (Op::Call, Some(mut session)) => {
                    let n = 37.min(traffic.len() - sent);
                    session.handle_input(now, &traffic[sent..sent + n]);
                    sent += n;
                }
                (Op::Filled(n), Some(mut session)) => session.handle_filled(now, n),
                (Op::Eof, Some(mut session)) => session.handle_eof(now),
                (Op::Error, Some(mut session)) => session.handle_error(now),
                (Op::Close, Some(mut session)) => session.close(),
                (Op::Transmit(n), Some(mut session)) => {
                    use bytes::Buf;
                    if let Some(mut transmit) = session.poll_transmit() {
                        let n = n.min(transmit.remaining());
                        transmit.advance(n);
                    }
                }
                (Op::Timeout(seconds), _) => {
                    now += SECOND * seconds as u32;
                    daemon.handle_timeout(now);
                }
                (Op::Dispatch(n), _) => {
                    prop_assert!(daemon.dispatch(now, &mut world, Budget::calls(n)).calls <= n);
                }
                (Op::PollSession, _) => {
                    daemon.poll_session();
                }
                (Op::PollEvent, _) => {
                    daemon.poll_event();
                }
                (Op::Answer, _) => {
                    world.responders.pop();
                }
                (Op::Open, _) => {
                    if let Ok(id) = daemon.open(now, Peer::default(), None) {
                        ids.push(id);
                        sent = 0;
                    }
                }
                (Op::Shutdown, _) => daemon.shutdown(now, SECOND),
                (Op::Unregister, _) => {
                    daemon.unregister("thing");
                }
                (_, None) => {}
            }
        }
        // Whatever happened, a shutdown comes to its end.
        daemon.shutdown(now, SECOND);
        for _ in 0..1000 {
            now += SECOND;
            daemon.handle_timeout(now);
            daemon.dispatch(now, &mut world, Budget::UNLIMITED);
            while daemon.poll_session().is_some() || daemon.poll_event().is_some() {}
            if daemon.is_drained() {
                break;
            }
        }
        prop_assert!(daemon.is_drained());
        prop_assert_eq!(daemon.poll_timeout(), None);
    }
}

#[test]
fn after_close_inputs_are_ignored() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let id = pair.session_of(proxy).expect("a session");
    let mut session = pair.daemon.session(id).expect("alive");
    session.handle_error(pair.now);
    assert!(session.is_closed() && !session.wants_read() && !session.wants_write());
    assert!(session.input_buf().is_empty());
    session.handle_input(pair.now, b"PYRO and more");
    session.handle_filled(pair.now, 10);
    session.handle_eof(pair.now);
    session.handle_timeout(pair.now);
    assert!(session.poll_transmit().is_none());
}

#[test]
fn undelivered_events_do_not_stop_reading() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let mut calls = Vec::new();
    for round in 0..20 {
        for n in 0..500 {
            let id = pair.client.call(pair.now, proxy, &Request::method("echo", &(round * 500 + n,))).expect("sent");
            calls.push(id);
        }
        pair.settle(&mut world);
    }
    assert_eq!(pair.done.len(), calls.len(), "every answer arrived, though none was asked for");
}
