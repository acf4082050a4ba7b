//! What smol gives, as every runtime has to.

use std::future::poll_fn;
use std::io::IoSlice;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use firesteel_async::os::Wanted;
use firesteel_async::{Datagrams, Listener, Runtime, Socket, Timer};
use firesteel_proto::{Handshake, IpVersion, Location};
use firesteel_smol::Smol as R;

fn run(future: impl Future<Output = ()>) {
    let late = async {
        smol::Timer::after(Duration::from_secs(10)).await;
        panic!("in time");
    };
    smol::block_on(smol::future::or(future, late));
}

include!("../../async/conformance/runtime.rs");
