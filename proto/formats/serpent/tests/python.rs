//! Beside the real Python: what it accepts, what it reads, and what it writes.

mod corpus;

use std::fmt::Debug;

use firesteel_formats_testkit::{
    Format, Kinds, Peer, Rng, dates, datetimes, decimals, describe, factor, floats, samples, time_deltas, times, uuids,
    values,
};
use firesteel_serpent::{FormatErrorKind, Limits, Options, Reader, from_slice, to_vec};
use firesteel_value::{Dict, Value};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

/// Reads every text with both, and gives how many are accepted.
fn compare(texts: &[Vec<u8>]) -> usize {
    let answers = Peer::start().loads(Format::Serpent, texts);
    let mut accepted = 0;
    let mut differences = Vec::new();
    for (text, python) in texts.iter().zip(answers) {
        let ours = from_slice::<Value>(text);
        let skipped =
            Reader::new(text, Limits::default()).and_then(|mut reader| reader.skip().and_then(|()| reader.end()));
        let same = match &ours {
            Ok(value) => {
                accepted += 1;
                describe(value) == python
            }
            Err(error) => python.starts_with("error") || is_documented(text, error.category()),
        };
        // A tuple without parentheses can be read, but the cursor skips only its first element.
        let skip_agrees = skipped.is_ok() == ours.is_ok() || (ours.is_ok() && matches!(ours, Ok(Value::Tuple(_))));
        if !same || !skip_agrees {
            let ours = ours.map(|value| describe(&value));
            differences.push(format!(
                "{:?}\n  python {python}\n  ours   {ours:?}\n  skipped {skipped:?}",
                String::from_utf8_lossy(text)
            ));
        }
    }
    let shown = differences.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} of {} texts differ:\n{shown}", differences.len(), texts.len());
    accepted
}

/// The differences that the crate documents.
fn is_documented(text: &[u8], category: FormatErrorKind) -> bool {
    let text = String::from_utf8_lossy(text);
    match category {
        FormatErrorKind::Unsupported => text.contains("\\N"),
        FormatErrorKind::Surrogate => true,
        FormatErrorKind::Syntax => text.replace([' ', '\n'], "").contains("(set)"),
        _ => false,
    }
}

#[test]
fn the_corpus_is_read_as_python_reads_it() {
    let mut texts: Vec<Vec<u8>> = corpus::TEXTS.iter().map(|text| text.as_bytes().to_vec()).collect();
    texts.extend(corpus::long_texts());
    compare(&texts);
}

#[test]
fn generated_texts_are_read_as_python_reads_them() {
    let mut rng = Rng(1);
    let texts: Vec<Vec<u8>> = (0..4000 * factor()).map(|_| corpus::text(&mut rng).into_bytes()).collect();
    // Numbers with leading zeros and the like are refused, but the comparison is about values.
    let accepted = compare(&texts);
    assert!(accepted > texts.len() / 2, "only {accepted} of {} are literals", texts.len());
}

#[test]
fn mutated_texts_are_accepted_and_refused_as_in_python() {
    let mut rng = Rng(2);
    let mut texts = Vec::new();
    for _ in 0..6000 * factor() {
        let mut text = if rng.below(3) == 0 { rng.pick(corpus::TEXTS).to_owned() } else { corpus::text(&mut rng) };
        for _ in 0..=rng.below(3) {
            text = corpus::mutate(&mut rng, &text);
        }
        texts.push(text.into_bytes());
    }
    compare(&texts);
}

const FORMATS: [Format; 2] = [Format::Serpent, Format::SerpentBytesRepr];

fn options(format: Format) -> Options {
    let mut options = Options::default();
    options.bytes_repr = format == Format::SerpentBytesRepr;
    options
}

#[test]
fn what_python_writes_is_read_and_written_again() {
    let mut peer = Peer::start();
    for format in FORMATS {
        let texts = peer.generate(format, 0..2000 * factor());
        for (seed, text) in texts.iter().enumerate() {
            let value: Value =
                from_slice(text).unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(text)));
            let again = to_vec(&with_bytes(value), &options(format)).unwrap();
            assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(text), "seed {seed}");
        }
    }
}

/// Turns serpent's dicts for bytes back into bytes.
fn with_bytes(value: Value) -> Value {
    if let Some(bytes) = value.bytes() {
        return bytes.into();
    }
    let all = |elements: Vec<Value>| elements.into_iter().map(with_bytes).collect();
    match value {
        Value::List(elements) => Value::List(all(elements)),
        Value::Tuple(elements) => Value::Tuple(all(elements)),
        Value::Dict(dict) => dict.into_iter().map(|(key, value)| (key, with_bytes(value))).collect::<Dict>().into(),
        // Python writes the class where it stands.
        Value::Instance(instance) => {
            let mut pairs = instance.into_dict().into_pairs();
            pairs.rotate_left(1);
            Value::Dict(pairs.into_iter().map(|(key, value)| (key, with_bytes(value))).collect())
        }
        other => other,
    }
}

/// Python writes more than one element of a set in the order of their hashes.
const KINDS: Kinds = Kinds { nan: true, max_set: 1, ..Kinds::ALL };

#[test]
fn what_is_written_here_is_what_python_writes() {
    let mut peer = Peer::start();
    let values = samples(values(KINDS), 1500 * factor());
    for format in FORMATS {
        let mut written = 0;
        for (value, python) in values.iter().zip(peer.dumps(format, &values)) {
            match (to_vec(value, &options(format)), python) {
                (Ok(ours), Ok(python)) => {
                    written += 1;
                    assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&python));
                }
                // What nobody could read back.
                (Err(error), _) if error.message().contains("cannot be a key") => {}
                (Err(ours), Err(python)) => {
                    assert_eq!(ours.category() == FormatErrorKind::Unhashable, python.contains("hashable"), "{value}");
                }
                (ours, python) => panic!("{value}: {ours:?}, but Python: {python:?}"),
            }
        }
        assert!(written > values.len() / 2, "only {written} values could be written");
    }
}

#[test]
fn dates_decimals_and_uuids_come_back_where_they_are_asked_for() {
    fn check<T: Serialize + DeserializeOwned + Clone + Debug + Into<Value>>(strategy: BoxedStrategy<T>) {
        let typed = samples(strategy, 300 * factor());
        let values: Vec<Value> = typed.iter().cloned().map(Into::into).collect();
        for ((typed, value), python) in typed.iter().zip(&values).zip(Peer::start().dumps(Format::Serpent, &values)) {
            let python = python.unwrap();
            assert_eq!(to_vec(typed, &Options::default()).unwrap(), python);
            assert_eq!(describe(&from_slice::<T>(&python).unwrap().into()), describe(value));
        }
    }

    check(datetimes(Kinds { folds: false, ..KINDS }));
    check(dates());
    check(times(Kinds { folds: false, ..KINDS }));
    check(decimals(true));
    check(uuids());
    // A float has all microseconds of a few centuries.
    check(time_deltas().prop_filter("short", |delta| delta.days().abs() < 100_000).boxed());
}

#[test]
fn every_character_has_pythons_repr() {
    let strings: Vec<String> = (0..=0x10_ffff_u32)
        .filter_map(char::from_u32)
        .collect::<Vec<_>>()
        .chunks(500)
        .map(|chars| chars.iter().collect())
        .collect();
    let strings: Vec<Value> = strings.into_iter().map(Value::Str).collect();
    for (text, python) in strings.iter().zip(Peer::start().reprs(&strings)) {
        assert_eq!(text.to_string(), python);
    }
}

#[test]
fn floats_have_pythons_digits() {
    let mut floats = samples(floats(true), 20_000 * factor());
    floats.extend((-324..=308).flat_map(|exponent| {
        let float: f64 = format!("1e{exponent}").parse().unwrap();
        [float, -float.next_up(), float.next_down(), float * 1.5]
    }));
    let lists: Vec<Value> = floats.chunks(100).map(|floats| floats.iter().copied().collect()).collect();
    for (list, python) in lists.iter().zip(Peer::start().dumps(Format::Serpent, &lists)) {
        let python = python.unwrap();
        assert_eq!(to_vec(list, &Options::default()).unwrap(), python);
        let again: Value = from_slice(&python).unwrap();
        assert_eq!(describe(&again), describe(list));
    }
}
