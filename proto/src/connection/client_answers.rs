//! What a client's connection makes of what the server sends.

use std::ops::Range;

use firesteel_value::Value;

use super::client::{Beyond, ClientCore, Redial, State};
use super::client_events::{ClientEvent, Reply};
use super::remote_metadata::RemoteMetadata;
use crate::error::{CallFailure, CloseReason, ProtocolError};
use crate::fault::Fault;
use crate::serializer::{SerializerId, read};
use crate::value::Payload;
use crate::wire::{self, Annotations, Dialect, EXTENSIONS, Extensions, Flags, Header, MessageType, OwnedAnnotations};

/// Answers from this size on keep the buffer that they came in; smaller ones are cheaper to copy.
const OWN_BUFFER: usize = 4 * 1024;

impl ClientCore {
    pub(super) fn advance(&mut self) {
        while !self.link.ignores_input() {
            match self.next_message() {
                Ok(true) => {}
                Ok(false) => return,
                Err(ProtocolError::Dialect(theirs)) if self.redial == Redial::Once && self.may_begin_again(theirs) => {
                    self.redial = Redial::Now(theirs);
                    return;
                }
                Err(error) => self.finish(CloseReason::Protocol(error)),
            }
        }
        if self.link.reason().is_some() {
            self.finish_calls();
        }
    }

    /// Takes the next message; false when it is not there in full.
    #[inline]
    fn next_message(&mut self) -> Result<bool, ProtocolError> {
        let received = self.link.received();
        let Some(header) = Header::parse(received)? else { return Ok(false) };
        let len = header.message_len(self.config.limits.max_message)?;
        if received.len() < len {
            self.link.inbox().set_expected(len);
            return self.check_type(&header).map(|()| false);
        }
        self.check_type(&header)?;
        self.handle_message(header).map(|()| true)
    }

    pub(super) fn may_begin_again(&self, dialect: Dialect) -> bool {
        matches!(self.state, State::Handshake { .. })
            && self.config.serializer.to_wire(dialect).is_some()
            && !self.config.forbids(dialect)
    }

    pub(super) fn check_type(&self, header: &Header) -> Result<(), ProtocolError> {
        if header.dialect != self.dialect {
            return Err(ProtocolError::Dialect(header.dialect));
        }
        let (right, expected) = match (&self.state, MessageType::from_byte(header.kind)) {
            (State::Handshake { .. }, kind) => {
                (matches!(kind, Some(MessageType::ConnectOk | MessageType::ConnectFail)), "2,3")
            }
            (State::Ready, kind) => (matches!(kind, Some(MessageType::Result | MessageType::Ping)), "5"),
        };
        if right { Ok(()) } else { Err(ProtocolError::UnexpectedType { got: header.kind, expected }) }
    }

    /// Takes the whole message that lies at the head of the received bytes.
    fn handle_message(&mut self, mut header: Header) -> Result<(), ProtocolError> {
        let message = self.link.received();
        let (annotations, payload) = header.ranges();
        let key = self.config.hmac_key.as_ref();
        let annotations = &message[annotations];
        let tags = wire::open(&mut header, annotations, &message[payload.clone()], key)?.to_owned();
        if self.beyond == Beyond::Asked && tells_overtaking(annotations, header.dialect) {
            self.beyond = Beyond::Known;
        }
        let whole = payload.end;
        let (buffer, window) = if header.flags.contains(Flags::COMPRESSED) {
            let plain = wire::decompress(&message[payload], self.config.limits.max_decompressed)?;
            self.link.inbox().consume(whole);
            let window = 0..plain.len();
            (plain, window)
        } else if message.len() == whole && whole >= OWN_BUFFER {
            // Nothing else is there: the answer keeps the buffer, without a copy.
            let (buffer, start) = self.link.inbox().take();
            (buffer, payload.start + start..payload.end + start)
        } else {
            let data = message[payload].to_vec();
            self.link.inbox().consume(whole);
            let window = 0..data.len();
            (data, window)
        };
        match MessageType::from_byte(header.kind) {
            Some(MessageType::ConnectOk) => self.connected(&header, &buffer[window]),
            Some(MessageType::ConnectFail) => {
                let reason = rejection(&header, &buffer[window]);
                self.finish(CloseReason::Rejected(reason));
                Ok(())
            }
            _ => self.answered(&header, tags, buffer, window),
        }
    }

    pub(super) fn connected(&mut self, header: &Header, payload: &[u8]) -> Result<(), ProtocolError> {
        let serializer = SerializerId::from_wire(header.dialect, header.serializer)
            .ok_or(ProtocolError::UnknownSerializer(header.serializer))?;
        let value: Value = read(serializer, payload).map_err(ProtocolError::Format)?;
        let metadata = match header.dialect {
            // Without the flag, the whole value is the answer to the handshake.
            Dialect::Pyro4 if !header.flags.contains(Flags::META_ON_CONNECT) => None,
            _ => value.get("meta").map(RemoteMetadata::from_value).transpose().map_err(ProtocolError::Format)?,
        };
        self.metadata = metadata;
        self.answer = match header.dialect {
            Dialect::Pyro4 if !header.flags.contains(Flags::META_ON_CONNECT) => Some(value),
            _ => value.get("handshake").cloned(),
        };
        if let State::Handshake { held, .. } = std::mem::replace(&mut self.state, State::Ready) {
            self.link.out().push(held);
        }
        self.events.push_back(ClientEvent::Connected);
        Ok(())
    }

    pub(super) fn answered(
        &mut self,
        header: &Header,
        annotations: OwnedAnnotations,
        buffer: Vec<u8>,
        window: Range<usize>,
    ) -> Result<(), ProtocolError> {
        let at = self
            .flights
            .iter()
            .position(|flight| flight.serial as u16 == header.sequence)
            .ok_or(ProtocolError::Sequence(header.sequence))?;
        let pong = header.kind == MessageType::Ping as u8;
        let flight = &self.flights[at];
        if flight.ping != pong {
            let expected = if flight.ping { "6" } else { "5" };
            return Err(ProtocolError::UnexpectedType { got: header.kind, expected });
        }
        if Some(header.serializer) != flight.serializer.to_wire(self.dialect) {
            let expected = flight.serializer.to_wire(self.dialect).unwrap_or_default();
            return Err(ProtocolError::SerializerMismatch { got: header.serializer, expected });
        }
        let Some(flight) = self.flights.remove(at) else { return Ok(()) };
        if flight.abandoned {
            return Ok(());
        }
        self.forget_deadline(&flight);
        let payload = Payload::received(flight.serializer, self.dialect, buffer, window);
        let result = if pong {
            Ok(Reply::Pong)
        } else if header.flags.contains(Flags::ITEM_STREAM) {
            let id = annotations.get(*b"STRM").and_then(|id| String::from_utf8(id.to_vec()).ok());
            id.map(Reply::Stream).ok_or_else(|| {
                let text = "result of call is an iterator, but the server is not configured to allow streaming";
                Fault::new("Pyro5.errors.ProtocolError", text).into()
            })
        } else if header.flags.contains(Flags::EXCEPTION) {
            Err(match payload.to_value() {
                Ok(value) => match Fault::from_value(value) {
                    Some(fault) => fault.into(),
                    None => CallFailure::Format(serde::de::Error::custom("the exception that came is none")),
                },
                Err(error) => CallFailure::Format(error),
            })
        } else {
            Ok(Reply::Value(payload.with_classes(&self.config.classes)))
        };
        // After these the server closes: the next call shall not run into that.
        let last = matches!(&result, Err(CallFailure::Fault(fault))
            if fault.is("Pyro5.errors.SerializeError") || fault.is("Pyro5.errors.SecurityError"));
        self.events.push_back(ClientEvent::Done { id: flight.id, result, annotations });
        if last {
            self.finish(CloseReason::PeerEof);
        }
        Ok(())
    }
}

/// True in an answer of a server that knows more than Pyro.
fn tells_overtaking(annotations: &[u8], dialect: Dialect) -> bool {
    let all = Annotations::parse(annotations, dialect).unwrap_or_default();
    all.get(EXTENSIONS).is_some_and(|value| Extensions::parse(value).overtaking)
}

/// The reason in a CONNECTFAIL: in the client's serializer, or in marshal.
fn rejection(header: &Header, payload: &[u8]) -> String {
    let text = SerializerId::from_wire(header.dialect, header.serializer).and_then(|serializer| {
        read::<Value>(serializer, payload).ok().map(|value| match value {
            Value::Str(text) => text,
            other => other.to_string(),
        })
    });
    text.unwrap_or_else(|| format!("no readable reason (serializer {})", header.serializer))
}
