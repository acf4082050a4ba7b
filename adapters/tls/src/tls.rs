//! TLS for a config: what makes a layer for each connection.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use firesteel_proto::{Handshake, Layer, LayerError, Layers, OnePort, Peer, Settings, Target, TlsSettings};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};

use crate::error::TlsError;
use crate::options::{Certificate, ClientCertificates, ClientOptions, ServerOptions, Trust};
use crate::pem::Pem;
use crate::stream::Stream;

/// TLS, as the [`layers`](firesteel_proto::Config::layers) of a config: for a server, for clients, or for both.
///
/// A clone is the same one: keep it, to [change](Self::reload_server) certificates while connections live.
#[derive(Clone, Default)]
pub struct Tls {
    server: Side<OnePort>,
    client: Side<Arc<ClientConfig>>,
}

/// What there is for one of the two sides. What is ready is shared by clones.
#[derive(Clone, Default)]
enum Side<T> {
    #[default]
    Absent,
    Ready(Arc<RwLock<T>>),
    /// Settings asked for it, and it could not be made.
    Broken(TlsError),
}

impl<T: Clone> Side<T> {
    fn new(value: T) -> Self {
        Self::Ready(Arc::new(RwLock::new(value)))
    }

    fn or_broken(made: Result<T, TlsError>) -> Self {
        made.map_or_else(Self::Broken, Self::new)
    }

    /// What new connections get.
    fn current(&self, absent: LayerError) -> Result<T, LayerError> {
        match self {
            Self::Ready(value) => Ok(value.read().unwrap_or_else(PoisonError::into_inner).clone()),
            Self::Absent => Err(absent),
            Self::Broken(error) => Err(LayerError::Failed(error.to_string())),
        }
    }

    fn replace(&self, value: T) -> Result<(), TlsError> {
        let Self::Ready(place) = self else {
            return Err(TlsError::Setup("there is nothing to reload: this side has no TLS".to_owned()));
        };
        *place.write().unwrap_or_else(PoisonError::into_inner) = value;
        Ok(())
    }
}

const NO_SERVER: LayerError =
    LayerError::Refused("to listen with TLS takes a certificate for servers: give one (SSL_SERVERCERT)");
const NO_CLIENT: LayerError =
    LayerError::Refused("to connect, as TLS is set up for a server alone: set it up for clients too");

impl Tls {
    /// TLS for a server alone: clients of the same config cannot connect.
    ///
    /// # Errors
    /// A certificate or key that cannot be read or used, and options that contradict each other.
    pub fn server(options: &ServerOptions) -> Result<Self, TlsError> {
        Self::default().with_server(options)
    }

    /// TLS for clients alone: a server of the same config cannot listen.
    ///
    /// # Errors
    /// As for [`server`](Self::server).
    pub fn client(options: &ClientOptions) -> Result<Self, TlsError> {
        Self::default().with_client(options)
    }

    /// The same, for a server too.
    ///
    /// # Errors
    /// As for [`server`](Self::server).
    pub fn with_server(self, options: &ServerOptions) -> Result<Self, TlsError> {
        Ok(Self { server: Side::new(port(options)?), ..self })
    }

    /// The same, for clients too.
    ///
    /// # Errors
    /// As for [`server`](Self::server).
    pub fn with_client(self, options: &ClientOptions) -> Result<Self, TlsError> {
        Ok(Self { client: Side::new(Arc::new(options.build()?)), ..self })
    }

    /// What `PYRO_SSL_*` asks for: a server where there is a server's certificate, and clients in any case.
    ///
    /// As in Pyro, each side matters only where it is used: what is wrong with one is the reason why it cannot listen, or
    /// connect.
    pub fn from_settings(settings: &TlsSettings) -> Self {
        let server = match server_options(settings) {
            Ok(None) => Side::Absent,
            Ok(Some(options)) => Side::or_broken(port(&options)),
            Err(error) => Side::Broken(error),
        };
        Self { server, client: Side::or_broken(client_options(settings).build().map(Arc::new)) }
    }

    /// Takes other options, certificates that were renewed above all, for connections that are accepted from now on. Those
    /// that are there go on with what they had.
    ///
    /// # Errors
    /// As for [`server`](Self::server), and a TLS without a server: nothing is changed then.
    pub fn reload_server(&self, options: &ServerOptions) -> Result<(), TlsError> {
        self.server.replace(port(options)?)
    }

    /// The same for connections that are opened from now on.
    ///
    /// # Errors
    /// As for [`reload_server`](Self::reload_server).
    pub fn reload_client(&self, options: &ClientOptions) -> Result<(), TlsError> {
        self.client.replace(Arc::new(options.build()?))
    }

    /// The layer for a client's end of a connection to this host, for sockets that are given.
    ///
    /// # Errors
    /// There is no TLS for clients, or the host has no name that a certificate could have.
    pub fn client_layer(&self, host: &str) -> Result<Box<dyn Layer>, LayerError> {
        let config = self.client.current(NO_CLIENT)?;
        let name = match host.parse::<IpAddr>() {
            Ok(address) => ServerName::from(address),
            Err(_) => ServerName::try_from(host.to_owned())
                .map_err(|_| LayerError::Failed(format!("{host:?} is no name that a certificate could have")))?,
        };
        match ClientConnection::new(config, name) {
            Ok(connection) => Ok(Box::new(Stream::new(connection))),
            Err(error) => Err(LayerError::Failed(format!("TLS: {error}"))),
        }
    }

    /// The layer for a server's end of a connection, with what the options say of plaintext.
    ///
    /// # Errors
    /// There is no TLS for a server.
    pub fn server_layer(&self) -> Result<Box<dyn Layer>, LayerError> {
        Ok(Box::new(self.server.current(NO_SERVER)?.sniffer()))
    }
}

impl Layers for Tls {
    fn check_server(&self) -> Result<(), LayerError> {
        self.server.current(NO_SERVER).map(|_| ())
    }

    /// Sockets that both ends of were made on this machine, and given, are nobody else's: they stay plain.
    fn accept(&self, peer: &Peer) -> Result<Option<Box<dyn Layer>>, LayerError> {
        if peer.local && peer.handshake != Handshake::Required {
            return Ok(None);
        }
        self.server_layer().map(Some)
    }

    fn connect(&self, target: &Target) -> Result<Option<Box<dyn Layer>>, LayerError> {
        match target {
            Target::Tcp { host, .. } => self.client_layer(host.trim_start_matches('[').trim_end_matches(']')).map(Some),
            Target::Unix(_) => self.client_layer("localhost").map(Some),
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("server", &self.server).field("client", &self.client).finish()
    }
}

impl<T> fmt::Debug for Side<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Ready(_) => f.write_str("Ready"),
            Self::Broken(error) => error.fmt(f),
        }
    }
}

/// Puts TLS below the config of settings where they ask for it (`PYRO_SSL`): see [`Tls::from_settings`].
///
/// ```
/// use firesteel_proto::Settings;
///
/// let mut settings = Settings::from_vars([("PYRO_SSL", "0")])?;
/// firesteel_tls::apply(&mut settings);
/// assert!(settings.config.layers.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn apply(settings: &mut Settings) {
    if settings.tls.enabled {
        settings.config.layers = Some(Arc::new(Tls::from_settings(&settings.tls)));
    }
}

fn pem(path: &str) -> Option<Pem> {
    (!path.is_empty()).then(|| Pem::from(path))
}

fn certificate(chain: &str, key: &str, password: &str) -> Option<Certificate> {
    let password = (!password.is_empty()).then(|| password.to_owned());
    Some(Certificate { chain: pem(chain)?, key: pem(key), password })
}

fn server_options(settings: &TlsSettings) -> Result<Option<ServerOptions>, TlsError> {
    let TlsSettings { server_certificate, server_key, server_key_password, .. } = settings;
    let Some(certificate) = certificate(server_certificate, server_key, server_key_password) else { return Ok(None) };
    let mut options = ServerOptions::new(certificate);
    if settings.require_client_certificate {
        let Some(trusted) = pem(&settings.ca_certificates) else {
            let text = "client certificates are required, and none is trusted: set SSL_CACERTS";
            return Err(TlsError::Setup(text.to_owned()));
        };
        options.clients = ClientCertificates::Required(trusted);
    }
    Ok(Some(options))
}

fn client_options(settings: &TlsSettings) -> ClientOptions {
    let mut options = ClientOptions::new(pem(&settings.ca_certificates).map_or(Trust::System, Trust::These));
    let TlsSettings { client_certificate, client_key, client_key_password, .. } = settings;
    options.certificate = certificate(client_certificate, client_key, client_key_password);
    options
}

/// What a listener with these options takes.
fn port(options: &ServerOptions) -> Result<OnePort, TlsError> {
    let config: Arc<ServerConfig> = Arc::new(options.build()?);
    let port = OnePort::new().tls(move || match ServerConnection::new(Arc::clone(&config)) {
        Ok(connection) => Ok(Box::new(Stream::new(connection))),
        Err(error) => Err(LayerError::Failed(format!("TLS: {error}"))),
    });
    Ok(if options.allow_plain { port.allow_plain() } else { port })
}
