//! What tokio gives, as every runtime has to.

use std::future::poll_fn;
use std::io::IoSlice;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use firesteel_async::os::Wanted;
use firesteel_async::{Datagrams, Listener, Runtime, Socket, Timer};
use firesteel_proto::{Handshake, IpVersion, Location};
use firesteel_tokio::Tokio as R;

fn run(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), future).await.expect("in time") });
}

include!("../../async/conformance/runtime.rs");
