//! A loop made by hand on `poll`, as `examples/poll_by_hand.rs` shows it, over sockets of all kinds.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

use firesteel::pump::{SocketFile, listen_unix, pump};
use firesteel::{Budget, Daemon, DaemonEvent, Location, Machine, Peer, SessionId};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::stage::{Loop, Plan, Running};
use crate::wire::Wire;

pub struct ByHand;

impl Loop for ByHand {
    const THREADED: bool = false;

    fn host(plan: Plan, ready: impl FnOnce(Running)) {
        let mut daemon: Daemon = Daemon::new(Instant::now(), plan.config);
        daemon.register("thing", plan.thing).expect("a free id");
        let mut served = Served { listener: plan.address.as_deref().map(Listener::bind), ..Served::default() };
        for socket in plan.sockets {
            served.open(&mut daemon, socket.into(), Peer::pair());
        }
        let (waker, theirs) = UnixStream::pair().expect("a pair");
        waker.set_nonblocking(true).expect("a live descriptor");
        theirs.set_nonblocking(true).expect("a live descriptor");
        let signals = Arc::new(Signals { pipe: theirs, stop: AtomicBool::new(false) });
        daemon.set_waker(Waker::from(Arc::clone(&signals)));
        let location = served.listener.as_ref().map(Listener::location);
        let stopper = Arc::clone(&signals);
        ready(Running { location, stop: Box::new(move || stopper.stop()) });
        run(&mut daemon, &mut served, &waker, &signals);
        assert_eq!(daemon.session_count(), 0);
        assert!(served.sockets.is_empty());
    }
}

fn run(daemon: &mut Daemon, served: &mut Served, waker: &UnixStream, signals: &Signals) {
    while !daemon.is_drained() && (served.listener.is_some() || !daemon.is_idle()) {
        let (knock, ready) = served.wait(daemon, waker);
        if signals.stop.swap(false, Ordering::AcqRel) {
            served.listener = None;
            daemon.shutdown(Instant::now(), Duration::from_secs(5));
        }
        if knock {
            served.accept(daemon);
        }
        for id in ready {
            served.step(daemon, id);
        }
        let now = Instant::now();
        daemon.handle_timeout(now);
        daemon.dispatch(now, &mut (), Budget::calls(32));
        while let Some(id) = daemon.poll_session() {
            served.step(daemon, id);
        }
        while let Some(event) = daemon.poll_event() {
            if let DaemonEvent::Closed { session, .. } = event {
                served.sockets.remove(&session).expect("a session has one socket and one end");
            }
        }
    }
}

/// The sockets of a daemon.
#[derive(Default)]
struct Served {
    listener: Option<Listener>,
    sockets: BTreeMap<SessionId, Wire>,
}

impl Served {
    /// Waits: tells whether somebody connects, and which sessions can go on.
    fn wait(&self, daemon: &mut Daemon, waker: &UnixStream) -> (bool, Vec<SessionId>) {
        // Who waits for nothing stays out: poll tells of errors unasked.
        let mut ids = Vec::new();
        let mut fds = vec![PollFd::new(waker, PollFlags::IN)];
        fds.extend(self.listener.as_ref().map(|listener| PollFd::new(listener, PollFlags::IN)));
        let others = fds.len();
        for (id, socket) in &self.sockets {
            let Some(session) = daemon.session(*id) else { continue };
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, session.wants_read());
            flags.set(PollFlags::OUT, session.wants_write());
            if !flags.is_empty() {
                ids.push(*id);
                fds.push(PollFd::new(socket, flags));
            }
        }
        let wait = daemon.poll_timeout().map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = wait.map(|wait| Timespec::try_from(wait).expect("a time that fits"));
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => panic!("poll: {error}"),
        }
        let ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
        if ready(&fds[0]) {
            // What remains wakes the next wait.
            let _ = { waker }.read(&mut [0; 64]);
        }
        let knock = others > 1 && ready(&fds[1]);
        let ids = ids.into_iter().zip(&fds[others..]).filter(|(_, fd)| ready(fd)).map(|(id, _)| id).collect();
        (knock, ids)
    }

    fn accept(&mut self, daemon: &mut Daemon) {
        while let Some(listener) = &self.listener {
            match listener.accept() {
                Ok((socket, peer)) => self.open(daemon, socket, peer),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // The client is gone already.
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
                Err(error) => panic!("accept: {error}"),
            }
        }
    }

    /// A client that is refused sees its socket closed.
    fn open(&mut self, daemon: &mut Daemon, socket: Wire, peer: Peer) {
        socket.set_nonblocking(true);
        if let Ok(id) = daemon.open(Instant::now(), peer, None) {
            self.sockets.insert(id, socket);
        }
    }

    fn step(&self, daemon: &mut Daemon, id: SessionId) {
        if let (Some(mut session), Some(socket)) = (daemon.session(id), self.sockets.get(&id))
            && pump(&mut session, socket, Instant::now()).is_err()
        {
            session.handle_error(Instant::now());
        }
    }
}

/// Wakes the loop, or stops it.
struct Signals {
    pipe: UnixStream,
    stop: AtomicBool,
}

impl Signals {
    fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.send();
    }

    fn send(&self) {
        // Where the pipe is full, the loop will wake anyway.
        let _ = (&self.pipe).write(&[0]);
    }
}

impl Wake for Signals {
    fn wake(self: Arc<Self>) {
        self.send();
    }
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

impl Listener {
    fn bind(address: &str) -> Self {
        let listener = match address.strip_prefix("./u:") {
            Some(path) => {
                let (listener, file) = listen_unix(path.as_ref()).expect("a free path");
                Self::Unix(listener, file)
            }
            None => Self::Tcp(TcpListener::bind(address).expect("a free port")),
        };
        match &listener {
            Self::Tcp(listener) => listener.set_nonblocking(true),
            Self::Unix(listener, _) => listener.set_nonblocking(true),
        }
        .expect("a live descriptor");
        listener
    }

    fn location(&self) -> Location {
        match self {
            Self::Tcp(listener) => listener.local_addr().expect("bound").into(),
            Self::Unix(_, file) => Location::Unix(file.path().to_owned()),
        }
    }

    fn accept(&self) -> std::io::Result<(Wire, Peer)> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                stream.set_nodelay(true)?;
                (stream.into(), address.into())
            }
            Self::Unix(listener, _) => (listener.accept()?.0.into(), Peer::unix()),
        })
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener, _) => listener.as_fd(),
        }
    }
}
