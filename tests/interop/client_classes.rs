//! Class dictionaries: URIs, proxies, exceptions, and classes of the user's own.

use firesteel::{ClassNames, Config, Dict, Fault, Instance, Location, Uri, Value};
use serde::{Deserialize, Serialize};

use crate::support::{Thing, config};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Temperature {
    celsius: f64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Point {
    x: i64,
    y: i64,
}

fn with_classes() -> Config {
    let mut config = config();
    config.classes = ClassNames::default().with("Temperature", "weather.Temperature").with("Point", "thing.Point");
    config
}

#[test]
fn a_uri_is_one_on_both_sides() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    let uri: Uri = proxy.call("uri", &()).expect("an answer");
    let location = Location::Tcp { host: "localhost".to_owned(), port: 4444 };
    assert_eq!(uri, Uri::pyro("some.object", location));
    for text in [
        "PYRO:obj@host:55",
        "PYRO:obj@[::1]:55",
        "PYRO:obj@./u:/tmp/sock",
        "PYRONAME:name",
        "PYRONAME:name@host:5",
        "PYROMETA:a,b@host:5",
    ] {
        let uri: Uri = text.parse().expect("a URI");
        let seen: (String, String) = proxy.call("describe", &(&uri,)).expect("an answer");
        assert_eq!(seen.0, "URI", "{text}");
        assert_eq!(proxy.call::<Uri>("echo", &(&uri,)).expect("an answer"), uri);
    }
}

#[test]
fn a_proxy_arrives_as_the_instance_that_it_is() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    let itself: Value = proxy.call("itself", &()).expect("an answer");
    let instance = itself.as_instance().expect("an instance");
    assert_eq!(instance.class, "Pyro5.client.Proxy");
    let state = instance.get("state").and_then(Value::as_seq).expect("its state");
    assert_eq!(state[0].as_str(), Some(thing.uri("test.thing").as_str()));
    // Sent back, it is a proxy again.
    let seen: (String, String) = proxy.call("describe", &(&itself,)).expect("an answer");
    assert_eq!(seen.0, "Proxy");
}

#[test]
fn instances_of_pythons_classes_are_values_or_structs() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    let values: Vec<Instance> = {
        let values: Vec<Value> = proxy.call("custom", &()).expect("an answer");
        values.iter().map(|value| value.as_instance().expect("an instance").clone()).collect()
    };
    assert_eq!(values[0], Instance::new("thing.Point").with("x", 1).with("y", 2));
    assert_eq!(values[1], Instance::new("weather.Temperature").with("celsius", 21.5));
    let typed: (Point, Temperature) = proxy.call("custom", &()).expect("an answer");
    assert_eq!(typed, (Point { x: 1, y: 2 }, Temperature { celsius: 21.5 }));
}

#[test]
fn structs_with_a_class_arrive_as_objects() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy_with(with_classes());
    let warm = Temperature { celsius: 36.6 };
    assert_eq!(proxy.call::<f64>("degrees", &(&warm,)).expect("an answer"), 36.6);
    let seen: (String, String) = proxy.call("describe", &(&warm,)).expect("an answer");
    assert_eq!(seen.0, "Temperature");
    assert_eq!(proxy.call::<Temperature>("echo", &(&warm,)).expect("an answer"), warm);
    assert_eq!(proxy.call::<Point>("swap", &(Point { x: 1, y: 2 },)).expect("an answer"), Point { x: 2, y: 1 });
    // Inside of other values, and by name.
    let points = vec![(Some(Point { x: 3, y: 4 }),)];
    assert_eq!(proxy.call::<Vec<(Option<Point>,)>>("echo", &(&points,)).expect("an answer"), points);
    let named = [("temperature", &warm)].into_iter().collect::<std::collections::BTreeMap<_, _>>();
    assert_eq!(proxy.call_with::<f64>("degrees", &(), &named).expect("an answer"), 36.6);
}

#[test]
fn an_instance_can_be_sent_without_a_struct() {
    let thing = Thing::start(&[]);
    let warm = Value::from(Instance::new("weather.Temperature").with("celsius", 5));
    assert_eq!(thing.proxy().call::<i64>("degrees", &(&warm,)).expect("an answer"), 5);
}

#[test]
fn exceptions_are_values_too() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    let value: Value = proxy.call("exception_as_value", &()).expect("it is no failure");
    let instance = value.as_instance().expect("an instance");
    assert_eq!(instance.class, "thing.CustomError");
    assert_eq!(instance.get("__exception__"), Some(&Value::Bool(true)));
    let fault: Fault = proxy.call("exception_as_value", &()).expect("it is no failure");
    assert_eq!(fault.class, "thing.CustomError");
    assert_eq!(fault.args, [Value::from("only a value"), Value::from(5)]);
    assert_eq!(fault.attributes, Dict::from_iter([("code", 7)]));
    assert!(fault.traceback.is_empty());

    let sent = Fault::new("builtins.KeyError", "k").with_attribute("extra", true);
    let seen: (String, String) = proxy.call("describe", &(&sent,)).expect("an answer");
    assert_eq!(seen, ("KeyError".to_owned(), "KeyError('k')".to_owned()));
    assert_eq!(proxy.call::<Fault>("echo", &(&sent,)).expect("an answer"), sent);
}
