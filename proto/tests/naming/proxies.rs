//! Proxies for what goes by a name.

use std::collections::BTreeSet;

use firesteel_proto::{
    Batch, CallFailure, CloseReason, Config, Dialect, Protocol, Reply, Request, SerializerId, Value,
};

use crate::net::{Names, Net, SECOND, Who};

fn config() -> Config {
    let mut config = Config::default();
    config.naming.broadcast = false;
    config
}

const AT: &str = "PYRONAME:thing@ns";

/// A name server that knows a thing, and the thing.
fn stage(config: Config) -> (Net, Names) {
    let mut net = Net::new(config);
    let names = Names::default();
    names.add("thing", "PYRO:obj@far:1", &["a"]);
    net.name_server("ns", 9090, &names);
    net.host("far", 1, "obj", Who("it"));
    (net, names)
}

#[test]
fn calls_before_the_name_is_known_reach_the_object() {
    let value: Value = Value::List(vec![1.into(), "text".into(), Value::None, 2.5.into()]);
    for dialect in [Dialect::Pyro5, Dialect::Pyro4] {
        for serializer in SerializerId::ALL.into_iter().filter(|serializer| serializer.to_wire(dialect).is_some()) {
            let mut config = config();
            config.protocol = Protocol::Always(dialect);
            config.serializer = serializer;
            config.compression = cfg!(feature = "compression");
            let (mut net, names) = stage(config);
            names.with(|book| book.asked.clear());
            let proxy = net.client.proxy(AT).expect("a uri");
            assert_eq!(net.client.object(proxy).expect("a name").as_str(), "PYRONAME:thing@ns:9090");
            // Longer ones are compressed.
            let long: Value = "text ".repeat(100).into();
            let (args, more) = ((&value,), (&long,));
            let one = net.client.call(net.now, proxy, &Request::method("same", &args)).expect("taken");
            let two = net.client.call(net.now, proxy, &Request::method("same", &more)).expect("taken");
            let batch = Batch::new().call("same", &args).call("who", &());
            let three = net.client.call(net.now, proxy, &Request::batch(&batch)).expect("taken");
            let ping = net.client.ping(net.now, proxy).expect("taken");
            let request = Request::method("get_metadata", &("obj",)).object("Pyro.Daemon");
            let asked = net.client.call(net.now, proxy, &request).expect("taken");
            assert_eq!(net.end(one), Ok(value.clone()), "{serializer}");
            assert_eq!(net.end(two), Ok(long), "{serializer}");
            let both = net.end(three).expect("a batch");
            assert_eq!(both.as_seq().map(<[_]>::len), Some(2), "{serializer}: {both}");
            assert_eq!(net.done.remove(&ping), Some(Ok(Reply::Pong)));
            assert!(net.end(asked).expect("metadata").get("methods").is_some(), "{serializer}");
            assert_eq!(names.asked(), ["lookup"]);
            // What follows is written for the object in the first place.
            let call = net.call(proxy, "who");
            assert_eq!(net.end(call), Ok("it".into()), "{serializer}");
            assert_eq!(net.client.object(proxy).expect("an id").as_str(), "obj");
            assert_eq!(net.client.resolved(proxy).expect("found").to_string(), "PYRO:obj@far:1");
        }
    }
}

#[test]
fn a_blob_reaches_the_object_too() {
    let (mut net, _) = stage(config());
    let proxy = net.client.proxy(AT).expect("a uri");
    let (info, data) = (Value::from("topic"), Value::from("data"));
    let call = net.client.call(net.now, proxy, &Request::blob("who", &info, &data)).expect("taken");
    assert_eq!(net.end(call), Ok("it".into()));
}

#[test]
fn what_has_moved_is_found_again_after_a_loss() {
    let (mut net, names) = stage(config());
    let proxy = net.client.proxy(AT).expect("a uri");
    let call = net.call(proxy, "who");
    net.end(call).expect("an answer");
    let out = net.call(proxy, "never");
    net.settle();
    names.add("thing", "PYRO:other@farther:2", &[]);
    net.host("farther", 2, "other", Who("it has moved"));
    // As long as the connection is there, so is the object.
    let call = net.call(proxy, "who");
    assert_eq!(net.end(call), Ok("it".into()));
    net.fall("far", 1);
    assert_eq!(net.end(out), Err(CallFailure::Lost(CloseReason::Transport)));
    let call = net.call(proxy, "who");
    assert_eq!(net.end(call), Ok("it has moved".into()));
    assert_eq!(names.asked().len(), 2);
    // Asked to, it looks again even so.
    names.add("thing", "PYRO:obj@far:1", &[]);
    net.host("far", 1, "obj", Who("it is back"));
    let pinged = net.client.rebind(net.now, proxy).expect("taken");
    net.settle();
    assert_eq!(net.done.remove(&pinged), Some(Ok(Reply::Pong)));
    let call = net.call(proxy, "who");
    assert_eq!(net.end(call), Ok("it is back".into()));
}

#[test]
fn a_call_that_is_made_again_follows_what_has_moved() {
    for serializer in [SerializerId::Serpent, SerializerId::Marshal, SerializerId::Json, SerializerId::Msgpack] {
        let mut config = config();
        config.serializer = serializer;
        let (mut net, names) = stage(config);
        let proxy = net.client.proxy(AT).expect("a uri");
        let call = net.call(proxy, "who");
        net.end(call).expect("an answer");
        net.silent("far", 1);
        let args = ("again",);
        let request = Request::method("same", &args).retries(1);
        let call = net.client.call(net.now, proxy, &request).expect("taken");
        net.settle();
        names.add("thing", "PYRO:an.other.id@farther:2", &[]);
        net.host("farther", 2, "an.other.id", Who("it has moved"));
        net.fall("far", 1);
        let behind = net.call(proxy, "who");
        assert_eq!(net.end(call), Ok("again".into()), "{serializer}");
        assert_eq!(net.end(behind), Ok("it has moved".into()), "{serializer}");
    }
}

#[test]
fn an_object_that_is_not_there_is_no_matter_of_names() {
    let (mut net, _) = stage(config());
    net.fall("far", 1);
    let proxy = net.client.proxy(AT).expect("a uri");
    let call = net.call(proxy, "who");
    let failure = net.end(call).expect_err("it is down");
    assert!(matches!(failure, CallFailure::Lost(CloseReason::Unreachable(_))), "{failure:?}");
    assert!(net.client.is_drained());
}

#[test]
fn one_of_several_is_chosen_and_dead_ones_are_skipped() {
    let mut met = BTreeSet::new();
    let mut skipped = 0;
    for seed in 0..40 {
        let mut config = config();
        config.seed = Some([seed; 16]);
        config.handshake_timeout = SECOND;
        let mut net = Net::new(config);
        let names = Names::default();
        names.add("down", "PYRO:x@down:1", &["a"]);
        names.add("empty", "PYRO:x@empty:1", &["a"]);
        names.add("silent", "PYRO:x@silent:1", &["a"]);
        names.add("nonsense", "nonsense", &["a"]);
        names.add("one", "PYRO:o1@one:1", &["a"]);
        names.add("two", "PYRO:object.two@two:1", &["a", "b"]);
        net.name_server("ns", 9090, &names);
        // It is a daemon, but has no such object.
        net.host("empty", 1, "y", Who("y"));
        net.silent("silent", 1);
        net.host("one", 1, "o1", Who("one"));
        net.host("two", 1, "object.two", Who("two"));
        let proxy = net.client.proxy("PYROMETA:a@ns").expect("a uri");
        let call = net.call(proxy, "who");
        met.insert(net.end(call).expect("one of them").to_string());
        skipped += net.steps.iter().filter(|step| step.ends_with("cannot be connected to")).count();
        assert_eq!(names.asked(), ["yplookup"]);
        // The other calls stay with it; a loss begins anew.
        let call = net.call(proxy, "who");
        net.end(call).expect("the same");
        assert!(names.asked().is_empty());
    }
    assert_eq!(met.into_iter().collect::<Vec<_>>(), ["'one'", "'two'"]);
    assert!(skipped > 20, "{skipped}");
}

#[test]
fn the_same_seed_chooses_the_same() {
    let places = |seed: u8| {
        let mut config = config();
        config.seed = Some([seed; 16]);
        let mut net = Net::new(config);
        let names = Names::default();
        for n in 0..10 {
            names.add(&format!("n{n}"), &format!("PYRO:x@down{n}:1"), &["a"]);
        }
        net.name_server("ns", 9090, &names);
        let proxy = net.client.proxy("PYROMETA:a@ns").expect("a uri");
        let call = net.call(proxy, "who");
        let failure = net.end(call).expect_err("all are down");
        assert!(matches!(failure, CallFailure::Lost(CloseReason::Unreachable(_))), "{failure:?}");
        let mut places: Vec<_> = net.asked.into_iter().map(|(_, place)| place).collect();
        assert_eq!(places.remove(0), "ns:9090");
        places
    };
    let (one, again, other) = (places(1), places(1), places(2));
    assert_eq!(one, again);
    assert_ne!(one, other);
    assert_eq!(one.iter().collect::<BTreeSet<_>>().len(), 10, "each once: {one:?}");
}

#[test]
fn two_proxies_search_side_by_side_and_a_release_ends_one() {
    let (mut net, names) = stage(config());
    names.with(|book| book.mute = true);
    let (one, two) = (net.client.proxy(AT).expect("a uri"), net.client.proxy(AT).expect("a uri"));
    let (first, second) = (net.call(one, "who"), net.call(two, "who"));
    net.settle();
    net.client.release(net.now, one);
    net.settle();
    assert_eq!(net.done.remove(&first), Some(Err(CallFailure::Lost(CloseReason::Local))));
    names.with(|book| book.mute = false);
    net.fall("ns", 9090);
    net.end(second).expect_err("its name server is gone");
    assert!(net.client.is_drained());
    // A shutdown ends searches as well.
    net.silent("ns", 9090);
    let call = net.call(two, "who");
    net.settle();
    net.client.shutdown(net.now);
    net.settle();
    assert_eq!(net.done.remove(&call), Some(Err(CallFailure::Lost(CloseReason::Local))));
    assert!(net.client.is_drained());
    assert_eq!(net.client.poll_timeout(), None);
}
