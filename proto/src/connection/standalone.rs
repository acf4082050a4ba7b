//! Connections on their own, with buffers to read into and public names.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use firesteel_value::Value;

use super::client::ClientCore;
use super::client_events::{CallId, ClientEvent};
use super::inbox::SCRATCH;
use super::remote_metadata::RemoteMetadata;
use super::request::Request;
use super::server::{Head, ServerCore};
use crate::entropy::Entropy;
use crate::error::{CallError, CloseReason};
use crate::fault::Fault;
use crate::layer::Layer;
use crate::limits::{Config, Handshake};
use crate::machine::Machine;
use crate::metadata::Metadata;
use crate::transmit::Transmit;
use crate::value::{ObjectId, Payload};
use crate::wire::{Flags, OwnedAnnotations};

/// The client's end of one connection.
pub struct ClientConnection {
    core: ClientCore,
    scratch: Vec<u8>,
    issued: u64,
}

impl ClientConnection {
    /// A connection to the daemon of `target`, beginning with a CONNECT unless `handshake` is absent. Where the
    /// server turns out to speak the other dialect, it closes with
    /// [`ProtocolError::Dialect`](crate::ProtocolError::Dialect).
    pub fn new(
        now: Instant,
        config: Arc<Config>,
        handshake: Handshake,
        target: impl Into<ObjectId>,
        layer: Option<Box<dyn Layer>>,
    ) -> Self {
        let dialect = config.first_dialect();
        let core = ClientCore::new(now, config, handshake, target.into(), dialect, layer);
        Self { core, scratch: Vec::new(), issued: 0 }
    }

    /// Sends a call; the answer comes as an event. Before the handshake is done, it waits for that.
    ///
    /// # Errors
    /// Arguments that cannot be serialized, a message above the limit, too many calls in flight, a
    /// closed connection. Nothing was sent then.
    pub fn call(&mut self, now: Instant, request: &Request<'_>) -> Result<CallId, CallError> {
        let id = self.next_id();
        self.core.call(now, id, None, request).map(|()| id)
    }

    /// Sends a call that is not answered.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub fn notify(&mut self, _now: Instant, request: &Request<'_>) -> Result<(), CallError> {
        self.core.notify(None, request)
    }

    /// Sends a PING; the answer comes as an event with [`Reply::Pong`](super::Reply::Pong).
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub fn ping(&mut self, now: Instant) -> Result<CallId, CallError> {
        let id = self.next_id();
        self.core.ping(now, id).map(|()| id)
    }

    /// Ends a call at this end; false when it has ended already. The server is not told.
    pub fn cancel(&mut self, _now: Instant, id: CallId) -> bool {
        self.core.cancel(id)
    }

    /// Sends what is queued, then closes. Calls that are out are lost.
    pub fn close(&mut self, _now: Instant) {
        self.core.close();
    }

    /// What the object exposes, as the handshake told.
    pub fn metadata(&self) -> Option<&RemoteMetadata> {
        self.core.metadata()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        self.core.poll_event()
    }

    fn next_id(&mut self) -> CallId {
        self.issued += 1;
        CallId(self.issued)
    }
}

/// The server's end of one connection: for gateways and dispatchers that answer calls themselves.
pub struct ServerConnection {
    core: ServerCore,
    scratch: Vec<u8>,
    closed: bool,
}

/// What happened on a server's connection.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// A client asks to be let in: [`accept`](ServerConnection::accept) or
    /// [`reject`](ServerConnection::reject) it.
    Connect {
        /// Names the request in the answer.
        id: CallId,
        /// The CONNECT's content: a dictionary of `handshake` and `object`.
        content: Payload,
    },
    /// A call: answer with [`reply`](ServerConnection::reply), unless it is oneway.
    Call(IncomingCall),
    /// The connection is over. This is the last event.
    Closed(CloseReason),
}

/// A call that came in, undecoded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct IncomingCall {
    /// Names the call in the answer.
    pub id: CallId,
    /// The header's flags.
    pub flags: Flags,
    /// The header's sequence number.
    pub sequence: u16,
    /// The client's correlation id.
    pub correlation: Option<[u8; 16]>,
    /// The annotations of the call.
    pub annotations: OwnedAnnotations,
    /// Object, method, arguments and keyword arguments.
    pub payload: Payload,
}

impl ServerConnection {
    /// The server's end of a connection that was just accepted.
    pub fn new(now: Instant, config: Arc<Config>, handshake: Handshake, layer: Option<Box<dyn Layer>>) -> Self {
        let labels = Entropy::new(config.seed.unwrap_or_default()).labels();
        Self { core: ServerCore::new(now, config, labels, handshake, layer), scratch: Vec::new(), closed: false }
    }

    /// Lets a client in, with the answer to its handshake and what the object exposes. False when
    /// it does not wait for that.
    pub fn accept(&mut self, _now: Instant, id: CallId, handshake: &Value, metadata: &Metadata) -> bool {
        self.core.accept(id, handshake, metadata)
    }

    /// Turns a client away with a reason, and closes. False when it does not wait for that.
    pub fn reject(&mut self, _now: Instant, id: CallId, reason: &str) -> bool {
        self.core.reject(id, reason)
    }

    /// Answers a call. False when it does not wait for that (any more).
    pub fn reply(&mut self, _now: Instant, id: CallId, result: Result<Payload, Fault>) -> bool {
        self.core.reply(id, result, &OwnedAnnotations::default()).0
    }

    /// Sends what is queued, then closes.
    pub fn close(&mut self, now: Instant) {
        self.core.link().close(CloseReason::Local);
        self.core.begin_linger(now);
        self.core.advance();
    }

    /// The next event. The next request is found when the previous one is answered.
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        self.core.begin_turn();
        self.core.advance();
        let head = self.core.head();
        if let Some(incoming) = self.core.take(false, Vec::new) {
            let id = incoming.id;
            let content = Payload::from_bytes(incoming.serializer, Bytes::copy_from_slice(incoming.payload()))
                .named_as_in(incoming.header.dialect);
            return Some(match head {
                Head::Connect => ServerEvent::Connect { id, content },
                Head::Nothing | Head::Call => ServerEvent::Call(IncomingCall {
                    id,
                    flags: incoming.header.flags,
                    sequence: incoming.header.sequence,
                    correlation: incoming.header.correlation_id(),
                    annotations: incoming.annotations().to_owned(),
                    payload: content,
                }),
            });
        }
        if self.core.link_ref().is_closed() && !std::mem::replace(&mut self.closed, true) {
            return Some(ServerEvent::Closed(self.core.link_ref().reason().cloned().unwrap_or(CloseReason::Local)));
        }
        None
    }
}

macro_rules! machine {
    ($type:ty) => {
        impl Machine for $type {
            fn input_buf(&mut self) -> &mut [u8] {
                self.scratch.resize(SCRATCH, 0);
                self.core.link().input_buf(&mut self.scratch)
            }
            fn handle_filled(&mut self, now: Instant, n: usize) {
                self.core.handle_filled(now, &self.scratch, n);
            }
            fn handle_eof(&mut self, now: Instant) {
                self.core.handle_eof(now);
            }
            fn handle_error(&mut self, _now: Instant) {
                self.core.handle_error();
            }
            fn handle_timeout(&mut self, now: Instant) {
                self.core.handle_timeout(now);
            }
            fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
                self.core.link().poll_transmit()
            }
            fn poll_timeout(&self) -> Option<Instant> {
                self.core.poll_timeout()
            }
            fn wants_read(&self) -> bool {
                self.core.wants_read()
            }
            fn wants_write(&self) -> bool {
                self.core.link_ref().wants_write()
            }
            fn is_closed(&self) -> bool {
                self.core.link_ref().is_closed()
            }
        }
    };
}

machine!(ClientConnection);
machine!(ServerConnection);
