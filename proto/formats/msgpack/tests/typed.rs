//! Rust types through serde, and what is refused.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use firesteel_msgpack::{FormatErrorKind, Limits, Options, Reader, Serializer, append, from_slice, to_vec};
use firesteel_value::{
    BigInt, Blob, Complex, Date, DateTime, Decimal, Dict, FrozenSet, Instance, Set, Time, TimeDelta, Uuid, Value,
    to_value,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned, ser::SerializeSeq};

fn write<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    to_vec(value, &Options::default()).unwrap()
}

fn not_written<T: Serialize + ?Sized>(value: &T) -> FormatErrorKind {
    let mut out = b"before".to_vec();
    let error = append(&mut out, value, &Options::default()).expect_err("it cannot be written");
    assert_eq!(out, b"before");
    error.category()
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> T {
    from_slice(bytes).unwrap_or_else(|error| panic!("{bytes:x?}: {error}"))
}

fn refused<T: DeserializeOwned + std::fmt::Debug>(bytes: &[u8]) -> (FormatErrorKind, u64) {
    let error = from_slice::<T>(bytes).expect_err("it cannot be read");
    (error.category(), error.offset().unwrap())
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    Newtype(u8),
    Tuple(u8, bool),
    Struct { side: f64 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    unit: (),
    none: Option<i32>,
    some: Option<i32>,
    tuple: (i8, u64, i128, u128),
    chars: Vec<char>,
    map: BTreeMap<i64, f32>,
    pairs: BTreeMap<(u8, bool), String>,
    set: Set<u8>,
    tree: BTreeSet<u8>,
    complex: Complex,
    big: BigInt,
    blob: Blob,
    shapes: Vec<Shape>,
    moment: DateTime,
    day: Date,
    decimal: Decimal,
    uuid: Uuid,
    value: Value,
}

fn everything() -> Everything {
    Everything {
        unit: (),
        none: None,
        some: Some(-3),
        tuple: (-1, u64::MAX, i128::MIN, u128::MAX),
        chars: vec!['a', 'ä'],
        map: [(-1, 0.5), (2, f32::INFINITY)].into(),
        pairs: [((1, true), "x".into())].into(),
        set: vec![1, 2].into(),
        tree: [3].into(),
        complex: Complex::new(1.0, -0.0),
        big: "-340282366920938463463374607431768211457".parse().unwrap(),
        blob: b"bytes\0"[..].into(),
        shapes: vec![Shape::Unit, Shape::Newtype(1), Shape::Tuple(2, true), Shape::Struct { side: 1.0 }],
        moment: "2024-07-01T12:34:56.789012".parse().unwrap(),
        day: "2024-07-01".parse().unwrap(),
        decimal: "1.50".parse().unwrap(),
        uuid: Uuid::from_bytes([7; 16]),
        value: Instance::new("a.B").with("x", (1,)).into(),
    }
}

#[test]
fn every_type_of_serde_comes_back() {
    let bytes = write(&everything());
    let mut back: Everything = read(&bytes);
    // Tuples are read as lists.
    assert_eq!(back.value, Instance::new("a.B").with("x", vec![1]).into());
    back.value = everything().value;
    assert_eq!(back, everything());
    let value: Value = read(&bytes);
    assert_eq!(value.get("big"), Some(&everything().big.into()));
    assert_eq!(value.get("moment"), Some(&everything().moment.into()));
    assert_eq!(value.get("day"), Some(&everything().day.into()));
    assert_eq!(value.get("decimal"), Some(&"1.50".into()));
    assert_eq!(value.get("pairs"), Some(&Dict::from_iter([((1, true), "x")]).into()));
    assert_eq!(value.get("tuple").unwrap().as_list().unwrap().len(), 4);
    // And through values.
    let value = to_value(&everything()).unwrap();
    assert_eq!(write(&value), bytes);
}

#[test]
fn everything_can_be_skipped() {
    let mut reader = Reader::new(&[], Limits::default()).unwrap();
    assert_eq!(reader.skip().unwrap_err().category(), FormatErrorKind::UnexpectedEnd);
    let bytes = write(&(everything(), 7));
    #[derive(Debug, Deserialize)]
    struct Nothing {}
    let (Nothing {}, seven): (Nothing, i32) = read(&bytes);
    assert_eq!(seven, 7);
}

#[test]
fn numbers_fit_or_are_refused() {
    assert_eq!(read::<f64>(b"\x07"), 7.0);
    assert_eq!(read::<f32>(b"\xca\x3f\x80\0\0"), 1.0);
    assert_eq!(read::<f64>(b"\xc7\x14118446744073709551616"), 18_446_744_073_709_551_616.0);
    assert_eq!(read::<f64>(b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), u64::MAX as f64);
    assert_eq!(read::<u8>(b"\xd3\0\0\0\0\0\0\0\xff"), 255);
    assert_eq!(read::<i8>(b"\xd51-7"), -7);
    assert_eq!(read::<i64>(b"\xc7\x041 1_0"), 10);
    assert_eq!(read::<BigInt>(b"\xff"), BigInt::from(-1_i64));
    assert_eq!(read::<Complex>(b"\x92\x01\x02"), Complex::new(1.0, 2.0));
    assert_eq!(read::<Value>(b"\xcf\x80\0\0\0\0\0\0\0"), (1_u64 << 63).into());
    assert_eq!(refused::<u8>(b"\xcd\x01\0"), (FormatErrorKind::Type, 3));
    assert_eq!(refused::<i64>(b"\xcb\x3f\xf0\0\0\0\0\0\0").0, FormatErrorKind::Type);
    assert_eq!(refused::<i64>(b"\xa11").0, FormatErrorKind::Type);
    assert_eq!(refused::<BigInt>(b"\xa11"), (FormatErrorKind::Type, 0));
    assert_eq!(refused::<i64>(b"\xc3").0, FormatErrorKind::Type);
    assert_eq!(refused::<bool>(b"\x01").0, FormatErrorKind::Type);
    let mut long = b"\xc8\x10\xcc\x31".to_vec();
    long.extend([b'9'; 4300]);
    assert_eq!(read::<BigInt>(&long).bits(), 14_285);
    assert_eq!(refused::<i128>(&long).0, FormatErrorKind::NumberRange);
    assert_eq!(refused::<f64>(&long).0, FormatErrorKind::NumberRange);
    assert_eq!(write(&read::<Value>(&long)), long);
    long[2] += 1;
    long.push(b'9');
    assert_eq!(refused::<BigInt>(&long), (FormatErrorKind::NumberRange, 3));
    for text in ["", " ", "-", "1_", "_1", "1__0", "- 1", "0x1", "1.5", "a", "\u{661}"] {
        let mut bytes = vec![0xc7, text.len() as u8, 0x31];
        bytes.extend(text.bytes());
        assert_eq!(refused::<Value>(&bytes), (FormatErrorKind::Syntax, 2), "{text:?}");
    }
}

#[test]
fn strings_and_bytes_are_borrowed() {
    assert_eq!(from_slice::<&str>(b"\xa3abc").unwrap(), "abc");
    assert!(matches!(from_slice::<Cow<'_, str>>(b"\xd9\x03abc").unwrap(), Cow::Owned(text) if text == "abc"));
    assert_eq!(from_slice::<&[u8]>(b"\xc4\x03abc").unwrap(), b"abc");
    assert_eq!(read::<Vec<u8>>(b"\xc4\x03abc"), b"abc");
    assert_eq!(read::<Vec<u8>>(b"\x92\x01\x02"), [1, 2]);
    assert_eq!(read::<Blob>(b"\x92\x01\x02"), [1, 2][..].into());
    assert_eq!(refused::<Blob>(b"\xa3abc").0, FormatErrorKind::Type);
}

#[test]
fn text_must_be_text() {
    assert_eq!(refused::<Value>(b"\x91\xa3a\xff\xff"), (FormatErrorKind::Utf8, 3));
    assert_eq!(refused::<String>(b"\xa5ab\xed\xa0\x80"), (FormatErrorKind::Surrogate, 3));
    assert_eq!(refused::<Value>(b"\xda\0\x03\xed\xbf\xbf"), (FormatErrorKind::Surrogate, 3));
    assert_eq!(refused::<Value>(b"\xa2\xed\xa0"), (FormatErrorKind::Utf8, 1));
    assert_eq!(read::<String>(b"\xa3\xed\x9f\xbf"), "\u{d7ff}");
}

#[test]
fn keys_are_what_python_can_hash() {
    let keys = Dict::from_iter([
        (Value::None, 1),
        (true.into(), 2),
        (2.into(), 3),
        (1.5.into(), 4),
        ("x".into(), 5),
        (Blob::from(&b"b"[..]).into(), 6),
        ((1, ("a", (2,))).into(), 7),
        (Complex::new(1.0, 2.0).into(), 8),
        ("2024-01-01".parse::<Date>().unwrap().into(), 9),
    ]);
    assert_eq!(read::<Value>(&write(&keys)), keys.into());
    assert_eq!(refused::<Value>(b"\x81\x80\x01"), (FormatErrorKind::Unhashable, 2));
    assert_eq!(refused::<Value>(b"\x81\x91\x80\x01").0, FormatErrorKind::Unhashable);
    assert_eq!(refused::<BTreeMap<BTreeMap<i32, i32>, i32>>(b"\x81\x80\x01").0, FormatErrorKind::Unhashable);
    assert_eq!(read::<Value>(b"\x82\x01\x90\x01\x80"), Dict::from_iter([(1, Dict::new())]).into());
    assert_eq!(not_written(&BTreeMap::from([(vec![1], 1)])), FormatErrorKind::Unhashable);
    assert_eq!(not_written(&BTreeMap::from([(BTreeMap::from([(1, 2)]), 1)])), FormatErrorKind::Unhashable);
    assert_eq!(not_written(&Set(vec![Set(vec![1])])), FormatErrorKind::Unhashable);
    assert_eq!(not_written(&Value::Set(vec![Value::ByteArray(vec![])])), FormatErrorKind::Unhashable);
    assert_eq!(write(&(Set(vec![(1,)]), vec![1])), b"\x92\x91\x91\x01\x91\x01");
}

#[test]
fn what_pyro_refuses_is_refused_in_its_words() {
    for (value, message) in [
        (
            Value::frozenset([]),
            "don't know how to serialize class <class 'frozenset'> using serializer MsgpackSerializer. \
             Give it vars() or an appropriate __getstate__",
        ),
        (
            Value::Ellipsis,
            "don't know how to serialize class <class 'ellipsis'> using serializer MsgpackSerializer. \
             Give it vars() or an appropriate __getstate__",
        ),
        (
            Time::new(1, 2, 3, 0).unwrap().into(),
            "don't know how to serialize class <class 'datetime.time'> using serializer MsgpackSerializer. \
             Give it vars() or an appropriate __getstate__",
        ),
        (
            TimeDelta::ZERO.into(),
            "don't know how to serialize class <class 'datetime.timedelta'> using serializer MsgpackSerializer. \
             Give it vars() or an appropriate __getstate__",
        ),
        (
            "2024-01-01T00:00:00Z".parse::<DateTime>().unwrap().into(),
            "msgpack cannot serialize datetime with timezone info",
        ),
    ] {
        let error = to_vec(&value, &Options::default()).unwrap_err();
        assert_eq!((error.category(), error.message()), (FormatErrorKind::Unsupported, message));
    }
    assert_eq!(not_written(&FrozenSet(vec![1])), FormatErrorKind::Unsupported);
    let huge: BigInt = format!("0x{}", "f".repeat(4000)).parse().unwrap();
    assert_eq!(not_written(&huge), FormatErrorKind::NumberRange);
    let error = from_slice::<Value>(b"\xd4\x41a").unwrap_err();
    assert_eq!(error.to_string(), "invalid ext code for msgpack: 65 at byte 1");
    assert_eq!(from_slice::<Value>(b"\xd4\x80a").unwrap_err().message(), "invalid ext code for msgpack: -128");
}

#[test]
fn times_have_no_zone_but_the_one_that_is_set() {
    let moment: DateTime = "2020-01-02T03:04:05.678901".parse().unwrap();
    let mut options = Options::default();
    let bytes = to_vec(&moment, &options).unwrap();
    // What Python gives with TZ=UTC.
    assert_eq!(bytes, b"\xd72\x1dskiW\x83\xd7A");
    options.utc_offset = 3600;
    let amsterdam = to_vec(&moment, &options).unwrap();
    assert_eq!(read::<DateTime>(&amsterdam).to_string(), "2020-01-02T02:04:05.678901");
    let mut reader = Reader::new(&amsterdam, Limits::default()).unwrap().with_utc_offset(3600);
    assert_eq!(reader.value::<Value>().unwrap(), moment.into());
    assert_eq!(read::<String>(&bytes), "2020-01-02T03:04:05.678901");
    let folded = DateTime::new(moment.date(), moment.time().with_fold(true));
    assert_eq!(write(&folded), bytes);
    assert_eq!(read::<Value>(b"\xd73\x92@\x0b\0\0\0\0\0"), "2020-01-02".parse::<Date>().unwrap().into());
    for bytes in [&b"\xd73\0\0\0\0\0\0\0\0"[..], b"\xd72\0\0\0\0\0\0\xf8\x7f", b"\xd7\xff\xff\xff\xff\xff\0\0\0\0"] {
        assert_eq!(refused::<Value>(bytes), (FormatErrorKind::NumberRange, 1));
    }
    for bytes in [&b"\xd43a"[..], b"\xd42a", b"\xd70aaaaaaaa", b"\xc7\x03\xff123"] {
        let at = if bytes[0] == 0xc7 { 2 } else { 1 };
        assert_eq!(refused::<Value>(bytes), (FormatErrorKind::Syntax, at));
    }
}

#[test]
fn timestamps_of_msgpack_are_moments_in_utc() {
    for (bytes, text) in [
        (&b"\xd6\xff\0\0\x03\xe8"[..], "1970-01-01T00:16:40+00:00"),
        (b"\xd7\xff\0\0\x3e\x80\0\0\x03\xe8", "1970-01-01T00:16:40.000004+00:00"),
        (b"\xd7\xff\0\0\0\x03\0\0\0\0", "2378-04-22T19:24:48+00:00"),
        (b"\xc7\x0c\xff\0\0\x03\xe8\xff\xff\xff\xff\xff\xff\xfc\x18", "1969-12-31T23:43:20.000001+00:00"),
    ] {
        assert_eq!(read::<Value>(bytes), text.parse::<DateTime>().unwrap().into());
        assert_eq!(read::<DateTime>(bytes).to_string(), text);
    }
}

#[test]
fn lengths_that_are_not_known_are_mended() {
    struct Unknown(usize);
    impl Serialize for Unknown {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut seq = serializer.serialize_seq(None)?;
            for number in 0..self.0 {
                seq.serialize_element(&BTreeMap::from([("nested", [number])]))?;
            }
            seq.end()
        }
    }
    for count in [0, 1, 15, 16, 65_535, 65_536] {
        let known: Vec<_> = (0..count).map(|number| BTreeMap::from([("nested", [number])])).collect();
        assert_eq!(write(&(Unknown(count), 1)), write(&(known, 1)));
    }
    #[derive(Serialize)]
    struct Flat {
        a: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    }
    assert_eq!(write(&Flat { a: 1, rest: [("b".into(), 2)].into() }), b"\x82\xa1a\x01\xa1b\x02");
}

#[test]
fn enums_are_strs_or_maps_of_one_pair() {
    let shapes = vec![Shape::Unit, Shape::Newtype(1), Shape::Tuple(2, true), Shape::Struct { side: 1.0 }];
    assert_eq!(
        write(&shapes),
        b"\x94\xa4Unit\x81\xa7Newtype\x01\x81\xa5Tuple\x92\x02\xc3\x81\xa6Struct\x81\xa4side\xcb\x3f\xf0\0\0\0\0\0\0"
    );
    assert_eq!(read::<Shape>(b"\x81\xa4Unit\xc0"), Shape::Unit);
    assert_eq!(read::<Shape>(b"\x81\xa6Struct\x91\x01"), Shape::Struct { side: 1.0 });
    for bytes in [&b"\xa7Newtype"[..], b"\xa4None", b"\x80", b"\x82\xa4Unit\xc0\xa4Unit\xc0", b"\xc0", b"\x01"] {
        assert_eq!(refused::<Shape>(bytes).0, FormatErrorKind::Type, "{bytes:x?}");
    }
}

#[test]
fn structs_may_be_arrays() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: i32,
        y: i32,
    }
    assert_eq!(read::<Point>(b"\x92\x01\x02"), Point { x: 1, y: 2 });
    assert_eq!(read::<Point>(b"\x83\xa1z\x81\x01\x02\xa1y\x02\xa1x\x01"), Point { x: 1, y: 2 });
    assert_eq!(refused::<Point>(b"\x93\x01\x02\x03").0, FormatErrorKind::Type);
    assert_eq!(refused::<(i32,)>(b"\x92\x01\x02").0, FormatErrorKind::Type);
    assert_eq!(refused::<(i32, i32)>(b"\x91\x01").0, FormatErrorKind::Type);
    assert_eq!(refused::<Point>(b"\x01").0, FormatErrorKind::Type);
}

#[test]
fn a_document_is_one_whole_value() {
    assert_eq!(refused::<Value>(b""), (FormatErrorKind::UnexpectedEnd, 0));
    assert_eq!(refused::<Value>(b"\xc0\xc0"), (FormatErrorKind::Trailing, 1));
    assert_eq!(refused::<Value>(b"\xc1").0, FormatErrorKind::Syntax);
    let bytes = write(&everything());
    for end in 0..bytes.len() {
        assert_eq!(refused::<Value>(&bytes[..end]).0, FormatErrorKind::UnexpectedEnd, "cut at {end}");
        from_slice::<Everything>(&bytes[..end]).unwrap_err();
    }
}

#[test]
fn values_can_stand_one_after_the_other() {
    let mut out = Vec::new();
    let mut serializer = Serializer::new(&mut out, &Options::default());
    serializer.output().push(0x92);
    "a".serialize(&mut serializer).unwrap();
    (1, 2).serialize(&mut serializer).unwrap();
    assert_eq!(out, b"\x92\xa1a\x92\x01\x02");
}

#[test]
fn a_reader_walks_step_by_step() {
    let bytes = write(&("obj", (1, [2, 3]), BTreeMap::from([("k", Some(5)), ("n", None)]), [BTreeMap::from([(7, 8)])]));
    let mut reader = Reader::new(&bytes, Limits::default()).unwrap();
    assert_eq!(reader.open_dict().unwrap_err().category(), FormatErrorKind::Type);
    assert_eq!(reader.next_element().unwrap_err().category(), FormatErrorKind::Syntax);
    reader.open_sequence().unwrap();
    assert!(reader.next_element().unwrap());
    let ahead = reader.clone();
    assert_eq!(reader.str().unwrap(), "obj");
    assert_eq!(reader.offset(), 5);
    assert!(reader.next_element().unwrap());
    assert!(!reader.none().unwrap());
    assert_eq!(reader.value::<(i32, Vec<i32>)>().unwrap(), (1, vec![2, 3]));
    assert!(reader.next_element().unwrap());
    reader.open_dict().unwrap();
    assert_eq!(reader.next_element().unwrap_err().category(), FormatErrorKind::Syntax);
    assert!(reader.next_entry().unwrap());
    assert_eq!(reader.open_sequence().unwrap_err().category(), FormatErrorKind::Type);
    assert_eq!(reader.str().unwrap(), "k");
    assert!(!reader.none().unwrap());
    assert_eq!(reader.value::<i32>().unwrap(), 5);
    assert!(reader.next_entry().unwrap());
    assert_eq!(reader.value::<String>().unwrap(), "n");
    assert!(reader.none().unwrap());
    assert!(!reader.next_entry().unwrap());
    assert_eq!(reader.end().unwrap_err().category(), FormatErrorKind::Trailing);
    assert!(reader.next_element().unwrap());
    assert_eq!(Value::deserialize(&mut reader).unwrap(), vec![Dict::from_iter([(7, 8)])].into());
    assert!(!reader.next_element().unwrap());
    reader.end().unwrap();
    assert_eq!(reader.next_element().unwrap_err().category(), FormatErrorKind::Syntax);
    assert_eq!(reader.none().unwrap_err().category(), FormatErrorKind::UnexpectedEnd);
    let mut ahead = ahead;
    ahead.skip().unwrap();
    assert_eq!(ahead.offset(), 5);
}

#[test]
fn keys_of_an_entered_dict_are_hashed() {
    let mut reader = Reader::new(b"\x82\x91\x01\x02\x90\x91\x01", Limits::default()).unwrap();
    reader.open_dict().unwrap();
    assert!(reader.next_entry().unwrap());
    assert_eq!(reader.open_sequence().unwrap_err().category(), FormatErrorKind::Syntax);
    let mut reader = Reader::new(b"\x82\x91\x01\x02\x90\x91\x01", Limits::default()).unwrap();
    reader.open_dict().unwrap();
    assert!(reader.next_entry().unwrap());
    assert_eq!(reader.value::<Value>().unwrap(), (1,).into());
    assert_eq!(reader.value::<Value>().unwrap(), 2.into());
    assert!(reader.next_entry().unwrap());
    assert_eq!(reader.value::<Value>().unwrap(), Value::Tuple(vec![]));
    assert_eq!(reader.value::<Value>().unwrap(), vec![1].into());
    assert!(!reader.next_entry().unwrap());
}
