//! 13. Same inputs, same `now`s, same seed: same bytes out. And however the bytes are cut on their
//!     way, the same things happen.

use firesteel_proto::testing::Chunks;
use firesteel_proto::{Config, Request};
use proptest::prelude::*;

use crate::common::*;

/// What a scenario shows: the bytes each way, what the calls brought, and what the object saw.
type Seen = (Vec<(Vec<u8>, Vec<u8>)>, Vec<String>, Vec<String>);

fn scenario(chunks: Chunks, compression: bool) -> Seen {
    let mut config = Config::default();
    config.compression = compression;
    let (mut pair, mut world) = (pair_with(config.clone(), config), World::default());
    pair.chunks = chunks;
    let proxy = connected(&mut pair, &mut world);
    let second = pair.join("thing");
    let text = "a text that is long enough to be compressed, ".repeat(10);
    for proxy in [proxy, second] {
        for request in [
            Request::method("echo", &(1, "two", [3.5])),
            Request::method("echo", &(&text,)),
            Request::method("fail", &()),
            Request::method("log", &("call",)).annotation(*b"TEST", &b"annotated"[..]),
            Request::method("nope", &()),
            Request::get("size"),
            Request::set("size", &3),
            Request::set("fixed", &3),
        ] {
            pair.client.call(pair.now, proxy, &request).expect("sent");
        }
        pair.client.notify(pair.now, proxy, &Request::method("oneway", &("note",))).expect("sent");
        pair.client.ping(pair.now, proxy).expect("sent");
        pair.settle(&mut world);
    }
    let results = pair.done.values().map(|result| format!("{result:?}")).collect();
    (pair.traffic(), results, world.log)
}

#[test]
fn the_same_again_gives_the_same_bytes() {
    assert_eq!(scenario(Chunks::whole(), false), scenario(Chunks::whole(), false));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_fragmentation_gives_the_same_events(sizes in proptest::collection::vec(1_usize..90, 1..12), compression: bool) {
        prop_assert_eq!(scenario(Chunks::of(sizes), compression), scenario(Chunks::whole(), compression));
    }
}

#[test]
fn single_bytes_give_the_same_events() {
    assert_eq!(scenario(Chunks::of([1]), true), scenario(Chunks::whole(), true));
}
