//! Dynamic values, to Python and back.

use firesteel::{Blob, Complex, Dict, Instance, Value};

use crate::support::{Thing, assert_raises, config, fault};

fn list<const N: usize>(elements: [Value; N]) -> Value {
    Value::List(elements.into())
}

fn tuple<const N: usize>(elements: [Value; N]) -> Value {
    Value::Tuple(elements.into())
}

fn dict<K: Into<Value>, const N: usize>(pairs: [(K, Value); N]) -> Value {
    Value::Dict(pairs.into_iter().collect())
}

fn bytes(bytes: &[u8]) -> Value {
    Blob::from(bytes).into()
}

fn big(digits: &str) -> Value {
    Value::BigInt(digits.parse().expect("a number"))
}

/// Bytes as serpent writes them unless it is told otherwise.
fn base64(text: &str) -> Value {
    dict([("data", Value::from(text)), ("encoding", "base64".into())])
}

#[test]
fn python_sees_each_kind_of_value() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    let googol = format!("1{}", "0".repeat(100));
    for (value, kind, repr) in [
        (Value::None, "NoneType", "None"),
        (true.into(), "bool", "True"),
        (false.into(), "bool", "False"),
        (0.into(), "int", "0"),
        (i64::MIN.into(), "int", "-9223372036854775808"),
        (u64::MAX.into(), "int", "18446744073709551615"),
        (i128::MIN.into(), "int", "-170141183460469231731687303715884105728"),
        (big(&googol), "int", &googol),
        (0.1.into(), "float", "0.1"),
        ((-0.0).into(), "float", "-0.0"),
        (1e16.into(), "float", "1e+16"),
        (5e-324.into(), "float", "5e-324"),
        (f64::MAX.into(), "float", "1.7976931348623157e+308"),
        (f64::INFINITY.into(), "float", "inf"),
        (f64::NEG_INFINITY.into(), "float", "-inf"),
        (f64::NAN.into(), "float", "nan"),
        (Complex::new(1.0, -2.5).into(), "complex", "(1-2.5j)"),
        ("".into(), "str", "''"),
        ("it's \"both\" \\ \n\u{0}\u{7f}".into(), "str", r#"'it\'s "both" \\ \n\x00\x7f'"#),
        ("ä€😀\u{200b}日本".into(), "str", "'ä€😀\\u200b日本'"),
        (list([]), "list", "[]"),
        (list([1.into(), list(["x".into()])]), "list", "[1, ['x']]"),
        (tuple([]), "tuple", "()"),
        (tuple([1.into()]), "tuple", "(1,)"),
        (tuple([1.into(), tuple([2.5.into()])]), "tuple", "(1, (2.5,))"),
        (dict([("a", 1.into()), ("b", Value::None)]), "dict", "{'a': 1, 'b': None}"),
        (dict([(tuple([1.into(), 2.into()]), true.into())]), "dict", "{(1, 2): True}"),
        (Value::set([7.into()]), "set", "{7}"),
        // serpent has no way to write these: they arrive as what comes closest, as from Python.
        (Value::set([]), "tuple", "()"),
        (Value::frozenset([7.into()]), "set", "{7}"),
        (bytes(b"\0\xffabc"), "dict", "{'data': 'AP9hYmM=', 'encoding': 'base64'}"),
        (Value::ByteArray(b"xyz".to_vec()), "dict", "{'data': 'eHl6', 'encoding': 'base64'}"),
    ] {
        let seen: (String, String) = proxy.call("describe", &(&value,)).expect("an answer");
        assert_eq!(seen, (kind.to_owned(), repr.to_owned()), "{value:?}");
    }
}

#[test]
fn values_come_back_as_they_were_sent() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    let mut nested = Value::from("core");
    for level in 0..40 {
        nested = list([tuple([nested, level.into()]), dict([("k", level.into())])]);
    }
    for value in [
        Value::None,
        true.into(),
        (-1).into(),
        i64::MAX.into(),
        u128::MAX.into(),
        big(&"7".repeat(4000)),
        1e-5.into(),
        (1.0 / 3.0).into(),
        f64::NEG_INFINITY.into(),
        Complex::new(-1.5, 1e300).into(),
        "\u{10ffff}\u{2028}\u{feff}\r\n\t".into(),
        list([Value::None, list([]), tuple([]), dict::<&str, 0>([])]),
        dict([(1, "int".into()), (-2, "negative".into())]),
        dict([(Value::from(1.5), "float".into()), (true.into(), "bool".into()), ("".into(), "str".into())]),
        Value::set([1.into(), "x".into(), tuple([2.into(), 3.into()])]),
        (0..5000).collect(),
        nested,
    ] {
        assert_eq!(proxy.call::<Value>("echo", &(&value,)).expect("an answer"), value);
    }
    let nan: Value = proxy.call("echo", &(f64::NAN,)).expect("an answer");
    assert!(nan.as_f64().is_some_and(f64::is_nan), "{nan:?}");
}

#[test]
fn python_answers_with_each_kind_of_value() {
    let thing = Thing::start(&[]);
    let values: Value = thing.proxy().call("values", &()).expect("an answer");
    for (name, value) in [
        ("none", Value::None),
        ("true", true.into()),
        ("int", (-5).into()),
        ("big", big("1606938044258990275541962092341162602522202993782792835301376")),
        ("float", 0.1.into()),
        ("infinity", f64::NEG_INFINITY.into()),
        ("complex", Complex::new(1.0, 2.0).into()),
        ("text", "ä€😀'\"\\\n".into()),
        ("bytes", base64("AP8=")),
        ("list", list([1.into(), list([2.into()])])),
        ("tuple", tuple([1.into(), tuple([2.into()])])),
        ("dict", dict([("a", dict([(1, 2.5.into())]))])),
        ("set", Value::set([1.into()])),
        ("empty set", tuple([])),
    ] {
        assert_eq!(values.get(name), Some(&value), "{name}");
    }
    let nan = values.get("nan").and_then(Value::as_f64);
    assert!(nan.is_some_and(f64::is_nan), "{nan:?}");
    assert_eq!(values.get("bytes").and_then(Value::bytes).as_deref(), Some(&b"\0\xff"[..]));
    assert_eq!(values.as_dict().map(Dict::len), Some(15));
}

#[test]
fn two_megabytes_of_text_go_there_and_back() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    for text in ["0123456789abcdef".repeat(1 << 17), "ä€😀'\"\\\n".repeat(150_000)] {
        assert!(proxy.call::<String>("echo", &(&text,)).expect("an answer") == text);
    }
    let large: String = proxy.call("large", &(2_000_000,)).expect("an answer");
    assert!(large.len() == 2_000_000 && large.bytes().all(|byte| byte == b'x'));
}

#[test]
fn bytes_are_literals_where_both_sides_say_so() {
    let thing = Thing::start(&["--bytes-repr"]);
    let mut config = config();
    config.bytes_repr = true;
    let proxy = thing.proxy_with(config);
    let data = bytes(b"\0\xffabc'\"\\\n");
    let seen: (String, String) = proxy.call("describe", &(&data,)).expect("an answer");
    assert_eq!(seen, ("bytes".to_owned(), r#"b'\x00\xffabc\'"\\\n'"#.to_owned()));
    assert_eq!(proxy.call::<Value>("echo", &(&data,)).expect("an answer"), data);
    assert_eq!(proxy.call::<Value>("bytes", &()).expect("an answer"), bytes(b"\0\xffabc"));
}

#[test]
fn bytes_are_literals_in_one_direction_only() {
    let data = bytes(b"abc");
    let thing = Thing::start(&["--bytes-repr"]);
    assert_eq!(thing.proxy().call::<Value>("bytes", &()).expect("an answer"), bytes(b"\0\xffabc"));
    // What came as a dictionary stays one in Python.
    assert_eq!(thing.proxy().call::<Value>("echo", &(&data,)).expect("an answer"), base64("YWJj"));

    let thing = Thing::start(&[]);
    let mut config = config();
    config.bytes_repr = true;
    let proxy = thing.proxy_with(config);
    let seen: (String, String) = proxy.call("describe", &(&data,)).expect("an answer");
    assert_eq!(seen, ("bytes".to_owned(), "b'abc'".to_owned()));
    assert_eq!(proxy.call::<Value>("echo", &(&data,)).expect("an answer"), base64("YWJj"));
}

#[test]
fn what_python_cannot_serialize_is_its_exception() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    let fault = fault(proxy.call::<Value>("opaque", &()));
    assert_eq!(fault.class, "builtins.TypeError");
    assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("an answer"), 1);
}

#[test]
fn an_unknown_class_is_refused_by_python() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    let stranger = Value::from(Instance::new("some.Thing").with("x", 1));
    assert_raises(
        proxy.call::<Value>("echo", &(&stranger,)),
        "Pyro5.errors.SerializeError",
        "unsupported serialized class: some.Thing",
    );
    let dunder = Value::from(Instance::new("a.__b"));
    assert_raises(
        thing.proxy().call::<Value>("echo", &(&dunder,)),
        "Pyro5.errors.SecurityError",
        "refused to deserialize types with double underscores in their name: a.__b",
    );
}
