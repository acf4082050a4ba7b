//! How the server's end of a connection takes requests out of the received bytes.

use std::ops::Range;

use super::client_events::CallId;
use super::incoming::Incoming;
use super::server::{Current, Head, Order, ServerCore, State};
use crate::error::ProtocolError;
use crate::serializer::SerializerId;
use crate::wire::{self, Extensions, Flags, Header, MessageType};

impl ServerCore {
    /// Takes the request at the head; `None` when it breaks the protocol, which ends the connection.
    ///
    /// A call may be put `aside` where the client allows it: then the next one starts before it is answered. Where more
    /// has come behind the request, it is copied into `memory`.
    pub(crate) fn take(&mut self, aside: bool, memory: impl FnOnce() -> Vec<u8>) -> Option<Incoming> {
        if std::mem::replace(&mut self.head, Head::Nothing) == Head::Nothing {
            return None;
        }
        match self.extract(memory) {
            Ok(incoming) => {
                if self.order == Order::Strict {
                    self.see_extensions(&incoming);
                }
                let connects = incoming.header.kind == MessageType::Connect as u8;
                if incoming.is_oneway() && !connects {
                    // It counts as answered when it starts.
                    self.advance();
                } else {
                    let current = Current {
                        id: incoming.id,
                        sequence: incoming.header.sequence,
                        serializer: incoming.serializer,
                        correlation: Some(incoming.header.correlation),
                        wants_metadata: incoming.wants_metadata(),
                        batch: incoming.is_batch(),
                    };
                    let free = aside && self.order != Order::Strict && !connects && !current.batch;
                    if free && self.aside.len() + 1 < self.config.limits.max_in_flight {
                        self.aside.push(current);
                        self.advance();
                    } else {
                        self.current = Some(current);
                    }
                }
                Some(incoming)
            }
            Err(error) => {
                self.fail(error);
                None
            }
        }
    }

    /// A client may tell with its handshake, or with its first call where there is none, that it knows more than
    /// Pyro.
    fn see_extensions(&mut self, incoming: &Incoming) {
        if self.config.extensions && incoming.extensions().is_some_and(|extensions| extensions.overtaking) {
            self.order = Order::FreeUntold;
        }
    }

    /// What a client that knows more than Pyro tells with a call.
    pub(crate) fn extensions_of(&self, incoming: &Incoming) -> Option<Extensions> {
        if self.order == Order::Strict { None } else { incoming.extensions() }
    }

    fn extract(&mut self, memory: impl FnOnce() -> Vec<u8>) -> Result<Incoming, ProtocolError> {
        let received = self.link.received();
        let Some(mut header) = Header::parse(received)? else { return Err(ProtocolError::NotPyro) };
        let (annotations, payload) = header.ranges();
        let key = self.config.hmac_key.as_ref();
        wire::open(&mut header, &received[annotations.clone()], &received[payload.clone()], key)?;
        if header.correlation_id().is_none() {
            // As in Pyro, each call has one.
            header.correlation = self.labels.uuid();
        }
        let serializer = SerializerId::from_wire(header.dialect, header.serializer)
            .filter(|serializer| self.config.serializers.accept(*serializer))
            .ok_or(ProtocolError::UnknownSerializer(header.serializer))?;
        let end = payload.end;
        let id = CallId(self.issued);
        self.issued += 1;
        let (buffer, annotations, payload) = if header.flags.contains(Flags::COMPRESSED) {
            let message = self.link.received();
            let limit = match self.state {
                State::Handshake(..) => self.config.limits.max_handshake,
                State::Ready => self.config.limits.max_decompressed,
            };
            let plain = wire::decompress(&message[payload], limit)?;
            let mut buffer = message[annotations].to_vec();
            let tags = buffer.len();
            buffer.extend_from_slice(&plain);
            self.link.inbox().consume(end);
            let whole = buffer.len();
            (buffer, 0..tags, tags..whole)
        } else if self.link.received().len() == end {
            // Nothing else is there: the buffer goes along, without a copy.
            let (buffer, start) = self.link.inbox().take();
            (buffer, shift(annotations, start), shift(payload, start))
        } else {
            let start = header.len();
            let mut buffer = memory();
            buffer.extend_from_slice(&self.link.received()[start..end]);
            self.link.inbox().consume(end);
            let unshift = |range: Range<usize>| range.start - start..range.end - start;
            (buffer, unshift(annotations), unshift(payload))
        };
        Ok(Incoming { id, header, serializer, deadline: None, buffer, annotations, payload })
    }
}

fn shift(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}
