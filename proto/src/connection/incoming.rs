//! A request as the daemon gets it.

use std::ops::Range;
use std::time::Instant;

use super::client_events::CallId;
use crate::serializer::SerializerId;
use crate::value::{CallHead, FormatError, serialized_blob};
use crate::wire::{Annotations, Dialect, EXTENSIONS, Extensions, Flags, Header};

/// A request, taken out of the received bytes with the buffer that holds it.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) id: CallId,
    pub(crate) header: Header,
    pub(crate) serializer: SerializerId,
    /// When its caller gives up waiting.
    pub(crate) deadline: Option<Instant>,
    pub(super) buffer: Vec<u8>,
    pub(super) annotations: Range<usize>,
    pub(super) payload: Range<usize>,
}

impl Incoming {
    pub(crate) fn payload(&self) -> &[u8] {
        &self.buffer[self.payload.clone()]
    }

    pub(crate) fn annotations(&self) -> Annotations<'_> {
        self.all_annotations().of_users()
    }

    fn all_annotations(&self) -> Annotations<'_> {
        // They were checked when the message was taken.
        Annotations::parse(&self.buffer[self.annotations.clone()], self.header.dialect).unwrap_or_default()
    }

    /// What a peer that knows more than Pyro tells with it.
    pub(crate) fn extensions(&self) -> Option<Extensions> {
        if self.annotations.is_empty() {
            return None;
        }
        self.all_annotations().get(EXTENSIONS).map(Extensions::parse)
    }

    /// Whether the answer to this handshake shall tell of the object: always in protocol 502.
    pub(crate) fn wants_metadata(&self) -> bool {
        self.header.dialect == Dialect::Pyro5 || self.header.flags.contains(Flags::META_ON_CONNECT)
    }

    /// Reads object and method of a call.
    pub(crate) fn head(&self, max_depth: usize) -> Result<CallHead<'_>, FormatError> {
        if self.is_blob() {
            let annotations = self.annotations();
            return serialized_blob::head(annotations, self.header.dialect, self.serializer, self.payload());
        }
        CallHead::read(self.header.dialect, self.serializer, self.payload(), max_depth)
    }

    pub(crate) fn is_batch(&self) -> bool {
        self.header.flags.contains(Flags::BATCH)
    }

    /// Its argument stays serialized.
    pub(crate) fn is_blob(&self) -> bool {
        self.header.flags.contains(Flags::KEEP_SERIALIZED)
    }

    pub(crate) fn is_oneway(&self) -> bool {
        self.header.flags.contains(Flags::ONEWAY)
    }

    /// Bytes that it holds.
    pub(crate) fn held(&self) -> usize {
        self.buffer.len()
    }

    /// The buffer, for use again.
    pub(crate) fn recycle(self) -> Vec<u8> {
        self.buffer
    }
}
