//! The daemon's own object, with members of the user's.

use std::sync::Arc;

use super::object::Object;
use super::run::Entry;
use super::{Daemon, Local, Shared, builtin};
use crate::metadata::Metadata;

impl<O: ?Sized> Entry<O> {
    /// Whether a call of the daemon's own object goes to this one, its replacement. It has all attributes: that of the
    /// daemon has none.
    pub(super) fn answers(&self, method: &str) -> bool {
        matches!(method, "__getattr__" | "__setattr__") || self.metadata.mentions(method)
    }
}

/// What the daemon's own object exposes, with the members of a replacement.
pub(super) fn metadata<O: ?Sized>(replacement: Option<&Entry<O>>) -> Metadata {
    let Some(entry) = replacement else { return builtin::METADATA.clone() };
    builtin::METADATA.methods().fold(entry.metadata.clone(), |all, (name, flags)| match entry.metadata.mentions(name) {
        true => all,
        false => all.with_method(name, flags),
    })
}

impl<W> Daemon<Local<W>> {
    /// Extends the daemon's own object, `Pyro.Daemon`, with the members of another one, as Pyro's
    /// `Daemon(interface=...)`. Where both have a method (`ping`, `registered`, `info`, `get_metadata`), the new one
    /// runs; those of streams (`get_next_stream_item`, `close_stream`) stay the daemon's.
    pub fn set_interface(&mut self, object: impl Object<W> + 'static) {
        let entry = Entry::new(object, |object| Box::new(object) as Box<dyn Object<W>>);
        self.registry.set_interface(entry);
    }
}

impl Daemon<Shared> {
    /// Extends the own object of all daemons on these objects: see [`Shared::set_interface`].
    pub fn set_interface(&mut self, object: impl Object + Send + Sync + 'static) {
        self.registry.set_interface(object);
    }
}

impl Shared {
    /// Extends the own object of all daemons that use these, `Pyro.Daemon`, with the members of another one, as Pyro's
    /// `Daemon(interface=...)`. Where both have a method (`ping`, `registered`, `info`, `get_metadata`), the new one
    /// runs; those of streams (`get_next_stream_item`, `close_stream`) stay the daemon's.
    pub fn set_interface(&self, object: impl Object + Send + Sync + 'static) {
        self.replace_builtin(Arc::new(Entry::new(object, super::seat::Seat::object)));
    }
}
