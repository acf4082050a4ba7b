//! Both ends, and what goes between them.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use bytes::Buf;
use firesteel_proto::testing::Pair;
use firesteel_proto::{
    Args, Config, Context, Daemon, DaemonEvent, Fault, Local, Machine, Member, Metadata, Method, Object, Outcome, Peer,
    SessionId, Value,
};
use firesteel_testkit::{Authority, Credentials};
use firesteel_tls::{Certificate, ClientCertificates, ClientOptions, Pem, ServerOptions, Tls};

/// Certificates for all tests: making them takes a while.
pub struct Pki {
    pub authority: Authority,
    pub server: Credentials,
    pub client: Credentials,
}

pub fn pki() -> &'static Pki {
    static MADE: OnceLock<Pki> = OnceLock::new();
    MADE.get_or_init(|| {
        let authority = Authority::new("the authority");
        let server = authority.issue("the server", &["anywhere"]);
        let client = authority.issue("alice", &[]);
        Pki { authority, server, client }
    })
}

pub fn certificate(credentials: &Credentials) -> Certificate {
    Certificate::new(Pem::text(credentials.certificate.clone()), Pem::text(credentials.key.clone()))
}

pub fn trusted() -> Pem {
    Pem::text(pki().authority.certificate())
}

pub fn server_options() -> ServerOptions {
    ServerOptions::new(certificate(&pki().server))
}

pub fn mutual_options() -> ServerOptions {
    let mut options = server_options();
    options.clients = ClientCertificates::Required(trusted());
    options
}

pub fn client_options() -> ClientOptions {
    ClientOptions::trusting(trusted())
}

pub fn known_client() -> ClientOptions {
    let mut options = client_options();
    options.certificate = Some(certificate(&pki().client));
    options
}

pub fn under(tls: &Tls) -> Config {
    let mut config = Config::default();
    config.layers = Some(Arc::new(tls.clone()));
    config
}

pub fn start() -> Instant {
    Instant::now()
}

/// A pair with these options at both ends.
pub fn pair(server: &ServerOptions, client: &ClientOptions) -> Pair<Local> {
    let (server, client) = (Tls::server(server).expect("good"), Tls::client(client).expect("good"));
    with_configs(under(&client), under(&server)).0
}

pub fn with_configs(client: Config, server: Config) -> (Pair<Local>, Notes) {
    let mut pair: Pair<Local> = Pair::with_configs(start(), client, server, Daemon::new);
    let notes = Notes::default();
    pair.daemon.register("thing", Thing(notes.clone())).expect("registered");
    (pair, notes)
}

/// A daemon with the thing.
pub fn daemon(config: Config) -> (Daemon, Notes) {
    let mut daemon = <Daemon>::new(start(), config);
    let notes = Notes::default();
    daemon.register("thing", Thing(notes.clone())).expect("registered");
    (daemon, notes)
}

pub type Notes = Arc<Mutex<Vec<String>>>;

pub struct Thing(Notes);

impl Object for Thing {
    fn metadata(&self) -> &Metadata {
        static METADATA: Metadata =
            Metadata::new(&[Method::new("echo"), Method::new("who"), Method::new("note").oneway()], &[]);
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Method("echo") => {
                let (value,): (Value,) = args.bind(&["value"])?;
                cx.answer(&value)
            }
            Member::Method("note") => {
                let (text,): (String,) = args.bind(&["text"])?;
                self.0.lock().expect("no panic").push(text);
                cx.answer(&())
            }
            Member::Method("who") => {
                let name = cx.peer().identity.as_ref().map(|identity| identity.name.clone());
                cx.answer(&name)
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

/// The peer of a listener's client.
pub fn peer() -> Peer {
    Peer::unix()
}

/// Lets the daemon do what it can.
pub fn step(daemon: &mut Daemon, now: Instant) -> Vec<DaemonEvent> {
    daemon.handle_timeout(now);
    while daemon.dispatch(now, &mut (), firesteel_proto::Budget::UNLIMITED).more {}
    while daemon.poll_session().is_some() {}
    std::iter::from_fn(|| daemon.poll_event()).collect()
}

/// What a session has to send.
pub fn output(daemon: &mut Daemon, id: SessionId) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(mut session) = daemon.session(id) {
        while let Some(mut transmit) = session.poll_transmit() {
            all.extend_from_slice(&transmit.copy_to_bytes(transmit.remaining()));
        }
    }
    all
}

/// A client that is rustls alone, at a session of a daemon: what it says is up to the test.
pub struct Bare {
    pub connection: rustls::ClientConnection,
    pub id: SessionId,
    /// What the server said, decrypted.
    pub heard: Vec<u8>,
    /// What became of the server's bytes.
    pub error: Option<rustls::Error>,
}

pub fn bare_config() -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    let authority = pki().authority.certificate();
    let authority = <rustls::pki_types::CertificateDer<'_> as rustls::pki_types::pem::PemObject>::from_pem_slice(
        authority.as_bytes(),
    );
    roots.add(authority.expect("a certificate")).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("both");
    builder.with_root_certificates(roots).with_no_client_auth()
}

impl Bare {
    pub fn open(daemon: &mut Daemon, config: rustls::ClientConfig) -> Self {
        Self::with(daemon, Arc::new(config))
    }

    pub fn with(daemon: &mut Daemon, config: Arc<rustls::ClientConfig>) -> Self {
        let id = daemon.open(start(), peer(), None).expect("there is room");
        let name = rustls::pki_types::ServerName::try_from("anywhere").expect("a name");
        let connection = rustls::ClientConnection::new(config, name).expect("a connection");
        Self { connection, id, heard: Vec::new(), error: None }
    }

    /// What waits to be sent, as TLS.
    pub fn sealed(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        while self.connection.wants_write() {
            self.connection.write_tls(&mut all).expect("into memory");
        }
        all
    }

    /// Gives the server's bytes to rustls.
    pub fn hear(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.connection.read_tls(&mut bytes).expect("from memory") > 0 {
            if let Err(error) = self.connection.process_new_packets() {
                self.error = Some(error);
            }
            // Its errors say that there is no more.
            let _ = std::io::Read::read_to_end(&mut self.connection.reader(), &mut self.heard);
        }
    }

    /// Moves bytes until neither side has any; gives the daemon's events.
    pub fn exchange(&mut self, daemon: &mut Daemon) -> Vec<DaemonEvent> {
        let mut events = Vec::new();
        loop {
            let sealed = self.sealed();
            if let Some(mut session) = daemon.session(self.id) {
                session.handle_input(start(), &sealed);
            }
            let before = step(daemon, start());
            let answer = output(daemon, self.id);
            events.extend(before);
            events.extend(step(daemon, start()));
            self.hear(&answer);
            if sealed.is_empty() && answer.is_empty() {
                return events;
            }
        }
    }

    pub fn say(&mut self, plaintext: &[u8]) {
        std::io::Write::write_all(&mut self.connection.writer(), plaintext).expect("into memory");
    }
}

/// The messages of a client: a handshake, and calls.
pub fn messages(calls: &[(&str, &str)]) -> Vec<u8> {
    use firesteel_proto::connection::ClientConnection;
    let mut config = Config::default();
    config.extensions = false;
    let (config, now) = (Arc::new(config), start());
    let mut all = Vec::new();
    let mut connect =
        ClientConnection::new(now, Arc::clone(&config), firesteel_proto::Handshake::Required, "thing", None);
    let mut others = ClientConnection::new(now, config, firesteel_proto::Handshake::Absent, "thing", None);
    for (method, text) in calls {
        let (text,) = (&(*text,),);
        let request = firesteel_proto::Request::method(method, text);
        if *method == "note" {
            others.notify(now, &request).expect("sent")
        } else {
            others.call(now, &request).expect("sent");
        }
    }
    for machine in [&mut connect, &mut others] {
        while let Some(mut transmit) = machine.poll_transmit() {
            all.extend_from_slice(&transmit.copy_to_bytes(transmit.remaining()));
        }
    }
    all
}
