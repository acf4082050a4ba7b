//! Python's exceptions at Rust callers.

use firesteel::{CallFailure, CloseReason, Dict, Value};

use crate::support::{Thing, assert_raises, eventually, fault, raised};

#[test]
fn builtin_exceptions_keep_class_and_arguments() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    for (name, args) in [
        ("ValueError", vec![]),
        ("KeyError", vec![Value::from("key")]),
        ("ZeroDivisionError", vec!["by zero".into(), 5.into()]),
        ("StopIteration", vec![]),
        ("UnicodeError", vec!["ä€".into()]),
        ("LookupError", vec![Value::None, vec![1, 2].into()]),
    ] {
        let mut all = vec![Value::from(name)];
        all.extend(args.iter().cloned());
        let fault = fault(proxy.call::<Value>("fail_builtin", &all));
        assert!(fault.class.ends_with(&format!(".{name}")), "{fault:?}");
        assert_eq!(fault.args, args);
        assert_eq!(fault.attributes, Dict::new());
        assert!(!fault.traceback.is_empty());
    }
    assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("still connected"), 1);
}

#[test]
fn the_traceback_names_pythons_files_and_lines() {
    let thing = Thing::start(&[]);
    let fault = fault(thing.proxy().call::<Value>("fail_deep", &(3,)));
    assert!(fault.is("builtins.ZeroDivisionError"));
    let text = fault.traceback_text();
    assert!(text.contains("thing.py\", line "), "{text}");
    assert!(text.matches("in fail_deep").count() >= 2, "{text}");
    assert!(text.contains("ZeroDivisionError: at the bottom"), "{text}");
    assert_eq!(fault.to_string(), "builtins.ZeroDivisionError: at the bottom");
}

#[test]
fn exceptions_of_pyro_keep_their_class() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    for name in ["NamingError", "DaemonError", "PyroError"] {
        let class = format!("Pyro5.errors.{name}");
        assert_raises(proxy.call::<Value>("fail_pyro", &(name, "text")), &class, "text");
    }
    assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("still connected"), 1);
}

#[test]
fn a_communication_error_in_a_method_ends_the_connection_without_an_answer() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    for name in ["TimeoutError", "ConnectionClosedError", "ProtocolError"] {
        let error = proxy.call::<Value>("fail_pyro", &(name, "text")).expect_err("no answer comes");
        assert_eq!(error, CallFailure::Lost(CloseReason::PeerEof), "{name}");
        assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("it connects again"), 1);
    }
}

#[test]
fn after_a_security_error_the_next_call_connects_again() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    for name in ["SerializeError", "SecurityError"] {
        let class = format!("Pyro5.errors.{name}");
        assert_raises(proxy.call::<Value>("fail_pyro", &(name, "text")), &class, "text");
        // Pyro closes the connection behind this answer.
        eventually("a new connection", || proxy.call::<i64>("echo", &(1,)).is_ok());
    }
}

#[test]
fn an_exception_of_an_unknown_class_comes_with_its_attributes() {
    let thing = Thing::start(&[]);
    let fault = fault(thing.proxy().call::<Value>("fail_custom", &()));
    assert_eq!(fault.class, "thing.CustomError");
    assert_eq!(fault.args, [Value::from("custom text"), Value::from(vec![1, 2])]);
    assert_eq!(fault.message(), "('custom text', [1, 2])");
    assert_eq!(fault.attributes.get("code"), Some(&Value::Int(7)));
    assert_eq!(fault.attributes.get("details"), Some(&Dict::from_iter([("k", Value::from((1, 2)))]).into()));
    assert_eq!(fault.attributes.len(), 2);
    assert!(fault.traceback_text().contains("in fail_custom"));
}

#[test]
fn the_traceback_of_a_chained_exception_tells_of_both() {
    let thing = Thing::start(&[]);
    let fault = fault(thing.proxy().call::<Value>("fail_chained", &()));
    assert_eq!(fault.to_string(), "builtins.ValueError: outer");
    let text = fault.traceback_text();
    assert!(text.contains("KeyError: 'missing'") && text.contains("direct cause"), "{text}");
}

#[test]
fn a_detailed_traceback_shows_variables() {
    let thing = Thing::start(&["--detailed-tracebacks"]);
    let fault = fault(thing.proxy().call::<Value>("fail_builtin", &("ValueError", "text")));
    assert!(fault.traceback_text().contains("Local values"), "{}", fault.traceback_text());
}

#[test]
fn an_exception_that_cannot_be_serialized_is_told_as_text() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    let (class, text) = raised(proxy.call::<Value>("fail_opaque", &()));
    assert_eq!(class, "Pyro5.errors.PyroError");
    assert!(text.starts_with("Error serializing exception: "), "{text}");
    assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("still connected"), 1);
}

#[test]
fn a_long_traceback_arrives_in_full() {
    let thing = Thing::start(&[]);
    let fault = fault(thing.proxy().call::<Value>("fail_deep", &(100,)));
    assert!(fault.traceback_text().len() > 300);
    assert_eq!(fault.message(), "at the bottom");
}

#[test]
fn a_stream_is_no_value_and_without_streaming_a_fault() {
    let thing = Thing::start(&["--no-streams"]);
    let proxy = thing.proxy();
    let (class, text) = raised(proxy.call::<Value>("stream", &(3,)));
    assert_eq!(class, "Pyro5.errors.ProtocolError");
    assert_eq!(text, "result of call is an iterator, but the server is not configured to allow streaming");
    assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("still connected"), 1);

    let thing = Thing::start(&["--threads"]);
    let proxy = thing.proxy();
    let error = proxy.call::<Value>("stream", &(3,)).expect_err("no value");
    assert_eq!(error.to_string(), "unexpected answer: the answer is a stream: use `stream`");
    assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("still connected"), 1);
}
