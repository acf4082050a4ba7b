//! Async Rust calls the real Pyro5 and Pyro4, on tokio and on smol.

use std::collections::BTreeMap;
use std::future::Future;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use firesteel::{Batch, CallFailure, CloseReason, Config, Request, SerializerId, Value, remote};
use firesteel_async::{Connector, Proxy, RemoteStream, Runtime, with_correlation_id};
use firesteel_testkit::{Python, unique_socket_path};

use crate::support::{TIMEOUT, Thing, assert_raises, config, fault};

/// Servers of both generations, and each way in which they serve.
fn each() -> impl Iterator<Item = Thing> {
    [Thing::start(&[]), Thing::start(&["--threads"]), Thing::pyro4(&[]), Thing::pyro4(&["--threads"])].into_iter()
}

pub fn on_tokio(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async { tokio::time::timeout(TIMEOUT, future).await.expect("in time") });
}

pub fn on_smol(future: impl Future<Output = ()>) {
    let late = async {
        smol::Timer::after(TIMEOUT).await;
        panic!("in time");
    };
    smol::block_on(smol::future::or(future, late));
}

/// Tests of the same name as the function, on both runtimes.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_tokio { $(#[test] fn $name() { super::on_tokio(super::$name::<firesteel::tokio::Tokio>()); })* }
        mod on_smol { $(#[test] fn $name() { super::on_smol(super::$name::<firesteel::smol::Smol>()); })* }
    };
}

on_both!(
    calls_go_to_both_generations,
    calls_are_in_flight_together_and_may_be_dropped,
    generators_are_iterated_over,
    batches_and_oneway_calls,
    typed_proxies,
    context_goes_both_ways,
    a_child_serves_on_a_socketpair,
    a_restarted_server_is_found_again,
    deadlines_and_lost_connections,
);

fn proxy<R: Runtime>(thing: &Thing) -> Proxy<R> {
    proxy_with(thing, config())
}

fn proxy_with<R: Runtime>(thing: &Thing, config: Config) -> Proxy<R> {
    Connector::new(config).proxy(&thing.uri("test.thing")).expect("a URI")
}

async fn quit<R: Runtime>(thing: Thing) {
    proxy::<R>(&thing).call::<()>("quit", &()).await.expect("it ends");
    thing.process.finish(TIMEOUT);
}

async fn calls_go_to_both_generations<R: Runtime>() {
    for thing in each() {
        for serializer in [SerializerId::Serpent, SerializerId::Marshal, SerializerId::Json, SerializerId::Msgpack] {
            let mut config = config();
            config.serializer = serializer;
            let proxy = proxy_with::<R>(&thing, config);
            let value = Value::from("Zoë");
            assert_eq!(proxy.call::<Value>("echo", &(&value,)).await.expect("an answer"), value);
            assert_raises(proxy.call::<Value>("fail_builtin", &("KeyError", 1)).await, "builtins.KeyError", "1");
        }
        let proxy = proxy::<R>(&thing);
        assert_eq!(proxy.bind().await, Ok(true));
        assert_eq!(proxy.bind().await, Ok(false));
        proxy.ping().await.expect("it is there");
        assert_eq!(proxy.get::<String>("name").await.expect("an answer"), "the thing");
        assert_eq!(proxy.metadata().await.expect("an answer").attributes, ["failing", "level", "name"]);
        let long = "x".repeat(500_000);
        assert!(proxy.call::<String>("echo", &(&long,)).await.expect("an answer") == long);
        quit::<R>(thing).await;
    }
}

async fn calls_are_in_flight_together_and_may_be_dropped<R: Runtime>() {
    for thing in each() {
        let proxy = proxy::<R>(&thing);
        for round in 0..5 {
            let mut calls: Vec<_> = (0..60).map(|n| (n, proxy.call::<usize>("echo", &(n,)))).collect();
            // Every third is dropped, and the others are waited for from the end.
            calls.retain(|(n, _)| n % 3 != round % 3);
            for (n, call) in calls.into_iter().rev() {
                assert_eq!(call.await, Ok(n));
            }
        }
        quit::<R>(thing).await;
    }
}

async fn generators_are_iterated_over<R: Runtime>() {
    for thing in each() {
        let proxy = proxy::<R>(&thing);
        for window in [1, 7, 64] {
            let mut stream = proxy.stream::<String>("stream", &(50,)).await.expect("a stream").window(window);
            for n in 0..50 {
                assert_eq!(stream.next().await, Some(Ok(format!("item {n}"))));
            }
            assert_eq!(stream.next().await, None);
            let stream = proxy.stream::<i32>("failing_stream", &(1,)).await.expect("a stream");
            let mut stream = stream.window(window);
            assert_eq!(stream.next().await, Some(Ok(0)));
            assert_raises(stream.next().await.expect("a failure"), "builtins.ValueError", "the stream broke");
            assert_eq!(stream.next().await, None);

            let mut dropped = proxy.stream::<String>("stream", &(1000,)).await.expect("a stream").window(window);
            assert_eq!(dropped.next().await, Some(Ok("item 0".to_owned())));
            let id = dropped.id().expect("it goes on").to_owned();
            drop(dropped);
            let mut again: RemoteStream<String> = proxy.resume_stream(id);
            let error = again.next().await.expect("a failure");
            assert_raises(error, "Pyro5.errors.PyroError", "item stream terminated");
        }
        quit::<R>(thing).await;
    }
}

async fn batches_and_oneway_calls<R: Runtime>() {
    for thing in each() {
        let proxy = proxy::<R>(&thing);
        let (one, two) = ((1,), ("two",));
        let batch = Batch::new().call("echo", &one).call("echo", &two);
        let results: Vec<_> = proxy.batch(&batch).await.expect("results").collect();
        assert_eq!(results, [Ok(Value::from(1)), Ok(Value::from("two"))]);
        proxy.notify("note", &("first",)).await.expect("sent");
        let (second, third) = (("second",), ("third",));
        proxy.notify_batch(&Batch::new().call("note", &second).call("note", &third)).await.expect("sent");
        // Pyro runs each oneway call in a thread of its own.
        loop {
            let mut notes = proxy.call::<Vec<String>>("notes", &()).await.expect("an answer");
            notes.sort();
            if notes == ["first", "second", "third"] {
                break;
            }
        }
        quit::<R>(thing).await;
    }
}

#[remote]
trait PythonThing {
    fn echo(&self, value: i64) -> i64;
    #[remote(name = "fail_builtin")]
    fn fail(&self, class: &str, argument: i64);
    #[oneway]
    fn note(&self, text: &str);
    #[attr]
    fn name(&self) -> String;
}

async fn typed_proxies<R: Runtime>() {
    for thing in each() {
        let typed = PythonThingProxy(proxy::<R>(&thing));
        assert_eq!(typed.echo(5).await, Ok(5));
        assert!(fault(typed.fail("KeyError", 1).await).is("builtins.KeyError"));
        typed.note("typed").await.expect("sent");
        assert_eq!(typed.name().await.as_deref(), Ok("the thing"));
        quit::<R>(thing).await;
    }
}

async fn context_goes_both_ways<R: Runtime>() {
    for thing in each() {
        let proxy = proxy::<R>(&thing);
        let id = "00000000-0000-0000-0000-000000003039";
        let seen = async {
            let context: BTreeMap<String, Value> = proxy.call("context", &()).await.expect("an answer");
            context["correlation_id"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!(with_correlation_id(Some(12345_u128.to_be_bytes()), seen).await, id);
        let request = Request::method("context", &()).annotation(*b"RUST", &b"hello"[..]);
        let (result, _) = proxy.request_annotated::<Value>(request).await;
        assert!(result.expect("an answer").to_string().contains("RUST"));
        let (name, text) = ("BACK", "from Python");
        let (_, annotations) =
            proxy.request_payload(Request::method("annotate", &(name, text))).await.expect("an answer");
        assert_eq!(annotations.get(*b"BACK").map(|back| &**back), Some(text.as_bytes()));
        quit::<R>(thing).await;
    }
}

async fn a_child_serves_on_a_socketpair<R: Runtime>() {
    let (ours, theirs) = UnixStream::pair().expect("a socketpair");
    let (process, _) = Python::script("server.py").args(["--fd", "0"]).socket(theirs).serve("READY ");
    let proxy = Connector::<R>::new(config()).adopt("test.thing", ours).expect("a socket");
    assert_eq!(proxy.call::<String>("echo", &("hello",)).await.expect("an answer"), "hello");
    let other = proxy.share("test.echoserver").expect("the same socket");
    assert_eq!(other.call::<i64>("echo", &(2,)).await.expect("an answer"), 2);
    assert_eq!(proxy.metadata().await.expect("an answer").oneway, ["note", "note_slowly"]);
    proxy.call::<()>("quit", &()).await.expect("it ends");
    process.finish(TIMEOUT);
    assert!(matches!(proxy.call::<i64>("echo", &(1,)).await, Err(CallFailure::Lost(_))));
}

async fn a_restarted_server_is_found_again<R: Runtime>() {
    let path = unique_socket_path().to_string();
    let first = Thing::start(&["--unix", &path]);
    let proxy = proxy::<R>(&first);
    assert_eq!(proxy.call::<i64>("echo", &(1,)).await.expect("an answer"), 1);
    quit::<R>(first).await;
    let _ = proxy.call::<i64>("echo", &(2,)).await.expect_err("nobody is there");
    let nobody = proxy.call::<i64>("echo", &(3,)).await.expect_err("nobody is there");
    assert!(matches!(nobody, CallFailure::Lost(CloseReason::Unreachable(_))), "{nobody:?}");
    let _second = Thing::start(&["--unix", &path]);
    proxy.reconnect_every(Duration::from_millis(10), 100).await.expect("it connects again");
    assert_eq!(proxy.call::<i64>("echo", &(4,)).await.expect("an answer"), 4);
}

async fn deadlines_and_lost_connections<R: Runtime>() {
    for thing in [Thing::start(&["--threads"]), Thing::pyro4(&["--threads"])] {
        let proxy = proxy::<R>(&thing);
        let hasty = proxy.timeout(Duration::from_millis(100));
        let late = hasty.call::<String>("slow", &(1.0, "late"));
        let behind = proxy.call::<i64>("echo", &(1,));
        assert_eq!(late.await, Err(CallFailure::Deadline));
        assert_eq!(behind.await, Ok(1));
        let mut lost = proxy.call::<String>("slow", &(30.0, "never"));
        std::future::poll_fn(|cx| {
            assert!(std::pin::Pin::new(&mut lost).poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        thing.process.stop();
        let error = lost.await.expect_err("the server is gone");
        assert!(matches!(error, CallFailure::Lost(_)), "{error:?}");
    }
}
