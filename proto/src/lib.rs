//! The protocol core of firesteel: Python remote objects (Pyro5 and Pyro4) without IO.
//!
//! A program calls the objects of another as if they were its own, in Rust or in Python. This crate is
//! the whole of the protocol as state machines: it opens no socket, reads no clock, starts no thread and
//! has no randomness of its own. Bytes and time go in, bytes come out; user code runs in one place,
//! [`Daemon::dispatch`]. So it works in anybody's event loop: [`embedding`] shows how.
//!
//! # Layers
//!
//! Each can be used alone.
//!
//! 1. [`wire`]: messages and their bytes.
//! 2. [`connection`]: the state machines of one byte stream each, for gateways and dispatchers.
//! 3. [`Daemon`] hosts objects and owns all incoming sessions; [`Client`] calls them and owns all
//!    outgoing connections.
//!
//! # Hosting
//!
//! An [`Object`] names its members in [`Metadata`] and runs them in one `match`; `#[expose]` (feature
//! `macros`) writes both. A method reads its arguments with [`Args::bind`], answers with
//! [`Context::answer`] or [later](Context::defer), and raises a [`Fault`], which Python sees as the
//! exception of that class.
//!
//! A method makes objects for its caller alone with [`Context::register`]; [`Daemon::register_weak`] hosts what somebody else
//! owns. [`Daemon::set_gatekeeper`] decides who is let in, [`Daemon::set_notices`] tells who comes and goes,
//! [`Daemon::set_hooks`] sees every call, and [`Daemon::counters`] counts.
//!
//! # Calling
//!
//! [`Client::proxy`] makes a proxy from a URI, [`Client::call`] takes a [`Request`], and the answer comes
//! as a [`ProxyEvent`]. Adapters make that a call that waits. `#[remote]` on a trait writes a typed proxy.
//!
//! # Values
//!
//! Arguments and answers are anything that serde knows. [`Value`] is Python's data model where the type
//! is not known beforehand; an [`Instance`] in it is Pyro's class dictionary: exceptions, URIs, proxies
//! and classes of the user's are data here, never code. [`ClassNames`] gives structs a class, and
//! functions that convert them where Python's dictionary is not what serde makes of them.
//!
//! A message is in one of the serializers of [`SerializerId`], whose documentation tells what each does with
//! Python's types; [`Serializers`] are those that are accepted. All are data alone, pickle included.
//!
//! # Dialects
//!
//! Pyro5 speaks protocol 502, Pyro4 protocol 48: a [`Dialect`] is one of them. A daemon answers each connection
//! in the dialect of its first message, a client finds out by itself or is [told](Protocol). Above the wire
//! there is one vocabulary, that of Pyro5: class names such as `Pyro5.errors.NamingError` are translated on
//! the way in and out.
//!
//! # Limits
//!
//! A peer's bytes cause no panic and no endless loop, and memory stays within [`Limits`].
//!
//! # Features
//!
//! - `macros`: `#[expose]` and `#[remote]`.
//! - `compression`: compressed messages (zlib).
//! - `hmac`: signed messages of protocol 48, with an [`HmacKey`].
//! - `tracing`: a span named `call` (target `firesteel`, level `INFO`) around each method that runs, with the fields
//!   `object`, `member`, `session`, `correlation_id` and, where it raises, `fault`.
//! - `testing`: a client and a daemon on a virtual clock, see `testing`.

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
pub mod connection;
mod daemon;
pub mod embedding;
mod entropy;
mod error;
mod fault;
mod layer;
mod layers;
mod limits;
mod machine;
mod metadata;
mod naming;
mod nat;
mod object_ref;
mod serializer;
mod settings;
mod sniffer;
#[cfg(feature = "testing")]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    reason = "a test that fails is to panic"
)]
pub mod testing;
mod timers;
mod transmit;
mod uri;
mod value;
pub mod wire;

pub use client::*;
pub use connection::{Batch, BatchResults, CallId, RemoteMetadata, Reply, Request};
pub use daemon::*;
pub use error::{CallError, CallFailure, CloseReason, ProtocolError, Refused, RegisterError};
pub use fault::Fault;
#[cfg(feature = "macros")]
pub use firesteel_macros::{expose, remote};
pub use layer::{Detached, Identity, Layer, LayerError};
pub use layers::Layers;
pub use limits::{Config, Handshake, IpVersion, Limits, Protocol};
pub use machine::Machine;
pub use metadata::{Attribute, Member, Metadata, Method, MethodFlags, is_private};
pub use naming::{Datagram, NAME_SERVER, Naming, NamingError, NamingStep, Whereabouts};
pub use nat::Nat;
pub use object_ref::ObjectRef;
pub use serializer::{Arguments, SerializerId, Serializers};
pub use settings::{SettingError, Settings, TlsSettings};
pub use sniffer::{OnePort, Sniffer};
pub use transmit::{Outbox, Transmit};
pub use uri::{Location, NAME_SERVER_PORT, Uri};
pub use value::{
    Args, BigInt, Blob, ClassNames, Complex, Defaulted, Dict, FormatError, FormatErrorKind, FrozenSet, Instance,
    ObjectId, Payload, SerializedBlob, Set, Value, from_value, to_value,
};
pub use wire::{Dialect, HmacKey};
