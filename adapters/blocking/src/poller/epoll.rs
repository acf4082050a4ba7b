//! epoll, edge-triggered: one system call per wait, none per change of interest in reading.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::io::Errno;

use super::{Interest, Ready};

/// Events taken in one wait at most.
const EVENTS: usize = 64;
const NOTIFIED: u64 = u64::MAX;

/// Waits for many sockets, from one thread or several.
#[derive(Debug)]
pub(crate) struct Poller {
    epoll: OwnedFd,
    notify: OwnedFd,
}

impl Poller {
    pub(crate) fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let notify = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        // Edge-triggered: each write wakes one waiter, and nobody has to read.
        epoll::add(&epoll, &notify, EventData::new_u64(NOTIFIED), EventFlags::IN | EventFlags::ET)?;
        Ok(Self { epoll, notify })
    }

    pub(crate) fn add<S: AsFd>(&self, socket: &Arc<S>, token: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, &**socket, EventData::new_u64(token), flags(interest))?)
    }

    /// Sets the interest. Edges of reading are always told.
    pub(crate) fn set<S: AsFd>(&self, socket: &Arc<S>, token: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::modify(&self.epoll, &**socket, EventData::new_u64(token), flags(interest))?)
    }

    /// True when a change of interest has to be told.
    pub(crate) fn cares(old: Interest, new: Interest) -> bool {
        old.write != new.write
    }

    pub(crate) fn remove<S: AsFd>(&self, socket: &Arc<S>, _token: u64) {
        // It fails only for a socket that is not there.
        let _ = epoll::delete(&self.epoll, &**socket);
    }

    /// Waits for up to `most` events, a notification, or the timeout.
    pub(crate) fn wait(&self, ready: &mut Vec<Ready>, most: usize, timeout: Option<Duration>) -> io::Result<()> {
        let mut events = [Event { flags: EventFlags::empty(), data: EventData::new_u64(0) }; EVENTS];
        let timeout = timeout.map(timespec);
        let n = match epoll::wait(&self.epoll, &mut events[..most.clamp(1, EVENTS)], timeout.as_ref()) {
            Ok(n) => n,
            Err(Errno::INTR) => 0,
            Err(error) => return Err(error.into()),
        };
        for event in &events[..n] {
            let (flags, token) = (event.flags, event.data.u64());
            if token != NOTIFIED {
                let ended = flags.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR);
                ready.push(Ready { token, ended });
            }
        }
        Ok(())
    }

    /// Makes one wait return, now or the next.
    pub(crate) fn notify(&self) {
        // It fails only when the counter is full, after 2^64 notifications.
        let _ = rustix::io::write(&self.notify, &1_u64.to_ne_bytes());
    }
}

fn flags(interest: Interest) -> EventFlags {
    let mut flags = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
    if interest.write {
        flags |= EventFlags::OUT;
    }
    flags
}

fn timespec(timeout: Duration) -> Timespec {
    // Long waits end early, which is harmless.
    Timespec { tv_sec: timeout.as_secs().min(1 << 20) as i64, tv_nsec: i64::from(timeout.subsec_nanos()) }
}
