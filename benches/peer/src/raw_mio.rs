//! The raw reference on mio: what a loop of that kind costs without a protocol.

use std::error::Error;
use std::io::{ErrorKind, Read, Write};

use mio::event::Source;
use mio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use mio::{Events, Interest, Poll, Token};

use crate::raw::Echo;
use crate::{Transport, socket_path};

const LISTENER: Token = Token(usize::MAX);

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

trait Stream: Read + Write + Source {}

impl<T: Read + Write + Source> Stream for T {}

impl Listener {
    fn accept(&self) -> std::io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (stream, _): (TcpStream, _) = listener.accept()?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            Self::Unix(listener) => {
                let (stream, _): (UnixStream, _) = listener.accept()?;
                Box::new(stream)
            }
        })
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp(listener) => listener,
            Self::Unix(listener) => listener,
        }
    }
}

/// Answers as the raw server on threads does, on one thread.
pub fn serve(transport: Transport) -> Result<(), Box<dyn Error>> {
    let mut listener = match transport {
        Transport::Tcp => {
            let listener = TcpListener::bind("127.0.0.1:0".parse()?)?;
            println!("READY {}", listener.local_addr()?);
            Listener::Tcp(listener)
        }
        Transport::Unix => {
            let path = socket_path("firesteel-raw");
            let listener = UnixListener::bind(&path)?;
            println!("READY ./u:{}", path.display());
            Listener::Unix(listener)
        }
    };
    let mut poll = Poll::new()?;
    poll.registry().register(listener.source(), LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(64);
    let mut streams: Vec<Option<(Box<dyn Stream>, Echo)>> = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                loop {
                    match listener.accept() {
                        Ok(mut stream) => {
                            let token = Token(streams.len());
                            poll.registry().register(&mut *stream, token, Interest::READABLE)?;
                            streams.push(Some((stream, Echo::default())));
                        }
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        Err(error) => return Err(error.into()),
                    }
                }
            } else if let Some(Some((stream, echo))) = streams.get_mut(event.token().0) {
                // A read that does not fill the buffer is the last, unless the stream has ended.
                let ended = event.is_read_closed();
                loop {
                    match stream.read(&mut buffer) {
                        Ok(n) if n > 0 => {
                            // The raw client reads as it writes: its answers fit.
                            stream.write_all(echo.answer(&buffer[..n]))?;
                            if n < buffer.len() && !ended {
                                break;
                            }
                        }
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        _ => {
                            streams[event.token().0] = None;
                            break;
                        }
                    }
                }
            }
        }
    }
}
