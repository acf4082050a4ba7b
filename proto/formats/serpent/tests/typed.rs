//! Typed reading and writing, and the step by step reader.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use firesteel_serpent::{
    FormatErrorKind, Limits, Options, Reader, Serializer, append, from_slice, from_slice_with, to_vec,
};
use firesteel_value::{BigInt, Blob, Complex, Dict, FrozenSet, Instance, Set, Value};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

fn write<T: Serialize + ?Sized>(value: &T) -> String {
    let mut options = Options::default();
    options.header = false;
    String::from_utf8(to_vec(value, &options).unwrap()).unwrap()
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    from_slice(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn refused<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> FormatErrorKind {
    let error = from_slice::<T>(text.as_bytes()).expect_err(text);
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
    nan: Complex,
    big: BigInt,
    blob: Blob,
    shapes: Vec<Shape>,
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
        nan: Complex::new(f64::INFINITY, 2.0),
        big: "-340282366920938463463374607431768211457".parse().unwrap(),
        blob: b"bytes\0"[..].into(),
        shapes: vec![Shape::Unit, Shape::Newtype(1), Shape::Tuple(2, true), Shape::Struct { side: 1.0 }],
        value: Instance::new("a.B").with("x", (1,)).into(),
    }
}

#[test]
fn every_type_of_serde_comes_back() {
    let text = write(&everything());
    assert_eq!(
        text,
        "{'unit':None,'none':None,'some':-3,'tuple':(-1,18446744073709551615,\
         -170141183460469231731687303715884105728,340282366920938463463374607431768211455),'chars':['a','ä',\"'\"],\
         'map':{-1:0.5,2:1e30000},'set':{1,2},'frozen':(),'tree':[3],'complex':(1.0-0.0j),'nan':(1e30000+2.0j),\
         'big':-340282366920938463463374607431768211457,'blob':{'data': 'Ynl0ZXMA', 'encoding': 'base64'},\
         'shapes':['Unit',{'Newtype':1},{'Tuple':(2,True)},{'Struct':{'side':1.0}}],\
         'value':{'__class__':'a.B','x':(1,)}}"
    );
    assert_eq!(read::<Everything>(&text), everything());
    let value: Value = read(&text);
    assert_eq!(value.get("big"), Some(&everything().big.into()));
    assert_eq!(value.get("tuple").unwrap().as_seq().unwrap().len(), 4);
}

#[test]
fn numbers_fit_or_are_refused() {
    assert_eq!(read::<f64>("7"), 7.0);
    assert_eq!(read::<f64>("0x1_0000_0000_0000_0000"), 18446744073709551616.0);
    assert_eq!(read::<u8>("(2_5_5)"), 255);
    assert!(read::<f64>("{'__class__':'float','value':'nan'}").is_nan());
    assert_eq!(read::<Complex>("{'__class__':'complex','real':1.5,'imag':1e30000}"), Complex::new(1.5, f64::INFINITY));
    assert!(read::<Complex>("{'__class__':'complex','real':{'__class__':'float','value':'nan'},'imag':2}").re.is_nan());
    assert_eq!(read::<Complex>("(1)+2j"), Complex::new(1.0, 2.0));
    assert_eq!(read::<BigInt>("-1"), BigInt::from(-1_i64));
    assert_eq!(refused::<u8>("256"), FormatErrorKind::Type);
    assert_eq!(refused::<i64>("1.0"), FormatErrorKind::Type);
    assert_eq!(refused::<(i64,)>("(1.0,)"), FormatErrorKind::Type);
    assert_eq!(refused::<i64>("'1'"), FormatErrorKind::Type);
    assert_eq!(refused::<BigInt>("'1'"), FormatErrorKind::Type);
    assert_eq!(refused::<i64>("True"), FormatErrorKind::Type);
    assert_eq!(refused::<i128>(&format!("0x1{}", "0".repeat(40))), FormatErrorKind::NumberRange);
    assert_eq!(refused::<BigInt>(&"9".repeat(4301)), FormatErrorKind::NumberRange);
    assert_eq!(refused::<f64>("{'a':1}"), FormatErrorKind::Type);
}

#[test]
fn parentheses_mean_nothing_around_single_values() {
    assert_eq!(read::<Vec<i64>>("([1,2])"), [1, 2]);
    assert_eq!(read::<(i64,)>("((1,))"), (1,));
    assert_eq!(read::<((i64,), i64)>("(((1,)),2)"), ((1,), 2));
    assert_eq!(read::<String>("(('a' 'b'))"), "ab");
    assert_eq!(read::<Option<i64>>("((None))"), None);
    assert_eq!(read::<Option<i64>>("((3))"), Some(3));
    assert_eq!(read::<HashMap<i64, bool>>("({1:(True)})"), HashMap::from([(1, true)]));
    assert_eq!(read::<Shape>("('Unit')"), Shape::Unit);
    assert_eq!(read::<Shape>("({('Newtype'):(1),})"), Shape::Newtype(1));
    assert_eq!(read::<Blob>("(b'a')"), b"a"[..].into());
    assert_eq!(refused::<(i64,)>("(1)"), FormatErrorKind::Type);
    assert_eq!(read::<(i64, i64)>("1,2"), (1, 2));
    assert_eq!(read::<Value>("1,"), (1,).into());
}

#[test]
fn sequences_are_read_from_each_kind() {
    for text in ["[1,2]", "(1,2)", "{1,2}", "(1,2,)", "1,2"] {
        assert_eq!(read::<Vec<i64>>(text), [1, 2]);
        assert_eq!(read::<(i64, i64)>(text), (1, 2));
    }
    assert!(read::<Vec<i64>>("set()").is_empty());
    assert!(read::<Set<i64>>("()").is_empty());
    for text in ["[1]", "[1,2,3]"] {
        assert_eq!(refused::<(i64, i64)>(text), FormatErrorKind::Type);
    }
    assert_eq!(refused::<Vec<i64>>("{1:2}"), FormatErrorKind::Type);
    assert_eq!(refused::<Vec<i64>>("'ab'"), FormatErrorKind::Type);
}

#[test]
fn bytes_are_read_from_each_form() {
    for text in [
        "b'hi!'",
        "b'h' br'i!'",
        r"b'\x68i!'",
        "{'data': 'aGkh', 'encoding': 'base64'}",
        "{'encoding':'base64','x':1,'data':'aG kh\\n'}",
    ] {
        assert_eq!(read::<Blob>(text), b"hi!"[..].into(), "{text}");
        assert_eq!(read::<Vec<u8>>(text), b"hi!", "{text}");
        assert_eq!(read::<Value>(text).bytes().unwrap(), &b"hi!"[..], "{text}");
    }
    for text in
        ["'hi!'", "{'data': 'aGkh'}", "{'data': 'a', 'encoding': 'base64'}", "{'data': 1, 'encoding': 'base64'}", "1"]
    {
        assert_eq!(refused::<Blob>(text), FormatErrorKind::Type, "{text}");
    }
}

#[test]
fn plain_strings_are_borrowed() {
    let text = b"['plain', 'esc\\n', r'raw\\n', '''t''', u'u']";
    let strings: Vec<Cow<'_, str>> = from_slice::<Vec<&str>>(b"['plain', r'raw\\n', '''t''', u'u']")
        .unwrap()
        .into_iter()
        .map(Cow::Borrowed)
        .collect();
    assert_eq!(strings, ["plain", "raw\\n", "t", "u"]);
    assert_eq!(from_slice::<Vec<String>>(text).unwrap(), ["plain", "esc\n", "raw\\n", "t", "u"]);
}

#[test]
fn the_cursor_walks_through_a_call() {
    let text = b"# serpent utf-8 python3.2\n('obj', \"me\\x74h\", (1, [2, 3,],), {'a': None, 'b' 'c': (4,)}) # end\n";
    let mut reader = Reader::new(text, Limits::default()).unwrap();
    reader.open_sequence().unwrap();
    assert!(reader.next_element().unwrap());
    assert_eq!(reader.str().unwrap(), "obj");
    assert!(reader.next_element().unwrap());
    assert_eq!(reader.str().unwrap(), "meth");
    let mut kept = reader.clone();
    drop(reader);
    assert!(kept.next_element().unwrap());
    assert!(!kept.none().unwrap());
    kept.open_sequence().unwrap();
    assert!(kept.next_element().unwrap());
    assert_eq!(kept.value::<i64>().unwrap(), 1);
    assert!(kept.next_element().unwrap());
    assert_eq!(kept.value::<Vec<i64>>().unwrap(), [2, 3]);
    assert!(!kept.next_element().unwrap());
    assert!(kept.next_element().unwrap());
    kept.open_dict().unwrap();
    assert!(kept.next_entry().unwrap());
    assert_eq!(kept.str().unwrap(), "a");
    assert!(kept.none().unwrap());
    assert!(kept.next_entry().unwrap());
    assert_eq!(kept.value::<String>().unwrap(), "bc");
    assert_eq!(kept.value::<(i64,)>().unwrap(), (4,));
    assert!(!kept.next_entry().unwrap());
    assert!(!kept.next_element().unwrap());
    kept.end().unwrap();
    assert!(kept.offset() > 90);
}

#[test]
fn the_cursor_reports_misuse_and_wrong_types() {
    let mut reader = Reader::new(b"(1)", Limits::default()).unwrap();
    assert!(reader.next_element().is_err());
    reader.open_sequence().unwrap();
    assert!(reader.clone().next_entry().is_err());
    assert!(reader.next_element().unwrap());
    assert_eq!(reader.clone().str().unwrap_err().category(), FormatErrorKind::Type);
    reader.skip().unwrap();
    assert!(reader.next_element().is_err());

    let mut reader = Reader::new(b"{'a'}", Limits::default()).unwrap();
    assert_eq!(reader.clone().open_sequence().unwrap_err().category(), FormatErrorKind::Type);
    reader.open_dict().unwrap();
    assert!(reader.next_entry().unwrap());
    assert!(reader.clone().open_sequence().is_err());
    assert!(reader.str().is_err());
    let mut reader = Reader::new(b"{[1]: 2}", Limits::default()).unwrap();
    reader.open_dict().unwrap();
    assert!(reader.next_entry().unwrap());
    assert_eq!(reader.value::<Vec<i64>>().unwrap_err().category(), FormatErrorKind::Unhashable);
}

#[test]
fn errors_have_a_category_and_a_place() {
    use FormatErrorKind::*;
    for (text, category, offset) in [
        (&b"[1,\xff]"[..], Utf8, 3),
        (b"[1,\0]", Syntax, 3),
        (b"", UnexpectedEnd, 0),
        (b"[1", UnexpectedEnd, 2),
        (b"[1}", Syntax, 2),
        (b"'\\ud800'", Surrogate, 7),
        (b"'\\N{DIGIT ONE}'", Unsupported, 1),
        (b"1 2", Trailing, 2),
        (b"{1:2,[3]:4}", Unhashable, 5),
        (b"\n  1", Syntax, 3),
        (b"'abc", UnexpectedEnd, 0),
    ] {
        let error = from_slice::<Value>(text).unwrap_err();
        assert_eq!((error.category(), error.offset()), (category, Some(offset)), "{text:?} {error}");
    }
    let text = from_slice::<Vec<u8>>(b"[1,300]").unwrap_err().to_string();
    assert_eq!(text, "invalid value: integer `300`, expected u8 at byte 6");
}

#[test]
fn nesting_is_limited_both_ways() {
    for (open, close) in [("[", "]"), ("(", ",)"), ("{1:", "}")] {
        let nested = |levels: usize| format!("{}1{}", open.repeat(levels), close.repeat(levels));
        let value: Value = read(&nested(200));
        assert_eq!(write(&value), nested(200));
        assert_eq!(refused::<Value>(&nested(201)), FormatErrorKind::Depth);
        assert_eq!(refused::<Value>(&open.repeat(1_000_000)), FormatErrorKind::Depth);
        let deeper = Value::List(vec![value]);
        assert_eq!(to_vec(&deeper, &Options::default()).unwrap_err().category(), FormatErrorKind::Depth);
    }
    assert_eq!(read::<i64>(&format!("{}1{}", "(".repeat(200), ")".repeat(200))), 1);
    assert_eq!(refused::<i64>(&format!("{}1{}", "(".repeat(201), ")".repeat(201))), FormatErrorKind::Depth);
    assert_eq!(refused::<i64>(&format!("-{}1{}", "(".repeat(201), ")".repeat(201))), FormatErrorKind::Depth);
    assert_eq!(refused::<serde::de::IgnoredAny>(&"[".repeat(300)), FormatErrorKind::Depth);
    let mut limits = Limits::default();
    limits.max_depth = 2;
    limits.max_size = 10;
    assert!(from_slice_with::<Value>(b"[[1]]", limits).is_ok());
    assert_eq!(from_slice_with::<Value>(b"[[[]]]", limits).unwrap_err().category(), FormatErrorKind::Depth);
    assert_eq!(from_slice_with::<Value>(b"[1,2,3,4,5]", limits).unwrap_err().category(), FormatErrorKind::Size);
}

#[test]
fn writing_refuses_what_python_refuses() {
    let with_key = |key: Value| to_vec(&Dict::from_iter([(key, 1)]), &Options::default()).unwrap_err();
    assert_eq!(
        with_key(Value::None).message(),
        "one of the keys in a dict or set is not of a primitive hashable type: <class 'NoneType'>. \
         Use simple types as keys or use a list or tuple as container."
    );
    for (key, class) in [
        (Value::List(vec![]), "list"),
        (Dict::new().into(), "dict"),
        (Value::set([]), "set"),
        (Value::frozenset([1.into()]), "frozenset"),
        (Value::ByteArray(vec![]), "bytearray"),
        (Value::Ellipsis, "ellipsis"),
        (Value::Tuple(vec![Value::List(vec![])]), "list"),
    ] {
        assert!(with_key(key).message().contains(&format!("<class '{class}'>")));
    }
    for unreadable in [Value::from(f64::NAN), Blob::default().into(), Complex::new(0.0, f64::NAN).into()] {
        assert_eq!(with_key(unreadable.clone()).category(), FormatErrorKind::Unsupported);
        assert!(to_vec(&Value::set([unreadable]), &Options::default()).is_err());
    }
    assert!(to_vec(&Value::set([Value::None]), &Options::default()).is_err());
    assert_eq!(write(&Dict::from_iter([(Value::from((Value::None,)), 1)])), "{(None,):1}");
    let large: BigInt = format!("0x{}", "f".repeat(4000)).parse().unwrap();
    let error = to_vec(&large, &Options::default()).unwrap_err();
    assert_eq!(error.message(), "Exceeds the limit (4300 digits) for integer string conversion");
    assert!(to_vec(&Value::Ellipsis, &Options::default()).is_err());
    let mut out = b"before".to_vec();
    assert!(append(&mut out, &Value::List(vec![Value::Ellipsis]), &Options::default()).is_err());
    assert_eq!(out, b"before");
}

#[test]
fn parts_are_written_without_header() {
    let mut out = Vec::new();
    let mut serializer = Serializer::new(&mut out, &Options::default());
    serializer.output().extend_from_slice(b"('obj',");
    "method".serialize(&mut serializer).unwrap();
    serializer.output().push(b',');
    (1,).serialize(&mut serializer).unwrap();
    serializer.output().extend_from_slice(b",{})");
    assert_eq!(out, b"('obj','method',(1,),{})");
}

#[test]
fn a_reader_may_begin_inside_of_a_tuple() {
    let within = |text: &'static str, offset| Reader::within(text.as_bytes(), offset, Limits::default());
    let text = "# serpent utf-8 python3.2\n('obj','add',(1,[2]),{'a':'\u{e4}'})\n";
    let mut reader = within(text, 39).unwrap();
    assert_eq!(reader.offset(), 39);
    assert_eq!(reader.value::<(i64, Vec<i64>)>().unwrap(), (1, vec![2]));
    assert!(reader.next_element().unwrap());
    reader.open_dict().unwrap();
    assert!(reader.next_entry().unwrap());
    assert_eq!(reader.str().unwrap(), "a");
    assert_eq!(reader.str().unwrap(), "\u{e4}");
    assert!(!reader.next_entry().unwrap());
    assert!(!reader.next_element().unwrap());
    reader.end().unwrap();

    // A comma before the offset makes a tuple of the last element.
    for (text, offset, tuple) in [("(1)", 1, false), ("(1,)", 1, true), ("(0,1)", 3, true), ("(0, 1)", 4, true)] {
        let mut reader = within(text, offset).unwrap();
        assert_eq!(reader.value::<i64>().unwrap(), 1);
        assert_eq!(reader.next_element().is_ok(), tuple, "{text}");
    }
    for (text, offset, kind) in [
        ("(0,1", 3, FormatErrorKind::UnexpectedEnd),
        ("(0,1]", 3, FormatErrorKind::Syntax),
        ("(0,", 3, FormatErrorKind::UnexpectedEnd),
        ("(0,1)2", 3, FormatErrorKind::Trailing),
    ] {
        let mut reader = within(text, offset).unwrap();
        let mut read = || {
            reader.value::<i64>()?;
            assert!(!reader.next_element()?);
            reader.end()
        };
        assert_eq!(read().unwrap_err().category(), kind, "{text}");
    }
    let refused = |text: &[u8], offset| Reader::within(text, offset, Limits::default()).unwrap_err();
    assert_eq!(refused(b"(0,", 4).category(), FormatErrorKind::UnexpectedEnd);
    assert_eq!(refused(b"(0,\0)", 3).offset(), Some(3));
    assert_eq!(refused(b"(0,'\xff')", 3).category(), FormatErrorKind::Utf8);
    let mut limits = Limits::default();
    limits.max_depth = 0;
    assert_eq!(Reader::within(b"(0,1)", 3, limits).unwrap_err().category(), FormatErrorKind::Depth);
    limits.max_size = 4;
    assert_eq!(Reader::within(b"(0,1)", 3, limits).unwrap_err().category(), FormatErrorKind::Size);
}

#[test]
fn containers_are_entered_as_deeply_as_wanted() {
    let text = format!("{}1,{}", "({'a':[".repeat(5), "]},)".repeat(5));
    let mut reader = Reader::new(text.as_bytes(), Limits::default()).unwrap();
    for _ in 0..5 {
        reader.open_sequence().unwrap();
        assert!(reader.next_element().unwrap());
        reader.open_dict().unwrap();
        assert!(reader.next_entry().unwrap());
        assert_eq!(reader.str().unwrap(), "a");
        reader.open_sequence().unwrap();
        assert!(reader.next_element().unwrap());
    }
    assert_eq!(reader.value::<i64>().unwrap(), 1);
    for _ in 0..5 {
        assert!(!reader.next_element().unwrap());
        assert!(!reader.next_entry().unwrap());
        assert!(!reader.next_element().unwrap());
    }
    reader.end().unwrap();
    assert!(reader.next_element().is_err());
}
