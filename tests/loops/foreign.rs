//! HTTP on the port of a server: each adapter hands the socket back, and serves others on.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use firesteel::blocking::{self, Connector};
use firesteel::pump::{Foreign, through};
use firesteel::{Budget, Config, OnePort, Shared, Target, Uri};

use crate::stage::both_ends;
use crate::thing::{PATIENCE, Thing};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// Answers one request.
fn answer<S: Read + Write>(foreign: Foreign<S>) {
    assert_eq!(foreign.protocol, "http");
    assert!(foreign.peer.address.is_some());
    let mut stream = foreign.into_stream();
    let mut request = [0; REQUEST.len()];
    stream.read_exact(&mut request).expect("the whole request");
    assert_eq!(request, REQUEST);
    stream.write_all(ANSWER).expect("a client that listens");
    stream.finish().expect("a client that listens");
}

/// Configs of a server and of its clients: plain, and TLS.
fn configs() -> [(Config, Config); 2] {
    let mut plain = Config::default();
    plain.layers = Some(Arc::new(OnePort::new()));
    let mut secure = Config::default();
    secure.layers = Some(Arc::new(both_ends()));
    [(plain, Config::default()), (secure.clone(), secure)]
}

/// What clients see of a server: its page, and its object beside that.
fn visit(uri: &Uri, client: &Config) {
    let location = uri.location().expect("an address").to_string();
    let thing = Connector::new(client.clone()).proxy(&uri.to_string()).expect("a uri");
    for n in 0..3 {
        assert_eq!(thing.call::<i64>("echo", &(n,)).expect("an answer"), n);
        assert_eq!(page(&location, client, REQUEST).expect("a page"), ANSWER);
        // In pieces, and by one who goes away.
        drop(page(&location, client, b"GET"));
    }
    assert_eq!(thing.call::<i64>("echo", &(7,)).expect("an answer"), 7);
}

fn page(location: &str, client: &Config, request: &[u8]) -> io::Result<Vec<u8>> {
    let socket = TcpStream::connect(location)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let target = Target::Tcp { host: "127.0.0.1".to_owned(), port: 0 };
    let layer = client.layers.as_ref().map(|layers| layers.connect(&target).expect("a layer"));
    let mut stream = through(socket, layer.flatten())?;
    stream.write_all(request)?;
    if request.len() < REQUEST.len() {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    stream.read_to_end(&mut all)?;
    Ok(all)
}

/// Runs `serve` on a thread of its own until the visit is over.
fn play(serve: impl Fn(Config, mpsc::Sender<Uri>, Arc<AtomicBool>) + Send + Sync) {
    for (server, client) in configs() {
        let (tell, told) = mpsc::channel();
        let over = Arc::new(AtomicBool::new(false));
        thread::scope(|scope| {
            let serving = scope.spawn(|| serve(server, tell, Arc::clone(&over)));
            let uri = told.recv_timeout(PATIENCE).expect("it listens");
            visit(&uri, &client);
            over.store(true, Ordering::SeqCst);
            serving.join().expect("no panic");
        });
    }
}

fn until(over: Arc<AtomicBool>, stop: impl FnOnce() + Send + 'static) {
    thread::spawn(move || {
        while !over.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        stop();
    });
}

#[test]
fn on_one_blocking_thread() {
    play(|config, tell, over| {
        let mut server: blocking::Server = blocking::Server::bind_with("127.0.0.1:0", config).expect("a free port");
        server.daemon.register("thing", Thing::default()).expect("a free id");
        server.set_foreign(|foreign| drop(thread::spawn(move || answer(foreign))));
        let stopper = server.stopper();
        until(over, move || stopper.stop());
        tell.send(server.uri("thing")).expect("somebody waits");
        server.run().expect("the loop runs");
        assert_eq!(server.daemon.session_count(), 0);
    });
}

#[test]
fn on_several_blocking_threads() {
    play(|config, tell, over| {
        let objects = Shared::new();
        objects.register("thing", Thing::default()).expect("a free id");
        let mut server = blocking::Server::shared_with("127.0.0.1:0", &objects, 2, config).expect("a free port");
        server.set_foreign(|foreign| drop(thread::spawn(move || answer(foreign))));
        let stopper = server.stopper();
        until(over, move || stopper.stop());
        tell.send(server.uri("thing")).expect("somebody waits");
        server.run_threads(3).expect("the loop runs");
        assert_eq!(server.daemon.session_count(), 0);
    });
}

#[test]
fn on_mio() {
    play(|config, tell, over| {
        let (mut poll, mut server): (_, firesteel::mio::Server) =
            firesteel::mio::Server::bind("127.0.0.1:0", config).expect("a free port");
        server.daemon.register("thing", Thing::default()).expect("a free id");
        server.set_foreign(|foreign| {
            let firesteel::mio::Socket::Tcp(stream) = foreign.socket else { panic!("it listens on TCP") };
            let stream = TcpStream::from(std::os::fd::OwnedFd::from(stream));
            stream.set_nonblocking(false).expect("a live descriptor");
            let foreign = Foreign::new(stream, foreign.peer, foreign.protocol, foreign.detached);
            thread::spawn(move || answer(foreign));
        });
        let stopper = server.stopper();
        until(over, move || stopper.stop());
        tell.send(server.uri("thing").expect("it listens")).expect("somebody waits");
        server.run(&mut poll).expect("the loop runs");
        assert_eq!(server.daemon.session_count(), 0);
    });
}

#[test]
fn in_ticks() {
    play(|config, tell, over| {
        let mut server = firesteel::tick::Server::bind(Instant::now(), "127.0.0.1:0", config).expect("a free port");
        server.daemon.register("thing", Thing::default()).expect("a free id");
        server.set_foreign(|foreign| {
            let firesteel::tick::Socket::Tcp(stream) = foreign.socket else { panic!("it listens on TCP") };
            stream.set_nonblocking(false).expect("a live descriptor");
            let foreign = Foreign::new(stream, foreign.peer, foreign.protocol, foreign.detached);
            thread::spawn(move || answer(foreign));
        });
        tell.send(server.uri("thing").expect("it listens")).expect("somebody waits");
        while !over.load(Ordering::SeqCst) {
            server.tick(Instant::now(), &mut (), Budget::calls(32));
            thread::sleep(Duration::from_millis(1));
        }
        server.shutdown(Instant::now(), Duration::from_secs(1));
        while !server.is_over() {
            server.tick(Instant::now(), &mut (), Budget::calls(32));
        }
    });
}

/// Where nobody takes them, they are closed.
#[test]
fn without_anybody_who_speaks_it() {
    let mut config = Config::default();
    config.layers = Some(Arc::new(OnePort::new()));
    let mut server: blocking::Server = blocking::Server::bind_with("127.0.0.1:0", config).expect("a free port");
    server.daemon.register("thing", Thing::default()).expect("a free id");
    let (uri, stopper) = (server.uri("thing"), server.stopper());
    let visitor = thread::spawn(move || {
        let location = uri.location().expect("an address").to_string();
        let answer = page(&location, &Config::default(), REQUEST);
        let thing = Connector::new(Config::default()).proxy(&uri.to_string()).expect("a uri");
        let echo = thing.call::<i64>("echo", &(1,));
        stopper.stop();
        (answer, echo)
    });
    server.run().expect("the loop runs");
    let (answer, echo) = visitor.join().expect("no panic");
    assert_eq!(answer.expect("an end"), b"");
    assert_eq!(echo.expect("an answer"), 1);
}

/// A server without a certificate does not listen at all.
#[test]
fn without_a_certificate_nobody_listens() {
    let options = firesteel::tls::ClientOptions::new(firesteel::tls::Trust::These(trusted()));
    let mut config = Config::default();
    config.layers = Some(Arc::new(firesteel::tls::Tls::client(&options).expect("good")));
    let blocking = blocking::Server::<firesteel::Local>::bind_with("127.0.0.1:0", config.clone()).err();
    let mio = firesteel::mio::Server::<firesteel::Local>::bind("127.0.0.1:0", config.clone()).err();
    let tick = firesteel::tick::Server::<()>::bind(Instant::now(), "127.0.0.1:0", config).err();
    for error in [blocking, mio, tick] {
        assert!(error.expect("an error").to_string().contains("SSL_SERVERCERT"));
    }
}

fn trusted() -> firesteel::tls::Pem {
    firesteel::tls::Pem::text(firesteel_testkit::Authority::new("the authority").certificate())
}
