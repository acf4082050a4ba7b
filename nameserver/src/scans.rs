//! Threads that go through many names, so that nobody else waits for it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use firesteel_proto::{Fault, Responder};

use crate::object::naming;
use crate::pattern::Pattern;
use crate::storage::{Item, Listing};

/// How long one pattern is tried before it is the next one's turn.
const TURN: Duration = Duration::from_millis(5);
/// How long one pattern may take altogether.
const MAX_TIME: Duration = Duration::from_secs(5);

/// Patterns that are tried in turn with each other.
const AT_ONCE: usize = 16;

/// Two threads that start when they are needed, and end with this: one goes through listings, one tries patterns.
#[derive(Default)]
pub(crate) struct Scans {
    listings: Mutex<Option<Sender<Job>>>,
    patterns: Mutex<Option<Sender<Scan>>>,
}

type Job = Box<dyn FnOnce() + Send>;

/// Names that are being tried.
struct Scan {
    regex: Regex,
    listing: Listing,
    matching: Vec<Item>,
    spent: Duration,
    goal: Box<dyn Goal>,
}

/// It is compiled on the thread, too.
enum Regex {
    Text(String),
    Compiled(Pattern),
}

/// What becomes of the names that match.
trait Goal: Send {
    fn is_cancelled(&self) -> bool;
    fn reach(self: Box<Self>, found: Result<Vec<Item>, Fault>);
}

/// Something to be done with the names that match, and the call that it is done for.
pub(crate) struct Found<F> {
    responder: Responder,
    then: F,
}

impl<F: FnOnce(Result<Vec<Item>, Fault>, Responder)> Found<F> {
    pub(crate) fn new(responder: Responder, then: F) -> Self {
        Self { responder, then }
    }
}

impl<F: FnOnce(Result<Vec<Item>, Fault>, Responder) + Send> Goal for Found<F> {
    fn is_cancelled(&self) -> bool {
        self.responder.is_cancelled()
    }

    fn reach(self: Box<Self>, found: Result<Vec<Item>, Fault>) {
        (self.then)(found, self.responder);
    }
}

impl Scans {
    /// Runs a job behind others like it.
    pub(crate) fn go_through(&self, job: impl FnOnce() + Send + 'static) {
        send(&self.listings, "names: long listings", Box::new(job), |jobs: &Receiver<Job>| {
            for job in jobs {
                // Should it panic, its caller is told, and the next ones go on.
                let _ = catch_unwind(AssertUnwindSafe(job));
            }
        });
    }

    /// Tries a pattern, in turn with others.
    pub(crate) fn match_pattern<F>(&self, regex: String, listing: Listing, found: Found<F>)
    where
        F: FnOnce(Result<Vec<Item>, Fault>, Responder) + Send + 'static,
    {
        let (regex, matching) = (Regex::Text(regex), Vec::new());
        let scan = Scan { regex, listing, matching, spent: Duration::ZERO, goal: Box::new(found) };
        send(&self.patterns, "names: patterns", scan, try_patterns);
    }
}

/// Gives a thread something to do. Where the system has no thread left, its caller is told that there was no answer.
fn send<T: Send + 'static>(to: &Mutex<Option<Sender<T>>>, name: &str, what: T, run: fn(&Receiver<T>)) {
    let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
    if to.is_none() {
        let (sender, requests) = mpsc::channel();
        let started = thread::Builder::new().name(name.to_owned()).spawn(move || run(&requests));
        *to = started.ok().map(|_| sender);
    }
    let _ = to.as_ref().map(|to| to.send(what));
}

fn try_patterns(requests: &Receiver<Scan>) {
    let mut scans = VecDeque::new();
    loop {
        if scans.is_empty() {
            let Ok(scan) = requests.recv() else { return };
            scans.push_back(scan);
        }
        // The others wait for their turn, and hold nothing meanwhile.
        scans.extend(requests.try_iter().take(AT_ONCE.saturating_sub(scans.len())));
        if let Some(scan) = scans.pop_front() {
            // As above.
            scans.extend(catch_unwind(AssertUnwindSafe(|| scan.turn())).unwrap_or_default());
        }
    }
}

impl Scan {
    /// Goes on for a while; it is over where nothing comes back.
    fn turn(mut self) -> Option<Self> {
        if self.goal.is_cancelled() {
            return None;
        }
        match self.try_names(Instant::now()) {
            Ok(false) => return Some(self),
            Ok(true) => self.goal.reach(Ok(self.matching)),
            Err(fault) => self.goal.reach(Err(fault)),
        }
        None
    }

    /// True where all have been tried.
    fn try_names(&mut self, begin: Instant) -> Result<bool, Fault> {
        if let Regex::Text(text) = &self.regex {
            self.regex = Regex::Compiled(Pattern::new(text).map_err(|error| error.to_fault())?);
        }
        let Regex::Compiled(pattern) = &self.regex else { return Ok(true) };
        while begin.elapsed() < TURN {
            let Some(item) = self.listing.next() else { return Ok(true) };
            if pattern.matches(&item.0).map_err(|error| error.to_fault())? {
                self.matching.push(item);
            }
        }
        self.spent += begin.elapsed();
        if self.spent > MAX_TIME {
            return Err(naming("invalid regex: it takes too long with so many names"));
        }
        Ok(false)
    }
}
