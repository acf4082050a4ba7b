//! firesteel makes the calls that Pyro's clients made: it says the same, byte for byte, and understands the answers.

use std::sync::Arc;
use std::time::Instant;

use firesteel::connection::{ClientConnection, ClientEvent};
use firesteel::wire::{Flags, MessageType, OwnedAnnotations};
use firesteel::{CallFailure, CloseReason, Config, Fault, Handshake, Machine, Reply, Request, Value};
use firesteel_testkit::{Sender, Transcript};

use crate::raw::Message;
use crate::support::Numbers;
use crate::transcripts::{PIECES, config_of, for_a_client, is_on_a_socketpair, pieces};

#[test]
fn the_calls_are_those_of_pyro() {
    for transcript in for_a_client() {
        for max in PIECES {
            Replay::new(&transcript, max).run();
        }
    }
}

#[test]
fn a_recorded_refusal_tells_its_reason() {
    for (name, reason) in [
        ("garbage", "invalid data"),
        ("wrong_version", "invalid protocol version: 501"),
        ("wrong_magic", "invalid message or protocol version"),
        ("wrong_first_message", "invalid msg type 4 received (expected: 1)"),
        ("missing_handshake", "'handshake'"),
        ("unknown_object", "unknown object"),
    ] {
        let transcript = Transcript::load(name);
        let now = Instant::now();
        let mut connection = connection(&transcript, now);
        for answer in transcript.sent_by(Sender::Server) {
            connection.handle_input(now, answer);
        }
        connection.handle_eof(now);
        let closed = std::iter::from_fn(|| connection.poll_event()).last();
        assert_eq!(closed, Some(ClientEvent::Closed(CloseReason::Rejected(reason.to_owned()))), "{name}");
    }
}

fn connection(transcript: &Transcript, now: Instant) -> ClientConnection {
    let config: Arc<Config> = Arc::new(config_of(transcript));
    let handshake = if is_on_a_socketpair(transcript) { Handshake::Absent } else { Handshake::Required };
    let object = if transcript.name == "unknown_object" { "no.such.object" } else { "test.echoserver" };
    ClientConnection::new(now, config, handshake, object, None)
}

/// Clients in memory, each with the number of requests that it has sent; on a socketpair there are several.
struct Replay<'t> {
    transcript: &'t Transcript,
    /// The next step.
    at: usize,
    clients: Vec<(ClientConnection, u16)>,
    now: Instant,
    numbers: Numbers,
    /// The largest pieces in which answers come.
    max: usize,
}

impl<'t> Replay<'t> {
    fn new(transcript: &'t Transcript, max: usize) -> Self {
        let now = Instant::now();
        let clients = vec![(connection(transcript, now), 0)];
        Self { transcript, at: 0, clients, now, numbers: Numbers::new(max as u64), max }
    }

    fn run(mut self) {
        if !is_on_a_socketpair(self.transcript) {
            self.exchange(0);
        }
        while let Some(recorded) = self.next_of(Sender::Client) {
            self.call(&recorded);
        }
        self.end();
    }

    /// The next step, if it is one of this side.
    fn next_of(&self, sender: Sender) -> Option<Message> {
        let step = self.transcript.steps.get(self.at).filter(|step| step.sender == sender)?;
        Some(Message::read(&step.bytes).expect("a whole message").0)
    }

    /// Makes the recorded call, and compares what it brings.
    fn call(&mut self, recorded: &Message) {
        let name = &self.transcript.name;
        let client = self.client_for(recorded.header.sequence);
        let content = recorded.value();
        let Some([object, method, args, kwargs]) = content.as_seq() else { panic!("{name}: not a call: {content}") };
        let (object, method) = (object.as_str().expect("an id"), method.as_str().expect("a name"));
        let args = &with_bytes(args);
        let named = args.as_seq().expect("arguments");
        let mut request = match method {
            "__getattr__" => Request::get(named[0].as_str().expect("a name")),
            "__setattr__" => Request::set(named[0].as_str().expect("a name"), &named[1]),
            _ => Request::method(method, args).kwargs(kwargs),
        };
        request = request.object(object);
        for (key, value) in recorded.annotations.iter() {
            request = request.annotation(key, value.clone());
        }
        if let Some(id) = recorded.header.correlation_id() {
            request = request.correlation_id(id);
        }
        let (connection, _) = &mut self.clients[client];
        if recorded.header.flags.contains(Flags::ONEWAY) {
            connection.notify(self.now, &request).expect("it can be sent");
            self.exchange(client);
            return;
        }
        let id = connection.call(self.now, &request).expect("it can be sent");
        if is_on_a_socketpair(self.transcript) && recorded.header.sequence == 1 {
            assert_eq!(connection.poll_event(), Some(ClientEvent::Connected), "{name}: there is no handshake");
        }
        let answer = self.exchange(client).unwrap_or_else(|| panic!("{name}: no answer was recorded"));
        match self.clients[client].0.poll_event() {
            Some(ClientEvent::Done { id: done, result, annotations }) if done == id => {
                assert_brought(name, &answer, result, &annotations);
            }
            other => panic!("{name}: {other:?}"),
        }
    }

    /// The client whose next request has this number.
    fn client_for(&mut self, sequence: u16) -> usize {
        if sequence == 1 && self.clients[0].1 > 0 && is_on_a_socketpair(self.transcript) {
            self.clients.push((connection(self.transcript, self.now), 0));
        }
        let at = self.clients.iter().position(|(_, sent)| sent.wrapping_add(1) == sequence).unwrap_or(0);
        let (connection, sent) = &mut self.clients[at];
        // The recorded client has set its counter by hand.
        while sent.wrapping_add(1) != sequence {
            connection.notify(self.now, &Request::method("x", &())).expect("it can be sent");
            transmit(connection);
            *sent = sent.wrapping_add(1);
        }
        *sent = sequence;
        at
    }

    /// Compares what a client sends with the recording, and gives it the recorded answers; returns the last.
    fn exchange(&mut self, client: usize) -> Option<Message> {
        let mut last = None;
        loop {
            let sent = transmit(&mut self.clients[client].0);
            self.compare(&sent);
            let Some(answer) = self.next_of(Sender::Server) else { break };
            let bytes = &self.transcript.steps[self.at].bytes;
            for piece in pieces(bytes, &mut self.numbers, self.max) {
                self.clients[client].0.handle_input(self.now, piece);
            }
            self.at += 1;
            if answer.is(MessageType::ConnectOk) {
                assert_eq!(self.clients[client].0.poll_event(), Some(ClientEvent::Connected));
                assert!(self.clients[client].0.metadata().is_some_and(|it| it.is_oneway("oneway_echo")));
            }
            last = Some(answer);
        }
        last
    }

    fn compare(&mut self, mut sent: &[u8]) {
        let name = &self.transcript.name;
        while let Some((ours, length)) = Message::read(sent) {
            let theirs = self.next_of(Sender::Client).unwrap_or_else(|| panic!("{name}: not recorded: {ours:?}"));
            if ours.is(MessageType::Connect) && name == "annotations" {
                // Pyro sends the annotations and the id of its context with the handshake, too.
                assert_eq!((ours.value(), ours.header.sequence), (theirs.value(), theirs.header.sequence));
            } else if ours.header.flags.contains(Flags::COMPRESSED) {
                // Each zlib has its own way.
                assert_eq!(ours.plain(), theirs.plain(), "{name}");
                let same_size = |message: &Message| message.clone().header(|header| header.data_len = 0).header;
                assert_eq!(same_size(&ours), same_size(&theirs), "{name}");
            } else {
                let text = |message: &Message| String::from_utf8_lossy(&message.data).into_owned();
                assert_eq!((ours.header, text(&ours)), (theirs.header, text(&theirs)), "{name}");
                assert_eq!(sent[..length], self.transcript.steps[self.at].bytes, "{name}");
            }
            self.at += 1;
            sent = &sent[length..];
        }
        assert_eq!(sent, b"", "{name}: half a message");
    }

    /// Whoever ended the connection ends it now.
    fn end(mut self) {
        let name = &self.transcript.name;
        for (connection, _) in &mut self.clients {
            let expected = match (self.transcript.ended_by, name.as_str()) {
                (Sender::Client, _) => {
                    connection.close(self.now);
                    CloseReason::Local
                }
                (Sender::Server, "unknown_object") => {
                    connection.handle_eof(self.now);
                    CloseReason::Rejected("unknown object".to_owned())
                }
                (Sender::Server, _) => {
                    connection.handle_eof(self.now);
                    CloseReason::PeerEof
                }
            };
            assert_eq!(connection.poll_event(), Some(ClientEvent::Closed(expected)), "{name}");
            assert_eq!(transmit(connection), b"", "{name}");
            assert!(connection.is_closed(), "{name}");
        }
        assert_eq!(self.at, self.transcript.steps.len(), "{name}: not all was replayed");
    }
}

/// The arguments as they were before they became serpent's: bytes are bytes, not a dictionary that tells of some.
fn with_bytes(args: &Value) -> Value {
    let bytes = |value: &Value| value.bytes().map_or_else(|| value.clone(), Value::from);
    match args {
        Value::Tuple(args) => Value::Tuple(args.iter().map(bytes).collect()),
        Value::List(args) => Value::List(args.iter().map(bytes).collect()),
        other => panic!("not arguments: {other}"),
    }
}

fn assert_brought(name: &str, answer: &Message, result: Result<Reply, CallFailure>, annotations: &OwnedAnnotations) {
    assert_eq!(annotations, &answer.annotations, "{name}");
    let value = answer.value();
    if answer.header.flags.contains(Flags::EXCEPTION) {
        let recorded = Fault::from_value(value).expect("an exception");
        assert!(!recorded.traceback.is_empty(), "{name}");
        assert_eq!(result, Err(CallFailure::Fault(Box::new(recorded))), "{name}");
        return;
    }
    let got = result.expect("a value").into_value().expect("a value").to_value().expect("serpent");
    let nan = |value: &Value| value.as_f64().is_some_and(f64::is_nan);
    assert!(got == value || (nan(&got) && nan(&value)), "{name}: {got} is not {value}");
}

fn transmit(connection: &mut ClientConnection) -> Vec<u8> {
    let mut sent = Vec::new();
    while let Some(transmit) = connection.poll_transmit() {
        sent.extend_from_slice(&transmit.take());
    }
    sent
}
