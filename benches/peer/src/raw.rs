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

fn answer(mut stream: impl Read + Write) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let mut answers = Vec::new();
    let (mut filled, mut skip) = (0, 0);
    loop {
        let n = stream.read(&mut buffer[filled..])?;
        if n == 0 {
            return Ok(());
        }
        filled += n;
        let mut at = 0;
        loop {
            // What is left of a request that is longer than the buffer.
            let skipped = skip.min(filled - at);
            (skip, at) = (skip - skipped, at + skipped);
            if skip > 0 || filled - at < 16 {
                break;
            }
            let (request, answer) = sizes(&buffer[at..]);
            if filled - at < request && request <= buffer.len() {
                break;
            }
            answers.resize(answers.len() + answer, b'x');
            skip = request;
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
        if skip == 0 && !answers.is_empty() {
            stream.write_all(&answers)?;
            answers.clear();
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

/// Measures connections on which one request is answered.
pub fn measure_connects(
    uri: &str,
    time: Duration,
    most: usize,
    exchange: Exchange,
) -> Result<Measured, Box<dyn Error>> {
    repeat("raw", time, most, false, || exchange.on(&mut *connect(uri)?)())
}

trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

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
    /// One exchange for each time that it is called.
    fn on(self, stream: &mut dyn Stream) -> impl FnMut() -> Result<(), Box<dyn Error>> {
        let mut request = vec![b'x'; self.request.max(16)];
        request[..8].copy_from_slice(&(self.request.max(16) as u64).to_be_bytes());
        request[8..16].copy_from_slice(&(self.answer as u64).to_be_bytes());
        let bytes = request.repeat(self.pipe);
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
