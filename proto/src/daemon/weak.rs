//! Objects that a daemon does not keep alive.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, PoisonError, RwLock};

use super::instances::Hosted;
use super::object::Object;
use super::run::Entry;
use super::seat::Seat;
use super::{Daemon, Local, Shared, access};
use crate::error::RegisterError;
use crate::value::ObjectId;

/// Up to so many ids are kept before it is looked which objects are gone.
const FEW: usize = 16;

/// The ids of weak objects.
#[derive(Default)]
pub(super) struct WeakIds {
    ids: Vec<ObjectId>,
    /// When to look again.
    look_at: usize,
}

impl WeakIds {
    /// Notes one more. Now and then, `is_there` is asked of all, and forgets those that are gone.
    pub(super) fn add(&mut self, id: ObjectId, is_there: impl FnMut(&ObjectId) -> bool) {
        if self.ids.len() >= self.look_at.max(FEW) {
            self.ids.retain(is_there);
            self.look_at = self.ids.len() * 2;
        }
        self.ids.push(id);
    }
}

impl<W> Daemon<Local<W>> {
    /// Hosts an object that somebody else owns, as Pyro's `register(..., weak=True)`: it is there as long as its owner
    /// keeps it. Then its callers get Pyro's "unknown object", and the id is free. With an empty id, a fresh one is
    /// made.
    ///
    /// A call while the owner has borrowed it is a fault at its caller.
    ///
    /// # Errors
    /// As for [`register`](Self::register).
    pub fn register_weak<T: Object<W> + 'static>(
        &mut self,
        id: impl Into<ObjectId>,
        object: &Rc<RefCell<T>>,
    ) -> Result<ObjectId, RegisterError> {
        let metadata = object.borrow().metadata().clone();
        let object: Rc<RefCell<dyn Object<W>>> = Rc::<RefCell<T>>::clone(object);
        let object = Hosted::Weak(Rc::downgrade(&object));
        let id = self.host(id.into(), Entry { metadata, type_name: access::short_type_name::<T>(), object })?;
        self.registry.note_weak(id.clone());
        Ok(id)
    }
}

impl Shared {
    /// Hosts an object that somebody else owns, as Pyro's `register(..., weak=True)`: it is there as long as its owner
    /// keeps it. Then its callers get Pyro's "unknown object", and the id is free.
    ///
    /// Its calls wait for the lock, as the owner's do for them: keep it shortly.
    ///
    /// # Errors
    /// As for [`register`](Self::register).
    pub fn register_weak<T: Object + Send + Sync + 'static>(
        &self,
        id: impl Into<ObjectId>,
        object: &Arc<RwLock<T>>,
    ) -> Result<ObjectId, RegisterError> {
        let metadata = object.read().unwrap_or_else(PoisonError::into_inner).metadata().clone();
        let object: Arc<RwLock<dyn Object + Send + Sync>> = Arc::<RwLock<T>>::clone(object);
        let object = Seat::weak(Arc::downgrade(&object));
        let id = self.host(id.into(), Entry { metadata, type_name: access::short_type_name::<T>(), object })?;
        self.note_weak(id.clone());
        Ok(id)
    }
}

impl Daemon<Shared> {
    /// Hosts an object that somebody else owns in every daemon on these objects: see [`Shared::register_weak`]. With an
    /// empty id, a fresh one is made.
    ///
    /// # Errors
    /// As for [`Shared::register`].
    pub fn register_weak<T: Object + Send + Sync + 'static>(
        &mut self,
        id: impl Into<ObjectId>,
        object: &Arc<RwLock<T>>,
    ) -> Result<ObjectId, RegisterError> {
        let mut id = id.into();
        if id.as_str().is_empty() {
            id = self.generate_id();
        }
        self.registry.register_weak(id, object)
    }
}
