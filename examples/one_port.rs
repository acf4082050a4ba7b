//! One port for Pyro and for a web page, with TLS and without it: what is HTTP is handed back, and answered by hand.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use firesteel::blocking::{Connector, Server, Socket};
use firesteel::pump::Foreign;
use firesteel::tls::{Certificate, ClientOptions, Pem, ServerOptions, Tls};
use firesteel::{Config, Target, expose};
use rcgen::{CertifiedKey, generate_simple_self_signed};

#[derive(Clone, Default)]
struct Counter(Arc<AtomicU64>);

#[expose]
impl Counter {
    pub fn add(&self, by: u64) -> u64 {
        self.0.fetch_add(by, Ordering::SeqCst) + by
    }
}

/// Answers one request, whatever it asks for.
fn answer(foreign: Foreign<Socket>, counter: &Counter) -> io::Result<()> {
    let mut stream = BufReader::new(foreign.into_stream());
    let mut request = String::new();
    stream.read_line(&mut request)?;
    let mut header = String::new();
    while stream.read_line(&mut header)? > 2 {
        header.clear();
    }
    let page = format!("you sent {:?}; the counter is at {}\n", request.trim_end(), counter.0.load(Ordering::SeqCst));
    let mut stream = stream.into_inner();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", page.len());
    stream.write_all((head + &page).as_bytes())?;
    stream.finish()?;
    Ok(())
}

fn main() -> Result<(), Error> {
    // TLS, and plaintext beside it. For plaintext alone, `OnePort::new()` is enough, without TLS at all.
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()])?;
    let (certificate, key) = (Pem::text(cert.pem()), Pem::text(signing_key.serialize_pem()));
    let mut options = ServerOptions::new(Certificate::new(certificate.clone(), key));
    options.allow_plain = true;
    let tls = Tls::server(&options)?.with_client(&ClientOptions::trusting(certificate))?;
    let mut secure = Config::default();
    secure.layers = Some(Arc::new(tls.clone()));

    let counter = Counter::default();
    let mut server: Server = Server::bind_with("localhost:0", secure.clone())?;
    server.daemon.register("counter", counter.clone())?;
    server.set_foreign(move |foreign| {
        let counter = counter.clone();
        // The server goes on meanwhile.
        thread::spawn(move || {
            if let Err(error) = answer(foreign, &counter) {
                eprintln!("the web page: {error}");
            }
        });
    });
    let (uri, stopper) = (server.uri("counter").to_string(), server.stopper());
    println!("counter and web page: {uri}");
    let at = uri.split_once('@').expect("a URI has a place").1.to_owned();
    let visitor = thread::spawn(move || {
        let result = visit(&uri, &at, secure, &tls);
        stopper.stop();
        result
    });
    server.run()?;
    visitor.join().expect("the visitor does not panic")
}

type Error = Box<dyn std::error::Error + Send + Sync>;

fn visit(uri: &str, at: &str, secure: Config, tls: &Tls) -> Result<(), Error> {
    for (how, config) in [("plain", Config::default()), ("TLS", secure)] {
        println!("{how}: add(1) gives {}", Connector::new(config).proxy(uri)?.call::<u64>("add", &(1,))?);
    }
    println!("http: {}", page(Box::new(TcpStream::connect(at)?))?);
    // The same over TLS, by the layer that proxies use.
    let layer = firesteel::Layers::connect(tls, &Target::Tcp { host: "localhost".to_owned(), port: 0 })?;
    println!("https: {}", page(Box::new(firesteel::pump::through(TcpStream::connect(at)?, layer)?))?);
    Ok(())
}

trait Stream: io::Read + io::Write {}
impl<S: io::Read + io::Write> Stream for S {}

fn page(mut stream: Box<dyn Stream>) -> Result<String, Error> {
    stream.write_all(b"GET /counter HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.lines().last().unwrap_or_default().to_owned())
}
