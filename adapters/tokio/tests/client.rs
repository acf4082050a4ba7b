//! Proxies on tokio, with each of its schedulers.

use std::future::Future;
use std::time::Duration;

use firesteel_tokio::Tokio as R;
use tokio::runtime::Builder;

#[path = "../../async/conformance/client/mod.rs"]
mod client;

fn run<F: Future<Output = ()>>(test: impl Fn() -> F) {
    let one = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let several = Builder::new_multi_thread().worker_threads(3).enable_all().build().expect("a runtime");
    for runtime in [one, several] {
        runtime.block_on(async { tokio::time::timeout(Duration::from_secs(100), test()).await.expect("in time") });
    }
}
