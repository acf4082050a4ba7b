//! A daemon under any clients, on any loop.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Buf;

use super::manner::{Manner, choices};
use super::{Input, OPERATIONS, counted, start};
use crate::daemon::{Budget, Context, Daemon, DaemonEvent, Local, Object, Outcome, Peer, Responder, SessionId};
use crate::fault::Fault;
use crate::limits::{Config, Handshake};
use crate::machine::Machine;
use crate::metadata::{Attribute, Member, Metadata, Method};
use crate::serializer::{SerializerId, Serializers};
use crate::value::{Args, Payload, SerializedBlob, Value};
use crate::wire::{Dialect, Flags, FrameStart, HEADER_LEN, Head, MessageType, OwnedAnnotations};

const MAX_MESSAGE: usize = 4096;
const MAX_WAITING: usize = 3000;
const MAX_UNSENT: usize = 2000;
const MAX_SESSIONS: usize = 5;
/// Space that is lent at once, and bytes of PINGs in one turn.
const LENT: usize = 64 * 1024;
/// What one session may have received between two steps that run everything.
const MAX_RECEIVED: usize = MAX_WAITING + MAX_MESSAGE + HEADER_LEN + 2 * LENT;
/// Steps in which a daemon comes to rest.
const BOUND: usize = 2000;

const OPEN: u8 = 0;
const RECEIVE: u8 = 1;
const STEP: u8 = 5;

/// Operates a daemon in any way that a loop could.
///
/// # Panics
/// If it holds more than its limits allow, does not come to rest, or does not come to an end.
pub fn daemon(data: &[u8]) {
    let mut input = Input(data);
    let mut run = Run::new(&mut input);
    for _ in 0..OPERATIONS {
        if input.is_empty() {
            break;
        }
        run.operate(&mut input);
        run.look();
    }
    run.rest();
    run.nobody_is_stuck();
    run.end();
}

/// An input for [`daemon`]: what one client says in this protocol.
pub fn daemon_input(dialect: Dialect, requests: &[u8]) -> Vec<u8> {
    let mut input = vec![choices(dialect), OPEN, 0];
    for part in requests.chunks(1000) {
        counted(&[RECEIVE, 0], part, &mut input);
        input.extend_from_slice(&[STEP, 0]);
    }
    input
}

#[derive(Default)]
struct World {
    responders: Vec<Responder>,
    notes: usize,
}

struct Thing;

static METADATA: Metadata = Metadata::new(
    &[
        Method::new("echo"),
        Method::new("error"),
        Method::new("later"),
        Method::new("note").oneway(),
        Method::new("hang_up"),
        Method::new("keep"),
    ],
    &[Attribute::new("size").settable()],
);

impl Object<World> for Thing {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_, World>, member: Member<'_>, args: Args<'_>) -> Outcome<World> {
        match member {
            Member::Method("echo") => {
                let (value,): (Value,) = args.bind(&["message"])?;
                cx.answer(&value)
            }
            Member::Method("later") => {
                let (responder, deferred) = cx.defer();
                cx.world.responders.push(responder);
                Ok(deferred.into())
            }
            Member::Method("note") => {
                cx.world.notes += 1;
                cx.answer(&())
            }
            Member::Method("error") => Err(Fault::new("builtins.ValueError", "no")),
            Member::Method("hang_up") => Err(Fault::new("Pyro5.errors.ConnectionClosedError", "over")),
            Member::Method("keep") => {
                let (blob,): (SerializedBlob,) = args.bind(&["blob"])?;
                let data: Value = blob.decode()?;
                cx.answer(&(blob.info(), data))
            }
            Member::Get("size") => cx.answer(&cx.world.notes),
            Member::Set("size") => {
                (cx.world.notes,) = args.bind(&["value"])?;
                cx.answer(&())
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

struct Run {
    now: Instant,
    daemon: Daemon<Local<World>>,
    world: World,
    manner: Manner,
    /// With the bytes received since everything was run last.
    sessions: BTreeMap<SessionId, usize>,
    opened: usize,
    closed: usize,
    /// Reads only what is wanted: only then limits hold.
    polite: bool,
    /// All sessions together may hold so little that some wait for others.
    scarce: bool,
    shut_down: bool,
}

impl Run {
    fn new(input: &mut Input<'_>) -> Self {
        let now = start();
        let choices = input.byte();
        let mut config = Config::default();
        config.limits.max_message = MAX_MESSAGE;
        config.limits.max_handshake = 600;
        config.limits.max_decompressed = MAX_MESSAGE;
        config.limits.max_waiting_bytes = MAX_WAITING;
        config.limits.max_unsent = MAX_UNSENT;
        config.limits.max_sessions = MAX_SESSIONS;
        let scarce = choices & 1 != 0;
        config.limits.max_total_buffered = if scarce { 5000 } else { 1 << 20 };
        config.compression = choices & 2 != 0;
        config.serializers = SerializerId::ALL.into_iter().collect::<Serializers>();
        let manner = Manner::new(choices);
        config.hmac_key = manner.key.clone();
        config.allow_unsigned_502 = choices & 8 != 0;
        let mut daemon = Daemon::new(now, config);
        for id in ["thing", "test.echoserver"] {
            daemon.register(id, Thing).expect("a free id");
        }
        let polite = choices & 4 == 0;
        let world = World::default();
        let (sessions, shut_down) = (BTreeMap::new(), false);
        Self { now, daemon, world, manner, sessions, opened: 0, closed: 0, polite, scarce, shut_down }
    }

    fn operate(&mut self, input: &mut Input<'_>) {
        let now = self.now;
        match input.below(18) as u8 {
            OPEN => self.open(input),
            RECEIVE => {
                let id = self.choose(input);
                self.receive(id, input.bytes());
            }
            2..=4 => {
                let id = self.choose(input);
                let message = message(input, &self.manner);
                for _ in 0..=input.below(8) {
                    self.receive(id, &message);
                }
            }
            STEP => self.step(Budget::UNLIMITED),
            6 => self.step(Budget::calls(input.below(4))),
            7 => {
                self.now += Duration::from_millis(u64::from(input.byte()) * 50);
                self.daemon.handle_timeout(self.now);
            }
            8 => self.daemon.handle_timeout(now - Duration::from_secs(1)),
            9 => {
                let (id, n) = (self.choose(input), usize::from(input.short()));
                self.send(id, n);
            }
            10 => {
                let id = self.choose(input);
                self.send(id, usize::MAX);
            }
            11 => self.with(input, |session, now| session.handle_eof(now)),
            12 if input.below(4) == 0 => self.with(input, |session, now| session.handle_error(now)),
            13 => self.answer(input),
            14 => {
                self.daemon.poll_session();
            }
            15 => self.with(input, |session, now| session.handle_timeout(now)),
            16 if input.below(8) == 0 => self.with(input, |session, _| session.close()),
            17 if input.below(16) == 0 => self.shut_down(input.below(4)),
            _ => self.poll_events(),
        }
    }

    fn open(&mut self, input: &mut Input<'_>) {
        let handshake = [Handshake::Required, Handshake::Auto, Handshake::Absent][input.below(3)];
        let peer = Peer { handshake, ..Peer::pair() };
        match self.daemon.open(self.now, peer, None) {
            Ok(id) => {
                assert!(self.sessions.insert(id, 0).is_none(), "an id was used again");
                self.opened += 1;
            }
            Err(_) => assert!(self.shut_down || self.daemon.session_count() == MAX_SESSIONS),
        }
    }

    fn choose(&self, input: &mut Input<'_>) -> Option<SessionId> {
        let at = input.below(self.sessions.len());
        self.sessions.keys().nth(at).copied()
    }

    fn with(&mut self, input: &mut Input<'_>, change: impl FnOnce(&mut crate::daemon::Session<'_>, Instant)) {
        if let Some(id) = self.choose(input)
            && let Some(mut session) = self.daemon.session(id)
        {
            change(&mut session, self.now);
        }
    }

    /// Gives bytes to a session: all of them, or as far as it wants them.
    fn receive(&mut self, id: Option<SessionId>, mut bytes: &[u8]) {
        let Some(id) = id else { return };
        let Some(mut session) = self.daemon.session(id) else { return };
        if !self.polite {
            return session.handle_input(self.now, bytes);
        }
        while session.wants_read() && !bytes.is_empty() {
            let space = session.input_buf();
            assert!(!space.is_empty() && space.len() <= LENT, "{} bytes are lent", space.len());
            let n = space.len().min(bytes.len());
            space[..n].copy_from_slice(&bytes[..n]);
            session.handle_filled(self.now, n);
            bytes = &bytes[n..];
            *self.sessions.entry(id).or_default() += n;
        }
    }

    /// Sends up to `n` bytes of what a session has.
    fn send(&mut self, id: Option<SessionId>, mut n: usize) -> bool {
        let Some(mut session) = id.and_then(|id| self.daemon.session(id)) else { return false };
        let mut any = false;
        while n > 0
            && let Some(mut transmit) = session.poll_transmit()
        {
            let part = n.min(transmit.chunk().len());
            assert!(part > 0, "a transmit without bytes");
            transmit.advance(part);
            n -= part;
            any = true;
        }
        any
    }

    fn step(&mut self, budget: Budget) {
        let done = self.daemon.dispatch(self.now, &mut self.world, budget);
        if budget == Budget::UNLIMITED {
            assert!(!done.more, "there is always more");
        }
        if done.calls > 0 || budget == Budget::UNLIMITED {
            // What was received is partly used: how much of it is not to be seen from here.
            self.sessions.values_mut().for_each(|received| *received = 0);
        }
    }

    fn answer(&mut self, input: &mut Input<'_>) {
        if self.world.responders.is_empty() {
            return;
        }
        let responder = self.world.responders.swap_remove(input.below(self.world.responders.len()));
        match input.below(4) {
            0 => drop(responder),
            1 => responder.fail(Fault::new("builtins.KeyError", "lost")),
            _ => responder.reply(&"x".repeat(usize::from(input.short() % 5000))),
        }
    }

    fn shut_down(&mut self, seconds: usize) {
        self.daemon.shutdown(self.now, Duration::from_secs(seconds as u64));
        self.shut_down = true;
    }

    fn poll_events(&mut self) {
        while let Some(event) = self.daemon.poll_event() {
            let DaemonEvent::Closed { session, .. } = event else { panic!("nothing is told apart here: {event:?}") };
            assert!(self.sessions.remove(&session).is_some(), "{session:?} ended twice");
            assert!(self.daemon.session(session).is_none());
            self.closed += 1;
        }
    }

    /// Checks what must always hold.
    fn look(&mut self) {
        assert!(self.daemon.session_count() <= MAX_SESSIONS);
        for (id, received) in &self.sessions {
            let Some(mut session) = self.daemon.session(*id) else { continue };
            let writes = session.wants_write();
            let unsent = session.poll_transmit().map_or(0, |transmit| transmit.remaining());
            assert_eq!(writes, unsent > 0);
            assert!(unsent <= MAX_UNSENT + MAX_MESSAGE + 2 * HEADER_LEN, "{unsent} bytes wait to be sent");
            assert!(*received <= MAX_RECEIVED, "{received} bytes were received");
            if session.is_closed() {
                assert!(!session.wants_read() && !writes && session.input_buf().is_empty());
            }
        }
    }

    /// One turn of a loop that obeys the daemon.
    fn turn(&mut self) {
        self.daemon.handle_timeout(self.now);
        self.step(Budget::calls(2));
        while let Some(id) = self.daemon.poll_session() {
            self.send(Some(id), usize::MAX);
        }
        self.poll_events();
    }

    /// A loop that sends whatever it can, and does as `poll_timeout` says, comes to rest.
    fn rest(&mut self) {
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.send(Some(id), usize::MAX);
        }
        for _ in 0..BOUND {
            if self.daemon.poll_timeout().is_none_or(|at| at > self.now) {
                let ids: Vec<_> = self.sessions.keys().copied().collect();
                if !ids.into_iter().any(|id| self.send(Some(id), usize::MAX)) {
                    return;
                }
            }
            self.turn();
            self.look();
        }
        panic!("the daemon does not come to rest");
    }

    /// Where everything was answered and sent, every client can go on.
    fn nobody_is_stuck(&mut self) {
        if self.scarce || !self.world.responders.is_empty() {
            return;
        }
        for id in self.sessions.keys() {
            if let Some(session) = self.daemon.session(*id) {
                assert!(
                    session.wants_read() && !session.wants_write(),
                    "{id:?} is stuck: reads {}, writes {}",
                    session.wants_read(),
                    session.wants_write()
                );
            }
        }
    }

    /// A shutdown comes to its end, whoever still has to answer.
    fn end(mut self) {
        self.shut_down(1);
        for _ in 0..BOUND {
            if self.daemon.is_drained() {
                break;
            }
            self.rest();
            self.now += Duration::from_millis(100);
        }
        assert!(self.daemon.is_drained(), "the daemon does not drain");
        self.poll_events();
        assert_eq!(self.daemon.session_count(), 0);
        assert!(self.sessions.is_empty());
        assert_eq!(self.opened, self.closed);
        // Answers that come now are nobody's.
        self.world.responders.drain(..).for_each(|responder| responder.reply(&1));
        self.turn();
        assert_eq!(self.daemon.poll_timeout(), None);
    }
}

/// What a client could say.
fn message(input: &mut Input<'_>, manner: &Manner) -> Vec<u8> {
    let choice = input.below(12);
    let kind = match choice {
        0..=2 => MessageType::Connect,
        3 => MessageType::Ping,
        4 => MessageType::Result,
        _ => MessageType::Invoke,
    };
    let text;
    let payload: &[u8] = match choice {
        0 | 1 => b"{'handshake': 'hello', 'object': 'thing'}",
        2 => b"{'handshake': 'hello', 'object': 'nobody'}",
        3 => b"ping",
        4 => b"None",
        5 => b"('thing', 'later', (), {})",
        6 => b"('thing', 'note', (), {})",
        7 => b"('thing', '__setattr__', ('size', 7), {})",
        8 => {
            text = format!("('thing', 'echo', ('{}',), {{}})", "x".repeat(usize::from(input.short() % 5000)));
            text.as_bytes()
        }
        9 => {
            let members = ["error", "hang_up", "__getattr__", "get_metadata", "registered", "ping"];
            let object = ["thing", "Pyro.Daemon"][input.below(2)];
            text = format!("('{object}', '{}', ('size',), {{}})", members[input.below(members.len())]);
            text.as_bytes()
        }
        _ => input.bytes(),
    };
    let flags = match input.below(8) {
        0..=3 => Flags::NONE,
        4 | 5 => Flags::ONEWAY,
        6 => Flags::BATCH,
        _ => Flags::from_bits(u16::from(input.byte())),
    };
    let made = manner.choose(input);
    let (dialect, serializer) = (made.dialect, made.id);
    let head = Head {
        dialect,
        kind,
        serializer,
        flags,
        sequence: u16::from(input.byte()),
        correlation: None,
        compress: input.below(4) == 0,
    };
    let mut tags = OwnedAnnotations::default();
    if input.below(8) == 0 {
        tags.set(*b"TEST", input.bytes().to_vec());
    }
    if flags.contains(Flags::KEEP_SERIALIZED) {
        match input.below(4) {
            0 => tags.set(*b"BLBI", input.bytes().to_vec()),
            choice => {
                let method = ["keep", "echo", "later"][choice - 1];
                let named = Payload::encode(SerializerId::Marshal, &("info", "thing", method));
                tags.set(*b"BLBI", named.map(Payload::into_bytes).unwrap_or_default());
            }
        }
    }
    let mut out = Vec::new();
    let frame = FrameStart::begin(&mut out, head, &tags, manner.key.as_ref());
    out.extend_from_slice(&made.payload(payload));
    let _ = frame.finish(&mut out, 0, usize::MAX);
    match input.below(8) {
        0 => {
            let at = input.below(out.len().min(60));
            out[at] = input.byte();
        }
        1 => out.truncate(out.len() / 2),
        _ => {}
    }
    out
}
