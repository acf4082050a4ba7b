//! Layers between the wire and the protocol: TLS, or telling protocols apart by their first bytes.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::transmit::Outbox;

/// Turns wire bytes into plaintext and back, under every adapter, with no adapter knowing.
///
/// A layer owns no queue: it works on the two that its connection lends. It is given to the
/// connection when that is made, by hand or by [`Config::layers`](crate::Config::layers).
pub trait Layer: Send {
    /// Reads `bytes` from the wire: plaintext is appended to `up`, answers of the layer itself to
    /// `wire`. Called once with no bytes to begin, so that a client can speak first.
    ///
    /// # Errors
    /// Whatever makes the connection unusable; what was put on `wire` (an alert) is still sent.
    fn handle_input(
        &mut self,
        now: Instant,
        bytes: &[u8],
        up: &mut Vec<u8>,
        wire: &mut Outbox,
    ) -> Result<(), LayerError>;

    /// Seals bytes of `down` into a record or a few on `wire`; only called while `wire` is empty.
    ///
    /// # Errors
    /// As for [`handle_input`](Self::handle_input).
    fn handle_output(&mut self, down: &mut Outbox, wire: &mut Outbox) -> Result<(), LayerError>;

    /// The wire ended.
    ///
    /// # Errors
    /// [`LayerError::Truncated`] where the layer's protocol demands an orderly end: calls that arrived still run, and
    /// that is the reason why the connection ended.
    fn handle_eof(&mut self, _now: Instant) -> Result<(), LayerError> {
        Ok(())
    }

    /// Puts an orderly end (TLS: `close_notify`) on `wire`.
    fn close(&mut self, _wire: &mut Outbox) {}

    /// Does what is due at `now`.
    ///
    /// # Errors
    /// As for [`handle_input`](Self::handle_input).
    fn handle_timeout(&mut self, _now: Instant) -> Result<(), LayerError> {
        Ok(())
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// While false, output waits and the limits of the handshake hold.
    fn is_established(&self) -> bool {
        true
    }

    /// True once the peer has ended its stream in an orderly way: nothing more comes, even if the wire stays open.
    fn is_ended(&self) -> bool {
        false
    }

    /// True once bytes pass unchanged in both directions, for good: the connection goes on without the layer then, at no
    /// cost.
    fn is_transparent(&self) -> bool {
        false
    }

    /// Received bytes that it keeps because they make no whole yet, such as half a record: they count among those that the
    /// connection holds. Before it is established, all bytes that came count.
    fn held(&self) -> usize {
        0
    }

    /// Who the peer proved to be, once established.
    fn identity(&self) -> Option<Identity> {
        None
    }
}

/// Who a peer proved to be.
#[derive(Clone)]
pub struct Identity {
    /// The name in the proof, such as a certificate's subject.
    pub name: String,
    /// What else the layer knows, for those who know the layer.
    pub details: Arc<dyn Any + Send + Sync>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A socket's state, given back by [`Daemon::detach`](crate::Daemon::detach) to go on with in another protocol.
#[non_exhaustive]
pub struct Detached {
    /// Everything that the peer has said, as plaintext.
    pub bytes: Bytes,
    /// What is still to be sent on the wire, before anything else: the end of a layer's own handshake.
    pub unsent: Bytes,
    /// What the rest has to go through in both directions, such as TLS; none on a plain socket.
    pub layer: Option<Box<dyn Layer>>,
}

impl fmt::Debug for Detached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, unsent, layer } = self;
        let mut shown = f.debug_struct("Detached");
        shown.field("bytes", bytes).field("unsent", &unsent.len()).field("layered", &layer.is_some()).finish()
    }
}

/// Why a layer gave up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerError {
    /// The peer broke the layer's protocol, or failed its checks.
    Failed(String),
    /// The stream ended in the middle.
    Truncated,
    /// The peer asked for what this end does not allow.
    Refused(&'static str),
    /// The stream speaks another protocol: these are its bytes so far.
    Foreign {
        /// Which one, such as `http`.
        protocol: &'static str,
        /// Everything that was read.
        bytes: Bytes,
    },
}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(reason) => f.write_str(reason),
            Self::Truncated => f.write_str("the stream ended in the middle"),
            Self::Refused(what) => write!(f, "refused: {what}"),
            Self::Foreign { protocol, .. } => write!(f, "the peer speaks {protocol}"),
        }
    }
}

impl std::error::Error for LayerError {}
