//! Serving objects under their names, in one call.

use std::fmt;

use firesteel_proto::{Config, Daemon, Object, ObjectId, RegisterError, Shared, Uri, Whereabouts};
use firesteel_pump::{Listing, ServeError};

use crate::{Connector, Published, Runtime, Server, Stopper};

/// Serves objects under their names until it is stopped, as Pyro's `serve` and `serveSimple`: it listens, registers the
/// objects, and their names in the name server, tells their URIs, and removes the names at the end.
#[must_use = "nothing is served before it runs"]
pub struct Serve<R> {
    config: Config,
    address: String,
    names: Option<Whereabouts>,
    verbose: bool,
    objects: Vec<(String, Register)>,
    runtime: std::marker::PhantomData<fn() -> R>,
}

type Register = Box<dyn FnOnce(&mut Daemon<Shared>, &str) -> Result<ObjectId, RegisterError> + Send + Sync>;

/// Objects that are there, and are served while it [runs](Self::run).
///
/// Dropped before the names are removed, it leaves that to the runtime: see [`Published`].
pub struct Serving<R: Runtime> {
    /// The server.
    pub server: Server<R>,
    uris: Vec<(String, Uri)>,
    verbose: bool,
    published: Option<Published<R>>,
}

impl<R: Runtime> Default for Serve<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Runtime> Serve<R> {
    /// No objects yet; on a free port of `localhost`, with a name server that is searched.
    pub fn new() -> Self {
        Self {
            config: Config::default(),
            address: "localhost:0".to_owned(),
            names: Some(Whereabouts::Anywhere { port: None }),
            verbose: true,
            objects: Vec::new(),
            runtime: std::marker::PhantomData,
        }
    }

    /// Serves an object. The name is that in the name server, or the object's id where there is none; an empty one is none
    /// in the former, and a fresh id in the latter.
    pub fn object(mut self, name: &str, object: impl Object + Send + Sync + 'static) -> Self {
        let register: Register = Box::new(|daemon, id| daemon.register(id, object));
        self.objects.push((name.to_owned(), register));
        self
    }

    /// How to behave, the search for the name server included.
    pub fn config(self, config: Config) -> Self {
        Self { config, ..self }
    }

    /// Where to listen: `host:port`, or `./u:path`.
    pub fn address(self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self }
    }

    /// Where the name server is. Without one, objects have their names as ids in the daemon alone.
    pub fn name_server(self, at: Option<Whereabouts>) -> Self {
        Self { names: at, ..self }
    }

    /// Whether URIs and names are printed on standard output. Default true.
    pub fn verbose(self, verbose: bool) -> Self {
        Self { verbose, ..self }
    }

    /// Serves until the future is dropped.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub async fn run(self) -> Result<(), ServeError> {
        self.bind().await?.run().await
    }

    /// Listens, and registers objects and names. Clients that come before it [runs](Serving::run) wait.
    ///
    /// # Errors
    /// See [`ServeError`]. No names stay then.
    pub async fn bind(self) -> Result<Serving<R>, ServeError> {
        let server = Server::bind_with(&self.address, self.config.clone()).await?;
        let names = match self.names {
            Some(at) => Some(Connector::new(self.config).locate_ns(at).await.map_err(ServeError::Naming)?),
            None => None,
        };
        let published = names.map(Published::new);
        let mut serving = Serving { server, uris: Vec::new(), verbose: self.verbose, published };
        for (name, register) in self.objects {
            if let Err(error) = serving.add(name, register).await {
                serving.withdraw().await;
                return Err(error);
            }
        }
        Ok(serving)
    }
}

impl<R: Runtime> Serving<R> {
    /// The objects' names and URIs, in the order in which they were added.
    pub fn uris(&self) -> &[(String, Uri)] {
        &self.uris
    }

    /// Ends it from elsewhere.
    pub fn stopper(&self) -> Stopper {
        self.server.stopper()
    }

    /// Serves until stopped; then the names are removed. Dropped before that, the names stay, and nobody else is let in,
    /// until it is called again or [`withdraw`](Self::withdraw) is.
    ///
    /// # Errors
    /// Those of [`Server::run`].
    pub async fn run(&mut self) -> Result<(), ServeError> {
        if std::mem::take(&mut self.verbose) {
            println!("{self}");
        }
        let ended = self.server.run().await;
        self.withdraw().await;
        Ok(ended?)
    }

    /// Removes the names from the name server: for a [`run`](Self::run) that was given up.
    pub async fn withdraw(&mut self) {
        if let Some(published) = &mut self.published {
            published.withdraw().await;
        }
    }

    async fn add(&mut self, name: String, register: Register) -> Result<(), ServeError> {
        let id = register(&mut self.server.daemon(), if self.published.is_some() { "" } else { &name })?;
        let uri = self.server.uri(id.as_str());
        if let Some(published) = &mut self.published
            && !name.is_empty()
        {
            published.register(&name, &uri, None).await.map_err(ServeError::Naming)?;
        }
        self.uris.push((name, uri));
        Ok(())
    }
}

/// What is served, as Pyro's `serve` prints it.
impl<R: Runtime> fmt::Display for Serving<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Listing { uris: &self.uris, published: self.published.is_some() }.fmt(f)
    }
}
