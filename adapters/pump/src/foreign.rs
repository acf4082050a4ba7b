//! Connections that turned out to speak another protocol.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::time::Instant;

use bytes::Buf;
use firesteel_proto::{Daemon, Detached, Layer, Outbox, Peer, Registry, SessionId};

/// A connection that speaks another protocol than Pyro, handed back by a server whose config has
/// [`layers`](firesteel_proto::Config::layers) that tell: [`OnePort`](firesteel_proto::OnePort), or TLS.
#[non_exhaustive]
pub struct Foreign<S> {
    /// The socket, which the server has nothing to do with any more.
    pub socket: S,
    /// Who is at the other end.
    pub peer: Peer,
    /// What it speaks, such as `http`.
    pub protocol: &'static str,
    /// What it has said so far, and what the rest goes through.
    pub detached: Detached,
}

impl<S> Foreign<S> {
    /// One that an adapter hands back.
    pub fn new(socket: S, peer: Peer, protocol: &'static str, detached: Detached) -> Self {
        Self { socket, peer, protocol, detached }
    }
}

/// Takes a connection that speaks another protocol out of its daemon; closes it where nobody wants it.
pub fn detach<R: Registry>(daemon: &mut Daemon<R>, id: SessionId, wanted: bool) -> Option<(Peer, Detached)> {
    let peer = daemon.peer(id).cloned().unwrap_or_default();
    if wanted {
        return Some((peer, daemon.detach(id)?));
    }
    if let Some(mut session) = daemon.session(id) {
        session.close();
    }
    None
}

impl<S: Read + Write> Foreign<S> {
    /// Its plaintext, from the first byte on, whatever lies below. The socket has to be one that waits.
    pub fn into_stream(self) -> PlainStream<S> {
        let Detached { bytes, unsent, layer, .. } = self.detached;
        let mut wire = Outbox::new();
        wire.push(unsent);
        PlainStream { socket: self.socket, layer, up: bytes.into(), taken: 0, wire, buffer: Vec::new() }
    }
}

/// Any protocol over a layer of firesteel's, such as the client's end of TLS: goes through the layer's handshake first.
///
/// # Errors
/// The socket's own, or the layer's.
pub fn through<S: Read + Write>(socket: S, layer: Option<Box<dyn Layer>>) -> io::Result<PlainStream<S>> {
    let mut stream = PlainStream { socket, layer, up: Vec::new(), taken: 0, wire: Outbox::new(), buffer: Vec::new() };
    if let Some(layer) = &mut stream.layer {
        layer.handle_input(Instant::now(), &[], &mut stream.up, &mut stream.wire).map_err(io::Error::other)?;
    }
    stream.send()?;
    while stream.layer.as_ref().is_some_and(|layer| !layer.is_established()) {
        if !stream.receive()? {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(stream)
}

impl<S> fmt::Debug for Foreign<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer, protocol, detached, .. } = self;
        let mut shown = f.debug_struct("Foreign");
        shown.field("peer", peer).field("protocol", protocol).field("detached", detached).finish_non_exhaustive()
    }
}

/// The plaintext of a socket that waits, through a layer such as TLS or without one.
pub struct PlainStream<S> {
    socket: S,
    layer: Option<Box<dyn Layer>>,
    /// `up[taken..]` was received and is still to be read.
    up: Vec<u8>,
    taken: usize,
    wire: Outbox,
    buffer: Vec<u8>,
}

/// Space for one read.
const BUFFER: usize = 16 * 1024;

impl<S: Read + Write> PlainStream<S> {
    /// Ends it in an orderly way, as TLS wants it, and gives the socket back.
    ///
    /// # Errors
    /// The socket's own.
    pub fn finish(mut self) -> io::Result<S> {
        if let Some(layer) = &mut self.layer {
            layer.close(&mut self.wire);
        }
        self.send()?;
        Ok(self.socket)
    }

    fn send(&mut self) -> io::Result<()> {
        while let Some(mut transmit) = self.wire.transmit() {
            match self.socket.write(transmit.chunk()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => transmit.advance(n),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Waits for more plaintext; false at the end.
    fn receive(&mut self) -> io::Result<bool> {
        let Some(layer) = &mut self.layer else { return Ok(false) };
        if layer.is_ended() {
            return Ok(false);
        }
        self.buffer.resize(BUFFER, 0);
        let n = self.socket.read(&mut self.buffer)?;
        let now = Instant::now();
        let read = if n == 0 {
            layer.handle_eof(now).map(|()| false)
        } else {
            let bytes = self.buffer.get(..n).unwrap_or_default();
            layer.handle_input(now, bytes, &mut self.up, &mut self.wire).map(|()| true)
        };
        self.send()?;
        read.map_err(io::Error::other)
    }
}

impl<S: Read + Write> Read for PlainStream<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let waiting = self.up.get(self.taken..).unwrap_or_default();
            if !waiting.is_empty() {
                let n = waiting.len().min(into.len());
                into[..n].copy_from_slice(&waiting[..n]);
                self.taken += n;
                return Ok(n);
            }
            self.up.clear();
            self.taken = 0;
            if self.layer.is_none() {
                return self.socket.read(into);
            }
            if !self.receive()? && self.up.is_empty() {
                return Ok(0);
            }
        }
    }
}

impl<S: Read + Write> Write for PlainStream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.layer {
            None => self.wire.extend_from_slice(bytes),
            Some(layer) => {
                let mut down = Outbox::new();
                down.extend_from_slice(bytes);
                while !down.is_empty() {
                    let before = down.len();
                    layer.handle_output(&mut down, &mut self.wire).map_err(io::Error::other)?;
                    if down.len() == before {
                        return Err(ErrorKind::WriteZero.into());
                    }
                }
            }
        }
        self.send()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}
