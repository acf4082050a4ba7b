//! Rust calls daemons of both generations of Pyro, in each serializer that they take.

use std::time::Duration;

use firesteel::blocking::Proxy;
use firesteel::wire::Dialect;
use firesteel::{
    Blob, CallFailure, CloseReason, Complex, Config, Dict, Fault, Instance, Protocol, Request, SerializerId, Uri, Value,
};

use crate::support::{TIMEOUT, Thing, assert_raises, config, connect, eventually, fault};

const OF_PYRO5: [SerializerId; 4] =
    [SerializerId::Serpent, SerializerId::Marshal, SerializerId::Json, SerializerId::Msgpack];
const OF_PYRO4: [SerializerId; 5] =
    [SerializerId::Serpent, SerializerId::Marshal, SerializerId::Json, SerializerId::Msgpack, SerializerId::Pickle];

/// One that speaks this, from the first message on.
fn speaking(dialect: Dialect, serializer: SerializerId) -> Config {
    let mut config = config();
    config.protocol = Protocol::Always(dialect);
    config.serializer = serializer;
    config
}

/// A daemon of each generation, and a proxy for its object in each serializer.
fn with_all(mut check: impl FnMut(Dialect, SerializerId, &Proxy)) {
    let (pyro4, pyro5) = (Thing::pyro4(&[]), Thing::start(&[]));
    for serializer in OF_PYRO4 {
        check(Dialect::Pyro4, serializer, &pyro4.proxy_with(speaking(Dialect::Pyro4, serializer)));
    }
    for serializer in OF_PYRO5 {
        check(Dialect::Pyro5, serializer, &pyro5.proxy_with(speaking(Dialect::Pyro5, serializer)));
    }
}

fn list<const N: usize>(elements: [Value; N]) -> Value {
    Value::List(elements.into())
}

#[test]
fn values_are_seen_and_come_back() {
    let common = [
        (Value::None, "None"),
        (true.into(), "True"),
        (0.into(), "0"),
        ((-129).into(), "-129"),
        (i64::MIN.into(), "-9223372036854775808"),
        (i64::MAX.into(), "9223372036854775807"),
        (0.1.into(), "0.1"),
        ((-0.0).into(), "-0.0"),
        (f64::INFINITY.into(), "inf"),
        ("".into(), "''"),
        ("it's ä€😀\n".into(), "\"it's ä€😀\\n\""),
        (list([]), "[]"),
        (list([1.into(), list(["x".into(), Value::None])]), "[1, ['x', None]]"),
        (Dict::new().into(), "{}"),
        (Dict::from_iter([("k", list([1.5.into()]))]).into(), "{'k': [1.5]}"),
    ];
    with_all(|dialect, serializer, proxy| {
        for (value, repr) in &common {
            let (_, seen): (String, String) = proxy.call("describe", &(value,)).expect("an answer");
            assert_eq!(&seen, repr, "{dialect}, {serializer}");
            assert_eq!(&proxy.call::<Value>("echo", &(value,)).expect("an answer"), value, "{dialect}, {serializer}");
        }
        assert!(proxy.call::<f64>("echo", &(f64::NAN,)).expect("an answer").is_nan());
        let long = "x".repeat(300_000);
        assert!(proxy.call::<String>("echo", &(&long,)).expect("an answer") == long);
    });
}

#[test]
fn types_that_not_every_serializer_has() {
    use SerializerId::{Marshal, Msgpack, Pickle, Serpent};
    let big: Value =
        Value::BigInt("-1606938044258990275541962092341162602522202993782792835301376".parse().expect("a number"));
    with_all(|dialect, serializer, proxy| {
        let check = |value: Value| {
            let came = proxy.call::<Value>("echo", &(&value,)).expect("an answer");
            assert_eq!(came, value, "{dialect}, {serializer}");
        };
        // Python's own msgpack does not read what it writes for big integers.
        if serializer != Msgpack {
            check(big.clone());
        }
        if matches!(serializer, Serpent | Marshal | Pickle) {
            check((1, (2, "x")).into());
            check(Complex::new(1.0, -2.5).into());
            check(Value::set([7.into()]));
            check(Dict::from_iter([(1, Value::from(2.5))]).into());
        }
        if matches!(serializer, Marshal | Pickle) {
            check(Value::frozenset([7.into()]));
            check(Value::set([]));
        }
        if matches!(serializer, Marshal | Pickle | Msgpack) {
            check(Blob::from(&b"\0\xff"[..]).into());
        }
        // One type for bytes, whatever it travels as.
        if serializer != SerializerId::Json {
            let blob: Blob = proxy.call("bytes", &()).expect("an answer");
            assert_eq!(&blob[..], b"\0\xffabc", "{dialect}, {serializer}");
        }
    });
}

#[test]
fn exceptions_keep_class_arguments_and_traceback() {
    with_all(|dialect, serializer, proxy| {
        let error = fault(proxy.call::<Value>("fail_builtin", &("ZeroDivisionError", "by zero", 5)));
        assert_eq!(
            (error.class.as_str(), error.args.as_slice()),
            ("builtins.ZeroDivisionError", &["by zero".into(), 5.into()][..])
        );
        assert!(error.traceback_text().contains("thing.py\", line "), "{dialect}, {serializer}: {error:?}");
        assert_raises(proxy.call::<Value>("fail_pyro", &("NamingError", "text")), "Pyro5.errors.NamingError", "text");
        assert_raises(
            proxy.call::<Value>("add", &()),
            "builtins.TypeError",
            "Thing.add() missing 1 required positional argument: 'a'",
        );
        for (name, text) in [
            ("_hidden", "attempt to access private attribute '_hidden'"),
            ("name", "attempt to access unexposed attribute 'name'"),
            ("nosuch", "'Thing' object has no attribute 'nosuch'"),
        ] {
            assert_raises(proxy.call::<Value>(name, &()), "builtins.AttributeError", text);
        }
        let request = Request::method("echo", &(1,)).object("no.such.object");
        assert_raises(proxy.request::<Value>(request), "Pyro5.errors.DaemonError", "unknown object");
        assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("still connected"), 1);
    });
}

#[test]
fn an_exception_of_an_unknown_class_is_data_but_in_pickle() {
    with_all(|dialect, serializer, proxy| {
        let error = proxy.call::<Value>("fail_custom", &()).expect_err("it fails");
        match error {
            CallFailure::Fault(error) => {
                assert_eq!(error.class, "thing.CustomError", "{dialect}, {serializer}");
                assert_eq!(error.args[0], Value::from("custom text"));
                assert_eq!(error.attributes.get("code"), Some(&Value::Int(7)));
            }
            CallFailure::Format(error) => {
                assert_eq!(serializer, SerializerId::Pickle);
                assert!(error.to_string().contains("thing.CustomError"), "{error}");
            }
            other => panic!("{dialect}, {serializer}: {other:?}"),
        }
        assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("still connected"), 1);
    });
}

#[test]
fn attributes_keywords_and_metadata() {
    with_all(|dialect, serializer, proxy| {
        assert_eq!(proxy.get::<String>("name").expect("an answer"), "the thing", "{dialect}, {serializer}");
        proxy.set("level", &5).expect("it may be written");
        assert_eq!(proxy.get::<i64>("level").expect("an answer"), 5);
        assert_raises(proxy.set("level", &-1), "builtins.ValueError", "the level must not be negative");
        assert_raises(
            proxy.get::<Value>("nosuch"),
            "builtins.AttributeError",
            "type object 'Thing' has no attribute 'nosuch'",
        );
        let named = std::collections::BTreeMap::from([("b", 2), ("c", 3)]);
        assert_eq!(proxy.call_with::<i64>("add", &(1,), &named).expect("an answer"), 6);
        let metadata = proxy.metadata().expect("known");
        assert_eq!(metadata.oneway, ["note", "note_slowly"]);
        assert_eq!(metadata.attributes, ["failing", "level", "name"]);
        assert!(metadata.has_method("echo") && !metadata.has_method("_hidden"));
        let object = ("test.session",);
        let asked: Value =
            proxy.request(Request::method("get_metadata", &object).object("Pyro.Daemon")).expect("an answer");
        let methods = asked.get("methods");
        assert!(matches!(methods, Some(Value::Set(_) | Value::List(_))), "{dialect}, {serializer}: {asked}");
        proxy.ping().expect("an answer");
    });
}

#[test]
fn oneway_calls_and_timeouts() {
    with_all(|dialect, serializer, proxy| {
        proxy.call::<()>("forget_notes", &()).expect("an answer");
        proxy.notify("note", &("one",)).expect("it is sent");
        proxy.notify("nosuch", &()).expect("it is sent");
        let notes = || proxy.call::<Vec<String>>("notes", &()).expect("an answer");
        eventually("the note", || notes() == ["one"]);
        let hasty = proxy.timeout(Duration::from_millis(30));
        assert_eq!(hasty.call::<Value>("slow", &(0.2,)), Err(CallFailure::Deadline), "{dialect}, {serializer}");
        assert_eq!(proxy.timeout(TIMEOUT).call::<i64>("echo", &(1,)).expect("an answer"), 1);
    });
}

#[test]
fn pyros_own_classes_are_those_of_the_peer() {
    with_all(|dialect, serializer, proxy| {
        let uri: Uri = "PYRO:some.object@localhost:4444".parse().expect("a URI");
        assert_eq!(proxy.call::<Uri>("uri", &()).expect("an answer"), uri, "{dialect}, {serializer}");
        let (kind, _): (String, String) = proxy.call("describe", &(&uri,)).expect("an answer");
        assert_eq!(kind, "URI", "{dialect}, {serializer}");
        assert_eq!(proxy.call::<Uri>("echo", &(&uri,)).expect("an answer"), uri);
        // Python's marshal serializer makes no proxies of its objects.
        if serializer != SerializerId::Marshal {
            let itself: Value = proxy.call("itself", &()).expect("an answer");
            let class = itself.as_instance().map(|proxy| proxy.class.as_str());
            assert_eq!(class, Some("Pyro5.client.Proxy"), "{dialect}, {serializer}");
            let (kind, _): (String, String) = proxy.call("describe", &(&itself,)).expect("an answer");
            assert_eq!(kind, "Proxy", "{dialect}, {serializer}");
        }
        let error = Value::from(&Fault::new("Pyro5.errors.NamingError", "gone"));
        let (kind, _): (String, String) = proxy.call("describe", &(&error,)).expect("an answer");
        assert_eq!(kind, "NamingError", "{dialect}, {serializer}");
        let back: Value = proxy.call("echo", &(&error,)).expect("an answer");
        assert_eq!(back.as_instance().map(|error| error.class.as_str()), Some("Pyro5.errors.NamingError"), "{back}");
    });
}

#[test]
fn an_instance_of_a_class_that_pyro_refuses() {
    with_all(|dialect, serializer, proxy| {
        let stranger = Value::from(Instance::new("some.Thing").with("x", 1));
        let error = proxy.call::<Value>("echo", &(&stranger,)).expect_err("Pyro knows no such class");
        match error {
            CallFailure::Fault(fault) => {
                assert_eq!(fault.class, "Pyro5.errors.SerializeError", "{dialect}, {serializer}");
                assert_eq!(fault.message(), "unsupported serialized class: some.Thing");
            }
            // Nothing that Python would import is written.
            CallFailure::Misuse(error) => {
                assert_eq!(serializer, SerializerId::Pickle, "{error}");
                assert!(error.to_string().contains("some.Thing"), "{error}");
            }
            other => panic!("{dialect}, {serializer}: {other:?}"),
        }
        eventually("a new connection", || proxy.call::<i64>("echo", &(1,)).is_ok());
    });
}

#[test]
fn an_unknown_object_and_an_unaccepted_serializer_are_refused_at_connect() {
    let thing = Thing::pyro4(&["--accept", "serpent"]);
    let refused = |uri: &str, serializer| {
        connect(uri, speaking(Dialect::Pyro4, serializer)).call::<Value>("echo", &(1,)).expect_err("it is refused")
    };
    let reason = |text: &str| CallFailure::Lost(CloseReason::Rejected(text.to_owned()));
    assert_eq!(refused(&thing.uri("no.such.object"), SerializerId::Serpent), reason("unknown object"));
    for (serializer, id) in [(SerializerId::Pickle, 4), (SerializerId::Dill, 5), (SerializerId::Json, 2)] {
        let text = format!("message used serializer that is not accepted: {id}");
        assert_eq!(refused(&thing.uri("test.thing"), serializer), reason(&text));
    }
}
