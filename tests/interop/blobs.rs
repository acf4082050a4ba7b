//! Arguments that stay serialized, with the real Pyro in every role: sender, dispatcher's client, receiver.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use firesteel::blocking::Connector;
use firesteel::{
    Config, Dialect, Fault, ObjectRef, Protocol, Request, SerializedBlob, SerializerId, Serializers, Value, expose,
};
use firesteel_testkit::{Python, PythonProcess};

use crate::hosted::{Hosted, server_config};
use crate::support::{TIMEOUT, assert_raises, config, connect};

const DISPATCHER: &str = "example.blobdispatcher";

/// Passes blobs on to those who listen to their topic. It knows nothing of what is in them.
#[derive(Default)]
struct Dispatcher(Mutex<BTreeMap<String, Vec<ObjectRef>>>);

#[expose]
impl Dispatcher {
    pub fn register(&self, topic: String, listener: ObjectRef) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(topic).or_default().push(listener);
    }

    pub fn process_blob(&self, blob: SerializedBlob) -> Result<usize, Fault> {
        let topic = blob.info().as_str().unwrap_or_default();
        let listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(topic).cloned().unwrap_or_default();
        for listener in &listeners {
            let proxy = Connector::new(config()).proxy_to(listener)?;
            proxy.request::<()>(Request::forward("process_blob", &blob))?;
        }
        Ok(listeners.len())
    }

    /// What a blob holds, decoded here.
    pub fn look(&self, blob: SerializedBlob) -> Result<(Value, Value, String), Fault> {
        Ok((blob.info().clone(), blob.decode()?, blob.payload().serializer().to_string()))
    }

    pub fn number(&self, number: i64) -> i64 {
        number
    }
}

fn dispatcher() -> Hosted {
    let mut config: Config = server_config();
    config.serializers = Serializers::default().with(SerializerId::Pickle);
    Hosted::shared("127.0.0.1:0", config, DISPATCHER, |_| Dispatcher::default())
}

/// The class of the example, for both ends.
const CUSTOM: &str = "
from generation import SERIALIZERS, Daemon, Proxy, SerializedBlob, accept, config, expose
from generation import register_class_to_dict, register_dict_to_class, URI
class CustomData:
    def __init__(self, a, b, c): self.a, self.b, self.c = a, b, c
    def to_dict(self): return {'__class__': 'blobdispatch.CustomData', 'a': self.a, 'b': self.b, 'c': self.c}
    @classmethod
    def from_dict(cls, name, d): return cls(d['a'], d['b'], d['c'])
register_class_to_dict(CustomData, CustomData.to_dict)
register_dict_to_class('blobdispatch.CustomData', CustomData.from_dict)
";

const CUSTOM_DATA: &str = "['CustomData', 42, 'hello world', 2.5]";
const URIS: &str = "[['URI', 'PYRO:a@b:1'], ['int', '1']]";

/// A Python listener: it keeps what it got.
const LISTENER: &str = "
import sys
accept(SERIALIZERS)
class Listener:
    def __init__(self): self.got = []
    @expose
    def process_blob(self, blob):
        data = blob.deserialized()
        if isinstance(data, CustomData): data = [type(data).__name__, data.a, data.b, data.c]
        else: data = [[type(it).__name__, str(it)] for it in data]
        self.got.append([blob.info, repr(data)])
    @expose
    def take(self):
        got, self.got = self.got, []
        return got
daemon = Daemon(host='127.0.0.1')
listener = Listener()
uri = daemon.register(listener, 'listener')
if len(sys.argv) > 1:
    with Proxy(sys.argv[1]) as dispatcher:
        dispatcher.register(sys.argv[2], listener)
print('READY', uri, flush=True)
daemon.requestLoop()
";

const SENDER: &str = "
import sys
from checking import equal, raises
uri, serializer = sys.argv[1:]
config.SERIALIZER, config.COMMTIMEOUT = serializer, 30.0
with Proxy(uri) as dispatcher:
    # marshal takes lists alone.
    data = CustomData(42, 'hello world', 2.5)
    if serializer == 'marshal': data = [1, 'two', None]
    equal(dispatcher.process_blob(SerializedBlob('topic', data)), 1)
    equal(dispatcher.process_blob(SerializedBlob('topic', [URI('PYRO:a@b:1'), 1])), 1)
    equal(dispatcher.process_blob(SerializedBlob('nobody listens', data)), 0)
    seen = dispatcher.look(SerializedBlob(['an', 5], [1, 'two', {'k': None}]))
    equal(list(seen), [['an', 5], [1, 'two', {'k': None}], serializer])
    error = raises(TypeError, None, dispatcher.number, SerializedBlob('x', [1]))
    assert 'SerializedBlob' in str(error), error
    error = raises(TypeError, None, dispatcher.look, [1])
    assert 'SerializedBlob' in str(error), error
    equal(dispatcher.number(5), 5)
print('ALL OK')
";

fn listener(generation: &str, args: &[&str]) -> (PythonProcess, String) {
    let script = Python::source(&format!("{CUSTOM}{LISTENER}")).env("GENERATION", generation);
    script.args(args).serve("READY ")
}

fn send(generation: &str, uri: &str, serializer: &str) {
    let script = Python::source(&format!("{CUSTOM}{SENDER}")).env("GENERATION", generation);
    let output = script.args([uri, serializer]).run(TIMEOUT);
    assert!(output.stdout.ends_with("ALL OK\n"), "{generation}, {serializer}: {output:?}");
}

#[test]
fn a_rust_dispatcher_passes_blobs_on_between_python_programs() {
    for generation in ["5", "4"] {
        let dispatcher = dispatcher();
        let uri = dispatcher.uri.to_string();
        let (_process, listener) = listener(generation, &[&uri, "topic"]);
        let listener = connect(&listener, config());
        let list = "[['int', '1'], ['str', 'two'], ['NoneType', 'None']]";
        for (serializer, expected) in [("serpent", CUSTOM_DATA), ("marshal", list), ("msgpack", CUSTOM_DATA)] {
            send(generation, &uri, serializer);
            let got: Vec<(String, String)> = listener.call("take", &()).expect("an answer");
            let topic = || "topic".to_owned();
            let both = [(topic(), expected.to_owned()), (topic(), URIS.to_owned())];
            assert_eq!(got, both, "{generation}, {serializer}");
        }
    }
}

/// Pyro's own classes have other names at the other end: nothing else is written anew.
#[test]
fn blobs_go_from_one_generation_to_the_other() {
    for (from, to) in [("4", "5"), ("5", "4")] {
        let dispatcher = dispatcher();
        let uri = dispatcher.uri.to_string();
        let (_process, listener) = listener(to, &[&uri, "topic"]);
        let listener = connect(&listener, config());
        for serializer in ["serpent", "msgpack"] {
            send(from, &uri, serializer);
            let got: Vec<(String, String)> = listener.call("take", &()).expect("an answer");
            assert_eq!((&*got[0].1, &*got[1].1), (CUSTOM_DATA, URIS), "{from} to {to}, {serializer}");
        }
    }
}

#[test]
fn rust_sends_blobs_to_python() {
    let list = "[['int', '1'], ['str', 'two'], ['NoneType', 'None']]";
    for (generation, dialect) in [("5", Dialect::Pyro5), ("4", Dialect::Pyro4)] {
        let (_process, uri) = listener(generation, &[]);
        for serializer in [SerializerId::Serpent, SerializerId::Marshal, SerializerId::Msgpack] {
            let mut config = config();
            config.protocol = Protocol::Always(dialect);
            config.serializer = serializer;
            let proxy = connect(&uri, config);
            let info = Value::from("the info");
            let data = vec![Value::from(1), "two".into(), Value::None];
            proxy.request::<()>(Request::blob("process_blob", &info, &data)).expect("it arrives");
            let got: Vec<(String, String)> = proxy.call("take", &()).expect("an answer");
            assert_eq!(got, [("the info".to_owned(), list.to_owned())], "{dialect}, {serializer}");
            // Sent on, with another info and in a serializer that is not the proxy's.
            let payload =
                firesteel::Payload::encode(SerializerId::Serpent, &("o", "m", [5.5], Value::None)).expect("one");
            let blob = SerializedBlob::from_payload("other", payload);
            proxy.request::<()>(Request::forward("process_blob", &blob)).expect("it arrives");
            let got: Vec<(String, String)> = proxy.call("take", &()).expect("an answer");
            assert_eq!(got, [("other".to_owned(), "[['float', '5.5']]".to_owned())], "{dialect}, {serializer}");
        }
    }
}

#[test]
fn rust_sends_blobs_to_rust() {
    let dispatcher = dispatcher();
    for serializer in SerializerId::ALL {
        if matches!(serializer, SerializerId::Dill | SerializerId::Cloudpickle) {
            continue;
        }
        let mut config = config();
        config.serializer = serializer;
        let proxy = connect(&dispatcher.uri.to_string(), config);
        let (info, data) = (Value::from(7), Value::from("data"));
        let seen: (Value, Value, String) = proxy.request(Request::blob("look", &info, &data)).expect("an answer");
        assert_eq!(seen, (info.clone(), data.clone(), serializer.to_string()));
        let number = proxy.request::<i64>(Request::blob("number", &info, &data));
        let text = "argument 'number': invalid type: SerializedBlob, expected i64";
        assert_raises(number, "builtins.TypeError", text);
    }
}
