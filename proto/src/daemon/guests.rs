//! Objects that belong to a session.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::context::Context;
use super::job::Work;
use super::object::Object;
use super::run::Entry;
use super::{Daemon, Registry, SessionId};
use crate::fault::Fault;
use crate::object_ref::ObjectRef;
use crate::uri::{Location, Uri};
use crate::value::ObjectId;

/// What a method does to the daemon's objects, once it has ended. `O` is what is hosted.
pub enum Change<O> {
    Register(ObjectId, Hosting<O>),
    Release(ObjectId),
}

/// An object of a method's making.
pub enum Made<W> {
    Send(Box<dyn Object<W> + Send + Sync>),
    Local(Box<dyn Object<W>>),
}

impl<W> Made<W> {
    pub(super) fn into_local(self) -> Box<dyn Object<W>> {
        match self {
            Self::Send(object) => object,
            Self::Local(object) => object,
        }
    }
}

/// An object, and what a registry keeps beside it.
pub type Hosting<O> = Entry<O>;
/// Changes by methods that see a world.
pub(super) type Changes<W> = Vec<Change<Made<W>>>;
/// Changes that may go to another thread.
pub(super) type SendChanges = Vec<Change<Box<dyn Object + Send + Sync>>>;

/// Changes as threads may give them to each other, and a fault where an object must stay on its thread.
pub(super) fn sendable(changes: Changes<()>) -> (SendChanges, Option<Fault>) {
    let mut fault = None;
    let changes = changes.into_iter().filter_map(|change| match change {
        Change::Release(id) => Some(Change::Release(id)),
        Change::Register(id, Entry { metadata, type_name, object: Made::Send(object) }) => {
            Some(Change::Register(id, Entry { metadata, type_name, object }))
        }
        Change::Register(_, Entry { object: Made::Local(_), .. }) => {
            fault =
                Some(Fault::new("Pyro5.errors.PyroError", "an object that stays on its thread cannot be hosted here"));
            None
        }
    });
    let changes = changes.collect();
    (changes, fault)
}

impl<O> fmt::Debug for Change<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register(id, _) => write!(f, "Register({id})"),
            Self::Release(id) => write!(f, "Release({id})"),
        }
    }
}

impl<W> Context<'_, W> {
    /// Hosts an object for the session that calls, under a fresh id: answer with the reference, and the caller gets a
    /// proxy for it. Other sessions may use it too, as Python's proxies, which each have a connection of their own.
    ///
    /// It is there when the answer goes out. [`Object::closed`] is called when the session has ended, by whatever
    /// cause, or after [`release`](Self::release); then it is dropped. Calls that are under way end before. Without a
    /// location in the config, the reference is good on its own connection alone.
    ///
    /// With as many such objects as [`Limits::max_session_objects`](crate::Limits::max_session_objects) allows, the
    /// call ends with a fault instead.
    pub fn register(&mut self, object: impl Object<W> + Send + Sync + 'static) -> ObjectRef {
        self.host(Entry::new(object, |object| Made::Send(Box::new(object))))
    }

    /// Like [`register`](Self::register), for an object that cannot leave its thread. A [`Shared`](super::Shared)
    /// registry hosts none: the call ends with a fault there.
    pub fn register_local(&mut self, object: impl Object<W> + 'static) -> ObjectRef {
        self.host(Entry::new(object, |object| Made::Local(Box::new(object))))
    }

    /// Releases an object that was hosted with [`register`](Self::register), after this call. Others are left alone.
    /// An object that shall release itself asks for its [`object_id`](Self::object_id).
    pub fn release(&mut self, object: impl Into<ObjectId>) {
        self.changes.push(Change::Release(object.into()));
    }

    fn host(&mut self, entry: Entry<Made<W>>) -> ObjectRef {
        let id = self.fresh_id();
        let location = self.location().cloned();
        let nowhere = || Location::Tcp { host: "<<connected-socket>>".to_owned(), port: 0 };
        let reference = Uri::pyro(id.as_str(), location.unwrap_or_else(nowhere)).into();
        self.changes.push(Change::Register(id, entry));
        reference
    }
}

/// Which objects belong to which session.
#[derive(Default)]
pub(super) struct Guests {
    owners: BTreeMap<ObjectId, SessionId>,
    of_sessions: BTreeSet<(SessionId, ObjectId)>,
}

impl Guests {
    pub(super) fn len(&self) -> usize {
        self.owners.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }

    fn add(&mut self, session: SessionId, id: ObjectId) {
        self.of_sessions.insert((session, id.clone()));
        self.owners.insert(id, session);
    }

    /// False when it belongs to no session.
    fn remove(&mut self, id: &str) -> bool {
        match self.owners.remove_entry(id) {
            Some((id, session)) => self.of_sessions.remove(&(session, id)),
            None => false,
        }
    }

    fn of(&self, session: SessionId) -> impl Iterator<Item = &ObjectId> {
        let all = self.of_sessions.range((session, ObjectId::from(""))..);
        all.take_while(move |(owner, _)| *owner == session).map(|(_, id)| id)
    }
}

impl<R: Registry> Daemon<R> {
    /// The ids of all objects in the registry, those of sessions included, the daemon's own not.
    pub fn objects(&self) -> Vec<ObjectId> {
        self.registry.ids().into_iter().skip(1).collect()
    }

    /// The ids of the objects that belong to a session.
    pub fn objects_of(&self, session: SessionId) -> Vec<ObjectId> {
        self.guests.of(session).cloned().collect()
    }

    /// Does what a method of this session has asked for; a fault, when there is no room.
    pub(super) fn change(
        &mut self,
        session: SessionId,
        changes: impl IntoIterator<Item = Change<R::Guest>>,
    ) -> Option<Fault> {
        let mut fault = None;
        for change in changes {
            match change {
                Change::Release(id) => drop(self.release_guest(id.as_str())),
                Change::Register(id, entry) => {
                    let full = self.guests.len() >= self.sessions.config().limits.max_session_objects;
                    let stays = !full && self.sessions.slot(session).is_some();
                    if full {
                        let text = "sessions have too many objects: release some first";
                        fault = Some(Fault::new("Pyro5.errors.PyroError", text));
                    }
                    self.registry.add_guest(id.clone(), entry);
                    if stays {
                        self.guests.add(session, id);
                        self.sessions.watch_ends(true);
                    } else {
                        self.drop_guest(id.as_str());
                    }
                }
            }
        }
        fault
    }

    /// Does what the method of a job has asked for.
    pub(super) fn take_changes(&mut self, work: &mut Work) {
        let changes = std::mem::take(&mut work.changes).into_iter().filter_map(|change| match change {
            Change::Release(id) => Some(Change::Release(id)),
            Change::Register(id, Entry { metadata, type_name, object }) => {
                Some(Change::Register(id, Entry { metadata, type_name, object: R::guest(object)? }))
            }
        });
        if let Some(fault) = self.change(work.session, changes) {
            work.stream = None;
            work.ended.answer = Some(Err(fault));
        }
    }

    /// The objects of a session that has ended go.
    pub(super) fn release_guests_of(&mut self, session: SessionId) {
        if self.guests.is_empty() {
            return;
        }
        let ids: Vec<_> = self.guests.of(session).cloned().collect();
        for id in ids {
            self.release_guest(id.as_str());
        }
    }

    /// False when it belongs to no session.
    pub(super) fn release_guest(&mut self, id: &str) -> bool {
        let known = self.guests.remove(id);
        if known {
            self.drop_guest(id);
        }
        known
    }

    fn drop_guest(&mut self, id: &str) {
        if self.registry.remove_guest(id) {
            // It is to be closed in a step.
            self.sessions.common.closing = true;
        }
    }
}
