//! Who is let in.

use super::{Peer, SessionId};
use crate::value::Value;
use crate::wire::{Annotations, Dialect};

/// A client that asks to be let in, with what it says of itself: what a gatekeeper decides by. See
/// [`Daemon::set_gatekeeper`](super::Daemon::set_gatekeeper).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Knock<'a> {
    /// The session that it will be.
    pub session: SessionId,
    /// Who is at the other end.
    pub peer: &'a Peer,
    /// What the client says in its handshake: Pyro's `_pyroHandshake`.
    pub handshake: &'a Value,
    /// The object that it wants to call first; not told by every client of Pyro4.
    pub object: Option<&'a str>,
    /// The protocol that it speaks.
    pub dialect: Dialect,
    /// The annotations of its request.
    pub annotations: Annotations<'a>,
}

/// Lets a client in with an answer to its handshake, or turns it away with a reason.
pub(super) type Gatekeeper = Box<dyn FnMut(&Knock<'_>) -> Result<Value, String> + Send>;
