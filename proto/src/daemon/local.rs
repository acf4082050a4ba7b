//! Objects of one thread: no locks, a world of any type, `Rc` welcome.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::context::{Call, Context};
use super::guests::{Changes, Hosting, Made};
use super::instances::{Class, Hosted, InstanceMode};
use super::object::{Object, Outcome};
use super::requests::Next;
use super::run::{self, Ended, Entry};
use super::stream::{self, Items, StreamCall};
use super::streams::{StreamId, Streams};
use super::weak::WeakIds;
use super::{Batch, Budget, Daemon, Directory, Registry, SessionId, builtin, interface};
use crate::connection::Incoming;
use crate::error::RegisterError;
use crate::fault::Fault;
use crate::limits::Config;
use crate::metadata::Metadata;
use crate::value::{Args, CallHead, ObjectId};

/// The objects of a daemon that runs on one thread. `W` is the world that their methods see.
pub struct Local<W = ()> {
    objects: BTreeMap<ObjectId, Entry<Hosted<W>>>,
    /// A class was registered whose instances belong to sessions.
    keeps_instances: bool,
    /// Instances whose session has ended.
    closing: Vec<Box<dyn Object<W>>>,
    streams: BTreeMap<StreamId, Box<dyn Items<W>>>,
    /// Extends the daemon's own object.
    interface: Option<Entry<Box<dyn Object<W>>>>,
    weak: WeakIds,
}

impl<W> Daemon<Local<W>> {
    /// A daemon without objects. `W` follows from the world that [`dispatch`](Self::dispatch) gets.
    pub fn new(now: Instant, config: Config) -> Self {
        let registry = Local {
            objects: BTreeMap::new(),
            keeps_instances: false,
            closing: Vec::new(),
            streams: BTreeMap::new(),
            interface: None,
            weak: WeakIds::default(),
        };
        Self::with_registry(now, config, registry, usize::MAX)
    }

    /// Hosts an object. With an empty id, a fresh one is made, as Pyro does.
    ///
    /// # Errors
    /// An id that is taken, or that of the daemon itself; the object is dropped then.
    pub fn register(
        &mut self,
        id: impl Into<ObjectId>,
        object: impl Object<W> + 'static,
    ) -> Result<ObjectId, RegisterError> {
        let entry = Entry::new(object, |object| Hosted::Object(Box::new(object)));
        self.host(id.into(), entry)
    }

    /// Hosts a class: `create` makes its instances when they are called for, as many as `mode` says. With an
    /// empty id, a fresh one is made.
    ///
    /// # Errors
    /// As for [`register`](Self::register).
    pub fn register_class<T: Object<W> + 'static>(
        &mut self,
        id: impl Into<ObjectId>,
        mode: InstanceMode,
        metadata: &Metadata,
        mut create: impl FnMut(&mut Context<'_, W>) -> Result<T, Fault> + 'static,
    ) -> Result<ObjectId, RegisterError> {
        let create = Box::new(move |cx: &mut Context<'_, W>| Ok(Box::new(create(cx)?) as Box<dyn Object<W>>));
        let class = Hosted::Class(Class::new(mode, create));
        let id = self.host(id.into(), Entry::class::<T>(metadata.clone(), class))?;
        self.registry.keeps_instances |= mode == InstanceMode::Session;
        Ok(id)
    }

    pub(super) fn host(&mut self, mut id: ObjectId, entry: Entry<Hosted<W>>) -> Result<ObjectId, RegisterError> {
        if id.as_str().is_empty() {
            id = self.generate_id();
        }
        if run::is_builtin(id.as_str()) {
            return Err(RegisterError::Reserved(id));
        }
        if self.registry.objects.get(&id).is_some_and(|entry| entry.object.is_there()) {
            return Err(RegisterError::Duplicate(id));
        }
        self.registry.objects.insert(id.clone(), entry);
        Ok(id)
    }

    /// Drops an object; false when there was none of this id. One that belongs to a session is closed before.
    pub fn unregister(&mut self, id: &str) -> bool {
        self.release_guest(id) || self.registry.objects.remove(id).is_some_and(|entry| entry.object.is_there())
    }

    fn run_call(&mut self, now: Instant, session: SessionId, incoming: Incoming, world: &mut W) {
        let Some(slot) = self.sessions.slot(session) else { return };
        let peer = Arc::clone(&slot.peer);
        if let Err(fault) = self.begin_call(now, session, &incoming, None) {
            return self.conclude(session, incoming, Ended::fault(fault));
        }
        let config = Arc::clone(self.sessions.config());
        let memory = self.sessions.lend();
        let call = Call {
            now,
            session,
            peer: &peer,
            incoming: &incoming,
            member: None,
            config: &config,
            mailbox: &self.mailbox,
        };
        let head = run::head(&incoming, &config);
        let kind = head.as_ref().ok().and_then(run::stream_call);
        let mut changes = Changes::new();
        let mut ended = Ended { memory, ..Ended::default() };
        let mut stream = match (kind, head) {
            (Some(kind), Ok(head)) => {
                let (tracked, memory) = (&mut self.streams, std::mem::take(&mut ended.memory));
                ended = self.registry.run_stream(tracked, (world, &mut changes), &call, memory, (kind, head));
                None
            }
            (_, head) => run::guarded((world, &mut changes), &call, &mut ended, |cx| {
                let head = head?;
                self.registry.invoke(cx, &head.object, &head.method, head.args, &config)
            }),
        };
        if !changes.is_empty()
            && let Some(fault) = self.change(session, changes)
        {
            stream = None;
            ended.answer = Some(Err(fault));
        }
        match stream {
            None => self.conclude(session, incoming, ended),
            Some(stream) => {
                if let Some(id) = self.open_stream(now, session, incoming, ended) {
                    self.registry.streams.insert(id, stream.into_items());
                }
            }
        }
    }

    /// Runs the next call of a batch.
    fn run_batch(&mut self, now: Instant, session: SessionId, mut batch: Box<Batch>, world: &mut W) {
        let Some(slot) = self.sessions.slot(session) else { return };
        let peer = Arc::clone(&slot.peer);
        let config = Arc::clone(self.sessions.config());
        if let Some(method) = batch.next_method() {
            if let Err(fault) = self.begin_call(now, session, &batch.incoming, Some(method)) {
                return self.batch_stepped(session, batch, Ended::fault(fault));
            }
            if let Err(fault) = self.registry.check(&batch.object, method) {
                return self.end_batch(session, batch, Some(fault));
            }
        }
        let Some(call) = batch.next_call() else { return self.end_batch(session, batch, None) };
        let (method, args) = call.split();
        let memory = self.sessions.lend();
        let call = Call {
            now,
            session,
            peer: &peer,
            incoming: &batch.incoming,
            member: Some(&method),
            config: &config,
            mailbox: &self.mailbox,
        };
        let mut changes = Changes::new();
        let mut ended = run::guarded_plain((world, &mut changes), &call, memory, |cx| {
            self.registry.invoke(cx, &batch.object, &method, args, &config)
        });
        if let Some(fault) = self.change(session, changes) {
            ended.answer = Some(Err(fault));
        }
        self.batch_stepped(session, batch, ended);
    }
}

impl<W> Local<W> {
    /// Gives the next item of a stream, or closes it.
    fn run_stream(
        &mut self,
        tracked: &mut Streams,
        seen: (&mut W, &mut Changes<W>),
        call: &Call<'_>,
        memory: Vec<u8>,
        (kind, head): (StreamCall, CallHead<'_>),
    ) -> Ended {
        let mut over = None;
        let ended = run::guarded_plain(seen, call, memory, |cx| {
            let id = run::stream_id(head)?;
            if kind == StreamCall::Close {
                over = Some(id);
                return cx.answer(&());
            }
            let items = self.streams.get_mut(&id).ok_or_else(stream::terminated)?;
            tracked.used(&id, call.session);
            // Should it panic, it is over.
            let id = over.insert(id).clone();
            let item = stream::next_item(&mut **items, cx);
            over = item.is_err().then_some(id);
            item
        });
        if let Some(id) = over {
            tracked.closed(&id);
            self.streams.remove(&id);
        }
        ended
    }

    fn invoke(
        &mut self,
        cx: &mut Context<'_, W>,
        object: &str,
        method: &str,
        args: Args<'_>,
        config: &Config,
    ) -> Outcome<W> {
        if run::is_builtin(object) {
            if let Some(entry) = self.interface.as_mut().filter(|entry| entry.answers(method)) {
                return run::address(&entry.metadata, entry.type_name, method, args, |member, args| {
                    entry.object.call(cx, member, args)
                });
            }
            return run::call_builtin(self, config, cx, method, args);
        }
        let entry = self.objects.get_mut(object).ok_or_else(builtin::unknown_object)?;
        run::address(&entry.metadata, entry.type_name, method, args, |member, args| {
            entry.object.with(cx, |cx, object| object.call(cx, member, args))
        })
    }

    /// Whether a call of a batch can be made.
    fn check(&self, object: &str, method: &str) -> Result<(), Fault> {
        if run::is_builtin(object) {
            if let Some(entry) = self.interface.as_ref().filter(|entry| entry.answers(method)) {
                return run::check_method(&entry.metadata, entry.type_name, method);
            }
            return run::check_method(&builtin::METADATA, builtin::TYPE_NAME, method);
        }
        let entry = self.objects.get(object).ok_or_else(builtin::unknown_object)?;
        run::check_method(&entry.metadata, entry.type_name, method)
    }
}

impl<W> Local<W> {
    pub(super) fn set_interface(&mut self, entry: Entry<Box<dyn Object<W>>>) {
        self.interface = Some(entry);
    }

    pub(super) fn note_weak(&mut self, id: ObjectId) {
        let objects = &mut self.objects;
        self.weak.add(id, |id| {
            let is_there = objects.get(id).is_some_and(|entry| entry.object.is_there());
            if !is_there {
                objects.remove(id);
            }
            is_there
        });
    }
}

impl<W> Registry for Local<W> {
    type World = W;
    type Guest = Made<W>;

    fn guest(_: Box<dyn Object + Send + Sync>) -> Option<Made<W>> {
        // Only jobs bring such, and there are none.
        None
    }

    fn add_guest(&mut self, id: ObjectId, Hosting { metadata, type_name, object }: Hosting<Made<W>>) {
        let object = Hosted::Guest(object.into_local());
        self.objects.insert(id, Entry { metadata, type_name, object });
    }

    fn remove_guest(&mut self, id: &str) -> bool {
        if !self.objects.get(id).is_some_and(|entry| matches!(entry.object, Hosted::Guest(_))) {
            return false;
        }
        let removed = self.objects.remove(id).map(|entry| entry.object);
        if let Some(Hosted::Guest(object)) = removed {
            self.closing.push(object);
        }
        true
    }

    fn close_waiting(&mut self, world: &mut W) {
        for mut object in self.closing.drain(..) {
            // Should it panic, it is dropped all the same.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                object.closed(world);
                drop(object);
            }));
        }
    }

    fn run(daemon: &mut Daemon<Self>, now: Instant, world: &mut W, budget: Budget) -> usize {
        let mut calls = 0;
        while budget.allows(calls) {
            let Some((session, next)) = daemon.sessions.next_request() else { break };
            calls += 1;
            if !matches!(next, Next::Connect(_)) {
                daemon.greet(session, world);
            }
            match next {
                Next::Connect(incoming) => {
                    daemon.admit(session, incoming);
                    daemon.tell(world);
                }
                Next::Call(incoming) => daemon.run_call(now, session, incoming, world),
                Next::Batch(batch) => daemon.run_batch(now, session, batch, world),
                Next::Refused(incoming, fault) => daemon.conclude(session, incoming, Ended::fault(*fault)),
            }
        }
        calls
    }
}

impl<W> Directory for Local<W> {
    fn ids(&self) -> Vec<ObjectId> {
        let there = self.objects.iter().filter(|(_, entry)| entry.object.is_there());
        std::iter::once(ObjectId::from(ObjectId::DAEMON)).chain(there.map(|(id, _)| id.clone())).collect()
    }

    fn metadata(&self, id: &str) -> Option<Metadata> {
        if run::is_builtin(id) {
            return Some(interface::metadata(self.interface.as_ref()));
        }
        self.objects.get(id).filter(|entry| entry.object.is_there()).map(|entry| entry.metadata.clone())
    }

    fn keeps_instances(&self) -> bool {
        self.keeps_instances
    }

    fn count_instances(&self) -> usize {
        self.objects.values().map(|entry| entry.object.count_instances()).sum()
    }

    fn session_ended(&mut self, _daemon: usize, session: SessionId) {
        let instances = self.objects.values_mut().filter_map(|entry| entry.object.take(session));
        self.closing.extend(instances);
    }

    fn drop_stream(&mut self, id: &str) {
        self.streams.remove(id);
    }
}
