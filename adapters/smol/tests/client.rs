//! Proxies on smol.

use std::future::Future;
use std::time::Duration;

use firesteel_smol::Smol as R;

#[path = "../../async/conformance/client/mod.rs"]
mod client;

fn run<F: Future<Output = ()>>(test: impl Fn() -> F) {
    let late = async {
        smol::Timer::after(Duration::from_secs(100)).await;
        panic!("in time");
    };
    smol::block_on(smol::future::or(test(), late));
}
