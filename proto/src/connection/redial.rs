//! Beginning again: in the other dialect, when the server turns out to speak it, and elsewhere, once it is known where.

use std::borrow::Cow;
use std::time::Instant;

use firesteel_value::{FormatError, Value};

use super::client::{ClientCore, Redial, State};
use super::link::Link;
use crate::error::{CloseReason, ProtocolError};
use crate::limits::Config;
use crate::serializer::{SerializerId, Style, call_begins, read};
use crate::value::{ObjectId, serialized_blob};
use crate::wire::{self, Dialect, Flags, FrameStart, Head, MessageType, Parsed};

impl ClientCore {
    /// Begins the connection anew, for another socket: the handshake is sent again, and what waits for it is written
    /// in the other dialect.
    ///
    /// # Errors
    /// A call that cannot be said in that dialect.
    pub(crate) fn begin_again(&mut self, now: Instant, dialect: Dialect) -> Result<(), ProtocolError> {
        let object = self.object.clone();
        self.begin_with(now, object, dialect)
    }

    /// Begins to wait for [`begin_at`](Self::begin_at): nobody knows yet where the server is. Calls may be made already.
    pub(crate) fn begin_search(&mut self) {
        let held = if self.retries() { self.take_retries() } else { self.take_held() };
        self.link = Link::default();
        self.state = State::Handshake { deadline: self.begun, held };
        self.redial = Redial::Search;
    }

    /// True while nobody knows where the server is.
    pub(crate) fn searches(&self) -> bool {
        self.redial == Redial::Search
    }

    /// Begins with a server that was found, and what waits for it. With a `spare`, one that does not let us in ends nothing:
    /// it is searched again.
    ///
    /// # Errors
    /// A call that cannot be said in that dialect.
    pub(crate) fn begin_at(
        &mut self,
        now: Instant,
        object: ObjectId,
        dialect: Dialect,
        spare: bool,
    ) -> Result<(), ProtocolError> {
        self.redial = Redial::No;
        self.spare = spare;
        if let Some(timeout) = self.config.call_timeout {
            for flight in self.flights.iter_mut().filter(|flight| !flight.deadline && !flight.abandoned) {
                flight.deadline = true;
                self.deadlines.set(now + timeout, flight.id);
            }
        }
        self.begin_with(now, object, dialect)
    }

    /// Keeps all calls where the server has not let us in and there is another.
    pub(super) fn goes_on_elsewhere(&mut self, reason: &CloseReason) -> bool {
        use CloseReason::{Layer, PeerEof, Rejected, Timeout, Transport, Unreachable};
        let passes = matches!(reason, Layer(_) | PeerEof | Rejected(_) | Timeout | Transport | Unreachable(_));
        if !self.spare || !passes || !matches!(self.state, State::Handshake { .. }) {
            return false;
        }
        self.begin_search();
        true
    }

    fn begin_with(&mut self, now: Instant, object: ObjectId, dialect: Dialect) -> Result<(), ProtocolError> {
        let former = std::mem::replace(&mut self.object, object);
        let mut held = self.take_held();
        if former != self.object || dialect != self.dialect {
            let object = (former.as_str(), self.object.as_str());
            held = reframe(&held, object, dialect, &self.config)?;
            for retry in self.flights.iter_mut().filter_map(|flight| flight.retry.as_mut()) {
                retry.message = reframe(&retry.message, object, dialect, &self.config)?;
            }
        }
        self.dialect = dialect;
        self.begin_anew(now, held);
        Ok(())
    }

    /// Sends the handshake again, with messages that wait behind it.
    pub(super) fn begin_anew(&mut self, now: Instant, held: Vec<u8>) {
        self.link = Link::new(now, None);
        self.begun = now;
        self.connect(now);
        self.hold(held);
    }
}

/// Writes the messages of calls anew; those for the first of two objects are for the second then.
fn reframe(
    mut bytes: &[u8],
    (former, object): (&str, &str),
    dialect: Dialect,
    config: &Config,
) -> Result<Vec<u8>, ProtocolError> {
    let mut out = Vec::with_capacity(bytes.len());
    while let Parsed::Message { mut header, annotations, payload } = wire::parse(bytes, usize::MAX)? {
        let end = payload.end;
        let (tags, payload) = (&bytes[annotations], &bytes[payload]);
        let mut tags = wire::open(&mut header, tags, payload, config.hmac_key.as_ref())?.to_owned();
        if header.flags.contains(Flags::KEEP_SERIALIZED) {
            serialized_blob::readdress(&mut tags, former, object).map_err(ProtocolError::Format)?;
        }
        let known = SerializerId::from_wire(header.dialect, header.serializer);
        let serializer = known.and_then(|known| Some((known, known.to_wire(dialect)?)));
        let (known, serializer) = serializer.ok_or(ProtocolError::UnknownSerializer(header.serializer))?;
        let head = Head {
            dialect,
            kind: MessageType::from_byte(header.kind).unwrap_or(MessageType::Invoke),
            serializer,
            flags: header.flags.without(Flags::COMPRESSED | Flags::CORRELATION_ID),
            sequence: header.sequence,
            correlation: header.correlation_id(),
            compress: config.compression,
        };
        let frame = FrameStart::begin(&mut out, head, &tags, config.hmac_key.as_ref());
        let inflated;
        let payload = if header.flags.contains(Flags::COMPRESSED) {
            inflated = wire::decompress(payload, config.limits.max_decompressed)?;
            &inflated
        } else {
            payload
        };
        let style = Style::of(known, dialect, config);
        let payload = match head.kind {
            MessageType::Invoke => readdressed(payload, (former, object), style).map_err(ProtocolError::Format)?,
            _ => payload.into(),
        };
        // Only Pyro's own classes have other names there.
        let translates = header.dialect != dialect && head.kind == MessageType::Invoke;
        if translates && memchr::memmem::find(&payload, b"Pyro").is_some() {
            let call: Value = read(known, &payload).map_err(ProtocolError::Format)?;
            style.write(&call, &mut out).map_err(ProtocolError::Format)?;
        } else {
            out.extend_from_slice(&payload);
        }
        frame.finish(&mut out, 0, config.limits.max_message)?;
        bytes = &bytes[end..];
    }
    Ok(out)
}

/// The content of a call, for another object: its id is the first of it that differs.
fn readdressed<'p>(
    payload: &'p [u8],
    (former, object): (&str, &str),
    style: Style<'_>,
) -> Result<Cow<'p, [u8]>, FormatError> {
    if former == object {
        return Ok(payload.into());
    }
    match payload.strip_prefix(&*call_begins(former, style)?) {
        Some(rest) => {
            let mut payload = call_begins(object, style)?;
            payload.extend_from_slice(rest);
            Ok(payload.into())
        }
        None => Ok(payload.into()),
    }
}
