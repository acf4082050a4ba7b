//! The raw reference: the same bytes on the same transport, and nothing else.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use crate::measure::{Measured, repeat};
use crate::{Transport, socket_path};

/// Answers each request with as many bytes as its first eight say, in the next eight bytes' number.
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
    let mut filled = 0;
    loop {
        let n = stream.read(&mut buffer[filled..])?;
        if n == 0 {
            return Ok(());
        }
        filled += n;
        if filled >= 16 {
            let (request, answer) = sizes(&buffer);
            if filled >= request {
                stream.write_all(&buffer[..answer])?;
                filled = 0;
            }
        }
    }
}

/// Measures sequential requests.
pub fn measure(uri: &str, time: Duration, request: usize, answer: usize) -> Result<Measured, Box<dyn Error>> {
    match uri.strip_prefix("./u:") {
        Some(path) => ping_pong(UnixStream::connect(path)?, time, request, answer),
        None => {
            let stream = TcpStream::connect(uri)?;
            stream.set_nodelay(true)?;
            ping_pong(stream, time, request, answer)
        }
    }
}

fn ping_pong(
    mut stream: impl Read + Write,
    time: Duration,
    request: usize,
    answer: usize,
) -> Result<Measured, Box<dyn Error>> {
    let mut bytes = vec![b'x'; request.max(16)];
    bytes[..8].copy_from_slice(&(request.max(16) as u64).to_be_bytes());
    bytes[8..16].copy_from_slice(&(answer as u64).to_be_bytes());
    let mut buffer = vec![0; 64 * 1024];
    repeat("raw", time, usize::MAX, true, || {
        stream.write_all(&bytes)?;
        let mut got = 0;
        while got < answer {
            let n = stream.read(&mut buffer[got..])?;
            if n == 0 {
                return Err("the raw server is gone".into());
            }
            got += n;
        }
        Ok(())
    })
}
