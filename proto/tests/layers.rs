//! Layers below a session: first bytes that tell protocols apart, and what is handed back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Buf;
use firesteel_proto::testing::{Chunks, Pair};
use firesteel_proto::{
    Args, Budget, CallFailure, CloseReason, Config, Context, Daemon, DaemonEvent, Fault, Handshake, Identity, Layer,
    LayerError, Layers, Local, Machine, Member, Metadata, Method, Object, OnePort, Outbox, Outcome, Peer, Refused,
    Request, SessionId, Target, Value,
};
use proptest::prelude::*;

const URI: &str = "PYRO:thing@anywhere:1";

struct Thing;

impl Object for Thing {
    fn metadata(&self) -> &Metadata {
        static METADATA: Metadata = Metadata::new(&[Method::new("echo"), Method::new("who")], &[]);
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Method("echo") => {
                let (value,): (Value,) = args.bind(&["value"])?;
                cx.answer(&value)
            }
            Member::Method("who") => cx.answer(&cx.peer().identity.as_ref().map(|identity| identity.name.clone())),
            other => Err(Fault::unknown(&other)),
        }
    }
}

/// Stands for TLS: begins as TLS does, turns every bit around, and knows the peer by its greeting.
#[derive(Debug, Default)]
struct Toy {
    client: bool,
    greeted: bool,
}

const GREETING: [u8; 3] = [0x16, 0x03, 0x01];

impl Layer for Toy {
    fn handle_input(
        &mut self,
        _: Instant,
        bytes: &[u8],
        up: &mut Vec<u8>,
        wire: &mut Outbox,
    ) -> Result<(), LayerError> {
        if bytes.is_empty() && self.client {
            wire.extend_from_slice(&GREETING);
            return Ok(());
        }
        for byte in bytes {
            match byte {
                _ if self.client && !self.greeted => self.greeted = true,
                0x01 if !self.greeted => {
                    self.greeted = true;
                    wire.extend_from_slice(&[0x16]);
                }
                0x16 | 0x03 if !self.greeted => {}
                _ if !self.greeted => return Err(LayerError::Failed("no greeting".to_owned())),
                byte => up.push(!byte),
            }
        }
        Ok(())
    }

    fn handle_output(&mut self, down: &mut Outbox, wire: &mut Outbox) -> Result<(), LayerError> {
        let plain = down.transmit().map(firesteel_proto::Transmit::take).unwrap_or_default();
        wire.push(plain.iter().map(|byte| !byte).collect::<Vec<_>>());
        Ok(())
    }

    fn handle_eof(&mut self, _: Instant) -> Result<(), LayerError> {
        Err(LayerError::Truncated)
    }

    fn is_established(&self) -> bool {
        self.greeted
    }

    fn identity(&self) -> Option<Identity> {
        self.greeted.then(|| Identity { name: "somebody".to_owned(), details: Arc::new(7_i32) })
    }
}

/// The toy for clients, and a port that takes it.
#[derive(Debug)]
struct Toys(OnePort);

impl Layers for Toys {
    fn accept(&self, peer: &Peer) -> Result<Option<Box<dyn Layer>>, LayerError> {
        self.0.accept(peer)
    }

    fn connect(&self, target: &Target) -> Result<Option<Box<dyn Layer>>, LayerError> {
        match target {
            Target::Tcp { host, .. } if host == "nowhere" => Err(LayerError::Refused("no such place")),
            _ => Ok(Some(Box::new(Toy { client: true, ..Toy::default() }))),
        }
    }
}

fn with_toy() -> OnePort {
    OnePort::new().tls(|| Ok(Box::new(Toy::default())))
}

fn config(layers: impl Layers + 'static) -> Config {
    let mut config = Config::default();
    config.layers = Some(Arc::new(layers));
    config
}

fn pair(client: Config, server: Config) -> Pair<Local> {
    let mut pair: Pair<Local> = Pair::with_configs(start(), client, server, Daemon::new);
    pair.daemon.register("thing", Thing).expect("registered");
    pair
}

fn start() -> Instant {
    // The one place where a test looks at a clock: any start will do.
    #[expect(clippy::disallowed_methods)]
    Instant::now()
}

/// A daemon and a session of it.
fn daemon(port: OnePort) -> (Daemon, SessionId, Instant) {
    let now = start();
    let mut daemon = <Daemon>::new(now, config(port));
    daemon.register("thing", Thing).expect("registered");
    let id = daemon.open(now, Peer::unix(), None).expect("there is room");
    (daemon, id, now)
}

/// Gives bytes to a session, in these pieces, and gives what happened.
fn give(daemon: &mut Daemon, id: SessionId, now: Instant, pieces: &[&[u8]]) -> (Vec<DaemonEvent>, Vec<u8>) {
    let (mut events, mut said) = (Vec::new(), Vec::new());
    for piece in pieces {
        if let Some(mut session) = daemon.session(id) {
            session.handle_input(now, piece);
        }
        events.extend(step(daemon, now));
        if let Some(mut session) = daemon.session(id) {
            while let Some(mut transmit) = session.poll_transmit() {
                said.extend_from_slice(&transmit.copy_to_bytes(transmit.remaining()));
            }
        }
        events.extend(step(daemon, now));
    }
    (events, said)
}

fn step(daemon: &mut Daemon, now: Instant) -> Vec<DaemonEvent> {
    daemon.handle_timeout(now);
    daemon.dispatch(now, &mut (), Budget::UNLIMITED);
    while daemon.poll_session().is_some() {}
    std::iter::from_fn(|| daemon.poll_event()).collect()
}

#[test]
fn calls_go_through_a_layer_that_the_config_makes() {
    let mut pair = pair(config(Toys(OnePort::new())), config(with_toy()));
    pair.daemon.set_gatekeeper(|knock| match &knock.peer.identity {
        Some(identity) if identity.name == "somebody" => Ok(Value::None),
        _ => Err("nobody".to_owned()),
    });
    let proxy = pair.client.proxy(URI).expect("a uri");
    for chunks in [Chunks::of([1]), Chunks::whole()] {
        pair.chunks = chunks;
        let who: Option<String> = pair.call(proxy, &Request::method("who", &()), &mut ()).expect("an answer");
        assert_eq!(who.as_deref(), Some("somebody"));
    }
    assert_eq!(pair.client.identity(proxy).map(|identity| identity.name).as_deref(), Some("somebody"));
    assert!(pair.traffic()[0].0.starts_with(&GREETING));
}

#[test]
fn a_place_without_a_layer_is_not_connected_to() {
    let mut pair = pair(config(Toys(OnePort::new())), Config::default());
    let proxy = pair.client.proxy("PYRO:thing@nowhere:1").expect("a uri");
    let lost = pair.call::<Value>(proxy, &Request::method("echo", &(1,)), &mut ());
    assert_eq!(lost, Err(CallFailure::Lost(CloseReason::Layer(LayerError::Refused("no such place")))));
    assert!(pair.traffic()[0].0.is_empty(), "nothing is said in plaintext");
}

/// Plain Pyro costs nothing more than without: the layer is gone after the first bytes, in any pieces.
#[test]
fn plain_pyro_passes() {
    for port in [OnePort::new(), with_toy().allow_plain()] {
        let mut pair = pair(Config::default(), config(port));
        let proxy = pair.client.proxy(URI).expect("a uri");
        for chunks in [Chunks::of([1]), Chunks::of([5, 1]), Chunks::whole()] {
            pair.chunks = chunks;
            let value = Value::from("x".repeat(200_000));
            let answer: Value = pair.call(proxy, &Request::method("echo", &(&value,)), &mut ()).expect("an answer");
            assert_eq!(answer, value);
        }
    }
}

#[test]
fn plaintext_is_refused_in_the_words_of_its_protocol() {
    for (version, expected) in [(502_u16, "PYRO\u{1}\u{f6}"), (48, "PYRO\0\u{30}")] {
        let (mut daemon, id, now) = daemon(with_toy());
        let first = [&b"PYRO"[..], &version.to_be_bytes(), &[1; 40]].concat();
        let (events, said) = give(&mut daemon, id, now, &[&first[..3], &first[3..5], &first[5..]]);
        assert!(matches!(events[..], [DaemonEvent::Closed { reason: CloseReason::Layer(LayerError::Refused(_)), .. }]));
        let said: String = said.into_iter().map(char::from).collect();
        assert!(said.starts_with(expected) && said.contains("this server speaks TLS only"), "{said}");
    }
}

#[test]
fn http_is_handed_back_with_all_that_was_read() {
    const REQUEST: &[u8] = b"POST /x HTTP/1.1\r\n\r\nPYRO";
    for cut in 1..REQUEST.len() {
        let (mut daemon, id, now) = daemon(OnePort::new());
        let (events, said) = give(&mut daemon, id, now, &[&REQUEST[..cut], &REQUEST[cut..]]);
        assert_eq!(events, [DaemonEvent::Foreign { session: id, protocol: "http" }]);
        assert!(said.is_empty());
        // What came after it was told apart stays in the socket.
        let read = if cut < 5 { REQUEST.len() } else { cut };
        {
            let mut session = daemon.session(id).expect("it waits");
            assert!(!session.wants_read() && !session.wants_write() && !session.is_closed());
            assert!(session.input_buf().is_empty());
        }
        let detached = daemon.detach(id).expect("it is foreign");
        assert_eq!((&detached.bytes[..], detached.layer.is_none()), (&REQUEST[..read], true));
        assert!(daemon.session(id).is_none() && daemon.detach(id).is_none());
        assert_eq!((daemon.session_count(), step(&mut daemon, now)), (0, Vec::new()));
        assert_eq!((daemon.poll_timeout(), daemon.counters().buffered), (None, 0));
    }
}

#[test]
fn what_is_foreign_inside_of_a_layer_comes_with_it() {
    let (mut daemon, id, now) = daemon(with_toy());
    let inside: Vec<u8> = b"GET / HTTP/1.1".iter().map(|byte| !byte).collect();
    let (events, said) = give(&mut daemon, id, now, &[&GREETING, &inside[..2], &inside[2..]]);
    assert_eq!(events, [DaemonEvent::Foreign { session: id, protocol: "http" }]);
    assert_eq!(said, [0x16]);
    assert!(daemon.peer(id).is_some_and(|peer| peer.identity.is_some()));
    let mut detached = daemon.detach(id).expect("it is foreign");
    assert_eq!(&detached.bytes[..], b"GET / HTTP/1.1");
    let layer = detached.layer.as_mut().expect("the toy");
    let (mut up, mut wire) = (Vec::new(), Outbox::new());
    layer.handle_input(now, &[!b'\r', !b'\n'], &mut up, &mut wire).expect("it goes on");
    assert_eq!(up, b"\r\n");
}

#[test]
fn a_foreign_session_that_nobody_takes_has_its_time() {
    let (mut daemon, id, now) = daemon(OnePort::new().foreign("ssh", b"SSH-"));
    let (events, _) = give(&mut daemon, id, now, &[b"SSH-2.0-x\r\n"]);
    assert_eq!(events, [DaemonEvent::Foreign { session: id, protocol: "ssh" }]);
    let later = daemon.poll_timeout().expect("a deadline");
    assert!(later > now && later <= now + daemon.config().handshake_timeout);
    let events = step(&mut daemon, later);
    assert!(matches!(&events[..], [DaemonEvent::Closed { session, .. }] if *session == id));
    // Or it is closed at once.
    let id = daemon.open(later, Peer::unix(), None).expect("there is room");
    give(&mut daemon, id, later, &[b"SSH-2.0-x\r\n"]);
    daemon.session(id).expect("it waits").close();
    let events = step(&mut daemon, later);
    assert!(matches!(&events[..], [DaemonEvent::Closed { session, .. }] if *session == id));
}

#[test]
fn only_foreign_sessions_are_given_back() {
    let (mut daemon, id, now) = daemon(OnePort::new());
    assert!(daemon.detach(id).is_none());
    give(&mut daemon, id, now, &[b"PYRO"]);
    assert!(daemon.detach(id).is_none());
    daemon.shutdown(now, Duration::ZERO);
    assert!(daemon.detach(id).is_none());
}

#[test]
fn first_bytes_that_do_not_come_have_the_time_of_a_handshake() {
    for peer in [Peer::unix(), Peer::default()] {
        for begun in [&b""[..], b"P", b"PYRO", b"GET", b"\x16", b"\x16\x03"] {
            let now = start();
            let mut daemon = <Daemon>::new(now, config(with_toy().allow_plain()));
            let id = daemon.open(now, peer.clone(), None).expect("there is room");
            give(&mut daemon, id, now, &[begun]);
            let later = now + daemon.config().handshake_timeout;
            let events = step(&mut daemon, later);
            assert!(
                matches!(&events[..], [DaemonEvent::Closed { reason: CloseReason::Timeout, .. }]),
                "{begun:?} {events:?}"
            );
        }
    }
    // Once a given socket has its layer, it may be silent, as without one.
    let now = start();
    let mut daemon = <Daemon>::new(now, config(with_toy()));
    let id = daemon.open(now, Peer::default(), None).expect("there is room");
    give(&mut daemon, id, now, &[&GREETING]);
    assert!(step(&mut daemon, now + Duration::from_secs(3600)).is_empty());
    assert_eq!(daemon.session_count(), 1);
}

#[test]
fn a_layer_that_is_never_done_is_given_up() {
    let (mut daemon, id, now) = daemon(with_toy());
    let max = daemon.config().limits.max_handshake;
    let (events, _) = give(&mut daemon, id, now, &[&[0x16], &[0x03].repeat(max)]);
    // The toy takes any number of these.
    assert!(matches!(&events[..], [DaemonEvent::Closed { reason: CloseReason::Layer(LayerError::Failed(_)), .. }]));
}

/// A socket that is given, without a handshake: the layer's own has its time.
#[test]
fn a_client_gives_up_a_layer_that_is_never_done() {
    let now = start();
    let mut client = firesteel_proto::Client::new(now, Config::default());
    let (_, proxy) = client.adopt(now, "thing", Some(Box::new(Toy { client: true, ..Toy::default() })));
    let call = client.call(now, proxy, &Request::method("echo", &(1,))).expect("it waits");
    let later = client.poll_timeout().into_iter().chain([now + Duration::from_secs(10)]).max().expect("a time");
    client.handle_timeout(later);
    let ends: Vec<_> = std::iter::from_fn(|| client.poll_event()).collect();
    assert!(
        ends.iter().any(|event| matches!(event, firesteel_proto::ProxyEvent::Done { id, result, .. }
        if *id == call && *result == Err(CallFailure::Lost(CloseReason::Timeout)))),
        "{ends:?}"
    );
}

#[derive(Debug)]
struct Closed;

impl Layers for Closed {
    fn check_server(&self) -> Result<(), LayerError> {
        Err(LayerError::Refused("closed"))
    }

    fn accept(&self, peer: &Peer) -> Result<Option<Box<dyn Layer>>, LayerError> {
        if peer.handshake == Handshake::Required { Err(LayerError::Refused("closed")) } else { Ok(None) }
    }

    fn connect(&self, _: &Target) -> Result<Option<Box<dyn Layer>>, LayerError> {
        Ok(None)
    }
}

#[test]
fn who_gets_no_layer_is_not_let_in() {
    let now = start();
    let mut daemon = <Daemon>::new(now, config(Closed));
    assert!(daemon.config().check_server().is_err() && Config::default().check_server().is_ok());
    assert_eq!(daemon.open(now, Peer::unix(), None), Err(Refused::Layer(LayerError::Refused("closed"))));
    // One of its own, or none because the config says so.
    assert!(daemon.open(now, Peer::unix(), Some(Box::new(Toy::default()))).is_ok());
    assert!(daemon.open(now, Peer::default(), None).is_ok());
}

proptest! {
    /// However the first bytes are cut, the same is told of them.
    #[test]
    fn pieces_do_not_matter(
        head in proptest::sample::select(vec![&b"PYRO\x01\xf6"[..], b"GET ", b"PRI * HTTP/2.0", b"\x16\x03\x01", b"OPTION", b"", b"SSH-"]),
        rest in proptest::collection::vec(any::<u8>(), 0..60),
        cuts in proptest::collection::vec(0_usize..60, 0..6),
        tls in any::<bool>(),
        plain in any::<bool>(),
    ) {
        let bytes = [head, &rest].concat();
        let port = || {
            let port = OnePort::new().foreign("ssh", b"SSH-");
            let port = if tls { port.tls(|| Ok(Box::new(Toy::default()))) } else { port };
            if plain { port.allow_plain() } else { port }
        };
        let told = |pieces: &[&[u8]]| {
            let (mut daemon, id, now) = daemon(port());
            let (events, said) = give(&mut daemon, id, now, pieces);
            let what: Vec<_> = events.iter().map(|event| match event {
                DaemonEvent::Foreign { protocol, .. } => (*protocol).to_owned(),
                DaemonEvent::Closed { reason, .. } => reason.to_string(),
                other => format!("{other:?}"),
            }).collect();
            (what, said)
        };
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let pieces: Vec<_> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        prop_assert_eq!(told(&[&bytes]), told(&pieces));
    }
}
