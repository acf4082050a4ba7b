//! firesteel for async code, over any runtime: what `firesteel-tokio` and `firesteel-smol` have in common.
//!
//! A [`Runtime`] gives sockets, timers and tasks; everything else is here, once.
#![forbid(unsafe_code)]
// Nothing that a peer sends may end the program: what cannot happen is an error all the same.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::unimplemented
    )
)]

mod client;
mod naming;
pub mod os;
mod runtime;
mod serve;
mod server;

pub use client::{Call, Connector, Cork, Proxy, RemoteStream, correlation_id, with_correlation_id};
pub use firesteel_pump::ServeError;
pub use naming::{Published, locate_ns};
pub use runtime::{Datagrams, Listener, Runtime, Socket, Timer};
pub use serve::{Serve, Serving};
pub use server::{DaemonGuard, Server, Stopper};
