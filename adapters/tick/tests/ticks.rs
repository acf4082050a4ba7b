//! Servers and clients that are ticked on one thread.

use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use firesteel_proto::{
    Blob, Budget, CallFailure, CallId, CloseReason, Config, Context, ProxyEvent, Reply, Request, expose,
};
use firesteel_tick::{Client, Server};

#[derive(Default)]
struct World {
    visits: u64,
}

struct Gate;

#[expose(world = World, crate = firesteel_proto)]
impl Gate {
    pub fn visit(&mut self, cx: &mut Context<'_, World>) -> u64 {
        cx.world.visits += 1;
        cx.world.visits
    }

    pub fn swap(&self, data: Blob) -> Blob {
        data
    }
}

struct Both {
    server: Server<World>,
    client: Client,
    world: World,
}

impl Both {
    fn new() -> Self {
        let now = Instant::now();
        let mut server = Server::new(now, Config::default());
        server.daemon.register("gate", Gate).expect("a free id");
        Self { server, client: Client::new(now, Config::default()), world: World::default() }
    }

    /// Ticks until a call ends.
    fn end_of(&mut self, call: CallId) -> Result<Reply, CallFailure> {
        let until = Instant::now() + Duration::from_secs(30);
        while Instant::now() < until {
            self.client.tick(Instant::now());
            self.server.tick(Instant::now(), &mut self.world, Budget::calls(8));
            while let Some(event) = self.client.poll_event() {
                match event {
                    ProxyEvent::Done { id, result, .. } if id == call => return result,
                    _ => {}
                }
            }
        }
        panic!("no answer");
    }

    fn call(&mut self, proxy: firesteel_proto::ProxyId, request: &Request<'_>) -> Result<Reply, CallFailure> {
        let call = self.client.calls.call(Instant::now(), proxy, request).expect("a call");
        self.end_of(call)
    }
}

fn number(reply: Result<Reply, CallFailure>) -> u64 {
    reply.expect("an answer").into_value().expect("a value").decode().expect("a number")
}

#[test]
fn calls_over_tcp_and_unix_sockets() {
    let path = std::env::temp_dir().join(format!("firesteel-tick-{}", std::process::id()));
    for address in ["127.0.0.1:0".to_owned(), format!("./u:{}", path.display())] {
        let mut both = Both::new();
        both.server.listen(&address).expect("a free address");
        let uri = both.server.uri("gate").expect("it listens").to_string();
        let gate = both.client.calls.proxy(&uri).expect("a uri");
        assert_eq!(number(both.call(gate, &Request::method("visit", &()))), 1);
        assert_eq!(number(both.call(gate, &Request::method("visit", &()))), 2);
        let failed = both.call(gate, &Request::method("unknown", &()));
        assert!(matches!(failed, Err(CallFailure::Fault(fault)) if fault.is("builtins.AttributeError")));

        both.server.shutdown(Instant::now(), Duration::from_secs(5));
        while !both.server.is_over() {
            both.server.tick(Instant::now(), &mut both.world, Budget::calls(8));
        }
        let failed = both.call(gate, &Request::method("visit", &()));
        assert!(matches!(failed, Err(CallFailure::Lost(_))), "{failed:?}");
        let failed = both.call(gate, &Request::method("visit", &()));
        assert!(matches!(failed, Err(CallFailure::Lost(CloseReason::Unreachable(_)))), "{failed:?}");
    }
    assert!(!path.exists());
}

#[test]
fn the_budget_bounds_the_calls_of_a_tick_and_clients_take_turns() {
    let mut both = Both::new();
    let now = Instant::now();
    let mut calls = Vec::new();
    for _ in 0..2 {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        both.server.adopt(now, theirs).expect("a session");
        let gate = both.client.adopt(now, "gate", ours).expect("a socket");
        for _ in 0..10 {
            calls.push(both.client.calls.call(now, gate, &Request::method("visit", &())).expect("a call"));
        }
    }
    both.client.tick(now);
    let mut visits = vec![0; calls.len()];
    for tick in 1..=5 {
        let dispatched = both.server.tick(now, &mut both.world, Budget::calls(4));
        assert_eq!((dispatched.calls, dispatched.more), (4, tick < 5));
        both.client.tick(now);
        while let Some(event) = both.client.poll_event() {
            if let ProxyEvent::Done { id, result, .. } = event {
                visits[calls.iter().position(|call| *call == id).expect("ours")] = number(result);
            }
        }
        // Two for each.
        assert_eq!(visits.iter().position(|visit| *visit == 0).unwrap_or(10), 2 * tick);
    }
    assert_eq!(both.server.tick(now, &mut both.world, Budget::calls(4)).calls, 0);
}

#[test]
fn a_large_message_takes_several_ticks_at_both_ends() {
    let mut both = Both::new();
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    both.server.adopt(Instant::now(), theirs).expect("a session");
    let gate = both.client.adopt(Instant::now(), "gate", ours).expect("a socket");
    let data: Blob = (0..8_u32 << 20).map(|n| (n % 251) as u8).collect::<Vec<_>>().into();
    let reply = both.call(gate, &Request::method("swap", &(&data,))).expect("an answer");
    let back: Blob = reply.into_value().expect("a value").decode().expect("a blob");
    assert!(back == data, "it came back changed");
}

#[test]
fn sockets_go_with_their_sessions() {
    let mut both = Both::new();
    both.server.listen("127.0.0.1:0").expect("a free port");
    let firesteel_proto::Location::Tcp { port, .. } = both.server.local_addr().expect("it listens") else {
        panic!("a port")
    };
    for _ in 0..20 {
        let socket = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        while both.server.daemon.session_count() == 0 {
            both.server.tick(Instant::now(), &mut both.world, Budget::calls(1));
        }
        // The last word of the server is the end of the stream, which comes with the socket's drop.
        socket.shutdown(std::net::Shutdown::Write).expect("connected");
        socket.set_nonblocking(true).expect("a live descriptor");
        while !matches!(socket.peek(&mut [0]), Ok(0)) {
            both.server.tick(Instant::now(), &mut both.world, Budget::calls(1));
        }
        assert_eq!(both.server.daemon.session_count(), 0);
    }
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    // Connections wait in its queue and are never accepted.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut config = Config::default();
    config.handshake_timeout = Duration::from_millis(50);
    let mut both = Both::new();
    both.client = Client::new(Instant::now(), config);
    let uri = format!("PYRO:gate@{}", silent.local_addr().expect("bound"));
    let gate = both.client.calls.proxy(&uri).expect("a uri");
    let failed = both.call(gate, &Request::method("visit", &()));
    assert!(matches!(failed, Err(CallFailure::Lost(_))), "{failed:?}");
}

#[test]
fn a_unix_socket_has_no_nat_address() {
    let mut config = Config::default();
    config.nat = Some(firesteel_proto::Nat::host("router"));
    let failed = Server::<World>::bind(Instant::now(), "./u:/nowhere", config);
    assert_eq!(failed.err().map(|error| error.kind()), Some(std::io::ErrorKind::InvalidInput));
}
