//! Serving objects under their names, in one call.

use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use firesteel_proto::{Budget, CallFailure, Config, Object, Publication, RegisterError, Uri, Whereabouts};
use mio::{Events, Poll, Token, Waker};

use crate::client::Client;
use crate::server::{Server, Stopper};

/// Serves objects under their names until it is stopped, as Pyro's `serve`, with a poll of its own: it registers them, and
/// their names in the name server, tells their URIs, and removes the names at the end. In a loop of yours, put a
/// [`Publication`] beside your server and client.
///
/// ```no_run
/// use firesteel_mio::Serve;
/// use firesteel_proto::{Config, Whereabouts};
/// # use firesteel_proto::{Args, Context, Member, Metadata, Method, Object, Outcome};
/// # struct Adder;
/// # static METADATA: Metadata = Metadata::new(&[Method::new("add")], &[]);
/// # impl Object for Adder {
/// #     fn metadata(&self) -> &Metadata { &METADATA }
/// #     fn call(&mut self, cx: &mut Context<'_>, _: Member<'_>, args: Args<'_>) -> Outcome {
/// #         let (a, b): (i64, i64) = args.bind(&["a", "b"])?;
/// #         cx.answer(&(a + b))
/// #     }
/// # }
///
/// let mut serve = Serve::new("localhost:0", Config::default(), Whereabouts::Anywhere { port: None })?;
/// serve.object("example.adder", Adder)?;
/// serve.run()?;
/// # Ok::<(), firesteel_mio::ServeError>(())
/// ```
pub struct Serve {
    poll: Poll,
    /// The server.
    pub server: Server,
    client: Client,
    names: Publication,
    uris: Vec<(String, Uri)>,
    verbose: bool,
}

/// Why objects are not served.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on, or waiting for connections failed.
    Io(io::Error),
    /// Two objects of one id.
    Register(RegisterError),
    /// There is no name server, or it does not take this name.
    Naming(String, CallFailure),
}

const WAKER: Token = Token(0);
/// Where the client's tokens begin; the server's are below.
const CLIENT: usize = usize::MAX / 2;
/// Calls that run between two looks at the sockets.
const CALLS: usize = 64;
/// How long removing the names may take.
const FAREWELL: Duration = Duration::from_secs(5);

impl Serve {
    /// Listens on `host:port` or `./u:path`; no objects yet.
    ///
    /// # Errors
    /// The address cannot be resolved or bound, or the system has no descriptors left.
    pub fn new(address: &str, config: Config, at: Whereabouts) -> Result<Self, ServeError> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let mut server = Server::new(poll.registry(), 1..CLIENT, waker, config.clone())?;
        server.listen(address)?;
        let mut client = Client::new(poll.registry(), CLIENT..usize::MAX, config)?;
        let names = Publication::new(&mut client.calls, at);
        Ok(Self { poll, server, client, names, uris: Vec::new(), verbose: true })
    }

    /// Hosts an object, to be registered under this name when it [runs](Self::run); an empty name is none.
    ///
    /// # Errors
    /// None but those of registering in the daemon.
    pub fn object(&mut self, name: &str, object: impl Object + 'static) -> Result<Uri, ServeError> {
        let id = self.server.daemon.register("", object)?;
        let uri = self.server.uri(id.as_str()).ok_or_else(|| io::Error::from(ErrorKind::NotConnected))?;
        self.uris.push((name.to_owned(), uri.clone()));
        Ok(uri)
    }

    /// Prints nothing.
    pub fn quiet(&mut self) {
        self.verbose = false;
    }

    /// Ends it from elsewhere.
    pub fn stopper(&self) -> Stopper {
        self.server.stopper()
    }

    /// Registers the names, and serves until stopped; then the names are removed.
    ///
    /// # Errors
    /// See [`ServeError`]. No names stay then.
    pub fn run(mut self) -> Result<(), ServeError> {
        let now = Instant::now();
        for (name, uri) in self.uris.iter().filter(|(name, _)| !name.is_empty()) {
            self.names.publish(now, &mut self.client.calls, name, uri);
        }
        match self.serve() {
            Err(ServeError::Io(error)) => Err(error.into()),
            ended => ended.and(self.withdraw()),
        }
    }

    fn serve(&mut self) -> Result<(), ServeError> {
        let mut told = !self.verbose;
        while !self.server.is_over() {
            self.turn(None)?;
            if let Some((name, failure)) = self.names.poll_failure() {
                return Err(ServeError::Naming(name, failure));
            }
            if !told && self.names.is_settled() {
                told = true;
                println!("{self}");
            }
        }
        Ok(())
    }

    fn withdraw(&mut self) -> Result<(), ServeError> {
        self.names.withdraw(Instant::now(), &mut self.client.calls);
        let until = Instant::now() + FAREWELL;
        while !self.names.is_settled() && Instant::now() < until {
            self.turn(Some(until))?;
        }
        Ok(())
    }

    fn turn(&mut self, until: Option<Instant>) -> Result<(), ServeError> {
        let farewell = until.map(|until| until.saturating_duration_since(Instant::now()));
        let wait = [self.server.timeout(), self.client.timeout(), farewell].into_iter().flatten().min();
        let mut events = Events::with_capacity(CALLS);
        match self.poll.poll(&mut events, wait) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        for event in &events {
            let _ = self.server.handle_event(event) || self.client.handle_event(event);
        }
        self.server.step(&mut (), Budget::calls(CALLS));
        self.client.step();
        while let Some(event) = self.client.poll_event() {
            self.names.handle_event(Instant::now(), &mut self.client.calls, event);
        }
        Ok(())
    }
}

/// What is served, as Pyro's `serve` prints it.
impl fmt::Display for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, uri) in &self.uris {
            let Uri::Pyro { object, .. } = uri else { continue };
            writeln!(f, "Object {object}:\n    uri = {uri}")?;
            if !name.is_empty() {
                writeln!(f, "    name = {name}")?;
            }
        }
        f.write_str("Pyro daemon running.")
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Register(error) => error.fmt(f),
            Self::Naming(name, error) => write!(f, "{name} cannot be registered: {error}"),
        }
    }
}

impl std::error::Error for ServeError {}

impl From<io::Error> for ServeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<RegisterError> for ServeError {
    fn from(error: RegisterError) -> Self {
        Self::Register(error)
    }
}
