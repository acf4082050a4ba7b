//! A process that has no more descriptors.

use std::future::{Future, poll_fn};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use firesteel_async::{Runtime, Timer};
use firesteel_proto::Location;
use firesteel_tokio::{Server, Tokio as R};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

fn run(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future);
}

include!("../../async/conformance/descriptors.rs");
