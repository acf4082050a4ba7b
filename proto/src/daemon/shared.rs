//! Objects that several threads call at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use super::context::{Call, Context};
use super::gate::{Gate, Waiter};
use super::object::{Object, Outcome};
use super::responder::{Mail, Mailbox, Report, Ticket};
use super::run::{self, Ended, Entry};
use super::sessions::Next;
use super::stream::{self, Items, Source, StreamCall};
use super::streams::StreamId;
use super::{Batch, Budget, Daemon, Directory, Peer, Registry, SessionId, builtin};
use crate::connection::{Incoming, Parked};
use crate::error::RegisterError;
use crate::fault::Fault;
use crate::limits::Config;
use crate::metadata::{Member, Metadata};
use crate::value::{Args, ObjectId};

/// Objects for threads: clones share them, several daemons may too.
///
/// Members that take `&self` run at the same time, those that take `&mut self` alone. No worker
/// ever waits for an object: a job is handed out once its object is free.
#[derive(Clone, Default)]
pub struct Shared(Arc<Tables>);

#[derive(Default)]
struct Tables {
    objects: RwLock<BTreeMap<ObjectId, Arc<Guarded>>>,
    /// Streams are objects too, with their next item as the only member.
    streams: RwLock<BTreeMap<StreamId, Arc<Guarded>>>,
}

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
        let mut objects = self.0.objects.write().unwrap_or_else(PoisonError::into_inner);
        if objects.contains_key(&id) {
            return Err(RegisterError::Duplicate(id));
        }
        objects.insert(id.clone(), Arc::new(entry));
        Ok(id)
    }

    /// Forgets an object; false when there was none of this id. Calls that run go on.
    pub fn unregister(&self, id: &str) -> bool {
        self.0.objects.write().unwrap_or_else(PoisonError::into_inner).remove(id).is_some()
    }

    /// The stream that a call asks for its next item.
    fn find_stream(&self, id: &str) -> Option<Arc<Guarded>> {
        self.0.streams.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn add_stream(&self, id: StreamId, items: Box<dyn Items + Send>) {
        let items = Entry {
            metadata: builtin::METADATA.clone(),
            type_name: builtin::TYPE_NAME,
            object: (
                RwLock::new(Box::new(Streamed(Mutex::new(items))) as Box<dyn Object + Send + Sync>),
                Gate::default(),
            ),
        };
        self.0.streams.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::new(items));
    }

    fn remove_stream(&self, id: &str) {
        let removed = self.0.streams.write().unwrap_or_else(PoisonError::into_inner).remove(id);
        // Its items are dropped without the lock.
        drop(removed);
    }

    fn find(&self, id: &str) -> Option<Arc<Guarded>> {
        self.0.objects.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

/// A stream as an object.
struct Streamed(Mutex<Box<dyn Items + Send>>);

impl Object for Streamed {
    fn metadata(&self) -> &Metadata {
        &builtin::METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, _: Member<'_>, _: Args<'_>) -> Outcome {
        let items = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        stream::next_item(&mut **items, cx)
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
            let (session, next) = self.sessions.next_request()?;
            let job = match next {
                Next::Call(incoming) => self.prepare(now, session, Task::Call(incoming)),
                Next::Batch(batch) if batch.next_method().is_some() => self.prepare(now, session, Task::Batch(batch)),
                Next::Batch(batch) => {
                    self.end_batch(session, batch, None);
                    None
                }
                Next::Connect(incoming) => {
                    self.admit(session, incoming);
                    None
                }
                Next::Refused(incoming, fault) => {
                    self.conclude(session, incoming, Ended::fault(fault));
                    None
                }
            };
            if job.is_some() {
                self.running += 1;
                return job;
            }
        }
        None
    }

    /// Makes a job of a call, unless it is answered at once or its object is busy.
    fn prepare(&mut self, now: Instant, session: SessionId, task: Task) -> Option<Job> {
        let peer = Arc::clone(&self.sessions.slot(session)?.peer);
        let config = Arc::clone(self.sessions.config());
        let aim = match &task {
            Task::Call(incoming) => aim(&self.registry, incoming, &config),
            Task::Batch(batch) => aim_batch(&self.registry, batch),
        };
        match aim {
            Ok(Aim::CloseStream(id)) => {
                self.streams.closed(&id);
                self.registry.remove_stream(&id);
                self.run_here(now, session, &peer, &config, task, |cx| cx.answer(&()));
                None
            }
            Ok(Aim::Object { entry, shared, route }) => {
                if let Some(Route::Stream(id)) = &route {
                    self.streams.used(id, session);
                }
                if let Some(baton) = self.sessions.take_baton(session) {
                    baton.used();
                }
                if !entry.object.1.enter(shared, || (Arc::clone(&self.mailbox), session)) {
                    self.sessions.park(session, task.into());
                    return None;
                }
                let mailbox = Arc::clone(&self.mailbox);
                let memory = self.sessions.lend();
                Some(Job(Some(Work { entry, shared, route, task, peer, session, now, config, mailbox, memory })))
            }
            Ok(Aim::Daemon) => {
                self.run_builtin(now, session, &peer, &config, task);
                None
            }
            Err(fault) => {
                match task {
                    Task::Batch(batch) => self.end_batch(session, batch, Some(fault)),
                    Task::Call(_) => self.run_here(now, session, &peer, &config, task, |_| Err(fault)),
                }
                None
            }
        }
    }

    /// Answers a call here and now.
    fn run_here(
        &mut self,
        now: Instant,
        session: SessionId,
        peer: &Arc<Peer>,
        config: &Arc<Config>,
        task: Task,
        answer: impl FnOnce(&mut Context<'_>) -> Outcome,
    ) {
        let Task::Call(incoming) = task else { return };
        let call = Call { now, session, peer, incoming: &incoming, member: None, config, mailbox: &self.mailbox };
        let memory = self.sessions.lend();
        let ended = run::guarded_plain(&mut (), &call, memory, answer);
        self.conclude(session, incoming, ended);
    }

    /// Runs a call of the daemon's own object, here and now.
    fn run_builtin(
        &mut self,
        now: Instant,
        session: SessionId,
        peer: &Arc<Peer>,
        config: &Arc<Config>,
        mut task: Task,
    ) {
        let decoded = task.next_call();
        let member = decoded.as_ref().map(|(method, _)| method.clone());
        let call = Call {
            now,
            session,
            peer,
            incoming: task.incoming(),
            member: member.as_deref(),
            config,
            mailbox: &self.mailbox,
        };
        let memory = self.sessions.lend();
        let ended = run::guarded_plain(&mut (), &call, memory, |cx| match decoded {
            Some((method, args)) => run::call_builtin(&self.registry, config, cx, &method, args),
            None => {
                let head = run::head(task.incoming(), config)?;
                run::call_builtin(&self.registry, config, cx, &head.method, head.args)
            }
        });
        match task {
            Task::Call(incoming) => self.conclude(session, incoming, ended),
            Task::Batch(batch) => self.batch_stepped(session, batch, ended),
        }
    }
}

/// What a job runs.
#[derive(Debug)]
pub(crate) enum Task {
    Call(Incoming),
    /// The next call of a batch.
    Batch(Box<Batch>),
}

impl Task {
    fn incoming(&self) -> &Incoming {
        match self {
            Self::Call(incoming) => incoming,
            Self::Batch(batch) => &batch.incoming,
        }
    }

    /// Takes the next call of a batch.
    fn next_call(&mut self) -> Option<(String, Args<'static>)> {
        match self {
            Self::Call(_) => None,
            Self::Batch(batch) => Some(batch.next_call()?.split()),
        }
    }
}

impl From<Task> for Parked {
    fn from(task: Task) -> Self {
        match task {
            Task::Call(incoming) => Self::Call(Box::new(incoming)),
            Task::Batch(batch) => Self::Batch(batch),
        }
    }
}

/// Where a call goes.
enum Aim {
    Daemon,
    CloseStream(StreamId),
    Object { entry: Arc<Guarded>, shared: bool, route: Option<Route> },
}

/// What was learnt when the call's head was read, so that it is not read again.
enum Route {
    /// The place of an exposed method in the metadata, and where the arguments begin.
    Method { place: usize, args: usize },
    /// The next item of a stream.
    Stream(StreamId),
}

fn aim(registry: &Shared, incoming: &Incoming, config: &Config) -> Result<Aim, Fault> {
    let head = run::head(incoming, config)?;
    if run::is_builtin(&head.object) {
        let Some(kind) = run::stream_call(&head) else { return Ok(Aim::Daemon) };
        let id = run::stream_id(head)?;
        if kind == StreamCall::Close {
            return Ok(Aim::CloseStream(id));
        }
        let entry = registry.find_stream(&id).ok_or_else(stream::terminated)?;
        return Ok(Aim::Object { entry, shared: false, route: Some(Route::Stream(id)) });
    }
    let entry = registry.find(&head.object).ok_or_else(builtin::unknown_object)?;
    if let Some(args) = head.args.begin()
        && let Some((place, flags)) = entry.metadata.find(&head.method)
    {
        return Ok(Aim::Object { shared: flags.shared, route: Some(Route::Method { place, args }), entry });
    }
    let shared = run::address(&entry.metadata, entry.type_name, &head.method, head.args, |member, _| {
        Ok(entry.metadata.is_shared(&member))
    })?;
    Ok(Aim::Object { entry, shared, route: None })
}

/// Where the next call of a batch goes.
fn aim_batch(registry: &Shared, batch: &Batch) -> Result<Aim, Fault> {
    let method = batch.next_method().unwrap_or_default();
    if run::is_builtin(&batch.object) {
        return run::check_method(&builtin::METADATA, builtin::TYPE_NAME, method).map(|()| Aim::Daemon);
    }
    let entry = registry.find(&batch.object).ok_or_else(builtin::unknown_object)?;
    run::check_method(&entry.metadata, entry.type_name, method)?;
    Ok(Aim::Object { shared: entry.metadata.is_shared(&Member::Method(method)), route: None, entry })
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
    task: Task,
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
        let decoded = work.task.next_call();
        let member = decoded.as_ref().map(|(method, _)| method.clone());
        let call = Call {
            now: work.now,
            session: work.session,
            peer: &work.peer,
            incoming: work.task.incoming(),
            member: member.as_deref(),
            config: &work.config,
            mailbox: &work.mailbox,
        };
        let (mut ended, stream) = run::guarded(&mut (), &call, memory, |cx| match decoded {
            None => work.invoke(cx),
            Some((method, args)) => {
                let args = args.called(work.entry.type_name, &method);
                work.enter(cx, Member::Method(&method), args)
            }
        });
        let stream = match stream.map(|stream| stream.0) {
            Some(Source::Send(items)) if member.is_none() && !matches!(work.route, Some(Route::Stream(_))) => {
                Some(items)
            }
            Some(_) => {
                let text = "a stream cannot be the result of a call in a batch, or an item, or leave its thread";
                ended.answer = Some(Err(Fault::new("Pyro5.errors.PyroError", text)));
                None
            }
            None => None,
        };
        work.finish(ended, stream)
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
            let fault = Fault::new("builtins.RuntimeError", "the call was dropped before it ran");
            drop(work.finish(Ended::fault(fault), None));
        }
    }
}

impl Work {
    fn invoke(&self, cx: &mut Context<'_>) -> Outcome {
        let (entry, incoming) = (&*self.entry, self.task.incoming());
        match self.route {
            Some(Route::Method { place, args }) => {
                let name = entry.metadata.name(place);
                let max_depth = self.config.limits.max_depth;
                let args = Args::unread(incoming.header.dialect, incoming.payload(), args, max_depth);
                return self.enter(cx, Member::Method(name), args.called(entry.type_name, name));
            }
            Some(Route::Stream(_)) => {
                return self.enter(cx, Member::Method("get_next_stream_item"), Args::decoded(Vec::new(), Vec::new()));
            }
            None => {}
        }
        let head = run::head(incoming, &self.config)?;
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

    fn finish(self, ended: Ended, stream: Option<Box<dyn Items + Send>>) -> Done {
        let next = self.entry.object.1.leave(self.shared);
        let ticket = Ticket { session: self.session, call: self.task.incoming().id };
        let ended_stream = match self.route {
            Some(Route::Stream(id)) if matches!(ended.answer, Some(Err(_))) => Some(id),
            _ => None,
        };
        let report = Report { ticket, now: self.now, ended, stream, ended_stream, task: self.task };
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
        let objects = self.0.objects.read().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(ObjectId::from(ObjectId::DAEMON)).chain(objects.keys().cloned()).collect()
    }

    fn metadata(&self, id: &str) -> Option<Metadata> {
        if run::is_builtin(id) {
            return Some(builtin::METADATA.clone());
        }
        self.find(id).map(|entry| entry.metadata.clone())
    }

    fn drop_stream(&mut self, id: &str) {
        self.remove_stream(id);
    }

    fn keep_stream(&mut self, id: StreamId, items: Box<dyn Items + Send>) {
        self.add_stream(id, items);
    }
}
