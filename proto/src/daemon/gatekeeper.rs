//! Who is let in, at once or later.

use std::fmt;
use std::sync::Arc;

use super::responder::{CancelFlag, Mail, Mailbox, Ticket};
use super::{Daemon, Peer, Registry, SessionId};
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
    pub(super) ticket: Ticket,
    pub(super) mailbox: &'a Arc<Mailbox>,
}

impl Knock<'_> {
    /// Decides later: return the verdict, and give the [`Admission`] to whoever will know. The client waits meanwhile,
    /// for as long as a handshake may take ([`Config::handshake_timeout`](crate::Config::handshake_timeout)).
    pub fn defer(&self) -> (Admission, Verdict) {
        let cancel = Arc::<CancelFlag>::default();
        let verdict = Verdict(Kind::Later(self.ticket, Arc::clone(&cancel)));
        let mailbox = Arc::clone(self.mailbox);
        (Admission { mailbox, ticket: self.ticket, cancel, settled: false }, verdict)
    }
}

/// What a gatekeeper says: the answer to the handshake, the reason for a refusal, or that it decides
/// [later](Knock::defer).
#[derive(Debug)]
pub struct Verdict(pub(super) Kind);

#[derive(Debug)]
pub(super) enum Kind {
    Now(Result<Value, String>),
    Later(Ticket, Arc<CancelFlag>),
}

impl From<Result<Value, String>> for Verdict {
    fn from(decided: Result<Value, String>) -> Self {
        Self(Kind::Now(decided))
    }
}

/// Lets one client in, or turns it away, from any thread. Dropped without a word, it turns the client away.
#[must_use = "dropped, the client is turned away"]
pub struct Admission {
    mailbox: Arc<Mailbox>,
    ticket: Ticket,
    cancel: Arc<CancelFlag>,
    settled: bool,
}

impl Admission {
    /// Lets the client in, with the answer to its handshake.
    pub fn admit(mut self, answer: impl Into<Value>) {
        self.settle(Ok(answer.into()));
    }

    /// Turns the client away, with a reason that it is told.
    pub fn refuse(mut self, reason: impl Into<String>) {
        self.settle(Err(reason.into()));
    }

    /// True when nobody waits for it any more: the client has gone, or its time is over.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_set()
    }

    fn settle(&mut self, verdict: Result<Value, String>) {
        self.settled = true;
        self.mailbox.post(Mail::Verdict { ticket: self.ticket, verdict });
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").field("session", &self.ticket.session).finish_non_exhaustive()
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if !self.settled {
            self.settle(Err("nobody decided whether to let the client in".to_owned()));
        }
    }
}

/// Decides on a client.
pub(super) type Gatekeeper = Box<dyn FnMut(&Knock<'_>) -> Verdict + Send>;

impl<R: Registry> Daemon<R> {
    /// Has every handshake looked at: the answer goes to the client, the reason for a refusal too. It runs where
    /// user code runs, and may [decide later](Knock::defer). Sessions without a handshake never knock.
    ///
    /// ```
    /// # use firesteel_proto::{Config, Daemon, Value};
    /// # #[expect(clippy::disallowed_methods)]
    /// # let mut daemon = <Daemon>::new(std::time::Instant::now(), Config::default());
    /// daemon.set_gatekeeper(|knock| match knock.handshake.as_str() {
    ///     Some("open sesame") => Ok(Value::from("welcome")),
    ///     _ => Err("wrong password".to_owned()),
    /// });
    /// // Or, asking somebody else:
    /// let (ask, asked) = std::sync::mpsc::channel();
    /// daemon.set_gatekeeper(move |knock| {
    ///     let (admission, verdict) = knock.defer();
    ///     // On the other side: `admission.admit("welcome")` or `admission.refuse("wrong password")`.
    ///     let _ = ask.send((knock.handshake.clone(), admission));
    ///     verdict
    /// });
    /// # drop(asked);
    /// ```
    pub fn set_gatekeeper<V: Into<Verdict>>(&mut self, mut gatekeeper: impl FnMut(&Knock<'_>) -> V + Send + 'static) {
        self.gatekeeper = Some(Box::new(move |knock| gatekeeper(knock).into()));
    }
}
