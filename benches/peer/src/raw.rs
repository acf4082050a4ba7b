//! The raw reference: the same bytes on the same transport, and nothing else.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use crate::measure::{Measured, repeat};
use crate::{Transport, socket_path};

/// Answers each request with as many bytes as it says; requests that come together are answered together.
pub fn serve(transport: Transport) -> Result<(), Box<dyn Error>> {
    match transport {
        Transport::Tcp => {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            println!("READY {}", listener.local_addr()?);
            for stream in listener.incoming() {
                let stream = stream?;
                stream.set_nodelay(true)?;
                std::thread::spawn(move || answer(stream));
            }
        }
        Transport::Unix => {
            let path = socket_path("firesteel-raw");
            let listener = UnixListener::bind(&path)?;
            println!("READY ./u:{}", path.display());
            for stream in listener.incoming() {
                let stream = stream?;
                std::thread::spawn(move || answer(stream));
            }
        }
    }
    Ok(())
}

/// Sizes that a request announces: its own, and its answer's.
fn sizes(head: &[u8]) -> (usize, usize) {
    let number = |at: usize| head[at..at + 8].iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    (number(0), number(8))
}

/// What a connection has received of a request that is not answered yet.
#[derive(Default)]
pub struct Echo {
    /// The beginning of a request whose sizes are not known.
    head: Vec<u8>,
    /// What is still to come of the request.
    skip: usize,
    /// The size of its answer.
    owed: usize,
    answers: Vec<u8>,
}

impl Echo {
    /// The answers to the requests that end with these bytes.
    pub fn answer(&mut self, mut bytes: &[u8]) -> &[u8] {
        let mut due = 0;
        while !bytes.is_empty() {
            if self.skip == 0 {
                if self.head.is_empty() && bytes.len() >= 16 {
                    (self.skip, self.owed) = sizes(bytes);
                } else {
                    let (some, rest) = bytes.split_at(bytes.len().min(16 - self.head.len()));
                    self.head.extend_from_slice(some);
                    bytes = rest;
                    if self.head.len() < 16 {
                        break;
                    }
                    let (request, answer) = sizes(&self.head);
                    (self.skip, self.owed) = (request - 16, answer);
                    self.head.clear();
                }
            }
            let taken = self.skip.min(bytes.len());
            (self.skip, bytes) = (self.skip - taken, &bytes[taken..]);
            if self.skip == 0 {
                due += std::mem::take(&mut self.owed);
            }
        }
        if self.answers.len() < due {
            self.answers.resize(due, b'x');
        }
        &self.answers[..due]
    }
}

fn answer(mut stream: impl Read + Write) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let mut echo = Echo::default();
    loop {
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        let answers = echo.answer(&buffer[..n]);
        if !answers.is_empty() {
            stream.write_all(answers)?;
        }
    }
}

/// What is asked of the raw server.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// The bytes of a request.
    pub request: usize,
    /// The bytes of its answer.
    pub answer: usize,
    /// Requests in one write.
    pub pipe: usize,
}

/// Measures requests and their answers.
pub fn measure(uri: &str, time: Duration, exchange: Exchange) -> Result<Measured, Box<dyn Error>> {
    let mut stream = connect(uri)?;
    let large = exchange.request.max(exchange.answer) > 1 << 20;
    let repeated = repeat("raw", time, usize::MAX, !large, exchange.on(&mut *stream))?;
    Ok(repeated.times(exchange.pipe))
}

/// Measures sequential requests on each of `n` connections, a thread for each.
pub fn measure_concurrent(uri: &str, time: Duration, n: usize, exchange: Exchange) -> Result<Measured, Box<dyn Error>> {
    let streams = (0..n).map(|_| connect(uri)).collect::<Result<Vec<_>, _>>()?;
    let results: Vec<_> = std::thread::scope(|scope| {
        let run = |mut stream: Box<dyn Stream>| repeat("raw", time, usize::MAX, true, exchange.on(&mut *stream));
        let threads: Vec<_> = streams
            .into_iter()
            .map(|stream| scope.spawn(move || run(stream).map_err(|error| error.to_string())))
            .collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked".to_owned())?).collect()
    });
    Measured::together(results.into_iter().collect::<Result<Vec<_>, _>>()?).ok_or_else(|| "no connections".into())
}

/// Connections that have made one request each, held until this is dropped.
pub fn hold(uri: &str, n: usize, exchange: Exchange) -> Result<impl Drop + use<>, Box<dyn Error>> {
    let mut streams = Vec::with_capacity(n);
    for _ in 0..n {
        let mut stream = connect(uri)?;
        exchange.on(&mut *stream)()?;
        streams.push(stream);
    }
    Ok(Held(streams))
}

struct Held(#[expect(dead_code, reason = "kept open")] Vec<Box<dyn Stream>>);

impl Drop for Held {
    fn drop(&mut self) {}
}

/// Measures connections on which one request is answered.
pub fn measure_connects(
    uri: &str,
    time: Duration,
    most: usize,
    exchange: Exchange,
) -> Result<Measured, Box<dyn Error>> {
    repeat("raw", time, most, false, || exchange.on(&mut *connect(uri)?)())
}

trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

fn connect(uri: &str) -> std::io::Result<Box<dyn Stream>> {
    Ok(match uri.strip_prefix("./u:") {
        Some(path) => Box::new(UnixStream::connect(path)?),
        None => {
            let stream = TcpStream::connect(uri)?;
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
    })
}

impl Exchange {
    /// All requests.
    pub fn bytes(self) -> Vec<u8> {
        let mut request = vec![b'x'; self.request.max(16)];
        request[..8].copy_from_slice(&(self.request.max(16) as u64).to_be_bytes());
        request[8..16].copy_from_slice(&(self.answer as u64).to_be_bytes());
        request.repeat(self.pipe)
    }

    /// One exchange for each time that it is called.
    fn on(self, stream: &mut dyn Stream) -> impl FnMut() -> Result<(), Box<dyn Error>> {
        let bytes = self.bytes();
        let mut buffer = vec![0; 64 * 1024];
        move || {
            stream.write_all(&bytes)?;
            let mut left = self.answer * self.pipe;
            while left > 0 {
                let n = stream.read(&mut buffer)?;
                if n == 0 {
                    return Err("the raw server is gone".into());
                }
                left -= n;
            }
            Ok(())
        }
    }
}
