//! Beside the real Python: what it accepts, what it reads, and what it writes.

mod corpus;

use firesteel_formats_testkit::{Format, Kinds, Peer, Rng, describe, factor, floats, samples, values};
use firesteel_json::{Call, FormatError, FormatErrorKind, Limits, Options, Reader, from_slice, to_vec};
use firesteel_value::{BigInt, Dict, Instance, Value};
use serde::de::IgnoredAny;

/// Reads every text with both, and gives how many are accepted.
fn compare(texts: &[Vec<u8>]) -> usize {
    let mut accepted = 0;
    let mut differences = Vec::new();
    for (text, python) in texts.iter().zip(Peer::start().loads(Format::Json, texts)) {
        let ours = from_slice::<Value>(text);
        let skipped = from_slice::<IgnoredAny>(text).map(drop);
        accepted += usize::from(ours.is_ok());
        let same = match &ours {
            Ok(value) => describe(value) == python,
            Err(error) => is_same_refusal(text, error, &python),
        };
        let category = |error: &FormatError| (error.category(), error.offset());
        if !same || skipped.as_ref().err().map(category) != ours.as_ref().err().map(category) {
            let ours = ours.map(|value| describe(&value));
            let text = String::from_utf8_lossy(text);
            differences.push(format!("{text:?}\n  python {python}\n  ours   {ours:?}\n  skipped {skipped:?}"));
        }
    }
    let shown = differences.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} of {} texts differ:\n{shown}", differences.len(), texts.len());
    accepted
}

/// Whether Python refuses for the same reason.
fn is_same_refusal(text: &[u8], error: &FormatError, python: &str) -> bool {
    use FormatErrorKind::*;
    match error.category() {
        // Python reads on, and complains about the surrogate when it is written, if it still holds it then.
        Surrogate => has_surrogate(text),
        Utf8 => python.starts_with("error UnicodeDecodeError"),
        NumberRange => python.starts_with("error ValueError: Exceeds the limit (4300 digits)"),
        Trailing => python.starts_with("error JSONDecodeError: Extra data"),
        Syntax | UnexpectedEnd => python.starts_with("error JSONDecodeError"),
        _ => false,
    }
}

fn has_surrogate(text: &[u8]) -> bool {
    text.windows(3).any(|window| window.eq_ignore_ascii_case(b"\\ud"))
}

#[test]
fn the_corpus_is_read_as_python_reads_it() {
    let mut texts: Vec<Vec<u8>> = corpus::TEXTS.iter().map(|text| text.as_bytes().to_vec()).collect();
    texts.extend(corpus::long_texts());
    assert!(compare(&texts) > 400);
}

#[test]
fn generated_texts_are_read_as_python_reads_them() {
    let mut rng = Rng(1);
    let texts: Vec<Vec<u8>> = (0..4000 * factor()).map(|_| corpus::text(&mut rng).into_bytes()).collect();
    assert!(compare(&texts) > texts.len() * 9 / 10);
}

#[test]
fn mutated_texts_are_accepted_and_refused_as_in_python() {
    let mut rng = Rng(2);
    let mut texts = Vec::new();
    for _ in 0..8000 * factor() {
        let mut text = if rng.below(3) == 0 { rng.pick(corpus::TEXTS).to_owned() } else { corpus::text(&mut rng) };
        for _ in 0..=rng.below(3) {
            text = corpus::mutate(&mut rng, &text);
        }
        let mut text = text.into_bytes();
        if rng.below(4) == 0 {
            rng.mutate(&mut text);
        }
        texts.push(text);
    }
    let accepted = compare(&texts);
    assert!(accepted > texts.len() / 20 && accepted < texts.len() * 19 / 20, "{accepted} of {}", texts.len());
}

#[test]
fn what_python_writes_is_read_and_written_again() {
    let texts = Peer::start().generate(Format::Json, 0..3000 * factor());
    compare(&texts);
    for text in &texts {
        let value: Value = from_slice(text).unwrap();
        let again = to_vec(&class_where_it_stood(value), &Options::default()).unwrap();
        assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(text));
    }
}

/// Instances are written with their class first; Python's generator puts it last.
fn class_where_it_stood(value: Value) -> Value {
    match value {
        Value::List(elements) => elements.into_iter().map(class_where_it_stood).collect(),
        Value::Dict(dict) => {
            dict.into_iter().map(|(key, value)| (key, class_where_it_stood(value))).collect::<Dict>().into()
        }
        Value::Instance(instance) => {
            let mut pairs = instance.into_dict().into_pairs();
            pairs.rotate_left(1);
            Value::Dict(pairs.into_iter().map(|(key, value)| (key, class_where_it_stood(value))).collect())
        }
        other => other,
    }
}

/// Writes every value with both; gives how many are written.
fn compare_written(values: &[Value]) -> usize {
    let mut written = 0;
    for (value, python) in values.iter().zip(Peer::start().dumps(Format::Json, values)) {
        match (to_vec(value, &Options::default()), python) {
            (Ok(ours), Ok(python)) => {
                written += 1;
                assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&python));
            }
            (Err(ours), Err(python)) => {
                assert!(python.contains(ours.message()), "{value}\n python {python}\n ours {ours}");
                let category = if python.contains("ValueError") {
                    FormatErrorKind::NumberRange
                } else {
                    FormatErrorKind::Unsupported
                };
                assert_eq!(ours.category(), category);
            }
            (ours, python) => panic!("{value}\n python {python:?}\n ours {ours:?}"),
        }
    }
    written
}

#[test]
fn what_is_written_here_is_what_python_writes() {
    let count = 1500 * factor();
    let keys = Kinds { any_keys: true, none_keys: true, big_ints: true, nan: true, instances: true, ..Kinds::PLAIN };
    assert_eq!(compare_written(&samples(values(keys), count)), count);
    let kinds = Kinds {
        tuples: true,
        sets: true,
        max_set: 1,
        datetimes: true,
        dates: true,
        decimals: true,
        uuids: true,
        offsets: true,
        folds: true,
        any_keys: false,
        ..keys
    };
    assert_eq!(compare_written(&samples(values(kinds), count)), count);
    let all = Kinds { bytes: false, byte_arrays: false, max_set: 1, nan: true, ..Kinds::ALL };
    let written = compare_written(&samples(values(all), count));
    assert!(written > count / 4 && written < count * 9 / 10, "{written} of {count}");
}

#[test]
fn what_python_refuses_is_refused_in_its_words() {
    let digits = |count: usize| format!("0x{}", "f".repeat(count)).parse::<BigInt>().unwrap();
    let mut all: Vec<Value> =
        samples(values(Kinds { max_set: 1, bytes: false, byte_arrays: false, ..Kinds::ALL }), 500);
    all.retain(|value| !matches!(value, Value::List(_) | Value::Dict(_)));
    all.extend([digits(4000).into(), digits(3571).into(), digits(3570).into(), Value::Ellipsis, Value::frozenset([])]);
    compare_written(&all);
    // As keys; bytes are refused there as well.
    let mut keys: Vec<Value> = all.into_iter().filter(Value::is_hashable).collect();
    keys.push(firesteel_value::Blob::from(&b"x"[..]).into());
    let dicts: Vec<Value> = keys.into_iter().map(|key| Dict::from_iter([(key, 1)]).into()).collect();
    let written = compare_written(&dicts);
    assert!(written > 10 && written < dicts.len() - 10, "{written} of {}", dicts.len());
}

#[test]
fn bytes_alone_are_written_where_python_refuses_them() {
    for value in [firesteel_value::Blob::from(&b"hi!"[..]).into(), Value::ByteArray(b"hi!".to_vec())] {
        assert!(Peer::start().dumps(Format::Json, [&value])[0].is_err());
        assert_eq!(to_vec(&value, &Options::default()).unwrap(), br#"{"data": "aGkh", "encoding": "base64"}"#);
    }
}

#[test]
fn floats_have_pythons_digits() {
    let mut all = samples(floats(true), 20_000 * factor());
    all.extend((-324..=308).flat_map(|exponent| {
        let float: f64 = format!("1e{exponent}").parse().unwrap();
        [float, -float.next_up(), float.next_down(), float * 1.5]
    }));
    let lists: Vec<Value> = all.chunks(100).map(|floats| floats.iter().copied().collect()).collect();
    assert_eq!(compare_written(&lists), lists.len());
    for list in &lists {
        let again: Value = from_slice(&to_vec(list, &Options::default()).unwrap()).unwrap();
        assert_eq!(describe(&again), describe(list));
    }
}

#[test]
fn calls_in_any_order_are_read_as_python_reads_them() {
    let mut rng = Rng(3);
    let part = |rng: &mut Rng| match rng.below(6) {
        0 => corpus::text(rng),
        1 => "\"text\"".to_owned(),
        2 => "[1, [2]]".to_owned(),
        _ => "{\"a\": [{}]}".to_owned(),
    };
    let keys = ["object", "method", "params", "kwargs", "m\\u0065thod", "other"];
    let texts: Vec<String> = (0..2000 * factor())
        .map(|_| {
            let pairs: Vec<String> = (0..4 + rng.below(6))
                .map(|index| {
                    let key = if index < 4 { keys[(index + rng.below(2)) % 4] } else { rng.pick(&keys) };
                    let value =
                        if key.ends_with('d') || key == "object" { "\"text\"".to_owned() } else { part(&mut rng) };
                    format!("\"{key}\": {value}")
                })
                .collect();
            let text = format!("{{{}}}", pairs.join(", "));
            if rng.below(4) == 0 { corpus::mutate(&mut rng, &text) } else { text }
        })
        .collect();
    let (mut calls, mut refused) = (0, 0);
    for (text, python) in texts.iter().zip(Peer::start().loads(Format::Json, &texts)) {
        let read = |part: Option<Reader<'_>>| part.map(|mut part| part.value::<Value>()).transpose();
        let call = Call::read(text.as_bytes(), Limits::default()).and_then(|call| {
            let (params, kwargs) = (read(call.params)?, read(call.kwargs)?);
            Ok([
                ("object", Some(call.object.as_ref().into())),
                ("method", Some(call.method.as_ref().into())),
                ("params", params),
                ("kwargs", kwargs),
            ])
        });
        let parts = match call {
            Ok(parts) => parts,
            Err(error) if error.category() == FormatErrorKind::Type => continue,
            Err(error) => {
                refused += 1;
                let surrogate = error.category() == FormatErrorKind::Surrogate && has_surrogate(text.as_bytes());
                assert!(surrogate || python.starts_with("error "), "{text}: {error}, {python}");
                continue;
            }
        };
        calls += 1;
        let whole: Value = from_slice(text.as_bytes()).unwrap();
        assert_eq!(describe(&whole), python);
        for (key, part) in parts {
            assert_eq!(part.as_ref().map(describe), whole.get(key).map(describe), "{key} of {text}");
        }
    }
    assert!(
        calls > texts.len() / 4 && refused > texts.len() / 20,
        "{calls} calls, {refused} refused of {}",
        texts.len()
    );
}

#[test]
fn instances_are_dicts_with_a_class() {
    let instance: Value = Instance::new("a.B").with("x", (1, 2)).into();
    assert_eq!(compare_written(std::slice::from_ref(&instance)), 1);
    let again: Value = from_slice(&to_vec(&instance, &Options::default()).unwrap()).unwrap();
    assert_eq!(again.as_instance().unwrap().class, "a.B");
}
