//! The method that was called last: who calls it again is spared the search.

use std::sync::{Arc, Weak};

use super::Shared;
use super::job::Route;
use super::seat::Guarded;
use super::streams::StreamId;
use crate::connection::Incoming;
use crate::serializer::SerializerId;

/// Heads of calls that are longer are not remembered.
const MOST: usize = 256;

/// How the last call began, and what it was for. A call in serpent that begins with the very same bytes is for the
/// same method; only its arguments remain to be read. One for the next item of a stream is the same from end to end.
#[derive(Default)]
pub(super) struct Memo {
    head: Vec<u8>,
    /// The registry's, when the object was found: since then, it may have been unregistered.
    generation: u64,
    /// Not kept alive by this.
    entry: Weak<Guarded>,
    /// It takes `&self`.
    shared: bool,
    aim: Aim,
}

#[derive(Clone, Default)]
enum Aim {
    #[default]
    Nothing,
    /// The method's place in the metadata.
    Method(usize),
    Stream(StreamId),
}

impl Memo {
    pub(super) fn find(&self, registry: &Shared, incoming: &Incoming) -> Option<(Arc<Guarded>, bool, Route)> {
        let payload = incoming.payload();
        let known = incoming.serializer == SerializerId::Serpent
            && payload.starts_with(&self.head)
            && self.generation == registry.generation();
        if !known {
            return None;
        }
        let route = match &self.aim {
            Aim::Method(place) => Route::Method { place: *place, args: self.head.len() },
            Aim::Stream(id) if payload.len() == self.head.len() => Route::Stream(id.clone()),
            Aim::Nothing | Aim::Stream(_) => return None,
        };
        Some((self.entry.upgrade()?, self.shared, route))
    }

    /// `generation` is the registry's before the object was looked up.
    pub(super) fn keep(
        &mut self,
        generation: u64,
        incoming: &Incoming,
        (entry, shared, route): (&Arc<Guarded>, bool, &Route),
    ) {
        let payload = incoming.payload();
        let (len, aim) = match route {
            Route::Method { place, args } => (*args, Aim::Method(*place)),
            Route::Stream(id) => (payload.len(), Aim::Stream(id.clone())),
        };
        if incoming.serializer != SerializerId::Serpent || len > MOST {
            self.aim = Aim::Nothing;
            return;
        }
        self.head.clear();
        self.head.extend_from_slice(&payload[..len]);
        (self.generation, self.entry, self.shared, self.aim) = (generation, Arc::downgrade(entry), shared, aim);
    }
}
