//! What a machine may use, and how it behaves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::layer::LayerError;
use crate::layers::Layers;
use crate::naming::Naming;
use crate::nat::Nat;
use crate::serializer::{SerializerId, Serializers};
use crate::uri::Location;
use crate::value::{ClassNames, Value};
use crate::wire::{Dialect, HmacKey};

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
    /// Calls in flight on one client connection; at a daemon, calls of one session that are answered in any order.
    /// Default 1,024, at most 32,768.
    pub max_in_flight: usize,
    /// Streams that are open in a daemon; a further one is an exception at its caller. Default 100,000.
    pub max_streams: usize,
    /// Objects that methods have made for their sessions, in a daemon; with a further one, the call that makes it ends
    /// with an exception. Default 100,000.
    pub max_session_objects: usize,
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
            max_streams: 100_000,
            max_session_objects: 100_000,
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
    /// none. A client's setting. The search for a name is not part of it.
    pub call_timeout: Option<Duration>,
    /// How often a call is made again when its connection is lost before the answer comes (Pyro's `MAX_RETRIES`).
    /// It may run more than once then. Default 0: nothing repeats a call whose bytes may have arrived. A client's
    /// setting, and not for sockets that were given.
    pub max_retries: u32,
    /// What requests are serialized with. Default serpent. A client's setting: a server answers in
    /// the request's serializer.
    pub serializer: SerializerId,
    /// Which serializers are understood: a message in another one ends its connection. Default all but those
    /// of pickle's family (pickle, dill, cloudpickle), as in Pyro4. They are as harmless here as the others,
    /// but their clients are not: what a client unpickles can run code there.
    pub serializers: Serializers,
    /// Which wire protocol a client speaks. Default [`Protocol::Auto`]. A server answers each connection in
    /// the protocol of its first message.
    pub protocol: Protocol,
    /// The secret that signs the messages of protocol 48 (Pyro4's HMAC key), at both ends. Default none. With a
    /// key, connections of protocol 502 are refused, which cannot be signed.
    pub hmac_key: Option<HmacKey>,
    /// Takes connections of protocol 502 in spite of an HMAC key, as over TLS. Default false.
    pub allow_unsigned_502: bool,
    /// Tell peers in an annotation (`FSTL`) what goes beyond Pyro, and make use of it with those that know it: answers
    /// that overtake each other, deadlines and cancelled calls that the server is told of. Pyro's programs pass over
    /// it. Default true.
    pub extensions: bool,
    /// Write bytes in serpent as literals (Pyro's `SERPENT_BYTES_REPR`) instead of as a base64
    /// dictionary. Both are understood. Default false.
    pub bytes_repr: bool,
    /// Compress payloads of more than 100 bytes (Pyro's `COMPRESSION`). Default false. Needs the
    /// feature `compression`; compressed messages are understood in any case.
    pub compression: bool,
    /// What lies between the wire and the protocol, on both sides: TLS, or several protocols on one port
    /// ([`OnePort`](crate::OnePort)). Default none: plain bytes, and no cost.
    pub layers: Option<Arc<dyn Layers>>,
    /// What a client says in its handshake, and a server answers. Default `"hello"`, as in Pyro5.
    pub handshake: Value,
    /// Where a daemon listens: used for the URIs that it hands out. Default none.
    pub location: Option<Location>,
    /// The address at which a router takes connections for a daemon: the URIs that it hands out point there instead (Pyro's
    /// `NATHOST` and `NATPORT`). Default none. A unix socket has none.
    pub nat: Option<Nat>,
    /// Which addresses adapters take of a host name, both to listen and to connect (Pyro's `PREFER_IP_VERSION`). Default any.
    pub ip_version: IpVersion,
    /// How a client finds name servers (Pyro's `NS_HOST`, `NS_PORT` ...).
    pub naming: Naming,
    /// Names of classes for Rust types, and functions that convert them. Default empty.
    pub classes: ClassNames,
    /// Whether methods may answer with a stream (Pyro's `ITER_STREAMING`). Default true.
    pub streaming: bool,
    /// How long a stream may live at all (Pyro's `ITER_STREAM_LIFETIME`). Default none: as long as it takes.
    pub stream_lifetime: Option<Duration>,
    /// How long a stream waits, after its session has ended, for another session that goes on with it (Pyro's
    /// `ITER_STREAM_LINGER`). Default 30 seconds. Its memory is kept that long.
    pub stream_linger: Duration,
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
            max_retries: 0,
            serializer: SerializerId::Serpent,
            serializers: Serializers::default(),
            protocol: Protocol::Auto,
            hmac_key: None,
            allow_unsigned_502: false,
            extensions: true,
            bytes_repr: false,
            compression: false,
            layers: None,
            handshake: Value::from("hello"),
            location: None,
            nat: None,
            ip_version: IpVersion::Any,
            naming: Naming::default(),
            classes: ClassNames::default(),
            streaming: true,
            stream_lifetime: None,
            stream_linger: Duration::from_secs(30),
            seed: None,
        }
    }
}

/// Which wire protocol a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Protocol 502, unless only 48 knows the serializer or a key is set. A server that turns out to speak
    /// the other one is connected to once more. Without a handshake, nothing turns out.
    #[default]
    Auto,
    /// Always this one.
    Always(Dialect),
}

impl Config {
    /// Bounds each step of a call: connecting, the handshake, the answer (Pyro's `COMMTIMEOUT`).
    pub fn wait_at_most(&mut self, timeout: Duration) {
        self.handshake_timeout = timeout;
        self.call_timeout = Some(timeout);
    }

    /// Bounds the size of messages in bytes (Pyro's `MAX_MESSAGE_SIZE`), with the other limits where they would contradict it.
    pub fn limit_messages(&mut self, size: usize) {
        let limits = &mut self.limits;
        limits.max_message = size;
        limits.max_handshake = limits.max_handshake.min(size);
        limits.max_decompressed = limits.max_decompressed.max(size);
        limits.max_total_buffered = limits.max_total_buffered.max(size);
    }

    /// Whether there can be sessions with these [`layers`](Self::layers): adapters ask before they listen.
    ///
    /// # Errors
    /// As for [`Layers::check_server`].
    pub fn check_server(&self) -> Result<(), LayerError> {
        self.layers.as_ref().map_or(Ok(()), |layers| layers.check_server())
    }

    /// Whether a client may be given a socket without a layer: where there are [`layers`](Self::layers), only one whose other end
    /// is on this machine (`local`). Adapters ask when they adopt one.
    ///
    /// # Errors
    /// What to do instead.
    pub fn check_adopted(&self, local: bool) -> Result<(), LayerError> {
        match self.layers {
            Some(_) if !local => {
                Err(LayerError::Refused("a socket that is given has no TLS by itself: give its layer, too"))
            }
            _ => Ok(()),
        }
    }

    /// What a client begins with.
    pub(crate) fn first_dialect(&self) -> Dialect {
        match self.protocol {
            Protocol::Always(dialect) => dialect,
            Protocol::Auto if self.serializer.to_wire(Dialect::Pyro5).is_none() => Dialect::Pyro4,
            Protocol::Auto if self.forbids(Dialect::Pyro5) => Dialect::Pyro4,
            Protocol::Auto => Dialect::Pyro5,
        }
    }

    /// Where messages are to be signed, protocol 502 would be a way around that.
    pub(crate) fn forbids(&self, dialect: Dialect) -> bool {
        dialect == Dialect::Pyro5 && self.hmac_key.is_some() && !self.allow_unsigned_502
    }
}

/// Which addresses of a host name are used. An address that is written as one is used in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpVersion {
    /// In the order that the system gives.
    #[default]
    Any,
    /// Of version 4, and any where there is none.
    V4,
    /// Of version 6 alone.
    V6,
}

impl IpVersion {
    /// The addresses of a host name that are used; none where there is none of version 6 and that is insisted on. As
    /// `get_ip_address` in Pyro5's `socketutil.py`.
    pub fn preferred(self, all: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
        let all: Vec<_> = all.into_iter().collect();
        match self {
            Self::V4 if all.iter().any(SocketAddr::is_ipv4) => all.into_iter().filter(SocketAddr::is_ipv4).collect(),
            Self::Any | Self::V4 => all,
            Self::V6 => all.into_iter().filter(SocketAddr::is_ipv6).collect(),
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
