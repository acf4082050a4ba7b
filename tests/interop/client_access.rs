//! Methods, attributes, oneway calls, and what Pyro refuses.

use std::collections::BTreeMap;
use std::time::Duration;

use firesteel::{CallFailure, CloseReason, ObjectId, Request, Value};
use firesteel_testkit::echoserver;
use serde::Serialize;

use crate::support::{TIMEOUT, Thing, assert_raises, config, connect, eventually, fault};

#[test]
fn arguments_go_by_place_and_by_name() {
    #[derive(Serialize)]
    struct Named {
        b: i64,
        c: i64,
    }
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    assert_eq!(proxy.call::<i64>("add", &(1,)).expect("an answer"), 111);
    assert_eq!(proxy.call::<i64>("add", &[1, 2]).expect("an answer"), 103);
    assert_eq!(proxy.call_with::<i64>("add", &(1,), &Named { b: 2, c: 3 }).expect("an answer"), 6);
    assert_eq!(proxy.call_with::<i64>("add", &vec![1], &BTreeMap::from([("c", 3)])).expect("an answer"), 14);
    let collected: (Vec<Value>, BTreeMap<String, Value>) =
        proxy.call_with("collect", &(1, "two"), &BTreeMap::from([("ä", 1.5), ("x", 2.0)])).expect("an answer");
    assert_eq!(collected.0, [Value::from(1), Value::from("two")]);
    assert_eq!(collected.1, [("ä".to_owned(), Value::from(1.5)), ("x".to_owned(), Value::from(2.0))].into());
    proxy.call::<()>("nothing", &()).expect("an answer");
    assert_eq!(proxy.call::<Option<i64>>("nothing", &()).expect("an answer"), None);
}

#[test]
fn wrong_arguments_are_pythons_type_errors() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    for (result, text) in [
        (proxy.call::<Value>("add", &()), "Thing.add() missing 1 required positional argument: 'a'"),
        (proxy.call("add", &(1, 2, 3)), "Thing.add() takes from 2 to 3 positional arguments but 4 were given"),
        (
            proxy.call_with("add", &(1,), &BTreeMap::from([("x", 1)])),
            "Thing.add() got an unexpected keyword argument 'x'",
        ),
        (
            proxy.call_with("add", &(1,), &BTreeMap::from([("a", 1)])),
            "Thing.add() got multiple values for argument 'a'",
        ),
    ] {
        assert_raises(result, "builtins.TypeError", text);
    }
}

#[test]
fn members_that_may_not_be_called_are_refused_in_pyros_words() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    for (name, text) in [
        ("_hidden", "attempt to access private attribute '_hidden'"),
        ("__init__", "attempt to access private attribute '__init__'"),
        ("name", "attempt to access unexposed attribute 'name'"),
        ("nosuch", "'Thing' object has no attribute 'nosuch'"),
        ("echo.echo", "'Thing' object has no attribute 'echo.echo'"),
    ] {
        assert_raises(proxy.call::<Value>(name, &()), "builtins.AttributeError", text);
    }
    assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("still connected"), 1);
}

#[test]
fn attributes_are_read_and_written() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    assert_eq!(proxy.get::<String>("name").expect("an answer"), "the thing");
    assert_eq!(proxy.get::<i64>("level").expect("an answer"), 1);
    proxy.set("level", &5).expect("it may be written");
    assert_eq!(proxy.get::<i64>("level").expect("an answer"), 5);
    assert_raises(proxy.set("level", &-1), "builtins.ValueError", "the level must not be negative");
    assert_eq!(proxy.get::<i64>("level").expect("an answer"), 5);
    assert_raises(proxy.get::<Value>("failing"), "builtins.RuntimeError", "this attribute cannot be read");
}

#[test]
fn attributes_that_may_not_be_used_are_refused_in_pyros_words() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    for name in ["name", "echo", "_hidden"] {
        let text = format!("attempt to access unexposed or unknown remote attribute '{name}'");
        // An attribute of the object itself, not of its class, is not even known.
        let text = if name == "_hidden" { "type object 'Thing' has no attribute '_hidden'".to_owned() } else { text };
        assert_raises(proxy.set(name, &1), "builtins.AttributeError", &text);
        if name != "name" {
            assert_raises(proxy.get::<Value>(name), "builtins.AttributeError", &text);
        }
    }
    let text = "type object 'Thing' has no attribute 'nosuch'";
    assert_raises(proxy.get::<Value>("nosuch"), "builtins.AttributeError", text);
    assert_raises(proxy.set("nosuch", &1), "builtins.AttributeError", text);
}

#[test]
fn an_unknown_object_is_refused_at_connect_and_in_a_call() {
    let thing = Thing::start(&[]);
    let stranger = connect(&thing.uri("no.such.object"), config());
    let rejected = stranger.call::<Value>("echo", &(1,)).expect_err("it is not there");
    assert_eq!(rejected, CallFailure::Lost(CloseReason::Rejected("unknown object".to_owned())));
    assert_eq!(rejected.to_string(), "the connection was lost: connection rejected: unknown object");

    let proxy = thing.proxy();
    let request = Request::method("echo", &(1,)).object("no.such.object");
    assert_raises(proxy.request::<Value>(request), "Pyro5.errors.DaemonError", "unknown object");
    assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("still connected"), 1);
}

#[test]
fn the_handshake_tells_what_an_object_exposes() {
    let thing = Thing::start(&[]);
    let metadata = thing.proxy().metadata().expect("an answer");
    assert_eq!(metadata.attributes, ["failing", "level", "name"]);
    assert_eq!(metadata.oneway, ["note", "note_slowly"]);
    assert!(metadata.is_oneway("note") && !metadata.is_oneway("notes"));
    assert!(metadata.methods.iter().any(|name| name == "notes"));
    assert!(metadata.methods.iter().any(|name| name == "note"));
    assert!(!metadata.methods.iter().any(|name| name == "name"));
    let other = connect(&thing.uri("test.percall"), config()).metadata().expect("an answer");
    assert_eq!((other.methods, other.oneway, other.attributes), (vec!["next".to_owned()], vec![], vec![]));
}

#[test]
fn the_daemons_own_object_can_be_called() {
    let thing = Thing::start(&[]);
    let daemon = connect(&thing.uri(ObjectId::DAEMON), config());
    daemon.call::<()>("ping", &()).expect("an answer");
    let registered: Vec<String> = daemon.call("registered", &()).expect("an answer");
    assert_eq!(registered[0], ObjectId::DAEMON);
    assert!(registered.iter().any(|id| id == "test.session"), "{registered:?}");
    let info: String = daemon.call("info", &()).expect("an answer");
    assert!(info.contains("6 objects registered"), "{info}");
    assert!(daemon.metadata().expect("known").methods.iter().any(|name| name == "get_metadata"));
}

#[test]
fn oneway_calls_are_not_waited_for() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    proxy.notify("note_slowly", &("late", 0.3)).expect("it is sent");
    proxy.notify("note", &("early",)).expect("it is sent");
    // Nobody hears of what goes wrong in them.
    proxy.notify("fail_builtin", &("ValueError",)).expect("it is sent");
    proxy.notify("nosuch", &()).expect("it is sent");
    let notes = || proxy.call::<Vec<String>>("notes", &()).expect("an answer");
    assert!(notes().iter().all(|note| note == "early"), "an answer came before the slow note");
    eventually("both notes", || notes() == ["early", "late"]);
    // A oneway method that is called normally is answered, with None.
    proxy.call::<()>("note", &("waited for",)).expect("an answer");
    assert!(fault(proxy.call::<Value>("note", &())).is("builtins.TypeError"));
}

#[test]
fn instances_belong_to_connections_calls_or_everybody() {
    let thing = Thing::start(&[]);
    let counts = |object: &str| {
        let counter = connect(&thing.uri(object), config());
        [(); 2].map(|()| counter.call::<i64>("next", &()).expect("an answer"))
    };
    assert_eq!([counts("test.session"), counts("test.session")], [[1, 2], [1, 2]]);
    assert_eq!([counts("test.percall"), counts("test.single"), counts("test.single")], [[1, 1], [1, 2], [3, 4]]);
}

#[test]
fn a_late_answer_is_dropped_and_the_connection_goes_on() {
    let thing = Thing::start(&[]);
    let counter = connect(&thing.uri("test.session"), config());
    assert_eq!(counter.call::<i64>("next", &()).expect("an answer"), 1);
    let slow = (0.4, "late");
    let late = Request::method("slow", &slow).object("test.thing");
    let error = counter.timeout(Duration::from_millis(50)).request::<String>(late).expect_err("too slow");
    assert_eq!(error, CallFailure::Deadline);
    assert_eq!(error.to_string(), "no answer within the time allowed");
    // The same instance: the connection is the same one. The late answer is nobody's.
    assert_eq!(counter.call::<i64>("next", &()).expect("an answer"), 2);
    assert_eq!(counter.timeout(TIMEOUT).call::<i64>("next", &()).expect("an answer"), 3);
}

#[test]
fn pyros_own_echo_server_is_served_by_nothing_special() {
    let (server, uri) = echoserver(&[]);
    let proxy = connect(&uri, config());
    assert_eq!(
        proxy.call::<Value>("echo", &(("real", 1, 2.5, None::<()>),)).expect("an answer"),
        Value::from(("real", 1, 2.5, Value::None))
    );
    assert!(proxy.call::<f64>("nan", &()).expect("an answer").is_nan());
    assert_eq!(proxy.call::<f64>("inf", &()).expect("an answer"), f64::INFINITY);
    assert_eq!(proxy.call::<String>("__dunder__", &()).expect("an answer"), "should be allowed (dunder)");
    proxy.notify("oneway_echo", &("x",)).expect("it is sent");
    assert!(!proxy.get::<bool>("verbose").expect("an answer"));
    proxy.set("verbose", &true).expect("it may be written");
    assert!(proxy.get::<bool>("verbose").expect("an answer"));
    assert_raises(proxy.call::<Value>("error_with_text", &()), "builtins.ValueError", "the message of the error");
    proxy.ping().expect("an answer");
    proxy.call::<()>("shutdown", &()).expect("it ends");
    server.finish(TIMEOUT);
}
