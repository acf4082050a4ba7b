//! What was recorded from the real Pyro4, replayed: firesteel as the server answers what Pyro4's did, and as the
//! client it says what Pyro4's said.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use firesteel::connection::{ClientConnection, ClientEvent};
use firesteel::wire::{self, Dialect, Flags, HmacKey, MessageType};
use firesteel::{
    Budget, Config, Daemon, Handshake, Local, Machine, Payload, Peer, Protocol, Request, SerializerId, SessionId, Value,
};
use firesteel_testkit::{Sender, Step, Transcript};

use crate::echo::{ECHO, EchoServer};
use crate::raw::Message;
use crate::support::Numbers;
use crate::transcripts::{PIECES, pieces};

/// Recordings whose client was no Pyro client, but bytes written by hand.
const CLIENT_BY_HAND: [&str; 4] =
    ["pyro4/bad_checksum", "pyro4/missing_handshake", "pyro4/ping", "pyro4/wrong_first_message"];

/// How the recorded programs were configured.
fn config_of(transcript: &Transcript) -> Config {
    let name = transcript.name.trim_start_matches("pyro4/");
    let mut config = Config::default();
    // What is recorded is Pyro's own.
    config.extensions = false;
    config.seed = Some([7; 16]);
    config.protocol = Protocol::Always(Dialect::Pyro4);
    config.compression = ["compression", "signed"].contains(&name);
    config.hmac_key = (name == "signed").then(|| HmacKey::new("secret"));
    config.serializer = name.parse().unwrap_or_default();
    config.serializers = config.serializers.with(SerializerId::Pickle);
    config
}

fn is_on_a_socketpair(transcript: &Transcript) -> bool {
    transcript.name == "pyro4/socketpair"
}

fn read(bytes: &[u8]) -> Message {
    Message::read(bytes).expect("a whole message").0
}

/// The content of a message. Python's sets, and lists that were sets, have no order.
fn content(message: &Message) -> Value {
    let serializer = SerializerId::from_wire(Dialect::Pyro4, message.header.serializer).expect("known");
    let value = Payload::from_bytes(serializer, message.plain()).to_value();
    comparable(value.expect("it can be read"))
}

fn comparable(value: Value) -> Value {
    match value {
        Value::Dict(dict) => {
            let pairs = dict.into_pairs().into_iter().map(|(name, value)| match (name.as_str(), value) {
                (Some("methods" | "oneway" | "attrs"), Value::List(names) | Value::Set(names)) => {
                    let mut names: Vec<_> = names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                    names.sort_unstable();
                    (name, names.into_iter().map(Value::from).collect::<Vec<_>>().into())
                }
                (_, value) => (name, comparable(value)),
            });
            Value::Dict(firesteel::Dict::from_pairs(pairs.collect()))
        }
        // The traceback is of another program.
        Value::Instance(mut instance) if instance.get("__exception__").is_some() => {
            if let Some(Value::Dict(attributes)) = instance.fields.get_mut("attributes") {
                assert!(attributes.remove("_pyroTraceback").is_some(), "no traceback: {instance:?}");
            }
            Value::Instance(instance)
        }
        other => other,
    }
}

/// What a message says beside its content. A correlation id or a signature of one's own is never the same.
#[derive(Debug, PartialEq)]
struct Frame {
    kind: u8,
    serializer: u8,
    flags: Flags,
    sequence: u16,
    annotations: Vec<([u8; 4], Vec<u8>)>,
}

fn frame(message: &Message, given: &[Vec<u8>]) -> Frame {
    let annotations = message.annotations.iter().map(|(name, value)| {
        let same = given.contains(&value.to_vec()) || (name != *b"CORR" && name != *b"HMAC");
        (name, if same { value.to_vec() } else { vec![value.len() as u8] })
    });
    let mut annotations: Vec<_> = annotations.collect();
    annotations.sort();
    let header = &message.header;
    let (kind, serializer, flags) = (header.kind, header.serializer, header.flags);
    Frame { kind, serializer, flags, sequence: header.sequence, annotations }
}

/// A daemon in memory, with one session.
struct Server {
    daemon: Daemon<Local>,
    session: SessionId,
    now: Instant,
    sent: Vec<u8>,
}

impl Server {
    fn new(transcript: &Transcript) -> Self {
        let now = Instant::now();
        let mut daemon: Daemon<Local> = Daemon::new(now, config_of(transcript));
        daemon.register(ECHO, EchoServer::default()).expect("a free name");
        let tcp = || Peer::from(SocketAddr::from(([127, 0, 0, 1], 1)));
        let peer = if is_on_a_socketpair(transcript) { Peer::default() } else { tcp() };
        let session = daemon.open(now, peer, None).expect("room for a session");
        Self { daemon, session, now, sent: Vec::new() }
    }

    fn feed(&mut self, bytes: &[u8]) {
        if let Some(mut session) = self.daemon.session(self.session) {
            session.handle_input(self.now, bytes);
        }
        while self.daemon.dispatch(self.now, &mut (), Budget::calls(1)).more {}
        if let Some(mut session) = self.daemon.session(self.session) {
            while let Some(transmit) = session.poll_transmit() {
                self.sent.extend_from_slice(&transmit.take());
            }
        }
        while self.daemon.poll_session().is_some() {}
        while self.daemon.poll_event().is_some() {}
    }

    fn is_closed(&mut self) -> bool {
        self.daemon.session(self.session).is_none()
    }
}

#[test]
fn the_answers_are_those_of_pyro4() {
    for transcript in Transcript::all_of_pyro4() {
        let name = &transcript.name;
        for max in PIECES {
            let (mut server, mut numbers) = (Server::new(&transcript), Numbers::new(max as u64));
            for bytes in transcript.sent_by(Sender::Client) {
                pieces(bytes, &mut numbers, max).into_iter().for_each(|piece| server.feed(piece));
            }
            assert_eq!(server.is_closed(), transcript.ended_by == Sender::Server, "{name}");
            let given: Vec<_> = transcript
                .sent_by(Sender::Client)
                // One of them is broken.
                .filter(|bytes| wire::parse(bytes, usize::MAX).is_ok())
                .flat_map(|bytes| read(bytes).annotations.get(*b"CORR").map(|id| id.to_vec()))
                .collect();
            let mut rest = server.sent.as_slice();
            for theirs in transcript.sent_by(Sender::Server).map(read) {
                let (ours, length) = Message::read(rest).unwrap_or_else(|| panic!("{name}: no {theirs:?}"));
                rest = &rest[length..];
                assert_eq!(frame(&ours, &given), frame(&theirs, &given), "{name}");
                if ours.is(MessageType::Ping) {
                    assert_eq!(ours.data, theirs.data, "{name}");
                } else {
                    assert_eq!(content(&ours), content(&theirs), "{name}");
                }
            }
            assert_eq!(rest, b"", "{name}: more than Pyro4 says");
        }
    }
}

/// A client in memory, and where in the recording it is.
struct Client<'t> {
    name: &'t str,
    connection: ClientConnection,
    steps: std::iter::Peekable<std::slice::Iter<'t, Step>>,
    now: Instant,
}

impl Client<'_> {
    /// Compares what it says with the recording, and gives it the recorded answers.
    fn exchange(&mut self) {
        loop {
            let mut sent = Vec::new();
            while let Some(transmit) = self.connection.poll_transmit() {
                sent.extend_from_slice(&transmit.take());
            }
            let mut rest = sent.as_slice();
            while let Some((ours, length)) = Message::read(rest) {
                rest = &rest[length..];
                let step = self.steps.next_if(|step| step.sender == Sender::Client);
                let theirs = read(&step.unwrap_or_else(|| panic!("{}: not recorded: {ours:?}", self.name)).bytes);
                self.compare(&ours, &theirs);
            }
            let Some(step) = self.steps.next_if(|step| step.sender == Sender::Server) else { return };
            self.connection.handle_input(self.now, &step.bytes);
        }
    }

    fn compare(&self, ours: &Message, theirs: &Message) {
        let name = self.name;
        if ours.is(MessageType::Connect) {
            // Pyro sends the annotations of its context with the handshake, too.
            let flags = |message: &Message| (message.header.flags, message.header.sequence, message.header.serializer);
            assert_eq!((content(ours), flags(ours)), (content(theirs), flags(theirs)), "{name}");
            return;
        }
        let ids: Vec<_> = theirs.annotations.iter().map(|(_, value)| value.to_vec()).collect();
        // A signature is of the bytes, and each zlib has its own way.
        let given = if theirs.header.flags.contains(Flags::COMPRESSED) { &ids[..0] } else { &ids[..] };
        assert_eq!(frame(ours, given), frame(theirs, given), "{name}");
        // The bytes of marshal and pickle depend on how many references Python holds.
        if matches!(theirs.header.serializer, 1 | 2) {
            let text = |message: &Message| String::from_utf8_lossy(&message.plain()).into_owned();
            assert_eq!(text(ours), text(theirs), "{name}");
        } else {
            assert_eq!(as_lists(content(ours)), as_lists(content(theirs)), "{name}");
        }
    }

    /// Makes the recorded call.
    fn call(&mut self, recorded: &Message) {
        let call = content(recorded);
        let part = |at: usize, name: &str| call.get(name).or_else(|| call.as_seq()?.get(at)).cloned();
        let [object, method, args, kwargs] =
            [(0, "object"), (1, "method"), (2, "params"), (3, "kwargs")].map(|(at, name)| part(at, name).expect(name));
        let (object, method) = (object.as_str().expect("an id"), method.as_str().expect("a name"));
        let named = args.as_seq().expect("arguments");
        let mut request = match method {
            "__getattr__" => Request::get(named[0].as_str().expect("a name")),
            "__setattr__" => Request::set(named[0].as_str().expect("a name"), &named[1]),
            _ => Request::method(method, &args).kwargs(&kwargs),
        };
        request = request.object(object);
        for (key, value) in recorded.annotations.iter() {
            match &key {
                b"CORR" => request = request.correlation_id(value[..].try_into().expect("16 bytes")),
                b"HMAC" => {}
                _ => request = request.annotation(key, value.clone()),
            }
        }
        if recorded.header.flags.contains(Flags::ONEWAY) {
            self.connection.notify(self.now, &request).expect("it can be sent");
        } else {
            self.connection.call(self.now, &request).expect("it can be sent");
        }
    }
}

/// Calls are tuples or lists: every reader takes either.
fn as_lists(value: Value) -> Value {
    match value {
        Value::Tuple(items) | Value::List(items) => Value::List(items.into_iter().map(as_lists).collect()),
        other => other,
    }
}

#[test]
fn the_calls_are_those_of_pyro4() {
    for transcript in Transcript::all_of_pyro4() {
        let name = transcript.name.as_str();
        // Ours always asks for the metadata.
        if CLIENT_BY_HAND.contains(&name) || name == "pyro4/without_metadata" {
            continue;
        }
        let now = Instant::now();
        let handshake = if is_on_a_socketpair(&transcript) { Handshake::Absent } else { Handshake::Required };
        let object = if name == "pyro4/unknown_object" { "no.such.object" } else { ECHO };
        let connection = ClientConnection::new(now, Arc::new(config_of(&transcript)), handshake, object, None);
        let mut client = Client { name, connection, steps: transcript.steps.iter().peekable(), now };
        client.exchange();
        let mut answers = 0;
        while let Some(step) = client.steps.peek() {
            let recorded = read(&step.bytes);
            client.call(&recorded);
            client.exchange();
        }
        while let Some(event) = client.connection.poll_event() {
            match event {
                ClientEvent::Done { .. } => answers += 1,
                ClientEvent::Closed(reason) => assert_eq!(name, "pyro4/unknown_object", "{reason:?}"),
                _ => {}
            }
        }
        let results = transcript.sent_by(Sender::Server).filter(|bytes| read(bytes).is(MessageType::Result)).count();
        assert_eq!(answers, results, "{name}");
    }
}
