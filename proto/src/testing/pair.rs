//! A client and a daemon in one program.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use super::wire::{Chunks, Direction};
use crate::client::{Client, ConnId, ProxyEvent, ProxyId};
use crate::connection::{CallId, Reply, Request};
use crate::daemon::{Budget, Daemon, DaemonEvent, Peer, Registry, SessionId};
use crate::error::CallFailure;
use crate::limits::{Config, Handshake};
use crate::machine::Machine;

/// Steps after which a pair that does not come to rest is stuck in a loop.
const BOUND: usize = 100_000;

/// A [`Client`] and a [`Daemon`], joined by wires in memory, on a virtual clock.
///
/// Nothing happens by itself: the clock stands until it is [turned](Self::turn), bytes move in
/// [`step`](Self::step). All that is public may be changed at any time.
pub struct Pair<R: Registry> {
    /// The calling side.
    pub client: Client,
    /// The hosting side.
    pub daemon: Daemon<R>,
    /// What time it is.
    pub now: Instant,
    /// How bytes are cut on their way.
    pub chunks: Chunks,
    /// Bytes that a wire holds in each direction.
    pub room: usize,
    /// Calls that one step may run.
    pub budget: Budget,
    /// Calls that ended and were not asked for yet.
    pub done: BTreeMap<CallId, Result<Reply, CallFailure>>,
    /// What else happened on the client's side.
    pub client_events: Vec<ProxyEvent>,
    /// What happened to the sessions.
    pub daemon_events: Vec<DaemonEvent>,
    wires: Vec<Wire>,
}

struct Wire {
    connection: ConnId,
    session: SessionId,
    there: Direction,
    back: Direction,
    cut: bool,
}

impl<R: Registry> Pair<R> {
    /// A pair that begins at `now`, both sides with the default config.
    pub fn new(now: Instant, daemon: impl FnOnce(Instant, Config) -> Daemon<R>) -> Self {
        Self::with_configs(now, Config::default(), Config::default(), daemon)
    }

    /// A pair with a config for each side.
    pub fn with_configs(
        now: Instant,
        client: Config,
        config: Config,
        daemon: impl FnOnce(Instant, Config) -> Daemon<R>,
    ) -> Self {
        Self {
            client: Client::new(now, client),
            daemon: daemon(now, config),
            now,
            chunks: Chunks::whole(),
            room: usize::MAX,
            budget: Budget::UNLIMITED,
            done: BTreeMap::new(),
            client_events: Vec::new(),
            daemon_events: Vec::new(),
            wires: Vec::new(),
        }
    }

    /// Joins the two by a socketpair, without a handshake.
    pub fn join(&mut self, object: &str) -> ProxyId {
        let (connection, proxy) = self.client.adopt(self.now, object, None);
        self.wire(connection, Handshake::Auto);
        proxy
    }

    /// Makes a call and runs both sides until it ends.
    ///
    /// # Errors
    /// How the call ended.
    pub fn call<T: DeserializeOwned>(
        &mut self,
        proxy: ProxyId,
        request: &Request<'_>,
        world: &mut R::World,
    ) -> Result<T, CallFailure> {
        let id = self.client.call(self.now, proxy, request)?;
        self.settle(world);
        let result = self.done.remove(&id).unwrap_or(Err(CallFailure::Cancelled))?;
        let payload = result.into_value().ok_or(CallFailure::Cancelled)?;
        Ok(payload.decode()?)
    }

    /// Runs both sides until neither has anything to do at this time.
    ///
    /// # Panics
    /// When they never come to rest.
    pub fn settle(&mut self, world: &mut R::World) {
        for _ in 0..BOUND {
            if !self.step(world) {
                return;
            }
        }
        panic!("the pair does not come to rest");
    }

    /// Moves bytes once in each direction and runs the daemon once; false when nothing happened.
    pub fn step(&mut self, world: &mut R::World) -> bool {
        let mut busy = self.transfer();
        self.daemon.handle_timeout(self.now);
        self.client.handle_timeout(self.now);
        let dispatched = self.daemon.dispatch(self.now, world, self.budget);
        busy |= dispatched.calls > 0 || dispatched.more;
        busy |= self.transfer();
        busy
    }

    /// Moves bytes once in each direction, and collects events; false when nothing happened.
    pub fn transfer(&mut self) -> bool {
        while let Some((connection, _)) = self.client.poll_connect() {
            self.client.connected(self.now, connection, None);
            self.wire(connection, Handshake::Required);
        }
        let mut busy = false;
        for wire in self.wires.iter_mut().filter(|wire| !wire.cut) {
            let (now, chunks, room) = (self.now, &mut self.chunks, self.room);
            match self.client.connection(wire.connection) {
                Some(mut machine) => {
                    busy |= wire.there.send(&mut machine, chunks, room);
                    busy |= wire.back.deliver(&mut machine, chunks, now);
                }
                None => wire.there.end(),
            }
            match self.daemon.session(wire.session) {
                Some(mut machine) => {
                    busy |= wire.there.deliver(&mut machine, chunks, now);
                    busy |= wire.back.send(&mut machine, chunks, room);
                }
                None => wire.back.end(),
            }
        }
        while self.daemon.poll_session().is_some() || self.client.poll_connection().is_some() {
            busy = true;
        }
        while let Some(event) = self.client.poll_event() {
            busy = true;
            match event {
                ProxyEvent::Done { id, result, .. } => {
                    let twice = self.done.insert(id, result);
                    assert!(twice.is_none(), "{id:?} ended twice");
                }
                other => self.client_events.push(other),
            }
        }
        while let Some(event) = self.daemon.poll_event() {
            busy = true;
            self.daemon_events.push(event);
        }
        busy
    }

    /// Turns the clock on.
    pub fn turn(&mut self, by: Duration) {
        self.now += by;
    }

    /// Breaks a proxy's connection: both sides learn of it.
    pub fn cut(&mut self, proxy: ProxyId) {
        let Some(connection) = self.client.connection_of(proxy) else { return };
        for wire in self.wires.iter_mut().filter(|wire| wire.connection == connection) {
            wire.cut = true;
            if let Some(mut machine) = self.client.connection(wire.connection) {
                machine.handle_error(self.now);
            }
            if let Some(mut machine) = self.daemon.session(wire.session) {
                machine.handle_error(self.now);
            }
        }
    }

    /// The session at the other end of a proxy's connection.
    pub fn session_of(&self, proxy: ProxyId) -> Option<SessionId> {
        let connection = self.client.connection_of(proxy)?;
        self.wires.iter().find(|wire| wire.connection == connection).map(|wire| wire.session)
    }

    /// Everything that was sent on all wires, client to daemon and back.
    pub fn traffic(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.wires.iter().map(|wire| (wire.there.log.clone(), wire.back.log.clone())).collect()
    }

    fn wire(&mut self, connection: ConnId, handshake: Handshake) {
        let peer = Peer { handshake, ..Peer::pair() };
        match self.daemon.open(self.now, peer, None) {
            Ok(session) => self.wires.push(Wire {
                connection,
                session,
                there: Direction::default(),
                back: Direction::default(),
                cut: false,
            }),
            Err(refused) => {
                if let Some(mut machine) = self.client.connection(connection) {
                    machine.handle_error(self.now);
                }
                self.client.failed(self.now, connection, refused);
            }
        }
    }
}
