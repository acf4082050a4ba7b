//! Objects of one thread: no locks, a world of any type, `Rc` welcome.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::context::{Call, Context};
use super::object::{Object, Outcome};
use super::run::{self, Entry};
use super::{Budget, Daemon, Directory, Registry, SessionId, builtin};
use crate::connection::{Head, Incoming};
use crate::error::RegisterError;
use crate::limits::Config;
use crate::metadata::Metadata;
use crate::value::ObjectId;

/// The objects of a daemon that runs on one thread. `W` is the world that their methods see.
pub struct Local<W = ()> {
    objects: BTreeMap<ObjectId, Entry<Box<dyn Object<W>>>>,
}

impl<W> Daemon<Local<W>> {
    /// A daemon without objects. `W` follows from the world that [`dispatch`](Self::dispatch) gets.
    pub fn new(now: Instant, config: Config) -> Self {
        Self::with_registry(now, config, Local { objects: BTreeMap::new() }, usize::MAX)
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
        let mut id = id.into();
        if id.as_str().is_empty() {
            id = self.generate_id();
        }
        if run::is_builtin(id.as_str()) {
            return Err(RegisterError::Reserved(id));
        }
        if self.registry.objects.contains_key(&id) {
            return Err(RegisterError::Duplicate(id));
        }
        let entry = Entry::new(object, |object| Box::new(object) as Box<dyn Object<W>>);
        self.registry.objects.insert(id.clone(), entry);
        Ok(id)
    }

    /// Drops an object; false when there was none of this id.
    pub fn unregister(&mut self, id: &str) -> bool {
        self.registry.objects.remove(id).is_some()
    }

    fn run_call(&mut self, now: Instant, session: SessionId, incoming: Incoming, world: &mut W) {
        let Some(slot) = self.sessions.slot(session) else { return };
        let peer = Arc::clone(&slot.peer);
        let config = Arc::clone(self.sessions.config());
        let memory = self.sessions.lend();
        let call = Call { now, session, peer: &peer, incoming: &incoming, config: &config, mailbox: &self.mailbox };
        let ended = run::guarded(world, &call, memory, |cx| self.registry.invoke(cx, &incoming, &config));
        self.conclude(session, incoming, ended);
    }
}

impl<W> Local<W> {
    fn invoke(&mut self, cx: &mut Context<'_, W>, incoming: &Incoming, config: &Config) -> Outcome<W> {
        let head = run::head(incoming, config)?;
        if run::is_builtin(&head.object) {
            return run::call_builtin(self, config, cx, head);
        }
        let entry = self.objects.get_mut(&*head.object).ok_or_else(builtin::unknown_object)?;
        run::address(&entry.metadata, entry.type_name, &head.method, head.args, |member, args| {
            entry.object.call(cx, member, args)
        })
    }
}

impl<W> Registry for Local<W> {
    type World = W;

    fn run(daemon: &mut Daemon<Self>, now: Instant, world: &mut W, budget: Budget) -> usize {
        let mut calls = 0;
        while budget.allows(calls) {
            let Some((session, head, incoming)) = daemon.sessions.next_request() else { break };
            calls += 1;
            match head {
                Head::Connect => daemon.admit(session, incoming),
                Head::Nothing | Head::Call => daemon.run_call(now, session, incoming, world),
            }
        }
        calls
    }
}

impl<W> Directory for Local<W> {
    fn ids(&self) -> Vec<ObjectId> {
        std::iter::once(ObjectId::from(ObjectId::DAEMON)).chain(self.objects.keys().cloned()).collect()
    }

    fn metadata(&self, id: &str) -> Option<Metadata> {
        if run::is_builtin(id) {
            return Some(builtin::METADATA.clone());
        }
        self.objects.get(id).map(|entry| entry.metadata.clone())
    }
}
