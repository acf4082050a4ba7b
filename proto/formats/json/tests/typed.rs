//! Typed reading and writing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use firesteel_json::{FormatErrorKind, Options, append, from_slice, to_vec};
use firesteel_value::{
    BigInt, Blob, Complex, Date, DateTime, Decimal, Dict, FrozenSet, Instance, Set, Time, TimeDelta, Uuid, Value,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

fn write<T: Serialize + ?Sized>(value: &T) -> String {
    String::from_utf8(to_vec(value, &Options::default()).unwrap()).unwrap()
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    from_slice(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn refused<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> FormatErrorKind {
    let error = from_slice::<T>(text.as_bytes()).expect_err(text);
    assert!(error.offset().is_some(), "{error}");
    error.category()
}

fn unwritable<T: Serialize + ?Sized>(value: &T) -> FormatErrorKind {
    let mut out = b"before".to_vec();
    let error = append(&mut out, value, &Options::default()).unwrap_err();
    assert_eq!(out, b"before");
    error.category()
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    Newtype(u8),
    Tuple(u8, bool),
    Struct { side: f64 },
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Color {
    Red,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Id(u8);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    unit: (),
    none: Option<i32>,
    some: Option<i32>,
    tuple: (i8, u64, i128, u128),
    chars: Vec<char>,
    map: BTreeMap<i64, f32>,
    set: Set<u8>,
    tree: BTreeSet<u8>,
    big: BigInt,
    blob: Blob,
    shapes: Vec<Shape>,
    datetime: DateTime,
    date: Date,
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
        chars: vec!['a', 'ä', '"'],
        map: [(-1, 0.5), (2, f32::INFINITY)].into(),
        set: vec![1, 2].into(),
        tree: [3].into(),
        big: "-340282366920938463463374607431768211457".parse().unwrap(),
        blob: b"bytes\0"[..].into(),
        shapes: vec![Shape::Unit, Shape::Newtype(1), Shape::Tuple(2, true), Shape::Struct { side: 1.0 }],
        datetime: "2024-02-29T12:30:00.000001+01:00".parse().unwrap(),
        date: "2024-02-29".parse().unwrap(),
        decimal: "1.50".parse().unwrap(),
        uuid: "00000000-0000-0000-0000-000000000005".parse().unwrap(),
        value: Instance::new("a.B").with("x", Value::List(vec![1.into()])).into(),
    }
}

#[test]
fn every_type_of_serde_comes_back() {
    let text = write(&everything());
    assert_eq!(
        text,
        r#"{"unit": null, "none": null, "some": -3, "tuple": [-1, 18446744073709551615, "#.to_owned()
            + r#"-170141183460469231731687303715884105728, 340282366920938463463374607431768211455], "#
            + r#""chars": ["a", "ä", "\""], "map": {"-1": 0.5, "2": Infinity}, "set": [1, 2], "tree": [3], "#
            + r#""big": -340282366920938463463374607431768211457, "#
            + r#""blob": {"data": "Ynl0ZXMA", "encoding": "base64"}, "#
            + r#""shapes": ["Unit", {"Newtype": 1}, {"Tuple": [2, true]}, {"Struct": {"side": 1.0}}], "#
            + r#""datetime": "2024-02-29T12:30:00.000001+01:00", "date": "2024-02-29", "decimal": "1.50", "#
            + r#""uuid": "00000000-0000-0000-0000-000000000005", "value": {"__class__": "a.B", "x": [1]}}"#
    );
    assert_eq!(read::<Everything>(&text), everything());
    let value: Value = read(&text);
    assert_eq!(value.get("big"), Some(&everything().big.into()));
    assert_eq!(value.get("date"), Some(&"2024-02-29".into()));
}

#[test]
fn what_json_lacks_is_refused() {
    use FormatErrorKind::*;
    assert_eq!(unwritable(&Complex::new(1.0, 2.0)), Unsupported);
    assert_eq!(unwritable(&FrozenSet(vec![1])), Unsupported);
    assert_eq!(unwritable(&("12:30".parse::<Time>().unwrap(), 1)), Unsupported);
    assert_eq!(unwritable(&[TimeDelta::new(1, 2, 3).unwrap()]), Unsupported);
    assert_eq!(unwritable(&Value::Ellipsis), Unsupported);
    assert_eq!(unwritable(&format!("0x{}", "f".repeat(4000)).parse::<BigInt>().unwrap()), NumberRange);
    assert_eq!(unwritable(&BTreeMap::from([((1, 2), 3)])), Unsupported);
    assert_eq!(unwritable(&BTreeMap::from([(vec![1], 3)])), Unsupported);
    assert_eq!(unwritable(&BTreeMap::from([(BTreeMap::from([(1, 2)]), 3)])), Unsupported);
    assert_eq!(unwritable(&BTreeMap::from([(Blob::default(), 3)])), Unsupported);
    let deep = |levels| (0..levels).fold(Value::None, |value, _| Value::List(vec![value]));
    assert_eq!(write(&deep(200)).len(), 404);
    assert_eq!(unwritable(&deep(201)), Depth);
    let dicts = (0..201).fold(Value::None, |value, _| Dict::from_iter([("a", value)]).into());
    assert_eq!(unwritable(&dicts), Depth);
}

#[test]
fn keys_are_strings_and_come_back_as_what_they_were() {
    fn back<K: Ord + std::fmt::Debug + Serialize + DeserializeOwned>(keys: impl IntoIterator<Item = K>, text: &str) {
        let map: BTreeMap<K, ()> = keys.into_iter().map(|key| (key, ())).collect();
        assert_eq!(write(&map), text);
        assert_eq!(read::<BTreeMap<K, ()>>(text), map);
    }
    back([-1_i8, 2], r#"{"-1": null, "2": null}"#);
    back([u128::MAX], r#"{"340282366920938463463374607431768211455": null}"#);
    back([true], r#"{"true": null}"#);
    back(['ä'], r#"{"ä": null}"#);
    back([None, Some(3)], r#"{"null": null, "3": null}"#);
    back([Color::Red], r#"{"Red": null}"#);
    back([Id(7)], r#"{"7": null}"#);
    back([()], r#"{"null": null}"#);
    back(["-99999999999999999999999".parse::<BigInt>().unwrap()], r#"{"-99999999999999999999999": null}"#);
    back(["2024-02-29".to_owned(), "\n".into()], r#"{"\n": null, "2024-02-29": null}"#);
    assert_eq!(read::<HashMap<u8, u8>>(r#"{"\u0031": 2}"#), HashMap::from([(1, 2)]));

    #[derive(Debug, Deserialize)]
    struct Float(f64);
    let floats: Vec<f64> = read::<Pairs<Float>>(r#"{"1.5": 0, "NaN": 0, "-Infinity": 0, "2": 0}"#)
        .0
        .into_iter()
        .map(|key| key.0)
        .collect();
    assert!(floats[0] == 1.5 && floats[1].is_nan() && floats[2] == f64::NEG_INFINITY && floats[3] == 2.0);
    for text in ["\"\"", "\"x\"", "\" 1\"", "\"1 \"", "\"1.5\"", "\"1,\"", "\"null\"", "\"300\""] {
        assert_eq!(refused::<BTreeMap<u8, u8>>(&format!("{{{text}: 1}}")), FormatErrorKind::Type, "{text}");
    }
    assert_eq!(refused::<BTreeMap<bool, u8>>("{\"True\": 1}"), FormatErrorKind::Type);
    assert_eq!(refused::<BTreeMap<u8, u8>>("{1: 1}"), FormatErrorKind::Syntax);
    assert_eq!(refused::<BTreeMap<Vec<u8>, u8>>("{\"a\": 1}"), FormatErrorKind::Type);
    assert_eq!(refused::<BTreeMap<i64, u8>>(&format!("{{\"{}\": 1}}", "9".repeat(4301))), FormatErrorKind::NumberRange);
}

/// The keys of a dict.
#[derive(Debug)]
struct Pairs<K>(Vec<K>);

impl<'de, K: Deserialize<'de>> Deserialize<'de> for Pairs<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<K>(std::marker::PhantomData<K>);

        impl<'de, K: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<K> {
            type Value = Pairs<K>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a dict")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Pairs<K>, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, _)) = map.next_entry::<K, serde::de::IgnoredAny>()? {
                    keys.push(key);
                }
                Ok(Pairs(keys))
            }
        }

        deserializer.deserialize_map(Visitor(std::marker::PhantomData))
    }
}

#[test]
fn numbers_fit_or_are_refused() {
    use FormatErrorKind::{NumberRange, Type};
    assert_eq!(read::<f64>("7"), 7.0);
    assert_eq!(read::<f64>("-Infinity"), f64::NEG_INFINITY);
    assert_eq!(read::<f64>("18446744073709551616"), 18446744073709551616.0);
    assert!(read::<f64>("NaN").is_nan());
    assert!(read::<f32>("1e999").is_infinite());
    assert_eq!(read::<Complex>("[1, 2.5]"), Complex::new(1.0, 2.5));
    assert_eq!(read::<Complex>(r#"{"__class__": "complex", "real": 1.5, "imag": Infinity}"#).im, f64::INFINITY);
    assert_eq!(read::<BigInt>("-1"), BigInt::from(-1_i64));
    assert_eq!(read::<u64>("18446744073709551615"), u64::MAX);
    assert_eq!(read::<i64>("-9223372036854775808"), i64::MIN);
    for text in ["256", "-1", "1.0", "1e2", "\"1\"", "true", "null", "NaN", "[1]", "18446744073709551615", "-Infinity"]
    {
        assert_eq!(refused::<u8>(text), Type, "{text}");
    }
    assert_eq!(refused::<BigInt>("\"1\""), Type);
    assert_eq!(refused::<BigInt>("1.5"), Type);
    assert_eq!(refused::<i128>(&"9".repeat(40)), NumberRange);
    assert_eq!(refused::<f64>(&"9".repeat(400)), NumberRange);
    assert_eq!(refused::<BigInt>(&"9".repeat(4301)), NumberRange);
    for text in ["null", "true", "\"1\"", "{}", "nul"] {
        assert!(from_slice::<f64>(text.as_bytes()).is_err());
    }
}

#[test]
fn sequences_and_enums_are_checked() {
    use FormatErrorKind::Type;
    assert_eq!(read::<(i64, i64)>("[1,2]"), (1, 2));
    for text in ["[1]", "[1,2,3]", "[]", "{}", "\"ab\"", "1"] {
        assert_eq!(refused::<(i64, i64)>(text), Type, "{text}");
    }
    assert_eq!(refused::<(i64,)>("[1 2]"), FormatErrorKind::Syntax);
    assert_eq!(refused::<()>("[]"), Type);
    assert_eq!(refused::<bool>("1"), Type);
    assert_eq!(refused::<String>("null"), Type);
    assert_eq!(refused::<char>("\"ab\""), Type);
    assert_eq!(read::<Option<Option<i64>>>("null"), None);
    assert_eq!(read::<Shape>("{\"Unit\": null}"), Shape::Unit);
    assert_eq!(read::<Shape>("{\"Struct\": {\"side\": 1}}"), Shape::Struct { side: 1.0 });
    for text in
        ["\"Newtype\"", "{}", "{\"Unit\": 1}", "{\"Newtype\": 1, \"Unit\": null}", "\"Other\"", "1", "{\"Tuple\": [1]}"]
    {
        assert_eq!(refused::<Shape>(text), Type, "{text}");
    }
    assert_eq!(refused::<Dict>("[]"), Type);
    assert_eq!(refused::<Instance>("{}"), Type);
}

#[test]
fn bytes_are_read_from_each_form() {
    for text in [
        r#"{"data": "aGkh", "encoding": "base64"}"#,
        r#"{"encoding":"base64","x":[1],"data":"aG kh\n"}"#,
        "[104, 105, 33]",
    ] {
        assert_eq!(read::<Blob>(text), b"hi!"[..].into(), "{text}");
        assert_eq!(read::<Vec<u8>>(text), b"hi!", "{text}");
    }
    let value: Value = read(r#"{"data": "aGkh", "encoding": "base64"}"#);
    assert_eq!(value.bytes().unwrap(), &b"hi!"[..]);
    for text in [
        "\"hi!\"",
        r#"{"data": "aGkh"}"#,
        r#"{"data": "a", "encoding": "base64"}"#,
        r#"{"data": 1, "encoding": "base64"}"#,
        "1",
        "[256]",
    ] {
        assert_eq!(refused::<Blob>(text), FormatErrorKind::Type, "{text}");
    }
}

#[test]
fn plain_strings_are_borrowed() {
    assert_eq!(from_slice::<Vec<&str>>(br#"["plain", "", "\u00e4" ]"#).unwrap_err().category(), FormatErrorKind::Type);
    let text = "[\"plain\", \"\", \"längere Zeichenkette ohne Umschweife\"]".as_bytes();
    assert_eq!(from_slice::<Vec<&str>>(text).unwrap(), ["plain", "", "längere Zeichenkette ohne Umschweife"]);
    assert_eq!(from_slice::<HashMap<&str, u8>>(b"{\"a\": 1}").unwrap(), HashMap::from([("a", 1)]));
    assert_eq!(read::<Vec<String>>(r#"["plain", "esc\n", "\ud83d\ude00\\"]"#), ["plain", "esc\n", "😀\\"]);
}

#[test]
fn errors_have_a_category_and_a_place() {
    use FormatErrorKind::*;
    for (text, category, offset) in [
        (&b"[1,\xff]"[..], Utf8, 3),
        (b"", UnexpectedEnd, 0),
        (b" ", UnexpectedEnd, 1),
        (b"[1", UnexpectedEnd, 2),
        (b"[1,", UnexpectedEnd, 3),
        (b"{\"a\"", UnexpectedEnd, 4),
        (b"[\"a", UnexpectedEnd, 1),
        (b"[\"a\\", UnexpectedEnd, 1),
        (b"[1}", Syntax, 2),
        (b"[1,]", Syntax, 3),
        (b"{\"a\":1,}", Syntax, 7),
        (b"[nul]", Syntax, 1),
        (b"[01]", Syntax, 2),
        (b"[1.]", Syntax, 3),
        (b"[\"a\x01\"]", Syntax, 3),
        (b"[\"a\\x\"]", Syntax, 3),
        (b"[\"\\u00g0\"]", Syntax, 2),
        (b"\xef\xbb\xbf1", Syntax, 0),
        (b"[\"ab\\ud800\"]", Surrogate, 4),
        (b"1 1", Trailing, 2),
        (b"[] ]", Trailing, 3),
    ] {
        let error = from_slice::<Value>(text).unwrap_err();
        assert_eq!((error.category(), error.offset()), (category, Some(offset)), "{error} in {text:?}");
    }
    let text = from_slice::<Vec<bool>>(b"[true, 1]").unwrap_err().to_string();
    assert_eq!(text, "expected a bool, found a number at byte 7");
    let text = from_slice::<Value>("[1 ä]".as_bytes()).unwrap_err().to_string();
    assert_eq!(text, "expected a comma or ']', found 'ä' at byte 3");
}
