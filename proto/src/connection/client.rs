//! The client's end of a connection: requests out, answers matched to them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use firesteel_value::{Dict, Value};

use super::client_events::{CallId, ClientEvent, Reply};
use super::link::Link;
use super::remote_metadata::RemoteMetadata;
use super::request::Request;
use crate::error::{CallError, CallFailure, CloseReason, ProtocolError};
use crate::fault::Fault;
use crate::layer::Layer;
use crate::limits::{Config, Handshake};
use crate::serializer::{SerializerId, Style, read};
use crate::timers::Timers;
use crate::value::{ObjectId, Payload};
use crate::wire::{self, Dialect, Flags, FrameStart, Head, Header, MessageType, OwnedAnnotations, Parsed};

/// Answers from this size on keep the buffer that they came in; smaller ones are cheaper to copy.
const OWN_BUFFER: usize = 4 * 1024;

/// The client's end of a connection, without buffers of its own to read into.
pub(crate) struct ClientCore {
    pub(super) link: Link,
    pub(super) config: Arc<Config>,
    object: ObjectId,
    pub(super) dialect: Dialect,
    redial: Redial,
    state: State,
    /// Calls that are out, in the order in which they were made.
    flights: VecDeque<Flight>,
    deadlines: Timers<CallId>,
    events: VecDeque<ClientEvent>,
    metadata: Option<RemoteMetadata>,
    /// What the server answered to the handshake.
    answer: Option<Value>,
    /// Requests sent; the low bits of it are the sequence number of the last.
    serial: u64,
    /// The `Closed` event was given.
    ended: bool,
    /// When the last output is dropped that the server does not take.
    linger: Option<Instant>,
}

/// Whether a server that speaks the other dialect is connected to once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redial {
    No,
    Once,
    /// It is to be done, in this dialect. Nothing that still comes counts.
    Now(Dialect),
}

#[derive(Debug)]
enum State {
    /// The server's answer is awaited until the deadline; these bytes follow it.
    Handshake {
        deadline: Instant,
        held: Vec<u8>,
    },
    Ready,
}

impl State {
    /// Where requests go: behind the handshake while that lasts.
    fn out<'a>(&'a mut self, link: &'a mut Link) -> &'a mut Vec<u8> {
        match self {
            Self::Handshake { held, .. } => held,
            Self::Ready => link.out().tail(),
        }
    }
}

#[derive(Debug)]
struct Flight {
    id: CallId,
    serial: u64,
    serializer: SerializerId,
    ping: bool,
    deadline: bool,
    /// The caller has its result already: the answer is dropped when it comes.
    abandoned: bool,
}

impl ClientCore {
    pub(crate) fn new(
        now: Instant,
        config: Arc<Config>,
        handshake: Handshake,
        object: ObjectId,
        dialect: Dialect,
        layer: Option<Box<dyn Layer>>,
    ) -> Self {
        let mut core = Self {
            link: Link::new(now, layer),
            state: State::Ready,
            object,
            dialect,
            redial: Redial::No,
            flights: VecDeque::new(),
            deadlines: Timers::new(),
            events: VecDeque::new(),
            metadata: None,
            answer: None,
            serial: 0,
            ended: false,
            linger: None,
            config,
        };
        if core.config.forbids(dialect) {
            core.finish(CloseReason::Protocol(ProtocolError::Unsigned));
            return core;
        }
        match handshake {
            Handshake::Absent => core.events.push_back(ClientEvent::Connected),
            Handshake::Required | Handshake::Auto => core.connect(now),
        }
        core
    }

    pub(crate) fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    pub(crate) fn link_ref(&self) -> &Link {
        &self.link
    }

    pub(crate) fn metadata(&self) -> Option<&RemoteMetadata> {
        self.metadata.as_ref()
    }

    pub(crate) fn handshake_answer(&self) -> Option<&Value> {
        self.answer.as_ref()
    }

    // Input.

    pub(crate) fn handle_filled(&mut self, now: Instant, scratch: &[u8], n: usize) {
        if self.redials() {
            return;
        }
        self.link.handle_filled(now, scratch, n);
        self.advance();
    }

    pub(crate) fn handle_eof(&mut self, now: Instant) {
        if self.redials() {
            return;
        }
        self.link.handle_eof(now);
        self.advance();
        // Nobody will answer what is still open.
        self.finish(CloseReason::PeerEof);
    }

    pub(crate) fn handle_error(&mut self) {
        if self.redials() {
            return;
        }
        self.finish(CloseReason::Transport);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.link.handle_timeout(now);
        if let State::Handshake { deadline, .. } = self.state
            && deadline <= now
        {
            self.finish(CloseReason::Timeout);
        }
        if self.linger.is_some_and(|at| at <= now) {
            self.link.abort(CloseReason::Timeout);
        }
        while let Some(id) = self.deadlines.pop_due(now) {
            self.abandon(id, CallFailure::Deadline);
        }
        self.advance();
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        if self.link.is_closed() {
            return None;
        }
        let handshake = match self.state {
            State::Handshake { deadline, .. } => Some(deadline),
            State::Ready => None,
        };
        [handshake, self.linger, self.deadlines.next(), self.link.layer_timeout()].into_iter().flatten().min()
    }

    /// While the connection is closing, a server that does not take the last output has a limited time.
    pub(crate) fn begin_linger(&mut self, now: Instant) {
        if self.link.ignores_input() && !self.link.is_closed() {
            self.linger.get_or_insert(now + self.config.handshake_timeout);
        }
    }

    pub(crate) fn wants_read(&self) -> bool {
        !self.link.ignores_input() && !self.link.is_half_closed() && !self.redials()
    }

    /// Allows one more attempt, should the server speak the other dialect.
    pub(crate) fn allow_redial(&mut self) {
        self.redial = Redial::Once;
    }

    /// The dialect in which to begin again, if that is to be done now.
    pub(crate) fn take_redial(&mut self) -> Option<Dialect> {
        let Redial::Now(dialect) = self.redial else { return None };
        self.redial = Redial::No;
        Some(dialect)
    }

    pub(crate) fn redials(&self) -> bool {
        matches!(self.redial, Redial::Now(_))
    }

    /// What waits for the handshake.
    pub(super) fn take_held(&mut self) -> Vec<u8> {
        match &mut self.state {
            State::Handshake { held, .. } => std::mem::take(held),
            State::Ready => Vec::new(),
        }
    }

    pub(super) fn hold(&mut self, messages: Vec<u8>) {
        if let State::Handshake { held, .. } = &mut self.state {
            *held = messages;
        }
    }

    pub(crate) fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    pub(crate) fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    // Requests.

    /// Sends a call under an id of the caller's choice. `object` is addressed where the request names none,
    /// and that of the handshake where neither does.
    pub(crate) fn call(
        &mut self,
        now: Instant,
        id: CallId,
        object: Option<&ObjectId>,
        request: &Request<'_>,
    ) -> Result<(), CallError> {
        self.check_open()?;
        let serial = self.next_serial();
        self.send_request(object, request, serial as u16, Flags::NONE)?;
        let deadline = request.deadline.or_else(|| Some(now + self.config.call_timeout?));
        if let Some(at) = deadline {
            self.deadlines.set(at, id);
        }
        let serializer = self.config.serializer;
        let deadline = deadline.is_some();
        self.flights.push_back(Flight { id, serial, serializer, ping: false, deadline, abandoned: false });
        Ok(())
    }

    pub(crate) fn notify(&mut self, object: Option<&ObjectId>, request: &Request<'_>) -> Result<(), CallError> {
        self.check_open()?;
        let serial = self.next_serial();
        self.send_request(object, request, serial as u16, Flags::ONEWAY)
    }

    pub(crate) fn ping(&mut self, now: Instant, id: CallId) -> Result<(), CallError> {
        self.check_open()?;
        let serial = self.next_serial();
        let serializer = self.config.serializer;
        let head = self.head(MessageType::Ping, Flags::NONE, serial as u16, None);
        let out = self.state.out(&mut self.link);
        let frame = FrameStart::begin(out, head, &OwnedAnnotations::default(), self.config.hmac_key.as_ref());
        out.extend_from_slice(b"ping");
        frame.finish(out, 0, usize::MAX).map_err(too_large)?;
        if let Some(timeout) = self.config.call_timeout {
            self.deadlines.set(now + timeout, id);
        }
        let deadline = self.config.call_timeout.is_some();
        self.flights.push_back(Flight { id, serial, serializer, ping: true, deadline, abandoned: false });
        Ok(())
    }

    /// Ends a call at this end. Its slot stays taken until the late answer comes.
    pub(crate) fn cancel(&mut self, id: CallId) -> bool {
        self.abandon(id, CallFailure::Cancelled)
    }

    pub(crate) fn close(&mut self) {
        self.link.close(CloseReason::Local);
        self.finish_calls();
    }

    pub(super) fn connect(&mut self, now: Instant) {
        let mut content = Dict::new();
        content.insert("handshake", self.config.handshake.clone());
        content.insert("object", self.object.as_str());
        let flags = if self.dialect == Dialect::Pyro4 { Flags::META_ON_CONNECT } else { Flags::NONE };
        let head = self.head(MessageType::Connect, flags, 0, None);
        let config = &*self.config;
        let out = self.link.out().tail();
        let frame = FrameStart::begin(out, head, &OwnedAnnotations::default(), config.hmac_key.as_ref());
        let written = Style::of(config.serializer, self.dialect, config)
            .write(&Value::Dict(content), out)
            .map_err(|error| error.to_string())
            .and_then(|()| frame.finish(out, 0, config.limits.max_handshake).map_err(|error| error.to_string()));
        self.state = State::Handshake { deadline: now + self.config.handshake_timeout, held: Vec::new() };
        if let Err(reason) = written {
            self.finish(CloseReason::Protocol(ProtocolError::Handshake(reason)));
        }
    }

    fn check_open(&self) -> Result<(), CallError> {
        if self.config.forbids(self.dialect) {
            return Err(CallError::Unsigned);
        }
        if !self.is_open() {
            return Err(CallError::Closed);
        }
        if self.flights.len() >= self.config.limits.max_in_flight.min(1 << 15) {
            return Err(CallError::TooManyCalls);
        }
        Ok(())
    }

    /// The next serial whose sequence number no flight has.
    fn next_serial(&mut self) -> u64 {
        loop {
            self.serial += 1;
            // Flights are in the order of their serials: most of the time, the first one tells.
            let wrapped = self.flights.front().is_some_and(|first| self.serial - first.serial > u64::from(u16::MAX));
            let sequence = self.serial as u16;
            if !wrapped || self.flights.iter().all(|flight| flight.serial as u16 != sequence) {
                return self.serial;
            }
        }
    }

    fn send_request(
        &mut self,
        object: Option<&ObjectId>,
        request: &Request<'_>,
        sequence: u16,
        flags: Flags,
    ) -> Result<(), CallError> {
        let flags = flags | request.content.flags();
        let head = self.head(MessageType::Invoke, flags, sequence, request.correlation);
        let object = request.object.as_ref().or(object).unwrap_or(&self.object);
        let config = &*self.config;
        if config.serializer.to_wire(self.dialect).is_none() {
            return Err(CallError::Serializer(config.serializer, self.dialect));
        }
        let out = self.state.out(&mut self.link);
        let frame = FrameStart::begin(out, head, &request.annotations, config.hmac_key.as_ref());
        let style = Style::of(config.serializer, self.dialect, config);
        if let Err(error) = request.content.write(object.as_str(), style, out) {
            frame.abandon(out);
            return Err(CallError::Format(error));
        }
        frame.finish(out, 0, config.limits.max_message).map_err(too_large)
    }

    fn head(&self, kind: MessageType, flags: Flags, sequence: u16, correlation: Option<[u8; 16]>) -> Head {
        // A serializer that the dialect lacks is refused before.
        let serializer = self.config.serializer.to_wire(self.dialect).unwrap_or_default();
        let compress = self.config.compression;
        Head { dialect: self.dialect, kind, serializer, flags, sequence, correlation, compress }
    }

    // Answers.

    fn advance(&mut self) {
        while !self.link.ignores_input() {
            let result = match wire::parse(self.link.received(), self.config.limits.max_message) {
                Ok(Parsed::Partial) => return,
                Ok(Parsed::Header { header, len }) => {
                    self.link.inbox().expect(len);
                    match self.check_type(&header) {
                        Ok(()) => return,
                        error => error,
                    }
                }
                Ok(Parsed::Message { header, .. }) => self.check_type(&header).and_then(|()| self.handle_message()),
                Err(error) => Err(error),
            };
            match result {
                Ok(()) => {}
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

    fn may_begin_again(&self, dialect: Dialect) -> bool {
        matches!(self.state, State::Handshake { .. })
            && self.config.serializer.to_wire(dialect).is_some()
            && !self.config.forbids(dialect)
    }

    fn check_type(&self, header: &Header) -> Result<(), ProtocolError> {
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
    fn handle_message(&mut self) -> Result<(), ProtocolError> {
        let message = self.link.received();
        let Parsed::Message { mut header, annotations, payload } = wire::parse(message, usize::MAX)? else {
            return Ok(());
        };
        let key = self.config.hmac_key.as_ref();
        let tags = wire::open(&mut header, &message[annotations], &message[payload.clone()], key)?.to_owned();
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

    fn connected(&mut self, header: &Header, payload: &[u8]) -> Result<(), ProtocolError> {
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

    fn answered(
        &mut self,
        header: &Header,
        annotations: OwnedAnnotations,
        buffer: Vec<u8>,
        window: std::ops::Range<usize>,
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
            Ok(Reply::Value(payload))
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

    // Ends.

    fn abandon(&mut self, id: CallId, failure: CallFailure) -> bool {
        let Some(at) = self.flights.iter().position(|flight| flight.id == id && !flight.abandoned) else {
            return false;
        };
        self.flights[at].abandoned = true;
        let had_deadline = std::mem::take(&mut self.flights[at].deadline);
        if had_deadline && failure != CallFailure::Deadline {
            self.deadlines.forget(live(&self.flights));
        }
        self.done(id, failure);
        true
    }

    fn forget_deadline(&mut self, flight: &Flight) {
        if flight.deadline {
            self.deadlines.forget(live(&self.flights));
        }
    }

    fn done(&mut self, id: CallId, failure: CallFailure) {
        self.events.push_back(ClientEvent::Done { id, result: Err(failure), annotations: OwnedAnnotations::default() });
    }

    /// True while calls can be made.
    pub(crate) fn is_open(&self) -> bool {
        !self.link.ignores_input() && !self.link.is_half_closed()
    }

    /// True once the handshake is done.
    pub(crate) fn is_ready(&self) -> bool {
        self.is_open() && matches!(self.state, State::Ready)
    }

    /// It is over: calls that are out are lost.
    pub(crate) fn finish(&mut self, reason: CloseReason) {
        self.link.abort(reason);
        self.finish_calls();
    }

    fn finish_calls(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        let reason = self.link.reason().cloned().unwrap_or(CloseReason::Local);
        for flight in std::mem::take(&mut self.flights) {
            if !flight.abandoned {
                self.done(flight.id, CallFailure::Lost(reason.clone()));
            }
        }
        self.deadlines = Timers::new();
        self.events.push_back(ClientEvent::Closed(reason));
    }
}

/// Tells which deadlines still count.
fn live(flights: &VecDeque<Flight>) -> impl Fn(Instant, CallId) -> bool {
    move |_, id| flights.binary_search_by_key(&id, |flight| flight.id).is_ok_and(|at| flights[at].deadline)
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

fn too_large(error: ProtocolError) -> CallError {
    match error {
        ProtocolError::TooLarge { size, max } => CallError::TooLarge { size, max },
        _ => CallError::Closed,
    }
}
