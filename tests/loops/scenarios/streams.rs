//! Items that are pulled one by one.

use std::thread;
use std::time::{Duration, Instant};

use firesteel::blocking::{Proxy, RemoteStream};
use firesteel::connection::{Reply, Request};

use super::fault;
use crate::stage::{Loop, Stage, Transport};

fn open(proxy: &Proxy, method: &str, n: u32) -> RemoteStream<u32> {
    proxy.stream(method, &(n,)).expect("a stream")
}

fn endless(proxy: &Proxy) -> RemoteStream<u32> {
    proxy.stream("endless", &()).expect("a stream")
}

pub fn items_with_and_without_a_window<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 1);
    let proxy = stage.proxy();
    for window in [1, 2, 64] {
        for method in ["count", "count_later"] {
            for n in [0, 1, 100] {
                let items: Result<Vec<_>, _> = open(&proxy, method, n).window(window).collect();
                assert_eq!(items.expect("items"), (0..n).collect::<Vec<_>>());
            }
        }
    }
    drop(proxy);
    stage.end();
}

pub fn several_at_once<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 3);
    let (one, other) = (stage.proxy(), stage.proxy());
    let mut streams: Vec<_> = (0..6)
        .map(|n| open(if n % 2 == 0 { &one } else { &other }, ["count", "count_later"][n / 3], 20).window(1 + 5 * n))
        .collect();
    for n in 0..20 {
        assert!(streams.iter_mut().all(|stream| stream.next() == Some(Ok(n))));
        assert_eq!(one.call::<u32>("echo", &(n,)).expect("an answer"), n);
    }
    assert!(streams.iter_mut().all(|stream| stream.next().is_none()));
    drop((streams, other));
    thread::scope(|threads| {
        for window in 1..8 {
            let one = one.clone();
            threads.spawn(move || assert_eq!(open(&one, "count", 300).window(window).count(), 300));
        }
    });
    drop(one);
    stage.end();
}

pub fn an_error_ends_it<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 1);
    let proxy = stage.proxy();
    for window in [1, 3, 64] {
        let mut stream = open(&proxy, "count_and_fail", 2).window(window);
        let id = stream.id().expect("it goes on").to_owned();
        assert_eq!((stream.next(), stream.next()), (Some(Ok(0)), Some(Ok(1))));
        assert_eq!(fault(stream.next().expect("a failure")).class, "builtins.KeyError");
        assert_eq!(stream.next(), None);
        let mut again: RemoteStream<u32> = proxy.resume_stream(id);
        assert_eq!(fault(again.next().expect("a failure")).message(), "item stream terminated");
    }
    assert_eq!(proxy.call::<i32>("echo", &(1,)).expect("an answer"), 1);
    drop(proxy);
    stage.end();
}

pub fn closed_by_the_client<L: Loop>(transport: Transport) {
    let stage = Stage::new::<L>(transport, 1);
    let proxy = stage.proxy();
    let mut streams: Vec<_> = (0..4).map(|n| endless(&proxy).window(1 + 20 * n)).collect();
    for stream in &mut streams[1..] {
        assert_eq!(stream.next(), Some(Ok(1)));
    }
    stage.board.wait_for_streams(4);
    streams.truncate(1);
    stage.board.wait_for_streams(1);
    assert_eq!(streams[0].next(), Some(Ok(1)));
    drop(streams);
    stage.board.wait_for_streams(0);
    drop(proxy);
    stage.end();
}

pub fn without_linger_they_end_with_their_session<L: Loop>(transport: Transport) {
    let stage = Stage::with::<L>(transport, 3, |config| config.stream_linger = Duration::ZERO);
    // One that is pulled, one that nobody pulled, and one whose client breaks off.
    for reset in [false, true] {
        let mut raw = stage.raw();
        let calls = [raw.call("endless", &()), raw.call("endless", &())];
        for call in calls {
            raw.end_of(call).expect("a stream");
        }
        stage.board.wait_for_streams(2);
        if reset {
            raw.wire.reset()
        } else {
            raw.finish()
        }
        stage.board.wait_for_streams(0);
    }
    let proxy = stage.proxy();
    let mut stream = endless(&proxy).window(8);
    assert_eq!(stream.next(), Some(Ok(1)));
    proxy.close();
    stage.board.wait_for_streams(0);
    // What has come already can be read; then it is over, here too.
    assert!(stream.by_ref().take(9).any(|item| item.is_err()));
    assert_eq!(stream.next(), None);
    drop((stream, proxy));
    stage.end();
}

pub fn another_session_goes_on<L: Loop>(transport: Transport) {
    let stage = Stage::with::<L>(transport, 3, |config| config.stream_linger = Duration::from_millis(300));
    let (mut one, other) = (stage.raw(), stage.proxy());
    let call = one.call("endless", &());
    let Ok(Reply::Stream(id)) = one.end_of(call) else { panic!("no stream") };
    let args = (&id,);
    let request = Request::method("get_next_stream_item", &args).object("Pyro.Daemon");
    let call = one.machine.call(Instant::now(), &request).expect("a call");
    assert_eq!(one.value(call).as_i64(), Some(1));
    // Until its session is over, the stream would be its own.
    one.finish();
    let mut resumed: RemoteStream<u32> = other.resume_stream(id);
    assert_eq!(resumed.next(), Some(Ok(2)));
    // It belongs to the other session now, and nobody waits for it to end.
    thread::sleep(Duration::from_millis(400));
    assert_eq!(resumed.next(), Some(Ok(3)));
    other.close();
    // Nobody comes any more: it goes although nothing else happens.
    stage.board.wait_for_streams(0);
    drop((resumed, other));
    stage.end();
}

pub fn a_lifetime_ends_it<L: Loop>(transport: Transport) {
    let lifetime = Duration::from_millis(200);
    let stage = Stage::with::<L>(transport, 1, |config| config.stream_lifetime = Some(lifetime));
    let proxy = stage.proxy();
    let mut stream = endless(&proxy);
    assert_eq!(stream.next(), Some(Ok(1)));
    stage.board.wait_for_streams(0);
    assert_eq!(fault(stream.next().expect("a failure")).message(), "item stream terminated");
    drop((stream, proxy));
    stage.end();
}
