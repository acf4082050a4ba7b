//! Objects that several threads call at once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use super::context::Context;
use super::guests::Hosting;
use super::instances::InstanceMode;
use super::object::Object;
use super::run::{self, Entry};
use super::seat::{Create, Guarded, Seat};
use super::stream::Items;
use super::streams::StreamId;
use super::weak::WeakIds;
use super::{Budget, Daemon, Directory, Registry, SessionId, interface};
use crate::error::RegisterError;
use crate::fault::Fault;
use crate::limits::Config;
use crate::metadata::Metadata;
use crate::value::ObjectId;

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
    /// Extends the daemon's own object.
    interface: RwLock<Option<Arc<Guarded>>>,
    weak: Mutex<WeakIds>,
    /// Counts registrations, their ends and those of streams.
    generation: AtomicU64,
    /// A class was registered whose instances belong to sessions.
    keeps_instances: AtomicBool,
}

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
        self.host(id.into(), Entry::new(object, Seat::object))
    }

    /// Hosts a class: `create` makes its instances when they are called for, as many as `mode` says, on the
    /// thread that runs the call.
    ///
    /// # Errors
    /// As for [`register`](Self::register).
    pub fn register_class<T: Object + Send + Sync + 'static>(
        &self,
        id: impl Into<ObjectId>,
        mode: InstanceMode,
        metadata: &Metadata,
        create: impl Fn(&mut Context<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Result<ObjectId, RegisterError> {
        let create: Create = Arc::new(move |cx| Ok(Box::new(create(cx)?)));
        let id = self.host(id.into(), Entry::class::<T>(metadata.clone(), Seat::class(mode, create)))?;
        if mode == InstanceMode::Session {
            self.0.keeps_instances.store(true, Ordering::Release);
        }
        Ok(id)
    }

    pub(super) fn host(&self, id: ObjectId, entry: Guarded) -> Result<ObjectId, RegisterError> {
        if run::is_builtin(id.as_str()) {
            return Err(RegisterError::Reserved(id));
        }
        let mut objects = self.0.objects.write().unwrap_or_else(PoisonError::into_inner);
        if objects.get(&id).is_some_and(|entry| entry.object.is_there()) {
            return Err(RegisterError::Duplicate(id));
        }
        objects.insert(id.clone(), Arc::new(entry));
        self.0.generation.fetch_add(1, Ordering::Release);
        Ok(id)
    }

    /// Forgets an object; false when there was none of this id. Calls that run go on.
    pub fn unregister(&self, id: &str) -> bool {
        let mut objects = self.0.objects.write().unwrap_or_else(PoisonError::into_inner);
        let removed = objects.remove(id);
        self.0.generation.fetch_add(1, Ordering::Release);
        // It may be dropped here, which is its author's code.
        drop(objects);
        removed.is_some()
    }

    /// Changes with every registration and its end, and with the end of a stream.
    pub(super) fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// The stream that a call asks for its next item.
    pub(super) fn find_stream(&self, id: &str) -> Option<Arc<Guarded>> {
        self.0.streams.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub(super) fn add_stream(&self, id: StreamId, items: Box<dyn Items + Send>) {
        let items = Seat::stream(items);
        self.0.streams.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::new(items));
    }

    pub(super) fn remove_stream(&self, id: &str) {
        let removed = self.0.streams.write().unwrap_or_else(PoisonError::into_inner).remove(id);
        self.0.generation.fetch_add(1, Ordering::Release);
        // Its items are dropped without the lock.
        drop(removed);
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<Guarded>> {
        let found = self.0.objects.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        found.filter(|entry| entry.object.is_there())
    }

    /// What a call of the daemon's own object goes to, where that is not the daemon itself.
    pub(super) fn interface_for(&self, method: &str) -> Option<Arc<Guarded>> {
        let entry = self.0.interface.read().unwrap_or_else(PoisonError::into_inner).clone();
        entry.filter(|entry| entry.answers(method))
    }

    pub(super) fn replace_builtin(&self, entry: Arc<Guarded>) {
        let former = self.0.interface.write().unwrap_or_else(PoisonError::into_inner).replace(entry);
        self.0.generation.fetch_add(1, Ordering::Release);
        drop(former);
    }

    pub(super) fn note_weak(&self, id: ObjectId) {
        let mut weak = self.0.weak.lock().unwrap_or_else(PoisonError::into_inner);
        weak.add(id, |id| {
            let mut objects = self.0.objects.write().unwrap_or_else(PoisonError::into_inner);
            let is_there = objects.get(id).is_some_and(|entry| entry.object.is_there());
            if !is_there {
                objects.remove(id);
            }
            is_there
        });
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

    /// Hosts a class in every daemon on these objects. With an empty id, a fresh one is made.
    ///
    /// # Errors
    /// As for [`Shared::register`].
    pub fn register_class<T: Object + Send + Sync + 'static>(
        &mut self,
        id: impl Into<ObjectId>,
        mode: InstanceMode,
        metadata: &Metadata,
        create: impl Fn(&mut Context<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Result<ObjectId, RegisterError> {
        let mut id = id.into();
        if id.as_str().is_empty() {
            id = self.generate_id();
        }
        self.registry.register_class(id, mode, metadata, create)
    }
}

impl Registry for Shared {
    type World = ();
    type Guest = Box<dyn Object + Send + Sync>;

    fn guest(object: Box<dyn Object + Send + Sync>) -> Option<Self::Guest> {
        Some(object)
    }

    fn add_guest(&mut self, id: ObjectId, Hosting { metadata, type_name, object }: Hosting<Self::Guest>) {
        let entry = Arc::new(Entry { metadata, type_name, object: Seat::guest(object) });
        let mut objects = self.0.objects.write().unwrap_or_else(PoisonError::into_inner);
        objects.insert(id, entry);
        self.0.generation.fetch_add(1, Ordering::Release);
    }

    fn remove_guest(&mut self, id: &str) -> bool {
        let guest = self.find(id).filter(|entry| entry.object.is_guest());
        if guest.is_some() {
            // It is closed here, or when the last call of it has ended.
            self.unregister(id);
        }
        false
    }

    fn close_waiting(&mut self, (): &mut ()) {}

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
        let there = objects.iter().filter(|(_, entry)| entry.object.is_there());
        std::iter::once(ObjectId::from(ObjectId::DAEMON)).chain(there.map(|(id, _)| id.clone())).collect()
    }

    fn metadata(&self, id: &str) -> Option<Metadata> {
        if run::is_builtin(id) {
            let entry = self.0.interface.read().unwrap_or_else(PoisonError::into_inner).clone();
            return Some(interface::metadata(entry.as_deref()));
        }
        self.find(id).map(|entry| entry.metadata.clone())
    }

    fn keeps_instances(&self) -> bool {
        self.0.keeps_instances.load(Ordering::Acquire)
    }

    fn count_instances(&self) -> usize {
        let objects = self.0.objects.read().unwrap_or_else(PoisonError::into_inner);
        objects.values().map(|entry| entry.count_instances()).sum()
    }

    fn session_ended(&mut self, daemon: usize, session: SessionId) {
        let objects = self.0.objects.read().unwrap_or_else(PoisonError::into_inner);
        let classes: Vec<_> = objects.values().cloned().collect();
        drop(objects);
        classes.iter().for_each(|class| class.session_ended(daemon, session));
    }

    fn drop_stream(&mut self, id: &str) {
        self.remove_stream(id);
    }

    fn keep_stream(&mut self, id: StreamId, items: Box<dyn Items + Send>) {
        self.add_stream(id, items);
    }
}
