//! What was recorded from the real Pyro5: which recordings there are, and what "the same" means.

use firesteel::wire::{Flags, MessageType};
use firesteel::{Config, Dict, Instance, Value};
use firesteel_testkit::{Sender, Step, Transcript};

use crate::raw::{MARSHAL, Message};
use crate::support::Numbers;

/// Recordings of what firesteel does not do yet.
const NOT_YET: [(&str, &str); 2] = [("batch", "batches come later"), ("stream", "streams come later")];

/// Recordings where the server deviates from Pyro's on purpose.
const OTHER_SERVER: [(&str, &str); 1] =
    [("refused_class", "instances of any class are data: the method gets them, and here gives them back")];

/// Recordings whose client was no Pyro client, but bytes written by hand.
const CLIENT_BY_HAND: [&str; 11] = [
    "bad_payload",
    "compressed_by_hand",
    "garbage",
    "missing_handshake",
    "ping",
    "refused_class",
    "unknown_serializer",
    "wrong_first_message",
    "wrong_magic",
    "wrong_message_in_a_session",
    "wrong_version",
];

/// Those to be replayed with firesteel as the server.
pub fn for_a_server() -> Vec<Transcript> {
    let left_out = |name: &str| NOT_YET.iter().chain(&OTHER_SERVER).any(|(other, _)| *other == name);
    Transcript::all().into_iter().filter(|transcript| !left_out(&transcript.name)).collect()
}

/// Those to be replayed with firesteel as the client.
pub fn for_a_client() -> Vec<Transcript> {
    let left_out = |name: &str| NOT_YET.iter().any(|(other, _)| *other == name) || CLIENT_BY_HAND.contains(&name);
    Transcript::all().into_iter().filter(|transcript| !left_out(&transcript.name)).collect()
}

/// How the recorded programs were configured.
pub fn config_of(transcript: &Transcript) -> Config {
    let mut config = Config::default();
    // What is recorded is Pyro's own.
    config.extensions = false;
    config.bytes_repr = transcript.name == "bytes_literals";
    config.compression = transcript.name == "compression";
    config
}

/// True when it happened on a connected socket, without a handshake.
pub fn is_on_a_socketpair(transcript: &Transcript) -> bool {
    transcript.name == "socketpair"
}

/// The messages among the steps of one side, read.
pub fn messages(steps: &[Step], sender: Sender) -> Vec<Message> {
    let of_sender = steps.iter().filter(|step| step.sender == sender);
    of_sender.map(|step| Message::read(&step.bytes).expect("a whole message").0).collect()
}

/// The bytes in pieces of random sizes.
pub fn pieces<'a>(mut bytes: &'a [u8], numbers: &mut Numbers, max: usize) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at(numbers.up_to(max).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// The largest pieces to try: bytes, small ones, all at once.
pub const PIECES: [usize; 4] = [1, 7, 60, usize::MAX >> 1];

/// What a message says, without what differs from one run to the next.
#[derive(Debug, PartialEq)]
pub struct Meaning {
    kind: u8,
    serializer: u8,
    flags: Flags,
    sequence: u16,
    annotations: Vec<([u8; 4], Vec<u8>)>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Value(Value),
    Bytes(Vec<u8>),
}

/// NaN is the same as NaN here.
impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(Value::Float(a)), Self::Value(Value::Float(b))) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Value(a), Self::Value(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            _ => false,
        }
    }
}

/// Reads what a server's message means.
pub fn meaning(message: &Message, transcript: &Transcript) -> Meaning {
    let header = &message.header;
    let content = if header.serializer == MARSHAL {
        // Its bytes depend on how many references Python holds to the text.
        Content::Value(message.marshal_text().into())
    } else if header.kind == MessageType::Ping as u8 {
        Content::Bytes(message.data.clone())
    } else {
        Content::Value(comparable(message.value(), transcript))
    };
    let mut annotations: Vec<_> = message.annotations.iter().map(|(name, value)| (name, value.to_vec())).collect();
    annotations.sort();
    if header.kind == MessageType::ConnectOk as u8 {
        // A daemon of Pyro's can add annotations to its handshake. Ours cannot.
        annotations.clear();
    }
    Meaning {
        kind: header.kind,
        serializer: header.serializer,
        flags: header.flags,
        sequence: header.sequence,
        annotations,
        content,
    }
}

fn comparable(value: Value, transcript: &Transcript) -> Value {
    match value {
        Value::Instance(exception) if exception.get("__exception__").is_some() => {
            comparable_exception(*exception, transcript).into()
        }
        Value::Dict(dict) => without_streams(dict).into(),
        other => other,
    }
}

/// Without the traceback, which is of another program.
fn comparable_exception(mut exception: Instance, transcript: &Transcript) -> Instance {
    if let Some(Value::Dict(attributes)) = exception.fields.get_mut("attributes") {
        let traceback = attributes.remove("_pyroTraceback");
        assert!(matches!(traceback, Some(Value::List(lines)) if !lines.is_empty()), "no traceback: {transcript:?}");
    }
    if transcript.name == "bad_payload" {
        // Each parser has words of its own, and Python's calls some of them SyntaxError.
        assert!(["builtins.SyntaxError", "builtins.ValueError"].contains(&exception.class.as_str()), "{exception:?}");
        exception.class = "builtins.ValueError".to_owned();
        exception.fields.remove("args");
    }
    exception
}

/// Metadata without what firesteel has not yet.
fn without_streams(dict: Dict) -> Dict {
    let pairs = dict.into_pairs().into_iter().map(|(name, value)| match value {
        Value::Dict(inner) => (name, without_streams(inner).into()),
        Value::Set(mut members) if name.as_str() == Some("methods") => {
            let streams = ["generator", "get_next_stream_item", "close_stream"];
            members.retain(|member| !member.as_str().is_some_and(|name| streams.contains(&name)));
            (name, Value::Set(members))
        }
        other => (name, other),
    });
    Dict::from_pairs(pairs.collect())
}

#[test]
fn the_lists_name_only_recordings_that_exist() {
    let all: Vec<_> = Transcript::all().into_iter().map(|transcript| transcript.name).collect();
    let listed = NOT_YET.iter().chain(&OTHER_SERVER).map(|(name, _)| *name).chain(CLIENT_BY_HAND);
    for name in listed {
        assert!(all.iter().any(|other| other == name), "there is no recording {name}");
    }
    assert_eq!(for_a_server().len(), all.len() - NOT_YET.len() - OTHER_SERVER.len());
    assert_eq!(for_a_client().len(), all.len() - NOT_YET.len() - CLIENT_BY_HAND.len());
}
