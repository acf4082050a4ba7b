//! Rust iterates over the generators of Python.

use std::thread;
use std::time::Duration;

use firesteel::blocking::{Proxy, RemoteStream};
use firesteel::{CallFailure, Config, SerializerId, Value};

use crate::hosted::{Hosted, server_config};
use crate::source::{SOURCE, Source};
use crate::support::{Thing, assert_raises, config, connect, eventually, fault};

fn in_serializer(serializer: SerializerId) -> Config {
    let mut config = config();
    config.serializer = serializer;
    config
}

/// A server of each generation, and each way in which it serves.
fn each() -> impl Iterator<Item = Thing> {
    [Thing::start(&[]), Thing::start(&["--threads"]), Thing::pyro4(&[]), Thing::pyro4(&["--threads"])].into_iter()
}

fn items(n: usize) -> Vec<String> {
    (0..n).map(|n| format!("item {n}")).collect()
}

fn stream(proxy: &Proxy, n: usize) -> RemoteStream<String> {
    proxy.stream("stream", &(n,)).expect("a stream")
}

#[track_caller]
fn all<T>(stream: impl Iterator<Item = Result<T, CallFailure>>) -> Vec<T> {
    stream.collect::<Result<_, _>>().expect("items")
}

#[test]
fn items_come_in_order_with_and_without_a_window() {
    for thing in each() {
        let proxy = thing.proxy();
        for n in [0, 1, 2, 50] {
            assert_eq!(all(stream(&proxy, n)), items(n));
            for window in [0, 1, 2, 7, 64] {
                assert_eq!(all(stream(&proxy, n).window(window)), items(n), "{n} items, a window of {window}");
            }
        }
        assert_eq!(proxy.call::<i32>("echo", &(1,)).expect("an answer"), 1);
        thing.quit();
    }
}

#[test]
fn items_come_in_each_serializer() {
    use SerializerId::{Json, Marshal, Msgpack, Pickle, Serpent};
    let check = |thing: &Thing, serializers: &[SerializerId]| {
        for serializer in serializers {
            let proxy = thing.proxy_with(in_serializer(*serializer));
            assert_eq!(all(stream(&proxy, 5)), items(5), "{serializer}");
            assert_eq!(all(stream(&proxy, 5).window(3)), items(5), "{serializer}");
            let mut broken: RemoteStream<i32> = proxy.stream("failing_stream", &(1,)).expect("a stream");
            assert_eq!(broken.next(), Some(Ok(0)));
            assert_raises(broken.next().expect("a failure"), "builtins.ValueError", "the stream broke");
        }
    };
    check(&Thing::start(&[]), &[Serpent, Marshal, Json, Msgpack]);
    check(&Thing::pyro4(&[]), &[Serpent, Marshal, Json, Msgpack, Pickle]);
}

#[test]
fn several_streams_and_calls_share_a_connection() {
    for thing in each() {
        let proxy = thing.proxy();
        let mut streams = [stream(&proxy, 20), stream(&proxy, 20).window(4), stream(&proxy, 20).window(40)];
        for n in 0..20 {
            for stream in &mut streams {
                assert_eq!(stream.next(), Some(Ok(format!("item {n}"))));
            }
            assert_eq!(proxy.call::<i32>("echo", &(n,)).expect("an answer"), n);
        }
        for stream in &mut streams {
            assert_eq!(stream.next(), None);
            assert_eq!((stream.next(), stream.id()), (None, None));
        }
        thread::scope(|threads| {
            for window in 1..6 {
                let proxy = proxy.clone();
                threads.spawn(move || assert_eq!(all(stream(&proxy, 40).window(window)), items(40)));
            }
        });
        drop(streams);
        thing.quit();
    }
}

#[test]
fn an_error_in_the_middle_is_the_last_item() {
    for thing in each() {
        let proxy = thing.proxy();
        for window in [1, 2, 64] {
            let stream: RemoteStream<i32> = proxy.stream("failing_stream", &(3,)).expect("a stream");
            let mut results: Vec<_> = stream.window(window).collect();
            let last = results.pop().expect("a failure");
            assert_eq!(results, [Ok(0), Ok(1), Ok(2)]);
            let raised = fault(last);
            assert_eq!((&*raised.class, &*raised.message()), ("builtins.ValueError", "the stream broke"));
            assert!(raised.traceback_text().contains("failing_stream"), "{raised:?}");
        }
        assert_eq!(proxy.call::<i32>("echo", &(1,)).expect("an answer"), 1);
        thing.quit();
    }
}

#[test]
fn an_item_of_another_type_harms_no_other() {
    let thing = Thing::start(&[]);
    let mut stream: RemoteStream<i32> = thing.proxy().stream("stream", &(2,)).expect("a stream");
    assert!(matches!(stream.next(), Some(Err(CallFailure::Format(_)))));
    assert!(matches!(stream.next(), Some(Err(CallFailure::Format(_)))));
    assert_eq!(stream.next(), None);
}

#[test]
fn what_is_no_stream_is_an_error_and_the_other_way_round() {
    for thing in each() {
        let proxy = thing.proxy();
        let error = proxy.stream::<i32>("echo", &(1,)).expect_err("a value");
        assert!(error.to_string().contains("use `call`"), "{error}");
        let error = proxy.call::<Value>("stream", &(1,)).expect_err("a stream");
        assert!(error.to_string().contains("use `stream`"), "{error}");
        assert_raises(proxy.stream::<i32>("fail_builtin", &("KeyError", 1)), "builtins.KeyError", "1");
        thing.quit();
    }
}

#[test]
fn a_server_that_gives_no_streams_says_so() {
    for thing in [Thing::start(&["--no-streams"]), Thing::pyro4(&["--no-streams"])] {
        let proxy = thing.proxy();
        let error = proxy.stream::<String>("stream", &(1,)).expect_err("no stream");
        assert!(error.to_string().contains("streaming"), "{error}");
        assert_eq!(proxy.call::<i32>("echo", &(1,)).expect("an answer"), 1);
        thing.quit();
    }
}

#[test]
fn a_stream_that_is_dropped_is_closed_at_the_server() {
    for thing in each() {
        let proxy = thing.proxy();
        for window in [1, 16] {
            let mut dropped = stream(&proxy, 1000).window(window);
            assert_eq!(dropped.next(), Some(Ok("item 0".to_owned())));
            let id = dropped.id().expect("it goes on").to_owned();
            drop(dropped);
            let mut again: RemoteStream<String> = proxy.resume_stream(id);
            let error = again.next().expect("a failure");
            assert_raises(error, "Pyro5.errors.PyroError", "item stream terminated");
        }
        thing.quit();
    }
}

#[test]
fn another_connection_goes_on() {
    for thing in each() {
        let proxy = thing.proxy();
        let mut one = stream(&proxy, 5);
        assert_eq!(one.next(), Some(Ok("item 0".to_owned())));
        // The server keeps it for a while.
        proxy.close();
        assert_eq!(one.next(), Some(Ok("item 1".to_owned())));
        let other = thing.proxy();
        let mut resumed: RemoteStream<String> = other.resume_stream(one.id().expect("it goes on"));
        assert_eq!(resumed.next(), Some(Ok("item 2".to_owned())));
        assert_eq!(one.next(), Some(Ok("item 3".to_owned())));
        assert_eq!(all(resumed), ["item 4"]);
        thing.quit();
    }
}

#[test]
fn a_dead_server_ends_a_stream() {
    let thing = Thing::start(&[]);
    let mut lost = stream(&thing.proxy(), 1000).window(8);
    assert_eq!(lost.next(), Some(Ok("item 0".to_owned())));
    thing.process.stop();
    // What had come already may be read.
    let last = lost.by_ref().find(Result::is_err).expect("a failure");
    assert!(matches!(last, Err(CallFailure::Lost(_))), "{last:?}");
    assert_eq!(lost.next(), None);
}

#[test]
fn rust_iterates_over_rust() {
    let local = Hosted::local("127.0.0.1:0", server_config(), SOURCE, |_| Source::default());
    let shared = Hosted::shared("127.0.0.1:0", server_config(), SOURCE, |_| Source::default());
    for server in [local, shared] {
        let proxy = connect(&server.uri.to_string(), config()).timeout(Duration::from_secs(30));
        let numbers = |method: &str, n: u32| proxy.stream::<u32>(method, &(n,)).expect("a stream");
        for method in ["count", "later"] {
            for window in [1, 5, 64] {
                assert_eq!(all(numbers(method, 200).window(window)), (0..200).collect::<Vec<_>>());
            }
        }
        let results: Vec<_> = numbers("breaks", 2).window(9).collect();
        assert_eq!(results.len(), 3);
        assert_raises(results[2].clone(), "builtins.ValueError", "the stream broke");

        let open = || proxy.call::<i32>("open", &("rust",)).expect("an answer");
        let mut tracked: Vec<_> =
            (0..3).map(|_| proxy.stream::<u32>("tracked", &("rust",)).expect("a stream").window(4)).collect();
        assert!(tracked.iter_mut().all(|stream| stream.next() == Some(Ok(1))));
        assert_eq!(open(), 3);
        tracked.pop();
        eventually("the end of one", || open() == 2);
        // Closed on another connection than that on which they were pulled.
        proxy.close();
        drop(tracked);
        eventually("the end of all", || open() == 0);
    }
}
