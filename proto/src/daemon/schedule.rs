//! Which call of which session runs next, on objects that several threads share.

use std::sync::Arc;
use std::time::Instant;

use super::context::{Call, Context};
use super::job::{Baton, Done, Job, Route, Task, Work};
use super::object::Outcome;
use super::requests::Next;
use super::responder::Ticket;
use super::run::{self, Ended};
use super::seat::Guarded;
use super::stream::{self, StreamCall};
use super::streams::StreamId;
use super::{Batch, Daemon, Peer, SessionId, Shared, builtin};
use crate::connection::Incoming;
use crate::fault::Fault;
use crate::limits::Config;
use crate::metadata::Member;
use crate::value::CallHead;

impl Daemon<Shared> {
    /// The next call that can run: give it to any thread.
    ///
    /// Handshakes, and calls of the daemon's own object, are answered here and now.
    pub fn next_job(&mut self, now: Instant) -> Option<Job> {
        let now = if self.is_settled() { self.sessions.at(now) } else { self.begin(now) };
        self.tell(&mut ());
        self.pick(now)
    }

    /// True while there is work for another thread: a further call that can start, or an answer that came from
    /// elsewhere.
    pub fn has_more(&self) -> bool {
        self.mailbox.is_waiting() || (self.can_start() && self.sessions.has_ready())
    }

    /// Takes in a call that this thread has run.
    pub fn finish(&mut self, mut done: Done) {
        let Some(mut work) = done.0.take_if(|work| Arc::ptr_eq(&work.mailbox, &self.mailbox)) else { return };
        let next = (!work.next.is_empty()).then(|| std::mem::take(&mut work.next));
        let entry = work.entry.take();
        self.report(work);
        if let (Some(entry), Some(next)) = (entry, next) {
            let (mine, others): (Vec<_>, _) =
                next.into_iter().partition(|(mailbox, _)| Arc::ptr_eq(mailbox, &self.mailbox));
            for (_, ticket) in mine {
                self.sessions.retry(ticket, Baton(Some(Arc::clone(&entry))));
            }
            Baton::give(&entry, others);
        }
    }

    pub(super) fn pick(&mut self, now: Instant) -> Option<Job> {
        while self.can_start() {
            let (session, next) = self.sessions.next_request()?;
            if !matches!(next, Next::Connect(_)) {
                self.greet(session, &mut ());
            }
            let job = match next {
                Next::Call(incoming) => self.prepare(now, session, Task::Call(incoming)),
                Next::Batch(batch) if batch.next_method().is_some() => self.prepare(now, session, Task::Batch(batch)),
                Next::Batch(batch) => {
                    self.end_batch(session, batch, None);
                    None
                }
                Next::Connect(incoming) => {
                    self.admit(session, incoming);
                    self.tell(&mut ());
                    None
                }
                Next::Refused(incoming, fault) => {
                    self.conclude(session, incoming, Ended::fault(*fault));
                    None
                }
            };
            if let Some(job) = job {
                self.running += 1;
                match self.begin_job(now, &job) {
                    Ok(()) => return Some(job),
                    Err(fault) => self.finish(job.refuse(fault)),
                }
            }
        }
        None
    }

    fn begin_job(&mut self, now: Instant, job: &Job) -> Result<(), Fault> {
        match job.0.as_ref().and_then(|work| Some((work.session, work.task.as_ref()?))) {
            Some((session, task)) if self.watch.is_some() => {
                self.begin_call(now, session, task.incoming(), task.next_method())
            }
            _ => Ok(()),
        }
    }

    /// Makes a job of a call, unless it is answered at once or its object is busy.
    fn prepare(&mut self, now: Instant, session: SessionId, task: Task) -> Option<Job> {
        let aim = match &task {
            Task::Call(incoming) => self.aim(incoming),
            Task::Batch(batch) => aim_batch(&self.registry, batch),
        };
        if !matches!(aim, Ok(Aim::Object { .. })) {
            // The object that it waited for may be gone: who waits behind it has to learn of that, too.
            drop(self.sessions.take_baton(session));
            if let Err(fault) = self.begin_call(now, session, task.incoming(), task.next_method()) {
                match task {
                    Task::Batch(batch) => self.batch_stepped(session, batch, Ended::fault(fault)),
                    Task::Call(incoming) => self.conclude(session, incoming, Ended::fault(fault)),
                }
                return None;
            }
        }
        match aim {
            Ok(Aim::Object { entry, shared, route }) => self.make_job(now, session, task, (entry, shared, route)),
            Ok(Aim::CloseStream(id)) => {
                self.streams.closed(&id);
                self.registry.remove_stream(&id);
                self.run_here(now, session, task, |cx| cx.answer(&()));
                None
            }
            Ok(Aim::Daemon) => {
                self.run_builtin(now, session, task);
                None
            }
            Err(fault) => {
                match task {
                    Task::Batch(batch) => self.end_batch(session, batch, Some(fault)),
                    Task::Call(_) => self.run_here(now, session, task, |_| Err(fault)),
                }
                None
            }
        }
    }

    /// Finds what a call is for.
    fn aim(&mut self, incoming: &Incoming) -> Result<Aim, Fault> {
        // A blob's payload may begin as a call of something else.
        if !incoming.is_blob()
            && let Some((entry, shared, route)) = self.memo.find(&self.registry, incoming)
        {
            return Ok(Aim::Object { entry, shared, route: Some(route) });
        }
        let generation = self.registry.generation();
        let aim = aim(&self.registry, incoming, self.sessions.config())?;
        if let Aim::Object { entry, shared, route: Some(route) } = &aim {
            self.memo.keep(generation, incoming, (entry, *shared, route));
        }
        Ok(aim)
    }

    /// True for a oneway call whose end is waited for.
    fn is_ordered(&self, entry: &Guarded, route: Option<&Route>, task: &Task) -> bool {
        let Task::Call(incoming) = task else { return false };
        if !incoming.is_oneway() {
            return false;
        }
        if self.is_crowded() {
            return true;
        }
        match route {
            Some(Route::Method { place, .. }) => entry.metadata.flags(*place).ordered,
            Some(Route::Stream(_)) => false,
            None => run::head(incoming, self.sessions.config())
                .is_ok_and(|head| entry.metadata.method(&head.method).is_some_and(|flags| flags.ordered)),
        }
    }

    /// Makes a job, unless the object is busy.
    fn make_job(
        &mut self,
        now: Instant,
        session: SessionId,
        task: Task,
        (entry, shared, route): (Arc<Guarded>, bool, Option<Route>),
    ) -> Option<Job> {
        self.sessions.slot(session)?;
        let entry = Guarded::seat_of(entry, self.identity(), session);
        let shared = shared && entry.object.is_ready();
        if let Some(Route::Stream(id)) = &route {
            self.streams.used(id, session);
        }
        let ticket = Ticket { session, call: task.incoming().id };
        // A baton is for the object that was waited for; this one may have taken its name since.
        match self.sessions.take_baton(session).map(|baton| baton.redeem(&entry, shared)) {
            Some(true) => {}
            Some(false) | None => {
                if !entry.object.gate.enter(shared, || (Arc::clone(&self.mailbox), ticket)) {
                    self.sessions.park(session, task.into());
                    return None;
                }
            }
        }
        let holds = self.is_ordered(&entry, route.as_ref(), &task);
        if holds {
            self.sessions.hold(session);
        }
        let memory = self.sessions.lend();
        let peer = &self.sessions.slot(session)?.peer;
        let config = self.sessions.config();
        let mut work = self.idle.pop().unwrap_or_else(|| {
            Box::new(Work {
                mailbox: Arc::clone(&self.mailbox),
                config: Arc::clone(config),
                peer: Arc::clone(peer),
                session,
                now,
                entry: None,
                shared,
                holds: false,
                route: None,
                task: None,
                ended: Ended::default(),
                stream: None,
                changes: Vec::new(),
                next: Vec::new(),
            })
        });
        if !Arc::ptr_eq(&work.config, config) {
            work.config = Arc::clone(config);
        }
        if !Arc::ptr_eq(&work.peer, peer) {
            work.peer = Arc::clone(peer);
        }
        (work.session, work.now, work.shared, work.holds, work.ended.memory) = (session, now, shared, holds, memory);
        (work.entry, work.route, work.task) = (Some(entry), route, Some(task));
        Some(Job(Some(work)))
    }

    /// Answers a call here and now.
    fn run_here(
        &mut self,
        now: Instant,
        session: SessionId,
        task: Task,
        answer: impl FnOnce(&mut Context<'_>) -> Outcome,
    ) {
        let Task::Call(incoming) = task else { return };
        let Some((peer, config)) = &self.around(session) else { return };
        let call = Call { now, session, peer, incoming: &incoming, member: None, config, mailbox: &self.mailbox };
        let memory = self.sessions.lend();
        let ended = run::guarded_plain((&mut (), &mut Vec::new()), &call, memory, answer);
        self.conclude(session, incoming, ended);
    }

    /// Runs a call of the daemon's own object, here and now.
    fn run_builtin(&mut self, now: Instant, session: SessionId, mut task: Task) {
        let Some((peer, config)) = &self.around(session) else { return };
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
        let ended = run::guarded_plain((&mut (), &mut Vec::new()), &call, memory, |cx| match decoded {
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

impl Daemon<Shared> {
    /// What calls that are answered at once see of their session.
    fn around(&self, session: SessionId) -> Option<(Arc<Peer>, Arc<Config>)> {
        Some((Arc::clone(&self.sessions.slot(session)?.peer), Arc::clone(self.sessions.config())))
    }
}

/// Where a call goes.
enum Aim {
    Daemon,
    CloseStream(StreamId),
    Object { entry: Arc<Guarded>, shared: bool, route: Option<Route> },
}

fn aim(registry: &Shared, incoming: &Incoming, config: &Config) -> Result<Aim, Fault> {
    let head = run::head(incoming, config)?;
    if run::is_builtin(&head.object) {
        let Some(kind) = run::stream_call(&head) else {
            let Some(entry) = registry.interface_for(&head.method) else { return Ok(Aim::Daemon) };
            return aim_member(entry, head);
        };
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
    aim_member(entry, head)
}

/// Where a call of an object goes.
fn aim_member(entry: Arc<Guarded>, head: CallHead<'_>) -> Result<Aim, Fault> {
    let shared = run::address(&entry.metadata, entry.type_name, &head.method, head.args, |member, _| {
        Ok(entry.metadata.is_shared(&member))
    })?;
    Ok(Aim::Object { entry, shared, route: None })
}

/// Where the next call of a batch goes.
fn aim_batch(registry: &Shared, batch: &Batch) -> Result<Aim, Fault> {
    let method = batch.next_method().unwrap_or_default();
    let entry = if run::is_builtin(&batch.object) {
        let Some(entry) = registry.interface_for(method) else {
            return run::check_method(&builtin::METADATA, builtin::TYPE_NAME, method).map(|()| Aim::Daemon);
        };
        entry
    } else {
        registry.find(&batch.object).ok_or_else(builtin::unknown_object)?
    };
    run::check_method(&entry.metadata, entry.type_name, method)?;
    Ok(Aim::Object { shared: entry.metadata.is_shared(&Member::Method(method)), route: None, entry })
}
