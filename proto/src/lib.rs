//! The sans-IO protocol core of firesteel.

#![forbid(unsafe_code)]

mod client;
pub mod connection;
mod daemon;
mod entropy;
mod error;
mod fault;
mod layer;
mod limits;
mod machine;
mod metadata;
mod serializer;
#[cfg(feature = "testing")]
pub mod testing;
mod timers;
mod transmit;
mod uri;
mod value;
pub mod wire;

pub use client::*;
pub use connection::{CallId, RemoteMetadata, Reply, Request};
pub use daemon::*;
pub use error::{CallError, CallFailure, CloseReason, ProtocolError, Refused, RegisterError};
pub use fault::Fault;
#[cfg(feature = "macros")]
pub use firesteel_macros::{expose, remote};
pub use layer::{Identity, Layer, LayerError};
pub use limits::{Config, Handshake, Limits};
pub use machine::Machine;
pub use metadata::{Attribute, Member, Metadata, Method, MethodFlags, is_private};
pub use serializer::{Arguments, SerializerId};
pub use transmit::{Outbox, Transmit};
pub use uri::{Location, NAME_SERVER_PORT, Uri};
pub use value::{
    Args, BigInt, Blob, ClassNames, Complex, Defaulted, Dict, FormatError, FormatErrorKind, Instance, ObjectId,
    Payload, Value, from_value, to_value,
};
