//! Runs the bodies of the fuzz targets: over pseudo-random inputs, and over what Pyro5 really says.

use std::fs;
use std::path::{Path, PathBuf};

use firesteel_formats_testkit::{Format, Peer, record_value};
use firesteel_proto::testing::fuzzing::{client, client_input, daemon, daemon_input, naming, naming_input, wire};
use firesteel_proto::wire::{Flags, FrameStart, Head, MessageType, OwnedAnnotations, Parsed, parse};
use firesteel_proto::{Dialect, Dict, Payload, SerializerId, Value};

const ROUNDS: u64 = 400;

/// The same bytes for the same seed.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let len = usize::from(next()) * 8 + 1;
    (0..len).map(|_| next()).collect()
}

/// Noise whose lengths are short, so that more operations fit.
fn short_noise(seed: u64) -> Vec<u8> {
    let mut bytes = noise(seed);
    for pair in bytes.chunks_mut(2).filter(|pair| pair[0] % 3 == 0) {
        pair[0] = 0;
    }
    bytes
}

/// What a fuzz target runs.
type Body = fn(&[u8]);

fn fuzz(body: Body) {
    body(&[]);
    for seed in 1..=ROUNDS {
        body(&noise(seed));
        body(&short_noise(seed));
    }
}

#[test]
fn messages_of_noise() {
    fuzz(wire);
}

#[test]
fn a_client_under_noise() {
    fuzz(client);
}

#[test]
fn a_daemon_under_noise() {
    fuzz(daemon);
}

#[test]
fn a_search_for_names_under_noise() {
    fuzz(naming);
    // Each answer to each question, and noise then.
    for (name, input) in naming_inputs() {
        naming(&input);
        for seed in 1..=ROUNDS / 10 {
            naming(&[input.as_slice(), &short_noise(seed)].concat());
            assert!(!name.is_empty());
        }
    }
}

/// Inputs by name: every proxy with every answer, then losses and further calls.
fn naming_inputs() -> Vec<(String, Vec<u8>)> {
    let pairs = (0..5).flat_map(|proxy| (0..10).map(move |answer| (proxy, answer)));
    let input = |(proxy, answer)| {
        let then = [11, 0, 0, 0, proxy, 1, 3, 0, 2, 0, 4, 0, 0, 10, 200, 8, 0, 0, 9, 6, 0, 0];
        (format!("{proxy}-{answer}"), naming_input(proxy, answer, &then))
    };
    pairs.map(input).collect()
}

#[test]
fn what_pyro_says() {
    for (_, transcript) in transcripts() {
        for (_, message) in &transcript {
            wire(message);
        }
        let (requests, answers) = both(&transcript);
        client(&client_input(Dialect::Pyro5, &answers));
        daemon(&daemon_input(Dialect::Pyro5, &requests));
    }
}

/// Among them is every input that once found something.
#[test]
fn the_seeds_of_the_fuzz_targets() {
    let formats: [(&str, Body); 6] = [
        ("serpent", firesteel_serpent::fuzzing::read),
        ("marshal", firesteel_marshal::fuzzing::read),
        ("json", firesteel_json::fuzzing::read),
        ("msgpack", firesteel_msgpack::fuzzing::read),
        ("pickle", firesteel_pickle::fuzzing::read),
        ("cbor", firesteel_cbor::fuzzing::read),
    ];
    let machines: [(&str, Body); 4] = [("wire", wire), ("client", client), ("daemon", daemon), ("naming", naming)];
    for (target, body) in machines.into_iter().chain(formats) {
        let mut count = 0;
        for file in fs::read_dir(root().join("fuzz/seeds").join(target)).expect("a folder") {
            body(&fs::read(file.expect("a file").path()).expect("bytes"));
            count += 1;
        }
        assert!(count > 20, "{target} has {count} seeds");
    }
}

/// Compares the seeds of the fuzz targets with what the recordings give; with `WRITE_SEEDS` set, it writes them, and
/// those that only Python can write.
#[test]
fn the_seeds_are_those_of_the_recordings() {
    let seeds = root().join("fuzz/seeds");
    let renew = std::env::var_os("WRITE_SEEDS").is_some();
    let write = |target: &str, name: &str, bytes: &[u8]| {
        let folder = seeds.join(target);
        if renew {
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join(name), bytes).expect("a file");
        }
        let seed = fs::read(folder.join(name)).expect("a seed: set WRITE_SEEDS to write them");
        assert!(seed == bytes, "{target}/{name} is old: set WRITE_SEEDS to write it");
    };
    for (name, input) in naming_inputs() {
        write("naming", &name, &input);
    }
    for (name, transcript) in transcripts() {
        let (requests, answers) = both(&transcript);
        for (n, (_, message)) in transcript.iter().enumerate().take(4) {
            write("wire", &format!("{name}-{n}"), message);
            if let Ok(Parsed::Message { payload, .. }) = parse(message, usize::MAX) {
                write("serpent", &format!("{name}-{n}"), &message[payload.clone()]);
                if TRANSLATED.contains(&&*name) {
                    let value = Payload::from_bytes(SerializerId::Serpent, message[payload].to_vec()).to_value();
                    in_all_formats(&value.expect("serpent"), &mut |format, bytes| {
                        write(format, &format!("{name}-{n}"), bytes);
                    });
                }
            }
        }
        write("client", &name, &client_input(Dialect::Pyro5, &answers));
        write("daemon", &name, &daemon_input(Dialect::Pyro5, &requests));
    }
    in_all_formats(&record_value(), &mut |format, bytes| write(format, "record", bytes));
    for serializer in SerializerId::ALL {
        let dialect = Dialect::Pyro4;
        let (requests, answers) = conversation(dialect, serializer);
        for (n, message) in requests.iter().chain(&answers).enumerate() {
            write("wire", &format!("pyro4_{serializer}-{n}"), message);
        }
        write("client", &format!("pyro4_{serializer}"), &client_input(dialect, &answers.concat()));
        write("daemon", &format!("pyro4_{serializer}"), &daemon_input(dialect, &requests.concat()));
    }
    if renew {
        for (target, format) in WRITTEN_BY_PYTHON {
            for (n, bytes) in Peer::start().generate(format, 0..8).iter().enumerate() {
                write(target, &format!("python-{format}-{n}"), bytes);
            }
        }
    }
}

/// Recordings whose values are seeds of the other formats, too.
const TRANSLATED: [&str; 6] = ["attributes", "batch", "exception", "get_metadata", "keyword_arguments", "values"];

/// Python writes bytes that firesteel only reads, such as references.
const WRITTEN_BY_PYTHON: [(&str, Format); 10] = [
    ("marshal", Format::Marshal(0)),
    ("marshal", Format::Marshal(2)),
    ("marshal", Format::Marshal(4)),
    ("json", Format::Json),
    ("msgpack", Format::Msgpack),
    ("pickle", Format::Pickle(0)),
    ("pickle", Format::Pickle(1)),
    ("pickle", Format::Pickle(2)),
    ("pickle", Format::Pickle(4)),
    ("pickle", Format::Pickle(5)),
];

/// The value in each format but serpent that can express it.
fn in_all_formats(value: &Value, seed: &mut dyn FnMut(&str, &[u8])) {
    use SerializerId::{Cbor, Json, Marshal, Msgpack, Pickle};
    for serializer in [Marshal, Json, Msgpack, Pickle, Cbor] {
        if let Ok(payload) = Payload::encode(serializer, value) {
            seed(serializer.name(), payload.as_slice());
        }
    }
}

/// Requests of a client, and what a server answers.
fn conversation(dialect: Dialect, serializer: SerializerId) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let message = |kind, flags, sequence, value: &Value| {
        let id = serializer.to_wire(dialect).expect("a serializer of this protocol");
        let head = Head { dialect, kind, serializer: id, flags, sequence, correlation: Some([7; 16]), compress: false };
        let mut out = Vec::new();
        let frame = FrameStart::begin(&mut out, head, &OwnedAnnotations::default(), None);
        out.extend_from_slice(Payload::encode(serializer, value).expect("a plain value").as_slice());
        frame.finish(&mut out, 0, usize::MAX).expect("a small message");
        out
    };
    let dict = |pairs: &[(&str, Value)]| Value::from(pairs.iter().cloned().collect::<Dict>());
    let call = |sequence, method: &str, args: Vec<Value>| {
        let parts = ["object", "method", "params", "kwargs"];
        let call = [Value::from("thing"), Value::from(method), Value::Tuple(args), dict(&[])];
        let value = match serializer {
            SerializerId::Json => dict(&parts.into_iter().zip(call).collect::<Vec<_>>()),
            _ => Value::Tuple(call.to_vec()),
        };
        message(MessageType::Invoke, Flags::NONE, sequence, &value)
    };
    let connect = dict(&[("handshake", Value::from("hello")), ("object", Value::from("thing"))]);
    let requests = vec![
        message(MessageType::Connect, Flags::META_ON_CONNECT, 0, &connect),
        call(1, "echo", vec![Value::from("text")]),
        call(2, "error", vec![]),
        call(3, "__getattr__", vec![Value::from("size")]),
    ];
    let names = Value::List(vec![Value::from("echo"), Value::from("error")]);
    let none = Value::List(Vec::new());
    let meta = dict(&[("methods", names), ("oneway", none.clone()), ("attrs", none.clone())]);
    let hello = dict(&[("handshake", Value::from("hello")), ("meta", meta)]);
    let fault = dict(&[
        ("__class__", Value::from("exceptions.ValueError")),
        ("__exception__", Value::Bool(true)),
        ("args", none),
        ("attributes", dict(&[])),
    ]);
    let answers = vec![
        message(MessageType::ConnectOk, Flags::META_ON_CONNECT, 0, &hello),
        message(MessageType::Result, Flags::NONE, 1, &Value::from("text")),
        message(MessageType::Result, Flags::EXCEPTION, 2, &fault),
    ];
    (requests, answers)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The messages of a recorded conversation: whether the client sent it, and its bytes.
type Transcript = Vec<(bool, Vec<u8>)>;

fn transcripts() -> Vec<(String, Transcript)> {
    let files = fs::read_dir(root().join("tests/transcripts")).expect("a folder");
    let mut all: Vec<_> = files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a text");
            let lines = text.lines().filter(|line| !line.ends_with("end") && !line.starts_with('#'));
            let steps = lines.map(|line| (line.starts_with('>'), hex(&line[2..]))).collect();
            (path.file_stem().expect("a name").to_string_lossy().into_owned(), steps)
        })
        .collect();
    assert!(all.len() > 20);
    all.sort();
    all
}

fn both(transcript: &Transcript) -> (Vec<u8>, Vec<u8>) {
    let sent = |by_client| transcript.iter().filter(move |step| step.0 == by_client).flat_map(|step| step.1.clone());
    (sent(true).collect(), sent(false).collect())
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}
