//! Input that is made to hurt: nothing panics, and time stays linear.

#[allow(dead_code)]
mod corpus;

use std::time::{Duration, Instant};

use firesteel_formats_testkit::{Rng, factor};
use firesteel_serpent::{Limits, Reader, from_slice, fuzzing};
use firesteel_value::Value;
use serde::{Deserialize, de::IgnoredAny};

#[test]
fn whatever_is_read_comes_back_after_writing() {
    let mut rng = Rng(6);
    for text in corpus::TEXTS {
        fuzzing::read(text.as_bytes());
    }
    for text in corpus::long_texts() {
        fuzzing::read(&text);
    }
    for _ in 0..10_000 * factor() {
        let mut text = corpus::text(&mut rng);
        for _ in 0..rng.below(4) {
            text = corpus::mutate(&mut rng, &text);
        }
        let mut bytes = text.into_bytes();
        fuzzing::read(&bytes);
        // And cut anywhere, or with any byte.
        if !bytes.is_empty() {
            let at = rng.below(bytes.len());
            fuzzing::read(&bytes[..at]);
            bytes[at] = rng.next() as u8;
            fuzzing::read(&bytes);
        }
    }
}

#[test]
fn random_bytes_do_no_harm() {
    let mut rng = Rng(7);
    for _ in 0..20_000 * factor() {
        let bytes: Vec<u8> =
            (0..rng.below(40)).map(|_| rng.pick(b"()[]{},:'\"\\\n #0123456789.eEjJ+-_xob rufN\xc3\xa4\0")).collect();
        fuzzing::read(&bytes);
        let _ = from_slice::<(Option<f64>, Vec<u8>, String)>(&bytes);
        let _ = from_slice::<std::collections::BTreeMap<i64, Option<bool>>>(&bytes);
    }
}

#[test]
#[allow(clippy::disallowed_methods)] // It measures real time.
fn time_is_linear() {
    const SIZE: usize = if cfg!(debug_assertions) { 1 << 16 } else { 1 << 20 };
    let deep = |open: &str, inner: &str, close: &str| {
        let levels = 190 / open.len();
        let inner = inner.repeat(SIZE / inner.len());
        format!("{}[{inner}]{}", open.repeat(levels), close.repeat(levels))
    };
    let mut texts = vec![
        deep("(", "(1),", ",)"),
        deep("(", "(1),", ")"),
        deep("([", "(((1,),),),", "],)"),
        deep("[(", "((((1)))),", ")]"),
        deep("(", "{((((1,),),),):1},", ",)"),
        deep("(", "('a'),", ")"),
        format!("{{{}}}", "0:0,".repeat(SIZE / 4)),
        format!("{{{}}}", (0..SIZE / 8).map(|n| format!("{n}:0,")).collect::<String>()),
        format!("{{{}}}", (0..SIZE / 8).map(|n| format!("({n},),")).collect::<String>()),
        format!("{{{}}}", (0..SIZE / 8).map(|n| format!("{}.5,", n % 1000)).collect::<String>()),
        format!("-{}", "1".repeat(SIZE)),
        format!("1.{}", "1".repeat(SIZE)),
        format!("1.{}e5", "1_".repeat(SIZE)),
        format!("0x{}", "f".repeat(SIZE)),
        format!("{}j", "1".repeat(SIZE)),
        format!("'{}", "\\".repeat(SIZE)),
        format!("({}1", " ".repeat(SIZE)),
        format!("[{}]", "1 , ".repeat(SIZE / 4)),
        "1,".repeat(SIZE / 2),
        "(1),".repeat(SIZE / 4),
    ];
    for piece in [
        "(", "[", "{", "((", "([", "({", "{(", "(1,", "[1,", "{1:", "{(1,", "{'a':", "('a',", "-", "- (", "-(", "+1",
        "1+", "'", "\"", "''", "'''", "'a' ", "b'' ", "r'\\' ", "'\\n' ", "#", "#\n", "\n", "\r", "\\\n", " ", "\t",
        "\x0c", "1_", "0_", "0x", "e", "1e", ".", "..", "set", "set(", "set()", "None", "N", "f'", "\\N", ",", "()",
        "(),", "ä",
    ] {
        texts.push(piece.repeat(SIZE / piece.len()));
        texts.push(format!("({}", piece.repeat(SIZE / piece.len())));
        texts.push(format!("[{},1]", piece.repeat(SIZE / piece.len())));
    }
    for text in texts {
        let start = Instant::now();
        let bytes = text.as_bytes();
        let _ = from_slice::<Value>(bytes);
        let _ = from_slice::<IgnoredAny>(bytes);
        let _ = from_slice::<Vec<Option<i64>>>(bytes);
        if let Ok(mut reader) = Reader::new(bytes, Limits::default()) {
            let _ = Value::deserialize(&mut reader);
        }
        let taken = start.elapsed();
        // Optimised or not, a linear reader needs well below a second, a quadratic one minutes.
        assert!(taken < Duration::from_secs(20), "{taken:?} for {:?}...", &text[..text.floor_char_boundary(40)]);
    }
}

#[test]
fn memory_is_a_small_multiple_of_the_text() {
    fn heap(value: &Value) -> usize {
        const SIZE: usize = size_of::<Value>();
        let all = |elements: &Vec<Value>| elements.capacity() * SIZE + elements.iter().map(heap).sum::<usize>();
        match value {
            Value::List(elements) | Value::Tuple(elements) | Value::Set(elements) => all(elements),
            Value::Dict(dict) => {
                let pairs = dict.clone().into_pairs();
                pairs.len() * 2 * SIZE + pairs.iter().map(|(key, value)| heap(key) + heap(value)).sum::<usize>()
            }
            Value::Str(text) => text.capacity(),
            _ => 0,
        }
    }
    for piece in ["0,", "[0],", "(0,),", "{0},", "{0:0},", "[],", "'',", "[[]],", "'a',", "{'a':''},", "[0,0],"] {
        let text = format!("[{}]", piece.repeat(100_000));
        let value: Value = from_slice(text.as_bytes()).unwrap();
        assert!(heap(&value) < 35 * text.len(), "{} times for {piece}", heap(&value) / text.len());
    }
}
