//! The server's sockets: listeners, and one for each session.

use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use firesteel_proto::{Daemon, DaemonEvent, Machine, Registry, SessionId};
use firesteel_pump::{Foreign, Listener, Socket, detach, pump, pump_short, send};

use crate::poller::{Interest, Poller, Ready};
use crate::socket::Eager;

/// Tokens from here on are listeners.
const LISTENERS: u64 = 1 << 48;
/// Connections accepted in one go.
const ACCEPTS: usize = 64;
/// How long a listener rests when the system has no more descriptors or memory.
const REST: Duration = Duration::from_millis(100);
/// How long a thread stays with a session that has become silent, about.
const SILENCE: Duration = Duration::from_millis(5);

/// Moves bytes between the sessions of a daemon and their sockets.
pub(crate) struct Sockets {
    poller: Arc<Poller>,
    listeners: Vec<Arc<Listener>>,
    /// By the session's index.
    sessions: Vec<Option<Slot>>,
    /// Listeners do not accept until then.
    resting: Option<Instant>,
    /// Takes connections that speak another protocol.
    foreign: Option<TakeForeign>,
}

pub(crate) type TakeForeign = Box<dyn FnMut(Foreign<Socket>) + Send>;

struct Slot {
    id: SessionId,
    socket: Arc<Socket>,
    interest: Interest,
    /// A thread waits in a read for it: nobody else reads, and the poller does not know it.
    attended: bool,
}

/// A session that one thread reads for alone.
pub(crate) struct Attended {
    id: SessionId,
    pub(crate) socket: Arc<Socket>,
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

impl Sockets {
    pub(crate) fn new() -> io::Result<Self> {
        let poller = Arc::new(Poller::new()?);
        Ok(Self { poller, listeners: Vec::new(), sessions: Vec::new(), resting: None, foreign: None })
    }

    pub(crate) fn poller(&self) -> &Arc<Poller> {
        &self.poller
    }

    pub(crate) fn set_foreign(&mut self, take: TakeForeign) {
        self.foreign = Some(take);
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
        self.sessions[id.index()] = Some(Slot { id, socket, interest, attended: false });
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
            match event {
                DaemonEvent::Closed { session, .. } => drop(self.take(session)),
                DaemonEvent::Foreign { session, protocol } => self.hand_back(daemon, session, protocol),
                _ => {}
            }
        }
        if self.resting.is_some_and(|until| until <= now) {
            self.resting = None;
            for at in 0..self.listeners.len() {
                self.accept(daemon, at);
            }
        }
    }

    /// Takes a session out of the poller, for a thread that reads for it alone; none where that is not possible.
    pub(crate) fn attend(&mut self, token: u64) -> Option<Attended> {
        let slot = self.sessions.get_mut(usize::try_from(token).ok()?)?.as_mut()?;
        if slot.attended || slot.interest.write || !slot.interest.read {
            return None;
        }
        slot.socket.set_read_timeout(Some(SILENCE)).ok()?;
        slot.socket.set_nonblocking(false).ok()?;
        self.poller.remove(&slot.socket, token);
        slot.attended = true;
        Some(Attended { id: slot.id, socket: Arc::clone(&slot.socket) })
    }

    /// Gives the session what was read for it; true while the thread may go on reading for it.
    pub(crate) fn attended<R: Registry>(
        &mut self,
        daemon: &mut Daemon<R>,
        attended: &Attended,
        received: io::Result<&[u8]>,
        now: Instant,
    ) -> bool {
        let Some(mut session) = daemon.session(attended.id) else { return false };
        match received {
            Ok([]) => session.handle_eof(now),
            Ok(bytes) => {
                session.handle_input(now, bytes);
                return true;
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => return true,
            Err(_) => session.handle_error(now),
        }
        false
    }

    /// True while nothing but reading is of interest about a session that is attended.
    pub(crate) fn only_reads<R: Registry>(&self, daemon: &mut Daemon<R>, attended: &Attended) -> bool {
        daemon.session(attended.id).is_some_and(|session| session.wants_read() && !session.wants_write())
    }

    /// Gives a session back to the poller, unless it is over.
    pub(crate) fn dismiss<R: Registry>(&mut self, daemon: &mut Daemon<R>, attended: &Attended, now: Instant) {
        let Some(Some(slot)) = self.sessions.get_mut(attended.id.index()) else { return };
        let Some(mut session) = daemon.session(attended.id).filter(|_| slot.id == attended.id) else { return };
        slot.attended = false;
        slot.interest = Interest { read: session.wants_read(), write: session.wants_write() };
        let token = attended.id.index() as u64;
        // What has come meanwhile is told at once.
        let polled =
            slot.socket.set_nonblocking(true).and_then(|()| self.poller.add(&slot.socket, token, slot.interest));
        if polled.is_err() {
            session.handle_error(now);
        }
    }

    /// A session's socket, which is not watched any more.
    fn take(&mut self, session: SessionId) -> Option<Arc<Socket>> {
        let slot = self.sessions.get_mut(session.index())?.take_if(|slot| slot.id == session)?;
        if slot.attended {
            // Who waits in a read for it returns.
            slot.socket.shutdown();
        } else {
            self.poller.remove(&slot.socket, session.index() as u64);
        }
        Some(slot.socket)
    }

    /// Gives the socket of a session to whoever speaks its protocol; closes it where nobody does.
    fn hand_back<R: Registry>(&mut self, daemon: &mut Daemon<R>, id: SessionId, protocol: &'static str) {
        if let Some((peer, detached)) = detach(daemon, id, self.foreign.is_some())
            && let Some(socket) = self.take(id)
            && let Some(take) = &mut self.foreign
            && socket.set_nonblocking(false).is_ok()
            && let Ok(socket) = Arc::try_unwrap(socket).or_else(|shared| shared.try_clone())
        {
            let foreign = Foreign::new(socket, peer, protocol, detached);
            // Should it panic, the others are served on.
            let _ = catch_unwind(AssertUnwindSafe(|| take(foreign)));
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
        // Its reads may wait: somebody attends it.
        let mut socket = Eager(&slot.socket);
        let done = match how {
            _ if slot.attended => send(&mut session, &mut socket).map(|_| ()),
            Step::Short => pump_short(&mut session, &mut socket, now),
            Step::All => pump(&mut session, &mut socket, now),
            Step::Send => match send(&mut session, &mut socket) {
                // Reading was off: what came meanwhile has no edge any more.
                Ok(_) if !slot.interest.read && session.wants_read() => pump(&mut session, &mut socket, now),
                sent => sent.map(|_| ()),
            },
        };
        if done.is_err() {
            session.handle_error(now);
        }
        if slot.attended {
            return;
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
                // A refused client sees its connection closed, as does one whose socket is dead already.
                Ok((socket, peer)) => drop(self.open(daemon, socket, peer)),
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
