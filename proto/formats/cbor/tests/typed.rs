//! Rust types through serde, and what is refused.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use firesteel_cbor::{FormatErrorKind, Limits, Options, Reader, Serializer, append, from_slice, to_vec};
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
    frozen: FrozenSet<(u8, String)>,
    tree: BTreeSet<u8>,
    complex: Complex,
    big: BigInt,
    blob: Blob,
    shapes: Vec<Shape>,
    moment: DateTime,
    day: Date,
    time: Time,
    delta: TimeDelta,
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
        frozen: vec![(1, "x".into())].into(),
        tree: [3].into(),
        complex: Complex::new(1.0, -0.0),
        big: "-340282366920938463463374607431768211457".parse().unwrap(),
        blob: b"bytes\0"[..].into(),
        shapes: vec![Shape::Unit, Shape::Newtype(1), Shape::Tuple(2, true), Shape::Struct { side: 1.0 }],
        moment: "2024-07-01T12:34:56.789012+01:00".parse().unwrap(),
        day: "2024-07-01".parse().unwrap(),
        time: Time::new(1, 2, 3, 4).unwrap().with_fold(true),
        delta: TimeDelta::new(-1, 2, 3).unwrap(),
        decimal: "1.50".parse().unwrap(),
        uuid: Uuid::from_bytes([7; 16]),
        value: Instance::new("a.B").with("x", (1,)).into(),
    }
}

#[test]
fn every_type_of_serde_comes_back() {
    let bytes = write(&everything());
    assert_eq!(read::<Everything>(&bytes), everything());
    let value: Value = read(&bytes);
    assert_eq!(value, to_value(&everything()).unwrap());
    assert_eq!(write(&value), bytes);
    assert!(read::<Everything>(&bytes).time.fold());
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
    assert_eq!(read::<f64>(b"\x26"), -7.0);
    assert_eq!(read::<f32>(b"\xf9\x3c\0"), 1.0);
    assert_eq!(read::<f64>(b"\xc2\x49\x01\0\0\0\0\0\0\0\0"), 18_446_744_073_709_551_616.0);
    assert_eq!(read::<f64>(b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff"), -18_446_744_073_709_551_616.0);
    assert_eq!(read::<u8>(b"\x1b\0\0\0\0\0\0\0\xff"), 255);
    assert_eq!(read::<i8>(b"\xc2\x41\x07"), 7);
    assert_eq!(read::<i8>(b"\xc3\x40"), -1);
    assert_eq!(read::<BigInt>(b"\x20"), BigInt::from(-1_i64));
    assert_eq!(
        read::<BigInt>(b"\xc3\x5f\x41\x01\x48\0\0\0\0\0\0\0\0\xff"),
        BigInt::from(-18_446_744_073_709_551_617_i128)
    );
    assert_eq!(read::<Complex>(b"\x82\x01\x02"), Complex::new(1.0, 2.0));
    assert_eq!(read::<Value>(b"\x3b\x80\0\0\0\0\0\0\0"), Value::from(i128::from(i64::MIN) - 1));
    assert_eq!(refused::<u8>(b"\x19\x01\0"), (FormatErrorKind::Type, 3));
    assert_eq!(refused::<i64>(b"\xf9\x3c\0").0, FormatErrorKind::Type);
    assert_eq!(refused::<i64>(b"\x611").0, FormatErrorKind::Type);
    assert_eq!(refused::<BigInt>(b"\x611"), (FormatErrorKind::Type, 0));
    assert_eq!(refused::<i64>(b"\xf5").0, FormatErrorKind::Type);
    assert_eq!(refused::<bool>(b"\x01").0, FormatErrorKind::Type);
    assert_eq!(write(&(i128::from(i64::MIN) - 1)), b"\x3b\x80\0\0\0\0\0\0\0");
    assert_eq!(write(&-(1_i128 << 64)), b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff");
    assert_eq!(write(&u128::from(u64::MAX)), b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff");
    assert_eq!(write(&0.1_f32), b"\xfa\x3d\xcc\xcc\xcd");
    let huge: BigInt = format!("-0x1{}", "0".repeat(5000)).parse().unwrap();
    assert_eq!(read::<BigInt>(&write(&huge)), huge);
    assert_eq!(refused::<i128>(&write(&huge)).0, FormatErrorKind::NumberRange);
    assert_eq!(refused::<f64>(&write(&huge)).0, FormatErrorKind::NumberRange);
}

#[test]
fn strings_and_bytes_are_borrowed() {
    assert_eq!(from_slice::<&str>(b"\x63abc").unwrap(), "abc");
    assert!(matches!(from_slice::<Cow<'_, str>>(b"\x78\x03abc").unwrap(), Cow::Owned(text) if text == "abc"));
    assert_eq!(from_slice::<&[u8]>(b"\x43abc").unwrap(), b"abc");
    assert_eq!(read::<Vec<u8>>(b"\x43abc"), b"abc");
    assert_eq!(read::<Vec<u8>>(b"\x82\x01\x02"), [1, 2]);
    assert_eq!(read::<Blob>(b"\x82\x01\x02"), [1, 2][..].into());
    assert_eq!(read::<Blob>(b"\x5f\x41a\x40\x42bc\xff"), b"abc"[..].into());
    assert_eq!(read::<String>(b"\x7f\x61a\x60\x62bc\xff"), "abc");
    assert_eq!(refused::<Blob>(b"\x63abc").0, FormatErrorKind::Type);
    let bytearray = write(&Value::ByteArray(b"abc".to_vec()));
    assert_eq!(bytearray, b"\xda\x46\x53\0\x03\x43abc");
    assert_eq!(read::<Blob>(&bytearray), b"abc"[..].into());
    assert_eq!(from_slice::<&[u8]>(&bytearray).unwrap(), b"abc");
}

#[test]
fn text_must_be_text() {
    assert_eq!(refused::<Value>(b"\x81\x63a\xff\xff"), (FormatErrorKind::Utf8, 3));
    assert_eq!(refused::<String>(b"\x65ab\xed\xa0\x80"), (FormatErrorKind::Surrogate, 3));
    assert_eq!(refused::<Value>(b"\x79\0\x03\xed\xbf\xbf"), (FormatErrorKind::Surrogate, 3));
    // A character may not be cut into two pieces.
    assert_eq!(refused::<Value>(b"\x7f\x61\xc3\x61\xa4\xff"), (FormatErrorKind::Utf8, 2));
    assert_eq!(read::<String>(b"\x63\xed\x9f\xbf"), "\u{d7ff}");
}

#[test]
fn keys_are_what_python_can_hash() {
    assert_eq!(read::<Value>(b"\xa1\x82\x01\x81\x02\x03"), Dict::from_iter([((1, (2,)), 3)]).into());
    let set = Value::set([(1,).into(), Value::frozenset([2.into()])]);
    assert_eq!(read::<Value>(&write(&set)), set);
    for bytes in [
        &b"\xa1\xa0\x01"[..],
        b"\xa1\x81\xa0\x01",
        b"\xa1\xd9\x01\x02\x80\x01",
        b"\xd9\x01\x02\x81\xa0",
        b"\xd9\x01\x02\x81\xd9\x01\x02\x80",
        b"\xda\x46\x53\0\x01\x81\xda\x46\x53\0\x03\x40",
    ] {
        assert_eq!(refused::<Value>(bytes).0, FormatErrorKind::Unhashable, "{bytes:x?}");
        let mut reader = Reader::new(bytes, Limits::default()).unwrap();
        assert_eq!(reader.skip().unwrap_err().category(), FormatErrorKind::Unhashable);
    }
    assert_eq!(refused::<BTreeMap<BTreeMap<i32, i32>, i32>>(b"\xa1\xa0\x01").0, FormatErrorKind::Unhashable);
    assert_eq!(read::<Value>(b"\xa2\x01\x80\x01\xa0"), Dict::from_iter([(1, Dict::new())]).into());
    assert_eq!(not_written(&BTreeMap::from([(vec![1], 1)])), FormatErrorKind::Unhashable);
    assert_eq!(not_written(&BTreeMap::from([(BTreeMap::from([(1, 2)]), 1)])), FormatErrorKind::Unhashable);
    assert_eq!(not_written(&Set(vec![Set(vec![1])])), FormatErrorKind::Unhashable);
    assert_eq!(not_written(&Value::Set(vec![Value::ByteArray(vec![])])), FormatErrorKind::Unhashable);
    assert_eq!(write(&vec![Set(vec![0]), Set(vec![])]), b"\x82\xd9\x01\x02\x81\0\xd9\x01\x02\x80");
    assert!(to_vec(&(Set(vec![FrozenSet(vec![1])]), vec![1]), &Options::default()).is_ok());
}

#[test]
fn what_stands_behind_a_tag_must_fit() {
    let own = |tag: u8, content: &[u8]| [&[0xda, 0x46, 0x53, 0, tag], content].concat();
    for bytes in [
        own(0, b"\x01"),
        own(1, b"\x60"),
        own(2, b"\x81\x01"),
        own(2, b"\x83\x01\x02\x03"),
        own(2, b"\x61a"),
        own(3, b"\x61a"),
        own(4, b"\x01"),
        own(5, b"\x64noon"),
        own(5, b"\x01"),
        own(6, b"\x652:345"),
        own(7, b"\x82\x01\x02"),
        own(8, b"\x61x"),
        b"\xc2\x01".to_vec(),
        b"\xc0\x61x".to_vec(),
        b"\xd8\x25\x41a".to_vec(),
        b"\xd9\x03\xec\x6a2024-02-30".to_vec(),
        b"\xd9\x01\x02\x01".to_vec(),
    ] {
        let error = from_slice::<Value>(&bytes).expect_err("it is wrong");
        assert!(error.offset().is_some(), "{error}");
        Reader::new(&bytes, Limits::default()).unwrap().skip().unwrap_err();
    }
    // What is not known is passed over, and its content is read.
    assert_eq!(read::<Value>(b"\xd9\xd9\xf7\xc1\x82\x01\xc6\x02"), vec![1, 2].into());
    assert_eq!(read::<(i32, i32)>(b"\xd9\xd9\xf7\xc1\x82\x01\xc6\x02"), (1, 2));
    assert_eq!(read::<BTreeMap<String, Shape>>(b"\xd9\xd9\xf7\xa0"), BTreeMap::new());
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
    for count in [0, 1, 23, 24, 255, 256, 65_535, 65_536] {
        let known: Vec<_> = (0..count).map(|number| BTreeMap::from([("nested", [number])])).collect();
        assert_eq!(write(&(Unknown(count), 1)), write(&(known, 1)));
    }
    #[derive(Serialize)]
    struct Flat {
        a: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    }
    assert_eq!(write(&Flat { a: 1, rest: [("b".into(), 2)].into() }), b"\xa2\x61a\x01\x61b\x02");
}

#[test]
fn enums_are_texts_or_maps_of_one_pair() {
    let shapes = vec![Shape::Unit, Shape::Newtype(1), Shape::Tuple(2, true), Shape::Struct { side: 1.0 }];
    let bytes = write(&shapes);
    assert_eq!(
        bytes,
        b"\x84\x64Unit\xa1\x67Newtype\x01\xa1\x65Tuple\xda\x46\x53\0\0\x82\x02\xf5\xa1\x66Struct\xa1\x64side\xf9\x3c\0"
    );
    assert_eq!(read::<Vec<Shape>>(&bytes), shapes);
    let mut theirs = Vec::new();
    ciborium::into_writer(&shapes, &mut theirs).unwrap();
    assert_eq!(read::<Vec<Shape>>(&theirs), shapes);
    assert_eq!(read::<Shape>(b"\xa1\x64Unit\xf6"), Shape::Unit);
    assert_eq!(read::<Shape>(b"\xbf\x64Unit\xf6\xff"), Shape::Unit);
    assert_eq!(read::<Shape>(b"\xa1\x66Struct\x81\x01"), Shape::Struct { side: 1.0 });
    for bytes in [&b"\x67Newtype"[..], b"\x64None", b"\xa0", b"\xbf\xff", b"\xf6", b"\x01", b"\xa2\0\0\0\0"] {
        assert_eq!(refused::<Shape>(bytes).0, FormatErrorKind::Type, "{bytes:x?}");
    }
    assert!(from_slice::<Shape>(b"\xbf\x64Unit\xf6\x64Unit\xf6\xff").is_err());
}

#[test]
fn structs_may_be_arrays() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: i32,
        y: i32,
    }
    assert_eq!(read::<Point>(b"\x82\x01\x02"), Point { x: 1, y: 2 });
    assert_eq!(read::<Point>(b"\xa3\x61z\xa1\x01\x02\x61y\x02\x61x\x01"), Point { x: 1, y: 2 });
    assert_eq!(refused::<Point>(b"\x83\x01\x02\x03").0, FormatErrorKind::Type);
    assert_eq!(refused::<(i32,)>(b"\x82\x01\x02").0, FormatErrorKind::Type);
    assert_eq!(refused::<(i32, i32)>(b"\x81\x01").0, FormatErrorKind::Type);
    assert_eq!(refused::<Point>(b"\x01").0, FormatErrorKind::Type);
}

#[test]
fn a_document_is_one_whole_value() {
    assert_eq!(refused::<Value>(b""), (FormatErrorKind::UnexpectedEnd, 0));
    assert_eq!(refused::<Value>(b"\xf6\xf6"), (FormatErrorKind::Trailing, 1));
    assert_eq!(refused::<Value>(b"\x1c").0, FormatErrorKind::Syntax);
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
    serializer.output().push(0x82);
    "a".serialize(&mut serializer).unwrap();
    (1, 2).serialize(&mut serializer).unwrap();
    assert_eq!(out, b"\x82\x61a\xda\x46\x53\0\0\x82\x01\x02");
}

#[test]
fn a_reader_walks_step_by_step() {
    let bytes =
        write(&("obj", (1, [2, 3]), BTreeMap::from([("k", Some(5)), ("n", None)]), vec![BTreeMap::from([(7, 8)])]));
    let mut reader = Reader::new(&bytes, Limits::default()).unwrap();
    assert_eq!(reader.open_dict().unwrap_err().category(), FormatErrorKind::Type);
    assert_eq!(reader.next_element().unwrap_err().category(), FormatErrorKind::Syntax);
    reader.open_sequence().unwrap();
    assert!(reader.next_element().unwrap());
    let ahead = reader.clone();
    assert_eq!(reader.str().unwrap(), "obj");
    assert_eq!(reader.offset(), 10);
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
    assert_eq!(ahead.offset(), 10);
}

#[test]
fn keys_of_an_entered_dict_are_hashed() {
    let mut reader = Reader::new(b"\xbf\x81\x01\x02\x80\x81\x01\xff", Limits::default()).unwrap();
    reader.open_dict().unwrap();
    assert!(reader.next_entry().unwrap());
    assert_eq!(reader.open_sequence().unwrap_err().category(), FormatErrorKind::Syntax);
    let mut reader = Reader::new(b"\xbf\x81\x01\x02\x80\x81\x01\xff", Limits::default()).unwrap();
    reader.open_dict().unwrap();
    assert!(reader.next_entry().unwrap());
    assert_eq!(reader.value::<Value>().unwrap(), (1,).into());
    assert_eq!(reader.value::<Value>().unwrap(), 2.into());
    assert!(reader.next_entry().unwrap());
    assert_eq!(reader.value::<Value>().unwrap(), Value::Tuple(vec![]));
    assert_eq!(reader.value::<Value>().unwrap(), vec![1].into());
    assert!(!reader.next_entry().unwrap());
}
