//! Proxies that let go of their connection and come back: `_pyroBind`, `_pyroRelease`, `_pyroReconnect`.

use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use firesteel::blocking::{Connector, Proxy};
use firesteel::{CallError, CallFailure};
use firesteel_testkit::unique_socket_path;

use crate::support::{Thing, config, connect};

/// How often the session that the proxy has was asked: an instance of it is counted on.
fn next(proxy: &Proxy) -> i64 {
    proxy.call("next", &()).expect("an answer")
}

#[test]
fn a_proxy_binds_and_releases_its_connection() {
    for thing in [Thing::start(&[]), Thing::pyro4(&[])] {
        let proxy = connect(&thing.uri("test.session"), config());
        assert_eq!(proxy.bind(), Ok(true), "it connects");
        assert_eq!(proxy.bind(), Ok(false), "it is connected");
        assert_eq!((next(&proxy), next(&proxy)), (1, 2));
        proxy.close();
        assert_eq!(proxy.bind(), Ok(true));
        assert_eq!(next(&proxy), 1, "it is another session");
        proxy.close();
        assert_eq!(next(&proxy), 1, "a call connects, too");
        proxy.reconnect(1).expect("it connects");
        assert_eq!((proxy.bind(), next(&proxy)), (Ok(false), 1));
    }
}

#[test]
fn a_proxy_reconnects_once_the_server_is_back() {
    let path = unique_socket_path().to_string();
    let options = ["--unix", &path];
    let thing = Thing::start(&options);
    let proxy = thing.proxy();
    proxy.bind().expect("it connects");
    thing.quit();
    let failure = proxy.reconnect_every(Duration::from_millis(1), 3).expect_err("nobody is there");
    assert!(matches!(failure, CallFailure::Lost(_)), "{failure:?}");
    let thing = thread::scope(|threads| {
        let waiting = threads.spawn(|| proxy.reconnect_every(Duration::from_millis(10), 6000));
        let thing = Thing::start(&options);
        waiting.join().expect("no panic").expect("it connects");
        thing
    });
    assert_eq!(proxy.bind(), Ok(false));
    assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("an answer"), 1);
    thing.quit();
}

#[test]
fn a_socket_that_was_given_does_not_come_back() {
    let (ours, _theirs) = UnixStream::pair().expect("a pair");
    let proxy = Connector::new(config()).adopt("thing", ours).expect("a socket");
    assert_eq!(proxy.bind(), Ok(false));
    assert_eq!(proxy.reconnect(5), Err(CallFailure::Misuse(CallError::Closed)));
}
