//! What a client's connection tells.

use std::fmt;

use crate::error::{CallFailure, CloseReason};
use crate::value::Payload;
use crate::wire::OwnedAnnotations;

/// A call, unique in its connection or client: never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(crate) u64);

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallId({})", self.0)
    }
}

/// What happened on a client's connection.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The server let us in. Calls may be made before: they wait for this.
    Connected,
    /// A call ended; each does so exactly once.
    Done {
        /// Which one.
        id: CallId,
        /// How.
        result: Result<Reply, CallFailure>,
        /// The annotations of the answer.
        annotations: OwnedAnnotations,
    },
    /// The connection is over. This is the last event.
    Closed(CloseReason),
}

/// What a call brought.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    /// The value that the method returned.
    Value(Payload),
    /// The method returned a stream: its items come one by one from the method `get_next_stream_item` of the daemon's
    /// own object, called with this id, and end with a `StopIteration`. `close_stream` ends it before.
    Stream(String),
    /// The answer to a PING.
    Pong,
}

impl Reply {
    /// The value, where it is one.
    pub fn into_value(self) -> Option<Payload> {
        match self {
            Self::Value(payload) => Some(payload),
            Self::Stream(_) | Self::Pong => None,
        }
    }
}
