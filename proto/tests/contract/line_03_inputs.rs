//! 3. Inputs run no user code. PING and protocol errors are answered without `dispatch`.

use bytes::Buf;
use firesteel_proto::wire::{Header, MessageType};
use firesteel_proto::{Machine, Peer, Reply, Request};

use crate::common::*;

#[test]
fn a_call_waits_for_dispatch() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    log(&mut pair, proxy, "ran");
    while pair.transfer() {}
    assert!(world.log.is_empty());
    pair.settle(&mut world);
    assert_eq!(world.log, ["ran"]);
}

#[test]
fn a_ping_does_not_wait_for_dispatch() {
    let (mut pair, mut world) = (pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let ping = pair.client.ping(pair.now, proxy).expect("sent");
    while pair.transfer() {}
    assert_eq!(pair.done.remove(&ping), Some(Ok(Reply::Pong)));
    let _ = world;
}

#[test]
fn a_ping_waits_behind_a_call() {
    let (mut pair, mut world) = (plain_pair(), World::default());
    let proxy = connected(&mut pair, &mut world);
    let call = pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    let ping = pair.client.ping(pair.now, proxy).expect("sent");
    pair.settle(&mut world);
    assert!(pair.done.is_empty(), "answers come in the order of the requests");
    world.responders.remove(0).reply(&1);
    pair.settle(&mut world);
    assert!(pair.done.contains_key(&call) && pair.done.contains_key(&ping));
}

#[test]
fn garbage_is_refused_without_dispatch() {
    for (bytes, text) in
        [(&b"GET / HTTP/1.1\r\n\r\n"[..], &b"invalid data"[..]), (b"PYRO\x00\x31", b"invalid protocol version: 49")]
    {
        let mut pair = pair();
        let id = pair.daemon.open(pair.now, Peer::unix(), None).expect("opened");
        let mut session = pair.daemon.session(id).expect("alive");
        session.handle_input(pair.now, bytes);
        assert!(!session.wants_read());
        let answer = session.poll_transmit().expect("an answer").copy_to_bytes(40 + 2 + text.len());
        let header = Header::parse(&answer).expect("well-formed").expect("whole");
        assert_eq!((header.kind, header.serializer), (MessageType::ConnectFail as u8, 2));
        assert_eq!(&answer[42..], text);
        assert!(session.is_closed());
    }
}
