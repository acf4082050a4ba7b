//! firesteel on smol: async proxies and servers.
//!
//! # Serving
//!
//! ```
//! # extern crate firesteel_proto as firesteel;
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use firesteel::expose;
//! use firesteel_smol::Server;
//!
//! struct Oracle;
//!
//! #[expose]
//! impl Oracle {
//!     pub async fn ask(&self, question: &str) -> String {
//!         smol::Timer::after(Duration::from_millis(1)).await;
//!         format!("{question}? Perhaps.")
//!     }
//! }
//!
//! smol::block_on(async {
//!     let server = Server::bind("127.0.0.1:0").await?;
//!     server.daemon().register("oracle", Arc::new(Oracle))?;
//!     println!("{}", server.uri("oracle")); // give this to a client
//!     # server.stopper().stop();
//!     server.run().await?; // until `server.stopper().stop()`
//!     Ok::<_, Box<dyn std::error::Error>>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Objects are `Send + Sync`, whether their methods are async or not.
//!
//! Each connection is a task of smol's global executor, which has one thread unless `SMOL_THREADS` in the environment says
//! otherwise. **A method that blocks keeps that thread**: make it `async`, and leave what blocks to `smol::unblock`.
//!
//! # Calling
//!
//! A [`Proxy`]'s calls are futures ([`Call`]): they borrow nothing, may be waited for in any task and any order, and are
//! cancelled when they are dropped. Any executor will do: sockets and timers are `async-io`'s, and tasks run on smol's global executor.
//!
//! ```
//! use std::time::Duration;
//! use firesteel_smol::Proxy;
//! # use firesteel_blocking::Server;
//! # use firesteel_proto::{CallFailure, Stream, expose};
//! # struct Adder;
//! # #[expose(crate = firesteel_proto)]
//! # impl Adder {
//! #     pub fn add(&self, a: i64, b: i64) -> i64 { a + b }
//! #     pub fn count(&self, n: u32) -> Stream { Stream::new(0..n) }
//! # }
//! # let mut server = Server::bind("127.0.0.1:0")?;
//! # server.daemon.register("adder", Adder)?;
//! # let (uri, stopper) = (server.uri("adder").to_string(), server.stopper());
//! # std::thread::scope(|threads| {
//! # threads.spawn(|| {
//! # smol::block_on(async {
//! let adder = Proxy::new(&uri)?; // connects when it is first used
//! let sum: i64 = adder.call("add", &(1, 2)).await?;
//! assert_eq!(sum, 3);
//!
//! // Many at once, on one connection: they leave together.
//! let calls: Vec<_> = (0..10).map(|n| adder.call::<i64>("add", &(n, 1))).collect();
//! for (n, call) in (0..).zip(calls) {
//!     assert_eq!(call.await?, n + 1);
//! }
//!
//! // In a task of its own, with a time.
//! let hasty = adder.timeout(Duration::from_secs(5));
//! let task = smol::spawn(hasty.call::<i64>("add", &(2, 2)));
//! assert_eq!(task.await?, 4);
//!
//! // A generator's items, three requests ahead.
//! let mut items = adder.stream::<u32>("count", &(3,)).await?.window(3);
//! while let Some(item) = items.next().await {
//!     println!("{}", item?);
//! }
//! # Ok::<(), CallFailure>(())
//! # }).unwrap();
//! # stopper.stop();
//! # });
//! # server.run()
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A call that is waited for alone costs one write, one read and one wait of the reactor's, and allocates as much as one
//! of a blocking proxy. Typed proxies (`#[remote]`) are async over this [`Proxy`], as it is a
//! [`Caller`](firesteel_proto::Caller).
//!
//! # Names
//!
//! What goes by a name is looked up in a name server of Pyro's or firesteel's, with the first call and after a loss. [`Serve`]
//! registers objects under their names, which are there until it is stopped; [`locate_ns`] gives the name server's client.
//!
//! ```no_run
//! # extern crate firesteel_proto as firesteel;
//! use firesteel::expose;
//! use firesteel_smol::{Proxy, Serve, locate_ns};
//!
//! struct Adder;
//!
//! #[expose]
//! impl Adder {
//!     pub fn add(&self, a: i64, b: i64) -> i64 {
//!         a + b
//!     }
//! }
//!
//! # async fn client() -> Result<(), firesteel_proto::CallFailure> {
//! let sum: i64 = Proxy::new("PYRONAME:example.adder")?.call("add", &(1, 2)).await?;
//! println!("{sum} by {}", locate_ns("", None).await?.lookup("example.adder").await?);
//! # Ok(())
//! # }
//! # async fn server() -> Result<(), firesteel_smol::ServeError> {
//! let mut serving = Serve::new().object("example.adder", Adder).bind().await?;
//! let stopper = serving.stopper(); // ends it from elsewhere
//! serving.run().await?; // the name goes with its end
//! # Ok(())
//! # }
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

mod runtime;

use firesteel_proto::{CallFailure, NameServerProxy};
pub use runtime::Smol;

/// Stands for a remote object, on smol: see [`firesteel_async::Proxy`].
pub type Proxy = firesteel_async::Proxy<Smol>;

/// Makes proxies that share a config: see [`firesteel_async::Connector`].
pub type Connector = firesteel_async::Connector<Smol>;

/// Hosts shared objects on smol: see [`firesteel_async::Server`].
pub type Server = firesteel_async::Server<Smol>;

/// Serves objects under their names, on smol: see [`firesteel_async::Serve`].
pub type Serve = firesteel_async::Serve<Smol>;

/// Objects that are there, to be served on smol: see [`firesteel_async::Serving`].
pub type Serving = firesteel_async::Serving<Smol>;

/// Names in a name server: see [`firesteel_async::Published`].
pub type Published = firesteel_async::Published<Smol>;

pub use firesteel_async::{
    Call, Cork, DaemonGuard, RemoteStream, ServeError, Stopper, correlation_id, with_correlation_id,
};

/// Searches a name server, and connects to it: see [`firesteel_async::locate_ns`].
///
/// # Errors
/// There is none: [`CloseReason::Unresolved`](firesteel_proto::CloseReason::Unresolved).
pub async fn locate_ns(host: &str, port: Option<u16>) -> Result<NameServerProxy<Proxy>, CallFailure> {
    firesteel_async::locate_ns(host, port).await
}
