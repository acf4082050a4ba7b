//! Proxies whose calls are futures.

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use firesteel_proto::connection::RemoteMetadata;
use firesteel_proto::wire::OwnedAnnotations;
use firesteel_proto::{
    Arguments, Batch, BatchResults, CallError, CallFailure, Caller, Client, Config, NameServerProxy, NamingStep,
    ObjectId, ObjectRef, Payload, Reply, Request, Uri, Value, Whereabouts,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::any_line::Answer;
use super::call::Call;
use super::drive::Watch;
use super::line::Line;
use super::remote::{Cork, Remote, value_of};
use super::stream::RemoteStream;
use crate::Runtime;

/// Makes proxies that share a config.
pub struct Connector<R> {
    config: Config,
    watch: Option<Watch>,
    runtime: PhantomData<fn() -> R>,
}

impl<R> Clone for Connector<R> {
    fn clone(&self) -> Self {
        Self { config: self.config.clone(), watch: self.watch.clone(), runtime: PhantomData }
    }
}

impl<R> Default for Connector<R> {
    fn default() -> Self {
        Self { config: Config::default(), watch: None, runtime: PhantomData }
    }
}

impl<R: Runtime> Connector<R> {
    /// With a config.
    pub fn new(config: Config) -> Self {
        Self { config, ..Self::default() }
    }

    /// Tells `watch` each step when a name is searched, as it is made. It must not use the proxy that searches.
    #[must_use]
    pub fn on_naming(self, watch: impl Fn(&NamingStep) + Send + Sync + 'static) -> Self {
        Self { watch: Some(Arc::new(watch)), ..self }
    }

    /// A proxy for the object that a URI names. It connects when a call is first waited for.
    ///
    /// What goes by a name (`PYRONAME:`, `PYROMETA:`) is looked up in a name server then, and again after a loss: it may
    /// have moved. [`Config::naming`] says where the name server is. A name that is not found is
    /// [`CloseReason::Unresolved`](firesteel_proto::CloseReason::Unresolved). The search goes on while a call is waited for.
    ///
    /// # Errors
    /// A text that is no URI.
    pub fn proxy(&self, uri: &str) -> Result<Proxy<R>, CallError> {
        let (line, id) = self.line(|client| client.proxy(uri));
        Ok(Proxy::new_on(Remote::new(line, id?)))
    }

    /// A proxy for a name server, which is searched when a call is first waited for.
    pub fn name_server(&self, at: Whereabouts) -> Proxy<R> {
        let (line, id) = self.line(|client| client.name_server(at));
        Proxy::new_on(Remote::new(line, id))
    }

    /// Searches a name server, and connects to it. See [`locate_ns`](crate::locate_ns).
    ///
    /// # Errors
    /// There is none: [`CloseReason::Unresolved`](firesteel_proto::CloseReason::Unresolved).
    pub async fn locate_ns(&self, at: Whereabouts) -> Result<NameServerProxy<Proxy<R>>, CallFailure> {
        let proxy = self.name_server(at);
        let metadata = proxy.metadata().await?;
        Ok(NameServerProxy::with_metadata(proxy, &metadata))
    }

    /// A line, and what `add` does to its client.
    fn line<T>(&self, add: impl FnOnce(&mut Client) -> T) -> (Arc<Line<R>>, T) {
        Line::new(self.config.clone(), self.watch.clone(), add)
    }

    /// A proxy for an object that a peer has sent a reference to.
    ///
    /// # Errors
    /// As for [`proxy`](Self::proxy); also a serializer that is not known.
    pub fn proxy_to(&self, reference: &ObjectRef) -> Result<Proxy<R>, CallError> {
        let mut config = self.config.clone();
        config.handshake = reference.handshake.clone();
        if let Some(name) = &reference.serializer {
            config.serializer = name.parse().map_err(CallError::InvalidUri)?;
        }
        Self { config, ..self.clone() }.proxy(&reference.uri.to_string())
    }

    /// A proxy over a connected socket, without a handshake, as Pyro does it. To be called where the runtime is.
    ///
    /// # Errors
    /// The socket's own.
    pub fn adopt(&self, object: impl Into<ObjectId>, socket: impl Into<OwnedFd>) -> io::Result<Proxy<R>> {
        let (line, id) = Line::<R>::adopt(self.config.clone(), object.into(), socket.into())?;
        Ok(Proxy::new_on(Remote::new(line, id)))
    }
}

/// Stands for a remote object: its calls are futures of their results.
///
/// It connects when it is first used, and again when it is used after a loss; a call is never
/// repeated by itself. Clones share the connection, and many tasks may call at once: their calls are
/// in flight together.
///
/// A call that is waited for alone costs one write, one read and one wait of the runtime's, and no other task. Where
/// several are waited for at once, a task of the connection's own reads for all of them, and ends with the last clone.
///
/// The socket belongs to the runtime in which a call was first waited for.
pub struct Proxy<R> {
    remote: Remote,
    runtime: PhantomData<fn() -> R>,
}

impl<R> Clone for Proxy<R> {
    fn clone(&self) -> Self {
        Self { remote: self.remote.clone(), runtime: PhantomData }
    }
}

impl<R: Runtime> Proxy<R> {
    /// A proxy with the default config: see [`Connector`] for another.
    ///
    /// # Errors
    /// As for [`Connector::proxy`].
    pub fn new(uri: &str) -> Result<Self, CallError> {
        Connector::default().proxy(uri)
    }

    fn new_on(remote: Remote) -> Self {
        Self { remote, runtime: PhantomData }
    }

    /// The same proxy, whose calls end with [`CallFailure::Deadline`] after `timeout`.
    ///
    /// Connecting, the handshake and PINGs have the times of the config: `handshake_timeout`,
    /// `call_timeout`. Time passes from when the call is made.
    #[must_use]
    pub fn timeout(&self, timeout: Duration) -> Self {
        Self::new_on(Remote { timeout: Some(timeout), ..self.remote.clone() })
    }

    /// The same proxy, whose calls are made again up to `times` times when the connection is lost: see
    /// [`Request::retries`].
    #[must_use]
    pub fn retries(&self, times: u32) -> Self {
        Self::new_on(Remote { retries: Some(times), ..self.remote.clone() })
    }

    /// A proxy for another object on the same adopted socket.
    ///
    /// # Errors
    /// The socket is gone.
    pub fn share(&self, object: impl Into<ObjectId>) -> Result<Self, CallError> {
        let id = self.remote.line.share(self.remote.id, object.into()).ok_or(CallError::Closed)?;
        Ok(Self::new_on(Remote { id, ..self.remote.clone() }))
    }

    /// Calls a method with positional arguments: a tuple, a list, or `&()` for none.
    ///
    /// # Errors
    /// The remote exception, a timeout, a lost connection, or an answer of another type; also arguments that cannot be
    /// sent.
    pub fn call<T: DeserializeOwned>(&self, method: &str, args: &impl Arguments) -> Call<T> {
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
    ) -> Call<T> {
        self.request(Request::method(method, args).kwargs(kwargs))
    }

    /// Calls a method that answers with a stream: a generator in Python, a `Stream` in Rust.
    ///
    /// # Errors
    /// As for [`call`](Self::call); also when the answer is no stream, or the server gives none.
    pub fn stream<T: DeserializeOwned>(&self, method: &str, args: &impl Arguments) -> Call<RemoteStream<T>> {
        Call::request(&self.remote, Request::method(method, args), |(result, _), remote| match result? {
            Reply::Stream(id) => Ok(RemoteStream::new(remote.clone(), id)),
            _ => Err(CallFailure::Format(serde::de::Error::custom("the answer is no stream: use `call`"))),
        })
    }

    /// Goes on with a stream of which the id is known, such as one from a connection that was lost.
    pub fn resume_stream<T>(&self, id: impl Into<String>) -> RemoteStream<T> {
        RemoteStream::new(self.remote.clone(), id.into())
    }

    /// Calls a method whose answer nobody waits for; ready when the call is handed to the system, or held back by a
    /// [`cork`](Self::cork). Dropped before, it leaves with the connection's next call.
    ///
    /// # Errors
    /// It could not be sent.
    pub fn notify(&self, method: &str, args: &impl Arguments) -> Call<()> {
        self.notify_with(Request::method(method, args))
    }

    /// Sends a call that is described in full and that nobody waits for; ready when it is handed to the system.
    ///
    /// # Errors
    /// It could not be sent.
    pub fn notify_with(&self, request: Request<'_>) -> Call<()> {
        Call::notify(&self.remote, request, |(result, _), _| result.map(drop))
    }

    /// Holds back calls that nobody waits for, until the guard is dropped: many that are made back to back leave
    /// together, in one write instead of one each.
    ///
    /// It holds back what is sent with [`notify`](Self::notify), by any task on this connection. A call that is waited
    /// for takes along what is held back, as does what grows beyond 64 KiB.
    pub fn cork(&self) -> Cork {
        self.remote.cork()
    }

    /// Makes several calls in one round trip; see [`Batch`].
    ///
    /// # Errors
    /// As for [`call`](Self::call): a call that cannot be made at all makes all of it fail, though those before
    /// it have run. What a call raises is among the results.
    pub fn batch(&self, batch: &Batch<'_>) -> Call<BatchResults> {
        Call::request(&self.remote, Request::batch(batch), |(result, _), _| Ok(BatchResults::read(&value_of(result)?)?))
    }

    /// Makes several calls whose results nobody waits for; ready when they are handed to the system.
    ///
    /// # Errors
    /// They could not be sent.
    pub fn notify_batch(&self, batch: &Batch<'_>) -> Call<()> {
        self.notify_with(Request::batch(batch))
    }

    /// Reads an attribute.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub fn get<T: DeserializeOwned>(&self, attribute: &str) -> Call<T> {
        self.request(Request::get(attribute))
    }

    /// Writes an attribute.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub fn set(&self, attribute: &str, value: &impl Serialize) -> Call<()> {
        self.request(Request::set(attribute, value))
    }

    /// Makes a call that is described in full: with annotations, a deadline, another object.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub fn request<T: DeserializeOwned>(&self, request: Request<'_>) -> Call<T> {
        Call::request(&self.remote, request, |(result, _), _| Ok(value_of(result)?.decode()?))
    }

    /// Makes a call and gives its answer undecoded, with the annotations that came with it.
    ///
    /// # Errors
    /// As for [`call`](Self::call), but for the decoding.
    pub fn request_payload(&self, request: Request<'_>) -> Call<(Payload, OwnedAnnotations)> {
        Call::request(&self.remote, request, |(result, annotations), _| Ok((value_of(result)?, annotations)))
    }

    /// Makes a call and gives what came, a value or a stream: [`resume_stream`](Self::resume_stream) takes that from there.
    ///
    /// # Errors
    /// As for [`call`](Self::call), but for the decoding.
    pub fn request_reply(&self, request: Request<'_>) -> Call<(Reply, OwnedAnnotations)> {
        Call::request(&self.remote, request, |(result, annotations), _| Ok((result?, annotations)))
    }

    /// Makes a call and gives its end with the annotations that came with it: faults have annotations, too.
    pub fn request_annotated<T: DeserializeOwned>(
        &self,
        request: Request<'_>,
    ) -> impl Future<Output = (Result<T, CallFailure>, OwnedAnnotations)> + Send + use<T, R> {
        let call: Call<Answer> = Call::request(&self.remote, request, |answer, _| Ok(answer));
        async move {
            match call.await {
                Ok((result, annotations)) => (value_of(result).and_then(|payload| Ok(payload.decode()?)), annotations),
                Err(failure) => (Err(failure), OwnedAnnotations::default()),
            }
        }
    }

    /// Asks the daemon whether it is there.
    ///
    /// # Errors
    /// No connection, or no answer in time.
    pub fn ping(&self) -> Call<()> {
        Call::ping(&self.remote, |(result, _), _| match result? {
            Reply::Pong => Ok(()),
            _ => Err(CallFailure::Cancelled),
        })
    }

    /// What the object exposes; it connects where needed. On an adopted socket, the daemon is asked.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn metadata(&self) -> Result<RemoteMetadata, CallFailure> {
        let known = |client: &mut Client| client.metadata(self.remote.id).cloned();
        if let Some(known) = self.ask(known) {
            return Ok(known);
        }
        self.ping().await?;
        if let Some(known) = self.ask(known) {
            return Ok(known);
        }
        let object = self.ask(|client| client.object(self.remote.id)).ok_or(CallError::UnknownProxy)?;
        let request: Call<Value> =
            self.request(Request::method("get_metadata", &(object.as_str(),)).object(ObjectId::DAEMON));
        Ok(RemoteMetadata::from_value(&request.await?)?)
    }

    /// What the server answered to the handshake; it connects where needed. None on an adopted socket.
    ///
    /// # Errors
    /// No connection, or the server did not let us in.
    pub async fn handshake_answer(&self) -> Result<Option<Value>, CallFailure> {
        let known = |client: &mut Client| client.handshake_answer(self.remote.id).cloned();
        match self.ask(known) {
            Some(answer) => Ok(Some(answer)),
            None => self.ping().await.map(|()| self.ask(known)),
        }
    }

    /// The `PYRO:` URI of what the proxy is connected to; of what goes by a name, none before it is found.
    pub fn resolved(&self) -> Option<Uri> {
        self.ask(|client| client.resolved(self.remote.id))
    }

    /// Closes the connection, as Pyro's `_pyroRelease`. The next call opens another, unless the socket was given. Calls
    /// of other tasks that are out on it are lost.
    pub fn close(&self) {
        self.remote.line.close();
    }

    /// Asks the client something.
    pub(super) fn ask<T>(&self, f: impl FnOnce(&mut Client) -> Option<T>) -> Option<T> {
        let (mut f, mut answer) = (Some(f), None);
        self.remote.line.with_client(&mut |client| answer = f.take().and_then(|f| f(client)));
        answer
    }

    /// True while calls leave at once.
    pub(super) fn is_bound(&self) -> bool {
        let bound = self.ask(|client| client.is_ready(client.connection_of(self.remote.id)?).then_some(()));
        bound.is_some()
    }
}

impl<R: Runtime> Caller for Proxy<R> {
    type Out<T: DeserializeOwned> = Call<T>;

    fn call_request<T: DeserializeOwned>(&self, request: Request<'_>) -> Call<T> {
        self.request(request)
    }

    fn notify_request(&self, request: Request<'_>) -> Call<()> {
        self.notify_with(request)
    }
}
