//! What a machine may use, and how it behaves.

use std::time::Duration;

use crate::serializer::SerializerId;
use crate::uri::Location;
use crate::value::{ClassNames, Value};

/// Bounds on what peers can make this end hold. All sizes are bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// A message's annotations and payload together, in both directions. Default 64 MiB (Pyro5's
    /// `MAX_MESSAGE_SIZE` is 1 GiB). Memory grows with what has arrived, not with what is claimed.
    pub max_message: usize,
    /// The same before the handshake is done. Default 256 KiB: a stranger can hold this much. Python
    /// sends its context's annotations with the handshake.
    pub max_handshake: usize,
    /// What a compressed payload may inflate to. Default 64 MiB.
    pub max_decompressed: usize,
    /// Received and unsent bytes of all sessions together. Above it, sessions that hold more than their
    /// share are not read, but for one after the other, which may bring its message to an end within
    /// the time of a handshake: overshot by one message at most. Default 1 GiB.
    pub max_total_buffered: usize,
    /// Sessions of a daemon. Default 100,000; an idle one takes a few hundred bytes.
    pub max_sessions: usize,
    /// Bytes of received calls that wait in one session; above it, reading stops. Overshot by one
    /// message at most. Default 1 MiB.
    pub max_waiting_bytes: usize,
    /// Unsent bytes of one session; above it, reading stops and no further call of it starts.
    /// Overshot by one message at most. Default 1 MiB.
    pub max_unsent: usize,
    /// Calls in flight on one client connection. Default 1,024, at most 32,768.
    pub max_in_flight: usize,
    /// Nesting of received values. Default 200, where Python's own parser gives up.
    pub max_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message: 64 << 20,
            max_handshake: 256 << 10,
            max_decompressed: 64 << 20,
            max_total_buffered: 1 << 30,
            max_sessions: 100_000,
            max_waiting_bytes: 1 << 20,
            max_unsent: 1 << 20,
            max_in_flight: 1024,
            max_depth: 200,
        }
    }
}

/// How a daemon, client or connection behaves: take the default and assign what differs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Bounds on memory.
    pub limits: Limits,
    /// How long a handshake may take, on both sides. Default 10 seconds.
    pub handshake_timeout: Duration,
    /// How long a call may take where the call itself says nothing (Pyro's `COMMTIMEOUT`). Default
    /// none. A client's setting.
    pub call_timeout: Option<Duration>,
    /// What requests are serialized with. Default serpent. A client's setting: a server answers in
    /// the request's serializer.
    pub serializer: SerializerId,
    /// Write bytes in serpent as literals (Pyro's `SERPENT_BYTES_REPR`) instead of as a base64
    /// dictionary. Both are understood. Default false.
    pub bytes_repr: bool,
    /// Compress payloads of more than 100 bytes (Pyro's `COMPRESSION`). Default false. Needs the
    /// feature `compression`; compressed messages are understood in any case.
    pub compression: bool,
    /// What a client says in its handshake, and a server answers. Default `"hello"`, as in Pyro5.
    pub handshake: Value,
    /// Where a daemon can be reached: used for the URIs that it hands out. Default none.
    pub location: Option<Location>,
    /// Names of classes for Rust types. Default empty.
    pub classes: ClassNames,
    /// Makes ids unpredictable: 16 random bytes. Without it, ids follow from nothing and can be
    /// guessed, which suits tests. The ready-made adapters fill it in.
    pub seed: Option<[u8; 16]>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            handshake_timeout: Duration::from_secs(10),
            call_timeout: None,
            serializer: SerializerId::Serpent,
            bytes_repr: false,
            compression: false,
            handshake: Value::from("hello"),
            location: None,
            classes: ClassNames::default(),
            seed: None,
        }
    }
}

/// Whether a connection begins with a handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handshake {
    /// The client sends CONNECT first, the server insists on it: TCP and unix sockets.
    #[default]
    Required,
    /// Calls begin at once, as Pyro does on a connected socket that the user supplies.
    Absent,
    /// A server takes either, by the first message's type. For a client it means `Required`.
    Auto,
}
