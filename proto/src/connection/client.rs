//! The client's end of a connection: requests out, answers matched to them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use firesteel_value::{Dict, Value};

use super::client_events::{CallId, ClientEvent};
use super::link::Link;
use super::remote_metadata::RemoteMetadata;
use super::request::Request;
use super::retry::Retry;
use crate::error::{CallError, CallFailure, CloseReason, ProtocolError};
use crate::layer::Layer;
use crate::limits::{Config, Handshake};
use crate::serializer::{Opening, SerializerId, Style};
use crate::timers::Timers;
use crate::value::ObjectId;
use crate::wire::{Dialect, Extensions, Flags, FrameStart, Head, MessageType, OwnedAnnotations};

/// The client's end of a connection, without buffers of its own to read into.
pub(crate) struct ClientCore {
    pub(super) link: Link,
    pub(super) config: Arc<Config>,
    pub(super) object: ObjectId,
    pub(super) dialect: Dialect,
    pub(super) beyond: Beyond,
    pub(super) redial: Redial,
    /// Another socket can be connected when this one is lost.
    pub(super) reconnects: bool,
    /// Another server will do, should this one not let us in.
    pub(super) spare: bool,
    /// When the connection was begun.
    pub(super) begun: Instant,
    pub(super) state: State,
    /// Calls that are out, in the order in which they were made.
    pub(super) flights: VecDeque<Flight>,
    pub(super) deadlines: Timers<CallId>,
    pub(super) events: VecDeque<ClientEvent>,
    pub(super) metadata: Option<RemoteMetadata>,
    /// What the server answered to the handshake.
    pub(super) answer: Option<Value>,
    /// How the last request began.
    pub(super) opening: Opening,
    /// Requests sent; the low bits of it are the sequence number of the last.
    pub(super) serial: u64,
    /// The `Closed` event was given.
    pub(super) ended: bool,
    /// When the last output is dropped that the server does not take.
    pub(super) linger: Option<Instant>,
}

/// Whether a server that speaks the other dialect is connected to once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redial {
    No,
    Once,
    /// It is to be done, in this dialect. Nothing that still comes counts.
    Now(Dialect),
    /// The connection was lost, and calls are to be made again.
    Again,
    /// Where to connect to is not known yet, or somewhere else is to be tried.
    Search,
}

/// Whether the server knows more than Pyro.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beyond {
    /// It does not matter: switched off.
    Off,
    /// The next message asks.
    ToAsk,
    /// It was asked, and has not said so.
    Asked,
    /// It does.
    Known,
}

#[derive(Debug)]
pub(super) enum State {
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
pub(super) struct Flight {
    pub(super) id: CallId,
    pub(super) serial: u64,
    pub(super) serializer: SerializerId,
    pub(super) ping: bool,
    pub(super) deadline: bool,
    /// The caller has its result already: the answer is dropped when it comes.
    pub(super) abandoned: bool,
    /// How to make the call again, should the connection be lost.
    pub(super) retry: Option<Box<Retry>>,
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
            beyond: if config.extensions { Beyond::ToAsk } else { Beyond::Off },
            redial: Redial::No,
            reconnects: false,
            spare: false,
            begun: now,
            flights: VecDeque::new(),
            deadlines: Timers::new(),
            events: VecDeque::new(),
            metadata: None,
            answer: None,
            opening: Opening::default(),
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

    /// The object of the handshake.
    pub(crate) fn object(&self) -> &ObjectId {
        &self.object
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
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
        if self.link.is_layered() && self.link.is_half_closed() {
            self.finish_at_eof();
        }
    }

    pub(crate) fn handle_eof(&mut self, now: Instant) {
        if self.redials() {
            return;
        }
        self.link.handle_eof(now);
        self.advance();
        self.finish_at_eof();
    }

    /// Nobody will answer what is still open.
    fn finish_at_eof(&mut self) {
        self.finish(self.link.eof_reason());
    }

    pub(crate) fn handle_error(&mut self) {
        if self.redials() {
            return;
        }
        self.finish(CloseReason::Transport);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some(id) = self.deadlines.pop_due(now) {
            self.abandon(id, CallFailure::Deadline);
        }
        if self.redials() {
            return;
        }
        self.link.handle_timeout(now);
        if self.handshake_deadline().is_some_and(|at| at <= now) {
            self.finish(CloseReason::Timeout);
        }
        if self.linger.is_some_and(|at| at <= now) {
            self.link.abort(CloseReason::Timeout);
        }
        self.advance();
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        if self.redials() {
            return self.deadlines.next();
        }
        if self.link.is_closed() {
            return None;
        }
        [self.handshake_deadline(), self.linger, self.deadlines.next(), self.link.layer_timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Until when the server has to answer the handshake, and that of a layer.
    fn handshake_deadline(&self) -> Option<Instant> {
        match self.state {
            State::Handshake { deadline, .. } => Some(deadline),
            State::Ready if self.link.is_established() => None,
            State::Ready => Some(self.begun + self.config.handshake_timeout),
        }
    }

    /// True while nothing but calls and answers changes it: neither a handshake, nor its end, nor a layer.
    pub(crate) fn is_steady(&self) -> bool {
        matches!(self.state, State::Ready) && self.link.is_plainly_open() && !self.redials()
    }

    pub(crate) fn has_deadlines(&self) -> bool {
        self.deadlines.next().is_some()
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
        matches!(self.redial, Redial::Now(_) | Redial::Again | Redial::Search)
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
        let start = self.state.out(&mut self.link).len();
        let deadline = request.deadline.or_else(|| self.default_deadline(now));
        let left = deadline.filter(|_| self.beyond == Beyond::Known).map(|at| at.saturating_duration_since(now));
        let extensions = Extensions { deadline: left, ..Extensions::default() };
        self.send_request(object, request, serial as u16, Flags::NONE, extensions)?;
        let retries = request.retries.unwrap_or(self.config.max_retries);
        let retry = (retries > 0).then(|| {
            let message = self.state.out(&mut self.link)[start..].to_vec();
            Box::new(Retry { left: retries, message })
        });
        if let Some(at) = deadline {
            self.deadlines.set(at, id);
        }
        let serializer = request.content.serializer(self.config.serializer);
        let deadline = deadline.is_some();
        self.flights.push_back(Flight { id, serial, serializer, ping: false, deadline, abandoned: false, retry });
        Ok(())
    }

    pub(crate) fn notify(&mut self, object: Option<&ObjectId>, request: &Request<'_>) -> Result<(), CallError> {
        self.check_open()?;
        let serial = self.next_serial();
        self.send_request(object, request, serial as u16, Flags::ONEWAY, Extensions::default())
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
        let deadline = self.default_deadline(now);
        if let Some(at) = deadline {
            self.deadlines.set(at, id);
        }
        let deadline = deadline.is_some();
        self.flights.push_back(Flight { id, serial, serializer, ping: true, deadline, abandoned: false, retry: None });
        Ok(())
    }

    /// Ends a call at this end. Its slot stays taken until the late answer comes.
    pub(crate) fn cancel(&mut self, id: CallId) -> bool {
        self.abandon(id, CallFailure::Cancelled)
    }

    pub(crate) fn close(&mut self) {
        if self.retries() {
            // Its link has ended already, for another reason.
            self.redial = Redial::No;
            self.link = Link::default();
        }
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
        let (annotations, key) = (OwnedAnnotations::default(), config.hmac_key.as_ref());
        let extensions = Extensions { overtaking: config.extensions, ..Extensions::default() };
        let frame = FrameStart::begin_extended(out, head, &annotations, extensions, key);
        let written = Style::of(config.serializer, self.dialect, config)
            .write(&Value::Dict(content), out)
            .map_err(|error| error.to_string())
            .and_then(|()| frame.finish(out, 0, config.limits.max_handshake).map_err(|error| error.to_string()));
        self.state = State::Handshake { deadline: now + self.config.handshake_timeout, held: Vec::new() };
        self.beyond = if self.config.extensions { Beyond::Asked } else { Beyond::Off };
        if let Err(reason) = written {
            self.finish(CloseReason::Protocol(ProtocolError::Handshake(reason)));
        }
    }

    /// That of calls without one of their own. A search does not count: it has bounds itself.
    fn default_deadline(&self, now: Instant) -> Option<Instant> {
        let timeout = self.config.call_timeout?;
        (!self.searches()).then(|| now + timeout)
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
    pub(super) fn next_serial(&mut self) -> u64 {
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
        mut extensions: Extensions,
    ) -> Result<(), CallError> {
        extensions.overtaking = self.beyond == Beyond::ToAsk;
        let flags = flags | request.content.flags();
        let mut head = self.head(MessageType::Invoke, flags, sequence, request.correlation);
        let object = request.object.as_ref().or(object).unwrap_or(&self.object);
        let config = &*self.config;
        let serializer = request.content.serializer(config.serializer);
        head.serializer = serializer.to_wire(self.dialect).ok_or(CallError::Serializer(serializer, self.dialect))?;
        let annotations =
            request.content.annotations(object.as_str(), &request.annotations).map_err(CallError::Format)?;
        let out = self.state.out(&mut self.link);
        let annotations = annotations.as_ref().unwrap_or(&request.annotations);
        let key = config.hmac_key.as_ref();
        let frame = FrameStart::begin_extended(out, head, annotations, extensions, key);
        let style = Style::of(serializer, self.dialect, config);
        if let Err(error) = request.content.write(object.as_str(), style, &mut self.opening, out) {
            frame.abandon(out);
            return Err(CallError::Format(error));
        }
        frame.finish(out, 0, config.limits.max_message).map_err(too_large)?;
        if extensions.overtaking {
            self.beyond = Beyond::Asked;
        }
        Ok(())
    }

    /// Tells a server that knows more than Pyro that nobody waits for a call any more.
    pub(super) fn tell_cancelled(&mut self, sequence: u16) {
        if self.beyond != Beyond::Known || !self.is_ready() {
            return;
        }
        let request = Request::method("ping", &()).object(ObjectId::DAEMON);
        let serial = self.next_serial();
        let extensions = Extensions { cancel: Some(sequence), ..Extensions::default() };
        // Where that cannot be sent, the answer comes in vain.
        let _ = self.send_request(None, &request, serial as u16, Flags::ONEWAY, extensions);
    }

    fn head(&self, kind: MessageType, flags: Flags, sequence: u16, correlation: Option<[u8; 16]>) -> Head {
        // A serializer that the dialect lacks is refused before.
        let serializer = self.config.serializer.to_wire(self.dialect).unwrap_or_default();
        let compress = self.config.compression;
        Head { dialect: self.dialect, kind, serializer, flags, sequence, correlation, compress }
    }
}

fn too_large(error: ProtocolError) -> CallError {
    match error {
        ProtocolError::TooLarge { size, max } => CallError::TooLarge { size, max },
        _ => CallError::Closed,
    }
}
