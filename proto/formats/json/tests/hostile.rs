//! Input that is made to hurt: nothing panics, and time stays linear.

mod corpus;

use std::time::{Duration, Instant};

use firesteel_formats_testkit::{Rng, factor};
use firesteel_json::{Call, FormatErrorKind, Limits, Reader, from_slice, fuzzing};
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
    for _ in 0..5_000 * factor() {
        let mut text = corpus::text(&mut rng);
        for _ in 0..rng.below(4) {
            text = corpus::mutate(&mut rng, &text);
        }
        let mut bytes = text.into_bytes();
        fuzzing::read(&bytes);
        // And cut anywhere, or with any bytes.
        fuzzing::read(&bytes[..rng.below(bytes.len() + 1)]);
        rng.mutate(&mut bytes);
        fuzzing::read(&bytes);
    }
}

#[test]
fn random_bytes_do_no_harm() {
    let mut rng = Rng(7);
    for _ in 0..20_000 * factor() {
        let mut bytes: Vec<u8> =
            (0..rng.below(40)).map(|_| rng.pick(b"[]{},:\"\\\n 0123456789.eE+-truefalsnNIi\xc3\xa4\0")).collect();
        fuzzing::read(&bytes);
        bytes.splice(0..0, *b"{\"object\":\"\",\"method\":\"\",\"params\":");
        fuzzing::read(&bytes);
    }
}

#[test]
fn deep_and_long_things_are_refused() {
    use FormatErrorKind::{Depth, NumberRange, Size};
    let refused = |text: &str| {
        let kind = from_slice::<Value>(text.as_bytes()).unwrap_err().category();
        assert_eq!(from_slice::<IgnoredAny>(text.as_bytes()).unwrap_err().category(), kind);
        kind
    };
    for levels in [201, 10_000, 1_000_000] {
        assert_eq!(refused(&format!("{}{}", "[".repeat(levels), "]".repeat(levels))), Depth);
        assert_eq!(refused(&"[".repeat(levels)), Depth);
        assert_eq!(refused(&"{\"a\":".repeat(levels)), Depth);
        assert_eq!(refused(&"[{\"\":".repeat(levels)), Depth);
    }
    assert_eq!(refused(&"7".repeat(100_000)), NumberRange);
    assert_eq!(refused(&format!("[-{}]", "7".repeat(4301))), NumberRange);
    let mut limits = Limits::default();
    limits.max_size = 3;
    assert_eq!(Reader::new(b"[12]", limits).unwrap_err().category(), Size);
    assert_eq!(Call::read(b"[12]", limits).unwrap_err().category(), Size);
    assert!(Reader::new(b"[1]", limits).is_ok());
    limits.max_depth = 0;
    assert!(Reader::new(b"1", limits).unwrap().skip().is_ok());
    assert_eq!(Reader::new(b"[]", limits).unwrap().skip().unwrap_err().category(), Depth);
    assert_eq!(Reader::new(b"[]", limits).unwrap().open_sequence().unwrap_err().category(), Depth);
}

#[test]
#[allow(clippy::disallowed_methods)] // It measures real time.
fn time_is_linear() {
    const SIZE: usize = if cfg!(debug_assertions) { 1 << 16 } else { 1 << 20 };
    let deep = |open: &str, inner: &str, close: &str| {
        format!("{}[{}0]{}", open.repeat(190), inner.repeat(SIZE / inner.len()), close.repeat(190))
    };
    let mut texts = vec![
        deep("[", "[],", "]"),
        deep("[", "1 , ", "]"),
        deep("{\"a\":", "{},", "}"),
        format!("{{{}\"\":0}}", "\"a\":0,".repeat(SIZE / 6)),
        format!("{{{}\"\":0}}", (0..SIZE / 10).map(|n| format!("\"{n}\":0,")).collect::<String>()),
        format!("1.{}", "1".repeat(SIZE)),
        format!("0.{}1e{SIZE}", "0".repeat(SIZE)),
        format!("1e{}", "1".repeat(SIZE)),
        format!("[{}]", "1".repeat(4300) + ",").repeat(SIZE / 4302),
        format!("\"{}", "\\".repeat(SIZE)),
        format!("\"{}\"", "\\n".repeat(SIZE / 2)),
        format!("\"{}\"", "\\ud83d\\ude00".repeat(SIZE / 12)),
        format!("[{}1]", " ".repeat(SIZE)),
        format!("{{\"object\":{}0}}", "1,\"object\":".repeat(SIZE / 11)),
        format!("{{\"params\":{}0}}", "[[]],\"params\":".repeat(SIZE / 14)),
    ];
    for piece in [
        "[", "{", "[[", "[{", "{\"", "{\"a\":", "[1,", "-", "1e", "\"", "\"\"", "\"a\" ", "\\n", "\n", "\t", " ",
        "null", ",", "[]", "[],", "ä", "\x01",
    ] {
        texts.push(piece.repeat(SIZE / piece.len()));
        texts.push(format!("[{}", piece.repeat(SIZE / piece.len())));
        texts.push(format!("[{},1]", piece.repeat(SIZE / piece.len())));
        texts.push(format!("\"{}\"", piece.repeat(SIZE / piece.len())));
    }
    for text in texts {
        let start = Instant::now();
        let bytes = text.as_bytes();
        let _ = from_slice::<Value>(bytes);
        let _ = from_slice::<IgnoredAny>(bytes);
        let _ = from_slice::<Vec<Option<i64>>>(bytes);
        let _ = Call::read(bytes, Limits::default());
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
        match value {
            Value::List(elements) => elements.capacity() * SIZE + elements.iter().map(heap).sum::<usize>(),
            Value::Dict(dict) => {
                dict.len() * 2 * SIZE + dict.iter().map(|(key, value)| heap(key) + heap(value)).sum::<usize>()
            }
            Value::Str(text) => text.capacity(),
            _ => 0,
        }
    }
    for piece in ["0,", "[0],", "{\"\":0},", "[],", "\"\",", "[[]],", "\"a\",", "\"\\n\",", "{\"a\":\"\"},", "[0,0],"] {
        let text = format!("[{}0]", piece.repeat(100_000));
        let value: Value = from_slice(text.as_bytes()).unwrap();
        assert!(heap(&value) < 35 * text.len(), "{} times for {piece}", heap(&value) / text.len());
    }
}
