//! Beside Pyro's serializer itself.

use firesteel_formats_testkit::{Format, Kinds, Peer, Rng, describe, factor, samples, values};
use firesteel_msgpack::{Options, from_slice, to_vec};
use firesteel_value::Value;

/// What msgpack can carry, except that datetimes of distant years lose microseconds.
const KINDS: Kinds = Kinds {
    ellipsis: false,
    frozen_sets: false,
    times: false,
    time_deltas: false,
    offsets: false,
    // One element has no order.
    max_set: 1,
    ..Kinds::ALL
};

/// Python looks a day around a datetime for changes of the clock, and fails at both ends of the calendar.
fn is_at_the_end_of_time(refusal: &str) -> bool {
    refusal.contains("is out of range") && refusal.contains("year")
}

#[test]
fn bytes_are_those_of_python() {
    let mut values = samples(values(KINDS), 2000 * factor());
    for count in [0, 1, 15, 16, 17, 255, 256, 65_535, 65_536] {
        values.push("x".repeat(count).into());
        values.push(firesteel_value::Blob::from(vec![7; count]).into());
        values.push(Value::List(vec![Value::None; count]));
        values.push(Value::Dict((0..count as i64).map(|key| (key, 0)).collect()));
    }
    for bit in 0..64 {
        for number in [1_i128 << bit, (1 << bit) - 1, (1 << bit) + 1] {
            values.extend([Value::from(number), Value::from(-number)]);
        }
    }
    values.push(f64::NAN.into());
    let mut same = 0;
    for (value, python) in values.iter().zip(Peer::start().dumps(Format::Msgpack, &values)) {
        match python {
            Ok(python) => {
                assert_eq!(to_vec(value, &Options::default()).unwrap(), python, "{value}");
                same += 1;
            }
            Err(refusal) => assert!(is_at_the_end_of_time(&refusal), "{value}: {refusal}"),
        }
    }
    assert!(same > values.len() * 9 / 10);
}

#[test]
fn what_python_refuses_is_refused_in_its_words() {
    // The order in which elements of sets are written decides which of them is refused.
    let values = samples(values(Kinds { max_set: 1, ..Kinds::ALL }), 2000 * factor());
    let (mut written, mut refused) = (0, 0);
    for (value, python) in values.iter().zip(Peer::start().dumps(Format::Msgpack, &values)) {
        match (to_vec(value, &Options::default()), python) {
            (Ok(bytes), Ok(python)) => {
                assert_eq!(bytes, python, "{value}");
                written += 1;
            }
            (Err(error), Err(refusal)) => {
                let same = refusal.ends_with(error.message());
                assert!(same || is_at_the_end_of_time(&refusal), "{value}:\n{error}\n{refusal}");
                refused += 1;
            }
            (Ok(_), Err(refusal)) => assert!(is_at_the_end_of_time(&refusal), "{value}: {refusal}"),
            (Err(error), Ok(_)) => panic!("{value}: only ours says {error}"),
        }
    }
    assert!(written > 200 && refused > 200, "{written}, {refused}");
}

#[test]
fn python_reads_what_is_written() {
    let values = samples(values(Kinds { any_keys: false, nan: true, ..KINDS }), 1000 * factor());
    let bytes: Vec<Vec<u8>> = values.iter().map(|value| to_vec(value, &Options::default()).unwrap()).collect();
    for (bytes, python) in bytes.iter().zip(Peer::start().loads(Format::Msgpack, &bytes)) {
        let read: Value = from_slice(bytes).unwrap();
        assert!(describe(&read) == python || is_at_the_end_of_time(&python), "{read}: {python}");
    }
}

#[test]
fn what_python_writes_is_read() {
    let mut peer = Peer::start();
    let bytes = peer.generate(Format::Msgpack, 0..1000 * factor());
    for (bytes, python) in bytes.iter().zip(peer.loads(Format::Msgpack, &bytes)) {
        let value: Value = from_slice(bytes).unwrap();
        assert_eq!(describe(&value), python);
        // The class of an instance is written first.
        if !bytes.windows(9).any(|part| part == b"__class__") {
            assert_eq!(&to_vec(&value, &Options::default()).unwrap(), bytes);
        }
    }
}

#[test]
fn damaged_bytes_are_read_or_refused_as_in_python() {
    let mut peer = Peer::start();
    let mut bytes = peer.generate(Format::Msgpack, 0..1500 * factor());
    for value in samples(values(KINDS), 1500 * factor()) {
        bytes.push(to_vec(&value, &Options::default()).unwrap());
    }
    let mut rng = Rng(1);
    bytes.iter_mut().for_each(|bytes| rng.mutate(bytes));
    let (mut read, mut refused) = (0, 0);
    for (bytes, python) in bytes.iter().zip(peer.loads(Format::Msgpack, &bytes)) {
        // Here more is read: any keys, and timestamps of msgpack as datetimes.
        if python.contains("is not allowed for map key") || python.contains("no description for") {
            continue;
        }
        match from_slice::<Value>(bytes) {
            Ok(value) if is_at_the_end_of_time(&python) => drop(value),
            Ok(value) => {
                assert_eq!(describe(&value), python, "{bytes:x?}");
                read += 1;
            }
            Err(error) => {
                assert!(python.starts_with("error"), "{bytes:x?}\n{error}\n{python}");
                refused += 1;
            }
        }
    }
    assert!(read > 100 && refused > 500, "{read}, {refused}");
}
