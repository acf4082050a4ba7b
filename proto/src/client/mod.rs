//! Layer 3, calling: a [`Client`] owns all outgoing connections and the proxies that use them.

mod caller;
mod connection;
mod connections;
mod name_server;
mod naming;
mod publication;
mod rebind;
mod resolve;
mod searches;
mod slot;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use slab::Slab;

pub use caller::Caller;
pub use connection::Connection;
pub use name_server::{NameServerProxy, Names, Registration, Tags};
pub use publication::Publication;

use crate::connection::{CallId, RemoteMetadata, Reply, Request};
use crate::error::{CallError, CallFailure, CloseReason};
use crate::layer::{Identity, Layer};
use crate::limits::{Config, Handshake};
use crate::naming::NamingStep;
use crate::uri::{Location, Uri};
use crate::value::{ObjectId, Value};
use crate::wire::OwnedAnnotations;
use connections::Connections;
use resolve::Search;

/// Calls remote objects: the mirror of [`Daemon`](crate::Daemon), without IO of its own.
///
/// A proxy connects when it is first used, and again when it is used after a loss; a call is never
/// repeated by itself. The embedder connects sockets as [`poll_connect`](Self::poll_connect) asks,
/// and pumps them.
pub struct Client {
    connections: Connections,
    proxies: Slab<ProxySlot>,
    generation: u32,
}

struct ProxySlot {
    generation: u32,
    /// For what goes by a name, that; its object is known to the connection.
    object: ObjectId,
    place: Place,
    connection: Option<ConnId>,
}

/// Where a proxy's connections go.
enum Place {
    /// Over a socket that is there already: lost, it stays lost.
    Given,
    Known(Target),
    /// To what is searched each time.
    Named(Box<Search>),
}

/// Names a proxy of a client; never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProxyId {
    index: u32,
    generation: u32,
}

/// Names a connection of a client; never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId {
    index: u32,
    generation: u32,
}

impl fmt::Debug for ProxyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyId({}/{})", self.index, self.generation)
    }
}

impl fmt::Debug for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnId({}/{})", self.index, self.generation)
    }
}

/// Where to connect to: the embedder resolves names and opens sockets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A TCP port.
    Tcp {
        /// Name or address.
        host: String,
        /// Port number.
        port: u16,
    },
    /// A unix socket.
    Unix(PathBuf),
}

impl From<&Location> for Target {
    fn from(location: &Location) -> Self {
        match location {
            Location::Tcp { host, port } => Self::Tcp { host: host.clone(), port: *port },
            Location::Unix(path) => Self::Unix(path.clone()),
        }
    }
}

/// What happened on a client's connections.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ProxyEvent {
    /// The server let us in.
    Connected(ConnId),
    /// A call ended; each does so exactly once.
    Done {
        /// Which one.
        id: CallId,
        /// How.
        result: Result<Reply, CallFailure>,
        /// The annotations of the answer.
        annotations: OwnedAnnotations,
    },
    /// A connection is over: drop its socket.
    Closed {
        /// Which one; it is not known to the client any more.
        connection: ConnId,
        /// Why.
        reason: CloseReason,
    },
    /// The search for what goes by a name has come a step further. Whoever does not want to look on passes over it.
    Naming {
        /// The connection that is to go there.
        connection: ConnId,
        /// The step.
        step: NamingStep,
    },
}

impl Client {
    /// A client without proxies.
    pub fn new(now: Instant, config: Config) -> Self {
        Self { connections: Connections::new(now, Arc::new(config)), proxies: Slab::new(), generation: 0 }
    }

    /// A proxy for the object that a URI names. Nothing is connected yet.
    ///
    /// What goes by a name (`PYRONAME:`, `PYROMETA:`) is looked up with the first call, and again after a loss, as it may
    /// have moved. The connections to name servers come and go like others in [`poll_connect`](Self::poll_connect) and
    /// [`ProxyEvent::Closed`]. A name that is not found is [`CloseReason::Unresolved`].
    ///
    /// # Errors
    /// A text that is no URI.
    pub fn proxy(&mut self, uri: &str) -> Result<ProxyId, CallError> {
        let naming = &self.connections.config.naming;
        Ok(match Uri::parse_with(uri, naming.port)? {
            Uri::Pyro { object, location } => self.add(object.into(), Place::Known(Target::from(&location)), None),
            named => self.add_named(named),
        })
    }

    /// A connection over a socket that is there already, without a handshake, as Pyro does it, and a
    /// proxy on it. Closing the proxy's connection does not close the socket. It has this layer or none, whatever
    /// [`Config::layers`] says: who is at the other end, only the caller knows.
    pub fn adopt(
        &mut self,
        now: Instant,
        object: impl Into<ObjectId>,
        layer: Option<Box<dyn Layer>>,
    ) -> (ConnId, ProxyId) {
        let object = object.into();
        let connection = self.connections.open(now, Handshake::Absent, object.clone(), None);
        self.connections.connected(now, connection, layer);
        (connection, self.add(object, Place::Given, Some(connection)))
    }

    /// A proxy for another object on a connection that is there.
    pub fn proxy_on(&mut self, connection: ConnId, object: impl Into<ObjectId>) -> ProxyId {
        self.add(object.into(), Place::Given, Some(connection))
    }

    /// Forgets a proxy. Its connection closes, unless another proxy uses it.
    pub fn release(&mut self, now: Instant, proxy: ProxyId) {
        let index = proxy.index as usize;
        if self.proxies.get(index).is_none_or(|slot| slot.generation != proxy.generation) {
            return;
        }
        if let Some(connection) = self.proxies.remove(index).connection
            && !self.proxies.iter().any(|(_, slot)| slot.connection == Some(connection))
        {
            self.connections.close(now, connection);
        }
    }

    /// A time that will do for a call, where it depends on none: there is no deadline, and the connection is ready. It
    /// saves asking the clock.
    pub fn untimed(&self, proxy: ProxyId, request: &Request<'_>) -> Option<Instant> {
        let slot = self.proxies.get(proxy.index as usize).filter(|slot| slot.generation == proxy.generation)?;
        self.connections.untimed(slot.connection?, request)
    }

    /// Makes a call; its end comes as an event.
    ///
    /// # Errors
    /// Arguments that cannot be serialized, a message above the limit, too many calls in flight.
    /// Nothing was sent then.
    pub fn call(&mut self, now: Instant, proxy: ProxyId, request: &Request<'_>) -> Result<CallId, CallError> {
        let connection = self.route(now, proxy)?;
        let object = self.proxies[proxy.index as usize].addressed();
        self.connections.call(now, connection, object, request)
    }

    /// Makes a call that is not answered.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub fn notify(&mut self, now: Instant, proxy: ProxyId, request: &Request<'_>) -> Result<(), CallError> {
        let connection = self.route(now, proxy)?;
        let object = self.proxies[proxy.index as usize].addressed();
        self.connections.notify(now, connection, object, request)
    }

    /// Sends a PING; the answer comes as an event with [`Reply::Pong`].
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub fn ping(&mut self, now: Instant, proxy: ProxyId) -> Result<CallId, CallError> {
        let connection = self.route(now, proxy)?;
        self.connections.ping(now, connection)
    }

    /// Ends a call at this end; false when it has ended already. The server is not told: the call's slot
    /// in the connection stays taken until its answer comes.
    pub fn cancel(&mut self, now: Instant, call: CallId) -> bool {
        self.connections.cancel(now, call)
    }

    /// What the proxy's object exposes, once the handshake told.
    pub fn metadata(&self, proxy: ProxyId) -> Option<&RemoteMetadata> {
        let slot = self.proxies.get(proxy.index as usize).filter(|slot| slot.generation == proxy.generation)?;
        self.connections.core(slot.connection?)?.metadata()
    }

    /// What the server answered to the handshake, once it did.
    pub fn handshake_answer(&self, proxy: ProxyId) -> Option<&Value> {
        let slot = self.proxies.get(proxy.index as usize).filter(|slot| slot.generation == proxy.generation)?;
        self.connections.core(slot.connection?)?.handshake_answer()
    }

    /// Who the server proved to be, as the layer below found out; none on a plain connection, and before there is one.
    pub fn identity(&self, proxy: ProxyId) -> Option<Identity> {
        let slot = self.proxies.get(proxy.index as usize).filter(|slot| slot.generation == proxy.generation)?;
        self.connections.core(slot.connection?)?.link_ref().identity()
    }

    /// The object that a proxy stands for; of what goes by a name, the name until it is found.
    pub fn object(&self, proxy: ProxyId) -> Option<ObjectId> {
        let slot = self.proxies.get(proxy.index as usize).filter(|slot| slot.generation == proxy.generation)?;
        let found = slot.connection.filter(|_| slot.addressed().is_none()).and_then(|id| self.connections.core(id));
        Some(found.map_or(&slot.object, crate::connection::ClientCore::object).clone())
    }

    /// True while the connection has a socket. It has none before that is connected, and while it waits to be made
    /// again.
    pub fn is_connected(&self, connection: ConnId) -> bool {
        self.connections.is_connected(connection)
    }

    /// True once calls on this connection leave at once: the handshake is done, or there is none.
    pub fn is_ready(&self, connection: ConnId) -> bool {
        self.connections.core(connection).is_some_and(crate::connection::ClientCore::is_ready)
    }

    /// How the client behaves.
    pub fn config(&self) -> &Config {
        self.connections.config()
    }

    /// The connection that a proxy uses now.
    pub fn connection_of(&self, proxy: ProxyId) -> Option<ConnId> {
        let slot = self.proxies.get(proxy.index as usize).filter(|slot| slot.generation == proxy.generation)?;
        slot.connection.filter(|connection| self.connections.core(*connection).is_some())
    }

    /// The next socket to connect: answer with [`connected`](Self::connected) or
    /// [`failed`](Self::failed).
    ///
    /// A connection may be asked for again under its old name: the server turned out to speak another protocol, did not
    /// answer in time, or is elsewhere. Drop its former socket then, or give up connecting it where that is still under way.
    pub fn poll_connect(&mut self) -> Option<(ConnId, Target)> {
        self.connections.poll_connect()
    }

    /// The socket is connected: pump it. Without a layer of its own, it gets that of [`Config::layers`].
    pub fn connected(&mut self, now: Instant, connection: ConnId, layer: Option<Box<dyn Layer>>) {
        self.connections.connected(now, connection, layer);
    }

    /// The socket could not be connected: the calls that wait for it are lost.
    pub fn failed(&mut self, now: Instant, connection: ConnId, reason: impl fmt::Display) {
        self.connections.failed(now, connection, reason.to_string());
    }

    /// A connection, to be pumped; `None` once it is over.
    pub fn connection(&mut self, id: ConnId) -> Option<Connection<'_>> {
        Connection::new(&mut self.connections, id)
    }

    /// The next connection that wants to be pumped: it has output.
    pub fn poll_connection(&mut self) -> Option<ConnId> {
        self.connections.poll_connection()
    }

    /// Does what is due at `now`; harmless when early.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.connections.handle_timeout(now);
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next; past while an event, a connection
    /// or a socket to connect waits to be polled.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.connections.poll_timeout()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<ProxyEvent> {
        self.connections.poll_event()
    }

    /// Closes all connections, sending what is queued; calls that are out are lost.
    pub fn shutdown(&mut self, now: Instant) {
        self.connections.close_all(now);
    }

    /// True when no connection is left.
    pub fn is_drained(&self) -> bool {
        self.connections.is_empty()
    }

    fn add(&mut self, object: ObjectId, place: Place, connection: Option<ConnId>) -> ProxyId {
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        let index = self.proxies.insert(ProxySlot { generation, object, place, connection }) as u32;
        ProxyId { index, generation }
    }

    /// The connection for a call, a new one where the last was lost. The proxy exists then.
    fn route(&mut self, now: Instant, proxy: ProxyId) -> Result<ConnId, CallError> {
        self.connections.check()?;
        let slot = self
            .proxies
            .get_mut(proxy.index as usize)
            .filter(|slot| slot.generation == proxy.generation)
            .ok_or(CallError::UnknownProxy)?;
        if let Some(connection) = slot.connection.filter(|connection| self.connections.is_usable(*connection)) {
            return Ok(connection);
        }
        let object = slot.object.clone();
        let connection = match &slot.place {
            Place::Given => return Err(CallError::Closed),
            Place::Known(target) => self.connections.open(now, Handshake::Required, object, Some(target.clone())),
            Place::Named(search) => self.connections.open_named(now, Search::clone(search), object),
        };
        slot.connection = Some(connection);
        Ok(connection)
    }
}

impl ProxySlot {
    /// The object that calls are addressed to, where the connection's may be another.
    fn addressed(&self) -> Option<&ObjectId> {
        (!matches!(self.place, Place::Named(_))).then_some(&self.object)
    }
}
