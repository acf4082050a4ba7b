//! What a program of one generation of Pyro leaves in a Rust object, one of the other takes.

use std::sync::{Mutex, PoisonError};

use firesteel::{Args, Config, Context, Fault, Member, Metadata, Method, Object, Outcome, SerializerId, Value};
use firesteel_testkit::Python;

use crate::hosted::{Hosted, server_config};
use crate::support::{TIMEOUT, config, connect};

const SHELF: &str = "test.shelf";

/// Keeps one value.
#[derive(Default)]
struct Shelf(Mutex<Value>);

static METADATA: Metadata =
    Metadata::new(&[Method::new("put").shared(), Method::new("take").shared(), Method::new("throw").shared()], &[]);

impl Object for Shelf {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        self.call_shared(cx, member, args)
    }

    fn call_shared(&self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match member {
            Member::Method("put") => {
                let (value,): (Value,) = args.bind(&["value"])?;
                *shelf = value;
                cx.answer(&())
            }
            Member::Method("take") => {
                let () = args.bind(&[])?;
                cx.answer(&*shelf)
            }
            // Raises what was put.
            Member::Method("throw") => {
                let () = args.bind(&[])?;
                let put = shelf.clone();
                Err(Fault::from_value(put).unwrap_or_else(|| Fault::new("builtins.TypeError", "this is no exception")))
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

/// What a program does: `put` or `take` one of the samples.
const PROGRAM: &str = "
import sys
from checking import equal, raises
from generation import NUMBER, URI, Proxy, config, errors
uri, config.SERIALIZER, action, which = sys.argv[1:]
config.COMMTIMEOUT = 30.0
shelf = Proxy(uri)
other = Proxy('PYRO:other.object@somehost:4444')
other._pyroMethods, other._pyroOneway, other._pyroAttrs = {'go', 'stop'}, {'stop'}, {'speed'}
other._pyroHandshake = 'a secret'
samples = {
    'uri': URI('PYRO:some.object@localhost:4444'), 'name': URI('PYRONAME:some.name@localhost:9090'),
    'proxy': other, 'naming error': errors.NamingError('unknown name: x', 5),
    'connection error': errors.ConnectionClosedError('gone'), 'key error': KeyError('k'),
}
expected = samples[which]
if action == 'put':
    shelf.put(expected)
else:
    got = shelf.take()
    equal(type(got), type(expected))
    if which == 'proxy':
        def known(proxy):
            names = proxy._pyroMethods, proxy._pyroOneway, proxy._pyroAttrs
            return proxy._pyroUri, [set(them) for them in names], proxy._pyroHandshake
        equal(known(got), known(expected))
    elif which in ('uri', 'name'):
        equal(got, expected)
        equal(shelf.take().object, expected.object)
    else:
        equal(got.args, expected.args)
        if which != 'connection error':
            error = raises(type(expected), str(expected), shelf.throw)
            assert error._pyroTraceback
print('ALL OK')
";

fn run(server: &Hosted, generation: &str, serializer: &str, action: &str, which: &str) {
    let script = Python::source(PROGRAM).env("GENERATION", generation);
    let output = script.args([&server.uri.to_string(), serializer, action, which]).run(TIMEOUT);
    assert!(output.stdout.ends_with("ALL OK\n"), "{generation}, {serializer}, {action} {which}: {output:?}");
}

fn server() -> Hosted {
    let mut config: Config = server_config();
    config.serializers = config.serializers.with(SerializerId::Pickle);
    Hosted::shared("127.0.0.1:0", config, SHELF, |_| Shelf::default())
}

const SAMPLES: [&str; 6] = ["uri", "name", "proxy", "naming error", "connection error", "key error"];

#[test]
fn pyro4_puts_and_pyro5_takes() {
    let server = server();
    for (n, which) in SAMPLES.into_iter().enumerate() {
        run(&server, "4", ["serpent", "marshal", "json", "msgpack", "pickle"][n % 5], "put", which);
        run(&server, "5", ["serpent", "msgpack", "marshal", "json"][n % 4], "take", which);
        run(&server, "4", ["pickle", "json", "serpent", "marshal", "msgpack"][n % 5], "take", which);
    }
}

#[test]
fn pyro5_puts_and_pyro4_takes() {
    let server = server();
    for (n, which) in SAMPLES.into_iter().enumerate() {
        run(&server, "5", ["json", "serpent", "msgpack", "marshal"][n % 4], "put", which);
        run(&server, "4", ["marshal", "pickle", "serpent", "json", "msgpack"][n % 5], "take", which);
        run(&server, "5", ["serpent", "msgpack", "marshal", "json"][n % 4], "take", which);
    }
}

#[test]
fn rust_sees_one_class_whoever_put_it() {
    let server = server();
    let proxy = connect(&server.uri.to_string(), config());
    for (generation, serializer) in [("4", "serpent"), ("4", "pickle"), ("4", "json"), ("5", "json"), ("5", "marshal")]
    {
        for (which, class) in [
            ("uri", "Pyro5.core.URI"),
            ("proxy", "Pyro5.client.Proxy"),
            ("naming error", "Pyro5.errors.NamingError"),
            ("key error", "builtins.KeyError"),
        ] {
            run(&server, generation, serializer, "put", which);
            let value: Value = proxy.call("take", &()).expect("an answer");
            let found = value.as_instance().map(|instance| instance.class.as_str());
            assert_eq!(found, Some(class), "{generation}, {serializer}: {value}");
        }
    }
}
