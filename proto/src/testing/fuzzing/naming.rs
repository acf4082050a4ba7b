//! A client that looks for names, whatever its name servers and datagrams say.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::{Input, OPERATIONS, start};
use crate::client::{Client, ConnId, ProxyEvent, ProxyId};
use crate::connection::{CallId, Request};
use crate::limits::{Config, Protocol};
use crate::machine::Machine;
use crate::naming::{Datagram, Whereabouts};
use crate::wire::{Dialect, Flags, FrameStart, Head, MessageType, OwnedAnnotations};

/// What is called. The second and the last but one are searched on this machine and by broadcast first.
const URIS: [&str; 4] = ["PYRONAME:thing@ns:9", "PYRONAME:thing", "PYROMETA:red,blue", "PYRO:thing@far:1"];

/// What a name server could say.
const ANSWERS: [&[u8]; 10] = [
    b"'PYRO:thing@far:1'",
    b"{'__class__': 'Pyro5.core.URI', 'state': ('PYRO', 'other', None, 'farther', 2)}",
    b"{'one': 'PYRO:thing@far:1', 'two': 'PYRO:x@./u:/tmp/x', 'three': 'PYRO:y@far:3', 'bad': 'PYRO:'}",
    b"{}",
    b"{'one': 5}",
    b"None",
    b"'PYRONAME:thing'",
    b"'pong'",
    b"{'a': 'PYROMETA:b'}",
    b"[]",
];

/// Looks for names while anything is said, and nothing goes well.
///
/// # Panics
/// If a call does not end exactly once, a connection ends that nobody knows, or something stays after the end.
pub fn naming(data: &[u8]) {
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

/// An input for [`naming`]: a call of one of its proxies, what its name server answers, and what comes then.
pub fn naming_input(proxy: u8, answer: u8, then: &[u8]) -> Vec<u8> {
    let mut input = vec![0, CALL, proxy, 0, CONNECT, 0, GREET, 0, 0, ANSWER, 0, answer, CONNECT, 0, GREET, 0, 0];
    input.extend_from_slice(then);
    input
}

const CALL: u8 = 0;
const CONNECT: u8 = 2;
const GREET: u8 = 4;
const ANSWER: u8 = 5;

struct Run {
    now: Instant,
    client: Client,
    proxies: Vec<ProxyId>,
    dialect: Dialect,
    open: BTreeSet<CallId>,
    /// Connections that a socket was asked for.
    asked: Vec<ConnId>,
    connected: Vec<ConnId>,
    datagram: Option<Datagram>,
}

impl Run {
    fn new(input: &mut Input<'_>) -> Self {
        let now = start();
        let choices = input.byte();
        let mut config = Config::default();
        config.limits.max_in_flight = 8;
        config.call_timeout = (choices & 1 != 0).then_some(Duration::from_secs(3));
        config.naming.lookup_delay = Duration::from_secs(if choices & 2 != 0 { 5 } else { 0 });
        config.max_retries = u32::from(choices & 4 != 0) * 2;
        let dialect = if choices & 8 != 0 { Dialect::Pyro4 } else { Dialect::Pyro5 };
        if choices & 16 != 0 {
            config.protocol = Protocol::Always(dialect);
        }
        let mut client = Client::new(now, config);
        if choices & 32 != 0 {
            client.allow_broadcasts();
        }
        let mut proxies: Vec<_> = URIS.iter().filter_map(|uri| client.proxy(uri).ok()).collect();
        proxies.push(client.name_server(Whereabouts::Anywhere { port: None }));
        Self {
            now,
            client,
            proxies,
            dialect,
            open: BTreeSet::new(),
            asked: Vec::new(),
            connected: Vec::new(),
            datagram: None,
        }
    }

    fn operate(&mut self, input: &mut Input<'_>) {
        let now = self.now;
        match input.below(16) as u8 {
            CALL | 1 => {
                let proxy = self.proxies[input.below(self.proxies.len())];
                let choice = input.byte();
                let request = Request::method("echo", &("text",));
                let request = if choice & 1 != 0 { request.retries(1) } else { request };
                let deadline = now + Duration::from_millis(u64::from(choice) * 20);
                let request = if choice & 2 != 0 { request.deadline(deadline) } else { request };
                if choice & 60 == 4 {
                    let _ = self.client.notify(now, proxy, &request);
                } else if let Ok(id) = self.client.call(now, proxy, &request) {
                    assert!(self.open.insert(id), "an id was used again");
                }
            }
            CONNECT => {
                if let Some(id) = take(&mut self.asked, input.byte()) {
                    self.client.connected(now, id, None);
                    self.connected.push(id);
                }
            }
            3 => {
                if let Some(id) = take(&mut self.asked, input.byte()) {
                    self.client.failed(now, id, "no route");
                }
            }
            operation @ (GREET | ANSWER | 6 | 7) => {
                let at = usize::from(input.byte()) % self.connected.len().max(1);
                let message = self.message(operation, input);
                if let Some(id) = self.connected.get(at)
                    && let Some(mut machine) = self.client.connection(*id)
                {
                    machine.handle_input(now, &message);
                }
            }
            8 => {
                let port = [9091, 9090][input.below(2)];
                let data: &[u8] = match input.below(4) {
                    0 => b"PYRO:Pyro.NameServer@near:9090",
                    1 => b"PYRO:thing@far:1",
                    _ => input.bytes(),
                };
                self.client.handle_datagram(now, SocketAddr::from(([10, 0, 0, 1], port)), data);
            }
            9 => {
                if let Some(datagram) = &self.datagram {
                    self.client.datagram_failed(now, datagram, "no route");
                }
            }
            10 => {
                self.now += Duration::from_millis(u64::from(input.byte()) * 20);
                self.client.handle_timeout(self.now);
            }
            11 => {
                let at = usize::from(input.byte()) % self.connected.len().max(1);
                let abrupt = input.byte() & 1 == 0;
                if let Some(id) = self.connected.get(at)
                    && let Some(mut machine) = self.client.connection(*id)
                {
                    if abrupt { machine.handle_error(now) } else { machine.handle_eof(now) }
                }
            }
            12 => {
                let at = input.below(self.open.len());
                if let Some(id) = self.open.iter().nth(at).copied() {
                    self.client.cancel(now, id);
                }
            }
            13 => {
                let at = input.below(self.proxies.len());
                match input.below(4) {
                    0 => {
                        self.client.release(now, self.proxies[at]);
                        self.proxies[at] = match URIS.get(at).map(|uri| self.client.proxy(uri)) {
                            Some(Ok(proxy)) => proxy,
                            _ => self.client.name_server(Whereabouts::Anywhere { port: Some(5) }),
                        };
                    }
                    1 => {
                        self.open.extend(self.client.rebind(now, self.proxies[at]));
                    }
                    _ => self.client.disconnect(now, self.proxies[at]),
                }
            }
            14 if input.below(16) == 0 => self.client.shutdown(now),
            _ => {
                for id in &self.connected {
                    while let Some(mut machine) = self.client.connection(*id)
                        && let Some(transmit) = machine.poll_transmit()
                    {
                        transmit.take();
                    }
                }
            }
        }
    }

    /// What whoever is at the other end could say.
    fn message(&self, operation: u8, input: &mut Input<'_>) -> Vec<u8> {
        let choice = input.byte();
        let (kind, flags, payload): (_, _, &[u8]) = match operation {
            GREET if choice & 15 == 15 => (MessageType::ConnectFail, Flags::NONE, b"'unknown object'"),
            GREET if choice & 1 == 0 => (
                MessageType::ConnectOk,
                Flags::NONE,
                b"{'handshake': 'hello', 'meta': {'methods': {'yplookup', 'list'}, 'oneway': set(), 'attrs': set()}}",
            ),
            GREET => (
                MessageType::ConnectOk,
                Flags::NONE,
                b"{'handshake': 'hello', 'meta': {'methods': {'list'}, 'oneway': set(), 'attrs': set()}}",
            ),
            ANSWER => (MessageType::Result, Flags::NONE, ANSWERS[usize::from(choice) % ANSWERS.len()]),
            6 => (
                MessageType::Result,
                Flags::EXCEPTION,
                match choice & 1 {
                    0 => b"{'__class__': 'Pyro5.errors.NamingError', '__exception__': True, 'args': ('unknown name',), 'attributes': {}}",
                    _ => b"{'__class__': 'builtins.TypeError', '__exception__': True, 'args': ('no',), 'attributes': {}}",
                },
            ),
            _ => (MessageType::Result, Flags::NONE, input.bytes()),
        };
        let other = choice & 0xf0 == 0xf0;
        let dialect = match self.dialect {
            Dialect::Pyro5 if other => Dialect::Pyro4,
            Dialect::Pyro4 if other => Dialect::Pyro5,
            same => same,
        };
        let sequence = match kind {
            MessageType::Result => 1 + u16::from(choice >> 6),
            _ => 0,
        };
        let head = Head { dialect, kind, serializer: 1, flags, sequence, correlation: None, compress: false };
        let mut out = Vec::new();
        let frame = FrameStart::begin(&mut out, head, &OwnedAnnotations::default(), None);
        out.extend_from_slice(payload);
        let _ = frame.finish(&mut out, 0, usize::MAX);
        out
    }

    /// Takes what there is to take, and checks what must always hold.
    fn look(&mut self) {
        while let Some((id, _)) = self.client.poll_connect() {
            // The former socket counts no more, whether it is connected or still on its way.
            self.asked.retain(|known| *known != id);
            self.connected.retain(|known| *known != id);
            self.asked.push(id);
        }
        while let Some(datagram) = self.client.poll_datagram() {
            self.datagram = Some(datagram);
        }
        while self.client.poll_connection().is_some() {}
        while let Some(event) = self.client.poll_event() {
            match event {
                ProxyEvent::Done { id, .. } => assert!(self.open.remove(&id), "{id:?} ended twice"),
                ProxyEvent::Closed { connection, .. } => {
                    self.asked.retain(|known| *known != connection);
                    self.connected.retain(|known| *known != connection);
                }
                ProxyEvent::Connected(_) | ProxyEvent::Naming { .. } => {}
            }
        }
        if self.client.is_drained() {
            assert!(self.open.is_empty(), "a call outlived all connections: {:?}", self.open);
            assert!(!self.client.wants_datagrams(), "nobody listens");
            assert!(self.asked.is_empty() && self.connected.is_empty(), "sockets for nobody");
        }
    }

    fn end(mut self) {
        self.client.shutdown(self.now);
        for _ in 0..100 {
            self.look();
            for id in std::mem::take(&mut self.asked) {
                self.client.failed(self.now, id, "it is over");
            }
            for id in self.connected.clone() {
                if let Some(mut machine) = self.client.connection(id) {
                    machine.handle_error(self.now);
                }
            }
            self.now += Duration::from_secs(10);
            self.client.handle_timeout(self.now);
        }
        self.look();
        assert!(self.open.is_empty(), "a call has no end: {:?}", self.open);
        assert!(self.client.is_drained(), "a connection has no end");
        assert_eq!(self.client.poll_timeout(), None);
    }
}

fn take(ids: &mut Vec<ConnId>, at: u8) -> Option<ConnId> {
    let at = usize::from(at).checked_rem(ids.len())?;
    Some(ids.remove(at))
}
