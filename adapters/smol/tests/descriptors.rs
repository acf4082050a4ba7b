//! A process that has no more descriptors.

use std::future::{Future, poll_fn};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use firesteel_async::{Runtime, Timer};
use firesteel_proto::Location;
use firesteel_smol::{Server, Smol as R};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

fn run(future: impl Future<Output = ()>) {
    smol::block_on(future);
}

include!("../../async/conformance/descriptors.rs");
