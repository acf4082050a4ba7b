//! Classes, of which a daemon makes instances by itself.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Weak;

use super::context::Context;
use super::object::Object;
use super::{SessionId, builtin};
use crate::fault::Fault;

/// How many instances of a registered class there are, as Pyro's `behavior(instance_mode=...)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceMode {
    /// One for all, made for the first call.
    Single,
    /// One for each session, made for its first call, and closed with it.
    Session,
    /// One for each call.
    PerCall,
}

/// What a [`Local`](super::Local) registry hosts under an id.
pub(super) enum Hosted<W> {
    Object(Box<dyn Object<W>>),
    Class(Class<W>),
    /// It belongs to a session.
    Guest(Box<dyn Object<W>>),
    /// Somebody else owns it.
    Weak(Weak<RefCell<dyn Object<W>>>),
}

/// A class, and the instances that there are.
pub(super) struct Class<W> {
    mode: InstanceMode,
    create: Create<W>,
    single: Option<Box<dyn Object<W>>>,
    of_sessions: BTreeMap<SessionId, Box<dyn Object<W>>>,
}

type Create<W> = Box<dyn FnMut(&mut Context<'_, W>) -> Result<Box<dyn Object<W>>, Fault>>;

impl<W> Hosted<W> {
    /// Runs `call` on the object, or on the instance that is this call's.
    pub(super) fn with<T>(
        &mut self,
        cx: &mut Context<'_, W>,
        call: impl FnOnce(&mut Context<'_, W>, &mut dyn Object<W>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        match self {
            Self::Object(object) | Self::Guest(object) => call(cx, &mut **object),
            Self::Weak(object) => {
                let object = object.upgrade().ok_or_else(builtin::unknown_object)?;
                let mut object = object.try_borrow_mut().map_err(|_| {
                    Fault::new("builtins.RuntimeError", "the object is in use by its owner: call again later")
                })?;
                call(cx, &mut *object)
            }
            Self::Class(class) => class.with(cx, call),
        }
    }

    /// False when its owner has dropped it.
    pub(super) fn is_there(&self) -> bool {
        !matches!(self, Self::Weak(object) if object.strong_count() == 0)
    }

    /// How many instances are kept.
    pub(super) fn count_instances(&self) -> usize {
        match self {
            Self::Object(_) | Self::Guest(_) | Self::Weak(_) => 0,
            Self::Class(class) => class.of_sessions.len() + usize::from(class.single.is_some()),
        }
    }

    /// Takes out what belongs to a session.
    pub(super) fn take(&mut self, session: SessionId) -> Option<Box<dyn Object<W>>> {
        match self {
            Self::Object(_) | Self::Guest(_) | Self::Weak(_) => None,
            Self::Class(class) => class.of_sessions.remove(&session),
        }
    }
}

impl<W> Class<W> {
    pub(super) fn new(mode: InstanceMode, create: Create<W>) -> Self {
        Self { mode, create, single: None, of_sessions: BTreeMap::new() }
    }

    fn with<T>(
        &mut self,
        cx: &mut Context<'_, W>,
        call: impl FnOnce(&mut Context<'_, W>, &mut dyn Object<W>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let instance = match self.mode {
            InstanceMode::Single => {
                if self.single.is_none() {
                    self.single = Some((self.create)(cx)?);
                }
                self.single.as_deref_mut()
            }
            InstanceMode::Session => {
                let session = cx.session();
                if !self.of_sessions.contains_key(&session) {
                    let instance = (self.create)(cx)?;
                    self.of_sessions.insert(session, instance);
                }
                self.of_sessions.get_mut(&session).map(|instance| &mut **instance)
            }
            InstanceMode::PerCall => {
                let mut instance = (self.create)(cx)?;
                let result = call(cx, &mut *instance);
                instance.closed(cx.world);
                return result;
            }
        };
        match instance {
            Some(instance) => call(cx, instance),
            None => Err(Fault::daemon_error("the instance is gone")),
        }
    }
}
