//! The same bytes and values in Rust and in Python.

use std::process::Command;

use firesteel_formats_testkit::{Format, Kinds, Peer, Rng, describe, factor, samples, values};
use firesteel_marshal::{FormatError, FormatErrorKind, Limits, Options, Reader, from_slice, fuzzing, to_vec};
use firesteel_value::{Dict, Instance, TimeDelta, Value};

/// Reads as `marshal.loads` does, which ignores what follows.
fn read(bytes: &[u8]) -> Result<Value, FormatError> {
    Reader::new(bytes, Limits::default())?.value()
}

/// A value as it comes back from marshal.
fn kept(value: Value) -> Value {
    let all = |elements: Vec<Value>| elements.into_iter().map(kept);
    let pairs = |dict: Dict| dict.into_iter().map(|(key, value)| (kept(key), kept(value))).collect::<Dict>();
    let parts = |delta: TimeDelta| (delta.days(), delta.seconds(), delta.microseconds());
    match value {
        Value::ByteArray(bytes) => bytes::Bytes::from(bytes).into(),
        Value::DateTime(moment) => Value::Str(moment.to_string()),
        Value::Date(date) => Value::Str(date.to_string()),
        Value::Time(time) => Value::Str(time.to_string()),
        Value::TimeDelta(delta) => parts(delta).into(),
        Value::Decimal(number) => Value::Str(number.to_string()),
        Value::Uuid(uuid) => Value::Str(uuid.to_string()),
        Value::List(elements) => Value::List(all(elements).collect()),
        Value::Tuple(elements) => Value::Tuple(all(elements).collect()),
        Value::Set(elements) => Value::set(all(elements)),
        Value::FrozenSet(elements) => Value::frozenset(all(elements)),
        Value::Dict(dict) => Value::Dict(pairs(dict)),
        Value::Instance(instance) => Instance { class: instance.class, fields: pairs(instance.fields) }.into(),
        other => other,
    }
}

/// What a program writes, one document in hexadecimal digits a line.
fn output(program: &str) -> Vec<Vec<u8>> {
    let output = Command::new(firesteel_testkit::python()).args(["-c", program]).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let nibble = |digit: u8| char::from(digit).to_digit(16).expect("hexadecimal digits") as u8;
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| line.as_bytes().chunks(2).map(|two| nibble(two[0]) << 4 | nibble(two[1])).collect())
        .collect()
}

/// Python and we see the same, and Python reads what we write from it.
fn agree(peer: &mut Peer, documents: &[Vec<u8>]) {
    let expected = peer.loads(Format::Marshal(4), documents);
    let mut again = Vec::new();
    for (bytes, expected) in documents.iter().zip(&expected) {
        let value: Value = from_slice(bytes).unwrap_or_else(|error| panic!("{error}: {bytes:?}"));
        assert_eq!(&describe(&value), expected, "{bytes:?}");
        fuzzing::read(bytes);
        again.push(to_vec(&value, &Options::default()).unwrap());
    }
    assert_eq!(peer.loads(Format::Marshal(4), &again), expected);
}

#[test]
fn every_version_of_python_is_read() {
    let documents = output(
        r#"
import marshal, sys
shared = ["shared", 1.5, (1, 2)]
word = "".join(["inter", "ned"])
values = [
    None, True, False, ..., 0, 1, -1, 2**31 - 1, 2**31, -2**31, -2**31 - 1, 2**63, -2**63, 2**64, 2**75, -2**75, 2**127,
    2**128, -2**127, -2**128, 10**5000, -3**2000, 0.0, -0.0, 1.5, 1e300, 5e-324, float("inf"), float("-inf"),
    float("nan"), 0.1, 1j, complex(-0.0, float("nan")), complex("inf-1.5j"), b"", b"ab\xff\0", "", "a", "ascii", "\x7f",
    "\x80", "\xe4", "\u20ac", "\U0001f600", "\0", "x" * 255, "x" * 256, "\xe4" * 200, sys.intern("name"), sys.intern("n\xe4me"),
    (), (1,), tuple(range(255)), tuple(range(256)), [], [None], list(range(300)), {}, {"a": 1}, {1: 2, None: 3, (1, ("x",)): 4},
    set(), {1}, {1, "a", (2,)}, frozenset(), frozenset([frozenset([1]), 2]), bytearray(b"array"), memoryview(b"view"),
    (shared, shared), [shared, [shared, shared]], {"a": shared, "b": {"c": shared}}, [word, word, {word: word}],
    ("object", "echo", ["echo", "object"], {}), ("echo", "echo", ["echo"], {"echo": "echo"}), [(), (), []],
    [frozenset([1, 2])] * 3, [sys.intern("n\xe4me")] * 3, [10**30] * 2, [2.5] * 2, [1j] * 2, [b"bytes"] * 2, [{1}] * 2,
    [[[]] * 2] * 3, {"__class__": "a.B", "x": shared, "y": shared},
]
nest = []
for _ in range(150):
    nest = [nest]
values.append(nest)
tree = "leaf"
for n in range(6):
    tree = [tree, tree, n]
values.append(tree)
for version in range(5):
    for value in values:
        print(marshal.dumps(value, version).hex())
"#,
    );
    assert_eq!(documents.len() % 5, 0);
    assert!(documents.len() > 400);
    let referring = documents.iter().filter(|bytes| bytes.contains(&b'r')).count();
    assert!(referring > 30, "only {referring} documents may have references");
    agree(&mut Peer::start(), &documents);
}

#[test]
fn codes_that_python_writes_no_more_are_read() {
    let documents: Vec<Vec<u8>> = [
        &b"I\xff\xff\xff\xff\xff\xff\xff\x7f"[..],
        b"I\0\0\0\0\0\0\0\x80",
        b"l\0\0\0\0",
        b"l\x01\0\0\0\x05\0",
        b"l\xfb\xff\xff\xff\0\0\0\0\0\0\0\0\x08\0",
        b"f\x031e5",
        b"f\x03NaN",
        b"f\x09-Infinity",
        b"f\x061e9999",
        b"x\x03inf\x04-1.5",
        b"z\x04\xe4bc\xff",
        b"\xda\x03\xc3\xa4x",
        b"a\x03\0\0\0a\xe4b",
        b"A\0\0\0\0",
        b"t\x02\0\0\0\xc3\xa4",
        b"[\x02\0\0\0\xe1\x01\0\0\0ar\0\0\0\0",
        // The flag means nothing where nothing is numbered.
        b"[\x04\0\0\0\xce\xd4\xae\xc6",
        b"[\x03\0\0\0\xce\xe9\x07\0\0\0r\0\0\0\0",
        b"[\x03\0\0\0\xe9\x07\0\0\0\xf2\0\0\0\0r\0\0\0\0",
        // A container has its number before its elements, an empty one at once.
        b"\xdb\x02\0\0\0\xe9\x07\0\0\0r\x01\0\0\0",
        b"[\x03\0\0\0\xa9\x01\xe9\x07\0\0\0r\0\0\0\0r\x01\0\0\0",
        b"[\x03\0\0\0\xbe\0\0\0\0\xbc\0\0\0\0r\0\0\0\0",
        b"[\x02\0\0\0\xfb\xfa\x01k\xdb\0\0\0\x000)\x03r\0\0\0\0r\x01\0\0\0r\x02\0\0\0",
        b"[\x02\0\0\0\xbe\x02\0\0\0\xe9\x01\0\0\0r\x01\0\0\0r\0\0\0\0",
        // What is referred to has references itself.
        b"[\x03\0\0\0\xfa\x01x\xa9\x02r\0\0\0\0r\0\0\0\0r\x01\0\0\0",
        b"\xdb\x02\0\0\0\xa8\x01\0\0\0\xfb\xfa\x01k\xa9\x01r\x03\0\0\x000{r\x03\0\0\0r\x04\0\0\0r\x04\0\0\0r\x01\0\0\x000",
    ]
    .map(Vec::from)
    .to_vec();
    // Some are refused by both.
    let (good, bad): (Vec<_>, Vec<_>) = documents.into_iter().partition(|bytes| from_slice::<Value>(bytes).is_ok());
    let mut peer = Peer::start();
    agree(&mut peer, &good);
    assert!(good.len() >= 24, "{bad:?}");
    for (bytes, answer) in bad.iter().zip(peer.loads(Format::Marshal(4), &bad)) {
        assert!(answer.starts_with("error"), "{answer} {bytes:?}");
    }
}

#[test]
fn random_values_of_python_are_read() {
    let mut peer = Peer::start();
    for version in 0..5 {
        let documents = peer.generate(Format::Marshal(version), 0..300 * factor());
        agree(&mut peer, &documents);
    }
}

#[test]
fn python_reads_what_is_written() {
    let mut peer = Peer::start();
    let values = samples(values(Kinds { nan: true, ..Kinds::ALL }), 2000 * factor());
    let documents: Vec<Vec<u8>> =
        values.iter().map(|value| to_vec(value, &Options::default()).expect("all can be written")).collect();
    let read = peer.loads(Format::Marshal(4), &documents);
    for ((value, bytes), read) in values.into_iter().zip(&documents).zip(read) {
        let kept = describe(&kept(value));
        assert_eq!(read, kept, "{bytes:?}");
        assert_eq!(describe(&from_slice(bytes).unwrap()), kept, "{bytes:?}");
    }
}

#[test]
fn what_python_writes_by_itself_is_the_same_but_for_references() {
    let mut peer = Peer::start();
    let kinds = Kinds { max_set: 1, instances: false, datetimes: false, dates: false, times: false, ..Kinds::ALL };
    let kinds = Kinds { time_deltas: false, decimals: false, uuids: false, ..kinds };
    let values = samples(values(kinds), 500 * factor());
    let unflagged = |bytes: &[u8]| to_vec(&from_slice::<Value>(bytes).unwrap(), &Options::default()).unwrap();
    for (value, theirs) in values.iter().zip(peer.dumps(Format::Marshal(4), &values)) {
        // Only at the top Pyro replaces the one type that marshal writes and Pyro's serializer refuses.
        let Ok(theirs) = theirs else {
            assert_eq!(*value, Value::Ellipsis);
            continue;
        };
        assert_eq!(to_vec(value, &Options::default()).unwrap(), unflagged(&theirs), "{value}");
    }
    // Without sharing and interning not even the flags differ.
    let plain = [Value::from((300, 1.5, -7_000_000_000_i64)), Value::List(vec!["äö".into(), (1_i64 << 40).into()])];
    for (value, theirs) in plain.iter().zip(peer.dumps(Format::Marshal(2), &plain)) {
        let theirs = theirs.unwrap();
        let ours = to_vec(value, &Options::default()).unwrap();
        // Version 2 has no short tuples.
        let ours = if ours[0] == b')' { [b"(", &[ours[1], 0, 0, 0][..], &ours[2..]].concat() } else { ours };
        assert_eq!(ours, theirs, "{value}");
    }
}

#[test]
fn mutated_documents_are_judged_as_python_judges_them() {
    let mut peer = Peer::start();
    let mut rng = Rng(11);
    let (mut accepted, mut refused) = (0, 0);
    for version in [2, 4] {
        let mut documents = peer.generate(Format::Marshal(version), 1000..1000 + 1500 * factor());
        for bytes in &mut documents {
            bytes.truncate(200);
            rng.mutate(bytes);
        }
        // Python itself may crash where something refers to a tuple around it, or with code objects.
        documents.retain(|bytes| read(bytes).is_ok() || !bytes.iter().any(|byte| matches!(byte & 0x7f, b'r' | b'c')));
        for (bytes, theirs) in documents.iter().zip(peer.loads(Format::Marshal(4), &documents)) {
            fuzzing::read(bytes);
            match read(bytes) {
                Ok(value) => {
                    assert_eq!(describe(&value), theirs, "{bytes:?}");
                    accepted += 1;
                }
                Err(error) => {
                    refused += 1;
                    if theirs.starts_with("error") {
                        continue;
                    }
                    use FormatErrorKind::*;
                    assert!(
                        matches!(error.category(), Surrogate | Depth | Size | Unsupported)
                            || error.message().contains("NULL"),
                        "{error}, Python reads {theirs} from {bytes:?}"
                    );
                }
            }
        }
    }
    assert!(accepted > 200 && refused > 200, "{accepted} {refused}");
}

#[test]
fn pyros_serializer_understands_calls_and_we_its_calls() {
    let documents = output(
        r#"
from Pyro5.serializers import serializers
import marshal
serializer = serializers["marshal"]
class Thing:
    def __init__(self):
        self.x = 1
print(serializer.dumpsCall("object", "echo", ["echo", Thing(), b"1"], {"object": "echo"}).hex())
print(serializer.dumps(ValueError("no", 3)).hex())
"#,
    );
    let mut reader = Reader::new(&documents[0], Limits::default()).unwrap();
    reader.open_sequence().unwrap();
    for text in ["object", "echo"] {
        assert!(reader.next_element().unwrap());
        assert_eq!(reader.str().unwrap(), text);
    }
    assert!(reader.next_element().unwrap());
    let (echo, thing, bytes): (&str, Value, &[u8]) = reader.value().unwrap();
    assert_eq!((echo, thing.to_string(), bytes), ("echo", "{'__class__': '__main__.Thing', 'x': 1}".into(), &b"1"[..]));
    assert!(reader.next_element().unwrap());
    reader.open_dict().unwrap();
    assert!(reader.next_entry().unwrap());
    assert_eq!(reader.str().unwrap(), "object");
    assert_eq!(reader.str().unwrap(), "echo");
    assert!(!reader.next_entry().unwrap());
    assert!(!reader.next_element().unwrap());
    reader.end().unwrap();
    let exception: Value = from_slice(&documents[1]).unwrap();
    assert_eq!(exception.as_instance().unwrap().class, "builtins.ValueError");
    assert_eq!(exception.get("args"), Some(&("no", 3).into()));
}
