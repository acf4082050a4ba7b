//! What Pyro's own tests ask of a running server (`tests/test_server.py` of Pyro5): asked of the real Pyro5 and Pyro4
//! first, then of an object in Rust. `python/checks_pyro_tests.py` names the test that each check follows;
//! `python/checks_pyro4_tests.py` has what only Pyro4 tests.
//!
//! Not here, because other tests have it: `testDaemonConnectFail` (`server_sessions.rs`), `testRegisterWeak`
//! (`server_objects.rs`), `testNonserializableException_other` (`client_exceptions.rs`), `testNatPortIPv6` (`nat.rs`),
//! `testTimeoutConnect` (`client_connections.rs`), `testGeneratorNoLinger` (`server_streams.rs`), `testCleanup` and
//! `testGeneratorLinger` (`pyro_tests_daemon.rs`). What `TestMetaAndExpose` and the tests of decorators look at is `#[expose]`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use firesteel::blocking::{Server, Stopper};
use firesteel::{
    Args, Attribute, Context, Counters, Fault, InstanceMode, Member, Metadata, Method, Object, ObjectRef, Outcome,
    Registry, SerializedBlob, Shared, Stream, Value, expose,
};
use firesteel_testkit::Python;

use crate::hosted::{WORKERS, server_config};
use crate::support::TIMEOUT;

/// `ServerTestObject`, in Rust. One method takes arguments of any number, so that it is not written by `#[expose]`.
struct TestObject {
    value: Value,
}

static METADATA: Metadata = Metadata::new(
    &[
        Method::new("multiply").shared(),
        Method::new("divide").shared(),
        Method::new("ping").shared(),
        Method::new("echo").shared(),
        Method::new("testargs").shared(),
        Method::new("blob").shared(),
        Method::new("oneway_delay").shared().oneway(),
        Method::new("delay").shared(),
        Method::new("oneway_multiply").shared().oneway(),
        Method::new("generator").shared(),
        Method::new("response_annotation").shared(),
        Method::new("new_test_object").shared(),
        Method::new("__len__").shared(),
        Method::new("__iter__").shared(),
        Method::new("__getitem__").shared(),
    ],
    &[Attribute::new("value").shared().settable(), Attribute::new("dictionary").shared()],
);

const ITEMS: [&str; 6] = ["q", "w", "e", "r", "t", "y"];

impl TestObject {
    fn new() -> Self {
        Self { value: Value::from(12345) }
    }

    /// Answers a while later, and holds nobody up until then.
    fn delay(cx: &mut Context<'_>, seconds: f64) -> Outcome {
        let (responder, deferred) = cx.defer();
        thread::spawn(move || {
            thread::sleep(Duration::from_secs_f64(seconds));
            responder.reply(&format!("slept {seconds} seconds"));
        });
        Ok(deferred.into())
    }

    fn annotated(cx: &mut Context<'_>) -> Outcome {
        let given = cx.annotations().iter().find(|(key, _)| key == b"XYZZ").map(|(_, value)| value.to_vec());
        if given.as_deref() != Some(b"data from proxy via new api") {
            return Err(Fault::new("builtins.ValueError", "XYZZ annotation has wrong data"));
        }
        cx.annotate(*b"ANN2", &b"daemon annotation via new api"[..]);
        cx.answer(&())
    }
}

impl Object for TestObject {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Set("value") => {
                (self.value,) = args.bind(&["value"])?;
                cx.answer(&())
            }
            other => self.call_shared(cx, other, args),
        }
    }

    fn call_shared(&self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Method("multiply" | "oneway_multiply") => {
                let (x, y): (i64, i64) = args.bind(&["x", "y"])?;
                cx.answer(&(x * y))
            }
            Member::Method("divide") => {
                let (x, y): (i64, i64) = args.bind(&["x", "y"])?;
                let zero = || Fault::new("builtins.ZeroDivisionError", "integer division or modulo by zero");
                cx.answer(&x.checked_div_euclid(y).ok_or_else(zero)?)
            }
            Member::Method("ping") => cx.answer(&()),
            Member::Method("echo") => {
                let (value,): (Value,) = args.bind(&["obj"])?;
                cx.answer(&value)
            }
            Member::Method("testargs") => {
                let (mut places, names) = args.to_values()?;
                let rest = places.split_off(1.min(places.len()));
                let names: BTreeMap<String, Value> = names.into_iter().collect();
                cx.answer(&vec![places.remove(0), firesteel::to_value(&rest)?, firesteel::to_value(&names)?])
            }
            Member::Method("blob") => {
                let (blob,): (SerializedBlob,) = args.bind(&["blob"])?;
                cx.answer(&(blob.info(), blob.decode::<Value>()?))
            }
            Member::Method("delay" | "oneway_delay") => {
                let (seconds,): (f64,) = args.bind(&["delay"])?;
                Self::delay(cx, seconds)
            }
            Member::Method("generator") => Ok(Stream::new(["one", "two", "three", "four", "five"]).into()),
            Member::Method("response_annotation") => Self::annotated(cx),
            Member::Method("new_test_object") => {
                let made: ObjectRef = cx.register(Self::new());
                cx.answer(&made)
            }
            Member::Method("__len__") => cx.answer(&ITEMS.len()),
            Member::Method("__iter__") => Ok(Stream::new(ITEMS).into()),
            Member::Method("__getitem__") => {
                let (item,): (usize,) = args.bind(&["item"])?;
                let gone = || Fault::new("builtins.IndexError", "list index out of range");
                cx.answer(ITEMS.get(item).ok_or_else(gone)?)
            }
            Member::Get("value") => cx.answer(&self.value),
            Member::Get("dictionary") => cx.answer(&BTreeMap::from([("number", 42)])),
            other => Err(Fault::unknown(&other)),
        }
    }
}

struct NotEverythingExposed;

#[expose]
impl NotEverythingExposed {
    #[expose(name = "getName")]
    pub fn name(&self) -> &'static str {
        "hello"
    }

    #[skip]
    #[expect(dead_code, reason = "clients ask for it in vain")]
    pub fn unexposed(&self) {}
}

type Names = Arc<Mutex<BTreeSet<String>>>;

#[derive(Default)]
struct ResourceService(Names);

struct Resource(String, Names);

impl Drop for Resource {
    fn drop(&mut self) {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

#[expose]
impl ResourceService {
    pub fn allocate(&mut self, cx: &mut Context<'_>, name: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
        cx.track(Resource(name, Arc::clone(&self.0)));
    }

    pub fn list(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// A server with the three objects, which runs until the stopper says so; its thread ends with what it has counted.
pub fn serve<R: Registry>(
    make: impl FnOnce() -> Server<R> + Send + 'static,
    run: impl FnOnce(&mut Server<R>) -> std::io::Result<()> + Send + 'static,
) -> (String, Stopper, thread::JoinHandle<Counters>) {
    let (tell, told) = std::sync::mpsc::channel();
    let thread = thread::spawn(move || {
        let mut server = make();
        let _ = tell.send((server.uri("something").to_string(), server.stopper()));
        run(&mut server).expect("the server could wait for events");
        let counters = server.daemon.counters();
        assert_eq!((counters.sessions, counters.session_objects), (0, 0), "{counters:?}");
        counters
    });
    let (uri, stopper) = told.recv_timeout(TIMEOUT).expect("the server starts");
    (uri, stopper, thread)
}

pub fn local() -> Server {
    let mut server: Server = Server::bind_with("127.0.0.1:0", server_config()).expect("a server");
    server.daemon.register("something", TestObject::new()).expect("a free id");
    server.daemon.register("unexposed", NotEverythingExposed).expect("a free id");
    server.daemon.register("resources", ResourceService::default()).expect("a free id");
    server
}

pub fn shared() -> Server<Shared> {
    let objects = Shared::new();
    let mut server = Server::shared_with("127.0.0.1:0", &objects, WORKERS, server_config()).expect("a server");
    objects.register("something", TestObject::new()).expect("a free id");
    objects.register("unexposed", NotEverythingExposed).expect("a free id");
    // One for all, made when somebody calls it.
    static SERVICE: Metadata = Metadata::new(&[Method::new("allocate"), Method::new("list").shared()], &[]);
    let create = |_: &mut Context<'_>| Ok(ResourceService::default());
    server.daemon.register_class("resources", InstanceMode::Single, &SERVICE, create).expect("a free id");
    server
}

/// Runs these checks, in this generation and serializer.
#[track_caller]
fn assert_passes(of: &str, generation: &str, serializer: &str, uri: &str) {
    let script = Python::script("check_generation.py").env("GENERATION", generation);
    let output = script.args([uri, serializer, "--of", of]).run(TIMEOUT * 3);
    assert!(output.stdout.ends_with("ALL OK\n"), "{of}, Pyro{generation}, {serializer}: {output:?}");
    let passed = output.stdout.lines().filter(|line| line.starts_with("ok ")).count();
    assert!(passed > 9, "{output:?}");
}

const BOTH: &str = "pyro_tests";
/// What only Pyro4 has.
const PYRO4: &str = "pyro4_tests";

#[test]
fn python_finds_its_own_server() {
    for (of, generation) in [(BOTH, "5"), (BOTH, "4"), (PYRO4, "4")] {
        let (_server, uri) = Python::script("pyro_tests.py").env("GENERATION", generation).serve("READY ");
        assert_passes(of, generation, "serpent", &uri);
    }
}

#[test]
fn python_finds_the_server_of_pyros_tests() {
    let programs = [
        (BOTH, "5", "serpent"),
        (BOTH, "4", "serpent"),
        (PYRO4, "4", "serpent"),
        (BOTH, "5", "msgpack"),
        (BOTH, "4", "json"),
    ];
    for (of, generation, serializer) in programs {
        let (uri, stopper, thread) = serve(local, Server::run);
        assert_passes(of, generation, serializer, &uri);
        stopper.stop();
        thread.join().expect("no panic");
    }
}

#[test]
fn python_finds_the_server_of_pyros_tests_on_several_threads() {
    for (of, generation) in [(BOTH, "5"), (BOTH, "4"), (PYRO4, "4")] {
        let (uri, stopper, thread) = serve(shared, |server| server.run_threads(WORKERS + 1));
        assert_passes(of, generation, "serpent", &uri);
        stopper.stop();
        thread.join().expect("no panic");
    }
}
