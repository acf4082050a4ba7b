//! Errors by culprit: what a peer broke, what a caller got wrong, how a call or a connection ended.

use std::fmt;

use firesteel_value::FormatError;

use crate::fault::Fault;
use crate::layer::LayerError;
use crate::naming::NamingError;
use crate::serializer::SerializerId;
use crate::value::ObjectId;
use crate::wire::Dialect;

/// The peer broke the protocol. The texts of those that Pyro has too are Pyro's.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The bytes do not begin with `PYRO`.
    NotPyro,
    /// The peer speaks TLS, and this end does not.
    Tls,
    /// Another protocol version.
    Version(u16),
    /// The magic number at the header's end is wrong.
    Magic,
    /// The checksum of a header of protocol 48 is wrong.
    Checksum,
    /// A header of protocol 48 with a negative length.
    NegativeLength,
    /// A signature that is not that of the message under the key.
    Signature,
    /// A message is signed and no key is set, or the other way round.
    SignatureMissing,
    /// Protocol 502 where messages have to be signed, which it does not know.
    Unsigned,
    /// The peer speaks the other protocol.
    Dialect(Dialect),
    /// A message above the limit.
    TooLarge {
        /// Bytes of annotations and payload that the header claims.
        size: u64,
        /// The limit.
        max: usize,
    },
    /// A message type that has no place here.
    UnexpectedType {
        /// The type that came.
        got: u8,
        /// Those that would be right, as Pyro5 lists them; Pyro4 does not.
        expected: &'static str,
    },
    /// Annotation chunks that do not fill their length, or a name that is not ASCII.
    Annotations,
    /// A payload that does not inflate.
    Compression,
    /// A payload that inflates to more than the limit.
    Decompressed {
        /// The limit.
        max: usize,
    },
    /// A serializer id that nobody here speaks.
    UnknownSerializer(u8),
    /// An answer in another serializer than the request's.
    SerializerMismatch {
        /// The answer's.
        got: u8,
        /// The request's.
        expected: u8,
    },
    /// An answer to no request.
    Sequence(u16),
    /// The handshake's content is not what it should be.
    Handshake(String),
    /// A payload that cannot be read.
    Format(FormatError),
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPyro => f.write_str("invalid data"),
            Self::Tls => f.write_str("the peer speaks TLS: set it up at this end too (SSL), or switch it off there"),
            Self::Version(version) => write!(f, "invalid protocol version: {version}"),
            Self::Magic => f.write_str("invalid message or protocol version"),
            Self::Checksum => f.write_str("header checksum mismatch"),
            Self::NegativeLength => f.write_str("invalid data: negative length"),
            Self::Signature => f.write_str("message hmac mismatch"),
            Self::SignatureMissing => f.write_str("hmac key config not symmetric"),
            Self::Unsigned => f.write_str("messages have to be signed here: use protocol 48 with the HMAC key"),
            Self::Dialect(theirs) => {
                write!(f, "the peer speaks {theirs}: allow that in the config, and choose a serializer that it knows")
            }
            Self::TooLarge { size, max } => write!(f, "message too large ({size}, max={max})"),
            Self::UnexpectedType { got, expected: "" } => write!(f, "invalid msg type {got} received"),
            Self::UnexpectedType { got, expected } => {
                write!(f, "invalid msg type {got} received (expected: {expected})")
            }
            Self::Annotations => f.write_str("annotation chunk length exceeds remaining data"),
            Self::Compression => f.write_str("the payload is not valid zlib data"),
            Self::Decompressed { max } => write!(f, "the payload inflates to more than {max} bytes"),
            Self::UnknownSerializer(id) => write!(f, "message used serializer that is not accepted: {id}"),
            Self::SerializerMismatch { got, expected } => {
                write!(f, "invalid serializer in response: {got} (expected: {expected})")
            }
            Self::Sequence(sequence) => write!(f, "reply with sequence {sequence} belongs to no request"),
            Self::Handshake(reason) => f.write_str(reason),
            Self::Format(error) => write!(f, "unreadable payload: {error}"),
        }
    }
}

impl std::error::Error for ProtocolError {}

/// Why a connection or session ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CloseReason {
    /// This end closed it.
    Local,
    /// The peer closed it in an orderly way.
    PeerEof,
    /// The transport broke.
    Transport,
    /// The peer refused the handshake, with this reason.
    Rejected(String),
    /// The peer broke the protocol.
    Protocol(ProtocolError),
    /// The layer below (TLS) gave up.
    Layer(LayerError),
    /// The handshake took too long.
    Timeout,
    /// No connection came to be.
    Unreachable(String),
    /// The name was not looked up: nobody knows where the object is.
    Unresolved(Box<NamingError>),
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("closed by this end"),
            Self::PeerEof => f.write_str("closed by the peer"),
            Self::Transport => f.write_str("the transport broke"),
            Self::Rejected(reason) => write!(f, "connection rejected: {reason}"),
            Self::Protocol(error) => write!(f, "protocol error: {error}"),
            Self::Layer(error) => error.fmt(f),
            Self::Timeout => f.write_str("the handshake took too long"),
            Self::Unreachable(reason) => write!(f, "cannot connect: {reason}"),
            Self::Unresolved(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CloseReason {}

/// The caller asked for something that cannot be done; nothing was sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CallError {
    /// The proxy was released, or never was.
    UnknownProxy,
    /// As many calls are in flight as [`Limits::max_in_flight`](crate::Limits::max_in_flight) allows.
    TooManyCalls,
    /// The arguments cannot be serialized.
    Format(FormatError),
    /// The message would be larger than the limit.
    TooLarge {
        /// Bytes of the message's body.
        size: u64,
        /// The limit.
        max: usize,
    },
    /// The protocol that is spoken does not know the serializer.
    Serializer(SerializerId, Dialect),
    /// Protocol 502 was asked for, and a key that it cannot sign with.
    Unsigned,
    /// The connection is closed.
    Closed,
    /// The text is no Pyro URI, or not of a kind that can be called.
    InvalidUri(String),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownProxy => f.write_str("the proxy was released: make a new one"),
            Self::TooManyCalls => f.write_str("too many calls are in flight: wait for answers first"),
            Self::Format(error) => write!(f, "the arguments cannot be serialized: {error}"),
            Self::TooLarge { size, max } => write!(f, "the message has {size} bytes, the limit is {max}"),
            Self::Unsigned => f.write_str("protocol 502 is not signed: allow that in the config, or use protocol 48"),
            Self::Serializer(serializer, dialect) => {
                write!(f, "{dialect} has no serializer {serializer}: choose another")
            }
            Self::Closed => f.write_str("the connection is closed"),
            Self::InvalidUri(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for CallError {}

/// How a call ended that brought no value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CallFailure {
    /// The remote method raised.
    Fault(Box<Fault>),
    /// No answer in time. The call may have run.
    Deadline,
    /// Cancelled at this end. The call may have run.
    Cancelled,
    /// The connection ended before the answer. The call may have run, unless the reason says that
    /// there never was a connection.
    Lost(CloseReason),
    /// The answer is not of the type that was asked for.
    Format(FormatError),
    /// The call was never made.
    Misuse(CallError),
}

impl CallFailure {
    /// The remote exception, if that is what it was.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

impl fmt::Display for CallFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Deadline => f.write_str("no answer within the time allowed"),
            Self::Cancelled => f.write_str("the call was cancelled"),
            Self::Lost(CloseReason::Unresolved(error)) => error.fmt(f),
            Self::Lost(reason) => write!(f, "the connection was lost: {reason}"),
            Self::Format(error) => write!(f, "unexpected answer: {error}"),
            Self::Misuse(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CallFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Fault(fault) => Some(&**fault),
            Self::Lost(reason) => Some(reason),
            Self::Format(error) => Some(error),
            Self::Misuse(error) => Some(error),
            Self::Deadline | Self::Cancelled => None,
        }
    }
}

impl From<Fault> for CallFailure {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl From<CallError> for CallFailure {
    fn from(error: CallError) -> Self {
        Self::Misuse(error)
    }
}

impl From<FormatError> for CallFailure {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

/// Why an object could not be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// Another object has this id; it stays.
    Duplicate(ObjectId),
    /// The id belongs to the daemon itself.
    Reserved(ObjectId),
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate(id) => write!(f, "an object is already registered as {id}: unregister it first"),
            Self::Reserved(id) => write!(f, "{id} is the daemon's own object: choose another id"),
        }
    }
}

impl std::error::Error for RegisterError {}

/// Why a daemon took no further session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// There is no layer for it: see [`Layers`](crate::Layers).
    Layer(LayerError),
    /// It is shutting down.
    ShuttingDown,
    /// It has as many as [`Limits::max_sessions`](crate::Limits::max_sessions) allows.
    TooManySessions,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layer(error) => error.fmt(f),
            Self::ShuttingDown => f.write_str("the daemon is shutting down"),
            Self::TooManySessions => f.write_str("the daemon has as many sessions as its limits allow"),
        }
    }
}

impl std::error::Error for Refused {}
