//! Proxies whose calls wait.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use firesteel_proto::connection::RemoteMetadata;
use firesteel_proto::wire::OwnedAnnotations;
use firesteel_proto::{
    Arguments, Batch, BatchResults, CallError, CallFailure, Caller, Config, Identity, Layer, NameServerProxy,
    NamingStep, ObjectId, ObjectRef, Payload, ProxyId, Reply, Request, Uri, Value, Whereabouts,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::line::{Line, Watch};
use crate::pending::Pending;
use crate::scope::correlated;
use firesteel_pump::Socket;

/// Makes proxies that share a config.
#[derive(Clone, Default)]
pub struct Connector {
    config: Config,
    watch: Option<Watch>,
}

impl Connector {
    /// With a config.
    pub fn new(config: Config) -> Self {
        Self { config, watch: None }
    }

    /// Tells `watch` each step when a name is searched, as it is made. It must not use the proxy that searches.
    #[must_use]
    pub fn on_naming(self, watch: impl Fn(&NamingStep) + Send + Sync + 'static) -> Self {
        Self { watch: Some(Arc::new(watch)), ..self }
    }

    /// A proxy for the object that a URI names. It connects when it is first used.
    ///
    /// What goes by a name (`PYRONAME:`, `PYROMETA:`) is looked up in a name server then, and again after a loss: it may
    /// have moved. [`Config::naming`] says where the name server is. A name that is not found is
    /// [`CloseReason::Unresolved`](firesteel_proto::CloseReason::Unresolved).
    ///
    /// # Errors
    /// A text that is no URI.
    pub fn proxy(&self, uri: &str) -> Result<Proxy, CallError> {
        let line = self.line();
        let id = line.with_client(|client| client.proxy(uri))?;
        Ok(Proxy { line: Arc::new(line), id, timeout: None, retries: None })
    }

    /// A proxy for a name server, which is searched when it is first used.
    pub fn name_server(&self, at: Whereabouts) -> Proxy {
        let line = self.line();
        let id = line.with_client(|client| client.name_server(at));
        Proxy { line: Arc::new(line), id, timeout: None, retries: None }
    }

    /// Searches a name server, and connects to it. See [`locate_ns`](crate::locate_ns).
    ///
    /// # Errors
    /// There is none: [`CloseReason::Unresolved`](firesteel_proto::CloseReason::Unresolved).
    pub fn locate_ns(&self, at: Whereabouts) -> Result<NameServerProxy<Proxy>, CallFailure> {
        let proxy = self.name_server(at);
        let metadata = proxy.metadata()?;
        Ok(NameServerProxy::with_metadata(proxy, &metadata))
    }

    fn line(&self) -> Line {
        Line::new(self.config.clone()).watched(self.watch.clone())
    }

    /// A proxy for an object that a peer has sent a reference to.
    ///
    /// # Errors
    /// As for [`proxy`](Self::proxy); also a serializer that is not known.
    pub fn proxy_to(&self, reference: &ObjectRef) -> Result<Proxy, CallError> {
        let mut config = self.config.clone();
        config.handshake = reference.handshake.clone();
        if let Some(name) = &reference.serializer {
            config.serializer = name.parse().map_err(CallError::InvalidUri)?;
        }
        Self { config, ..self.clone() }.proxy(&reference.uri.to_string())
    }

    /// A proxy over a connected socket, without a handshake, as Pyro does it.
    ///
    /// # Errors
    /// The socket's own; a TCP socket under a config with TLS, which Pyro refuses, too: see
    /// [`adopt_over`](Self::adopt_over).
    pub fn adopt(&self, object: impl Into<ObjectId>, socket: impl Into<Socket>) -> io::Result<Proxy> {
        let socket = socket.into();
        let local = matches!(socket, Socket::Unix(_));
        self.config.check_adopted(local).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        self.adopt_with(object, socket, None)
    }

    /// The same through a layer, such as a client's end of TLS.
    ///
    /// # Errors
    /// The socket's own.
    pub fn adopt_over(
        &self,
        object: impl Into<ObjectId>,
        socket: impl Into<Socket>,
        layer: Box<dyn Layer>,
    ) -> io::Result<Proxy> {
        self.adopt_with(object, socket.into(), Some(layer))
    }

    fn adopt_with(
        &self,
        object: impl Into<ObjectId>,
        socket: Socket,
        layer: Option<Box<dyn Layer>>,
    ) -> io::Result<Proxy> {
        let line = Line::new(self.config.clone());
        let proxy = line.adopt(object, socket, layer)?;
        Ok(Proxy { line: Arc::new(line), id: proxy, timeout: None, retries: None })
    }
}

/// Stands for a remote object: its calls wait for their answers.
///
/// It connects when it is first used, and again when it is used after a loss; a call is never
/// repeated by itself. Clones share the connection. Several threads may call at once: their calls are
/// in flight together.
#[derive(Clone)]
pub struct Proxy {
    pub(crate) line: Arc<Line>,
    pub(crate) id: ProxyId,
    timeout: Option<Duration>,
    retries: Option<u32>,
}

impl Proxy {
    /// A proxy with the default config: see [`Connector`] for another.
    ///
    /// # Errors
    /// As for [`Connector::proxy`].
    pub fn new(uri: &str) -> Result<Self, CallError> {
        Connector::default().proxy(uri)
    }

    /// The same proxy, whose calls end with [`CallFailure::Deadline`] after `timeout`.
    ///
    /// Connecting, the handshake and PINGs have the times of the config: `handshake_timeout`,
    /// `call_timeout`.
    #[must_use]
    pub fn timeout(&self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self.clone() }
    }

    /// The same proxy, whose calls are made again up to `times` times when the connection is lost: see
    /// [`Request::retries`].
    #[must_use]
    pub fn retries(&self, times: u32) -> Self {
        Self { retries: Some(times), ..self.clone() }
    }

    /// A proxy for another object on the same adopted socket.
    ///
    /// # Errors
    /// The socket is gone.
    pub fn share(&self, object: impl Into<ObjectId>) -> Result<Self, CallError> {
        let proxy = self.line.share(object).ok_or(CallError::Closed)?;
        Ok(Self { id: proxy, ..self.clone() })
    }

    /// Calls a method with positional arguments: a tuple, a list, or `&()` for none.
    ///
    /// # Errors
    /// The remote exception, a timeout, a lost connection, or an answer of another type.
    pub fn call<T: DeserializeOwned>(&self, method: &str, args: &impl Arguments) -> Result<T, CallFailure> {
        self.request(Request::method(method, args))
    }

    /// Calls a method with positional and keyword arguments.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub fn call_with<T: DeserializeOwned>(
        &self,
        method: &str,
        args: &impl Arguments,
        kwargs: &impl Arguments,
    ) -> Result<T, CallFailure> {
        self.request(Request::method(method, args).kwargs(kwargs))
    }

    /// Makes a call, to be waited for later.
    ///
    /// # Errors
    /// Arguments that cannot be sent. Whatever else fails comes when it is waited for.
    pub fn start<T: DeserializeOwned + 'static>(
        &self,
        method: &str,
        args: &impl Arguments,
    ) -> Result<Pending<T>, CallError> {
        let id = self.line.start(self.id, &self.timed(Request::method(method, args)))?;
        Ok(Pending::new(Arc::clone(&self.line), id))
    }

    /// Calls a method whose answer nobody waits for; returns when it is sent, or held back by a
    /// [`cork`](Self::cork).
    ///
    /// # Errors
    /// It could not be sent.
    pub fn notify(&self, method: &str, args: &impl Arguments) -> Result<(), CallFailure> {
        self.notify_with(Request::method(method, args))
    }

    /// Sends a call that is described in full and that nobody waits for; returns when it is sent.
    ///
    /// # Errors
    /// It could not be sent.
    pub fn notify_with(&self, request: Request<'_>) -> Result<(), CallFailure> {
        self.line.notify(self.id, &correlated(request))
    }

    /// Holds calls back until the guard is dropped: many that are made back to back leave together, in one write
    /// instead of one each.
    ///
    /// It holds back what is sent with [`start`](Self::start) and [`notify`](Self::notify), by any thread on this
    /// connection. A call that is waited for takes along what is held back, as does what grows beyond 64 KiB.
    ///
    /// ```no_run
    /// # let proxy = firesteel_blocking::Proxy::new("PYRO:adder@localhost:7766")?;
    /// let cork = proxy.cork();
    /// let calls: Vec<_> = (0..64).map(|n| proxy.start::<i64>("add", &(n, 1))).collect::<Result<_, _>>()?;
    /// drop(cork);
    /// for call in calls {
    ///     println!("{}", call.wait()?);
    /// }
    /// # Ok::<(), firesteel_proto::CallFailure>(())
    /// ```
    pub fn cork(&self) -> Cork<'_> {
        self.line.cork();
        Cork(&self.line)
    }

    /// Makes several calls in one round trip; see [`Batch`].
    ///
    /// # Errors
    /// As for [`call`](Self::call): a call that cannot be made at all makes all of it fail, though those before
    /// it have run. What a call raises is among the results.
    pub fn batch(&self, batch: &Batch<'_>) -> Result<BatchResults, CallFailure> {
        let (payload, _) = self.request_payload(Request::batch(batch))?;
        Ok(BatchResults::read(&payload)?)
    }

    /// Makes several calls whose results nobody waits for; returns when they are sent.
    ///
    /// # Errors
    /// They could not be sent.
    pub fn notify_batch(&self, batch: &Batch<'_>) -> Result<(), CallFailure> {
        self.notify_with(Request::batch(batch))
    }

    /// Reads an attribute.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub fn get<T: DeserializeOwned>(&self, attribute: &str) -> Result<T, CallFailure> {
        self.request(Request::get(attribute))
    }

    /// Writes an attribute.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub fn set(&self, attribute: &str, value: &impl Serialize) -> Result<(), CallFailure> {
        self.request(Request::set(attribute, value))
    }

    /// Makes a call that is described in full: with annotations, a deadline, another object.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub fn request<T: DeserializeOwned>(&self, request: Request<'_>) -> Result<T, CallFailure> {
        let (payload, _) = self.request_payload(request)?;
        Ok(payload.decode()?)
    }

    /// Makes a call and gives its answer undecoded, with the annotations that came with it.
    ///
    /// # Errors
    /// As for [`call`](Self::call), but for the decoding.
    pub fn request_payload(&self, request: Request<'_>) -> Result<(Payload, OwnedAnnotations), CallFailure> {
        let (result, annotations) = self.line.call(self.id, &self.timed(request));
        Ok((value_of(result)?, annotations))
    }

    /// Makes a call and gives what came, a value or a stream: [`resume_stream`](Self::resume_stream) takes that from there.
    ///
    /// # Errors
    /// As for [`call`](Self::call), but for the decoding.
    pub fn request_reply(&self, request: Request<'_>) -> Result<(Reply, OwnedAnnotations), CallFailure> {
        let (result, annotations) = self.line.call(self.id, &self.timed(request));
        Ok((result?, annotations))
    }

    /// Makes a call and gives its end with the annotations that came with it: faults have annotations, too.
    pub fn request_annotated<T: DeserializeOwned>(
        &self,
        request: Request<'_>,
    ) -> (Result<T, CallFailure>, OwnedAnnotations) {
        let (result, annotations) = self.line.call(self.id, &self.timed(request));
        (value_of(result).and_then(|payload| Ok(payload.decode()?)), annotations)
    }

    /// Gives a request the proxy's timeout and retries and the thread's correlation id, unless it has its own.
    #[inline]
    pub(crate) fn timed<'r>(&self, request: Request<'r>) -> Request<'r> {
        let mut request = correlated(request);
        if let Some(times) = self.retries
            && !request.has_retries()
        {
            request = request.retries(times);
        }
        match self.timeout {
            Some(timeout) if !request.has_deadline() => request.deadline(Instant::now() + timeout),
            _ => request,
        }
    }

    /// Asks the daemon whether it is there.
    ///
    /// # Errors
    /// No connection, or no answer in time.
    pub fn ping(&self) -> Result<(), CallFailure> {
        match self.line.ping(self.id).0? {
            Reply::Pong => Ok(()),
            _ => Err(CallFailure::Cancelled),
        }
    }

    /// What the object exposes; it connects where needed. On an adopted socket, the daemon is asked.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub fn metadata(&self) -> Result<RemoteMetadata, CallFailure> {
        if let Some(known) = self.line.metadata(self.id)? {
            return Ok(known);
        }
        let object = self.line.with_client(|client| client.object(self.id).ok_or(CallError::UnknownProxy))?;
        let answer: Value =
            self.request(Request::method("get_metadata", &(object.as_str(),)).object(ObjectId::DAEMON))?;
        Ok(RemoteMetadata::from_value(&answer)?)
    }

    /// What the server answered to the handshake; it connects where needed. None on an adopted socket.
    ///
    /// # Errors
    /// No connection, or the server did not let us in.
    pub fn handshake_answer(&self) -> Result<Option<Value>, CallFailure> {
        let known = || self.line.with_client(|client| client.handshake_answer(self.id).cloned());
        match known() {
            Some(answer) => Ok(Some(answer)),
            None => self.ping().map(|()| known()),
        }
    }

    /// Who the server proved to be, as the layer below found out (TLS: its certificate); none on a plain connection, and
    /// while there is none: it is made by the first call.
    pub fn identity(&self) -> Option<Identity> {
        self.line.with_client(|client| client.identity(self.id))
    }

    /// The `PYRO:` URI of what the proxy is connected to; of what goes by a name, none before it is found.
    pub fn resolved(&self) -> Option<Uri> {
        self.line.with_client(|client| client.resolved(self.id))
    }

    /// Closes the connection, as Pyro's `_pyroRelease`. The next call opens another, unless the socket was given. Calls
    /// of other threads that are out on it are lost.
    pub fn close(&self) {
        self.line.close();
    }
}

/// Holds calls back as long as it is there: see [`Proxy::cork`].
#[must_use = "calls are held back until it is dropped"]
pub struct Cork<'p>(&'p Line);

impl Drop for Cork<'_> {
    fn drop(&mut self) {
        self.0.uncork();
    }
}

/// The value that a call brought.
pub(crate) fn value_of(result: Result<Reply, CallFailure>) -> Result<Payload, CallFailure> {
    match result? {
        Reply::Value(payload) => Ok(payload),
        Reply::Stream(_) => Err(CallFailure::Format(serde::de::Error::custom("the answer is a stream: use `stream`"))),
        _ => Err(CallFailure::Cancelled),
    }
}

impl Caller for Proxy {
    type Out<T: DeserializeOwned> = Result<T, CallFailure>;

    fn call_request<T: DeserializeOwned>(&self, request: Request<'_>) -> Result<T, CallFailure> {
        self.request(request)
    }

    fn notify_request(&self, request: Request<'_>) -> Result<(), CallFailure> {
        self.notify_with(request)
    }
}
