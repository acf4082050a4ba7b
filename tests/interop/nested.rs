//! What goes along from call to call: correlation ids into calls that a method makes, annotations out of answers.

use std::collections::BTreeMap;

use firesteel::blocking::{Connector, Proxy, Server, correlation_id, with_correlation_id};
use firesteel::wire::Dialect;
use firesteel::{CallFailure, Config, Context, Fault, Outcome, Protocol, Request, Shared, Value, expose};
use firesteel_testkit::Python;

use crate::hosted::{Hosted, WORKERS, server_config};
use crate::support::{TIMEOUT, Thing, config, fault};

/// Calls a `Thing` of Python's, and says which correlation id that saw.
struct Relay;

fn ask(proxy: &Proxy) -> Result<String, CallFailure> {
    let context: BTreeMap<String, Value> = proxy.call("context", &())?;
    Ok(context["correlation_id"].as_str().unwrap_or_default().to_owned())
}

#[expose]
impl Relay {
    /// Our own id, and those that the other server saw: of a call, of one that is waited for later, and of two
    /// that have another id.
    pub fn relay(&self, cx: &Context<'_>, uri: String) -> Result<(String, Vec<String>), CallFailure> {
        let proxy = Connector::new(config()).proxy(&uri)?;
        let own = u128::from_be_bytes(cx.correlation_id()).to_string();
        let pending = proxy.start::<BTreeMap<String, Value>>("context", &())?;
        let mut seen = vec![ask(&proxy)?];
        seen.push(pending.wait()?["correlation_id"].as_str().unwrap_or_default().to_owned());
        seen.push(with_correlation_id(Some([9; 16]), || ask(&proxy))?);
        let explicit: BTreeMap<String, Value> =
            proxy.request(Request::method("context", &()).correlation_id([7; 16]))?;
        seen.push(explicit["correlation_id"].as_str().unwrap_or_default().to_owned());
        // By hand, where no thread knows.
        let by_hand: BTreeMap<String, Value> =
            with_correlation_id(None, || proxy.request(Request::method("context", &()).within(cx)))?;
        seen.push(by_hand["correlation_id"].as_str().unwrap_or_default().to_owned());
        Ok((own, seen))
    }

    pub fn annotate(&self, cx: &mut Context<'_>, text: String, how: String) -> Outcome {
        cx.annotate(*b"ABCD", text.clone().into_bytes());
        match how.as_str() {
            "value" => cx.answer(&text),
            "later" => {
                let (mut responder, deferred) = cx.defer();
                std::thread::spawn(move || {
                    responder.annotate(*b"EFGH", &b"later"[..]);
                    responder.reply(&text);
                });
                Ok(deferred.into())
            }
            _ => Err(Fault::new("builtins.ValueError", text)),
        }
    }
}

fn servers() -> [Hosted; 2] {
    let local = Hosted::local("127.0.0.1:0", server_config(), "relay", |_| Relay);
    [local, Hosted::shared("127.0.0.1:0", server_config(), "relay", |_| Relay)]
}

#[test]
fn correlation_ids_go_along_from_python_through_rust_to_python() {
    for (generation, thing) in [("5", Thing::start(&["--threads"])), ("4", Thing::pyro4(&["--threads"]))] {
        for server in servers() {
            let program = "
import sys, uuid
from checking import equal
from generation import NUMBER, Proxy, current_context
proxy, thing = Proxy(sys.argv[1]), sys.argv[2]
nine, seven = str(uuid.UUID(bytes=b'\\x09' * 16)), str(uuid.UUID(bytes=b'\\x07' * 16))
for id in [uuid.UUID(int=12345), uuid.uuid4(), None]:
    current_context.correlation_id = id
    own, seen = proxy.relay(thing)
    if id is None:
        # The one that the server made is that of its answer.
        id = uuid.UUID(int=int(own))
        assert id.version == 4, id
        if NUMBER == 4:
            equal(bytes(current_context.response_annotations['CORR']), id.bytes)
    equal(int(own), id.int)
    equal(list(seen), [str(id), str(id), nine, seven, str(id)])
first, _ = proxy.relay(thing)
second, _ = proxy.relay(thing)
assert first != second
print('ALL OK')
";
            let script = Python::source(program).env("GENERATION", generation);
            let output = script.args([&server.uri.to_string(), &thing.uri("test.thing")]).run(TIMEOUT);
            assert!(output.stdout.ends_with("ALL OK\n"), "Pyro{generation}: {output:?}");
        }
    }
    assert_eq!(correlation_id(), None);
}

#[test]
fn annotations_of_answers_reach_python_with_values_faults_and_later() {
    for generation in ["5", "4"] {
        for server in servers() {
            let program = "
import sys
from checking import equal, raises
from generation import Proxy, current_context
proxy = Proxy(sys.argv[1])
def annotations():
    found = {name: bytes(data) for name, data in current_context.response_annotations.items()}
    found.pop('CORR', None)
    return found
equal(proxy.annotate('text', 'value'), 'text')
equal(annotations(), {'ABCD': b'text'})
equal(proxy.annotate('another', 'later'), 'another')
equal(annotations(), {'ABCD': b'another', 'EFGH': b'later'})
raises(ValueError, 'bad', proxy.annotate, 'bad', 'fault')
equal(annotations(), {'ABCD': b'bad'})
print('ALL OK')
";
            let script = Python::source(program).env("GENERATION", generation);
            let output = script.args([&server.uri.to_string()]).run(TIMEOUT);
            assert!(output.stdout.ends_with("ALL OK\n"), "Pyro{generation}: {output:?}");
        }
    }
}

#[test]
fn annotations_of_answers_reach_rust_with_values_faults_and_later() {
    let servers = servers();
    for dialect in [Dialect::Pyro5, Dialect::Pyro4] {
        let mut config: Config = config();
        config.protocol = Protocol::Always(dialect);
        for server in &servers {
            let proxy = Connector::new(config.clone()).proxy(&server.uri.to_string()).expect("a uri");
            for (how, expected) in [
                ("value", vec![(*b"ABCD", "text")]),
                ("later", vec![(*b"ABCD", "text"), (*b"EFGH", "later")]),
                ("fault", vec![(*b"ABCD", "text")]),
            ] {
                let (result, annotations) =
                    proxy.request_annotated::<String>(Request::method("annotate", &("text", how)));
                let got: Vec<_> =
                    annotations.iter().map(|(name, value)| (name, std::str::from_utf8(value).expect("text"))).collect();
                assert_eq!(got, expected, "{dialect}, {how}");
                match how {
                    "fault" => assert_eq!(fault(result).message(), "text"),
                    _ => assert_eq!(result, Ok("text".to_owned())),
                }
                let pending = proxy.start::<String>("annotate", &("text", how)).expect("sent");
                assert_eq!(pending.wait_annotated().1, annotations);
            }
        }
        let thing = match dialect {
            Dialect::Pyro5 => Thing::start(&["--annotation", "DMON=always"]),
            Dialect::Pyro4 => Thing::pyro4(&["--annotation", "DMON=always"]),
        };
        let proxy = thing.proxy_with(config.clone());
        let (result, annotations) = proxy.request_annotated::<()>(Request::method("annotate", &("EFGH", "text")));
        assert_eq!(result, Ok(()));
        let names: Vec<_> = annotations.iter().map(|(name, _)| name).collect();
        assert_eq!((names.len(), annotations.get(*b"EFGH").map(|value| &value[..])), (2, Some(&b"text"[..])));
        let (result, annotations) =
            proxy.request_annotated::<()>(Request::method("fail_builtin", &("ValueError", "bad")));
        assert_eq!(fault(result).message(), "bad");
        assert_eq!(annotations.get(*b"DMON").map(|value| &value[..]), Some(&b"always"[..]), "{dialect}");
    }
}

#[test]
fn a_thread_has_an_id_only_while_it_runs_a_call() {
    struct Panics;
    #[expose]
    impl Panics {
        pub fn panic(&self) {
            assert!(correlation_id().is_some());
            panic!("on purpose");
        }
        pub fn id(&self) -> Option<u128> {
            correlation_id().map(u128::from_be_bytes)
        }
    }
    let objects = Shared::new();
    objects.register("relay", Panics).expect("a free id");
    let mut server = Server::shared("127.0.0.1:0", &objects, WORKERS).expect("a server");
    let (uri, stopper) = (server.uri("relay").to_string(), server.stopper());
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let proxy = Connector::new(config()).proxy(&uri).expect("a uri");
            for n in 0..20 {
                assert_eq!(fault(proxy.call::<()>("panic", &())).message(), "the method panicked: on purpose");
                let id = u128::from(n as u8).to_be_bytes();
                let seen = proxy.request::<Option<u128>>(Request::method("id", &()).correlation_id(id));
                assert_eq!(seen, Ok(Some(u128::from_be_bytes(id))));
            }
            stopper.stop();
        });
        server.run_threads(1).expect("the loop runs");
        assert_eq!(correlation_id(), None);
    });
}
