//! Which layers connections get: [`Layers`] makes one for each.

use std::fmt;

use crate::client::Target;
use crate::daemon::Peer;
use crate::layer::{Layer, LayerError};

/// Makes the layers of connections, under every adapter: see [`Config::layers`](crate::Config::layers).
///
/// A daemon asks it for each session that is opened without a layer of its own, a client for each socket that it
/// connects. Sockets that a client is [given](crate::Client::adopt) have the layer that is given with them, or none.
pub trait Layers: fmt::Debug + Send + Sync {
    /// Whether sessions can be taken at all: adapters ask before they listen, so that a mistake shows at once.
    ///
    /// # Errors
    /// What is missing, such as a certificate.
    fn check_server(&self) -> Result<(), LayerError> {
        Ok(())
    }

    /// The layer for a session; none for plain bytes.
    ///
    /// # Errors
    /// Why this peer is not taken: its socket is closed.
    fn accept(&self, peer: &Peer) -> Result<Option<Box<dyn Layer>>, LayerError>;

    /// The layer for a connection to `target`; none for plain bytes.
    ///
    /// # Errors
    /// Why there is none: the connection fails with that.
    fn connect(&self, target: &Target) -> Result<Option<Box<dyn Layer>>, LayerError>;
}
