//! Where a scenario plays: a daemon hosted by a loop, and ways to connect to it.

use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use firesteel::blocking::{Connector, Proxy};
use firesteel::tls::{Certificate, ClientOptions, Pem, ServerOptions, Tls};
use firesteel::{Config, Daemon, Handshake, Layer, Location, Registry, Uri};
use firesteel_testkit::{Authority, Credentials, SocketPath, unique_socket_path};

use crate::raw::Raw;
use crate::thing::{Board, PATIENCE, Thing};
use crate::wire::Wire;

/// A way to host a daemon: each adapter is one.
pub trait Loop: 'static {
    /// Calls that take `&self` run at the same time.
    const THREADED: bool;

    /// Hosts the thing as `thing` on the calling thread: tells through `ready` when clients may come,
    /// and returns when it was stopped, or when there is neither an address nor a session left.
    ///
    /// # Panics
    /// When anything goes wrong, or when sessions are left in the end.
    fn host(plan: Plan, ready: impl FnOnce(Running));
}

/// What a loop is to host.
pub struct Plan {
    pub thing: Thing,
    pub config: Config,
    /// Where to listen, as Pyro writes it: `host:port`, or `./u:path`.
    pub address: Option<String>,
    /// Connected sockets to serve beside that.
    pub sockets: Vec<UnixStream>,
}

/// A loop that is ready.
pub struct Running {
    /// Where it listens.
    pub location: Option<Location>,
    /// Begins the shutdown, from any thread.
    pub stop: Box<dyn Fn() + Send + Sync>,
}

/// Nothing may be held for clients that are gone, however they went.
#[track_caller]
pub fn assert_at_rest<R: Registry>(daemon: &Daemon<R>) {
    let counters = daemon.counters();
    let held = (counters.sessions, counters.waiting, counters.running, counters.deferred, counters.buffered);
    assert_eq!(held, (0, 0, 0, 0, 0), "{counters:?}");
    let objects = (counters.objects, counters.session_objects, counters.instances);
    assert_eq!(objects, (1, 0, 0), "{counters:?}");
}

/// How clients reach the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    V4,
    V6,
    Unix,
    /// A unix socket without a file: Linux's abstract namespace.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux has them"))]
    Abstract,
    /// TCP of version 4, under TLS. Bytes that a client sends by hand are those of the wire: they break TLS, where they
    /// break the protocol elsewhere.
    Tls,
    /// Socketpairs that the user gives to both ends: no listener, no handshake.
    Pair,
}

/// Sessions that the daemon takes at once: in the end, all of them must be free again.
const SESSIONS: usize = 24;

/// Plays a scenario, for so long at most.
#[track_caller]
pub fn play(transport: Transport, scenario: fn(Transport)) {
    if transport == Transport::V6 && TcpListener::bind("[::1]:0").is_err() {
        eprintln!("skipped: this system has no IPv6");
        return;
    }
    let (done, is_done) = mpsc::channel::<()>();
    let player = thread::spawn(move || {
        let _done = done;
        scenario(transport);
    });
    match is_done.recv_timeout(PATIENCE) {
        Err(RecvTimeoutError::Timeout) => panic!("the scenario hangs"),
        _ => player.join().unwrap_or_else(|panic| resume_unwind(panic)),
    }
}

/// TLS for both ends, which trust the same authority.
pub fn both_ends() -> Tls {
    static MADE: OnceLock<Tls> = OnceLock::new();
    let make = || {
        let authority = Authority::new("the authority");
        let Credentials { certificate, key } = authority.issue("the server", &["127.0.0.1"]);
        let server = ServerOptions::new(Certificate::new(Pem::text(certificate), Pem::text(key)));
        let client = ClientOptions::trusting(Pem::text(authority.certificate()));
        Tls::server(&server).and_then(|tls| tls.with_client(&client)).expect("good certificates")
    };
    MADE.get_or_init(make).clone()
}

pub struct Stage {
    pub board: Board,
    pub transport: Transport,
    location: Option<Location>,
    /// What clients use, where it is TLS.
    tls: Option<Tls>,
    /// The clients' ends of socketpairs that are not used yet.
    pairs: Mutex<Vec<UnixStream>>,
    stop: Box<dyn Fn() + Send + Sync>,
    host: JoinHandle<()>,
    path: Option<SocketPath>,
}

impl Stage {
    /// Hosts the thing for up to so many connections.
    pub fn new<L: Loop>(transport: Transport, connections: usize) -> Self {
        Self::with::<L>(transport, connections, |_| {})
    }

    pub fn with<L: Loop>(transport: Transport, connections: usize, configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        // A machine that has a lot to do is no reason to turn a client away.
        config.handshake_timeout = PATIENCE;
        config.limits.max_sessions = SESSIONS.max(connections);
        let tls = (transport == Transport::Tls).then(both_ends);
        config.layers = tls.clone().map(|tls| Arc::new(tls) as _);
        configure(&mut config);
        let path = (transport == Transport::Unix).then(unique_socket_path);
        let address = match transport {
            Transport::V4 | Transport::Tls => Some("127.0.0.1:0".to_owned()),
            Transport::V6 => Some("[::1]:0".to_owned()),
            Transport::Unix => path.as_ref().map(|path| format!("./u:{path}")),
            Transport::Abstract => {
                // A name that nobody else has, of a file that is not there.
                Some(format!("./u:\0{}", unique_socket_path()))
            }
            Transport::Pair => None,
        };
        let wanted = if transport == Transport::Pair { connections } else { 0 };
        let (pairs, sockets) = (0..wanted).map(|_| UnixStream::pair().expect("a pair")).unzip();
        let thing = Thing::default();
        let board = thing.board.clone();
        let plan = Plan { thing, config, address, sockets };
        let (tell, told) = mpsc::channel();
        let host = thread::spawn(move || L::host(plan, |running| tell.send(running).expect("somebody waits")));
        let Running { location, stop } = told.recv_timeout(PATIENCE).expect("the loop gets ready");
        Self { board, transport, location, tls, pairs: Mutex::new(pairs), stop, host, path }
    }

    pub fn is_pair(&self) -> bool {
        self.transport == Transport::Pair
    }

    /// A new connection, on which nothing has been sent.
    pub fn wire(&self) -> Wire {
        self.try_wire().expect("the daemon listens")
    }

    pub fn try_wire(&self) -> std::io::Result<Wire> {
        match &self.location {
            Some(location) => Wire::connect(location),
            None => Ok(self.pair().into()),
        }
    }

    /// A client of the kind that users have. On a socketpair it is connected already.
    pub fn proxy(&self) -> Proxy {
        self.proxy_with(Config::default())
    }

    pub fn proxy_with(&self, mut config: Config) -> Proxy {
        config.layers = self.tls.clone().map(|tls| Arc::new(tls) as _);
        let connector = Connector::new(config);
        match &self.location {
            Some(location) => connector.proxy(&Uri::pyro("thing", location.clone()).to_string()).expect("a uri"),
            None => connector.adopt("thing", self.pair()).expect("a socket"),
        }
    }

    /// A client that is driven by hand.
    pub fn raw(&self) -> Raw {
        Raw::new(self.wire(), self.handshake(), self.layer())
    }

    /// A client that does as little as Pyro's.
    pub fn plain(&self) -> Raw {
        Raw::plain(self.wire(), self.handshake(), self.layer())
    }

    fn layer(&self) -> Option<Box<dyn Layer>> {
        Some(self.tls.as_ref()?.client_layer("127.0.0.1").expect("a layer"))
    }

    /// How a connection begins.
    pub fn handshake(&self) -> Handshake {
        if self.is_pair() { Handshake::Absent } else { Handshake::Required }
    }

    /// Begins the daemon's shutdown.
    pub fn stop(&self) {
        (self.stop)();
    }

    /// Leaves the loop the time to see the end of a connection.
    pub fn let_it_see_that(&self) {
        if self.is_pair() {
            thread::sleep(Duration::from_millis(20));
        } else {
            self.wait_until_all_are_free();
        }
    }

    pub fn is_over(&self) -> bool {
        self.host.is_finished()
    }

    /// The clients are gone: so must be all of their sessions, and then the loop ends.
    #[track_caller]
    pub fn end(self) {
        if self.is_pair() {
            // A loop without a listener ends with its last session.
            drop(std::mem::take(&mut *self.pairs.lock().unwrap_or_else(PoisonError::into_inner)));
        } else {
            self.wait_until_all_are_free();
            self.stop();
        }
        self.join();
    }

    /// The loop was stopped: waits for its end.
    #[track_caller]
    pub fn join(self) {
        self.host.join().unwrap_or_else(|panic| resume_unwind(panic));
        if let Some(path) = self.path {
            assert!(!path.exists(), "the socket's file is still there");
        }
    }

    /// Returns when the daemon takes as many sessions as it may: none can be left from before.
    fn wait_until_all_are_free(&self) {
        loop {
            let mut clients: Vec<_> = (0..SESSIONS).map(|_| self.raw()).collect();
            let served = clients.iter_mut().all(|client| {
                let call = client.call("nop", &());
                client.end_of(call).is_ok()
            });
            clients.into_iter().for_each(Raw::finish);
            if served {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn pair(&self) -> UnixStream {
        let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        pairs.pop().expect("the scenario said how many connections it needs")
    }
}
