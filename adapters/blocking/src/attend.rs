//! A thread that stays with one busy session: it waits in a read, and not for all sockets.
//!
//! While one client calls and waits, again and again, the leader's wait for any socket is a system call more
//! than its request needs. The leader gives the lead away then, and reads for this session alone until that
//! falls silent, sends several requests at once, or a thread is needed elsewhere.

use std::io::{self, Read};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::poller::Ready;
use crate::sockets::Attended;
use crate::team::{Team, lock};

/// Waits in a row that brought one call of one session, after which a thread stays with it.
const CALLS: u32 = 64;
/// They count only while they come within this time of each other, on average.
const APART: Duration = Duration::from_micros(200);
/// Space for one read: who sends more at once gains nothing here.
const BUFFER: usize = 16 * 1024;

/// What the last waits brought.
#[derive(Default)]
pub(crate) struct Heat {
    token: u64,
    calls: u32,
    since: Option<Instant>,
}

impl Heat {
    /// Takes in what one wait brought, and how many calls ran for it; a session's token when only that one calls.
    pub(crate) fn only_caller(&mut self, ready: Option<Ready>, calls: usize, now: Instant) -> Option<u64> {
        match ready {
            Some(Ready { token, ended: false }) if calls == 1 && token == self.token => self.calls += 1,
            Some(Ready { token, .. }) => *self = Self { token, calls: 0, since: None },
            None => self.calls = 0,
        }
        if self.calls == 0 || !self.calls.is_multiple_of(CALLS) {
            return None;
        }
        let since = self.since.replace(now);
        since.is_some_and(|since| now - since < APART * CALLS).then_some(self.token)
    }
}

impl Team<'_> {
    /// Serves one session, without the lead.
    pub(crate) fn attend(&self, session: &Attended) -> io::Result<()> {
        #[cfg(test)]
        ATTENDED.fetch_add(1, Ordering::SeqCst);
        let mut buffer = vec![0; BUFFER];
        loop {
            let received = { &*session.socket }.read(&mut buffer);
            let mut server = lock(&self.server);
            let now = Instant::now();
            let mut stays = server.attended(session, received.map(|n| &buffer[..n]), now);
            if let Some(job) = server.daemon.next_job(now) {
                // What else is there would wait for a call that may take long.
                stays &= !server.daemon.has_more();
                drop(server);
                let done = job.run_here();
                server = lock(&self.server);
                server.daemon.finish(done);
            }
            if !stays {
                server.dismiss(session, now);
                return self.finish(server);
            }
            server.flush(now);
            if !server.only_reads(session) || self.is_short_of_threads() {
                server.dismiss(session, now);
                return self.finish(server);
            }
            if server.has_news_for_leader() {
                self.finish(server)?;
            }
        }
    }

    /// True while nobody leads, or the leader runs a call, and nobody follows who could take the lead.
    fn is_short_of_threads(&self) -> bool {
        let is_led = || self.led.load(Ordering::SeqCst) && self.calls.load(Ordering::SeqCst).is_multiple_of(2);
        self.followers.load(Ordering::SeqCst) == 0 && !is_led()
    }
}

#[cfg(test)]
mod tests;

/// How often a thread began to stay with a session.
#[cfg(test)]
static ATTENDED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
