//! What a `Shared` registry hosts: objects, classes with their instances, streams.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use super::context::Context;
use super::gate::Gate;
use super::instances::InstanceMode;
use super::object::{Object, Outcome};
use super::run::Entry;
use super::stream::{Items, next_item};
use super::{SessionId, builtin};
use crate::fault::Fault;
use crate::metadata::{Member, Metadata};
use crate::value::Args;

/// An object as threads share it.
pub(super) type Guarded = Entry<Seat>;

type SharedObject = Box<dyn Object + Send + Sync>;

/// Makes instances.
pub(super) type Create = Arc<dyn Fn(&mut Context<'_>) -> Result<SharedObject, Fault> + Send + Sync>;

/// An object, and who may use it now.
pub(super) struct Seat {
    pub(super) gate: Gate,
    body: Body,
}

enum Body {
    Object(RwLock<SharedObject>),
    Instance(Instance),
    /// It belongs to a session.
    Guest(Guest),
    /// Somebody else owns it.
    Weak(Weak<RwLock<dyn Object + Send + Sync>>),
    /// Calls go to its instances.
    Class(Class),
}

/// An instance of a class, made by its first call. Until then, calls come one by one.
struct Instance {
    object: RwLock<Option<SharedObject>>,
    create: Create,
    ready: AtomicBool,
}

struct Class {
    mode: InstanceMode,
    create: Create,
    single: Mutex<Option<Arc<Guarded>>>,
    /// By daemon and session: several daemons may share a class.
    of_sessions: Mutex<BTreeMap<(usize, SessionId), Arc<Guarded>>>,
}

impl Seat {
    pub(super) fn object(object: impl Object + Send + Sync + 'static) -> Self {
        Self { gate: Gate::default(), body: Body::Object(RwLock::new(Box::new(object))) }
    }

    pub(super) fn class(mode: InstanceMode, create: Create) -> Self {
        let class = Class { mode, create, single: Mutex::default(), of_sessions: Mutex::default() };
        Self { gate: Gate::default(), body: Body::Class(class) }
    }

    /// For an object that belongs to a session.
    pub(super) fn guest(object: SharedObject) -> Self {
        Self { gate: Gate::default(), body: Body::Guest(Guest(RwLock::new(object))) }
    }

    pub(super) fn is_guest(&self) -> bool {
        matches!(self.body, Body::Guest(_))
    }

    pub(super) fn weak(object: Weak<RwLock<dyn Object + Send + Sync>>) -> Self {
        Self { gate: Gate::default(), body: Body::Weak(object) }
    }

    /// False when its owner has dropped it.
    pub(super) fn is_there(&self) -> bool {
        !matches!(&self.body, Body::Weak(object) if object.strong_count() == 0)
    }

    pub(super) fn stream(items: Box<dyn Items + Send>) -> Guarded {
        let object = Self::object(Streamed(Mutex::new(items)));
        Entry { metadata: builtin::METADATA.clone(), type_name: builtin::TYPE_NAME, object }
    }

    /// Whether a member that takes `&self` may run beside others now.
    pub(super) fn is_ready(&self) -> bool {
        match &self.body {
            Body::Object(_) | Body::Class(_) | Body::Guest(_) | Body::Weak(_) => true,
            Body::Instance(instance) => instance.ready.load(Ordering::Acquire),
        }
    }

    /// Calls the object. The gate lets nobody wait here. A poisoned lock means a method panicked earlier; that
    /// was its caller's fault, not the object's end.
    pub(super) fn call(&self, shared: bool, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match &self.body {
            Body::Weak(object) => {
                let object = object.upgrade().ok_or_else(builtin::unknown_object)?;
                if shared {
                    return object.read().unwrap_or_else(PoisonError::into_inner).call_shared(cx, member, args);
                }
                let mut object = object.write().unwrap_or_else(PoisonError::into_inner);
                object.call(cx, member, args)
            }
            Body::Object(object) | Body::Guest(Guest(object)) if shared => {
                object.read().unwrap_or_else(PoisonError::into_inner).call_shared(cx, member, args)
            }
            Body::Object(object) | Body::Guest(Guest(object)) => {
                object.write().unwrap_or_else(PoisonError::into_inner).call(cx, member, args)
            }
            Body::Instance(instance) => instance.call(shared, cx, member, args),
            Body::Class(_) => Err(Fault::daemon_error("a class cannot be called itself")),
        }
    }
}

impl Guarded {
    /// The entry that a call of this session goes to: the object itself, or the instance that is the call's.
    pub(super) fn seat_of(entry: Arc<Self>, daemon: usize, session: SessionId) -> Arc<Self> {
        let Body::Class(class) = &entry.object.body else { return entry };
        let make = || Arc::new(entry.instance(class));
        match class.mode {
            InstanceMode::PerCall => make(),
            InstanceMode::Single => {
                let mut single = class.single.lock().unwrap_or_else(PoisonError::into_inner);
                Arc::clone(single.get_or_insert_with(make))
            }
            InstanceMode::Session => {
                let mut instances = class.of_sessions.lock().unwrap_or_else(PoisonError::into_inner);
                Arc::clone(instances.entry((daemon, session)).or_insert_with(make))
            }
        }
    }

    fn instance(&self, class: &Class) -> Self {
        let (object, create) = (RwLock::default(), Arc::clone(&class.create));
        let body = Body::Instance(Instance { object, create, ready: AtomicBool::new(false) });
        let object = Seat { gate: Gate::default(), body };
        Self { metadata: self.metadata.clone(), type_name: self.type_name, object }
    }

    /// How many instances are kept.
    pub(super) fn count_instances(&self) -> usize {
        let Body::Class(class) = &self.object.body else { return 0 };
        let single = class.single.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        class.of_sessions.lock().unwrap_or_else(PoisonError::into_inner).len() + usize::from(single)
    }

    /// A session has ended: its instance goes, when the last call of it has ended.
    pub(super) fn session_ended(&self, daemon: usize, session: SessionId) {
        if let Body::Class(class) = &self.object.body {
            let instance = class.of_sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(&(daemon, session));
            drop(instance);
        }
    }
}

impl Instance {
    fn call(&self, shared: bool, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        if shared && let Some(object) = &*self.object.read().unwrap_or_else(PoisonError::into_inner) {
            return object.call_shared(cx, member, args);
        }
        let mut object = self.object.write().unwrap_or_else(PoisonError::into_inner);
        let object = match &mut *object {
            Some(object) => object,
            none => {
                let made = none.insert((self.create)(cx)?);
                self.ready.store(true, Ordering::Release);
                made
            }
        };
        object.call(cx, member, args)
    }
}

/// An object that is closed when it goes.
struct Guest(RwLock<SharedObject>);

impl Drop for Guest {
    fn drop(&mut self) {
        let object = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Should it panic, it is dropped all the same.
        let _ = catch_unwind(AssertUnwindSafe(|| object.closed(&mut ())));
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(object) = self.object.get_mut().unwrap_or_else(PoisonError::into_inner) {
            // Should it panic, it is dropped all the same.
            let _ = catch_unwind(AssertUnwindSafe(|| object.closed(&mut ())));
        }
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
        next_item(&mut **items, cx)
    }
}
