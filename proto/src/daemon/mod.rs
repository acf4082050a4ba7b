//! Layer 3, hosting: a [`Daemon`] owns all incoming sessions, and the objects that they call.

mod access;
mod admission;
mod asides;
mod batch;
mod budget;
mod builtin;
mod context;
mod counters;
mod gate;
mod gatekeeper;
mod guests;
mod hooks;
mod instances;
mod interface;
mod job;
mod local;
mod mail;
mod memo;
mod notices;
mod object;
mod requests;
mod responder;
mod run;
mod schedule;
mod scope;
mod seat;
mod session;
mod sessions;
mod shared;
mod slot;
#[cfg(feature = "tracing")]
mod spans;
mod spawn;
mod stream;
mod streams;
mod weak;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

pub(crate) use batch::Batch;
pub use budget::{Budget, Dispatched};
pub use context::Context;
pub use counters::Counters;
pub use gatekeeper::{Admission, Knock, Verdict};
pub use hooks::{CallInfo, CallOutcome, Hooks};
pub use instances::InstanceMode;
pub use job::{Done, Job};
pub use local::Local;
pub use notices::Notice;
pub use object::{Answer, ArcObject, Object, Outcome};
pub use responder::{Deferred, Responder};
pub use scope::Scope;
pub use session::Session;
pub use shared::Shared;
pub use spawn::Task;
pub use stream::{Items, Stream};

use crate::error::{CloseReason, Refused};
use crate::fault::Fault;
use crate::layer::{Detached, Identity, Layer};
use crate::limits::{Config, Handshake};
use crate::metadata::Metadata;
use crate::timers::earliest;
use crate::uri::Uri;
use crate::value::{ObjectId, Payload};
use crate::wire::OwnedAnnotations;
use admission::Arrival;
use gatekeeper::Gatekeeper;
use guests::{Guests, Hosting};
use hooks::Watch;
use job::Work;
use memo::Memo;
use notices::Notices;
use responder::{Mail, Mailbox, Ticket};
use sessions::Sessions;
use spawn::Errands;
use streams::Streams;

/// Jobs whose memory is kept.
const IDLE: usize = 64;

/// Hosts objects: owns every incoming session and the registry of what they may call.
///
/// Bytes and time come in through [`session`](Self::session); user code runs in
/// [`dispatch`](Self::dispatch) alone. [`embedding`](crate::embedding) shows the loop around it.
///
/// `R` is [`Local`] for objects of one thread, with or without a world that they see, or [`Shared`]
/// for objects that several threads call at once.
pub struct Daemon<R: Registry = Local> {
    sessions: Sessions,
    registry: R,
    mailbox: Arc<Mailbox>,
    /// Mail being read, its memory used again.
    mail: Vec<Mail>,
    /// Deferred answers for batches whose jobs have not come home.
    early: Vec<(Ticket, Result<Payload, Fault>, OwnedAnnotations)>,
    streams: Streams,
    guests: Guests,
    errands: Errands,
    gatekeeper: Option<Gatekeeper>,
    /// Clients on which the gatekeeper decides later.
    knocks: BTreeMap<SessionId, Arrival>,
    notices: Option<Notices<R::World>>,
    /// Clients that were let in, to be told of.
    arrived: Vec<(Arc<Peer>, Arrival)>,
    watch: Option<Box<Watch>>,
    /// Jobs that may be out at once.
    workers: usize,
    /// Jobs that are out.
    running: usize,
    /// Jobs that have come home, their memory used again.
    #[expect(clippy::vec_box, reason = "what is used again are the boxes")]
    idle: Vec<Box<Work>>,
    memo: Memo,
}

/// Where a daemon's objects live: [`Local`] or [`Shared`].
pub trait Registry: Directory + sealed::Sealed + Sized {
    /// What methods see of the program around them.
    type World;

    /// What methods make for a session.
    #[doc(hidden)]
    type Guest;

    /// An object as a guest, where it can be one.
    #[doc(hidden)]
    fn guest(object: Box<dyn Object + Send + Sync>) -> Option<Self::Guest>;

    /// Hosts an object for a session.
    #[doc(hidden)]
    fn add_guest(&mut self, id: ObjectId, guest: Hosting<Self::Guest>);

    /// Removes one. True when it waits to be closed.
    #[doc(hidden)]
    fn remove_guest(&mut self, id: &str) -> bool;

    /// Closes what waits for that.
    #[doc(hidden)]
    fn close_waiting(&mut self, world: &mut Self::World);

    /// Runs what can start.
    #[doc(hidden)]
    fn run(daemon: &mut Daemon<Self>, now: Instant, world: &mut Self::World, budget: Budget) -> usize;
}

mod sealed {
    pub trait Sealed {}
    impl<W> Sealed for super::Local<W> {}
    impl Sealed for super::Shared {}
}

/// What a registry can tell of its objects.
#[doc(hidden)]
pub trait Directory {
    /// All ids, the daemon's own first.
    fn ids(&self) -> Vec<ObjectId>;
    /// What an object exposes.
    fn metadata(&self, id: &str) -> Option<Metadata>;
    /// True when instances may belong to sessions.
    fn keeps_instances(&self) -> bool;
    /// How many instances are kept.
    fn count_instances(&self) -> usize;
    /// A session of a daemon has ended: the instances that were made for it are to be closed.
    fn session_ended(&mut self, daemon: usize, session: SessionId);
    /// Drops the items of a stream.
    fn drop_stream(&mut self, id: &str);
    /// Keeps the items of a stream that a job gave.
    fn keep_stream(&mut self, _id: Arc<str>, _items: Box<dyn Items + Send>) {}
}

/// Names a session of a daemon; never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    index: u32,
    generation: u32,
}

impl SessionId {
    /// A small number that no other live session of the daemon has: a place in an array of sockets.
    /// It is used again when the session is over.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({}/{})", self.index, self.generation)
    }
}

/// Who is at the other end of a session, as far as the embedder knows.
///
/// The default is a connected socket that the user supplied: nothing is known, and the peer may
/// begin with a handshake or without one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Peer {
    /// The peer's address, on IP sockets.
    pub address: Option<SocketAddr>,
    /// Who the peer proved to be: set by the layer below, before the gatekeeper looks.
    pub identity: Option<Identity>,
    /// True on unix sockets and socketpairs.
    pub local: bool,
    /// Whether the session begins with a handshake.
    pub handshake: Handshake,
}

/// Somebody of whom nothing is known.
impl Default for Peer {
    fn default() -> Self {
        Self { address: None, identity: None, local: false, handshake: Handshake::Auto }
    }
}

impl Peer {
    /// Who has the other end of a socketpair, or of another unix socket that somebody handed to you.
    pub fn pair() -> Self {
        Self { local: true, ..Self::default() }
    }

    /// A client of a unix socket that the daemon listens on.
    pub fn unix() -> Self {
        Self { handshake: Handshake::Required, ..Self::pair() }
    }
}

/// A client of an IP socket that the daemon listens on.
impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self { address: Some(address), identity: None, local: false, handshake: Handshake::Required }
    }
}

/// What happened to a daemon's sessions.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DaemonEvent {
    /// A session is over, its last byte sent: drop its socket.
    Closed {
        /// Which one; it is not known to the daemon any more.
        session: SessionId,
        /// Why.
        reason: CloseReason,
    },
    /// A session speaks another protocol, and the layer below hands it back: [`detach`](Daemon::detach) it, and go on
    /// with its socket, or [close](Session::close) it. Until then nothing is read, for as long as a handshake may take.
    Foreign {
        /// Which one.
        session: SessionId,
        /// What it speaks, such as `http`.
        protocol: &'static str,
    },
}

impl<R: Registry> Daemon<R> {
    fn with_registry(now: Instant, config: Config, registry: R, workers: usize) -> Self {
        let sessions = Sessions::new(now, Arc::new(config));
        Self {
            registry,
            mailbox: Arc::new(Mailbox::new(sessions.entropy.branch())),
            mail: Vec::new(),
            early: Vec::new(),
            streams: Streams::default(),
            guests: Guests::default(),
            errands: Errands::new(),
            sessions,
            gatekeeper: None,
            knocks: BTreeMap::new(),
            notices: None,
            arrived: Vec::new(),
            watch: None,
            workers,
            running: 0,
            idle: Vec::new(),
            memo: Memo::default(),
        }
    }

    /// Takes a connection that was accepted, or a connected socket that is given. Without a layer of its own, it gets
    /// that of [`Config::layers`].
    ///
    /// # Errors
    /// The daemon is shutting down or has as many sessions as it may, or there is no layer for it: close the socket.
    pub fn open(
        &mut self,
        now: Instant,
        peer: impl Into<Peer>,
        layer: Option<Box<dyn Layer>>,
    ) -> Result<SessionId, Refused> {
        self.sessions.open(now, peer.into(), layer)
    }

    /// Gives the socket of a session back that speaks another protocol: the daemon does not know it any more, and tells
    /// nothing of its end. None for other sessions. See [`DaemonEvent::Foreign`].
    pub fn detach(&mut self, id: SessionId) -> Option<Detached> {
        self.sessions.detach(id)
    }

    /// A session, to be pumped; `None` once it has ended.
    pub fn session(&mut self, id: SessionId) -> Option<Session<'_>> {
        Session::new(&mut self.sessions, id)
    }

    /// Who is at the other end of a session.
    pub fn peer(&self, id: SessionId) -> Option<&Peer> {
        self.sessions.slot(id).map(|slot| &*slot.peer)
    }

    /// The next session that wants to be pumped: it has output, or may be read again.
    pub fn poll_session(&mut self) -> Option<SessionId> {
        self.sessions.poll_session()
    }

    /// Runs user code: up to `budget` calls, sessions in turn, one call each.
    ///
    /// Answers that came from elsewhere are taken in first.
    pub fn dispatch(&mut self, now: Instant, world: &mut R::World, budget: Budget) -> Dispatched {
        let now = self.begin(now);
        self.registry.close_waiting(world);
        self.sessions.common.closing = false;
        self.tell(world);
        let calls = R::run(self, now, world, budget);
        Dispatched { calls, more: self.can_start() && self.sessions.has_ready() }
    }

    /// Does what is due at `now`; harmless when early.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.sessions.handle_timeout(now);
        self.sessions.settle();
        if self.sessions.shutdown().is_some_and(|deadline| deadline <= self.sessions.now()) {
            self.cancel_errands();
        }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) and [`dispatch`](Self::dispatch) next.
    ///
    /// It is past only while they could do something at once, or an event or a session waits to be
    /// polled.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.mailbox.is_waiting() {
            return Some(self.sessions.now());
        }
        let next = self.sessions.poll_timeout(self.can_start());
        // At the end of the grace it is drained, whatever still runs.
        let end = self.sessions.shutdown().filter(|_| !self.is_drained());
        earliest(earliest(next, end), self.streams.poll_timeout())
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<DaemonEvent> {
        self.sessions.poll_event()
    }

    /// Wakes the loop when an answer comes from elsewhere: call [`dispatch`](Self::dispatch) then.
    pub fn set_waker(&mut self, waker: Waker) {
        self.mailbox.set_waker(waker);
    }

    /// Takes no further sessions and calls. Calls that run may end within `grace` and be answered;
    /// then everything closes.
    pub fn shutdown(&mut self, now: Instant, grace: Duration) {
        let now = self.sessions.at(now);
        self.sessions.begin_shutdown(now + grace);
    }

    /// True when a shutdown is complete.
    pub fn is_drained(&self) -> bool {
        let Some(deadline) = self.sessions.shutdown() else { return false };
        // What belonged to the last sessions goes in one more step.
        !self.sessions.has_ended()
            && self.sessions.len() == 0
            && (self.has_nothing_running() || deadline <= self.sessions.now())
    }

    /// True while there is no session, and nothing goes on for one that there was: no call runs, and every oneway call
    /// that is to be answered later has been. A server without listeners is over then.
    pub fn is_idle(&self) -> bool {
        self.sessions.len() == 0 && self.has_nothing_running()
    }

    fn has_nothing_running(&self) -> bool {
        self.running == 0 && self.errands.is_empty()
    }

    /// How many sessions there are.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// The URI of an object, if the config says where the daemon can be reached: at its [`Nat`](crate::Nat) address,
    /// where it has one.
    pub fn uri(&self, object: impl Into<String>) -> Option<Uri> {
        Some(Uri::pyro(object, self.sessions.config().published()?))
    }

    /// The same without NAT (`uriFor(object, nat=False)` in Python).
    pub fn internal_uri(&self, object: impl Into<String>) -> Option<Uri> {
        Some(Uri::pyro(object, self.sessions.config().location.clone()?))
    }

    /// Where the daemon listens, for URIs.
    pub fn set_location(&mut self, location: crate::Location) {
        self.sessions.set_location(location);
    }

    /// How the daemon behaves.
    pub fn config(&self) -> &Config {
        self.sessions.config()
    }

    /// The objects.
    pub fn registry(&mut self) -> &mut R {
        &mut self.registry
    }

    fn generate_id(&mut self) -> ObjectId {
        ObjectId::generate(self.sessions.entropy.uuid())
    }

    fn can_start(&self) -> bool {
        self.running < self.workers
    }

    /// True while a step would find nothing to do but to start calls.
    fn is_settled(&self) -> bool {
        self.sessions.is_settled() && !self.mailbox.is_waiting() && !self.registry.keeps_instances()
    }

    /// Begins a step: settles what was pumped, takes in what came from elsewhere.
    fn begin(&mut self, now: Instant) -> Instant {
        let now = self.sessions.at(now);
        self.sessions.settle();
        self.sessions.begin_turn();
        self.take_mail();
        if self.sessions.watches_ends() || self.registry.keeps_instances() {
            self.release(now);
        }
        now
    }

    /// Drops what belonged to sessions that have ended.
    fn release(&mut self, now: Instant) {
        let sessions = self.sessions.take_ended();
        for id in self.ended_streams(now, &sessions) {
            self.registry.drop_stream(&id);
        }
        for session in sessions {
            self.knocks.remove(&session);
            self.release_guests_of(session);
            self.registry.session_ended(self.identity(), session);
        }
        for resource in self.sessions.take_orphans() {
            // Should it panic, the others are dropped all the same.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(resource)));
        }
        let watch = !self.streams.is_empty()
            || !self.guests.is_empty()
            || !self.knocks.is_empty()
            || self.registry.keeps_instances()
            || self.sessions.has_resources();
        self.sessions.watch_ends(watch);
    }

    /// Tells daemons apart that share a registry.
    fn identity(&self) -> usize {
        Arc::as_ptr(&self.mailbox) as usize
    }
}
