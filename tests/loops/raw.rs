//! A client made of a `ClientConnection` and a socket: it does what no polite client does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Buf;
use firesteel::connection::{CallId, ClientConnection, ClientEvent, Reply, Request};
use firesteel::pump::{pump, receive, send};
use firesteel::{Arguments, CallFailure, CloseReason, Config, Handshake, Layer, Machine, Value};
use rustix::event::PollFlags;

use crate::wire::Wire;

pub struct Raw {
    pub machine: ClientConnection,
    pub wire: Wire,
    /// Calls that ended and were not asked for yet, in that order.
    pub done: Vec<(CallId, Result<Reply, CallFailure>)>,
    pub closed: Option<CloseReason>,
    /// Calls go out: before that, they wait in the machine.
    connected: bool,
}

impl Raw {
    pub fn new(wire: Wire, handshake: Handshake, layer: Option<Box<dyn Layer>>) -> Self {
        Self::with(Config::default(), wire, handshake, layer)
    }

    /// A client that knows nothing beyond Pyro: its calls are answered in their order.
    pub fn plain(wire: Wire, handshake: Handshake, layer: Option<Box<dyn Layer>>) -> Self {
        let mut config = Config::default();
        config.extensions = false;
        Self::with(config, wire, handshake, layer)
    }

    fn with(mut config: Config, wire: Wire, handshake: Handshake, layer: Option<Box<dyn Layer>>) -> Self {
        config.limits.max_in_flight = 1 << 15;
        config.handshake_timeout = crate::thing::PATIENCE;
        wire.set_nonblocking(true);
        let machine = ClientConnection::new(Instant::now(), Arc::new(config), handshake, "thing", layer);
        Self { machine, wire, done: Vec::new(), closed: None, connected: handshake == Handshake::Absent }
    }

    /// Queues a call.
    pub fn call(&mut self, method: &str, args: &impl Arguments) -> CallId {
        self.machine.call(Instant::now(), &Request::method(method, args).object("thing")).expect("a call")
    }

    /// Queues a call that is not answered.
    pub fn notify(&mut self, method: &str, args: &impl Arguments) {
        self.machine.notify(Instant::now(), &Request::method(method, args).object("thing")).expect("a call");
    }

    /// Sends what the socket takes now, and reads nothing.
    pub fn send(&mut self) {
        self.wire.set_nonblocking(true);
        send(&mut self.machine, &mut &self.wire).expect("sent");
    }

    /// Sends all that is queued, and reads nothing, but for the handshake.
    pub fn send_all(&mut self) {
        while !self.connected {
            self.turn();
        }
        while self.machine.wants_write() {
            self.send();
            self.wire.wait(PollFlags::OUT, None);
        }
    }

    /// Waits for the socket, then sends and reads what is there.
    pub fn turn(&mut self) {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.machine.wants_read());
        flags.set(PollFlags::OUT, self.machine.wants_write());
        self.wire.wait(flags, Some(Duration::from_secs(1)));
        self.wire.set_nonblocking(true);
        if pump(&mut self.machine, &self.wire, Instant::now()).is_err() {
            self.machine.handle_error(Instant::now());
        }
        self.collect();
    }

    /// Waits for the socket, then reads what is there, and sends nothing.
    pub fn read(&mut self) {
        self.wire.wait(PollFlags::IN, None);
        self.wire.set_nonblocking(true);
        receive(&mut self.machine, &mut &self.wire, Instant::now()).expect("received");
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(event) = self.machine.poll_event() {
            match event {
                ClientEvent::Done { id, result, .. } => self.done.push((id, result)),
                ClientEvent::Connected => self.connected = true,
                ClientEvent::Closed(reason) => self.closed = Some(reason),
                _ => {}
            }
        }
    }

    /// Runs until this call has ended.
    pub fn end_of(&mut self, id: CallId) -> Result<Reply, CallFailure> {
        loop {
            if let Some(at) = self.done.iter().position(|(done, _)| *done == id) {
                return self.done.remove(at).1;
            }
            assert!(self.closed.is_none(), "a call did not end with its connection");
            self.turn();
        }
    }

    /// Runs until this call has its value.
    #[track_caller]
    pub fn value(&mut self, id: CallId) -> Value {
        let reply = self.end_of(id).expect("an answer");
        reply.into_value().expect("a value").to_value().expect("readable")
    }

    /// Runs until the server has closed the connection.
    pub fn wait_for_close(&mut self) {
        while self.closed.is_none() {
            self.turn();
        }
    }

    /// Takes the bytes that are queued.
    pub fn take_bytes(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(mut transmit) = self.machine.poll_transmit() {
            all.extend_from_slice(&transmit.copy_to_bytes(transmit.remaining()));
        }
        all
    }

    /// Ends the stream, and returns when the server has done the same: its session is over then.
    pub fn finish(self) {
        self.wire.end();
        self.wire.drain();
    }
}
