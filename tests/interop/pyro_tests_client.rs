//! What Pyro's own tests do with a proxy (`tests/test_client.py` and `tests/test_server.py` of Pyro5): done by a Rust client
//! with the objects of these tests, served by the real Pyro5 and Pyro4.
//!
//! Not here, because other tests have it: `testNoConnect` and `testTimeoutConnect` (`client_connections.rs`),
//! `testProxySerializerOverride` (`client_generations.rs`), `testProxyWithStmt` and `testConnectionStuff` (`client_rebind.rs`),
//! `testBatchMethodOneway` (`client_batches.rs`). Copies, comparison and `dir()` of a proxy are Python's own affair.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use firesteel::blocking::{Connector, Proxy};
use firesteel::{Batch, CallError, CallFailure, ObjectRef, Request, Value};
use firesteel_testkit::{Python, PythonProcess, unique_socket_path};

use crate::support::{Thing, config, connect, eventually, fault};

/// Pyro's own server with the objects of its tests.
fn original(generation: &str) -> (PythonProcess, String) {
    Python::script("pyro_tests.py").env("GENERATION", generation).serve("READY ")
}

/// Runs a test with a proxy for the test object of each generation.
fn each(test: impl Fn(&str, &Proxy)) {
    for generation in ["5", "4"] {
        let (_server, uri) = original(generation);
        test(&uri, &connect(&uri, config()));
    }
}

/// `testNormalProxy`, `testExceptions`, `testPyroTracebackNormal`, `testProxyMetadata`, `testProperties`,
/// `testExposedRequired`.
#[test]
fn rust_finds_the_object_of_pyros_tests() {
    each(|uri, proxy| {
        assert_eq!(proxy.call::<i64>("multiply", &(7, 6)), Ok(42));
        let error = fault(proxy.call::<i64>("divide", &(1, 0)));
        assert!(
            error.is("builtins.ZeroDivisionError") && error.traceback_text().contains("return x // y"),
            "{error:?}"
        );
        assert!(fault(proxy.call::<i64>("multiply", &("a", "b"))).is("builtins.TypeError"));

        let metadata = proxy.metadata().expect("metadata");
        let sorted = |names: &[String]| names.iter().cloned().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(sorted(&metadata.attributes), sorted(&["value".into(), "dictionary".into()]));
        assert_eq!(sorted(&metadata.oneway), sorted(&["oneway_multiply".into(), "oneway_delay".into()]));
        assert!(metadata.methods.iter().any(|name| name == "__len__"), "{metadata:?}");

        assert_eq!(proxy.get::<i64>("value"), Ok(12345));
        proxy.set("value", &42).expect("it is set");
        assert_eq!(proxy.get::<i64>("value"), Ok(42));
        assert_eq!(proxy.get("dictionary"), Ok(BTreeMap::from([("number".to_owned(), 42)])));
        for hidden in ["something", "_value", "non_existing_attribute"] {
            assert!(fault(proxy.get::<Value>(hidden)).is("builtins.AttributeError"), "{hidden}");
        }

        let partly = connect(&uri.replacen("something", "unexposed", 1), config());
        assert_eq!(partly.call::<String>("getName", &()), Ok("hello".to_owned()));
        assert_eq!(partly.metadata().expect("metadata").methods, ["getName"]);
        assert!(fault(partly.call::<String>("unexposed", &())).is("builtins.AttributeError"));
    });
}

/// `testLenAndIterAndIndexing`, `testGenerator`, `testSomeArgumentTypes`.
#[test]
fn special_methods_are_called_by_name() {
    each(|_, proxy| {
        assert_eq!(proxy.call::<usize>("__len__", &()), Ok(6));
        assert_eq!(proxy.call::<String>("__getitem__", &(5,)), Ok("y".to_owned()));
        assert!(fault(proxy.call::<String>("__getitem__", &(6,))).is("builtins.IndexError"));
        let items: Result<Vec<String>, _> = proxy.stream("__iter__", &()).expect("a stream").collect();
        assert_eq!(items.expect("items").concat(), "qwerty");
        let items: Result<Vec<String>, _> = proxy.stream("generator", &()).expect("a stream").collect();
        assert_eq!(items.expect("items"), ["one", "two", "three", "four", "five"]);
        let named = BTreeMap::from([("a", 4)]);
        type Given = (i64, Vec<i64>, BTreeMap<String, i64>);
        let given: Given = proxy.call_with("testargs", &(1, 2, 3), &named).expect("an answer");
        assert_eq!(given, (1, vec![2, 3], BTreeMap::from([("a".to_owned(), 4)])));
    });
}

/// `testAutoProxy`: what is registered arrives as a proxy.
#[test]
fn an_object_that_is_registered_arrives_as_a_proxy() {
    each(|_, proxy| {
        let made: ObjectRef = proxy.call("new_test_object", &()).expect("a proxy");
        let made = Connector::new(config()).proxy_to(&made).expect("a proxy");
        assert_eq!(made.call::<i64>("multiply", &(6, 7)), Ok(42));
        made.set("value", &1).expect("it is set");
        assert_eq!((made.get::<i64>("value"), proxy.get::<i64>("value")), (Ok(1), Ok(12345)));
    });
}

/// `testResourceFreeing`, and `testProxyAnnotations`.
#[test]
fn resources_are_freed_and_annotations_go_both_ways() {
    each(|uri, proxy| {
        let service = || connect(&uri.replacen("something", "resources", 1), config());
        let holder = service();
        for name in ["r1", "r2"] {
            holder.call::<()>("allocate", &(name,)).expect("allocated");
        }
        assert_eq!(holder.call::<Vec<String>>("list", &()).expect("names"), ["r1", "r2"]);
        holder.close();
        let other = service();
        eventually("they are freed", || other.call::<Vec<String>>("list", &()) == Ok(Vec::new()));

        let wrong = Request::method("response_annotation", &()).annotation(*b"XYZZ", &b"invalid test data"[..]);
        assert!(fault(proxy.request::<()>(wrong)).is("builtins.ValueError"));
        let right = Request::method("response_annotation", &());
        let right = right.annotation(*b"XYZZ", &b"data from proxy via new api"[..]);
        let (answer, annotations) = proxy.request_annotated::<()>(right);
        answer.expect("an answer");
        assert_eq!(annotations.get(*b"ANN2").map(|value| &value[..]), Some(&b"daemon annotation via new api"[..]));
    });
}

/// `testBatchMethod`, `testBatchMethodReuse`, `testPyroTracebackBatch`.
#[test]
fn a_batch_may_be_used_again() {
    each(|_, proxy| {
        let (some, none) = ((7, 6), (999, 0));
        let mut batch = Batch::new().call("multiply", &some);
        for results in [1, 1] {
            let mut answers = proxy.batch(&batch).expect("answers");
            for _ in 0..results {
                assert_eq!(answers.next_as::<i64>(), Some(Ok(42)));
            }
            assert!(answers.next_as::<i64>().is_none());
        }
        batch.push("divide", &none);
        batch.push("multiply", &some);
        let mut answers = proxy.batch(&batch).expect("answers");
        assert_eq!(answers.next_as::<i64>(), Some(Ok(42)));
        let error = fault(answers.next_as::<i64>().expect("an answer"));
        assert!(
            error.is("builtins.ZeroDivisionError") && error.traceback_text().contains("return x // y"),
            "{error:?}"
        );
        assert!(answers.next_as::<i64>().is_none(), "the rest was not called");
    });
}

/// `testTimeoutCall`, `testTimeoutGetSet`.
#[test]
fn a_timeout_is_of_one_proxy_and_ends_one_call() {
    each(|_, proxy| {
        proxy.ping().expect("it is there");
        let hasty = proxy.timeout(Duration::from_millis(200));
        let begun = Instant::now();
        assert_eq!(hasty.call::<String>("delay", &(3.0,)), Err(CallFailure::Deadline));
        assert!(begun.elapsed() < Duration::from_millis(2800), "{:?}", begun.elapsed());
        assert_eq!(proxy.call::<String>("delay", &(0.5,)), Ok("slept 0.5 seconds".to_owned()), "it has another");
    });
}

/// `testOnewayDelayed`, `testBatchOneway`.
#[test]
fn nobody_waits_for_oneway_calls() {
    each(|_, proxy| {
        proxy.ping().expect("it is there");
        let begun = Instant::now();
        proxy.notify("oneway_delay", &(5.0,)).expect("sent");
        assert_eq!(proxy.call::<i64>("multiply", &(5, 11)), Ok(55));
        assert!(begun.elapsed() < Duration::from_millis(4500), "{:?}", begun.elapsed());
        // Told to wait, it waits.
        assert_eq!(proxy.call::<i64>("oneway_multiply", &(5, 11)), Ok(55));
    });
}

/// `testBasics`, `testProxyOffline`.
#[test]
fn what_is_no_uri_makes_no_proxy() {
    for text in ["burp", "999", "PYRO:obj", "PYRO:obj@host", "PYRO:@host:1"] {
        let error = Proxy::new(text).map(|_| ()).expect_err(text);
        assert!(matches!(&error, CallError::InvalidUri(_)), "{text}: {error:?}");
    }
    // It connects when it is used, not before.
    Proxy::new("PYRO:9999@localhost:15555").expect("a proxy").close();
}

/// `MAX_RETRIES` of `Pyro5/client.py`: the call goes to whoever listens there next.
#[test]
fn a_call_is_made_again_when_the_connection_is_lost() {
    for start in [Thing::start, Thing::pyro4] {
        let path = unique_socket_path().to_string();
        let options = ["--unix", &path];
        let first = start(&options);
        let proxy = first.proxy();
        let stubborn = proxy.retries(10_000);
        proxy.ping().expect("it is there");
        let call = thread::spawn(move || stubborn.call::<String>("slow", &(2.0, "done")));
        thread::sleep(Duration::from_millis(200));
        drop(first);
        let once = proxy.call::<i64>("echo", &(1,)).expect_err("nobody is there");
        assert!(matches!(once, CallFailure::Lost(_)), "{once:?}");
        let _ = std::fs::remove_file(&path);
        let _second = start(&options);
        assert_eq!(call.join().expect("no panic"), Ok("done".to_owned()));
    }
}
