//! firesteel on blocking threads: a [`Server`] on one thread or a small pool of them, and a
//! [`Proxy`] whose calls wait.
//!
//! No thread is parked per connection, on either side: the server's threads wait together for
//! whatever comes, and a proxy's calls are driven by the threads that make them.
//!
//! ```
//! use firesteel_blocking::{Proxy, Server};
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
//! let mut server = Server::bind("127.0.0.1:0")?;
//! server.daemon.register("adder", Adder)?;
//! let uri = server.uri("adder");
//! let stopper = server.stopper();
//! std::thread::scope(|threads| {
//!     threads.spawn(|| {
//!         let sum: i64 = Proxy::new(&uri.to_string()).unwrap().call("add", &(1, 2)).unwrap();
//!         assert_eq!(sum, 3);
//!         stopper.stop();
//!     });
//!     server.run()
//! })?;
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

mod attend;
mod connect;
mod environment;
mod line;
mod naming;
mod pending;
mod poller;
mod proxy;
mod rebind;
mod scope;
mod serve;
mod server;
mod socket;
mod sockets;
mod stream;
mod team;

pub use environment::environment;
pub use firesteel_pump::ServeError;
pub use firesteel_pump::Socket;
pub use naming::{Published, locate_ns};
pub use pending::Pending;
pub use proxy::{Connector, Cork, Proxy};
pub use scope::{correlation_id, with_correlation_id};
pub use serve::{Serve, Serving};
pub use server::{Server, Stopper};
pub use stream::RemoteStream;
