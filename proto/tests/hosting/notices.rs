//! Sessions that come and go.

use std::collections::BTreeMap;
use std::time::Duration;

use firesteel_proto::testing::Pair;
use firesteel_proto::wire::Dialect;
use firesteel_proto::{
    Budget, Config, Daemon, Local, Machine, Notice, Peer, Protocol, Registry, Request, SessionId, Value,
};

use crate::common::{Board, Host, Thing, both, start};

both!(
    each_session_is_told_of_when_it_comes_and_when_it_goes,
    whoever_was_not_let_in_is_not_told_of,
    sessions_without_a_handshake_come_with_their_first_call,
    a_client_may_die_in_any_state,
    the_last_ones_are_told_of_at_a_shutdown,
    notices_that_panic_harm_nobody,
);

fn watch<R: Registry<World = ()>>(daemon: &mut Daemon<R>) -> Board {
    let board = Board::default();
    let notes = board.clone();
    daemon.set_notices(move |(), notice| {
        notes.note(match notice {
            Notice::Connected { session, peer, handshake, object, dialect, .. } => {
                let handshake = handshake.map_or("nothing".to_owned(), ToString::to_string);
                let how = if peer.local { "" } else { " from afar" };
                format!("{} came{how}, {dialect}: {handshake} for {}", session.index(), object.unwrap_or("nobody"))
            }
            Notice::Disconnected { session, reason, .. } => format!("{} went: {reason}", session.index()),
            _ => "?".to_owned(),
        });
    });
    board
}

fn each_session_is_told_of_when_it_comes_and_when_it_goes<R: Registry<World = ()>>(mut host: Host<R>) {
    let told = watch(&mut host.pair.daemon);
    let (one, other) = (host.proxy(), host.proxy());
    let ping = host.pair.client.ping(host.pair.now, one).expect("sent");
    host.settle();
    assert!(host.end_of(ping).expect("an end").is_ok());
    assert_eq!(told.take(), ["0 came, protocol 502: 'hello' for thing"]);
    host.call(other, &Request::method("echo", &(1,))).expect("an answer");
    host.call(one, &Request::method("echo", &(1,))).expect("an answer");
    assert_eq!(told.take(), ["1 came, protocol 502: 'hello' for thing"]);
    host.pair.client.release(host.pair.now, one);
    host.settle();
    assert_eq!(told.take(), ["0 went: closed by the peer"]);
    host.cut(other);
    assert_eq!(told.take(), ["1 went: the transport broke"]);
    host.assert_at_rest();
    assert!(told.take().is_empty());
}

fn whoever_was_not_let_in_is_not_told_of<R: Registry<World = ()>>(mut host: Host<R>) {
    let told = watch(&mut host.pair.daemon);
    let nobody = host.pair.client.proxy("PYRO:nobody@anywhere:1").expect("a uri");
    host.call(nobody, &Request::method("echo", &(1,))).expect_err("there is no such object");
    host.pair.daemon.set_gatekeeper(|_| -> Result<Value, String> { Err("no".to_owned()) });
    let proxy = host.proxy();
    host.call(proxy, &Request::method("echo", &(1,))).expect_err("not let in");
    let session = host.pair.daemon.open(host.pair.now, Peer::unix(), None).expect("room");
    host.pair.daemon.session(session).expect("it is there").handle_eof(host.pair.now);
    host.assert_at_rest();
    assert!(told.take().is_empty());
}

fn sessions_without_a_handshake_come_with_their_first_call<R: Registry<World = ()>>(mut host: Host<R>) {
    let told = watch(&mut host.pair.daemon);
    let proxy = host.pair.join("thing");
    let ping = host.pair.client.ping(host.pair.now, proxy).expect("sent");
    host.settle();
    assert!(host.end_of(ping).expect("an end").is_ok());
    assert!(told.take().is_empty(), "a PING is no call");
    for _ in 0..2 {
        host.call(proxy, &Request::method("echo", &(1,))).expect("an answer");
    }
    assert_eq!(told.take(), ["0 came, protocol 502: nothing for nobody"]);
    host.cut(proxy);
    assert_eq!(told.take(), ["0 went: the transport broke"]);
    host.assert_at_rest();
}

fn a_client_may_die_in_any_state<R: Registry<World = ()>>(mut host: Host<R>) {
    let told = watch(&mut host.pair.daemon);
    // After so many steps of the conversation.
    for steps in 0..6 {
        for clean in [false, true] {
            let proxy = host.proxy();
            host.pair.client.call(host.pair.now, proxy, &Request::method("count", &(3,))).expect("sent");
            host.pair.client.call(host.pair.now, proxy, &Request::method("later", &())).expect("sent");
            host.pair.client.call(host.pair.now, proxy, &Request::method("echo", &(3,))).expect("sent");
            for _ in 0..steps {
                host.pair.step(&mut ());
            }
            if !clean {
                host.pair.cut(proxy);
            }
            host.pair.client.release(host.pair.now, proxy);
            host.settle();
            host.board.with(|state| state.responders.clear());
            host.pair.turn(host.pair.daemon.config().stream_linger);
            host.assert_at_rest();
            let told = told.take();
            assert!(told.is_empty() || told.len() == 2, "{steps}: {told:?}");
        }
    }
}

fn the_last_ones_are_told_of_at_a_shutdown<R: Registry<World = ()>>(mut host: Host<R>) {
    let told = watch(&mut host.pair.daemon);
    let (idle, busy) = (host.proxy(), host.proxy());
    host.call(idle, &Request::method("echo", &(1,))).expect("an answer");
    host.start(busy, &Request::method("later", &()));
    assert_eq!(told.take().len(), 2);
    let grace = Duration::from_secs(5);
    host.pair.daemon.shutdown(host.pair.now, grace);
    host.settle();
    assert_eq!(told.take(), ["0 went: closed by this end"]);
    assert!(!host.pair.daemon.is_drained());
    host.pair.turn(grace);
    // A loop that ends as soon as it may has told of all.
    while !host.pair.daemon.is_drained() {
        host.pair.daemon.handle_timeout(host.pair.now);
        host.pair.daemon.dispatch(host.pair.now, &mut (), Budget::calls(1));
    }
    assert_eq!(told.take(), ["1 went: closed by this end"]);
}

fn notices_that_panic_harm_nobody<R: Registry<World = ()>>(mut host: Host<R>) {
    host.pair.daemon.set_notices(|(), _| panic!("on purpose"));
    let proxy = host.proxy();
    host.call(proxy, &Request::method("echo", &(1,))).expect("an answer");
    host.cut(proxy);
    host.assert_at_rest();
}

#[test]
fn notices_see_the_world_and_the_dialect() {
    type World = BTreeMap<SessionId, Dialect>;
    let mut config = Config::default();
    config.protocol = Protocol::Always(Dialect::Pyro4);
    let mut pair: Pair<Local<World>> = Pair::with_configs(start(), config, Config::default(), Daemon::new);
    pair.daemon.register("thing", Thing(Board::default())).expect("registered");
    pair.daemon.set_notices(|world: &mut World, notice| match notice {
        Notice::Connected { session, dialect, .. } => drop(world.insert(session, dialect)),
        Notice::Disconnected { session, .. } => drop(world.remove(&session)),
        _ => {}
    });
    let (mut world, proxy) = (World::new(), pair.client.proxy(crate::common::URI).expect("a uri"));
    pair.call::<i64>(proxy, &Request::method("echo", &(1,)), &mut world).expect("an answer");
    assert_eq!(world.values().copied().collect::<Vec<_>>(), [Dialect::Pyro4]);
    pair.client.release(pair.now, proxy);
    pair.settle(&mut world);
    assert!(world.is_empty());
}
