//! Proxies for what goes by a name, and the datagrams that find name servers.

use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use super::resolve::{Question, Search};
use super::{Client, ConnId, Place, ProxyId};
use crate::naming::{Datagram, NAME_SERVER, Whereabouts};
use crate::uri::Uri;

/// # Name servers
///
/// An adapter that can send and receive datagrams says so with [`allow_broadcasts`](Client::allow_broadcasts). While
/// [`wants_datagrams`](Client::wants_datagrams), it keeps a UDP socket of IPv4 that may broadcast, sends from it what
/// [`poll_datagram`](Client::poll_datagram) gives, and hands what comes to [`handle_datagram`](Client::handle_datagram).
/// Without that, the search goes on with the next step, and says so.
impl Client {
    /// A proxy for a name server, found when it is first used, as Pyro's `locate_ns`.
    pub fn name_server(&mut self, at: Whereabouts) -> ProxyId {
        let name = match &at {
            Whereabouts::Anywhere { .. } => format!("PYRONAME:{NAME_SERVER}"),
            Whereabouts::At(location) => format!("PYRONAME:{NAME_SERVER}@{location}"),
        };
        let search = Search { question: Question::NameServer, at };
        self.add(name.into(), Place::Named(Box::new(search)), None)
    }

    /// The `PYRO:` URI of what a proxy is connected to, or was last on its way to. None before what goes by a name is
    /// found, and on a socket that was given.
    pub fn resolved(&self, proxy: ProxyId) -> Option<Uri> {
        let slot = self.proxies.get(proxy.index as usize).filter(|slot| slot.generation == proxy.generation)?;
        match &slot.place {
            Place::Given => None,
            Place::Known(target) => Some(Uri::pyro(slot.object.as_str(), target.into())),
            Place::Named(_) => self.connections.resolved(slot.connection?).cloned(),
        }
    }

    /// When the search for a socket of this connection is given up, for those who wait for it: the end of its handshake, and
    /// of the first call that waits for that.
    pub fn connect_deadline(&self, connection: ConnId) -> Option<Instant> {
        self.connections.connect_deadline(connection)
    }

    /// Whoever drives this client sends and receives datagrams for it.
    pub fn allow_broadcasts(&mut self) {
        self.connections.searches.allow_broadcasts();
    }

    /// True while datagrams are to be sent or answers to them are waited for: the socket is needed, and to be read.
    pub fn wants_datagrams(&self) -> bool {
        self.connections.searches.listen()
    }

    /// The next datagram to be sent.
    pub fn poll_datagram(&mut self) -> Option<Datagram> {
        self.connections.searches.poll_datagram()
    }

    /// A datagram has come.
    pub fn handle_datagram(&mut self, now: Instant, from: SocketAddr, data: &[u8]) {
        self.connections.handle_datagram(now, from, data);
    }

    /// A datagram could not be sent. Where that goes for all of a broadcast, its answers are not waited for.
    pub fn datagram_failed(&mut self, now: Instant, datagram: &Datagram, reason: impl fmt::Display) {
        self.connections.datagram_failed(now, datagram, &reason.to_string());
    }

    /// A proxy for what a URI names that is to be looked up.
    pub(super) fn add_named(&mut self, uri: Uri) -> ProxyId {
        let name = uri.to_string();
        let (question, location) = match uri {
            Uri::Name { name, location } => (Question::Name(name), location),
            Uri::Meta { tags, location } => (Question::Meta(tags), location),
            Uri::Pyro { object, location } => (Question::Name(object), Some(location)),
        };
        let at = location.map_or(Whereabouts::Anywhere { port: None }, Whereabouts::At);
        self.add(name.into(), Place::Named(Box::new(Search { question, at })), None)
    }
}
