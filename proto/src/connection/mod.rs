//! Layer 2, connections: the state machines of one byte stream each, client and server.
//!
//! Gateways and dispatchers use them directly; most programs use [`Daemon`](crate::Daemon) and
//! [`Client`](crate::Client), which own many.

mod batch;
mod client;
mod client_answers;
mod client_ends;
mod client_events;
mod inbox;
mod incoming;
mod link;
mod redial;
mod remote_metadata;
mod request;
mod retry;
mod server;
mod server_answers;
mod server_requests;
mod standalone;

pub use client_events::{CallId, ClientEvent, Reply};
pub use remote_metadata::RemoteMetadata;
pub use request::Request;
pub use standalone::{ClientConnection, IncomingCall, ServerConnection, ServerEvent};

pub use batch::{Batch, BatchResults};
pub(crate) use client::ClientCore;
pub(crate) use inbox::SCRATCH;
pub(crate) use incoming::Incoming;
pub(crate) use server::{Head, Parked, ServerCore};
pub(crate) use server_answers::metadata_value;
