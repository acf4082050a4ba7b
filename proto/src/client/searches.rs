//! Connections to what goes by a name: they search it, ask name servers, and go to what these know.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connections::Connections;
use super::resolve::{Action, Ask, Resolve, Search, Way};
use super::slot::Role;
use super::{ConnId, ProxyEvent, Target};
use crate::connection::{CallId, ClientCore, Reply};
use crate::entropy::Entropy;
use crate::error::{CallFailure, CloseReason};
use crate::limits::{Config, Handshake, Protocol};
use crate::naming::{Datagram, NamingError, NamingStep};
use crate::serializer::SerializerId;
use crate::timers::earliest;
use crate::uri::Uri;
use crate::value::{ObjectId, Value};

/// What all searches of a client share.
pub(super) struct Searches {
    /// What name servers said and nobody has listened to yet.
    pub(super) heard: VecDeque<Heard>,
    /// Somebody listens already, further out.
    hearing: bool,
    entropy: Entropy,
    can_broadcast: bool,
    datagrams: VecDeque<Datagram>,
    /// Searches that wait for datagrams.
    listening: BTreeSet<ConnId>,
}

/// What happened on a connection to a name server.
pub(super) struct Heard {
    from: ConnId,
    /// The connection that searches.
    by: ConnId,
    news: News,
}

pub(super) enum News {
    Connected,
    Answer(Result<Reply, CallFailure>),
    Lost(CloseReason),
}

/// What belongs to a connection whose object goes by a name.
pub(super) struct Named {
    search: Search,
    /// The search that is under way.
    resolve: Option<Resolve>,
    /// The connection to a name server.
    asking: Option<ConnId>,
    /// Objects that will do and were not tried; the last is the next.
    candidates: Vec<Uri>,
    /// The one that was tried last.
    current: Option<Uri>,
}

impl Heard {
    pub(super) fn new(from: ConnId, by: ConnId, news: News) -> Self {
        Self { from, by, news }
    }
}

impl Named {
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.resolve.as_ref()?.poll_timeout()
    }

    /// It is searched anew, whatever was found before.
    pub(super) fn begin_anew(&mut self) {
        self.candidates.clear();
    }
}

impl Searches {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            heard: VecDeque::new(),
            hearing: false,
            entropy: Entropy::new(config.seed.unwrap_or_default()).branch(),
            can_broadcast: false,
            datagrams: VecDeque::new(),
            listening: BTreeSet::new(),
        }
    }

    pub(super) fn allow_broadcasts(&mut self) {
        self.can_broadcast = true;
    }

    pub(super) fn poll_datagram(&mut self) -> Option<Datagram> {
        self.datagrams.pop_front()
    }

    pub(super) fn has_datagrams(&self) -> bool {
        !self.datagrams.is_empty()
    }

    pub(super) fn listen(&self) -> bool {
        self.has_datagrams() || !self.listening.is_empty()
    }

    /// In any order.
    fn shuffle(&mut self, uris: &mut [Uri]) {
        for last in (1..uris.len()).rev() {
            let random = u128::from_le_bytes(self.entropy.bytes());
            uris.swap(last, (random % (last as u128 + 1)) as usize);
        }
    }
}

impl Connections {
    /// A connection to what is searched. Until it is found, it goes by `name`.
    pub(super) fn open_named(&mut self, now: Instant, search: Search, name: ObjectId) -> ConnId {
        let now = self.at(now);
        let dialect = self.dialect_of(None);
        let mut core = ClientCore::new(now, Arc::clone(&self.config), Handshake::Required, name, dialect, None);
        core.allow_reconnects();
        core.begin_search();
        let named = Named { search, resolve: None, asking: None, candidates: Vec::new(), current: None };
        self.insert(core, None, Role::Named(Box::new(named)))
    }

    /// Where a connection goes whose object goes by a name.
    pub(super) fn resolved(&self, id: ConnId) -> Option<&Uri> {
        match self.role(id)? {
            Role::Named(named) => named.current.as_ref(),
            Role::Plain | Role::Asks(_) => None,
        }
    }

    pub(super) fn connect_deadline(&self, id: ConnId) -> Option<Instant> {
        let own = self.core(id)?.poll_timeout();
        match self.role(id)? {
            Role::Asks(by) => earliest(own, self.core(*by).and_then(ClientCore::poll_timeout)),
            Role::Plain | Role::Named(_) => own,
        }
    }

    /// Takes a search as far as it goes by itself.
    pub(super) fn search(&mut self, id: ConnId) {
        let outer = std::mem::replace(&mut self.searches.hearing, true);
        while self.search_on(id) {}
        self.searches.hearing = outer;
    }

    /// Listens to what name servers said.
    pub(super) fn hear(&mut self) {
        if std::mem::replace(&mut self.searches.hearing, true) {
            return;
        }
        while let Some(Heard { from, by, news }) = self.searches.heard.pop_front() {
            let now = self.now;
            let Some(named) = self.named(by).filter(|named| named.asking == Some(from)) else { continue };
            if let News::Lost(_) = news {
                named.asking = None;
            }
            if let Some(resolve) = &mut named.resolve {
                match news {
                    News::Connected => resolve.handle_connected(),
                    News::Answer(result) => resolve.handle_answer(now, result),
                    News::Lost(reason) => resolve.handle_lost(reason),
                }
            }
            self.notice(by);
        }
        self.searches.hearing = false;
    }

    pub(super) fn handle_datagram(&mut self, now: Instant, from: SocketAddr, data: &[u8]) {
        self.for_listeners(now, |resolve| resolve.handle_datagram(from, data));
    }

    pub(super) fn datagram_failed(&mut self, now: Instant, datagram: &Datagram, reason: &str) {
        self.for_listeners(now, |resolve| resolve.handle_unsent(datagram.port, reason));
    }

    /// A connection is gone: what else hangs on it.
    pub(super) fn end_role(&mut self, id: ConnId, role: Role, reason: CloseReason) {
        match role {
            Role::Plain => {}
            Role::Named(named) => {
                self.searches.listening.remove(&id);
                if let Some(asking) = named.asking {
                    self.close(self.now, asking);
                }
            }
            Role::Asks(by) => self.searches.heard.push_back(Heard::new(id, by, News::Lost(reason))),
        }
    }

    fn for_listeners(&mut self, now: Instant, each: impl Fn(&mut Resolve)) {
        self.at(now);
        let listening: Vec<_> = self.searches.listening.iter().copied().collect();
        for id in listening {
            if let Some(resolve) = self.named(id).and_then(|named| named.resolve.as_mut()) {
                each(resolve);
            }
            self.notice(id);
        }
    }

    fn role(&self, id: ConnId) -> Option<&Role> {
        self.slot(id).map(|slot| &slot.role)
    }

    fn named(&mut self, id: ConnId) -> Option<&mut Named> {
        match &mut self.slot_mut(id)?.role {
            Role::Named(named) => Some(named),
            Role::Plain | Role::Asks(_) => None,
        }
    }

    /// One step of a search; false when there is something to wait for, or it is over.
    fn search_on(&mut self, id: ConnId) -> bool {
        let (now, can_broadcast, config) = (self.now, self.searches.can_broadcast, Arc::clone(&self.config));
        if !self.core(id).is_some_and(ClientCore::searches) {
            return false;
        }
        let Some(named) = self.named(id) else { return false };
        if named.resolve.is_none()
            && let Some(next) = named.candidates.pop()
        {
            let dead = named.current.replace(next.clone());
            self.tell(id, dead.map(NamingStep::Dead));
            self.go_to(id, next);
            return false;
        }
        named.current = None;
        let search = &named.search;
        let resolve = named.resolve.get_or_insert_with(|| Resolve::new(now, search.clone(), &config, can_broadcast));
        let action = resolve.poll(now);
        let steps: Vec<_> = std::iter::from_fn(|| resolve.poll_step()).collect();
        if resolve.listens() {
            self.searches.listening.insert(id);
        } else {
            self.searches.listening.remove(&id);
        }
        self.tell(id, steps);
        match action {
            None => return false,
            Some(Action::Connect(uri, within)) => self.call_on(id, uri, within),
            Some(Action::Ask) => self.ask(id),
            Some(Action::Broadcast(datagrams)) => self.searches.datagrams.extend(datagrams),
            Some(Action::Resolved(mut uris)) => {
                self.searches.shuffle(&mut uris);
                self.hang_up(id);
                if let Some(named) = self.named(id) {
                    named.resolve = None;
                    named.candidates = uris;
                }
            }
            Some(Action::Failed(error)) => {
                self.hang_up(id);
                self.give_up(id, error);
                return false;
            }
        }
        true
    }

    fn tell(&mut self, connection: ConnId, steps: impl IntoIterator<Item = NamingStep>) {
        self.events.extend(steps.into_iter().map(|step| ProxyEvent::Naming { connection, step }));
    }

    /// Connects to what was found.
    fn go_to(&mut self, id: ConnId, uri: Uri) {
        let Uri::Pyro { object, location } = uri else { return };
        let (now, target) = (self.now, Target::from(&location));
        let (dialect, auto) = (self.dialect_of(Some(&target)), self.config.protocol == Protocol::Auto);
        let Some(slot) = self.slot_mut(id) else { return };
        let spare = matches!(&slot.role, Role::Named(named) if !named.candidates.is_empty());
        slot.target = Some(target.clone());
        match slot.core.begin_at(now, object.into(), dialect, spare) {
            Ok(()) => {
                if auto {
                    slot.core.allow_redial();
                }
                self.wanted.push_back((id, target));
            }
            Err(error) => slot.core.finish(CloseReason::Protocol(error)),
        }
    }

    /// Connects to a name server.
    fn call_on(&mut self, by: ConnId, uri: Uri, within: Duration) {
        self.hang_up(by);
        let Uri::Pyro { object, location } = uri else { return };
        let target = Target::from(&location);
        let dialect = self.dialect_of(Some(&target));
        let config = Arc::new(for_name_server(&self.config, within));
        let core = ClientCore::new(self.now, config, Handshake::Required, object.into(), dialect, None);
        let asking = self.insert(core, Some(target), Role::Asks(by));
        if let Some(named) = self.named(by) {
            named.asking = Some(asking);
        }
    }

    fn ask(&mut self, id: ConnId) {
        let now = self.now;
        let Some(Named { asking: Some(asking), resolve: Some(resolve), .. }) = self.named(id) else { return };
        let (asking, question) = (*asking, resolve.question().clone());
        let way = self.core(asking).map_or(Way::Yellow, |core| Way::of(core.metadata(), core.dialect()));
        let Some(ask) = Ask::new(&question, way) else { return };
        let asked: Result<CallId, _> = self.call(now, asking, None, &ask.request());
        if let Err(error) = asked
            && let Some(resolve) = self.named(id).and_then(|named| named.resolve.as_mut())
        {
            resolve.handle_answer(now, Err(error.into()));
        }
    }

    fn hang_up(&mut self, id: ConnId) {
        if let Some(asking) = self.named(id).and_then(|named| named.asking.take()) {
            self.close(self.now, asking);
        }
    }

    fn give_up(&mut self, id: ConnId, error: NamingError) {
        if let Some(slot) = self.slot_mut(id) {
            slot.core.finish(CloseReason::Unresolved(Box::new(error)));
        }
    }
}

/// How to talk to name servers.
fn for_name_server(config: &Config, within: Duration) -> Config {
    let mut config = config.clone();
    // What the user's own servers want to hear is not for others.
    config.handshake = Value::from("hello");
    config.max_retries = 0;
    config.call_timeout = Some(config.call_timeout.unwrap_or(config.handshake_timeout));
    config.handshake_timeout = within;
    config.serializer = match config.serializer {
        // Python's name servers do not know the one, and do not accept the others unless told to.
        SerializerId::Cbor | SerializerId::Pickle | SerializerId::Dill | SerializerId::Cloudpickle => {
            SerializerId::Serpent
        }
        other => other,
    };
    config
}
