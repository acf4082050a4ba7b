//! What name servers are asked, and what becomes of their answers.

use std::time::Duration;

use firesteel_proto::{CallFailure, CloseReason, Config, Dialect, Fault, NamingError, Protocol, Uri, Value};

use crate::net::{Names, Net, SECOND, Who, nothing};

fn config() -> Config {
    let mut config = Config::default();
    config.naming.broadcast = false;
    config
}

fn delayed(delay: Duration) -> Config {
    let mut config = config();
    config.naming.lookup_delay = delay;
    config
}

fn unresolved(failure: CallFailure) -> NamingError {
    match failure {
        CallFailure::Lost(CloseReason::Unresolved(error)) => *error,
        other => panic!("{other:?}"),
    }
}

const MS: Duration = Duration::from_millis(1);
const AT: &str = "PYRONAME:thing@ns";
const META: &str = "PYROMETA:a,b@ns";

#[test]
fn an_unknown_name_is_an_error_at_once() {
    let mut net = Net::new(config());
    let names = Names::default();
    net.name_server("ns", 9090, &names);
    let proxy = net.client.proxy(AT).expect("a uri");
    let (one, two) = (net.call(proxy, "who"), net.call(proxy, "who"));
    let failure = net.end(one).expect_err("unknown");
    assert_eq!(failure.to_string(), "the name server says: unknown name: thing");
    assert!(matches!(unresolved(failure), NamingError::Refused(fault) if fault.is("Pyro5.errors.NamingError")));
    net.end(two).expect_err("unknown, too");
    assert_eq!((net.elapsed(), names.asked()), (Duration::ZERO, vec!["lookup".to_owned()]));
    // The next call looks again.
    names.add("thing", "PYRO:obj@far:1", &[]);
    net.host("far", 1, "obj", Who("it"));
    let call = net.call(proxy, "who");
    assert_eq!(net.end(call), Ok("it".into()));
}

#[test]
fn a_name_is_waited_for_as_long_as_the_delay() {
    let mut net = Net::new(delayed(3 * SECOND));
    let names = Names::default();
    net.name_server("ns", 9090, &names);
    let proxy = net.client.proxy(AT).expect("a uri");
    let call = net.call(proxy, "who");
    let failure = net.end(call).expect_err("unknown");
    assert!(matches!(unresolved(failure), NamingError::Refused(_)));
    // A fifth of the delay between two, and once more at its end; over one connection.
    assert_eq!((net.elapsed(), names.asked().len()), (3 * SECOND, 6));
    assert_eq!(net.places(), ["ns:9090"]);

    let call = net.call(proxy, "who");
    net.pass(SECOND);
    names.add("thing", "PYRO:obj@far:1", &[]);
    net.host("far", 1, "obj", Who("it"));
    assert_eq!(net.end(call), Ok("it".into()));
    assert_eq!(net.elapsed(), 3 * SECOND + 1200 * MS);
    assert!(
        net.steps.iter().any(|step| step.ends_with("unknown name: thing; asking again in 600ms")),
        "{:?}",
        net.steps
    );
}

#[test]
fn the_time_of_a_call_begins_when_its_object_is_known() {
    let mut config = delayed(5 * SECOND);
    config.call_timeout = Some(2 * SECOND);
    let mut net = Net::new(config);
    let names = Names::default();
    net.name_server("ns", 9090, &names);
    net.host("far", 1, "obj", Who("it"));
    let proxy = net.client.proxy(AT).expect("a uri");
    let (call, never) = (net.call(proxy, "who"), net.call(proxy, "never"));
    let ping = net.client.ping(net.now, proxy).expect("taken");
    let request = firesteel_proto::Request::method("who", &()).deadline(net.now + SECOND);
    let hurried = net.client.call(net.now, proxy, &request).expect("taken");
    assert_eq!(net.end(hurried), Err(CallFailure::Deadline));
    net.pass(2500 * MS);
    names.add("thing", "PYRO:obj@far:1", &[]);
    assert_eq!(net.end(call), Ok("it".into()));
    assert_eq!(net.elapsed(), 4 * SECOND);
    assert_eq!(net.end(never), Err(CallFailure::Deadline));
    assert_eq!(net.elapsed(), 6 * SECOND);
    assert_eq!(net.done.remove(&ping), Some(Ok(firesteel_proto::Reply::Pong)));
}

#[test]
fn the_pause_between_two_lookups_has_bounds() {
    for (delay, asked) in [(SECOND / 10, 2), (SECOND / 2, 4), (60 * SECOND, 61)] {
        let mut net = Net::new(delayed(delay));
        let names = Names::default();
        net.name_server("ns", 9090, &names);
        let proxy = net.client.proxy(META).expect("a uri");
        let call = net.call(proxy, "who");
        let failure = unresolved(net.end(call).expect_err("nothing there"));
        assert_eq!(failure, NamingError::NoCandidate(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!((net.elapsed(), names.asked().len()), (delay, asked));
    }
}

#[test]
fn a_name_server_is_waited_for_too() {
    let mut net = Net::new(delayed(5 * SECOND));
    let proxy = net.client.proxy(AT).expect("a uri");
    let call = net.call(proxy, "who");
    net.pass(2500 * MS);
    let names = Names::default();
    names.add("thing", "PYRO:obj@far:1", &[]);
    net.name_server("ns", 9090, &names);
    net.host("far", 1, "obj", Who("it"));
    assert_eq!(net.end(call), Ok("it".into()));
    assert_eq!(net.elapsed(), 3 * SECOND);
}

#[test]
fn a_name_server_that_dies_in_the_middle_is_gone_or_comes_back() {
    // While it is asked.
    let mut net = Net::new(config());
    let names = Names::default();
    names.with(|book| book.mute = true);
    net.name_server("ns", 9090, &names);
    let proxy = net.client.proxy(AT).expect("a uri");
    let call = net.call(proxy, "who");
    net.settle();
    assert_eq!(names.asked(), ["lookup"]);
    net.fall("ns", 9090);
    let failure = net.end(call).expect_err("it is gone");
    assert_eq!(failure.to_string(), "failed to locate the name server: ns:9090: the transport broke");

    // Between two questions.
    let mut net = Net::new(delayed(10 * SECOND));
    let names = Names::default();
    net.name_server("ns", 9090, &names);
    let proxy = net.client.proxy(AT).expect("a uri");
    let call = net.call(proxy, "who");
    net.pass(2500 * MS);
    net.fall("ns", 9090);
    net.pass(2 * SECOND);
    names.add("thing", "PYRO:obj@far:1", &[]);
    net.name_server("ns", 9090, &names);
    net.host("far", 1, "obj", Who("it"));
    assert_eq!(net.end(call), Ok("it".into()));
    assert_eq!(net.elapsed(), 5 * SECOND);
}

#[test]
fn a_name_server_that_does_not_answer_is_given_up() {
    let mut config = config();
    config.call_timeout = Some(3 * SECOND);
    let mut net = Net::new(config);
    let names = Names::default();
    names.with(|book| book.mute = true);
    net.name_server("ns", 9090, &names);
    let proxy = net.client.proxy(AT).expect("a uri");
    let call = net.call(proxy, "who");
    let failure = net.end(call).expect_err("no answer");
    assert!(failure.to_string().starts_with("failed to locate the name server: ns:9090"), "{failure}");
    assert_eq!(net.elapsed(), 3 * SECOND);
    assert!(net.client.is_drained());
}

#[test]
fn answers_of_no_use_are_errors() {
    let lookup = |uri: &str, always: Option<Value>, raises: Option<Fault>| {
        let mut net = Net::new(delayed(5 * SECOND));
        let names = Names::default();
        names.with(|book| (book.always, book.raises) = (always, raises));
        net.name_server("ns", 9090, &names);
        let proxy = net.client.proxy(uri).expect("a uri");
        let call = net.call(proxy, "who");
        let error = unresolved(net.end(call).expect_err("of no use"));
        // Asking again is in vain.
        assert_eq!((net.elapsed(), names.asked().len()), (Duration::ZERO, 1));
        error
    };
    let name: Uri = "PYRONAME:other".parse().expect("a uri");
    let elsewhere = lookup(AT, Some(Value::from(&name)), None);
    assert_eq!(
        elsewhere.to_string(),
        "the name server's answer is of no use: PYRONAME:other is not the uri of an object"
    );
    for (uri, answer) in [
        (AT, Value::None),
        (AT, Value::Int(5)),
        (AT, "PYRO:no.location".into()),
        (AT, nothing()),
        (META, Value::None),
        (META, Value::List(vec!["PYRO:obj@far:1".into()])),
        (META, Value::Dict([(Value::from("name"), Value::from("nonsense"))].into_iter().collect())),
        (META, Value::Dict([(Value::from("name"), Value::from("PYRONAME:other"))].into_iter().collect())),
        (META, Value::Dict([(Value::from("name"), Value::Int(1))].into_iter().collect())),
    ] {
        assert!(matches!(lookup(uri, Some(answer.clone()), None), NamingError::Answer(_)), "{answer:?}");
    }
    let fault = Fault::new("builtins.TypeError", "what?");
    assert_eq!(lookup(AT, None, Some(fault)).to_string(), "the name server says: what?");
}

#[test]
fn a_uri_may_come_as_text() {
    let mut net = Net::new(config());
    let names = Names::default();
    names.with(|book| book.always = Some("PYRO:obj@far:1".into()));
    net.name_server("ns", 9090, &names);
    net.host("far", 1, "obj", Who("it"));
    let proxy = net.client.proxy(AT).expect("a uri");
    let call = net.call(proxy, "who");
    assert_eq!(net.end(call), Ok("it".into()));
}

#[test]
fn metadata_are_asked_for_in_the_words_of_the_name_server() {
    for (old, dialect, word) in [
        (false, Dialect::Pyro5, "yplookup"),
        (true, Dialect::Pyro5, "list"),
        (true, Dialect::Pyro4, "list"),
        (false, Dialect::Pyro4, "yplookup"),
    ] {
        let mut config = config();
        config.protocol = Protocol::Always(dialect);
        let mut net = Net::new(config);
        let names = Names::default();
        names.add("one", "PYRO:one@far:1", &["a", "c"]);
        names.add("two", "PYRO:two@far:1", &["b", "a"]);
        names.with(|book| book.old = old);
        net.name_server("ns", 9090, &names);
        net.host("far", 1, "two", Who("two"));
        let proxy = net.client.proxy(META).expect("a uri");
        let call = net.call(proxy, "who");
        assert_eq!(net.end(call), Ok("two".into()));
        assert_eq!(names.asked(), [word]);
    }
}
