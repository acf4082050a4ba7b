//! Typed values both ways, the cursor, and what the writer refuses.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use firesteel_formats_testkit::{record, record_value};
use firesteel_pickle::{FormatErrorKind, Limits, Options, Reader, Serializer, append, from_slice, to_vec};
use firesteel_value::{BigInt, Blob, Complex, DateTime, Decimal, Set, Time, TimeDelta, Uuid, Value};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

fn options(protocol: u8) -> Options {
    let mut options = Options::default();
    options.protocol = protocol;
    options
}

fn both_ways<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: T) {
    for protocol in 2..=4 {
        assert_eq!(from_slice::<T>(&to_vec(&value, &options(protocol)).unwrap()).unwrap(), value);
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    Newtype(Option<i64>),
    Tuple(i64, String),
    Struct { a: f64, b: Vec<u8> },
}

#[test]
fn typed_values_come_back() {
    both_ways(record());
    both_ways(vec![Shape::Unit, Shape::Newtype(None), Shape::Newtype(Some(1))]);
    both_ways((Shape::Tuple(1, "x".into()), Shape::Struct { a: 0.5, b: vec![1, 2] }));
    both_ways((u64::MAX, i64::MIN, i128::MIN, u128::MAX, i128::MAX, 0_u8, -1_i8, 65_536_i32));
    both_ways((1_u8, ((), (2.5_f32, 'ä')), [(); 2], Some(true), "text".to_owned()));
    both_ways(HashMap::from([(1, "a".to_owned()), (-300, "b".repeat(300))]));
    both_ways((
        Blob::from(vec![0, 200, 10]),
        Complex::new(-0.0, 1.0),
        Set(vec![1, 2]),
        "1".repeat(40).parse::<BigInt>().unwrap(),
    ));
    both_ways("2024-01-02T03:04:05.000006+05:30".parse::<DateTime>().unwrap());
    both_ways(("03:04:05".parse::<Time>().unwrap(), TimeDelta::new(-1, 2, 3).unwrap()));
    both_ways(("1E+3".parse::<Decimal>().unwrap(), Uuid::from([0x80; 16])));
    let value: Value = from_slice(&to_vec(&record(), &options(2)).unwrap()).unwrap();
    assert_eq!(value, record_value());
}

#[test]
fn other_crates_read_special_types_as_texts_and_numbers() {
    let value = Value::from("2024-01-02T03:04:05".parse::<DateTime>().unwrap());
    let pickle = to_vec(&value, &options(2)).unwrap();
    assert_eq!(from_slice::<String>(&pickle).unwrap(), "2024-01-02T03:04:05");
    let folded = to_vec(&Value::from("03:04:05".parse::<Time>().unwrap().with_fold(true)), &options(4)).unwrap();
    assert!(from_slice::<Time>(&folded).unwrap().fold());
    assert_eq!(from_slice::<String>(&folded).unwrap(), "03:04:05");
    assert_eq!(from_slice::<f64>(b"K\x05.").unwrap(), 5.0);
    assert_eq!(from_slice::<Vec<u8>>(b"C\x02\x01\xff.").unwrap(), [1, 255]);
    assert_eq!(from_slice::<Vec<u16>>(b"\x8f(K\x01K\x02\x90.").unwrap(), [1, 2]);
}

#[test]
fn strings_and_bytes_are_borrowed() {
    #[derive(Deserialize)]
    struct Borrowed<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
        raw: &'a [u8],
    }
    let pickle = b"\x80\x03}(X\x04\0\0\0nameX\x02\0\0\0abX\x03\0\0\0rawC\x02\x01\x02X\x01\0\0\0z]u.";
    let borrowed: Borrowed<'_> = from_slice(pickle).unwrap();
    assert!(matches!(borrowed.name, Cow::Borrowed("ab")));
    assert_eq!(borrowed.raw, [1, 2]);
    assert_eq!(from_slice::<&str>(b"\x8c\x02ab.").unwrap(), "ab");
}

#[test]
fn wrong_types_are_named_with_their_place() {
    let error = from_slice::<Vec<i64>>(b"](K\x01X\x01\0\0\0xe.").unwrap_err();
    assert_eq!(error.to_string(), "expected an integer, found str at byte 4");
    assert_eq!(error.category(), FormatErrorKind::Type);
    assert_eq!(from_slice::<bool>(b"N.").unwrap_err().to_string(), "expected a bool, found None at byte 0");
    assert_eq!(from_slice::<String>(b"K\x01.").unwrap_err().to_string(), "expected a str, found int at byte 0");
    assert_eq!(
        from_slice::<BTreeMap<i64, i64>>(b"].").unwrap_err().to_string(),
        "expected a dict, found list at byte 0"
    );
    assert!(from_slice::<(i64, i64)>(b"(K\x01K\x02K\x03t.").is_err());
    assert!(from_slice::<i8>(b"M\x00\x01.").is_err());
    assert!(from_slice::<Shape>(b"}.").is_err());
}

#[test]
fn the_cursor_walks_through_containers() {
    let pickle = b"\x80\x02(X\x01\0\0\0oX\x01\0\0\0m(K\x01]K\x02aNK\x04t}(X\x01\0\0\0aK\x01K\x02)ut.";
    let mut reader = Reader::new(pickle, Limits::default()).unwrap();
    reader.open_sequence().unwrap();
    assert!(reader.next_element().unwrap());
    assert!(reader.next_element().is_err(), "not read yet");
    assert_eq!(reader.offset(), 3);
    assert!(!reader.none().unwrap());
    assert_eq!(reader.str().unwrap(), "o");
    assert!(reader.str().is_err(), "read already");
    assert!(reader.next_entry().is_err(), "no dict");
    assert!(reader.next_element().unwrap());
    reader.skip().unwrap();
    let here = reader.clone();
    for mut reader in [here, reader] {
        assert!(reader.next_element().unwrap());
        reader.open_sequence().unwrap();
        assert!(reader.next_element().unwrap());
        assert!(reader.str().is_err());
        assert_eq!(reader.value::<i64>().unwrap(), 1);
        assert!(reader.next_element().unwrap());
        reader.open_sequence().unwrap();
        assert!(reader.next_element().unwrap());
        assert_eq!(reader.value::<Value>().unwrap(), 2.into());
        assert!(!reader.next_element().unwrap());
        assert!(reader.next_element().unwrap());
        assert!(reader.none().unwrap());
        assert!(reader.next_element().unwrap());
        assert_eq!(reader.value::<Option<i64>>().unwrap(), Some(4));
        assert!(!reader.next_element().unwrap());
        assert!(reader.next_element().unwrap());
        assert!(reader.open_sequence().is_err(), "a dict");
        reader.open_dict().unwrap();
        assert!(reader.next_entry().unwrap());
        assert!(reader.open_dict().is_err(), "a key");
        assert_eq!(reader.str().unwrap(), "a");
        assert_eq!(reader.value::<i64>().unwrap(), 1);
        assert!(reader.next_entry().unwrap());
        assert_eq!(reader.value::<i64>().unwrap(), 2);
        reader.open_sequence().unwrap();
        assert!(!reader.next_element().unwrap());
        assert!(!reader.next_entry().unwrap());
        assert!(reader.end().is_err(), "not at the end");
        assert!(!reader.next_element().unwrap());
        reader.end().unwrap();
        assert!(reader.value::<i64>().is_err() && reader.next_element().is_err());
    }
    // More levels than are kept without allocating.
    let mut reader = Reader::new(b"]]]]]]N\x85aaaaaa.", Limits::default()).unwrap();
    for _ in 0..7 {
        reader.open_sequence().unwrap();
        assert!(reader.next_element().unwrap());
    }
    assert!(reader.none().unwrap());
    for _ in 0..7 {
        assert!(!reader.next_element().unwrap());
    }
    reader.end().unwrap();
    let mut reader = Reader::new(b"N.N", Limits::default()).unwrap();
    reader.skip().unwrap();
    assert_eq!(reader.end().unwrap_err().category(), FormatErrorKind::Trailing);
}

#[test]
fn what_cannot_be_written_is_refused_and_leaves_nothing() {
    use FormatErrorKind::*;
    struct Short;
    impl Serialize for Short {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serde::ser::SerializeTuple::end(serializer.serialize_tuple(2)?)
        }
    }
    let nested = |levels: usize| (0..levels).fold(Value::from(1), |inner, _| Value::List(vec![inner]));
    let mut out = b"before".to_vec();
    for protocol in 2..=4 {
        let options = options(protocol);
        let mut refused = |value: &Value| append(&mut out, value, &options).unwrap_err().category();
        for key in [Value::List(vec![]), Value::ByteArray(vec![]), Value::set([]), Value::Dict(Default::default())] {
            assert_eq!(refused(&Value::Set(vec![key.clone()])), Unhashable);
            assert_eq!(refused(&Value::FrozenSet(vec![Value::Tuple(vec![key.clone()])])), Unhashable);
            assert_eq!(refused(&Value::Dict([(key, 1)].into_iter().collect())), Unhashable);
        }
        assert_eq!(refused(&nested(201)), Depth);
        assert!(to_vec(&nested(200), &options).is_ok());
        let set = Value::FrozenSet(vec![Value::FrozenSet(vec![]), Value::None, Blob::from(vec![1]).into()]);
        assert_eq!(from_slice::<Value>(&to_vec(&set, &options).unwrap()).unwrap(), set);
        assert_eq!(append(&mut out, &Short, &options).unwrap_err().category(), Type);
    }
    for protocol in [0, 1, 5, 255] {
        assert_eq!(append(&mut out, &1, &options(protocol)).unwrap_err().category(), Unsupported);
    }
    assert_eq!(out, b"before");
}

#[test]
fn values_can_be_written_among_opcodes_of_the_caller() {
    let mut out = b"\x80\x02(".to_vec();
    let mut serializer = Serializer::new(&mut out, &Options::default());
    "obj".serialize(&mut serializer).unwrap();
    [1, 2].serialize(&mut serializer).unwrap();
    serializer.output().push(b'N');
    Set(vec!["x"]).serialize(&mut serializer).unwrap();
    vec![1].serialize(&mut serializer).unwrap();
    out.extend(b"t.");
    let value: Value = from_slice(&out).unwrap();
    assert_eq!(value.to_string(), "('obj', (1, 2), None, {'x'}, [1])");
}
