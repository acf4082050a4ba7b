//! The server's end of a connection: finds requests in the received bytes, one at a time.

use std::sync::Arc;
use std::time::Instant;

use super::client_events::CallId;
use super::incoming::Incoming;
use super::link::Link;
use crate::daemon::Batch;
use crate::entropy::Labels;
use crate::error::{CloseReason, ProtocolError};
use crate::layer::Layer;
use crate::limits::{Config, Handshake};
use crate::serializer::SerializerId;
use crate::wire::{self, Dialect, Header, MessageType};

/// Bytes of PINGs that are answered in one turn of the loop: a flood of them cannot keep it.
const TURN: usize = 64 * 1024;

/// The server's end of a connection, without buffers of its own to read into.
pub(crate) struct ServerCore {
    pub(super) link: Link,
    pub(super) config: Arc<Config>,
    /// Correlation ids for answers to calls without one.
    pub(super) labels: Labels,
    pub(super) state: State,
    /// That of the first message; the other is not spoken on this connection then.
    pub(crate) dialect: Option<Dialect>,
    pub(super) head: Head,
    /// The request that is being answered.
    pub(super) current: Option<Current>,
    /// Calls that are being answered while later ones start.
    pub(super) aside: Vec<Current>,
    /// Whether answers may overtake each other.
    pub(super) order: Order,
    /// A request that was taken, and waits.
    parked: Option<Parked>,
    /// A batch, or a oneway call that keeps the order, has begun and not ended: nothing else starts.
    holding: bool,
    pub(super) issued: u64,
    /// Bytes of PINGs answered in this turn.
    turn: usize,
    /// A request or the end waits until output has drained.
    stalled: bool,
    /// When the last output is dropped that the peer does not take.
    linger: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The first message is awaited, until the deadline.
    Handshake(Handshake, Instant),
    Ready,
}

/// In which order calls are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// In that of the calls, one after the other.
    Strict,
    /// As they end. The client asked for it, and is to be told that it is so.
    FreeUntold,
    /// As they end.
    Free,
}

/// What waits at the head of the received bytes, complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    Nothing,
    Connect,
    Call,
}

/// A request that waits.
#[derive(Debug)]
pub(crate) enum Parked {
    Call(Box<Incoming>),
    Batch(Box<Batch>),
}

/// What an answer needs to know of its request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Current {
    pub(super) id: CallId,
    pub(super) sequence: u16,
    pub(super) serializer: SerializerId,
    pub(super) correlation: Option<[u8; 16]>,
    /// The answer to this handshake shall tell of the object.
    pub(super) wants_metadata: bool,
    /// It is a batch, and its answer says so.
    pub(super) batch: bool,
}

impl ServerCore {
    pub(crate) fn new(
        now: Instant,
        config: Arc<Config>,
        labels: Labels,
        handshake: Handshake,
        layer: Option<Box<dyn Layer>>,
    ) -> Self {
        let deadline = now + config.handshake_timeout;
        Self {
            link: Link::new(now, layer),
            config,
            labels,
            state: State::Handshake(handshake, deadline),
            dialect: None,
            head: Head::Nothing,
            current: None,
            aside: Vec::new(),
            order: Order::Strict,
            parked: None,
            holding: false,
            issued: 0,
            turn: 0,
            stalled: false,
            linger: None,
        }
    }

    pub(crate) fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Gives memory back that nobody needs: what can be used by others goes to the pool.
    pub(crate) fn trim(&mut self, pool: &mut Vec<Vec<u8>>) {
        self.link.trim(pool);
        if self.aside.is_empty() {
            self.aside = Vec::new();
        }
    }

    pub(crate) fn link_ref(&self) -> &Link {
        &self.link
    }

    // Input.

    pub(crate) fn handle_filled(&mut self, now: Instant, scratch: &[u8], n: usize) {
        if let State::Handshake(mode @ (Handshake::Absent | Handshake::Auto), _) = self.state
            && self.has_not_begun()
        {
            self.state = State::Handshake(mode, now + self.config.handshake_timeout);
        }
        self.link.handle_filled(now, scratch, n);
        if self.link.is_layered() {
            self.link.bound_handshake(self.config.limits.max_handshake);
        }
        self.advance();
    }

    pub(crate) fn handle_eof(&mut self, now: Instant) {
        self.link.handle_eof(now);
        self.advance();
    }

    pub(crate) fn handle_error(&mut self) {
        self.link.abort(CloseReason::Transport);
        self.advance();
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.link.handle_timeout(now);
        if self.linger.is_some_and(|at| at <= now) || self.handshake_deadline().is_some_and(|at| at <= now) {
            self.link.abort(CloseReason::Timeout);
        }
        self.advance();
    }

    /// True while nothing but requests and answers changes it: no handshake, no end, no layer, and nothing waits.
    pub(crate) fn is_steady(&self) -> bool {
        self.state == State::Ready && self.link.is_plainly_open() && !self.stalled && self.turn < TURN
    }

    /// True while there is no deadline, nor will be before the next input.
    pub(crate) fn is_timeless(&self) -> bool {
        self.state == State::Ready && !self.link.ignores_input() && !self.link.is_layered()
    }

    /// While the connection is closing, a peer that does not take the last output has a limited time.
    pub(crate) fn begin_linger(&mut self, now: Instant) {
        if self.link.ignores_input() && !self.link.is_closed() {
            self.linger.get_or_insert(now + self.config.handshake_timeout);
        }
    }

    /// Where no handshake is due, the first call may come at any time: only half of one may not last.
    fn handshake_deadline(&self) -> Option<Instant> {
        match self.state {
            State::Handshake(Handshake::Absent | Handshake::Auto, _) if self.has_not_begun() => None,
            State::Handshake(_, at) if self.head == Head::Nothing => Some(at),
            _ => None,
        }
    }

    /// Nothing has come yet, nor is anybody waiting to be let in.
    fn has_not_begun(&self) -> bool {
        self.link.is_silent() && self.current.is_none()
    }

    /// Answers PINGs again: a new turn of the loop has begun.
    pub(crate) fn begin_turn(&mut self) {
        self.turn = 0;
    }

    /// True when PINGs have used up this turn.
    pub(crate) fn is_resting(&self) -> bool {
        self.turn >= TURN && !self.link.ignores_input()
    }

    // Interests.

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        if self.link.is_closed() {
            return None;
        }
        [self.handshake_deadline(), self.linger, self.link.layer_timeout()].into_iter().flatten().min()
    }

    pub(crate) fn wants_read(&self) -> bool {
        if self.link.ignores_input() || self.link.is_half_closed() || self.turn >= TURN {
            return false;
        }
        if self.link.unsent() > self.config.limits.max_unsent {
            return false;
        }
        let waiting = self.head != Head::Nothing || self.current.is_some();
        !waiting || self.link.received().len() < self.max_waiting()
    }

    /// Bytes that may wait. Who is not let in yet has less room.
    fn max_waiting(&self) -> usize {
        let limits = &self.config.limits;
        match self.state {
            State::Ready => limits.max_waiting_bytes,
            State::Handshake(..) => limits.max_waiting_bytes.min(limits.max_handshake),
        }
    }

    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// True when sending would let a request start, or the connection end.
    pub(crate) fn is_stalled(&self) -> bool {
        self.stalled
    }

    /// True while a request is being answered, or waits for its object, or a batch runs.
    pub(crate) fn is_busy(&self) -> bool {
        self.current.is_some() || !self.aside.is_empty() || self.parked.is_some() || self.holding
    }

    /// True while this call is being answered.
    pub(crate) fn awaits(&self, call: CallId) -> bool {
        self.is_current(call) || self.is_aside(call)
    }

    /// True while this request is being answered, and holds up what follows it.
    pub(crate) fn is_current(&self, call: CallId) -> bool {
        self.current.is_some_and(|current| current.id == call)
    }

    /// True while this call is being answered, and later ones may start.
    pub(crate) fn is_aside(&self, call: CallId) -> bool {
        self.aside.iter().any(|aside| aside.id == call)
    }

    /// The call under this number that is being answered while later ones may start.
    pub(crate) fn aside_of(&self, sequence: u16) -> Option<CallId> {
        self.aside.iter().find(|aside| aside.sequence == sequence).map(|aside| aside.id)
    }

    /// Nobody will answer this call that later ones may overtake.
    pub(crate) fn forget_aside(&mut self, call: CallId) {
        self.aside.retain(|aside| aside.id != call);
        self.advance();
    }

    /// A request that is about to be answered; none when that is not waited for.
    pub(super) fn end(&mut self, call: CallId) -> Option<Current> {
        if let Some(current) = self.current.take_if(|current| current.id == call) {
            return Some(current);
        }
        let at = self.aside.iter().position(|aside| aside.id == call)?;
        Some(self.aside.remove(at))
    }

    /// Nobody will answer the current request; a batch that waits for an answer does not go on.
    pub(crate) fn give_up(&mut self) {
        self.current = None;
        if std::mem::take(&mut self.holding) {
            self.parked = None;
        }
        self.advance();
    }

    /// Keeps a request until its object is free, or its deferred answer has come; the next one does not start
    /// before.
    pub(crate) fn park(&mut self, parked: Parked) {
        self.parked = Some(parked);
    }

    pub(crate) fn unpark(&mut self) -> Option<Parked> {
        self.parked.take()
    }

    fn parked(&self) -> Option<&Incoming> {
        match &self.parked {
            Some(Parked::Call(incoming)) => Some(incoming),
            Some(Parked::Batch(batch)) => Some(&batch.incoming),
            None => None,
        }
    }

    /// Bytes that the parked request holds.
    pub(crate) fn parked_len(&self) -> usize {
        self.parked().map_or(0, Incoming::held)
    }

    /// True when this is the request that waits.
    pub(crate) fn parks(&self, call: CallId) -> bool {
        self.parked().is_some_and(|incoming| incoming.id == call)
    }

    /// What holds up other requests begins or ends.
    pub(crate) fn set_holding(&mut self, holding: bool) {
        self.holding = holding;
    }

    pub(crate) fn is_holding(&self) -> bool {
        self.holding
    }

    pub(crate) fn is_parked(&self) -> bool {
        self.parked.is_some()
    }

    // Requests.

    /// Looks for the next request, answering PINGs and protocol errors on the way.
    pub(crate) fn advance(&mut self) {
        self.stalled = false;
        if self.link.received().is_empty() && self.link.is_plainly_open() {
            return;
        }
        if self.link.ignores_input() {
            self.head = Head::Nothing;
            self.current = None;
            self.aside.clear();
            self.parked = None;
            self.holding = false;
            return;
        }
        while self.current.is_none() && self.head == Head::Nothing && self.turn < TURN {
            if self.link.unsent() > self.config.limits.max_unsent {
                // What waits is a request, or the end.
                self.stalled = !self.link.received().is_empty() || self.link.is_half_closed();
                return;
            }
            let limit = match self.state {
                State::Handshake(Handshake::Required, _) => self.config.limits.max_handshake,
                // The first message may be a call, as large as any.
                State::Handshake(Handshake::Absent | Handshake::Auto, _) | State::Ready => {
                    self.config.limits.max_message
                }
            };
            match self.sort(limit) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return self.fail(error),
            }
        }
        let idle = !self.is_busy() && self.head == Head::Nothing && self.turn < TURN;
        if self.link.is_half_closed() && idle {
            let reason = self.link.eof_reason();
            self.link.close(reason);
        }
    }

    /// Sees where the next message belongs; false when it is not there in full.
    #[inline]
    fn sort(&mut self, limit: usize) -> Result<bool, ProtocolError> {
        let received = self.link.received();
        let Some(header) = Header::parse(received)? else { return Ok(false) };
        let len = header.message_len(limit)?;
        let complete = received.len() >= len;
        // A message that has no place here is refused before its body arrives.
        let kind = self.place(&header)?;
        if !complete {
            self.link.inbox().set_expected(len);
            return Ok(false);
        }
        self.dialect = Some(header.dialect);
        match kind {
            MessageType::Connect => self.head = Head::Connect,
            MessageType::Invoke => {
                self.state = State::Ready;
                self.head = Head::Call;
            }
            _ => {
                self.state = State::Ready;
                self.turn += len;
                let mut header = header;
                let message = self.link.received();
                let (annotations, payload) = message[header.len()..len].split_at(header.annotations_len as usize);
                wire::open(&mut header, annotations, payload, self.config.hmac_key.as_ref())?;
                self.link.inbox().consume(len);
                self.pong(&header);
            }
        }
        Ok(true)
    }

    /// The message's type, if it has a place in this state.
    fn place(&self, header: &Header) -> Result<MessageType, ProtocolError> {
        use Handshake::{Absent, Auto, Required};
        self.check_dialect(header)?;
        let kind = MessageType::from_byte(header.kind);
        let (connect, calls) = match self.state {
            State::Handshake(Required, _) => (true, false),
            State::Handshake(Auto, _) => (true, true),
            State::Handshake(Absent, _) | State::Ready => (false, true),
        };
        let (size, max) = (header.body_len(), self.config.limits.max_handshake);
        match kind {
            Some(MessageType::Connect) if connect && size > max as u64 => Err(ProtocolError::TooLarge { size, max }),
            Some(kind @ MessageType::Connect) if connect => Ok(kind),
            Some(kind @ (MessageType::Invoke | MessageType::Ping)) if calls => Ok(kind),
            _ => {
                let expected = match header.dialect {
                    Dialect::Pyro5 if calls => "4,6",
                    Dialect::Pyro5 => "1",
                    Dialect::Pyro4 => "",
                };
                Err(ProtocolError::UnexpectedType { got: header.kind, expected })
            }
        }
    }

    /// The first message decides.
    fn check_dialect(&self, header: &Header) -> Result<(), ProtocolError> {
        match self.dialect {
            Some(dialect) if dialect != header.dialect => Err(ProtocolError::Version(header.dialect.version())),
            Some(_) => Ok(()),
            None if self.config.forbids(header.dialect) => Err(ProtocolError::Unsigned),
            None => Ok(()),
        }
    }

    /// Ends the connection for a protocol error: with a CONNECTFAIL while the handshake lasts, as
    /// Pyro does, silently after it.
    pub(super) fn fail(&mut self, error: ProtocolError) {
        let dialect = *self.dialect.get_or_insert_with(|| match Header::parse(self.link.received()) {
            Ok(Some(header)) => header.dialect,
            Err(ProtocolError::Checksum | ProtocolError::NegativeLength) => Dialect::Pyro4,
            _ => Dialect::Pyro5,
        });
        let silent = match dialect {
            Dialect::Pyro5 => matches!(error, ProtocolError::UnknownSerializer(_)),
            Dialect::Pyro4 => matches!(error, ProtocolError::TooLarge { .. }),
        };
        if matches!(self.state, State::Handshake(Handshake::Required | Handshake::Auto, _)) {
            if !silent {
                // What speaks TLS is told what Pyro says; it cannot read it anyway.
                let told = if error == ProtocolError::Tls { &ProtocolError::NotPyro } else { &error };
                self.refuse(&told.to_string());
            }
        } else if let ProtocolError::UnknownSerializer(_) = error
            && dialect == Dialect::Pyro4
        {
            self.refuse_serializer(&error);
        }
        self.head = Head::Nothing;
        self.current = None;
        self.link.close(CloseReason::Protocol(error));
    }

    pub(super) fn ready(&mut self) {
        self.state = State::Ready;
    }
}
