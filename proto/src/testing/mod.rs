//! For tests: a client and a daemon joined by wires in memory, on a clock that the test turns.
//!
//! ```
//! use firesteel_proto::testing::Pair;
//! use firesteel_proto::{Args, Context, Daemon, Member, Metadata, Method, Object, Outcome, Request};
//!
//! struct Echo;
//! static METADATA: Metadata = Metadata::new(&[Method::new("echo")], &[]);
//! impl Object for Echo {
//!     fn metadata(&self) -> &Metadata { &METADATA }
//!     fn call(&mut self, cx: &mut Context<'_>, _: Member<'_>, args: Args<'_>) -> Outcome {
//!         let (message,): (String,) = args.bind(&["message"])?;
//!         cx.answer(&message)
//!     }
//! }
//!
//! let mut pair = Pair::new(std::time::Instant::now(), |now, config| Daemon::new(now, config));
//! pair.daemon.register("echo", Echo)?;
//! let proxy = pair.client.proxy("PYRO:echo@anywhere:1")?;
//! let answer: String = pair.call(proxy, &Request::method("echo", &("hello",)), &mut ())?;
//! assert_eq!(answer, "hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod fuzzing;
mod pair;
mod wire;

pub use pair::Pair;
pub use wire::Chunks;
