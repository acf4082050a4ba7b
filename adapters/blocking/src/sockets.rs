//! The server's sockets: listeners, and one for each session.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use firesteel_proto::{Daemon, DaemonEvent, IpVersion, Location, Machine, Registry, SessionId};
use firesteel_pump::{pump, pump_short, send};

use crate::poller::{Interest, Poller, Ready};
use crate::resolve::addresses_of;
use crate::socket::Socket;

/// Tokens from here on are listeners.
const LISTENERS: u64 = 1 << 48;
/// Connections accepted in one go.
const ACCEPTS: usize = 64;
/// How long a listener rests when the system has no more descriptors or memory.
const REST: Duration = Duration::from_millis(100);

/// Moves bytes between the sessions of a daemon and their sockets.
pub(crate) struct Sockets {
    poller: Arc<Poller>,
    listeners: Vec<Arc<Listener>>,
    /// By the session's index.
    sessions: Vec<Option<Slot>>,
    /// Listeners do not accept until then.
    resting: Option<Instant>,
}

struct Slot {
    id: SessionId,
    socket: Arc<Socket>,
    interest: Interest,
}

/// How a session is pumped.
#[derive(Clone, Copy)]
enum Step {
    /// Until a read comes short.
    Short,
    /// Until there is nothing more.
    All,
    /// Only sent, unless reading was resumed.
    Send,
}

/// A socket that clients connect to. A unix one is removed from the file system with it.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl Sockets {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { poller: Arc::new(Poller::new()?), listeners: Vec::new(), sessions: Vec::new(), resting: None })
    }

    pub(crate) fn poller(&self) -> &Arc<Poller> {
        &self.poller
    }

    pub(crate) fn listen(&mut self, listener: Listener) -> io::Result<()> {
        let listener = Arc::new(listener);
        let token = LISTENERS + self.listeners.len() as u64;
        self.poller.add(&listener, token, Interest { read: true, write: false })?;
        self.listeners.push(listener);
        Ok(())
    }

    pub(crate) fn listeners(&self) -> &[Arc<Listener>] {
        &self.listeners
    }

    /// Accepts no more.
    pub(crate) fn close_listeners(&mut self) {
        for (at, listener) in self.listeners.drain(..).enumerate() {
            self.poller.remove(&listener, LISTENERS + at as u64);
        }
    }

    /// Hosts a connected socket.
    pub(crate) fn adopt<R: Registry>(&mut self, daemon: &mut Daemon<R>, socket: Socket) -> io::Result<SessionId> {
        let peer = socket.given_peer();
        self.open(daemon, socket, peer)
    }

    fn open<R: Registry>(
        &mut self,
        daemon: &mut Daemon<R>,
        socket: Socket,
        peer: firesteel_proto::Peer,
    ) -> io::Result<SessionId> {
        socket.set_nonblocking(true)?;
        let id = daemon.open(Instant::now(), peer, None).map_err(io::Error::other)?;
        let socket = Arc::new(socket);
        let interest = Interest { read: true, write: false };
        if let Err(error) = self.poller.add(&socket, id.index() as u64, interest) {
            if let Some(mut session) = daemon.session(id) {
                session.handle_error(Instant::now());
            }
            return Err(error);
        }
        if self.sessions.len() <= id.index() {
            self.sessions.resize_with(id.index() + 1, || None);
        }
        self.sessions[id.index()] = Some(Slot { id, socket, interest });
        Ok(id)
    }

    /// Does what an event asks for.
    pub(crate) fn handle<R: Registry>(&mut self, daemon: &mut Daemon<R>, ready: Ready, now: Instant) {
        if ready.token >= LISTENERS {
            self.accept(daemon, (ready.token - LISTENERS) as usize);
        } else {
            // At the stream's end there is no further edge: read all of it now.
            let how = if ready.ended { Step::All } else { Step::Short };
            self.step(daemon, ready.token as usize, how, now);
        }
    }

    /// Sends what sessions have, reads where reading was resumed, drops the sockets of those that
    /// have ended.
    pub(crate) fn flush<R: Registry>(&mut self, daemon: &mut Daemon<R>, now: Instant) {
        while let Some(id) = daemon.poll_session() {
            self.step(daemon, id.index(), Step::Send, now);
        }
        while let Some(event) = daemon.poll_event() {
            if let DaemonEvent::Closed { session, .. } = event
                && let Some(slot) = self.sessions.get_mut(session.index())
                && slot.as_ref().is_some_and(|slot| slot.id == session)
                && let Some(slot) = slot.take()
            {
                self.poller.remove(&slot.socket, session.index() as u64);
            }
        }
        if self.resting.is_some_and(|until| until <= now) {
            self.resting = None;
            for at in 0..self.listeners.len() {
                self.accept(daemon, at);
            }
        }
    }

    /// When listeners accept again.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.resting
    }

    /// Pumps a session and sets its interest.
    fn step<R: Registry>(&mut self, daemon: &mut Daemon<R>, index: usize, how: Step, now: Instant) {
        let Some(Some(slot)) = self.sessions.get_mut(index) else { return };
        let Some(mut session) = daemon.session(slot.id) else { return };
        let mut socket = &*slot.socket;
        let done = match how {
            Step::Short => pump_short(&mut session, socket, now),
            Step::All => pump(&mut session, socket, now),
            Step::Send => match send(&mut session, &mut socket) {
                // Reading was off: what came meanwhile has no edge any more.
                Ok(_) if !slot.interest.read && session.wants_read() => pump(&mut session, socket, now),
                sent => sent.map(|_| ()),
            },
        };
        if done.is_err() {
            session.handle_error(now);
        }
        let interest = Interest { read: session.wants_read(), write: session.wants_write() };
        let changed = Poller::cares(slot.interest, interest);
        slot.interest = interest;
        if changed && self.poller.set(&slot.socket, index as u64, interest).is_err() {
            session.handle_error(now);
        }
    }

    fn accept<R: Registry>(&mut self, daemon: &mut Daemon<R>, at: usize) {
        let Some(listener) = self.listeners.get(at).cloned() else { return };
        for _ in 0..ACCEPTS {
            match listener.accept() {
                Ok(socket) => {
                    // A refused client sees its connection closed, as does one whose socket is dead already.
                    let peer = socket.accepted_peer();
                    if let Socket::Tcp(stream) = &socket {
                        let _ = stream.set_nodelay(true);
                    }
                    let _ = self.open(daemon, socket, peer);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
                Err(_) => {
                    // No descriptors or memory left: try again when some may have come free.
                    self.resting = Some(Instant::now() + REST);
                    return;
                }
            }
        }
        // More may wait, and the edge is used up.
        self.resting = Some(Instant::now());
    }
}

impl Listener {
    /// Listens on `host:port`, or on a unix socket for `./u:path`.
    pub(crate) fn bind(address: &str, version: IpVersion) -> io::Result<Self> {
        let listener = match address.strip_prefix("./u:") {
            Some(path) => Self::Unix(UnixListener::bind(path)?, PathBuf::from(path)),
            None => Self::Tcp(TcpListener::bind(addresses_of(address, version)?.as_slice())?),
        };
        match &listener {
            Self::Tcp(listener) => listener.set_nonblocking(true)?,
            Self::Unix(listener, _) => listener.set_nonblocking(true)?,
        }
        Ok(listener)
    }

    /// Where it listens.
    pub(crate) fn location(&self) -> io::Result<Location> {
        Ok(match self {
            Self::Tcp(listener) => listener.local_addr()?.into(),
            Self::Unix(_, path) => Location::Unix(path.clone()),
        })
    }

    fn accept(&self) -> io::Result<Socket> {
        match self {
            Self::Tcp(listener) => listener.accept().map(|(stream, _)| stream.into()),
            Self::Unix(listener, _) => listener.accept().map(|(stream, _)| stream.into()),
        }
    }
}

impl std::os::fd::AsFd for Listener {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener, _) => listener.as_fd(),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            // Somebody else may have removed it.
            let _ = fs::remove_file(path);
        }
    }
}
