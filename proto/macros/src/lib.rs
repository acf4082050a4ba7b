//! The procedural macros of firesteel: `#[expose]` makes an object of an impl block, `#[remote]` a typed
//! proxy of a trait.
//!
//! Both are conveniences. What they write is short to write by hand, and goes through nothing but the
//! public traits `Object` and `Caller`.
//!
//! # Objects
//!
//! ```
//! # extern crate firesteel_proto as firesteel;
//! # use firesteel_macros::expose;
//! use firesteel::Fault;
//!
//! #[derive(Default)]
//! struct Counter {
//!     n: i64,
//!     step: i64,
//! }
//!
//! #[expose]
//! impl Counter {
//!     /// Several threads may call it at once: it takes `&self`.
//!     pub fn peek(&self) -> i64 {
//!         self.n
//!     }
//!
//!     /// An error becomes an exception at the caller.
//!     pub fn add(&mut self, by: i64, #[default(1)] times: i64) -> Result<i64, Fault> {
//!         if by < 0 {
//!             return Err(Fault::new("builtins.ValueError", "only upwards"));
//!         }
//!         self.n += by * times * self.step;
//!         Ok(self.n)
//!     }
//!
//!     #[oneway]
//!     pub fn reset(&mut self) {
//!         self.n = 0;
//!     }
//!
//!     #[attr]
//!     pub fn step(&self) -> i64 {
//!         self.step
//!     }
//!
//!     #[attr]
//!     pub fn set_step(&mut self, step: i64) {
//!         self.step = step;
//!     }
//!
//!     #[expose(name = "__len__")]
//!     pub fn len(&self) -> usize {
//!         1
//!     }
//!
//!     #[skip]
//!     pub fn for_rust_only(&self) {}
//! }
//! # fn object<T: firesteel::Object>(_: T) {}
//! # object(Counter::default());
//! ```
//!
//! Python sees `counter.add(5, times=2)` and `counter.step = 3`.
//!
//! ## What is exposed
//!
//! Every `pub fn` that takes `&self`, `&mut self` or `self: Arc<Self>`. Other functions, constants and methods that are
//! less than `pub` are left alone. One block of a type is exposed; put into a second one what is not
//! to be seen. The type may have parameters.
//!
//! | on the block | |
//! |---|---|
//! | `#[expose]` | |
//! | `#[expose(world = World)]` | the world that the methods see, where no signature tells |
//! | `#[expose(crate = path)]` | the library is found there, not at `::firesteel` |
//!
//! | on a method | |
//! |---|---|
//! | `#[skip]`, `#[expose(skip)]` | it is not exposed |
//! | `#[expose(name = "...")]` | its name in Python; names that Pyro counts as private are refused |
//! | `#[oneway]` | its callers do not wait for an answer |
//! | `#[ordered]` | beside `#[oneway]`: what a session calls after it starts when it has ended |
//! | `#[attr]` | it reads or writes an attribute |
//!
//! An attribute's getter takes no parameter; its setter takes one, and is called `set_` and the name
//! of the attribute, or has the same `#[expose(name = "...")]` as the getter. The setter runs alone,
//! even if it takes `&self`.
//!
//! ## Parameters
//!
//! Callers give them by place or by name; of `r#type` the name is `type`.
//!
//! | parameter | |
//! |---|---|
//! | `T` | anything that serde can deserialize |
//! | `&T`, `&str`, `&[T]`, `&Path` | is read as `T`, `String`, `Vec<T>`, `PathBuf`, and lent |
//! | `&[u8]` | bytes; as a value, take a `Blob` |
//! | `Option<T>`, `Option<&T>` | `None` where the caller gives nothing, or None |
//! | `#[default] name: T` | `T::default()` where the caller gives nothing |
//! | `#[default(expression)] name: T` | the expression, of the type `T` as written, where the caller gives nothing |
//! | `&mut Context<'_, World>`, `&Context<'_, World>` | the context of the call; callers do not see it |
//!
//! The context is known by its name, the last in its path. With a `World`, the object lives in a daemon
//! of that world, and `Context<'_>` is the empty world `()`. In `fn method<W>(&self, cx: &mut Context<'_,
//! W>)`, where `W` may have bounds, it lives in each of them, as do objects without a context. All
//! methods see the same world.
//!
//! ## Answers
//!
//! | return type | |
//! |---|---|
//! | `T` | anything that serde can serialize; `()` is None |
//! | `Result<T, E>` | `T`, or the exception that `Fault::from(E)` makes |
//! | `Outcome`, `Outcome<World>` | passed on as it is: for answers that come later |
//! | `Stream`, `Stream<World>`, `Result<Stream, E>` | items that the caller iterates over |
//!
//! They are told by the last name in their paths, so that an alias such as `io::Result<T>` is a result. A stream
//! and an outcome belong to a world, as the context does: `Stream` is one of the empty world.
//!
//! ```
//! # extern crate firesteel_proto as firesteel;
//! # use firesteel_macros::expose;
//! use firesteel::{Fault, Stream};
//!
//! struct Numbers;
//!
//! #[expose]
//! impl Numbers {
//!     /// In Python: `for n in numbers.squares(5): ...`
//!     pub fn squares(&self, n: u64) -> Stream {
//!         Stream::new((0..n).map(|i| i * i))
//!     }
//!
//!     pub fn lines(&self, path: String) -> Result<Stream, Fault> {
//!         let text = std::fs::read_to_string(&path).map_err(|error| Fault::new("builtins.OSError", error))?;
//!         Ok(Stream::new(text.lines().map(str::to_owned).collect::<Vec<_>>()))
//!     }
//! }
//! # fn object<T: firesteel::Object>(_: T) {}
//! # object(Numbers);
//! ```
//!
//! ```
//! # extern crate firesteel_proto as firesteel;
//! # use firesteel_macros::expose;
//! use firesteel::{Context, Fault, Outcome, Responder};
//!
//! struct World {
//!     waiting: Vec<Responder>,
//! }
//!
//! struct Full;
//!
//! impl From<Full> for Fault {
//!     fn from(_: Full) -> Self {
//!         Fault::new("builtins.RuntimeError", "too many wait")
//!     }
//! }
//!
//! struct Lobby;
//!
//! #[expose]
//! impl Lobby {
//!     pub fn waiting(&self, cx: &Context<'_, World>) -> Result<usize, Full> {
//!         let waiting = cx.world.waiting.len();
//!         if waiting > 99 { Err(Full) } else { Ok(waiting) }
//!     }
//!
//!     /// Answered when the game begins.
//!     pub fn join(&mut self, cx: &mut Context<'_, World>) -> Outcome<World> {
//!         let (responder, deferred) = cx.defer();
//!         cx.world.waiting.push(responder);
//!         Ok(deferred.into())
//!     }
//! }
//! # fn object<T: firesteel::Object<World>>(_: T) {}
//! # object(Lobby);
//! ```
//!
//! ## Async methods
//!
//! ```
//! # extern crate firesteel_proto as firesteel;
//! # use firesteel_macros::expose;
//! use std::sync::{Arc, Mutex};
//! use firesteel::{Context, Outcome};
//!
//! #[derive(Default)]
//! struct Chat {
//!     log: Mutex<Vec<String>>,
//! }
//!
//! #[expose]
//! impl Chat {
//!     /// Its caller waits; other callers do not.
//!     pub async fn ask(&self, question: &str) -> String {
//!         let answer = think(question).await;
//!         self.log.lock().unwrap().push(answer.clone());
//!         answer
//!     }
//!
//!     pub fn len(&self) -> usize {
//!         self.log.lock().unwrap().len()
//!     }
//!
//!     /// An async method that needs the context.
//!     pub fn greet(self: Arc<Self>, cx: &mut Context<'_>) -> Outcome {
//!         let peer = cx.peer().address;
//!         cx.spawn(async move { Ok(format!("hello {peer:?}, {} were before you", self.len())) })
//!     }
//! }
//! # async fn think(question: &str) -> String { question.to_owned() }
//! # fn object<T: firesteel::Object>(_: T) {}
//! # object(Arc::new(Chat::default()));
//! ```
//!
//! An `async fn` is answered when its future ends; until then, later calls of its session wait, as behind any call. The
//! future runs on the executor of the daemon (`Context::spawn`), so it is `Send`, and returns an owned value. It is
//! dropped when nobody waits for its answer any more; that of a `#[oneway]` method runs to its end.
//!
//! Futures share the object: where one method is async, or takes `self: Arc<Self>`, the type implements `ArcObject`
//! instead of `Object`, is registered as `Arc::new(object)`, and no exposed method takes `&mut self`. The rest of this
//! page holds for async methods too, but for the context, `Outcome` and `Stream`: those are for methods that are not
//! async. A setter that is async runs alone until its first `await`.
//!
//! # Proxies
//!
//! ```
//! # extern crate firesteel_proto as firesteel;
//! # use firesteel_macros::remote;
//! use firesteel::Caller;
//!
//! #[remote]
//! pub trait Counting {
//!     fn peek(&self) -> i64;
//!     fn add(&mut self, by: i64, times: i64) -> i64;
//!     #[oneway]
//!     fn reset(&mut self);
//!     #[attr]
//!     fn step(&self) -> i64;
//!     #[attr]
//!     fn set_step(&mut self, step: i64);
//!     #[remote(name = "__len__")]
//!     fn len(&self) -> usize;
//! }
//!
//! fn twice<C: Caller>(counter: &CountingProxy<C>) -> [C::Out<i64>; 2] {
//!     [counter.add(5, 1), counter.add(5, 2)]
//! }
//! ```
//!
//! `#[remote] trait Counting` writes `struct CountingProxy<C>(pub C)`. Its methods take `&self`, and give
//! what the caller `C` makes of a call: a blocking caller a result, an asynchronous one a future. In
//! the trait, `Result<T, E>` counts as `T`, as every call can fail. Arguments are all that serde can
//! serialize, `&[u8]` travels as bytes, and what comes back is owned. A `SerializedBlob`, which must be the only argument,
//! is passed on as it came.
//!
//! The trait stays as it is, without the attributes, for whoever wants to implement it: a double in a
//! test, say. `#[oneway]`, `#[attr]` and `#[remote(name = "...")]` mean what they mean on an exposed method.
//! `#[idempotent]` says that a method may run more than once: a call of it is made again when its connection is lost.
//! `#[remote(crate = path)]` says where the library is.

#![forbid(unsafe_code)]
// What is wrong with the user's code is an error that points at it.
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

mod errors;
mod expose;
mod helpers;
mod member;
mod names;
mod private;
mod remote;
mod tokens;
mod types;

use proc_macro::TokenStream;

/// Makes an object of an impl block: the type implements `Object`, or `ArcObject` where a method is async.
///
/// The [manual](crate) has the attributes and the types that it understands.
#[proc_macro_attribute]
pub fn expose(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expose::expose(arguments.into(), item.into()).into()
}

/// Makes a typed proxy of a trait: `Name` gets a `NameProxy`.
///
/// The [manual](crate) has the attributes that it understands.
#[proc_macro_attribute]
pub fn remote(arguments: TokenStream, item: TokenStream) -> TokenStream {
    remote::remote(arguments.into(), item.into()).into()
}
