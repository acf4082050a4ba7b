//! Rust makes batches of calls to Python.

use firesteel::{Batch, CallFailure, Config, SerializerId, Value};

use crate::support::{Thing, assert_raises, config, eventually};

/// Servers of both generations, with a config for each serializer that they have.
fn each(mut check: impl FnMut(&Thing, Config)) {
    use SerializerId::{Json, Marshal, Msgpack, Pickle, Serpent};
    let programs: [(Thing, &[_]); 2] = [
        (Thing::start(&[]), &[Serpent, Marshal, Json, Msgpack]),
        (Thing::pyro4(&["--threads"]), &[Serpent, Marshal, Json, Msgpack, Pickle]),
    ];
    for (thing, serializers) in programs {
        for serializer in serializers {
            let mut config = config();
            config.serializer = *serializer;
            check(&thing, config);
        }
        thing.quit();
    }
}

#[test]
fn results_come_in_order() {
    each(|thing, config| {
        let proxy = thing.proxy_with(config);
        let numbers: Vec<_> = (0..100).map(|n| (n,)).collect();
        let (add, named) = ((1, 2), std::collections::BTreeMap::from([("c", 3)]));
        let mut batch = Batch::new();
        for number in &numbers {
            batch.push("echo", number);
        }
        let batch = batch.call_with("add", &add, &named).call("nothing", &());
        let mut results = proxy.batch(&batch).expect("results");
        assert_eq!(results.size_hint().0, 102);
        for (n,) in &numbers {
            assert_eq!(results.next_as::<i32>(), Some(Ok(*n)));
        }
        assert_eq!(results.next_as::<i32>(), Some(Ok(6)));
        assert_eq!(results.next_as::<()>(), Some(Ok(())));
        assert_eq!(results.next_as::<()>(), None);
        assert_eq!(proxy.batch(&Batch::new()).expect("results").count(), 0);
    });
}

#[test]
fn an_exception_is_the_last_result() {
    each(|thing, config| {
        let serializer = config.serializer;
        if serializer == SerializerId::Marshal {
            // Python's own cannot write an exception among results.
            return;
        }
        let proxy = thing.proxy_with(config);
        proxy.call::<()>("forget_notes", &()).expect("an answer");
        let (failing, note, never) = (("ValueError", "no"), ("before",), ("never",));
        let batch = Batch::new().call("note", &note).call("fail_builtin", &failing).call("note", &never);
        let mut results = proxy.batch(&batch).expect("results");
        assert_eq!(results.next_as::<()>(), Some(Ok(())));
        assert_raises(results.next_as::<()>().expect("a result"), "builtins.ValueError", "no");
        assert_eq!(results.next_as::<()>(), None);
        assert_eq!(proxy.call::<Vec<String>>("notes", &()).expect("an answer"), ["before"]);

        if serializer == SerializerId::Pickle {
            // There, it is a class that is not read.
            return;
        }
        let custom = Batch::new().call("fail_custom", &());
        let Some(Err(CallFailure::Fault(fault))) = proxy.batch(&custom).expect("results").next_as::<()>() else {
            panic!("no exception")
        };
        assert_eq!((&*fault.class, fault.args.first()), ("thing.CustomError", Some(&Value::from("custom text"))));
        assert_eq!(fault.attributes.get("code"), Some(&Value::from(7)));
    });
}

#[test]
fn an_unknown_method_fails_the_whole_call() {
    each(|thing, config| {
        let proxy = thing.proxy_with(config);
        let one = (1,);
        let batch = Batch::new().call("echo", &one).call("nosuch", &());
        assert_raises(
            proxy.batch(&batch).map(|_| ()),
            "builtins.AttributeError",
            "'Thing' object has no attribute 'nosuch'",
        );
        assert_eq!(proxy.call::<i32>("echo", &(2,)).expect("an answer"), 2);
    });
}

#[test]
fn a_oneway_batch_is_not_waited_for() {
    each(|thing, config| {
        let proxy = thing.proxy_with(config);
        proxy.call::<()>("forget_notes", &()).expect("an answer");
        let (one, two) = (("one",), ("two",));
        let batch = Batch::new().call("note", &one).call("note", &two);
        proxy.notify_batch(&batch).expect("sent");
        proxy.notify_batch(&Batch::new().call("nosuch", &())).expect("sent");
        eventually("the notes", || proxy.call::<Vec<String>>("notes", &()).expect("an answer") == ["one", "two"]);
    });
}
