//! Several threads that serve one daemon: a leader and those who follow.
//!
//! The leader waits for the sockets. It runs short calls itself, so that a request costs one wait,
//! one read and one write, and wakes nobody. When calls take long on average it gives the lead away
//! before it runs one; when a call takes long against expectation, a follower that watches takes the
//! lead over. So a slow call holds up the others for two [watches](WATCH) at the most; one that comes after
//! many short ones, for two of the [longest](Watch::pace).
//!
//! While only one session calls, a thread stays with it: see `attend.rs`.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use firesteel_proto::{Done, Job, Shared};

use crate::attend::Heat;
use crate::poller::Poller;
use crate::server::Server;

/// How often the watching follower looks at the leader while calls run, at the most: each look takes the processor
/// from the leader for some microseconds.
const WATCH: Duration = Duration::from_millis(1);
/// It looks this many times less often while it never finds the leader stuck.
const LAZIEST: u32 = 8;
/// Looks without a call to be seen, after which the follower sleeps until it is woken.
const QUIET: u32 = 20;
/// Calls that take longer than this on average are run without the lead: waking a follower costs a
/// few microseconds.
const LONG: Duration = Duration::from_micros(50);
/// Below this average, only one call of [`SAMPLE`] is measured: asking the clock is a part of what a call costs.
const SHORT: Duration = Duration::from_micros(5);
const SAMPLE: u32 = 8;
/// What one call counts for at most in the average.
const MOST: Duration = Duration::from_millis(1);

pub(crate) struct Team<'a> {
    pub(crate) server: Mutex<&'a mut Server<Shared>>,
    poller: Arc<Poller>,
    lead: Mutex<Lead>,
    /// Told when the lead is free, or the watch has to begin.
    change: Condvar,
    /// Counts starts and ends of calls that the leader runs: odd while one runs. A call that its leader
    /// is relieved for has ended as far as this goes.
    pub(crate) calls: AtomicU64,
    /// Threads that wait for the lead.
    pub(crate) followers: AtomicUsize,
    /// Somebody leads: as [`Lead::taken`], without the lock.
    pub(crate) led: AtomicBool,
    /// The watching follower sleeps until it is woken.
    asleep: AtomicBool,
    /// Somebody watches: as [`Lead::watched`], without the lock.
    watched: AtomicBool,
}

/// Who leads.
#[derive(Default)]
struct Lead {
    taken: bool,
    /// Counts leaders: who finds another number has been relieved.
    term: u64,
    /// Somebody watches.
    watched: bool,
    over: bool,
}

impl<'a> Team<'a> {
    pub(crate) fn new(server: &'a mut Server<Shared>) -> Self {
        Self {
            poller: Arc::clone(server.poller()),
            server: Mutex::new(server),
            lead: Mutex::default(),
            change: Condvar::new(),
            calls: AtomicU64::new(0),
            followers: AtomicUsize::new(0),
            led: AtomicBool::new(false),
            asleep: AtomicBool::new(false),
            watched: AtomicBool::new(false),
        }
    }

    /// Serves on `threads` threads, this one included.
    pub(crate) fn run(&self, threads: usize) -> io::Result<()> {
        thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| self.work())).collect();
            let mut result = self.work();
            for other in others {
                result = result.and(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            result
        })
    }

    fn work(&self) -> io::Result<()> {
        loop {
            self.followers.fetch_add(1, Ordering::SeqCst);
            let lead = self.follow();
            self.followers.fetch_sub(1, Ordering::SeqCst);
            let Some((term, average)) = lead else { return Ok(()) };
            if let Err(error) = self.lead(term, average) {
                lock(&self.server).ask_to_stop();
                self.give_up();
                return Err(error);
            }
        }
    }

    /// Waits for the lead; none when it is over. Who takes it from one that is stuck expects further long calls.
    fn follow(&self) -> Option<(u64, Average)> {
        let mut lead = lock(&self.lead);
        let mut watch = Watch::default();
        loop {
            if lead.over {
                return None;
            }
            let free = !lead.taken;
            if free || self.relieve(&mut watch) {
                lead.taken = true;
                self.led.store(true, Ordering::SeqCst);
                lead.term += 1;
                lead.watched &= !watch.mine;
                self.watched.store(lead.watched, Ordering::SeqCst);
                if !lead.watched {
                    // Somebody has to watch the new leader.
                    self.change.notify_one();
                }
                return Some((lead.term, if free { Average::default() } else { Average::long() }));
            }
            if !watch.mine && !lead.watched {
                lead.watched = true;
                self.watched.store(true, Ordering::SeqCst);
                watch.mine = true;
            }
            let timeout = watch.timeout();
            if watch.mine {
                self.asleep.store(timeout.is_none(), Ordering::SeqCst);
                if timeout.is_none() && self.calls.load(Ordering::SeqCst) != watch.seen {
                    // A call began just before we lay down.
                    watch.quiet = 0;
                    continue;
                }
            }
            lead = match timeout {
                Some(timeout) => {
                    let waited = self.change.wait_timeout(lead, timeout).unwrap_or_else(PoisonError::into_inner);
                    waited.0
                }
                None => self.change.wait(lead).unwrap_or_else(PoisonError::into_inner),
            };
            if watch.mine && self.asleep.swap(false, Ordering::SeqCst) {
                (watch.quiet, watch.pace) = (0, 1);
            }
        }
    }

    /// Takes a stuck leader's call off its hands; false while it gets on.
    fn relieve(&self, watch: &mut Watch) -> bool {
        let calls = self.calls.load(Ordering::SeqCst);
        // The leader may end the call at this moment: only one of both counts its end.
        watch.leader_is_stuck(calls) && self.end_call(calls)
    }

    /// Counts the end of the call that was counted as `calls`; false when somebody has done so.
    fn end_call(&self, calls: u64) -> bool {
        self.calls.compare_exchange(calls, calls + 1, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Serves as the leader until relieved, or until it gave the lead away and ran its call.
    fn lead(&self, term: u64, mut average: Average) -> io::Result<()> {
        let mut ready = Vec::with_capacity(16);
        let mut heat = Heat::default();
        let mut server = lock(&self.server);
        // What a leader that was relieved had not sent yet.
        server.flush(Instant::now());
        loop {
            if server.is_over() {
                server.end(&mut ());
                drop(server);
                self.give_up();
                return Ok(());
            }
            let timeout = server.time_to_wait();
            drop(server);
            self.poller.wait(&mut ready, 16, timeout)?;
            server = lock(&self.server);
            let mut now = Instant::now();
            let only = (ready.len() == 1).then(|| ready[0]);
            let mut calls = 0;
            server.receive(&mut ready, now);
            while let Some(job) = server.daemon.next_job(now) {
                calls += 1;
                // Answers of short calls leave together. Should the call be a long one, who watches sends them.
                if average.is_long() || !self.watched.load(Ordering::SeqCst) {
                    server.flush(now);
                }
                // Further work that is there already needs a leader now, unless there is one as soon as the call takes long.
                let more = server.daemon.has_more() && !self.watched.load(Ordering::SeqCst);
                drop(server);
                if more || average.is_long() {
                    self.hand_over(term);
                    return self.run_jobs(job);
                }
                let measured = average.is_due();
                if measured && calls > 1 {
                    now = Instant::now();
                }
                let (done, relieved) = self.run_watched(job);
                if measured {
                    let start = std::mem::replace(&mut now, Instant::now());
                    average.add(now - start);
                }
                server = lock(&self.server);
                server.daemon.finish(done);
                if relieved {
                    return self.finish(server);
                }
            }
            server.flush(now);
            if let Some(token) = heat.only_caller(only, calls, now)
                && self.followers.load(Ordering::SeqCst) > 0
                && let Some(session) = server.attend(token)
            {
                drop(server);
                self.hand_over(term);
                return self.attend(&session);
            }
        }
    }

    /// Runs a call as the leader; true when another has taken the lead meanwhile.
    fn run_watched(&self, job: Job) -> (Done, bool) {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if self.asleep.load(Ordering::SeqCst) {
            // Under the lock, so that the wake-up cannot fall between its last look and its sleep.
            let _lead = lock(&self.lead);
            self.change.notify_all();
        }
        let done = job.run_here();
        let relieved = !self.end_call(call);
        (done, relieved)
    }

    /// Runs a call, and what has become possible by it, without the lead.
    fn run_jobs(&self, job: Job) -> io::Result<()> {
        let done = job.run_here();
        let mut server = lock(&self.server);
        server.daemon.finish(done);
        self.finish(server)
    }

    /// Sends the answer of a call that ran without the lead, and runs what it made possible.
    pub(crate) fn finish<'s>(&'s self, mut server: MutexGuard<'s, &'a mut Server<Shared>>) -> io::Result<()> {
        let mut now = Instant::now();
        while let Some(job) = server.daemon.next_job(now) {
            server.flush(now);
            if server.daemon.poll_timeout().is_some_and(|at| at <= now) {
                // What else is ready, the leader does not know of.
                self.poller.notify();
            }
            drop(server);
            let done = job.run_here();
            server = lock(&self.server);
            server.daemon.finish(done);
            now = Instant::now();
        }
        server.flush(now);
        // The leader waits with a timeout that was right before, and cannot see that it is over.
        if server.is_over() || server.has_news_for_leader() {
            self.poller.notify();
        }
        Ok(())
    }

    /// Lets a follower lead.
    fn hand_over(&self, term: u64) {
        let mut lead = lock(&self.lead);
        if lead.term == term {
            lead.taken = false;
            self.led.store(false, Ordering::SeqCst);
            self.change.notify_all();
        }
    }

    /// It is over: nobody leads any more.
    fn give_up(&self) {
        lock(&self.lead).over = true;
        self.change.notify_all();
        self.poller.notify();
    }
}

/// How long calls took lately, the last ones counting most.
struct Average {
    nanos: u64,
    /// Calls since one was measured.
    unmeasured: u32,
}

impl Default for Average {
    /// As after short calls; the next one is measured.
    fn default() -> Self {
        Self { nanos: 0, unmeasured: SAMPLE }
    }
}

impl Average {
    /// As after a long call.
    fn long() -> Self {
        Self { nanos: u64::from(MOST.subsec_nanos()), ..Self::default() }
    }

    /// True when the next call is to be measured.
    fn is_due(&mut self) -> bool {
        self.unmeasured += 1;
        let due = self.unmeasured >= SAMPLE || self.nanos > u64::from(SHORT.subsec_nanos());
        if due {
            self.unmeasured = 0;
        }
        due
    }

    fn add(&mut self, took: Duration) {
        // Up to the most that counts, the seconds are none.
        let nanos = if took < MOST { took.subsec_nanos() } else { MOST.subsec_nanos() };
        self.nanos = (self.nanos * 7 + u64::from(nanos)) / 8;
    }

    fn is_long(&self) -> bool {
        self.nanos > u64::from(LONG.subsec_nanos())
    }
}

/// What the watching follower remembers.
struct Watch {
    mine: bool,
    /// Watches between two looks.
    pace: u32,
    /// The count of calls at the last look.
    seen: u64,
    /// Looks in a row at which nothing had happened.
    quiet: u32,
}

impl Default for Watch {
    fn default() -> Self {
        Self { mine: false, pace: 1, seen: 0, quiet: 0 }
    }
}

impl Watch {
    /// Looks at the leader: true when it still runs the call that it ran at the last look.
    fn leader_is_stuck(&mut self, calls: u64) -> bool {
        let same = self.mine && calls == self.seen;
        self.quiet = if same { self.quiet + 1 } else { 0 };
        self.seen = calls;
        let stuck = same && calls % 2 == 1;
        if self.mine {
            self.pace = if stuck { 1 } else { (self.pace * 2).min(LAZIEST) };
        }
        stuck
    }

    /// How long until the next look; none for until woken.
    fn timeout(&self) -> Option<Duration> {
        (self.mine && self.quiet < QUIET).then_some(WATCH * self.pace)
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
