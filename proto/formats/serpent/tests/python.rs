//! Beside the real Python: what it accepts, what it reads, and what it writes.

mod corpus;
mod support;

use firesteel_serpent::{FormatErrorKind, Limits, Options, Reader, from_slice, to_vec};
use firesteel_value::{BigInt, Blob, Complex, Dict, Instance, Value};
use support::{Peer, Rng, describe, factor};

/// Reads every text with both, and gives how many are accepted.
fn compare(texts: &[Vec<u8>]) -> usize {
    let answers = Peer::start().ask_all(b'L', texts);
    let mut accepted = 0;
    let mut differences = Vec::new();
    for (text, answer) in texts.iter().zip(answers) {
        let python = String::from_utf8(answer).unwrap();
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

#[test]
fn what_python_writes_is_read_and_written_again() {
    let mut peer = Peer::start();
    for bytes_repr in [false, true] {
        let mut options = Options::default();
        options.bytes_repr = bytes_repr;
        let seeds: Vec<Vec<u8>> =
            (0..2000 * factor()).map(|seed| format!("{}{seed}", u8::from(bytes_repr)).into_bytes()).collect();
        for (text, seed) in peer.ask_all(b'G', &seeds).iter().zip(&seeds) {
            let value: Value =
                from_slice(text).unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(text)));
            let again = to_vec(&with_bytes(value), &options).unwrap();
            assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(text), "seed {seed:?}");
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

#[test]
fn what_is_written_here_is_what_python_writes() {
    let mut peer = Peer::start();
    let mut rng = Rng(3);
    for bytes_repr in [false, true] {
        let mut options = Options::default();
        options.bytes_repr = bytes_repr;
        let values: Vec<Value> = (0..2000 * factor()).map(|_| random_value(&mut rng, 4, bytes_repr)).collect();
        let questions: Vec<Vec<u8>> =
            values.iter().map(|value| format!("{}{}", u8::from(bytes_repr), describe(value)).into_bytes()).collect();
        for (value, python) in values.iter().zip(peer.ask_all(b'D', &questions)) {
            let ours = to_vec(value, &options).unwrap();
            assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&python));
        }
    }
}

#[test]
fn display_is_pythons_repr() {
    let mut rng = Rng(4);
    let values: Vec<Value> = (0..3000 * factor()).map(|_| random_value(&mut rng, 3, true)).collect();
    let questions: Vec<Vec<u8>> = values.iter().map(|value| describe(value).into_bytes()).collect();
    for (value, python) in values.iter().zip(Peer::start().ask_all(b'R', &questions)) {
        assert_eq!(value.to_string(), String::from_utf8_lossy(&python));
    }
}

#[test]
fn every_character_has_pythons_repr() {
    let strings: Vec<String> = (0..=0x10_ffff_u32)
        .filter_map(char::from_u32)
        .collect::<Vec<_>>()
        .chunks(500)
        .map(|chars| chars.iter().collect())
        .collect();
    let questions: Vec<Vec<u8>> = strings.iter().map(|text| describe(&text.as_str().into()).into_bytes()).collect();
    for (text, python) in strings.into_iter().zip(Peer::start().ask_all(b'R', &questions)) {
        assert_eq!(Value::Str(text).to_string(), String::from_utf8_lossy(&python));
    }
}

#[test]
fn floats_have_pythons_digits() {
    let mut rng = Rng(5);
    let mut floats: Vec<f64> = (0..20_000 * factor()).map(|_| random_float(&mut rng)).collect();
    floats.extend((-324..=308).flat_map(|exponent| {
        let float: f64 = format!("1e{exponent}").parse().unwrap();
        [float, -float.next_up(), float.next_down(), float * 1.5]
    }));
    let lists: Vec<Value> = floats.chunks(100).map(|floats| floats.iter().copied().collect()).collect();
    let questions: Vec<Vec<u8>> = lists.iter().map(|list| format!("0{}", describe(list)).into_bytes()).collect();
    for (list, python) in lists.iter().zip(Peer::start().ask_all(b'D', &questions)) {
        assert_eq!(to_vec(list, &Options::default()).unwrap(), python);
        let again: Value = from_slice(&python).unwrap();
        assert_eq!(describe(&again), describe(list));
    }
}

fn random_float(rng: &mut Rng) -> f64 {
    match rng.below(6) {
        0 => rng.pick(&[0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 5e-324, 1e16, 1e-5, 1e22, f64::MAX]),
        1 | 2 => f64::from_bits(rng.next()),
        3 => (rng.next() as i32 as f64) / 10_f64.powi(rng.below(12) as i32),
        4 => rng.next() as f64 * 10_f64.powi(rng.below(60) as i32 - 40),
        _ => rng.below(100_000) as f64,
    }
}

fn random_text(rng: &mut Rng) -> String {
    const CHARS: &[char] = &[
        'a',
        'b',
        'z',
        '0',
        ' ',
        '\'',
        '"',
        '\\',
        '\n',
        '\r',
        '\t',
        '\0',
        '\x7f',
        '\u{80}',
        '\u{a0}',
        '\u{ad}',
        'ä',
        '\u{378}',
        '€',
        '\u{2028}',
        '\u{feff}',
        '\u{e000}',
        '😀',
        '\u{e0001}',
        '\u{10ffff}',
    ];
    (0..rng.below(20)).map(|_| if rng.below(3) > 0 { 'x' } else { rng.pick(CHARS) }).collect()
}

fn random_key(rng: &mut Rng, depth: usize) -> Value {
    match rng.below(6) {
        0 => (rng.next() as i64 >> rng.below(64)).into(),
        1 => Some(random_float(rng)).filter(|float| !float.is_nan()).unwrap_or(0.5).into(),
        2 => (rng.below(2) == 0).into(),
        3 if depth > 0 => Value::Tuple((0..rng.below(3)).map(|_| random_key(rng, depth - 1)).collect()),
        _ => random_text(rng).into(),
    }
}

fn random_value(rng: &mut Rng, depth: usize, byte_keys: bool) -> Value {
    let kinds = if depth == 0 { 8 } else { 13 };
    match rng.below(kinds) {
        0 => rng.pick(&[None, Some(true), Some(false)]).into(),
        1 => (rng.next() as i64 >> rng.below(64)).into(),
        2 => {
            let digits: String = (0..=rng.below(60)).map(|_| char::from(b'1' + rng.below(9) as u8)).collect();
            format!("{}{digits}", rng.pick(&["", "-"])).parse::<BigInt>().unwrap().into()
        }
        3 => random_float(rng).into(),
        4 => Complex::new(random_float(rng), random_float(rng)).into(),
        5 => {
            let bytes: Vec<u8> = (0..rng.below(30)).map(|_| rng.next() as u8).collect();
            if rng.below(4) == 0 { Value::ByteArray(bytes) } else { Blob::from(bytes).into() }
        }
        6 | 7 => random_text(rng).into(),
        8 => Value::Tuple((0..rng.below(4)).map(|_| random_value(rng, depth - 1, byte_keys)).collect()),
        9 | 10 => Value::List((0..rng.below(6)).map(|_| random_value(rng, depth - 1, byte_keys)).collect()),
        // One element: Python orders the others by their hashes.
        11 => {
            let element =
                if byte_keys && rng.below(4) == 0 { Blob::from(&b"k'"[..]).into() } else { random_key(rng, 2) };
            let elements = (0..rng.below(2)).map(|_| element.clone()).collect();
            if rng.below(2) == 0 { Value::Set(elements) } else { Value::FrozenSet(elements) }
        }
        _ => {
            let pairs = (0..rng.below(6)).map(|_| (random_key(rng, 2), random_value(rng, depth - 1, byte_keys)));
            let dict: Dict = pairs.collect();
            if rng.below(5) == 0 { Instance { class: random_text(rng), fields: dict }.into() } else { dict.into() }
        }
    }
}
