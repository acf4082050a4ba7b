//! firesteel on your own [`mio::Poll`]: a [`Server`] and a [`Client`] beside whatever else the loop does.
//!
//! # In your loop
//!
//! ```
//! use std::sync::Arc;
//! use firesteel_mio::{Client, Server};
//! use firesteel_proto::{Budget, Config, ProxyEvent, Request};
//! use mio::{Events, Poll, Token, Waker};
//! # use firesteel_proto::{Args, Context, Member, Metadata, Method, Object, Outcome};
//! # struct Adder;
//! # static METADATA: Metadata = Metadata::new(&[Method::new("add")], &[]);
//! # impl Object for Adder {
//! #     fn metadata(&self) -> &Metadata { &METADATA }
//! #     fn call(&mut self, cx: &mut Context<'_>, _: Member<'_>, args: Args<'_>) -> Outcome {
//! #         let (a, b): (i64, i64) = args.bind(&["a", "b"])?;
//! #         cx.answer(&(a + b))
//! #     }
//! # }
//!
//! const WAKER: Token = Token(0); // your own tokens: below 1000
//!
//! let mut poll = Poll::new()?;
//! let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
//! let mut server: Server = Server::new(poll.registry(), 1000..2000, waker, Config::default())?;
//! server.daemon.register("adder", Adder)?;
//! server.listen("127.0.0.1:0")?;
//!
//! let mut client = Client::new(poll.registry(), 2000..3000, Config::default())?;
//! let adder = client.calls.proxy(&server.uri("adder").expect("it listens").to_string())?;
//! let call = client.calls.call(std::time::Instant::now(), adder, &Request::method("add", &(1, 2)))?;
//!
//! let mut events = Events::with_capacity(64);
//! let sum: i64 = 'turns: loop {
//!     server.step(&mut (), Budget::calls(32)); // time, your objects' methods, answers
//!     client.step();
//!     while let Some(event) = client.poll_event() {
//!         match event {
//!             ProxyEvent::Done { id, result, .. } if id == call => break 'turns result?.into_value().ok_or("no value")?.decode()?,
//!             _ => {}
//!         }
//!     }
//!     let timeout = [server.timeout(), client.timeout()].into_iter().flatten().min();
//!     poll.poll(&mut events, timeout)?; // `ErrorKind::Interrupted` is no failure
//!     for event in &events {
//!         let ours = server.handle_event(event) || client.handle_event(event);
//!         # let _ = ours; // the others are yours
//!     }
//! };
//! assert_eq!(sum, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - **Tokens** are a range of yours for each server and client: one for each listener and each connection. A
//!   connection that finds no token left is closed.
//! - **The waker** is yours, too, as a poll has only one: the server wakes it for answers that come from other threads,
//!   and to be [stopped](Stopper). Its event needs no more than the `step` of that turn.
//! - **Each turn** gives all events to `handle_event`, then calls `step`, and waits for the shortest `timeout` at most. That
//!   is past while there is more to do, and none without need: a loop that obeys it neither stalls nor spins.
//! - **Edges.** Sockets are registered once, for reading and writing. Every event has to be given on, as there is no
//!   second one: the sockets are read and written then until they have no more. Where the core holds back reading, it is
//!   resumed in a `step`. Events that are stale or were made up do no harm.
//! - **Errors of `accept`** do not end a server. When the system has no descriptors left, listeners rest for a moment, and
//!   `timeout` says until when.
//! - **Order, limits and deadlines** are the core's: see `firesteel_proto::embedding`.
//!
//! # Without a loop
//!
//! ```no_run
//! use firesteel_mio::Server;
//! use firesteel_proto::Config;
//!
//! let (mut poll, mut server): (_, Server) = Server::bind("127.0.0.1:7766", Config::default())?;
//! // server.daemon.register(...)
//! server.run(&mut poll)?;
//! # Ok::<(), std::io::Error>(())
//! ```
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
mod serve;
mod server;
mod socket;

pub use client::Client;
pub use serve::{Serve, ServeError};
pub use server::{Server, Stopper};
pub use socket::Socket;
