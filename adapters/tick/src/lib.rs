//! firesteel between two frames: a [`Server`] and a [`Client`] that are ticked, for games and simulations.
//!
//! A tick takes what has come, runs as many calls as its budget allows, sends what there is to send, and returns. It
//! never waits. Methods see the game as `&mut World`: there is no lock and no other thread.
//!
//! # Serving
//!
//! ```
//! use std::time::{Duration, Instant};
//! use firesteel_proto::{Budget, Config};
//! use firesteel_tick::Server;
//! # use firesteel_proto::{Args, Context, Member, Metadata, Method, Object, Outcome};
//!
//! struct World {
//!     frame: u64,
//! }
//! # struct Clock;
//! # static METADATA: Metadata = Metadata::new(&[Method::new("frame")], &[]);
//! # impl Object<World> for Clock {
//! #     fn metadata(&self) -> &Metadata { &METADATA }
//! #     fn call(&mut self, cx: &mut Context<'_, World>, _: Member<'_>, _: Args<'_>) -> Outcome<World> {
//! #         cx.answer(&cx.world.frame)
//! #     }
//! # }
//!
//! let mut server = Server::bind(Instant::now(), "127.0.0.1:0", Config::default())?;
//! server.daemon.register("clock", Clock)?; // `#[expose(world = World)]`
//! println!("{}", server.uri("clock").expect("it listens"));
//! let mut world = World { frame: 0 };
//! for _ in 0..3 {
//!     world.frame += 1;
//!     server.tick(Instant::now(), &mut world, Budget::calls(8));
//! }
//! server.shutdown(Instant::now(), Duration::from_secs(1));
//! while !server.is_over() {
//!     server.tick(Instant::now(), &mut world, Budget::calls(8));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - **The budget** bounds the calls of a tick. Clients take turns, one call each, and what is left waits for the next
//!   tick. [`Dispatched::more`](firesteel_proto::Dispatched::more) tells that there is some.
//! - **The cost** of a tick is a read for each connection and an `accept` for each listener: right for hundreds of
//!   connections, not for thousands. From each of them it takes at most a megabyte, so that a large message is spread
//!   over several ticks. Apart from what calls need themselves, a tick in which nobody comes or goes allocates nothing.
//! - **Time** is what you pass in, and must not go backwards. Limits, deadlines and the order of calls are the core's:
//!   see `firesteel_proto::embedding`.
//! - **Answers that come later** ([`Context::defer`](firesteel_proto::Context::defer)) are sent by the tick that follows;
//!   nobody has to be woken.
//! - **Sockets** are TCP, unix (`./u:path`), and connected ones that you [adopt](Server::adopt), which need no
//!   listener. When the system has no more descriptors, a listener tries again in the next tick.
//!
//! # Calling
//!
//! A [`Client`] is ticked, too: a call is made in one tick and its answer is picked up in a later one.
//!
//! ```
//! use std::os::unix::net::UnixStream;
//! use std::time::Instant;
//! use firesteel_proto::{Budget, Config, ProxyEvent, Request};
//! use firesteel_tick::{Client, Server};
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
//! let (ours, theirs) = UnixStream::pair()?;
//! let mut server = Server::new(Instant::now(), Config::default());
//! server.daemon.register("adder", Adder)?;
//! server.adopt(Instant::now(), theirs)?;
//!
//! let mut client = Client::new(Instant::now(), Config::default());
//! let adder = client.adopt(Instant::now(), "adder", ours)?; // or `client.calls.proxy("PYRO:adder@127.0.0.1:7766")?`
//! let call = client.calls.call(Instant::now(), adder, &Request::method("add", &(1, 2)))?;
//! let sum: i64 = 'ticks: loop {
//!     let now = Instant::now();
//!     client.tick(now);
//!     server.tick(now, &mut (), Budget::calls(8));
//!     while let Some(event) = client.poll_event() {
//!         match event {
//!             ProxyEvent::Done { id, result, .. } if id == call => break 'ticks result?.into_value().ok_or("no value")?.decode()?,
//!             _ => {}
//!         }
//!     }
//! };
//! assert_eq!(sum, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
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
mod server;
mod socket;

pub use client::Client;
pub use firesteel_pump::Socket;
pub use server::Server;
