//! Input that is made to hurt: nothing panics, and time and memory stay in proportion.

use std::time::{Duration, Instant};

use firesteel_formats_testkit::{Rng, factor, record_value};
use firesteel_marshal::{FormatErrorKind, Limits, Options, Reader, from_slice, from_slice_with, fuzzing, to_vec};
use firesteel_value::{BigInt, Value};
use serde::de::IgnoredAny;

fn refused(bytes: &[u8]) -> FormatErrorKind {
    let error = from_slice::<Value>(bytes).expect_err("it is refused");
    assert!(error.offset().is_some(), "{error}");
    fuzzing::read(bytes);
    error.category()
}

fn list(elements: &[&[u8]]) -> Vec<u8> {
    [b"[", &(elements.len() as u32).to_le_bytes()[..], &elements.concat()].concat()
}

fn reference(index: u32) -> Vec<u8> {
    [b"r", &index.to_le_bytes()[..]].concat()
}

#[test]
fn lengths_are_not_believed() {
    use FormatErrorKind::*;
    for code in b"[(<>suatAl" {
        assert_eq!(refused(&[*code, 0xff, 0xff, 0xff, 0x7f, b'N']), UnexpectedEnd);
        assert_eq!(refused(&[*code, 0, 0, 0, 0x40, b'N']), UnexpectedEnd);
        assert_eq!(refused(&[*code, 0, 0, 0, 0x80, b'N']), Syntax);
        if *code != b'l' {
            assert_eq!(refused(&[*code, 0xff, 0xff, 0xff, 0xff, b'N']), Syntax);
        }
        for some in 0..4 {
            assert_eq!(refused(&[*code, 0, 0, 0, 0][..=some]), UnexpectedEnd);
        }
    }
    assert_eq!(refused(b"l\xff\xff\xff\xff"), UnexpectedEnd);
    assert_eq!(refused(b")\xffN"), UnexpectedEnd);
    assert_eq!(refused(b"z\xffN"), UnexpectedEnd);
    assert_eq!(refused(b""), UnexpectedEnd);
}

#[test]
fn what_is_no_value_is_refused_by_name() {
    use FormatErrorKind::*;
    for (bytes, kind, words) in [
        (&b"0"[..], Syntax, "NULL"),
        (b"[\x01\0\0\x000", Syntax, "NULL"),
        (b"{z\x01a0", Syntax, "NULL"),
        (b"S", Unsupported, "StopIteration"),
        (b"c\0\0\0\0", Unsupported, "code objects"),
        (b"\xe3\0\0\0\0", Unsupported, "code objects"),
        (b":NNN", Unsupported, "slices"),
        (b"?", Syntax, "unknown type code '?'"),
        (b"\x80", Syntax, "unknown type code"),
        (b"l\x01\0\0\0\0\0", Syntax, "zero digit"),
        (b"l\x02\0\0\0\x01\0\0\0", Syntax, "zero digit"),
        (b"l\x01\0\0\0\0\x80", Syntax, "digit"),
        (b"u\x04\0\0\0a\xed\xa0\x80", Surrogate, "surrogate"),
        (b"u\x06\0\0\0\xed\xa0\x80\xed\xb0\x80", Surrogate, "surrogate"),
        (b"u\x03\0\0\0\xed\xa0A", Utf8, "utf-8"),
        (b"t\x01\0\0\0\xff", Utf8, "utf-8"),
        (b"f\0", Syntax, "float"),
        (b"f\x041_00", Syntax, "float"),
        (b"f\x02 1", Syntax, "float"),
        (b"x\x011\x01\xff", Syntax, "float"),
        (b"<\x01\0\0\0[\0\0\0\0", Unhashable, "list"),
        (b">\x01\0\0\0)\x01{0", Unhashable, "dict"),
        (b"{<\0\0\0\0N0", Unhashable, "set"),
        (b"{)\x01)\x01[\0\0\0\0N0", Unhashable, "list"),
        (b"[\x02\0\0\0\xdb\0\0\0\0{r\0\0\0\0N0", Unhashable, "list"),
        (b"NN", Trailing, "follows"),
    ] {
        assert_eq!(refused(bytes), kind, "{bytes:?}");
        let error = from_slice::<Value>(bytes).unwrap_err();
        assert!(error.message().contains(words), "{error}");
    }
    assert_eq!(from_slice::<Value>(b"[\x01\0\0\0u\x04\0\0\0a\xed\xa0\x80").unwrap_err().offset(), Some(11));
    assert_eq!(from_slice::<Value>(b"{>\x01\0\0\0)\0N0").unwrap().to_string(), "{frozenset({()}): None}");
}

#[test]
fn references_lead_only_to_what_is_complete() {
    use FormatErrorKind::*;
    for (bytes, kind) in [
        (&b"r\0\0\0\0"[..], Syntax),
        (b"[\x01\0\0\0r\0\0\0\0", Syntax),
        (b"[\x02\0\0\0\xe9\0\0\0\0r\x01\0\0\0", Syntax),
        (b"[\x02\0\0\0\xe9\0\0\0\0r\xff\xff\xff\xff", Syntax),
        (b"[\x02\0\0\0\xcer\0\0\0\0", Syntax),
        (b"\xdb\x01\0\0\0r\0\0\0\0", Unsupported),
        (b"\xa9\x01r\0\0\0\0", Unsupported),
        (b"\xfbr\0\0\0\0N0", Unsupported),
        (b"\xfbNr\0\0\0\x000", Unsupported),
        (b"\xbe\x01\0\0\0r\0\0\0\0", Unsupported),
        (b"[\x02\0\0\0\xdb\x01\0\0\0\xdb\x01\0\0\0r\0\0\0\0N", Unsupported),
        (b"[\x02\0\0\0\xe9\0\0\0\0R\0\0\0\0", Syntax),
        (b"r\0\0\0", UnexpectedEnd),
    ] {
        assert_eq!(refused(bytes), kind, "{bytes:?}");
        // It is noticed also where nothing is kept.
        assert_eq!(from_slice::<IgnoredAny>(bytes).unwrap_err().category(), kind, "{bytes:?}");
        let mut reader = Reader::new(bytes, Limits::default()).unwrap();
        assert_eq!(reader.skip().unwrap_err().category(), kind, "{bytes:?}");
    }
}

#[test]
fn python_2_refers_to_interned_strings() {
    // marshal.dumps([u'x', intern('a'), intern('b'), intern('a'), intern('b'), 'b']) in Python 2.7
    let bytes = b"[\x06\0\0\0u\x01\0\0\0xt\x01\0\0\0at\x01\0\0\0bR\0\0\0\0R\x01\0\0\0s\x01\0\0\0b";
    assert_eq!(from_slice::<Value>(bytes).unwrap().to_string(), "['x', 'a', 'b', 'a', 'b', b'b']");
    fuzzing::read(bytes);
    let mut reader = Reader::new(bytes, Limits::default()).unwrap();
    reader.open_sequence().unwrap();
    for text in ["x", "a", "b", "a", "b"] {
        assert!(reader.next_element().unwrap());
        assert_eq!(reader.str().unwrap(), text);
    }
}

#[test]
fn nesting_has_a_limit() {
    for (open, close) in [
        (&b"[\x01\0\0\0"[..], &b""[..]),
        (b")\x01", b""),
        (b"(\x01\0\0\0", b""),
        (b">\x01\0\0\0", b""),
        (b"{N", b"0"),
        (b"\xdb\x01\0\0\0", b""),
        (b"{z\x01k[\x01\0\0\0", b"0"),
    ] {
        for depth in [201, 10_000, 1_000_000] {
            assert_eq!(
                refused(&[open.repeat(depth), b"N".to_vec(), close.repeat(depth)].concat()),
                FormatErrorKind::Depth
            );
        }
    }
    let nested = |depth| [b")\x01".repeat(depth), b"N".to_vec()].concat();
    let limits = |depth| {
        let mut limits = Limits::default();
        limits.max_depth = depth;
        limits
    };
    assert!(from_slice::<Value>(&nested(200)).is_ok());
    assert!(from_slice_with::<Value>(&nested(5), limits(5)).is_ok());
    assert!(from_slice_with::<Value>(&nested(6), limits(5)).is_err());
    // A reference counts as what it stands for.
    let deep = |depth| list(&[&[b"\xa9\x01", &nested(depth)[..]].concat(), b")\x01", &reference(0)]);
    let deep = |depth| [&b")\x02"[..], &deep(depth)[5..]].concat();
    assert!(from_slice_with::<Value>(&deep(3), limits(6)).is_ok());
    assert_eq!(from_slice_with::<Value>(&deep(3), limits(5)).unwrap_err().category(), FormatErrorKind::Depth);
    // And writing has it, too.
    let mut value = Value::None;
    for _ in 0..200 {
        value = Value::List(vec![value]);
    }
    assert!(to_vec(&value, &Options::default()).is_ok());
    let mut out = b"before".to_vec();
    let error = firesteel_marshal::append(&mut out, &(1, [value]), &Options::default()).unwrap_err();
    assert_eq!((error.category(), &out[..]), (FormatErrorKind::Depth, &b"before"[..]));
}

/// Each list holds the one before it many times.
fn laughs(levels: u32, times: usize) -> Vec<u8> {
    let mut lists = vec![b"\xda\x03lol".to_vec()];
    for level in 0..levels {
        let mut flagged = list(&vec![&reference(level)[..]; times]);
        flagged[0] |= 0x80;
        lists.push(flagged);
    }
    list(&lists.iter().map(|list| &list[..]).collect::<Vec<_>>())
}

#[test]
#[allow(clippy::disallowed_methods)] // It measures real time.
fn references_do_not_explode() {
    assert_eq!(
        from_slice::<Value>(&laughs(3, 4)).unwrap().as_list().unwrap()[3].to_string().matches("lol").count(),
        64
    );
    let start = Instant::now();
    for bytes in [laughs(20, 10), laughs(100, 100), laughs(10_000, 2), laughs(100, 2)] {
        assert!(matches!(refused(&bytes), FormatErrorKind::Size | FormatErrorKind::Depth));
        assert!(from_slice::<IgnoredAny>(&bytes).is_ok());
    }
    // Shared within reason: a hundred times the same text, and rows of the same numbers.
    let word = [b"\xf5\x40\x42\x0f\0", &b"x".repeat(1_000_000)[..]].concat();
    let back = reference(0);
    let shared: Vec<&[u8]> = std::iter::once(&word[..]).chain(std::iter::repeat_n(&back[..], 50)).collect();
    assert_eq!(from_slice::<Vec<&str>>(&list(&shared)).unwrap().len(), 51);
    let row = laughs(1, 100);
    let row = &row[5 + 5..];
    let back = reference(1);
    let rows: Vec<&[u8]> = [b"\xda\x03lol", row].into_iter().chain(std::iter::repeat_n(&back[..], 100)).collect();
    assert_eq!(from_slice::<Value>(&list(&rows)).unwrap().as_list().unwrap().len(), 102);
    // Many references to large things, of which only some are let through.
    let many: Vec<&[u8]> = std::iter::once(&word[..]).chain(std::iter::repeat_n(&back[..], 100_000)).collect();
    assert_eq!(refused(&list(&many)), FormatErrorKind::Syntax);
    let back = reference(0);
    let many: Vec<&[u8]> = std::iter::once(&word[..]).chain(std::iter::repeat_n(&back[..], 100_000)).collect();
    assert_eq!(refused(&list(&many)), FormatErrorKind::Size);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
#[allow(clippy::disallowed_methods)] // It measures real time.
fn time_is_linear() {
    const SIZE: usize = if cfg!(debug_assertions) { 1 << 16 } else { 1 << 20 };
    let repeated = |piece: &[u8]| list(&vec![piece; SIZE / piece.len()]);
    let mut documents: Vec<Vec<u8>> = [
        &b"N"[..],
        b"\xa9\0",
        b"{0",
        b"{NN0",
        b"{NNTT0",
        b"<\0\0\0\0",
        b"<\x01\0\0\0N",
        b"{N{N{N{NN0000",
        b"z\x01a",
        b"l\x05\0\0\0\0\0\0\0\0\0\0\0\x01\0",
        b"i\0\0\0\0",
        b"\xe9\0\0\0\0r\0\0\0\0",
        b"f\x011",
        b"u\x02\0\0\0\xc3\xa4",
    ]
    .map(repeated)
    .to_vec();
    let ints = |code: u8| {
        let ints: Vec<u8> = (0..SIZE as u32 / 5).flat_map(|n| [&b"i"[..], &n.to_le_bytes()].concat()).collect();
        [&[code][..], &(SIZE as u32 / 5).to_le_bytes(), &ints].concat()
    };
    documents.extend([ints(b'<'), ints(b'>'), ints(b'(')]);
    documents.push(
        [
            &b"{"[..],
            &(0..SIZE as u32 / 6).flat_map(|n| [b"i", &n.to_le_bytes()[..], b"N"].concat()).collect::<Vec<u8>>(),
            b"0",
        ]
        .concat(),
    );
    documents.push([&b"l"[..], &(SIZE as u32 / 2).to_le_bytes(), &b"\x01\0".repeat(SIZE / 2)].concat());
    documents.push([&b"{"[..], &b"z\x01a{".repeat(199), &b"z\x01aN".repeat(SIZE / 4), &b"0".repeat(200)].concat());
    for bytes in documents {
        let start = Instant::now();
        let _ = from_slice::<Value>(&bytes);
        let _ = from_slice::<IgnoredAny>(&bytes);
        let _ = from_slice::<Vec<Option<i64>>>(&bytes);
        let _ = from_slice::<Vec<std::collections::HashMap<String, i64>>>(&bytes);
        let taken = start.elapsed();
        // Optimised or not, a linear reader needs well below a second, a quadratic one minutes.
        assert!(taken < Duration::from_secs(20), "{taken:?} for {:?}...", &bytes[..40.min(bytes.len())]);
    }
}

#[test]
fn integers_of_any_size_come_back() {
    for digits in [1, 100, 4300, 10_000, 100_000] {
        let number = BigInt::from_magnitude_le(digits % 2 == 0, &vec![0x9c; digits * 415 / 1000 + 1]);
        let value = Value::from(number.clone());
        let bytes = to_vec(&value, &Options::default()).unwrap();
        assert_eq!(from_slice::<Value>(&bytes).unwrap(), value);
        assert_eq!(from_slice::<BigInt>(&bytes).unwrap(), number);
    }
}

#[test]
fn memory_is_a_small_multiple_of_the_bytes() {
    fn heap(value: &Value) -> usize {
        const SIZE: usize = size_of::<Value>();
        let all = |elements: &Vec<Value>| elements.capacity() * SIZE + elements.iter().map(heap).sum::<usize>();
        match value {
            Value::List(elements) | Value::Tuple(elements) | Value::Set(elements) => all(elements),
            Value::Dict(dict) => {
                let pairs = dict.clone().into_pairs();
                // What a dict has in reserve cannot be seen from here; this is how vectors grow.
                let room = if pairs.len() < 2 { pairs.len() } else { pairs.len().next_power_of_two().max(4) };
                room * 2 * SIZE + pairs.iter().map(|(key, value)| heap(key) + heap(value)).sum::<usize>()
            }
            Value::Str(text) => text.capacity(),
            _ => 0,
        }
    }
    for piece in [
        &b"N"[..],
        b")\0",
        b")\x01N",
        b")\x02NN",
        b"{0",
        b"{NN0",
        b"{NNTN0",
        b"{NNTNFN0",
        b"{N)\0TN0",
        b"{N{0T{00",
        b"z\0",
        b"z\x01a",
        b"<\x01\0\0\0N",
    ] {
        let bytes = list(&vec![piece; 50_000]);
        let value: Value = from_slice(&bytes).unwrap();
        assert!(heap(&value) < 50 * bytes.len(), "{} times for {piece:?}", heap(&value) / bytes.len());
    }
}

#[test]
fn cut_and_changed_documents_do_no_harm() {
    let mut rng = Rng(5);
    let mut documents = vec![laughs(3, 3), to_vec(&record_value(), &Options::default()).unwrap()];
    documents
        .push(b"\xdb\x02\0\0\0\xa8\x01\0\0\0\xfb\xfa\x01k\xa9\x01r\x03\0\0\x000{r\x03\0\0\0r\x04\0\0\x000".to_vec());
    for bytes in &documents {
        fuzzing::read(bytes);
        for end in 0..bytes.len() {
            let kind = refused(&bytes[..end]);
            assert_eq!(kind, FormatErrorKind::UnexpectedEnd, "cut at {end} of {bytes:?}");
        }
        for _ in 0..2000 * factor() {
            let mut bytes = bytes.clone();
            rng.mutate(&mut bytes);
            fuzzing::read(&bytes);
        }
    }
    for _ in 0..20_000 * factor() {
        let codes = b"0NTF.iIlfgxystuRaAzZ()[{<>r\x80\xdb\xa9\xfb\xfa\xe9\x01\x02\0\0\0\0";
        let bytes: Vec<u8> = (0..rng.below(40)).map(|_| rng.pick(codes)).collect();
        fuzzing::read(&bytes);
    }
}
