//! Objects that several threads call at once.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use super::context::{Call, Context};
use super::gate::{Gate, Waiter};
use super::object::{Object, Outcome};
use super::responder::{Mail, Mailbox, Report, Ticket};
use super::run::{self, Ended, Entry};
use super::{Budget, Daemon, Directory, Peer, Registry, SessionId, builtin};
use crate::connection::{Head, Incoming};
use crate::error::RegisterError;
use crate::fault::Fault;
use crate::limits::Config;
use crate::metadata::{Member, Metadata};
use crate::value::{Args, ObjectId};
use crate::wire::OwnedAnnotations;

/// Objects for threads: clones share them, several daemons may too.
///
/// Members that take `&self` run at the same time, those that take `&mut self` alone. No worker
/// ever waits for an object: a job is handed out once its object is free.
#[derive(Clone, Default)]
pub struct Shared(Arc<RwLock<BTreeMap<ObjectId, Arc<Guarded>>>>);

type Guarded = Entry<(RwLock<Box<dyn Object + Send + Sync>>, Gate)>;

impl Shared {
    /// No objects yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hosts an object in every daemon that uses these.
    ///
    /// # Errors
    /// An id that is taken, or that of the daemon itself; the object is dropped then.
    pub fn register(
        &self,
        id: impl Into<ObjectId>,
        object: impl Object + Send + Sync + 'static,
    ) -> Result<ObjectId, RegisterError> {
        let id = id.into();
        if run::is_builtin(id.as_str()) {
            return Err(RegisterError::Reserved(id));
        }
        let entry: Guarded = Entry::new(object, |object| {
            (RwLock::new(Box::new(object) as Box<dyn Object + Send + Sync>), Gate::default())
        });
        let mut objects = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if objects.contains_key(&id) {
            return Err(RegisterError::Duplicate(id));
        }
        objects.insert(id.clone(), Arc::new(entry));
        Ok(id)
    }

    /// Forgets an object; false when there was none of this id. Calls that run go on.
    pub fn unregister(&self, id: &str) -> bool {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(id).is_some()
    }

    fn find(&self, id: &str) -> Option<Arc<Guarded>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

impl Daemon<Shared> {
    /// A daemon on shared objects, with at most `workers` jobs out at once.
    pub fn shared(now: Instant, config: Config, registry: &Shared, workers: usize) -> Self {
        Self::with_registry(now, config, registry.clone(), workers.max(1))
    }

    /// Hosts an object in every daemon on these objects. With an empty id, a fresh one is made.
    ///
    /// # Errors
    /// As for [`Shared::register`].
    pub fn register(
        &mut self,
        id: impl Into<ObjectId>,
        object: impl Object + Send + Sync + 'static,
    ) -> Result<ObjectId, RegisterError> {
        let mut id = id.into();
        if id.as_str().is_empty() {
            id = self.generate_id();
        }
        self.registry.register(id, object)
    }

    /// The next call that can run: give it to any thread.
    ///
    /// Handshakes, and calls of the daemon's own object, are answered here and now.
    pub fn next_job(&mut self, now: Instant) -> Option<Job> {
        let now = self.begin(now);
        self.pick(now)
    }

    /// Takes in a call that this thread has run.
    pub fn finish(&mut self, mut done: Done) {
        if let Some(finished) = done.0.take_if(|finished| Arc::ptr_eq(&finished.mailbox, &self.mailbox)) {
            self.report(finished.report);
            let (mine, others): (Vec<_>, _) =
                finished.next.into_iter().partition(|(mailbox, _)| Arc::ptr_eq(mailbox, &self.mailbox));
            for (_, session) in mine {
                self.sessions.retry(session, Baton(Some(Arc::clone(&finished.entry))));
            }
            Baton::give(&finished.entry, others);
        }
    }

    fn pick(&mut self, now: Instant) -> Option<Job> {
        while self.can_start() {
            let (session, head, incoming) = self.sessions.next_request()?;
            if head == Head::Connect {
                self.admit(session, incoming);
                continue;
            }
            if let Some(job) = self.prepare(now, session, incoming) {
                self.running += 1;
                return Some(job);
            }
        }
        None
    }

    /// Makes a job of a call, unless it is answered at once or its object is busy.
    fn prepare(&mut self, now: Instant, session: SessionId, incoming: Incoming) -> Option<Job> {
        let peer = Arc::clone(&self.sessions.slot(session)?.peer);
        let config = Arc::clone(self.sessions.config());
        let memory = self.sessions.lend();
        match aim(&self.registry, &incoming, &config) {
            Ok(Aim::Object { entry, shared, route }) => {
                if let Some(baton) = self.sessions.take_baton(session) {
                    baton.used();
                }
                if entry.object.1.enter(shared, || (Arc::clone(&self.mailbox), session)) {
                    let mailbox = Arc::clone(&self.mailbox);
                    let work = Work { entry, shared, route, incoming, peer, session, now, config, mailbox, memory };
                    return Some(Job(Some(work)));
                }
                self.sessions.keep(memory);
                self.sessions.park(session, incoming);
            }
            answered => {
                let call =
                    Call { now, session, peer: &peer, incoming: &incoming, config: &config, mailbox: &self.mailbox };
                let ended = run::guarded(&mut (), &call, memory, |cx| match answered {
                    Err(fault) => Err(fault),
                    Ok(_) => run::call_builtin(&self.registry, &config, cx, run::head(&incoming, &config)?),
                });
                self.conclude(session, incoming, ended);
            }
        }
        None
    }
}

/// Where a call goes.
enum Aim {
    Daemon,
    Object { entry: Arc<Guarded>, shared: bool, route: Option<Route> },
}

/// What was learnt of an exposed method when the call's head was read, so that it is not read again: the
/// method's place in the metadata, and where the arguments begin.
#[derive(Clone, Copy)]
struct Route {
    method: usize,
    args: usize,
}

fn aim(registry: &Shared, incoming: &Incoming, config: &Config) -> Result<Aim, Fault> {
    let head = run::head(incoming, config)?;
    if run::is_builtin(&head.object) {
        return Ok(Aim::Daemon);
    }
    let entry = registry.find(&head.object).ok_or_else(builtin::unknown_object)?;
    if let Some(args) = head.args.begin()
        && let Some((method, flags)) = entry.metadata.find(&head.method)
    {
        return Ok(Aim::Object { shared: flags.shared, route: Some(Route { method, args }), entry });
    }
    let shared = run::address(&entry.metadata, entry.type_name, &head.method, head.args, |member, _| {
        Ok(entry.metadata.is_shared(&member))
    })?;
    Ok(Aim::Object { entry, shared, route: None })
}

/// A call, ready to run on any thread.
///
/// [`run`](Self::run) sends the answer home and frees the object; dropped instead, the job is a
/// fault at its caller.
pub struct Job(Option<Work>);

struct Work {
    entry: Arc<Guarded>,
    shared: bool,
    route: Option<Route>,
    incoming: Incoming,
    peer: Arc<Peer>,
    session: SessionId,
    now: Instant,
    config: Arc<Config>,
    mailbox: Arc<Mailbox>,
    memory: Vec<u8>,
}

impl Job {
    /// Runs the call, and wakes the loop. A panic is caught, and is a fault at the caller.
    pub fn run(self) {
        drop(self.run_here());
    }

    /// Like [`run`](Self::run), on a thread that gives the result to [`Daemon::finish`] right afterwards:
    /// nobody has to be woken. Dropped instead, the result goes the other way.
    #[must_use = "give it to `Daemon::finish`"]
    pub fn run_here(mut self) -> Done {
        let Some(mut work) = self.0.take() else { return Done(None) };
        let memory = std::mem::take(&mut work.memory);
        let call = Call {
            now: work.now,
            session: work.session,
            peer: &work.peer,
            incoming: &work.incoming,
            config: &work.config,
            mailbox: &work.mailbox,
        };
        let ended = run::guarded(&mut (), &call, memory, |cx| work.invoke(cx));
        work.finish(ended)
    }
}

/// A call that has run on the thread that steps the daemon: see [`Job::run_here`].
pub struct Done(Option<Finished>);

struct Finished {
    mailbox: Arc<Mailbox>,
    report: Report,
    /// The object, and who may try it now.
    entry: Arc<Guarded>,
    next: Vec<Waiter>,
}

impl Drop for Done {
    fn drop(&mut self) {
        if let Some(Finished { mailbox, report, entry, next }) = self.0.take() {
            Baton::give(&entry, next);
            mailbox.post(Mail::Job(report));
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(work) = self.0.take() {
            drop(work.finish(Ended {
                answer: Some(Err(Fault::new("builtins.RuntimeError", "the call was dropped before it ran"))),
                annotations: OwnedAnnotations::default(),
                cancel: None,
                memory: Vec::new(),
            }));
        }
    }
}

impl Work {
    fn invoke(&self, cx: &mut Context<'_>) -> Outcome {
        let entry = &*self.entry;
        if let Some(Route { method, args }) = self.route {
            let name = entry.metadata.name(method);
            let args =
                Args::unread(self.incoming.header.dialect, self.incoming.payload(), args, self.config.limits.max_depth);
            return self.enter(cx, Member::Method(name), args.called(entry.type_name, name));
        }
        let head = run::head(&self.incoming, &self.config)?;
        run::address(&entry.metadata, entry.type_name, &head.method, head.args, |member, args| {
            self.enter(cx, member, args)
        })
    }

    /// Calls the object. The gate lets nobody wait here. A poisoned lock means a method panicked earlier;
    /// that was its caller's fault, not the object's end.
    fn enter(&self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        let (object, _) = &self.entry.object;
        if self.shared {
            object.read().unwrap_or_else(PoisonError::into_inner).call_shared(cx, member, args)
        } else {
            object.write().unwrap_or_else(PoisonError::into_inner).call(cx, member, args)
        }
    }

    fn finish(self, ended: Ended) -> Done {
        let next = self.entry.object.1.leave(self.shared);
        let ticket = Ticket { session: self.session, call: self.incoming.id };
        let report = Report { ticket, ended, request: self.incoming.recycle() };
        Done(Some(Finished { mailbox: self.mailbox, report, entry: self.entry, next }))
    }
}

/// The word that an object is free, on its way to one who waits for it. Lost on the way, because the
/// session ended, it goes to the next.
pub(crate) struct Baton(Option<Arc<Guarded>>);

impl Baton {
    /// Tells those who wait.
    fn give(entry: &Arc<Guarded>, to: Vec<Waiter>) {
        for (mailbox, session) in to {
            mailbox.post(Mail::Retry(session, Self(Some(Arc::clone(entry)))));
        }
    }

    /// The one who was told is here.
    fn used(mut self) {
        self.0 = None;
    }
}

impl Drop for Baton {
    fn drop(&mut self) {
        if let Some(entry) = self.0.take() {
            Self::give(&entry, entry.object.1.pass());
        }
    }
}

impl std::fmt::Debug for Baton {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Baton")
    }
}

impl Registry for Shared {
    type World = ();

    fn run(daemon: &mut Daemon<Self>, now: Instant, _world: &mut (), budget: Budget) -> usize {
        let mut calls = 0;
        while budget.allows(calls) {
            let Some(job) = daemon.pick(now) else { break };
            let done = job.run_here();
            daemon.finish(done);
            daemon.take_mail();
            calls += 1;
        }
        calls
    }
}

impl Directory for Shared {
    fn ids(&self) -> Vec<ObjectId> {
        let objects = self.0.read().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(ObjectId::from(ObjectId::DAEMON)).chain(objects.keys().cloned()).collect()
    }

    fn metadata(&self, id: &str) -> Option<Metadata> {
        if run::is_builtin(id) {
            return Some(builtin::METADATA.clone());
        }
        self.find(id).map(|entry| entry.metadata.clone())
    }
}
