//! Serving objects under their names, in one call.

use std::fmt;

use firesteel_proto::{Config, Daemon, Object, ObjectId, RegisterError, Shared, Uri, Whereabouts};

use firesteel_pump::{Listing, ServeError};

use crate::naming::Published;
use crate::proxy::Connector;
use crate::server::{Server, Stopper};

/// Serves objects under their names until it is stopped, as Pyro's `serve` and `serveSimple`: it listens, registers the
/// objects, and their names in the name server, tells their URIs, and removes the names at the end.
///
/// ```no_run
/// use firesteel_blocking::Serve;
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
/// Serve::new().object("example.adder", Adder).run()?;
/// # Ok::<(), firesteel_blocking::ServeError>(())
/// ```
#[must_use = "nothing is served before it runs"]
pub struct Serve {
    config: Config,
    address: String,
    workers: usize,
    names: Option<Whereabouts>,
    verbose: bool,
    objects: Vec<(String, Register)>,
}

type Register = Box<dyn FnOnce(&mut Daemon<Shared>, &str) -> Result<ObjectId, RegisterError>>;

/// Objects that are there, and are served once it [runs](Self::run).
pub struct Serving {
    /// The server.
    pub server: Server<Shared>,
    uris: Vec<(String, Uri)>,
    workers: usize,
    verbose: bool,
    published: Option<Published>,
}

impl Default for Serve {
    fn default() -> Self {
        Self::new()
    }
}

impl Serve {
    /// No objects yet; on a free port of `localhost`, with a name server that is searched.
    pub fn new() -> Self {
        Self {
            config: Config::default(),
            address: "localhost:0".to_owned(),
            workers: 4,
            names: Some(Whereabouts::Anywhere { port: None }),
            verbose: true,
            objects: Vec::new(),
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

    /// How many calls run at once. Default 4.
    pub fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// Where the name server is. Without one, objects have their names as ids in the daemon alone.
    pub fn name_server(self, at: Option<Whereabouts>) -> Self {
        Self { names: at, ..self }
    }

    /// Whether URIs and names are printed on standard output. Default true.
    pub fn verbose(self, verbose: bool) -> Self {
        Self { verbose, ..self }
    }

    /// Serves until the process ends.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub fn run(self) -> Result<(), ServeError> {
        self.bind()?.run()
    }

    /// Listens, and registers objects and names.
    ///
    /// # Errors
    /// See [`ServeError`]. No names stay then.
    pub fn bind(self) -> Result<Serving, ServeError> {
        let mut server = Server::shared_with(&self.address, &Shared::new(), self.workers, self.config.clone())?;
        let names = match self.names {
            Some(at) => Some(Connector::new(self.config).locate_ns(at).map_err(ServeError::Naming)?),
            None => None,
        };
        let mut published = names.map(Published::new);
        let mut uris = Vec::new();
        for (name, register) in self.objects {
            let id = register(&mut server.daemon, if published.is_some() { "" } else { &name })?;
            let uri = server.uri(id.as_str());
            if let Some(published) = &mut published
                && !name.is_empty()
            {
                published.register(&name, &uri, None).map_err(ServeError::Naming)?;
            }
            uris.push((name, uri));
        }
        Ok(Serving { server, uris, workers: self.workers, verbose: self.verbose, published })
    }
}

impl Serving {
    /// The objects' names and URIs, in the order in which they were added.
    pub fn uris(&self) -> &[(String, Uri)] {
        &self.uris
    }

    /// Ends it from elsewhere.
    pub fn stopper(&self) -> Stopper {
        self.server.stopper()
    }

    /// Serves until stopped; then the names are removed.
    ///
    /// # Errors
    /// Waiting failed: the system's error.
    pub fn run(mut self) -> Result<(), ServeError> {
        if self.verbose {
            println!("{self}");
        }
        let ended = self.server.run_threads(self.workers + 1);
        drop(self.published.take());
        Ok(ended?)
    }
}

/// What is served, as Pyro's `serve` prints it.
impl fmt::Display for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Listing { uris: &self.uris, published: self.published.is_some() }.fmt(f)
    }
}
