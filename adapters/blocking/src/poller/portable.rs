//! `poll`, for systems without epoll. Level-triggered; one thread polls at a time.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::{Interest, Ready};

type Source = Arc<dyn AsFd + Send + Sync>;

/// Waits for many sockets, from one thread or several.
pub(crate) struct Poller {
    sources: Mutex<BTreeMap<u64, (Source, Interest)>>,
    /// Held by the thread that polls.
    turn: Mutex<()>,
    notify: (UnixStream, UnixStream),
    /// Waits that found more than was asked for.
    turns: AtomicUsize,
}

impl Poller {
    pub(crate) fn new() -> io::Result<Self> {
        let notify = UnixStream::pair()?;
        notify.0.set_nonblocking(true)?;
        notify.1.set_nonblocking(true)?;
        Ok(Self { sources: Mutex::default(), turn: Mutex::default(), notify, turns: AtomicUsize::new(0) })
    }

    pub(crate) fn add<S: AsFd + Send + Sync + 'static>(
        &self,
        socket: &Arc<S>,
        token: u64,
        interest: Interest,
    ) -> io::Result<()> {
        let source: Source = Arc::<S>::clone(socket);
        lock(&self.sources).insert(token, (source, interest));
        self.notify();
        Ok(())
    }

    pub(crate) fn set<S: AsFd + Send + Sync + 'static>(
        &self,
        socket: &Arc<S>,
        token: u64,
        interest: Interest,
    ) -> io::Result<()> {
        self.add(socket, token, interest)
    }

    /// True when a change of interest has to be told.
    #[cfg_attr(target_os = "linux", expect(dead_code, reason = "only its test is built here"))]
    pub(crate) fn cares(old: Interest, new: Interest) -> bool {
        old != new
    }

    pub(crate) fn remove<S: AsFd>(&self, _socket: &Arc<S>, token: u64) {
        lock(&self.sources).remove(&token);
        self.notify();
    }

    /// Waits for up to `most` events, a notification, or the timeout.
    pub(crate) fn wait(&self, ready: &mut Vec<Ready>, most: usize, timeout: Option<Duration>) -> io::Result<()> {
        let _turn = lock(&self.turn);
        // Who waits for nothing stays out: poll tells of hang-ups unasked.
        let sources: Vec<_> = lock(&self.sources)
            .iter()
            .filter(|(_, (_, interest))| interest.read || interest.write)
            .map(|(token, (source, interest))| (*token, Arc::clone(source), *interest))
            .collect();
        let mut fds = vec![PollFd::new(&self.notify.1, PollFlags::IN)];
        fds.extend(
            sources.iter().map(|(_, source, interest)| PollFd::from_borrowed_fd(source.as_fd(), flags(*interest))),
        );
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: timeout.as_secs().min(1 << 20) as i64,
            tv_nsec: i64::from(timeout.subsec_nanos()),
        });
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if !fds[0].revents().is_empty() {
            let mut some = [0; 64];
            // What remains unread wakes the next wait, which is harmless.
            let _ = (&self.notify.1).read(&mut some);
        }
        let mut found: Vec<_> = sources.iter().zip(&fds[1..]).filter(|(_, fd)| !fd.revents().is_empty()).collect();
        if found.len() > most {
            // Not always the same ones first.
            let turn = self.turns.fetch_add(1, Ordering::Relaxed) % found.len();
            found.rotate_left(turn);
        }
        for ((token, ..), fd) in found.into_iter().take(most) {
            let ended = fd.revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
            ready.push(Ready { token: *token, ended });
        }
        Ok(())
    }

    /// Makes one wait return, now or the next.
    pub(crate) fn notify(&self) {
        // A full pipe holds a notification already.
        let _ = (&self.notify.0).write(&[1]);
    }
}

fn flags(interest: Interest) -> PollFlags {
    let mut flags = PollFlags::empty();
    if interest.read {
        flags |= PollFlags::IN;
    }
    if interest.write {
        flags |= PollFlags::OUT;
    }
    flags
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
