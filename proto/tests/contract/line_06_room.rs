//! 6. and 7. together: when all sessions hold too much, they take turns, and nobody is forgotten.

use firesteel_proto::{Config, Machine, Request, SessionId};

use crate::common::*;

fn small() -> Config {
    let mut config = Config::default();
    config.limits.max_total_buffered = 1 << 20;
    config
}

/// An echo of 80 KB, as bytes.
fn upload() -> Vec<u8> {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = pair.join("thing");
    let text = "x".repeat(80_000);
    pair.client.call(pair.now, proxy, &Request::method("echo", &(&text,))).expect("sent");
    pair.settle(&mut world);
    pair.traffic().remove(0).0
}

/// Feeds each session by a loop that obeys interests: it asks after its own pumping, and pumps what it is told of.
fn feed(pair: &mut ThingPair, world: &mut World, ids: &[SessionId], message: &[u8]) -> usize {
    let mut sent = vec![0; ids.len()];
    let mut willing = vec![true; ids.len()];
    let mut answered = 0;
    for _ in 0..20_000 {
        for (at, id) in ids.iter().enumerate() {
            let Some(mut session) = pair.daemon.session(*id) else { continue };
            if willing[at] && sent[at] < message.len() {
                let n = 1_000.min(message.len() - sent[at]);
                session.handle_input(pair.now, &message[sent[at]..sent[at] + n]);
                sent[at] += n;
                willing[at] = session.wants_read();
            }
        }
        pair.daemon.handle_timeout(pair.now);
        pair.daemon.dispatch(pair.now, world, firesteel_proto::Budget::UNLIMITED);
        while let Some(id) = pair.daemon.poll_session() {
            let mut session = pair.daemon.session(id).expect("alive");
            if session.poll_transmit().is_some_and(|transmit| transmit.take().len() > 80_000) {
                answered += 1;
            }
            let at = ids.iter().position(|known| *known == id).expect("one of these");
            willing[at] = session.wants_read();
        }
        if answered == ids.len() {
            break;
        }
    }
    answered
}

#[test]
fn uploads_that_do_not_fit_together_are_finished_one_after_the_other() {
    let (mut pair, mut world) = (pair_with(Config::default(), small()), World::default());
    let message = upload();
    let proxies: Vec<_> = (0..20).map(|_| pair.join("thing")).collect();
    let ids: Vec<_> = proxies.iter().map(|proxy| pair.session_of(*proxy).expect("a session")).collect();
    assert_eq!(feed(&mut pair, &mut world, &ids, &message), ids.len());
}

#[test]
fn who_has_the_turn_and_does_not_use_it_loses_it() {
    let (mut pair, mut world) = (pair_with(Config::default(), small()), World::default());
    let message = upload();
    let proxies: Vec<_> = (0..21).map(|_| pair.join("thing")).collect();
    let ids: Vec<_> = proxies.iter().map(|proxy| pair.session_of(*proxy).expect("a session")).collect();
    // One holds 600 KB and stays silent.
    let mut hog = message.clone();
    hog[12..16].copy_from_slice(&(2_000_000_u32).to_be_bytes());
    hog.resize(600_000, b' ');
    pair.daemon.session(ids[20]).expect("alive").handle_input(pair.now, &hog);
    let answered = feed(&mut pair, &mut world, &ids[..20], &message);
    if answered < 20 {
        pair.turn(SECOND * 10);
        pair.daemon.handle_timeout(pair.now);
    }
    assert!(answered == 20 || pair.daemon.session_count() < 21, "the silent one is still there");
}
