//! Servers and clients in one loop of the user's.

use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use firesteel_mio::{Client, Server};
use firesteel_proto::{
    Blob, Budget, CallFailure, CallId, CloseReason, Config, Context, Location, Outcome, ProxyEvent, ProxyId, Reply,
    Request, expose,
};
use mio::{Events, Poll, Token, Waker};

const WAKER: Token = Token(3);

struct Oven;

#[expose(crate = firesteel_proto)]
impl Oven {
    pub fn echo(&self, data: Blob) -> Blob {
        data
    }

    /// Answered by another thread.
    pub fn bake(&self, cx: &mut Context<'_>) -> Outcome {
        let (responder, deferred) = cx.defer();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            responder.reply("bread");
        });
        Ok(deferred.into())
    }
}

struct Own {
    poll: Poll,
    server: Server,
    client: Client,
    turns: usize,
}

impl Own {
    fn new(config: Config) -> Self {
        let poll = Poll::new().expect("a poll");
        let waker = Arc::new(Waker::new(poll.registry(), WAKER).expect("a waker"));
        let mut server = Server::new(poll.registry(), 10..16, waker, Config::default()).expect("a server");
        server.daemon.register("oven", Oven).expect("a free id");
        let client = Client::new(poll.registry(), 100..102, config).expect("a client");
        Self { poll, server, client, turns: 0 }
    }

    fn turn(&mut self) {
        let mut events = Events::with_capacity(4);
        self.turns += 1;
        let next = [self.server.timeout(), self.client.timeout()].into_iter().flatten().min();
        // A loop that would hang turns on, so that the test can say so.
        self.poll.poll(&mut events, Some(next.unwrap_or(Duration::MAX).min(Duration::from_secs(5)))).expect("polled");
        for event in &events {
            let taken = self.server.handle_event(event) || self.client.handle_event(event);
            assert_eq!(taken, event.token() != WAKER);
        }
        self.server.step(&mut (), Budget::calls(1));
        self.client.step();
    }

    fn call(&mut self, proxy: ProxyId, request: &Request<'_>) -> Result<Reply, CallFailure> {
        let call = self.client.calls.call(Instant::now(), proxy, request).expect("a call");
        self.end_of(call)
    }

    fn end_of(&mut self, call: CallId) -> Result<Reply, CallFailure> {
        let until = Instant::now() + Duration::from_secs(30);
        while Instant::now() < until {
            while let Some(event) = self.client.poll_event() {
                match event {
                    ProxyEvent::Done { id, result, .. } if id == call => return result,
                    _ => {}
                }
            }
            self.turn();
        }
        panic!("no answer");
    }
}

fn text(reply: Result<Reply, CallFailure>) -> String {
    reply.expect("an answer").into_value().expect("a value").decode().expect("a text")
}

#[test]
fn calls_over_tcp_and_unix_sockets_with_answers_from_other_threads() {
    let path = std::env::temp_dir().join(format!("firesteel-mio-{}", std::process::id()));
    for address in ["127.0.0.1:0".to_owned(), format!("./u:{}", path.display())] {
        let mut own = Own::new(Config::default());
        own.server.listen(&address).expect("a free address");
        let oven = own.client.calls.proxy(&own.server.uri("oven").expect("it listens").to_string()).expect("a uri");
        let bake = Request::method("bake", &());
        assert_eq!(text(own.call(oven, &bake)), "bread");
        let before = own.turns;
        assert_eq!(text(own.call(oven, &bake)), "bread");
        assert!(own.turns - before < 20, "the loop spins while a thread bakes: {} turns", own.turns - before);
        let stopper = own.server.stopper();
        std::thread::spawn(move || stopper.stop());
        while !own.server.is_over() {
            own.turn();
        }
        let failed = own.call(oven, &bake);
        assert!(matches!(failed, Err(CallFailure::Lost(_))), "{failed:?}");
        let failed = own.call(oven, &bake);
        assert!(matches!(failed, Err(CallFailure::Lost(CloseReason::Unreachable(_)))), "{failed:?}");
    }
    assert!(!path.exists());
}

#[test]
fn a_large_message_on_a_pair() {
    let mut own = Own::new(Config::default());
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    own.server.adopt(theirs).expect("a session");
    let oven = own.client.adopt("oven", ours).expect("a socket");
    let data: Blob = (0..8_u32 << 20).map(|n| (n % 251) as u8).collect::<Vec<_>>().into();
    let reply = own.call(oven, &Request::method("echo", &(&data,))).expect("an answer");
    let back: Blob = reply.into_value().expect("a value").decode().expect("a blob");
    assert!(back == data, "it came back changed");
}

#[test]
fn a_connection_without_a_token_is_closed_and_the_token_is_used_again() {
    let mut own = Own::new(Config::default());
    own.server.listen("127.0.0.1:0").expect("a free port");
    let Some(Location::Tcp { port, .. }) = own.server.local_addr() else { panic!("it listens") };
    for _ in 0..3 {
        // Six tokens, one of which is the listener's.
        let mut sockets: Vec<_> =
            (0..5).map(|_| TcpStream::connect(("127.0.0.1", port)).expect("it listens")).collect();
        while own.server.daemon.session_count() < 5 {
            own.turn();
        }
        let sixth = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        sixth.set_nonblocking(true).expect("a live descriptor");
        while !matches!(sixth.peek(&mut [0]), Ok(0)) {
            own.turn();
        }
        sockets.clear();
        while own.server.daemon.session_count() > 0 {
            own.turn();
        }
    }
    // A client's third connection.
    for at in 0..3 {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        assert_eq!(own.client.adopt("oven", ours).is_ok(), at < 2);
        drop(theirs);
    }
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    // Connections wait in its queue and are never accepted.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut config = Config::default();
    config.handshake_timeout = Duration::from_millis(50);
    let mut own = Own::new(config);
    let uri = format!("PYRO:oven@{}", silent.local_addr().expect("bound"));
    let oven = own.client.calls.proxy(&uri).expect("a uri");
    let failed = own.call(oven, &Request::method("bake", &()));
    assert!(matches!(failed, Err(CallFailure::Lost(_))), "{failed:?}");
    assert!(own.turns < 20, "{} turns", own.turns);
}

#[test]
fn a_server_that_closes_at_once_is_noticed() {
    let rude = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut own = Own::new(Config::default());
    let uri = format!("PYRO:oven@{}", rude.local_addr().expect("bound"));
    let closer = std::thread::spawn(move || drop(rude.accept()));
    let oven = own.client.calls.proxy(&uri).expect("a uri");
    let failed = own.call(oven, &Request::method("bake", &()));
    assert!(matches!(failed, Err(CallFailure::Lost(_))), "{failed:?}");
    closer.join().expect("no panic");
}

#[test]
fn an_idle_server_waits() {
    let mut own = Own::new(Config::default());
    own.server.listen("127.0.0.1:0").expect("a free port");
    own.server.step(&mut (), Budget::calls(1));
    assert_eq!(own.server.timeout(), None);
    own.client.step();
    assert_eq!(own.client.timeout(), None);
}
