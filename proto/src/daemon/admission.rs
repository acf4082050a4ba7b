//! Handshakes, from the knock to the verdict.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::gatekeeper::{Kind, Knock, Verdict};
use super::responder::Ticket;
use super::{Daemon, Registry, SessionId};
use crate::connection::Incoming;
use crate::metadata::Metadata;
use crate::serializer::read_from;
use crate::value::Value;
use crate::wire::Dialect;

/// What a client says when it asks to be let in.
pub(super) struct Arrival {
    pub(super) ticket: Ticket,
    pub(super) handshake: Value,
    /// The object that it names, or what is wrong with it, which matters only if it has to be known.
    pub(super) object: Option<String>,
    pub(super) dialect: Dialect,
    wants_metadata: bool,
}

impl Arrival {
    fn read(session: SessionId, incoming: &Incoming) -> Result<Self, String> {
        let dialect = incoming.header.dialect;
        let content: Value =
            read_from(dialect, incoming.serializer, incoming.payload()).map_err(|error| error.to_string())?;
        let handshake = content.get("handshake").ok_or("'handshake'")?.clone();
        let object =
            content.get("object").map(|object| object.as_str().ok_or("the object of a handshake must be a text"));
        let object = object.transpose()?.map(str::to_owned);
        let ticket = Ticket { session, call: incoming.id };
        Ok(Self { ticket, handshake, object, dialect, wants_metadata: incoming.wants_metadata() })
    }
}

impl<R: Registry> Daemon<R> {
    /// Answers a CONNECT: lets the client in if the gatekeeper does, and the object exists.
    pub(super) fn admit(&mut self, session: SessionId, incoming: Incoming) {
        match Arrival::read(session, &incoming) {
            Ok(arrival) => {
                let verdict = self.ask_gatekeeper(&arrival, &incoming);
                match verdict.0 {
                    Kind::Now(decided) => self.decided(arrival, decided),
                    Kind::Later(ticket, cancel) if ticket == arrival.ticket => {
                        self.knocks.insert(session, arrival);
                        self.sessions.watch_ends(true);
                        self.sessions.defer(ticket, Some(cancel));
                        // Its time goes on.
                        self.sessions.notice(session);
                    }
                    Kind::Later(..) => {
                        self.decided(arrival, Err("the gatekeeper deferred another handshake".to_owned()));
                    }
                }
            }
            Err(reason) => {
                if let Some(slot) = self.sessions.slot_mut(session) {
                    slot.core.reject(incoming.id, &reason);
                }
                self.sessions.finished(session);
            }
        }
        self.sessions.keep(incoming.recycle());
    }

    /// A verdict that was to come later is there.
    pub(super) fn settle_knock(&mut self, ticket: Ticket, decided: Result<Value, String>) {
        match self.knocks.remove(&ticket.session) {
            Some(arrival) if arrival.ticket == ticket => self.decided(arrival, decided),
            // The gatekeeper has answered at once, in spite of it.
            Some(other) => drop(self.knocks.insert(ticket.session, other)),
            None => {}
        }
    }

    fn ask_gatekeeper(&mut self, arrival: &Arrival, incoming: &Incoming) -> Verdict {
        let session = arrival.ticket.session;
        let (Some(gatekeeper), Some(slot)) = (&mut self.gatekeeper, self.sessions.slot(session)) else {
            return Ok(self.sessions.config().handshake.clone()).into();
        };
        let knock = Knock {
            session,
            peer: &slot.peer,
            handshake: &arrival.handshake,
            object: arrival.object.as_deref(),
            dialect: arrival.dialect,
            annotations: incoming.annotations(),
            ticket: arrival.ticket,
            mailbox: &self.mailbox,
        };
        catch_unwind(AssertUnwindSafe(|| gatekeeper(&knock)))
            .unwrap_or_else(|_| Err("the gatekeeper panicked".to_owned()).into())
    }

    fn decided(&mut self, arrival: Arrival, decided: Result<Value, String>) {
        let Ticket { session, call } = arrival.ticket;
        let welcome = decided.and_then(|answer| Ok((answer, self.metadata_for(&arrival)?)));
        let Some(slot) = self.sessions.slot_mut(session) else { return };
        slot.cancel = None;
        let admitted = match welcome {
            Ok((answer, metadata)) => slot.core.accept(call, &answer, &metadata),
            Err(reason) => {
                slot.core.reject(call, &reason);
                false
            }
        };
        if admitted && !slot.core.link_ref().ignores_input() && self.notices.is_some() {
            slot.marks.told = true;
            self.arrived.push((Arc::clone(&slot.peer), arrival));
        }
        self.sessions.finished(session);
    }

    /// What the answer tells of the object, in Python's words where there is none.
    fn metadata_for(&self, arrival: &Arrival) -> Result<Metadata, String> {
        if !arrival.wants_metadata {
            return Ok(Metadata::default());
        }
        let object = arrival.object.as_deref().ok_or("'object'")?;
        self.registry.metadata(object).ok_or_else(|| "unknown object".to_owned())
    }
}
