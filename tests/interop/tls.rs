//! TLS with the real Pyro5 and Pyro4 in both roles.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use firesteel::blocking::{Connector, Server};
use firesteel::tls::{Certificate, ClientCertificates, ClientOptions, PeerCertificate, ServerOptions, Tls, apply};
use firesteel::{
    CallFailure, CloseReason, Config, Context, Fault, LayerError, Local, Protocol, Settings, Value, expose,
};
use firesteel_testkit::{Authority, Credentials, Folder, Python, PythonProcess, self_signed};

use crate::hosted::{Hosted, server_config};
use crate::support::{TIMEOUT, config, connect, eventually};

pub const GENERATIONS: [&str; 2] = ["5", "4"];

/// Files for both sides.
pub struct Files {
    folder: Folder,
    authority: String,
    pub server: (String, String),
    client: (String, String),
}

pub fn files() -> Files {
    let authority = Authority::new("the authority");
    let folder = Folder::new();
    let server = put(&folder, "server", &authority.issue("the server", &["localhost", "127.0.0.1"]));
    let client = put(&folder, "client", &authority.issue("alice", &[]));
    let authority = put_text(&folder, "authority.pem", &authority.certificate());
    Files { folder, authority, server, client }
}

fn put(folder: &Folder, name: &str, credentials: &Credentials) -> (String, String) {
    let certificate = put_text(folder, &format!("{name}_cert.pem"), &credentials.certificate);
    (certificate, put_text(folder, &format!("{name}_key.pem"), &credentials.key))
}

fn put_text(folder: &Folder, name: &str, text: &str) -> String {
    folder.put(name, text).display().to_string()
}

impl Files {
    fn server_options(&self) -> ServerOptions {
        ServerOptions::new(Certificate::new(self.server.0.as_str(), self.server.1.as_str()))
    }

    fn mutual_options(&self) -> ServerOptions {
        let mut options = self.server_options();
        options.clients = ClientCertificates::Required(self.authority.as_str().into());
        options
    }

    pub fn client_options(&self) -> ClientOptions {
        ClientOptions::trusting(self.authority.as_str())
    }

    /// Pyro's client, as far as its environment says.
    fn python_client(&self, generation: &str, text: &str, uri: &str) -> Python {
        let python = Python::source(text).env("GENERATION", generation).arg(uri);
        python.env("PYRO_SSL", "1").env("PYRO_SSL_CACERTS", &self.authority).env("PYRO_COMMTIMEOUT", "20")
    }

    fn with_certificate(&self, python: Python) -> Python {
        python.env("PYRO_SSL_CLIENTCERT", &self.client.0).env("PYRO_SSL_CLIENTKEY", &self.client.1)
    }

    /// `server.py`, with TLS.
    pub fn python_server(&self, generation: &str) -> Python {
        let python = Python::script("server.py").args(["--threads"]).env("GENERATION", generation);
        let python = python.env("PYRO_SSL", "1").env("PYRO_SSL_SERVERCERT", &self.server.0);
        python.env("PYRO_SSL_SERVERKEY", &self.server.1)
    }
}

pub fn under(tls: &Tls, mut config: Config) -> Config {
    config.layers = Some(Arc::new(tls.clone()));
    config
}

#[derive(Default)]
struct Vault {
    notes: Arc<Mutex<Vec<String>>>,
}

#[expose]
impl Vault {
    pub fn echo(&self, value: Value) -> Value {
        value
    }

    pub fn large(&self, size: usize) -> String {
        "y".repeat(size)
    }

    pub fn fail(&self) -> Result<(), Fault> {
        Err(Fault::new("builtins.ValueError", "no"))
    }

    #[oneway]
    pub fn note(&self, text: String) {
        // Those that follow it are to be there already, and its caller to be gone.
        thread::sleep(Duration::from_millis(30));
        self.notes.lock().expect("no panic").push(text);
    }

    /// Who calls: the subject of the certificate, its serial number, its common name.
    pub fn caller(&self, cx: &mut Context<'_>) -> Option<Vec<String>> {
        let identity = cx.peer().identity.clone()?;
        let certificate = PeerCertificate::of(&identity)?;
        let name = certificate.common_name.clone().unwrap_or_default();
        Some(vec![identity.name.clone(), certificate.serial_number.clone(), name])
    }
}

fn vault(tls: &Tls) -> (Hosted, Arc<Mutex<Vec<String>>>) {
    let notes = Arc::<Mutex<Vec<String>>>::default();
    let vault = Vault { notes: Arc::clone(&notes) };
    (Hosted::shared("localhost:0", under(tls, server_config()), "vault", move |_| vault), notes)
}

const CALLS: &str = "
import ssl, sys
from checking import equal, raises
from generation import BatchProxy, Proxy, config
with Proxy(sys.argv[1]) as vault:
    equal(vault.echo([1, 'ä', None]), [1, 'ä', None])
    assert isinstance(vault._pyroConnection.sock, ssl.SSLSocket)
    subject = dict(part[0] for part in vault._pyroConnection.getpeercert()['subject'])
    equal(subject['commonName'], 'the server')
    for size in (15000, 17000, 3000000):
        equal(vault.echo('x' * size), 'x' * size)
    equal(vault.large(5000000), 'y' * 5000000)
    raises(ValueError, 'no', vault.fail)
    batch = BatchProxy(vault)
    batch.echo(1)
    batch.echo(2)
    equal(list(batch()), [1, 2])
    caller = vault.caller()
    # Pyro says goodbye without a word: what was sent before counts.
    for n in range(10):
        vault.note('note %d' % n)
if config.SSL_CLIENTCERT:
    import os
    own = ssl._ssl._test_decode_cert(config.SSL_CLIENTCERT)
    subject = dict(part[0] for part in own['subject'])
    equal(caller, ['CN=%s,O=Firesteel\\\\, Inc.,C=NL' % subject['commonName'], own['serialNumber'], subject['commonName']])
else:
    equal(caller, None)
print('ALL OK')
";

#[test]
fn python_calls_over_tls_one_way_and_mutual() {
    let files = files();
    for mutual in [false, true] {
        let options = if mutual { files.mutual_options() } else { files.server_options() };
        let tls = Tls::server(&options).expect("good files");
        for generation in GENERATIONS {
            let (server, notes) = vault(&tls);
            let client = files.python_client(generation, CALLS, &server.uri.to_string());
            let client = if mutual { files.with_certificate(client) } else { client };
            let output = client.run(TIMEOUT);
            assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
            let expected: Vec<_> = (0..10).map(|n| format!("note {n}")).collect();
            eventually("all notes arrive", || notes.lock().expect("no panic").len() == 10);
            let mut notes = notes.lock().expect("no panic").clone();
            notes.sort();
            assert_eq!(notes, expected);
        }
    }
}

#[test]
fn a_client_certificate_that_is_shown_unasked_is_ignored_and_optional_ones_count() {
    let files = files();
    let mut options = files.server_options();
    options.clients = ClientCertificates::Optional(files.authority.as_str().into());
    let (server, _) = vault(&Tls::server(&options).expect("good files"));
    let uri = server.uri.to_string();
    for client in [files.python_client("5", CALLS, &uri), files.with_certificate(files.python_client("5", CALLS, &uri))]
    {
        assert!(client.run(TIMEOUT).stdout.ends_with("ALL OK\n"));
    }
}

/// What a client says when its call fails.
const FAILS: &str = "
import sys
from generation import Proxy, errors
try:
    with Proxy(sys.argv[1]) as vault:
        vault.echo(1)
except errors.CommunicationError as x:
    print('REFUSED', type(x).__name__, str(x).replace('\\n', ' '))
else:
    print('LET IN')
";

fn refusal(python: Python) -> String {
    python.start().wait_for("REFUSED ", TIMEOUT)
}

#[test]
fn python_is_refused_for_a_missing_or_wrong_certificate() {
    let files = files();
    let (server, _) = vault(&Tls::server(&files.mutual_options()).expect("good files"));
    let uri = server.uri.to_string();
    let stranger = put(&files.folder, "stranger", &Authority::new("somebody else").issue("mallory", &[]));
    for generation in GENERATIONS {
        let without = refusal(files.python_client(generation, FAILS, &uri));
        assert!(without.to_lowercase().contains("certificate required"), "{without}");
        let wrong = files.python_client(generation, FAILS, &uri).env("PYRO_SSL_CLIENTCERT", &stranger.0);
        let wrong = refusal(wrong.env("PYRO_SSL_CLIENTKEY", &stranger.1));
        assert!(wrong.to_lowercase().contains("unknown ca"), "{wrong}");
        // No goodwill on the client's side: who it does not trust, it does not talk to.
        let distrust = files.with_certificate(files.python_client(generation, FAILS, &uri));
        let distrust = refusal(distrust.env("PYRO_SSL_CACERTS", &stranger.0));
        assert!(distrust.contains("CERTIFICATE_VERIFY_FAILED"), "{distrust}");
    }
}

#[test]
fn plain_clients_of_python_are_told_to_use_tls_unless_plaintext_is_allowed() {
    let files = files();
    let plain = |generation: &str, uri: &str| Python::source(FAILS).env("GENERATION", generation).arg(uri);
    for options in [files.server_options(), files.mutual_options()] {
        let (server, _) = vault(&Tls::server(&options).expect("good files"));
        for generation in GENERATIONS {
            let refused = refusal(plain(generation, &server.uri.to_string()));
            assert!(refused.contains("this server speaks TLS only"), "{refused}");
        }
    }
    let mut options = files.server_options();
    options.allow_plain = true;
    let (server, _) = vault(&Tls::server(&options).expect("good files"));
    for generation in GENERATIONS {
        plain(generation, &server.uri.to_string()).start().wait_for("LET IN", TIMEOUT);
        files.python_client(generation, FAILS, &server.uri.to_string()).start().wait_for("LET IN", TIMEOUT);
    }
    // Where a certificate is required, plaintext would be a way around it.
    let mut options = files.mutual_options();
    options.allow_plain = true;
    assert!(Tls::server(&options).is_err());
}

#[test]
fn python_with_tls_finds_a_plain_server() {
    let files = files();
    let server = Hosted::shared("localhost:0", server_config(), "vault", |_| Vault::default());
    for generation in GENERATIONS {
        let refused = refusal(files.python_client(generation, FAILS, &server.uri.to_string()));
        assert!(refused.to_lowercase().contains("ssl"), "{refused}");
    }
}

#[test]
fn rust_calls_over_tls_one_way_and_mutual() {
    let files = files();
    for generation in GENERATIONS {
        for mutual in [false, true] {
            let mut python = files.python_server(generation).args(["--host", "localhost"]);
            let mut options = files.client_options();
            if mutual {
                python = python.env("PYRO_SSL_REQUIRECLIENTCERT", "1").env("PYRO_SSL_CACERTS", &files.authority);
                options.certificate = Some(Certificate::new(files.client.0.as_str(), files.client.1.as_str()));
            }
            let (process, uri) = python.serve("READY ");
            let thing = connect(&uri, under(&Tls::client(&options).expect("good files"), config()));
            assert_eq!(thing.call::<Vec<i64>>("echo", &(vec![1, 2],)).expect("served"), [1, 2]);
            for size in [16_000, 20_000, 4_000_000] {
                let text = "x".repeat(size);
                assert_eq!(thing.call::<String>("echo", &(&text,)).expect("served"), text);
            }
            let server = thing.identity().expect("it showed a certificate");
            assert_eq!(server.name, "CN=the server,O=Firesteel\\, Inc.,C=NL");
            assert_eq!(PeerCertificate::of(&server).expect("a certificate").dns_names, ["localhost"]);
            assert!(matches!(thing.call::<()>("no_such_method", &()), Err(CallFailure::Fault(_))));
            thing.call::<()>("quit", &()).expect("it ends");
            process.finish(TIMEOUT);
        }
    }
}

/// Why the connection could not be used.
#[track_caller]
fn lost(result: Result<i64, CallFailure>) -> String {
    match result {
        Err(CallFailure::Lost(CloseReason::Layer(LayerError::Failed(reason)))) => reason,
        other => panic!("expected a failure below, got {other:?}"),
    }
}

#[test]
fn rust_refuses_and_is_refused_with_reasons() {
    let files = files();
    let start = |generation: &str| -> (PythonProcess, String) {
        let python = files.python_server(generation).args(["--host", "localhost"]);
        python.env("PYRO_SSL_REQUIRECLIENTCERT", "1").env("PYRO_SSL_CACERTS", &files.authority).serve("READY ")
    };
    let other = Authority::new("somebody else");
    let other_file = put_text(&files.folder, "other.pem", &other.certificate());
    let stranger = put(&files.folder, "stranger", &other.issue("mallory", &[]));
    for generation in GENERATIONS {
        let (_process, uri) = start(generation);
        let call = |options: &ClientOptions, uri: &str| {
            let tls = Tls::client(options).expect("good files");
            connect(uri, under(&tls, config())).call::<i64>("echo", &(1,))
        };
        let reason = lost(call(&files.client_options(), &uri));
        assert!(reason.contains("insists on a certificate"), "{reason}");
        let mut options = files.client_options();
        options.certificate = Some(Certificate::new(stranger.0.as_str(), stranger.1.as_str()));
        let reason = lost(call(&options, &uri));
        assert!(reason.contains("does not trust this end's certificate"), "{reason}");
        let reason = lost(call(&ClientOptions::trusting(other_file.as_str()), &uri));
        assert!(reason.contains("signed by nobody who is trusted here"), "{reason}");
    }
}

#[test]
fn the_host_in_the_uri_has_to_be_that_of_the_certificate() {
    let files = files();
    let authority = Authority::new("another one");
    let elsewhere = put(&files.folder, "elsewhere", &authority.issue("the server", &["example.org"]));
    let trusted = put_text(&files.folder, "another.pem", &authority.certificate());
    let python = files.python_server("5").args(["--host", "localhost"]).env("PYRO_SSL_SERVERCERT", &elsewhere.0);
    let (_process, uri) = python.env("PYRO_SSL_SERVERKEY", &elsewhere.1).serve("READY ");
    let mut options = ClientOptions::trusting(trusted.as_str());
    let call = |options: &ClientOptions| {
        let tls = Tls::client(options).expect("good files");
        connect(&uri, under(&tls, config())).call::<i64>("echo", &(1,))
    };
    let reason = lost(call(&options));
    assert!(reason.contains("localhost") && reason.contains("example.org"), "{reason}");
    // Pyro's client says the same.
    let output =
        files.python_client("5", FAILS, &uri).env("PYRO_SSL_CACERTS", &trusted).start().wait_for("REFUSED ", TIMEOUT);
    assert!(output.contains("Hostname mismatch"), "{output}");
    options.check_hostname = false;
    assert_eq!(call(&options).expect("served"), 1);
}

/// As Pyro's own example does it: both sides sign their own certificates, and each trusts that of the other. The host is in
/// the common name alone, and both are authorities.
#[test]
fn self_signed_certificates_are_trusted_as_they_stand() {
    let folder = Folder::new();
    let (server, client) = (self_signed("localhost"), self_signed("client"));
    let (server, client) = (put(&folder, "server", &server), put(&folder, "client", &client));
    for generation in GENERATIONS {
        let mut options = ServerOptions::new(Certificate::new(server.0.as_str(), server.1.as_str()));
        options.clients = ClientCertificates::Required(client.0.as_str().into());
        let (hosted, _) = vault(&Tls::server(&options).expect("good files"));
        let python = Python::source(FAILS).env("GENERATION", generation).arg(hosted.uri.to_string());
        let python = python.env("PYRO_SSL", "1").env("PYRO_SSL_CACERTS", &server.0);
        python
            .env("PYRO_SSL_CLIENTCERT", &client.0)
            .env("PYRO_SSL_CLIENTKEY", &client.1)
            .start()
            .wait_for("LET IN", TIMEOUT);

        let python =
            Python::script("server.py").args(["--threads", "--host", "localhost"]).env("GENERATION", generation);
        let python =
            python.env("PYRO_SSL", "1").env("PYRO_SSL_SERVERCERT", &server.0).env("PYRO_SSL_SERVERKEY", &server.1);
        let python = python.env("PYRO_SSL_REQUIRECLIENTCERT", "1").env("PYRO_SSL_CACERTS", &client.0);
        let (_process, uri) = python.serve("READY ");
        let mut options = ClientOptions::trusting(server.0.as_str());
        options.certificate = Some(Certificate::new(client.0.as_str(), client.1.as_str()));
        let thing = connect(&uri, under(&Tls::client(&options).expect("good files"), config()));
        assert_eq!(thing.call::<i64>("echo", &(1,)).expect("served"), 1);
        // Under another name for the same host, it is somebody else.
        let thing = connect(
            &uri.replace("localhost", "127.0.0.1"),
            under(&Tls::client(&options).expect("good files"), config()),
        );
        assert!(lost(thing.call::<i64>("echo", &(1,))).contains("not for the host"));
    }
}

#[test]
fn each_end_without_tls_is_told_apart_by_the_other() {
    let files = files();
    let tls = Tls::client(&files.client_options()).expect("good files");
    for generation in GENERATIONS {
        let plain =
            Python::script("server.py").args(["--threads", "--host", "localhost"]).env("GENERATION", generation);
        let (_process, uri) = plain.serve("READY ");
        let reason = lost(connect(&uri, under(&tls, config())).call::<i64>("echo", &(1,)));
        assert!(reason.contains("does not speak TLS"), "{reason}");

        let (_process, uri) = files.python_server(generation).args(["--host", "localhost"]).serve("READY ");
        let mut config = config();
        config.protocol =
            Protocol::Always(if generation == "4" { firesteel::Dialect::Pyro4 } else { firesteel::Dialect::Pyro5 });
        match connect(&uri, config).call::<i64>("echo", &(1,)) {
            Err(CallFailure::Lost(CloseReason::Protocol(error))) => {
                assert!(error.to_string().contains("speaks TLS"), "{error}")
            }
            // OpenSSL says so in an alert, or goes away.
            Err(CallFailure::Lost(CloseReason::PeerEof | CloseReason::Transport)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_certificate_is_renewed_while_a_connection_lives() {
    let files = files();
    let renewed = Authority::new("the next authority");
    let next = put(&files.folder, "next", &renewed.issue("the next server", &["localhost"]));
    let trusted = put_text(&files.folder, "next_authority.pem", &renewed.certificate());
    let tls = Tls::server(&files.server_options()).expect("good files");
    let (server, _) = vault(&tls);
    let uri = server.uri.to_string();
    let former = under(&Tls::client(&files.client_options()).expect("good files"), config());
    let old = connect(&uri, former.clone());
    assert_eq!(old.call::<i64>("echo", &(1,)).expect("served"), 1);
    let options = ServerOptions::new(Certificate::new(next.0.as_str(), next.1.as_str()));
    tls.reload_server(&options).expect("good files");
    // What cannot be used changes nothing.
    assert!(
        tls.reload_server(&ServerOptions::new(Certificate::new(next.0.as_str(), files.server.1.as_str()))).is_err()
    );
    assert_eq!(old.call::<i64>("echo", &(2,)).expect("served on the old connection"), 2);
    assert_eq!(old.identity().expect("known").name, "CN=the server,O=Firesteel\\, Inc.,C=NL");
    let reason = lost(connect(&uri, former).call::<i64>("echo", &(1,)));
    assert!(reason.contains("signed by nobody"), "{reason}");
    let new =
        connect(&uri, under(&Tls::client(&ClientOptions::trusting(trusted.as_str())).expect("good files"), config()));
    assert_eq!(new.call::<i64>("echo", &(3,)).expect("served"), 3);
    let python = files.python_client("5", FAILS, &uri).env("PYRO_SSL_CACERTS", &trusted);
    python.start().wait_for("LET IN", TIMEOUT);
    assert_eq!(old.call::<i64>("echo", &(4,)).expect("served on the old connection"), 4);
}

/// The same environment means the same to both.
#[test]
fn the_settings_of_pyro_do_what_they_do_there() {
    let files = files();
    let vars = [
        ("PYRO_SSL", "1"),
        ("PYRO_SSL_SERVERCERT", &files.server.0),
        ("PYRO_SSL_SERVERKEY", &files.server.1),
        ("PYRO_SSL_REQUIRECLIENTCERT", "1"),
        ("PYRO_SSL_CLIENTCERT", &files.client.0),
        ("PYRO_SSL_CLIENTKEY", &files.client.1),
        ("PYRO_SSL_CACERTS", &files.authority),
    ];
    let mut settings = Settings::from_vars(vars).expect("valid");
    apply(&mut settings);
    let mut hosting = settings.config.clone();
    hosting.limits.max_handshake = 1 << 20;
    let server = Hosted::shared("localhost:0", hosting, "vault", |_| Vault::default());
    let rust = connect(&server.uri.to_string(), settings.config.clone());
    assert_eq!(rust.call::<Vec<String>>("caller", &()).expect("served")[2], "alice");
    let mut python = Python::source(CALLS).arg(server.uri.to_string());
    for (name, value) in vars.iter().filter(|(name, _)| !name.contains("SERVER")) {
        python = python.env(name, value);
    }
    assert!(python.run(TIMEOUT).stdout.ends_with("ALL OK\n"));
    let mut python = Python::script("server.py").args(["--threads", "--host", "localhost"]);
    for (name, value) in vars.iter().filter(|(name, _)| !name.contains("SSL_CLIENT")) {
        python = python.env(name, value);
    }
    let (_process, uri) = python.serve("READY ");
    assert_eq!(connect(&uri, settings.config).call::<i64>("echo", &(5,)).expect("served"), 5);
}

/// Sockets that are given, on TCP: a server does TLS on them by itself, a client is given its end of it. Pyro has a wrapped
/// socket there.
#[test]
fn given_tcp_sockets_speak_tls_too() {
    let files = files();
    let tls = Tls::server(&files.mutual_options()).expect("good files");
    let mut options = files.client_options();
    options.certificate = Some(Certificate::new(files.client.0.as_str(), files.client.1.as_str()));
    let client = Tls::client(&options).expect("good files");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let connector = Connector::new(under(&client, config()));
    let refused = connector.adopt("vault", TcpStream::connect(address).expect("it listens")).err().expect("no layer");
    assert!(refused.to_string().contains("has no TLS by itself"), "{refused}");
    drop(listener.accept().expect("a client"));

    let mut server = Server::<Local>::unbound(under(&tls, server_config())).expect("a server");
    server.daemon.register("vault", Vault::default()).expect("a free id");
    let ours = TcpStream::connect(address).expect("it listens");
    server.adopt(listener.accept().expect("a client").0).expect("a session");
    let layer = client.client_layer("localhost").expect("a name");
    let proxy = connector.adopt_over("vault", ours, layer).expect("a proxy");
    let caller = thread::spawn(move || proxy.call::<Vec<String>>("caller", &()));
    server.run().expect("it serves until its client goes");
    assert_eq!(caller.join().expect("no panic").expect("an answer")[2], "alice");

    // Pyro's client on a socket that it has wrapped itself: there is no handshake of Pyro's.
    let mut server = Server::<Local>::unbound(under(&tls, server_config())).expect("a server");
    server.daemon.register("vault", Vault::default()).expect("a free id");
    let python = Python::source(GIVEN).args(["127.0.0.1", &address.port().to_string()]);
    let python = files.with_certificate(python).env("PYRO_SSL", "1").env("PYRO_SSL_CACERTS", &files.authority);
    let client = python.start();
    server.adopt(listener.accept().expect("a client").0).expect("a session");
    server.run().expect("it serves until its client goes");
    assert_eq!(client.finish(TIMEOUT).stdout, "alice\n");
}

const GIVEN: &str = "
import socket, sys
from Pyro5 import config, socketutil
from Pyro5.api import Proxy
context = socketutil.get_ssl_context(clientcert=config.SSL_CLIENTCERT, clientkey=config.SSL_CLIENTKEY, cacerts=config.SSL_CACERTS)
sock = context.wrap_socket(socket.create_connection((sys.argv[1], int(sys.argv[2]))), server_hostname='127.0.0.1')
vault = Proxy('vault', connected_socket=sock)
print(vault.caller()[2])
sock.close()
";

/// What every Python has speaks HTTP, over TLS and without it, where Pyro's clients speak Pyro.
#[test]
fn a_browser_and_pyro_share_a_port() {
    let files = files();
    let mut options = files.server_options();
    options.allow_plain = true;
    let tls = Tls::server(&options).expect("good files");
    let mut server = Server::<Local>::bind_with("localhost:0", under(&tls, server_config())).expect("a free port");
    server.daemon.register("vault", Vault::default()).expect("a free id");
    server.set_foreign(|foreign| {
        thread::spawn(move || {
            let mut stream = BufReader::new(foreign.into_stream());
            let mut line = String::new();
            stream.read_line(&mut line).expect("a request");
            let page = format!("page of {}", line.split(' ').nth(1).expect("a path"));
            let mut stream = stream.into_inner();
            write!(stream, "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{page}", page.len()).expect("sent");
            stream.finish().expect("sent");
        });
    });
    let (uri, stopper) = (server.uri("vault").to_string(), server.stopper());
    let visitor = thread::spawn(move || {
        let output = files.python_client("5", BROWSER, &uri).run(TIMEOUT);
        stopper.stop();
        output
    });
    server.run().expect("it serves");
    assert_eq!(visitor.join().expect("no panic").stdout, "page of /plain\npage of /secure\n[1, 2]\n");
}

const BROWSER: &str = "
import ssl, sys, urllib.request
from Pyro5 import config
from Pyro5.api import Proxy
location = sys.argv[1].split('@')[1]
context = ssl.create_default_context(cafile=config.SSL_CACERTS)
print(urllib.request.urlopen('http://%s/plain' % location, timeout=20).read().decode())
print(urllib.request.urlopen('https://%s/secure' % location, timeout=20, context=context).read().decode())
with Proxy(sys.argv[1]) as vault:
    print(vault.echo([1, 2]))
";
