//! Typed reading and writing, and the step by step reader.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use firesteel_marshal::{
    FormatErrorKind, Limits, Options, Reader, Serializer, append, from_slice, from_slice_with, to_vec,
};
use firesteel_value::{BigInt, Blob, Complex, Dict, FrozenSet, Instance, Set, TimeDelta, Value};
use serde::{Deserialize, Serialize, Serializer as _, de::DeserializeOwned, ser::SerializeSeq};

fn write<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    to_vec(value, &Options::default()).unwrap()
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> T {
    from_slice(bytes).unwrap_or_else(|error| panic!("{bytes:?}: {error}"))
}

fn refused<T: DeserializeOwned + std::fmt::Debug>(bytes: &[u8]) -> FormatErrorKind {
    let error = from_slice::<T>(bytes).expect_err("it is refused");
    assert!(error.offset().is_some(), "{error}");
    error.category()
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
    set: Set<u8>,
    frozen: FrozenSet<String>,
    tree: BTreeSet<u8>,
    complex: Complex,
    big: BigInt,
    small: BigInt,
    blob: Blob,
    shapes: Vec<Shape>,
    keyed: HashMap<(u8, Option<bool>), ()>,
    value: Value,
}

fn everything() -> Everything {
    Everything {
        unit: (),
        none: None,
        some: Some(-3),
        tuple: (-1, u64::MAX, i128::MIN, u128::MAX),
        chars: vec!['a', 'ä', '\''],
        map: [(-1, 0.5), (2, f32::INFINITY)].into(),
        set: vec![1, 2].into(),
        frozen: vec![].into(),
        tree: [3].into(),
        complex: Complex::new(1.0, -0.0),
        big: "-340282366920938463463374607431768211457".parse().unwrap(),
        small: BigInt::from(7_u64),
        blob: b"bytes\0"[..].into(),
        shapes: vec![Shape::Unit, Shape::Newtype(1), Shape::Tuple(2, true), Shape::Struct { side: 1.0 }],
        keyed: [((1, None), ())].into(),
        value: Instance::new("a.B").with("x", (1,)).into(),
    }
}

#[test]
fn every_type_of_serde_comes_back() {
    let bytes = write(&everything());
    assert_eq!(read::<Everything>(&bytes), everything());
    assert_eq!(
        read::<Value>(&bytes).to_string(),
        "{'unit': None, 'none': None, 'some': -3, 'tuple': (-1, 18446744073709551615, \
         -170141183460469231731687303715884105728, 340282366920938463463374607431768211455), \
         'chars': ['a', 'ä', \"'\"], 'map': {-1: 0.5, 2: inf}, 'set': {1, 2}, 'frozen': frozenset(), 'tree': [3], \
         'complex': (1-0j), 'big': -340282366920938463463374607431768211457, 'small': 7, 'blob': b'bytes\\x00', \
         'shapes': ['Unit', {'Newtype': 1}, {'Tuple': (2, True)}, {'Struct': {'side': 1.0}}], \
         'keyed': {(1, None): None}, 'value': {'__class__': 'a.B', 'x': (1,)}}"
    );
}

#[test]
fn types_are_read_through_references() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: f64,
    }
    // Everything once, and again by reference; Python's marshal.dumps of p = {'x': 1.5}; [p, p] and so on.
    let twice = |object: &[u8]| [&b"[\x02\0\0\0"[..], &[object[0] | 0x80], &object[1..], b"r\0\0\0\0"].concat();
    let point = || Point { x: 1.5 };
    assert_eq!(read::<[Point; 2]>(&twice(b"{z\x01xg\0\0\0\0\0\0\xf8\x3f0")), [point(), point()]);
    assert_eq!(read::<[f64; 2]>(&twice(b"g\0\0\0\0\0\0\xf8\x3f")), [1.5, 1.5]);
    assert_eq!(read::<[f64; 2]>(&twice(b"i\x02\0\0\0")), [2.0, 2.0]);
    assert_eq!(read::<[Option<u8>; 2]>(&twice(b"i\x02\0\0\0")), [Some(2), Some(2)]);
    assert_eq!(read::<[BigInt; 2]>(&twice(b"l\x01\0\0\0\x02\0")), [BigInt::from(2_u64), BigInt::from(2_u64)]);
    assert_eq!(read::<[String; 2]>(&twice(b"z\x01x")), ["x", "x"]);
    assert_eq!(read::<[Blob; 2]>(&twice(b"s\x01\0\0\0x")), [Blob::from(&b"x"[..]), Blob::from(&b"x"[..])]);
    assert_eq!(read::<[Vec<u8>; 2]>(&twice(b"s\x01\0\0\0x")), [b"x", b"x"]);
    assert_eq!(read::<[(u8,); 2]>(&twice(b")\x01i\x02\0\0\0")), [(2,), (2,)]);
    assert_eq!(read::<[BTreeSet<u8>; 2]>(&twice(b"<\x01\0\0\0i\x02\0\0\0")), [[2].into(), [2].into()]);
    assert_eq!(read::<[Shape; 2]>(&twice(b"z\x04Unit")), [Shape::Unit, Shape::Unit]);
    assert_eq!(read::<[Shape; 2]>(&twice(b"{z\x07Newtypei\x02\0\0\x000")), [Shape::Newtype(2), Shape::Newtype(2)]);
    assert_eq!(read::<[Complex; 2]>(&twice(b"x\x011\x012")), [Complex::new(1.0, 2.0), Complex::new(1.0, 2.0)]);
    assert_eq!(read::<[BTreeMap<String, u8>; 2]>(&twice(b"{0")), [BTreeMap::new(), BTreeMap::new()]);
    // A name of a field or a variant that stood elsewhere before.
    let bytes = b")\x02\xda\x01x{r\0\0\0\0g\0\0\0\0\0\0\xf8\x3f0";
    assert_eq!(from_slice::<(&str, Point)>(bytes).unwrap(), ("x", point()));
    let bytes = b")\x02\xda\x07Newtype{r\0\0\0\0i\x02\0\0\x000";
    assert_eq!(from_slice::<(&str, Shape)>(bytes).unwrap(), ("Newtype", Shape::Newtype(2)));
    assert_eq!(refused::<[bool; 2]>(&twice(b"z\x01x")), FormatErrorKind::Type);
}

#[test]
fn numbers_fit_or_are_refused() {
    let int = |number: i64| write(&number);
    assert_eq!(read::<f64>(&int(7)), 7.0);
    assert_eq!(read::<f64>(&write(&(1_u128 << 64))), 18446744073709551616.0);
    assert_eq!(
        read::<f64>(&write(&"0x1000000000000000000000000000000000".parse::<BigInt>().unwrap())),
        2_f64.powi(132)
    );
    assert_eq!(read::<u8>(&int(255)), 255);
    assert_eq!(read::<BigInt>(&int(-1)), BigInt::from(-1_i64));
    assert_eq!(read::<Complex>(&write(&2.5)), Complex::new(2.5, 0.0));
    assert_eq!(refused::<u8>(&int(256)), FormatErrorKind::Type);
    assert_eq!(refused::<i64>(&write(&1.0)), FormatErrorKind::Type);
    assert_eq!(refused::<i64>(&write("1")), FormatErrorKind::Type);
    assert_eq!(refused::<BigInt>(&write("1")), FormatErrorKind::Type);
    assert_eq!(refused::<f64>(&write("1")), FormatErrorKind::Type);
    assert_eq!(refused::<i64>(&write(&true)), FormatErrorKind::Type);
    assert_eq!(refused::<bool>(&write(&1)), FormatErrorKind::Type);
    let huge = write(&format!("0x1{}", "0".repeat(40)).parse::<BigInt>().unwrap());
    assert_eq!(refused::<i128>(&huge), FormatErrorKind::NumberRange);
    for number in [0, 1, -1, 0x7fff, 0x8000, i64::from(i32::MAX) + 1, i64::from(i32::MIN) - 1, i64::MAX, i64::MIN] {
        assert_eq!(read::<i64>(&int(number)), number);
        assert_eq!(read::<Value>(&int(number)), Value::Int(number));
    }
}

#[test]
fn sequences_are_read_from_each_kind() {
    let documents = [write(&[1, 2][..]), write(&(1, 2)), write(&Set(vec![1, 2])), write(&FrozenSet(vec![1, 2]))];
    for bytes in documents {
        assert_eq!(read::<Vec<i64>>(&bytes), [1, 2]);
        assert_eq!(read::<(i64, i64)>(&bytes), (1, 2));
        assert_eq!(read::<Set<i64>>(&bytes), Set(vec![1, 2]));
        for kind in [refused::<(i64,)>(&bytes), refused::<(i64, i64, i64)>(&bytes), refused::<String>(&bytes)] {
            assert_eq!(kind, FormatErrorKind::Type);
        }
    }
    assert_eq!(refused::<Vec<i64>>(&write(&BTreeMap::from([(1, 2)]))), FormatErrorKind::Type);
    assert_eq!(refused::<Vec<i64>>(&write("ab")), FormatErrorKind::Type);
    assert_eq!(refused::<Dict>(&write(&[1])), FormatErrorKind::Type);
}

#[test]
fn bytes_and_strs_are_borrowed() {
    let bytes = write(&("plain", "groß", b"".as_slice(), Blob::from(&b"data"[..]), "x".repeat(300)));
    let (plain, large, empty, data, long): (&str, Cow<'_, str>, Vec<u8>, &[u8], &str) = from_slice(&bytes).unwrap();
    assert_eq!((plain, &*large, &empty[..], data, long.len()), ("plain", "groß", &b""[..], &b"data"[..], 300));
    // Latin-1, which Python does not write, cannot be.
    assert_eq!(read::<String>(b"z\x01\xe4"), "ä");
    assert!(from_slice::<&str>(b"z\x01\xe4").is_err());
    assert_eq!(read::<String>(b"z\x02\xc3\xa4"), "Ã¤");
    assert_eq!(refused::<Blob>(&write("text")), FormatErrorKind::Type);
    // serde's strings accept bytes, which strs of Python 2 are.
    assert_eq!(read::<String>(b"s\x01\0\0\0a"), "a");
    let mut reader = Reader::new(b"s\x01\0\0\0a", Limits::default()).unwrap();
    assert_eq!(reader.str().unwrap_err().category(), FormatErrorKind::Type);
}

#[test]
fn specials_become_what_marshal_has() {
    let moment = Value::DateTime("2024-01-02T03:04:05.000006+01:00".parse().unwrap());
    assert_eq!(read::<String>(&write(&moment)), "2024-01-02T03:04:05.000006+01:00");
    assert_eq!(read::<firesteel_value::DateTime>(&write(&moment)).to_string(), "2024-01-02T03:04:05.000006+01:00");
    let delta = Value::TimeDelta("-1 day, 0:00:02.000003".parse().unwrap());
    assert_eq!(read::<(i64, u32, u32)>(&write(&delta)), (-1, 2, 3));
    assert_eq!(Value::TimeDelta(read::<TimeDelta>(&write(&delta))), delta);
    assert_eq!(read::<Value>(&write(&Value::ByteArray(b"x".to_vec()))), bytes::Bytes::from_static(b"x").into());
    assert_eq!(read::<Value>(&write(&Value::Ellipsis)), Value::Ellipsis);
}

#[test]
fn what_python_cannot_hash_is_not_written() {
    let list = || Value::List(vec![]);
    let keys = [
        list(),
        Value::Dict(Dict::new()),
        Value::Set(vec![]),
        Value::ByteArray(vec![]),
        Value::Tuple(vec![1.into(), list()]),
        Instance::new("a.B").into(),
    ];
    for key in keys {
        let mut out = b"before".to_vec();
        for value in [
            Value::Dict(Dict::from_pairs(vec![(key.clone(), 1.into())])),
            Value::Set(vec![key.clone()]),
            Value::FrozenSet(vec![key.clone()]),
        ] {
            let error = append(&mut out, &(1, value), &Options::default()).unwrap_err();
            assert_eq!(error.category(), FormatErrorKind::Unhashable);
            assert_eq!(out, b"before");
        }
    }
    // Only in keys: behind them lists are welcome again.
    let key = Value::FrozenSet(vec![Value::Tuple(vec![])]);
    let value =
        Value::List(vec![Value::Dict(Dict::from_pairs(vec![(key, list())])), list(), Value::set([1.into()]), list()]);
    assert_eq!(read::<Value>(&write(&value)), value);
}

#[test]
fn sizes_that_are_unknown_are_filled_in() {
    struct Odd(Option<usize>);

    impl Serialize for Odd {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut seq = serializer.serialize_seq(self.0)?;
            for number in [1, 3, 5] {
                seq.serialize_element(&number)?;
            }
            seq.end()
        }
    }

    assert_eq!(read::<(Vec<u8>, u8)>(&write(&(Odd(None), 7))), (vec![1, 3, 5], 7));
    assert_eq!(read::<Vec<u8>>(&write(&Odd(Some(3)))), [1, 3, 5]);
    for wrong in [0, 2, 4] {
        assert_eq!(to_vec(&Odd(Some(wrong)), &Options::default()).unwrap_err().category(), FormatErrorKind::Type);
    }
}

#[test]
fn several_values_are_written_between_bytes_of_the_caller() {
    let mut out = Vec::new();
    let mut serializer = Serializer::new(&mut out, &Options::default());
    serializer.output().extend_from_slice(b")\x02");
    "a".serialize(&mut serializer).unwrap();
    serializer.serialize_u8(7).unwrap();
    assert_eq!(read::<(String, u8)>(&out), ("a".into(), 7));
    assert!(serde::Serializer::is_human_readable(&&mut Serializer::new(&mut out, &Options::default())));
}

#[test]
fn documents_are_walked_through_step_by_step() {
    let args = (1, Value::None, vec![1, 2]);
    let inner = BTreeMap::from([("a", vec![((),)]), ("b", vec![])]);
    let bytes = write(&("obj", "method", args, inner));
    let mut reader = Reader::new(&bytes, Limits::default()).unwrap();
    assert_eq!(reader.offset(), 0);
    assert_eq!(reader.open_dict().unwrap_err().category(), FormatErrorKind::Type);
    reader.open_sequence().unwrap();
    assert!(reader.next_element().unwrap());
    assert!(matches!(reader.str().unwrap(), Cow::Borrowed("obj")));
    assert_eq!(reader.offset(), 7);
    assert!(reader.next_element().unwrap());
    assert!(!reader.none().unwrap());
    assert_eq!(reader.str().unwrap(), "method");
    assert!(reader.next_entry().is_err());
    assert!(reader.next_element().unwrap());
    reader.open_sequence().unwrap();
    assert!(reader.next_element().unwrap());
    assert_eq!(reader.clone().str().unwrap_err().category(), FormatErrorKind::Type);
    assert_eq!(reader.value::<u8>().unwrap(), 1);
    assert!(reader.next_element().unwrap());
    assert!(reader.none().unwrap());
    assert!(reader.next_element().unwrap());
    assert_eq!(<[u8; 2]>::deserialize(&mut reader).unwrap(), [1, 2]);
    assert!(!reader.next_element().unwrap());
    assert!(reader.next_element().unwrap());
    reader.open_dict().unwrap();
    assert!(reader.next_entry().unwrap());
    assert!(reader.open_sequence().is_err());
    assert_eq!(reader.str().unwrap(), "a");
    // Deeper than what is kept at hand.
    for _ in 0..2 {
        reader.open_sequence().unwrap();
        assert!(reader.next_element().unwrap());
    }
    assert!(reader.none().unwrap());
    for _ in 0..2 {
        assert!(!reader.next_element().unwrap());
    }
    assert!(reader.next_entry().unwrap());
    assert_eq!(reader.value::<&str>().unwrap(), "b");
    reader.skip().unwrap();
    assert!(!reader.next_entry().unwrap());
    assert!(reader.end().is_ok());
    assert!(!reader.next_element().unwrap());
    assert!(reader.next_element().is_err());
    reader.end().unwrap();
}

#[test]
fn keys_are_hashed_step_by_step_too() {
    let bytes = b"{)\x01[\0\0\0\0N0";
    let mut reader = Reader::new(bytes, Limits::default()).unwrap();
    reader.open_dict().unwrap();
    assert!(reader.next_entry().unwrap());
    assert_eq!(reader.clone().skip().unwrap_err().category(), FormatErrorKind::Unhashable);
    assert_eq!(reader.value::<Value>().unwrap_err().category(), FormatErrorKind::Unhashable);
}

#[test]
fn steps_follow_references() {
    // t = (1, [2]); marshal.dumps((t, t, {'k': t}, t)), with k as a reference to a str of before
    let bytes = b")\x06\xda\x01k\xa9\x02i\x01\0\0\0[\x01\0\0\0i\x02\0\0\0r\x01\0\0\0{r\0\0\0\0r\x01\0\0\x000r\0\0\0\0N";
    let mut reader = Reader::new(bytes, Limits::default()).unwrap();
    reader.open_sequence().unwrap();
    assert!(reader.next_element().unwrap());
    reader.skip().unwrap();
    let walk = |reader: &mut Reader<'_>| {
        reader.open_sequence().unwrap();
        assert!(reader.next_element().unwrap());
        assert_eq!(reader.value::<u8>().unwrap(), 1);
        assert!(reader.next_element().unwrap());
        reader.open_sequence().unwrap();
        assert!(reader.next_element().unwrap());
        assert_eq!(reader.value::<u8>().unwrap(), 2);
        assert!(!reader.next_element().unwrap());
        assert!(!reader.next_element().unwrap());
    };
    for _ in 0..2 {
        assert!(reader.next_element().unwrap());
        walk(&mut reader);
    }
    assert!(reader.next_element().unwrap());
    reader.open_dict().unwrap();
    assert!(reader.next_entry().unwrap());
    assert_eq!(reader.str().unwrap(), "k");
    walk(&mut reader);
    assert!(!reader.next_entry().unwrap());
    assert!(reader.next_element().unwrap());
    assert!(!reader.none().unwrap());
    assert_eq!(reader.str().unwrap(), "k");
    assert!(reader.next_element().unwrap());
    assert!(reader.none().unwrap());
    assert!(!reader.next_element().unwrap());
    reader.end().unwrap();
}

#[test]
fn limits_are_kept() {
    let mut limits = Limits::default();
    limits.max_size = 5;
    assert_eq!(from_slice_with::<u8>(b"i\x01\0\0\0", limits).unwrap(), 1);
    assert_eq!(from_slice_with::<String>(b"z\x04abcd", limits).unwrap_err().category(), FormatErrorKind::Size);
}
