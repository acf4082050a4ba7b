//! A client and a daemon that exchange bytes by hand.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use firesteel_proto::connection::{ClientConnection, ClientEvent};
use firesteel_proto::{
    Budget, CallId, Caller, Config, Daemon, Fault, Handshake, Local, Machine, Metadata, Object, Peer, Registry, Reply,
    Request, SessionId, Shared,
};
use serde::de::DeserializeOwned;

/// One client, one daemon with the object "o", one world.
pub struct Pair<R: Registry> {
    pub daemon: Daemon<R>,
    pub world: R::World,
    client: ClientConnection,
    session: SessionId,
    now: Instant,
}

/// The object in a local daemon without a world.
pub fn local(object: impl Object + 'static) -> Pair<Local> {
    in_world(object, ())
}

/// The object in a local daemon with a world.
pub fn in_world<W>(object: impl Object<W> + 'static, world: W) -> Pair<Local<W>> {
    let mut daemon = Daemon::new(Instant::now(), Config::default());
    daemon.register("o", object).expect("a free id");
    Pair::new(daemon, world)
}

/// The object in a registry for threads.
pub fn shared(object: impl Object + Send + Sync + 'static) -> Pair<Shared> {
    let mut daemon = Daemon::shared(Instant::now(), Config::default(), &Shared::new(), 1);
    daemon.register("o", object).expect("a free id");
    Pair::new(daemon, ())
}

/// What the object says about itself.
pub fn metadata<T: Object>(object: &T) -> &Metadata {
    object.metadata()
}

impl<R: Registry> Pair<R> {
    fn new(mut daemon: Daemon<R>, world: R::World) -> Self {
        let now = Instant::now();
        let client = ClientConnection::new(now, Arc::new(Config::default()), Handshake::Required, "o", None);
        let session = daemon.open(now, Peer::unix(), None).expect("a session");
        Self { daemon, world, client, session, now }
    }

    /// Calls a method with positional arguments.
    pub fn call<T: DeserializeOwned>(&mut self, method: &str, args: impl serde::Serialize) -> Result<T, Fault> {
        self.send(&Request::method(method, &args))
    }

    /// Reads an attribute.
    pub fn get<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, Fault> {
        self.send(&Request::get(name))
    }

    /// Writes an attribute.
    pub fn set(&mut self, name: &str, value: impl serde::Serialize) -> Result<(), Fault> {
        self.send(&Request::set(name, &value))
    }

    /// Makes a call and waits for its answer.
    pub fn send<T: DeserializeOwned>(&mut self, request: &Request<'_>) -> Result<T, Fault> {
        let id = self.start(request);
        self.finish(id)
    }

    /// Makes a call.
    pub fn start(&mut self, request: &Request<'_>) -> CallId {
        let id = self.client.call(self.now, request).expect("a call that can be sent");
        self.shuttle();
        id
    }

    /// The answer of a call.
    pub fn finish<T: DeserializeOwned>(&mut self, id: CallId) -> Result<T, Fault> {
        self.shuttle();
        Ok(self.answer(id).expect("an answer")?.into_value().expect("a value").decode()?)
    }

    /// The id of the stream that a call answers with.
    pub fn stream(&mut self, id: CallId) -> String {
        self.shuttle();
        match self.answer(id) {
            Some(Ok(Reply::Stream(id))) => id,
            other => panic!("no stream: {other:?}"),
        }
    }

    /// Makes a call that is not answered.
    pub fn notify(&mut self, request: &Request<'_>) {
        self.client.notify(self.now, request).expect("a call that can be sent");
        self.shuttle();
    }

    /// Moves bytes and runs calls until nothing happens any more.
    fn shuttle(&mut self) {
        let mut moved = true;
        while std::mem::take(&mut moved) {
            self.now += Duration::from_millis(1);
            while let Some(bytes) = self.client.poll_transmit() {
                let bytes = bytes.take();
                self.daemon.session(self.session).expect("a session").handle_input(self.now, &bytes);
                moved = true;
            }
            moved |= self.daemon.dispatch(self.now, &mut self.world, Budget::UNLIMITED).calls > 0;
            while let Some(bytes) = self.daemon.session(self.session).expect("a session").poll_transmit() {
                let bytes = bytes.take();
                self.client.handle_input(self.now, &bytes);
                moved = true;
            }
        }
    }

    fn answer(&mut self, call: CallId) -> Option<Result<Reply, Fault>> {
        while let Some(event) = self.client.poll_event() {
            if let ClientEvent::Done { id, result, .. } = event
                && id == call
            {
                return Some(result.map_err(Fault::from));
            }
        }
        None
    }
}

/// A pair as what typed proxies are made for.
pub struct Blocking<R: Registry>(pub RefCell<Pair<R>>);

impl<R: Registry> Caller for Blocking<R> {
    type Out<T: DeserializeOwned> = Result<T, Fault>;

    fn call_request<T: DeserializeOwned>(&self, request: Request<'_>) -> Result<T, Fault> {
        self.0.borrow_mut().send(&request)
    }

    fn notify_request(&self, request: Request<'_>) -> Result<(), Fault> {
        self.0.borrow_mut().notify(&request);
        Ok(())
    }
}
