//! Remote objects for any event loop: Pyro (Python Remote Objects) in Rust, wire-compatible both ways with
//! Pyro5 and Pyro4, whose clients share objects and port.
//!
//! This crate is the whole of firesteel under one name:
//!
//! - everything of `firesteel-proto`, the protocol core without IO: [`Daemon`] hosts objects, [`Client`]
//!   calls them, and [`embedding`] tells how to drive both from your own loop;
//! - [`blocking`] (feature `blocking`, on by default): a server on one thread or a few, and a proxy whose calls
//!   wait;
//! - `mio` (feature `mio`): server and client on your own `mio::Poll`;
//! - `smol` (feature `smol`) and `tokio` (feature `tokio`): async server and client;
//! - `tick` (feature `tick`): server and client for a game's ticks, without any waiting;
//! - `tls` (feature `tls`): TLS as a layer under all of these;
//! - `nameserver` (features `nameserver` and `sqlite`): a name server for the programs of Pyro5 and Pyro4, in your own process
//!   or on its own;
//! - [`pump`](mod@pump): moves bytes between a machine and a socket, for loops of your own;
//! - `#[expose]` and `#[remote]` (feature `macros`, on by default);
//! - all of Pyro's serializers ([`SerializerId`]), both of its protocols ([`Dialect`]), compression and signed
//!   messages (features `compression` and `hmac`, on by default).
//!
//! [`features`] is a table: what Pyro has, how it is written here, and which test shows it.
//!
//! # A server
//!
//! ```no_run
//! use firesteel::{Fault, blocking, expose};
//!
//! struct Counter {
//!     total: i64,
//! }
//!
//! #[expose]
//! impl Counter {
//!     /// Takes `&mut self`: runs alone.
//!     pub fn add(&mut self, by: i64) -> Result<i64, Fault> {
//!         if by < 0 {
//!             return Err(Fault::new("builtins.ValueError", "only upwards"));
//!         }
//!         self.total += by;
//!         Ok(self.total)
//!     }
//! }
//!
//! let mut server = blocking::Server::bind("127.0.0.1:7766")?;
//! server.daemon.register("counter", Counter { total: 0 })?;
//! server.run()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A client
//!
//! ```no_run
//! use firesteel::{CallFailure, blocking::Proxy};
//!
//! let counter = Proxy::new("PYRO:counter@127.0.0.1:7766")?;
//! let total: i64 = counter.call("add", &(5,))?;
//! match counter.call::<i64>("add", &(-1,)) {
//!     Err(CallFailure::Fault(fault)) if fault.is("builtins.ValueError") => println!("{}", fault.message()),
//!     other => println!("{other:?}"),
//! }
//! # Ok::<(), CallFailure>(())
//! ```
//!
//! # An object by hand
//!
//! What `#[expose]` writes is short enough to write oneself:
//!
//! ```
//! use firesteel::{Args, Attribute, Context, Fault, Member, Metadata, Method, Object, Outcome};
//!
//! struct Counter {
//!     total: i64,
//! }
//!
//! static METADATA: Metadata =
//!     Metadata::new(&[Method::new("add")], &[Attribute::new("total").shared().settable()]);
//!
//! impl<W> Object<W> for Counter {
//!     fn metadata(&self) -> &Metadata {
//!         &METADATA
//!     }
//!     // Members that take `&mut self`; the others are passed on.
//!     fn call(&mut self, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
//!         match member {
//!             Member::Method("add") => {
//!                 let (by,): (i64,) = args.bind(&["by"])?;
//!                 self.total += by;
//!                 cx.answer(&self.total)
//!             }
//!             // A new value comes as the one argument.
//!             Member::Set("total") => {
//!                 let (value,): (i64,) = args.bind(&["value"])?;
//!                 self.total = value;
//!                 cx.answer(&())
//!             }
//!             other => self.call_shared(cx, other, args),
//!         }
//!     }
//!     // Members that are marked `shared`: in a `Shared` registry they run at the same time.
//!     fn call_shared(&self, cx: &mut Context<'_, W>, member: Member<'_>, _: Args<'_>) -> Outcome<W> {
//!         match member {
//!             Member::Get("total") => cx.answer(&self.total),
//!             other => Err(Fault::unknown(&other)),
//!         }
//!     }
//! }
//! ```
#![forbid(unsafe_code)]

pub mod features;

#[cfg(feature = "nameserver")]
pub mod nameserver;

#[cfg(feature = "blocking")]
pub use firesteel_blocking as blocking;
#[cfg(feature = "mio")]
pub use firesteel_mio as mio;
pub use firesteel_proto::*;
pub use firesteel_pump as pump;
#[cfg(feature = "smol")]
pub use firesteel_smol as smol;
#[cfg(feature = "tick")]
pub use firesteel_tick as tick;
#[cfg(feature = "tls")]
pub use firesteel_tls as tls;
#[cfg(feature = "tokio")]
pub use firesteel_tokio as tokio;
