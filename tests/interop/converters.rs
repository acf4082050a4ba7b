//! Functions that convert values of classes: in Rust, beside the same ones of Python's.

use std::sync::atomic::{AtomicUsize, Ordering};

use firesteel::{
    Batch, CallError, CallFailure, ClassNames, Config, Context, Dict, Fault, Instance, Outcome, Stream, Value, expose,
    from_value,
};
use firesteel_testkit::Python;
use serde::{Deserialize, Serialize};

use crate::hosted::{Hosted, server_config};
use crate::support::{TIMEOUT, Thing, config, connect};

/// Python has another unit, and another name of the field.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Temperature {
    tenths: i64,
}

fn classes() -> ClassNames {
    let to = |it: Temperature| {
        if it.tenths > 10_000 {
            return Err(Fault::new("builtins.ValueError", "too hot to write"));
        }
        Ok(Dict::from_iter([("celsius", it.tenths as f64 / 10.0)]))
    };
    let from = |mut entries: Dict| {
        let celsius = entries.remove("celsius").ok_or_else(|| Fault::new("builtins.KeyError", "celsius"))?;
        let celsius: f64 = from_value(celsius)?;
        if celsius < -273.15 {
            return Err(Fault::new("builtins.ValueError", "below absolute zero"));
        }
        Ok(Temperature { tenths: (celsius * 10.0).round() as i64 })
    };
    ClassNames::default().converting("Temperature", "weather.Temperature", to, from)
}

fn converting(mut config: Config) -> Config {
    config.classes = classes();
    config
}

#[derive(Default)]
struct Weather(AtomicUsize);

#[expose]
impl Weather {
    pub fn warmer(&self, t: Temperature, by: f64) -> Temperature {
        self.0.fetch_add(1, Ordering::Relaxed);
        Temperature { tenths: t.tenths + (by * 10.0) as i64 }
    }

    pub fn warmest(&self, all: Vec<Temperature>) -> Option<Temperature> {
        all.into_iter().max_by_key(|it| it.tenths)
    }

    pub fn forecast(&self, n: i64) -> Stream {
        Stream::new((0..n).map(|tenths| Temperature { tenths }))
    }

    pub fn later(&self, cx: &mut Context<'_>, t: Temperature) -> Outcome {
        let (responder, deferred) = cx.defer();
        std::thread::spawn(move || responder.reply(&[t]));
        Ok(deferred.into())
    }

    pub fn calls(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// The same with Python's converters.
const CLASS: &str = "
from generation import BatchProxy, Daemon, Proxy, config, expose, register_class_to_dict, register_dict_to_class
class Temperature:
    def __init__(self, celsius): self.celsius = celsius
";

const SERVER: &str = "
def to_dict(it):
    if it.celsius > 1000: raise ValueError('too hot to write')
    return {'__class__': 'weather.Temperature', 'celsius': it.celsius}
def from_dict(name, entries):
    if entries['celsius'] < -273.15: raise ValueError('below absolute zero')
    return Temperature(entries['celsius'])
register_class_to_dict(Temperature, to_dict)
register_dict_to_class('weather.Temperature', from_dict)
@expose
class Weather:
    def __init__(self): self.count = 0
    def warmer(self, t, by):
        self.count += 1
        return Temperature(t.celsius + by)
    def warmest(self, all): return max(all, key=lambda it: it.celsius, default=None)
    def calls(self): return self.count
daemon = Daemon(host='127.0.0.1')
print('READY', daemon.register(Weather(), 'weather'), flush=True)
daemon.requestLoop()
";

const CLIENT: &str = "
import sys
from checking import equal, raises
uri, config.SERIALIZER, config.COMMTIMEOUT = sys.argv[1], sys.argv[2], 30.0
register_class_to_dict(Temperature, lambda it: {'__class__': 'weather.Temperature', 'celsius': it.celsius})
register_dict_to_class('weather.Temperature', lambda name, entries: Temperature(entries['celsius']))
with Proxy(uri) as weather:
    calls = weather.calls()
    connection = weather._pyroConnection
    equal(weather.warmer(Temperature(20.5), 5.0).celsius, 25.5)
    equal(weather.warmer(by=1.0, t=Temperature(1.0)).celsius, 2.0)
    lists = config.SERIALIZER != 'marshal'  # Python's converters do not look into them there
    if lists: equal(weather.warmest([Temperature(1.0), Temperature(3.5), Temperature(2.0)]).celsius, 3.5)
    equal(weather.warmest([]), None)
    equal(weather.calls(), calls + 2)
    # What a converter raises is the caller's, and the method does not run.
    raises(ValueError, 'below absolute zero', weather.warmer, Temperature(-300.0), 1.0)
    if lists: raises(ValueError, 'below absolute zero', weather.warmest, [Temperature(1.0), Temperature(-300.0)])
    raises(KeyError, \"'celsius'\", weather.warmer, {'__class__': 'weather.Temperature'}, 1.0)
    equal(weather.calls(), calls + 2)
    raises(ValueError, 'too hot to write', weather.warmer, Temperature(900.0), 200.0)
    equal(weather.calls(), calls + 3)
    if lists:
        batch = BatchProxy(weather)
        batch.warmer(Temperature(1.0), 1.0)
        batch.calls()
        first, second = batch()
        equal((first.celsius, second), (2.0, calls + 4))
        batch.calls()
        batch.warmer(Temperature(-300.0), 1.0)
        raises(ValueError, 'below absolute zero', batch)
    assert weather._pyroConnection is connection
print('ALL OK')
";

fn check(generation: &str, uri: &str) {
    for serializer in ["serpent", "json", "marshal", "msgpack"] {
        let script = Python::source(&format!("{CLASS}{CLIENT}")).env("GENERATION", generation);
        let output = script.args([uri, serializer]).run(TIMEOUT);
        assert!(output.stdout.ends_with("ALL OK\n"), "{generation}, {serializer}: {output:?}");
    }
}

#[test]
fn a_rust_server_converts_and_fails_as_python_does() {
    let config = converting(server_config());
    let rust = Hosted::shared("127.0.0.1:0", config.clone(), "weather", |_| Weather::default());
    let local = Hosted::local("127.0.0.1:0", config, "weather", |_| Weather::default());
    for generation in ["5", "4"] {
        let accepted = "from generation import accept, SERIALIZERS\naccept(SERIALIZERS)\n";
        let server = Python::source(&format!("{accepted}{CLASS}{SERVER}")).env("GENERATION", generation);
        let (_process, python) = server.serve("READY ");
        for uri in [python, rust.uri.to_string(), local.uri.to_string()] {
            check(generation, &uri);
        }
    }
}

#[test]
fn a_rust_client_converts_what_it_sends_and_gets() {
    for thing in [Thing::start(&[]), Thing::pyro4(&[])] {
        let proxy = thing.proxy_with(converting(config()));
        let warm = Temperature { tenths: 366 };
        assert_eq!(proxy.call("degrees", &(&warm,)), Ok(36.6));
        let seen: (String, String) = proxy.call("describe", &(&warm,)).expect("an answer");
        assert_eq!(seen.0, "Temperature");
        let echoed: Vec<Option<Temperature>> = proxy.call("echo", &([Some(&warm), None],)).expect("an answer");
        assert_eq!(echoed, [Some(warm), None]);
        let (point, temperature): (Value, Temperature) = proxy.call("custom", &()).expect("an answer");
        assert_eq!(point.as_instance().map(|point| &*point.class), Some("thing.Point"), "without a function");
        assert_eq!(temperature.tenths, 215);
        // Without a type that asks for it, too.
        let values: Vec<Value> = proxy.call("custom", &()).expect("an answer");
        assert_eq!(values[1], Value::from(Dict::from_iter([("tenths", 215)])));
    }
}

#[test]
fn streams_batches_and_late_answers_are_converted() {
    let server = Hosted::shared("127.0.0.1:0", converting(server_config()), "weather", |_| Weather::default());
    let plain = connect(&server.uri.to_string(), config());
    let value: Vec<Value> = plain.stream("forecast", &(2,)).expect("a stream").collect::<Result<_, _>>().expect("it");
    let celsius = |celsius: f64| Value::from(Instance::new("weather.Temperature").with("celsius", celsius));
    assert_eq!(value, [celsius(0.0), celsius(0.1)]);

    let proxy = connect(&server.uri.to_string(), converting(config()));
    let cold = Temperature { tenths: -55 };
    let items: Result<Vec<Temperature>, _> = proxy.stream("forecast", &(2,)).expect("a stream").collect();
    assert_eq!(items, Ok(vec![Temperature { tenths: 0 }, Temperature { tenths: 1 }]));
    assert_eq!(proxy.call::<[Temperature; 1]>("later", &(cold,)), Ok([cold]));
    let args = (cold, 1.0);
    let batch = Batch::new().call("warmer", &args).call("calls", &());
    let mut results = proxy.batch(&batch).expect("an answer");
    assert_eq!(results.next_as::<Temperature>(), Some(Ok(Temperature { tenths: -45 })));
    assert_eq!(results.next_as::<usize>(), Some(Ok(1)));
}

#[test]
fn what_fails_at_a_rust_client_is_told_where_it_happens() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy_with(converting(config()));
    let failure = proxy.call::<Value>("echo", &(Temperature { tenths: 20_000 },)).expect_err("too hot");
    let CallFailure::Misuse(CallError::Format(error)) = failure else { panic!("{failure}") };
    assert_eq!((error.class(), error.message()), (Some("builtins.ValueError"), "too hot to write"));
    let cold = Instance::new("weather.Temperature").with("celsius", -300);
    let failure = proxy.call::<Value>("echo", &(Value::from(cold),)).expect_err("too cold");
    let CallFailure::Format(error) = failure else { panic!("{failure}") };
    assert_eq!(error.to_string(), "builtins.ValueError: below absolute zero");
    assert_eq!(connect(&thing.uri("test.thing"), config()).call::<i64>("echo", &(5,)), Ok(5));
}
