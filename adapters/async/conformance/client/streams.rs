//! Streams.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use firesteel_async::RemoteStream;
use firesteel_proto::{CallFailure, Value};
use futures_core::Stream;

use super::support::{patient, poll_alone, poll_once, proxy, raised, start, within};
use super::thing::Hosted;
use crate::run;

async fn all(mut stream: RemoteStream<u32>) -> Vec<Result<u32, CallFailure>> {
    let mut items = Vec::new();
    while let Some(item) = stream.next().await {
        items.push(item);
    }
    assert_eq!((stream.next().await, stream.id()), (None, None));
    items
}

fn numbers(n: u32) -> Vec<Result<u32, CallFailure>> {
    (0..n).map(Ok).collect()
}

#[test]
fn items_come_in_order_with_and_without_a_window() {
    run(|| async {
        let server = Hosted::start();
        let proxy = proxy(&server.uri);
        for n in [0, 1, 2, 50] {
            for window in [0, 1, 2, 7, 64] {
                let stream = proxy.stream::<u32>("count", &(n,)).await.expect("a stream");
                assert_eq!(all(stream.window(window)).await, numbers(n), "{n} items, a window of {window}");
            }
        }
        let mut broken = proxy.stream::<u32>("breaks", &(2,)).await.expect("a stream").window(4);
        assert_eq!((broken.next().await, broken.next().await), (Some(Ok(0)), Some(Ok(1))));
        assert_eq!(raised(broken.next().await.expect("a failure")).1, "the stream broke");
        assert_eq!(broken.next().await, None);
        let mut wrong: RemoteStream<String> = proxy.stream("count", &(2,)).await.expect("a stream");
        assert!(matches!(wrong.next().await, Some(Err(CallFailure::Format(_)))));
        assert!(matches!(wrong.next().await, Some(Err(CallFailure::Format(_)))));
        assert_eq!(wrong.next().await, None);
    });
}

#[test]
fn what_is_no_stream_is_an_error_and_the_other_way_round() {
    run(|| async {
        let server = Hosted::start();
        let proxy = proxy(&server.uri);
        let error = proxy.stream::<u32>("echo", &(1,)).await.expect_err("a value");
        assert!(error.to_string().contains("use `call`"), "{error}");
        let error = proxy.call::<Value>("count", &(1,)).await.expect_err("a stream");
        assert!(error.to_string().contains("use `stream`"), "{error}");
    });
}

#[test]
fn a_stream_that_is_dropped_is_closed_at_the_server() {
    run(|| async {
        let server = Hosted::start();
        let proxy = proxy(&server.uri);
        for window in [1, 16] {
            let mut streams = Vec::new();
            for _ in 0..3 {
                streams.push(proxy.stream::<u32>("endless", &()).await.expect("a stream").window(window));
            }
            for stream in &mut streams {
                assert_eq!((stream.next().await, stream.next().await), (Some(Ok(0)), Some(Ok(1))));
            }
            streams.pop();
            server.board.wait_for_streams(2).await;
            streams.clear();
            server.board.wait_for_streams(0).await;
        }
        assert_eq!(proxy.call::<i64>("echo", &(1,)).await, Ok(1));
    });
}

#[test]
fn waiting_for_an_item_can_be_given_up() {
    run(|| async {
        let server = Hosted::start();
        let proxy = patient(&server.uri);
        for window in [1, 5] {
            let mut stream = proxy.stream::<u32>("count", &(100,)).await.expect("a stream").window(window);
            let mut items = Vec::new();
            loop {
                // Each is asked for several times.
                if within(Duration::ZERO, stream.next()).await.is_some_and(|item| {
                    items.extend(item);
                    items.len() == 100
                }) {
                    break;
                }
            }
            assert_eq!(items, numbers(100));
        }
    });
}

#[test]
fn it_is_a_stream_as_others() {
    run(|| async {
        let server = Hosted::start();
        let proxy = proxy(&server.uri);
        let mut stream: Pin<Box<dyn Stream<Item = Result<u32, CallFailure>> + Send>> =
            Box::pin(proxy.stream("count", &(20,)).await.expect("a stream").window(3));
        let mut items = Vec::new();
        while let Some(item) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
            items.push(item);
        }
        assert_eq!(items, numbers(20));
    });
}

#[test]
fn streams_and_calls_share_a_connection() {
    run(|| async {
        let server = Hosted::start();
        let proxy = patient(&server.uri);
        let tasks: Vec<_> = (1..9)
            .map(|window| {
                let proxy = proxy.clone();
                start(async move {
                    let mut stream = proxy.stream::<u32>("count", &(60,)).await.expect("a stream").window(window);
                    for n in 0..60 {
                        assert_eq!(stream.next().await, Some(Ok(n)));
                        if n % 10 == 0 {
                            assert_eq!(proxy.call::<u32>("echo", &(n,)).await, Ok(n));
                        }
                    }
                    assert_eq!(stream.next().await, None);
                })
            })
            .collect();
        for task in tasks {
            task.await;
        }
        // A stream that is kept and not polled holds nobody up.
        let mut kept = proxy.stream::<u32>("count", &(10,)).await.expect("a stream").window(4);
        let mut next = Box::pin(kept.next());
        let mut item = poll_once(&mut next).await;
        if item.is_pending() {
            item = poll_alone(&mut next).0;
        }
        assert_eq!(proxy.call::<u32>("echo", &(1,)).await, Ok(1));
        assert_eq!(start(proxy.call::<u32>("echo", &(2,))).await, Ok(2));
        let item = match item {
            Poll::Ready(item) => item,
            Poll::Pending => next.await,
        };
        assert_eq!(item, Some(Ok(0)));
    });
}

#[test]
fn another_connection_goes_on_and_a_dead_server_ends_it() {
    run(|| async {
        let server = Hosted::start();
        let one = proxy(&server.uri);
        let mut stream = one.stream::<u32>("count", &(100,)).await.expect("a stream");
        assert_eq!(stream.next().await, Some(Ok(0)));
        one.close();
        assert_eq!(stream.next().await, Some(Ok(1)));
        let other = proxy(&server.uri);
        let mut resumed: RemoteStream<u32> = other.resume_stream(stream.id().expect("it goes on"));
        assert_eq!(resumed.next().await, Some(Ok(2)));
        assert_eq!(stream.next().await, Some(Ok(3)));
        server.stop();
        let end = stream.next().await;
        assert!(matches!(end, Some(Err(CallFailure::Lost(_)))), "{end:?}");
        assert_eq!(stream.next().await, None);
    });
}
