//! A client's connection under any server.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Buf;

use super::manner::{Manner, choices};
use super::{Input, OPERATIONS, counted, start};
use crate::connection::{CallId, ClientConnection, ClientEvent, Request};
use crate::limits::{Config, Handshake, Protocol};
use crate::machine::Machine;
use crate::serializer::SerializerId;
use crate::wire::{Dialect, Flags, FrameStart, Head, MessageType, OwnedAnnotations};

/// Calls in flight, at most.
const IN_FLIGHT: usize = 8;
/// Space that a connection lends at once, at most.
const LENT: usize = 1 << 20;

const CALL: u8 = 0;
const RECEIVE: u8 = 1;
const HANDSHAKE: u8 = 2;
const OTHER: u8 = 8;

/// Has calls in flight while anything arrives.
///
/// # Panics
/// If a call does not end exactly once, or anything happens after the end.
pub fn client(data: &[u8]) {
    let mut input = Input(data);
    let mut run = Run::new(&mut input);
    for _ in 0..OPERATIONS {
        if input.is_empty() {
            break;
        }
        run.operate(&mut input);
        run.look();
    }
    run.end();
}

/// An input for [`client`]: what a server says in answer to a handshake and some calls, in this protocol.
pub fn client_input(dialect: Dialect, answers: &[u8]) -> Vec<u8> {
    let mut input = vec![HANDSHAKE | choices(dialect)];
    for _ in 0..4 {
        input.extend_from_slice(&[CALL, 0]);
    }
    counted(&[RECEIVE], answers, &mut input);
    input
}

struct Run {
    now: Instant,
    machine: ClientConnection,
    manner: Manner,
    /// Calls that have not ended.
    open: BTreeSet<CallId>,
    closed: bool,
}

impl Run {
    fn new(input: &mut Input<'_>) -> Self {
        let now = start();
        let choices = input.byte();
        let mut config = Config::default();
        config.limits.max_message = 4096;
        config.limits.max_decompressed = 4096;
        config.limits.max_in_flight = IN_FLIGHT;
        config.compression = choices & 1 != 0;
        let manner = Manner::new(choices);
        config.protocol = Protocol::Always(manner.dialect);
        config.hmac_key = manner.key.clone();
        config.allow_unsigned_502 = true;
        if choices & OTHER != 0 {
            let at = input.below(SerializerId::ALL.len());
            config.serializer = SerializerId::ALL[at];
        }
        config.call_timeout = (choices & 4 != 0).then_some(Duration::from_secs(3));
        let handshake = if choices & HANDSHAKE != 0 { Handshake::Required } else { Handshake::Absent };
        let machine = ClientConnection::new(now, Arc::new(config), handshake, "thing", None);
        Self { now, machine, manner, open: BTreeSet::new(), closed: false }
    }

    fn operate(&mut self, input: &mut Input<'_>) {
        let now = self.now;
        match input.below(16) as u8 {
            CALL => {
                let text = input.below(256);
                let args = ("x".repeat(text),);
                let request = Request::method("echo", &args);
                let deadline = now + Duration::from_millis(text as u64);
                let request = if text.is_multiple_of(3) { request } else { request.deadline(deadline) };
                if let Ok(id) = self.machine.call(now, &request) {
                    assert!(self.open.insert(id), "an id was used again");
                }
            }
            RECEIVE => self.machine.handle_input(now, input.bytes()),
            2 | 3 => self.machine.handle_input(now, &message(input, &self.manner)),
            4 => {
                let space = self.machine.input_buf();
                assert!(space.len() <= LENT);
                let bytes = input.bytes();
                let n = bytes.len().min(space.len());
                space[..n].copy_from_slice(&bytes[..n]);
                self.machine.handle_filled(now, n);
            }
            5 => {
                // More than was lent counts as what was lent.
                let n = self.machine.input_buf().len();
                self.machine.handle_filled(now, n + input.below(3));
            }
            6 => {
                let _ = self.machine.notify(now, &Request::set("size", &input.byte()));
            }
            7 => {
                if let Ok(id) = self.machine.ping(now) {
                    self.open.insert(id);
                }
            }
            8 => {
                let at = input.below(self.open.len());
                if let Some(id) = self.open.iter().nth(at).copied() {
                    // One that has ended may still be among the events.
                    self.machine.cancel(now, id);
                }
            }
            9 => {
                self.now += Duration::from_millis(u64::from(input.byte()) * 20);
                self.machine.handle_timeout(self.now);
            }
            10 => self.machine.handle_timeout(now - Duration::from_secs(1)),
            11 => {
                if let Some(mut transmit) = self.machine.poll_transmit() {
                    let n = transmit.remaining().min(usize::from(input.short()));
                    transmit.advance(n);
                }
            }
            12 => self.machine.handle_eof(now),
            13 if input.below(4) == 0 => self.machine.handle_error(now),
            14 if input.below(4) == 0 => self.machine.close(now),
            _ => {
                while let Some(transmit) = self.machine.poll_transmit() {
                    transmit.take();
                }
            }
        }
    }

    /// Takes the events, and checks what must always hold.
    fn look(&mut self) {
        let mut ended = 0;
        while let Some(event) = self.machine.poll_event() {
            assert!(!self.closed, "{event:?} after the end");
            match event {
                ClientEvent::Done { id, .. } => {
                    assert!(self.open.remove(&id), "{id:?} ended twice");
                    ended += 1;
                }
                ClientEvent::Closed(_) => self.closed = true,
                ClientEvent::Connected => {}
            }
        }
        assert!(self.open.len() <= IN_FLIGHT, "{} calls are out", self.open.len());
        assert!(!self.closed || self.open.is_empty(), "a call outlived its connection");
        assert!(self.closed || ended <= IN_FLIGHT + 1);
        let machine = &mut self.machine;
        let writes = machine.wants_write();
        assert_eq!(writes, machine.poll_transmit().is_some());
        if machine.is_closed() {
            assert!(!machine.wants_read() && !writes && machine.poll_timeout().is_none());
            assert!(machine.input_buf().is_empty());
        }
    }

    fn end(mut self) {
        self.machine.handle_error(self.now);
        self.look();
        assert!(self.machine.is_closed() && self.open.is_empty() && self.closed);
        assert!(self.machine.call(self.now, &Request::method("echo", &())).is_err());
        self.machine.handle_input(self.now, b"PYRO");
        self.look();
    }
}

/// What a server could say.
fn message(input: &mut Input<'_>, manner: &Manner) -> Vec<u8> {
    let choice = input.below(8);
    let kind = match choice {
        0 | 1 => MessageType::ConnectOk,
        2 => MessageType::ConnectFail,
        3 => MessageType::Ping,
        _ => MessageType::Result,
    };
    let payload: &[u8] = match choice {
        0 | 1 => b"{'handshake': 'hello', 'meta': {'methods': {'echo'}, 'oneway': set(), 'attrs': {'size'}}}",
        2 => b"'no entry'",
        3 => b"pong",
        4 => b"{'__class__': 'builtins.ValueError', '__exception__': True, 'args': ('no',), 'attributes': {}}",
        _ => input.bytes(),
    };
    let flags = if choice == 4 { Flags::EXCEPTION } else { Flags::from_bits(u16::from(input.byte()) & !2) };
    let made = manner.choose(input);
    let (dialect, serializer) = (made.dialect, made.id);
    let head = Head {
        dialect,
        kind,
        serializer,
        flags,
        sequence: u16::from(input.byte() % 16),
        correlation: None,
        compress: input.below(4) == 0,
    };
    let mut out = Vec::new();
    let frame = FrameStart::begin(&mut out, head, &OwnedAnnotations::default(), manner.key.as_ref());
    out.extend_from_slice(&made.payload(payload));
    let _ = frame.finish(&mut out, 0, usize::MAX);
    if input.below(8) == 0 {
        let at = input.below(out.len().min(60));
        out[at] = input.byte();
    }
    out
}
