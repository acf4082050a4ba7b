//! The whole of a name server: object, daemon, sockets, broadcasts and autoclean.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::str::FromStr;

use firesteel_blocking::{Server, Stopper};
use firesteel_nameserver::storage::{Memory, wait};
use firesteel_nameserver::{Autoclean, AutocleanThread, BroadcastResponder, BroadcastServer, NameServer, OBJECT};
use firesteel_proto::{Config, Location, Nat, Shared, Uri};

/// Where a name server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On a port of a host; port 0 takes one that is free.
    Tcp {
        /// Name or address.
        host: String,
        /// Port number; Pyro's is 9090.
        port: u16,
    },
    /// On a unix socket at this path.
    Unix(String),
}

impl Place {
    /// On a port of a host.
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self::Tcp { host: host.into(), port }
    }

    fn address(&self) -> String {
        match self {
            Self::Unix(path) => format!("./u:{path}"),
            Self::Tcp { host, port } if host.contains(':') && !host.starts_with('[') => format!("[{host}]:{port}"),
            Self::Tcp { host, port } => format!("{host}:{port}"),
        }
    }
}

/// Where names are kept, as the option `-s` of Pyro's name servers says it.
///
/// ```
/// use firesteel::nameserver::StorageKind;
///
/// assert_eq!("sql:names.db".parse(), Ok(StorageKind::Sqlite("names.db".into())));
/// assert_eq!("dbm:names".parse::<StorageKind>(), Err("invalid storage type 'dbm:names'".to_owned()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StorageKind {
    /// `memory`
    #[default]
    Memory,
    /// `sql:FILE`
    #[cfg(feature = "sqlite")]
    Sqlite(std::path::PathBuf),
}

impl FromStr for StorageKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            #[cfg(feature = "sqlite")]
            Some(("sql", file)) if !file.is_empty() => Ok(Self::Sqlite(file.into())),
            _ => Err(format!("invalid storage type '{text}'")),
        }
    }
}

/// What a name server is to be like. The default has its names in memory, answers broadcasts, and removes nothing by itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Where the names are kept.
    pub storage: StorageKind,
    /// Whether broadcasts are answered, where it listens on addresses that others reach.
    pub broadcast: bool,
    /// Where it listens for broadcasts; empty is on all addresses.
    pub broadcast_host: String,
    /// On which port; 0 takes one that is free. Default 9091.
    pub broadcast_port: u16,
    /// How often to look whether the servers of names are still there.
    pub autoclean: Option<Autoclean>,
    /// Everything else, [`Config::nat`] included.
    pub config: Config,
}

impl Default for Options {
    fn default() -> Self {
        let config = Config::default();
        Self {
            storage: StorageKind::default(),
            broadcast: true,
            broadcast_host: String::new(),
            broadcast_port: config.naming.broadcast_port,
            autoclean: None,
            config,
        }
    }
}

/// A name server that listens.
pub struct Service {
    server: Server<Shared>,
    names: NameServer,
    broadcast: Option<BroadcastServer>,
    _autoclean: Option<AutocleanThread>,
    ip: Option<IpAddr>,
}

/// Python's clients send the annotations of their context with the handshake, too: more than the default lets in.
const MAX_HANDSHAKE: usize = 1 << 20;

impl Service {
    /// Listens, and opens the storage.
    ///
    /// # Errors
    /// The address or the broadcast port cannot be bound, the storage cannot be opened, or an option means nothing: then the
    /// kind is [`ErrorKind::InvalidInput`].
    pub fn start(place: &Place, options: Options) -> io::Result<Self> {
        let mut config = options.config;
        let limits = &mut config.limits;
        limits.max_handshake = limits.max_handshake.max(limits.max_message.min(MAX_HANDSHAKE));
        if matches!(place, Place::Unix(_)) && config.nat.is_some() {
            let text = "a unix socket has no NAT address: leave out the NAT host, or listen on a port";
            return Err(io::Error::new(ErrorKind::InvalidInput, text));
        }
        let names = open(&options.storage)?;
        // One thread serves them all: what takes long is done on others.
        let mut server = Server::shared_with(&place.address(), &Shared::new(), 1, config)?;
        let ip = match server.local_addr() {
            Some(Location::Tcp { host, .. }) => host.parse().ok(),
            _ => None,
        };
        names.register_in(&mut server.daemon).map_err(io::Error::other)?;
        let autoclean = options.autoclean.map(|settings| names.autoclean(settings)).transpose()?;
        let mut service = Self { server, names, broadcast: None, _autoclean: autoclean, ip };
        if options.broadcast && service.is_broadcast_useful() {
            let responder = BroadcastResponder::new(service.internal_uri());
            service.broadcast =
                Some(BroadcastServer::bind(&options.broadcast_host, options.broadcast_port, responder)?);
        }
        Ok(service)
    }

    /// The name server's URI: at the NAT address where there is one.
    pub fn uri(&self) -> Uri {
        self.server.uri(OBJECT)
    }

    /// The same without NAT.
    pub fn internal_uri(&self) -> Uri {
        self.server.daemon.internal_uri(OBJECT).unwrap_or_else(|| self.uri())
    }

    /// Where the outside reaches it, if that is elsewhere.
    pub fn nat(&self) -> Option<&Nat> {
        self.server.daemon.config().nat.as_ref()
    }

    /// Where it listens: `host:port`, or `./u:path`.
    pub fn location(&self) -> Option<&Location> {
        self.server.daemon.config().location.as_ref()
    }

    /// The address that it listens on, if it is not on a unix socket.
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// Who answers broadcasts, if anybody does: nobody on IPv6, on a unix socket, and where this machine alone connects.
    pub fn broadcast(&self) -> Option<&BroadcastServer> {
        self.broadcast.as_ref()
    }

    /// How many names there are, its own included.
    ///
    /// # Errors
    /// The storage's.
    pub fn count(&self) -> io::Result<usize> {
        wait(|reply| self.names.storage().count(reply)).map_err(io::Error::other)
    }

    /// The names: another object can be registered beside them, in [`server`](Self::server).
    pub fn names(&self) -> &NameServer {
        &self.names
    }

    /// The server that hosts them.
    pub fn server(&mut self) -> &mut Server<Shared> {
        &mut self.server
    }

    /// Ends it from elsewhere.
    pub fn stopper(&self) -> Stopper {
        self.server.stopper()
    }

    /// Serves on this thread until it is stopped.
    ///
    /// # Errors
    /// Waiting failed: the system's error.
    pub fn run(&mut self) -> io::Result<()> {
        self.server.run()
    }

    /// True where somebody else could reach it, by IPv4.
    fn is_broadcast_useful(&self) -> bool {
        matches!(self.ip, Some(IpAddr::V4(ip)) if !ip.is_loopback())
    }
}

fn open(storage: &StorageKind) -> io::Result<NameServer> {
    Ok(match storage {
        StorageKind::Memory => NameServer::new(Memory::new()),
        #[cfg(feature = "sqlite")]
        StorageKind::Sqlite(file) => {
            NameServer::new(firesteel_nameserver::storage::Sqlite::open(file).map_err(io::Error::other)?)
        }
    })
}
