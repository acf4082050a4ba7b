//! What the server's end of a connection sends.

use firesteel_value::{Dict, Instance, Value};

use super::client_events::CallId;
use super::server::{Current, Order, ServerCore};
use crate::error::{CloseReason, ProtocolError};
use crate::fault::Fault;
use crate::metadata::Metadata;
use crate::serializer::{SerializerId, Style};
use crate::value::Payload;
use crate::wire::{Dialect, Extensions, Flags, FrameStart, Head, Header, MessageType, OwnedAnnotations};

/// Payloads from this size on are queued as they are, not copied behind their header.
const OWN_CHUNK: usize = 16 * 1024;

impl ServerCore {
    /// Lets the client in. False when the request is not waiting for that (any more).
    pub(crate) fn accept(&mut self, id: CallId, handshake: &Value, metadata: &Metadata) -> bool {
        let Some(current) = self.current.filter(|current| current.id == id) else { return false };
        let (answer, flags) = match self.dialect() {
            Dialect::Pyro4 if !current.wants_metadata => (handshake.clone(), Flags::NONE),
            dialect => {
                let mut answer = Dict::new();
                answer.insert("handshake", handshake.clone());
                answer.insert("meta", metadata_value(metadata, dialect == Dialect::Pyro4));
                let flags = if dialect == Dialect::Pyro4 { Flags::META_ON_CONNECT } else { Flags::NONE };
                (Value::Dict(answer), flags)
            }
        };
        match Payload::encode_into(Vec::new(), &self.style(current.serializer), &answer) {
            Ok(payload) => {
                self.current = None;
                self.send(&current, MessageType::ConnectOk, flags, &OwnedAnnotations::default(), payload);
                self.ready();
                self.advance();
                true
            }
            Err(error) => {
                let reason = error.to_string();
                self.reject(id, &reason)
            }
        }
    }

    /// Turns the client away with a reason, in its own serializer, and closes.
    pub(crate) fn reject(&mut self, id: CallId, reason: &str) -> bool {
        if self.current.is_none_or(|current| current.id != id) {
            return false;
        }
        self.refuse(reason);
        self.link.close(CloseReason::Rejected(reason.to_owned()));
        self.advance();
        true
    }

    /// Answers a call. False when it is not waiting for that (any more).
    ///
    /// Gives the payload's buffer back where it was copied.
    pub(crate) fn reply(
        &mut self,
        id: CallId,
        result: Result<Payload, Fault>,
        annotations: &OwnedAnnotations,
    ) -> (bool, Option<Vec<u8>>) {
        let Some(current) = self.end(id) else { return (false, None) };
        let (payload, flags, after) = match result {
            Ok(payload) => {
                let flags = if current.batch { Flags::BATCH } else { Flags::NONE };
                (Some(payload), flags, After::GoOn)
            }
            Err(fault) => {
                let after = After::of(&fault);
                let payload = if after == After::Silence { None } else { self.encode_fault(current.serializer, fault) };
                (payload, Flags::EXCEPTION, after)
            }
        };
        let buffer = payload.and_then(|payload| self.send(&current, MessageType::Result, flags, annotations, payload));
        if after != After::GoOn {
            self.link.close(CloseReason::Local);
        }
        self.advance();
        (true, buffer)
    }

    /// Answers a call with a stream: its id, or none where streams are switched off. For clients that know no
    /// streams it is an exception, as in Pyro. False when the call is not waiting for that.
    pub(crate) fn reply_stream(&mut self, id: CallId, stream: Option<&str>, mut annotations: OwnedAnnotations) -> bool {
        let Some(current) = self.end(id) else { return false };
        if let Some(stream) = stream {
            annotations.set(*b"STRM", stream.as_bytes().to_vec());
        }
        let no_traceback: Dict = [("_pyroTraceback", Value::None)].into_iter().collect();
        let exception = Instance::new("Pyro5.errors.ProtocolError")
            .with("__exception__", true)
            .with("args", Value::Tuple(vec!["result of call is an iterator".into()]))
            .with("attributes", Value::Dict(no_traceback));
        let payload = Payload::encode_into(Vec::new(), &self.style(current.serializer), &Value::from(exception));
        if let Ok(payload) = payload {
            let flags = Flags::EXCEPTION | Flags::ITEM_STREAM;
            self.send(&current, MessageType::Result, flags, &annotations, payload);
        }
        self.advance();
        true
    }

    /// The answer to a PING: same sequence, same serializer id whatever it is, and `pong`.
    pub(super) fn pong(&mut self, header: &Header) {
        let mut head = self.head_of(
            MessageType::Ping,
            Flags::NONE,
            SerializerId::Serpent,
            header.sequence,
            header.correlation_id(),
        );
        head.serializer = header.serializer;
        let out = self.link.out().tail();
        let frame = FrameStart::begin(out, head, &OwnedAnnotations::default(), self.config.hmac_key.as_ref());
        out.extend_from_slice(b"pong");
        // Four bytes are below any limit.
        let _ = frame.finish(out, 0, usize::MAX);
    }

    /// A CONNECTFAIL in the client's serializer, where that is known, else in marshal as Pyro does.
    pub(super) fn refuse(&mut self, reason: &str) {
        let (serializer, sequence, correlation) = match self.current {
            Some(current) => (current.serializer, current.sequence, current.correlation),
            None => (SerializerId::Marshal, 0, None),
        };
        let mut head = self.head_of(MessageType::ConnectFail, Flags::NONE, serializer, sequence, correlation);
        if self.current.is_none() {
            // What was not understood has no correlation id, and as in Pyro gets none.
            head.correlation = None;
        }
        let style = Style::of(serializer, self.dialect(), &self.config);
        let out = self.link.out().tail();
        let frame = FrameStart::begin(out, head, &OwnedAnnotations::default(), self.config.hmac_key.as_ref());
        match style.write(reason, out) {
            Ok(()) => {
                let _ = frame.finish(out, 0, usize::MAX);
            }
            Err(_) => frame.abandon(out),
        }
    }

    /// Pyro4 tells a client in its own serializer that it is not accepted.
    pub(super) fn refuse_serializer(&mut self, error: &ProtocolError) {
        let Ok(Some(header)) = Header::parse(self.link.received()) else { return };
        let Some(serializer) = SerializerId::from_wire(header.dialect, header.serializer) else { return };
        if let Some(payload) = self.encode_fault(serializer, Fault::serialize_error(error)) {
            let id = CallId(u64::MAX);
            let sequence = header.sequence;
            let refused = Current { id, sequence, serializer, correlation: None, wants_metadata: false, batch: false };
            self.send(&refused, MessageType::Result, Flags::EXCEPTION, &OwnedAnnotations::default(), payload);
        }
    }

    /// The dialect of the connection, that of Pyro5 where nothing is known yet.
    fn dialect(&self) -> Dialect {
        self.dialect.unwrap_or_default()
    }

    fn style(&self, serializer: SerializerId) -> Style<'_> {
        Style::of(serializer, self.dialect(), &self.config)
    }

    fn encode_fault(&self, serializer: SerializerId, fault: Fault) -> Option<Payload> {
        let style = self.style(serializer);
        Payload::encode_into(Vec::new(), &style, &fault)
            .or_else(|error| {
                // As in Pyro: the exception cannot be told, that it happened can.
                let text = format!("Error serializing exception: {error}. Original exception: {fault}");
                let mut generic = Fault::new("Pyro5.errors.PyroError", text);
                generic.traceback = fault.traceback;
                Payload::encode_into(Vec::new(), &style, &generic)
            })
            .ok()
    }

    /// Sends an answer to a request; one above the limit closes silently, as in Pyro.
    fn send(
        &mut self,
        current: &Current,
        kind: MessageType,
        flags: Flags,
        annotations: &OwnedAnnotations,
        payload: Payload,
    ) -> Option<Vec<u8>> {
        let extensions = self.announcement();
        let mut head = self.head_of(kind, flags, payload.serializer(), current.sequence, current.correlation);
        if head.dialect == Dialect::Pyro4 && flags.contains(Flags::EXCEPTION) {
            // Pyro4 has a correlation id in answers that are values only, and compresses only these.
            head.correlation = None;
            head.compress = false;
        }
        let max = self.config.limits.max_message;
        let key = self.config.hmac_key.as_ref();
        let out = self.link.out();
        let own = payload.as_slice().len() >= OWN_CHUNK && !head.compress && key.is_none();
        let frame = FrameStart::begin_extended(out.tail(), head, annotations, extensions, key);
        let (sent, buffer) = if own {
            let payload = payload.into_bytes();
            let sent = frame.finish(out.tail(), payload.len(), max);
            if sent.is_ok() {
                out.push(payload);
            }
            (sent, None)
        } else {
            out.tail().extend_from_slice(payload.as_slice());
            (frame.finish(out.tail(), 0, max), payload.recycle())
        };
        if let Err(error) = sent {
            self.link.close(CloseReason::Protocol(error));
        }
        buffer
    }

    /// What the client is still to be told.
    fn announcement(&mut self) -> Extensions {
        let overtaking = self.order == Order::FreeUntold;
        if overtaking {
            self.order = Order::Free;
        }
        Extensions { overtaking, ..Extensions::default() }
    }

    /// Every answer has a correlation id: the client's, or a fresh one.
    fn head_of(
        &mut self,
        kind: MessageType,
        flags: Flags,
        serializer: SerializerId,
        sequence: u16,
        correlation: Option<[u8; 16]>,
    ) -> Head {
        let correlation = Some(correlation.unwrap_or_else(|| self.labels.uuid()));
        let dialect = self.dialect();
        // Only what came in a dialect is answered in it, so it has an id there.
        let serializer = serializer.to_wire(dialect).unwrap_or_default();
        Head { dialect, kind, serializer, flags, sequence, correlation, compress: self.config.compression }
    }
}

/// What becomes of the connection after a fault was raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    GoOn,
    /// The client is told, then it is over.
    Close,
    /// The client is told nothing.
    Silence,
}

impl After {
    /// As Pyro5's `handleRequest` does.
    fn of(fault: &Fault) -> Self {
        match fault.class.strip_prefix("Pyro5.errors.") {
            Some("SerializeError" | "SecurityError") => Self::Close,
            Some(
                "CommunicationError"
                | "ConnectionClosedError"
                | "TimeoutError"
                | "ProtocolError"
                | "MessageTooLargeError",
            ) => Self::Silence,
            _ => Self::GoOn,
        }
    }
}

/// Pyro's dictionary of an object's metadata.
pub(crate) fn metadata_value(metadata: &Metadata, as_lists: bool) -> Value {
    let collection = if as_lists { Value::List } else { Value::Set };
    let names = |oneway: bool| {
        let wanted = metadata.methods().filter(|(_, flags)| flags.oneway || !oneway);
        collection(wanted.map(|(name, _)| Value::from(name)).collect())
    };
    let attributes = metadata.attributes().map(|attribute| Value::from(attribute.name())).collect();
    let mut dict = Dict::new();
    dict.insert("methods", names(false));
    dict.insert("oneway", names(true));
    dict.insert("attrs", collection(attributes));
    Value::Dict(dict)
}
