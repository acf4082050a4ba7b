//! What the variables say of TLS, which itself is not in this crate.

use std::fmt;

use firesteel_value::Value;

use super::parse::Setting;
use crate::client::Target;
use crate::daemon::Peer;
use crate::layer::{Layer, LayerError};
use crate::layers::Layers;

/// The `PYRO_SSL*` settings, as they were given; empty texts for what was not. `firesteel_tls::apply` does what they say.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsSettings {
    /// Whether there is to be TLS (`SSL`). Default false: the others mean nothing then.
    pub enabled: bool,
    /// A server's certificates, a file (`SSL_SERVERCERT`).
    pub server_certificate: String,
    /// Its private key, a file (`SSL_SERVERKEY`); empty where that is in the file of the certificates.
    pub server_key: String,
    /// What that is encrypted with (`SSL_SERVERKEYPASSWD`).
    pub server_key_password: String,
    /// Whether clients have to show a certificate (`SSL_REQUIRECLIENTCERT`). Default false: they are not asked for one.
    pub require_client_certificate: bool,
    /// A client's certificates, a file (`SSL_CLIENTCERT`).
    pub client_certificate: String,
    /// Its private key, a file (`SSL_CLIENTKEY`), as a server's.
    pub client_key: String,
    /// What that is encrypted with (`SSL_CLIENTKEYPASSWD`).
    pub client_key_password: String,
    /// The certificates that are trusted, a file or a directory (`SSL_CACERTS`).
    pub ca_certificates: String,
}

impl fmt::Debug for TlsSettings {
    /// Without the passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.items()).finish()
    }
}

impl TlsSettings {
    /// The settings under Pyro's names. Of passwords, it says whether there is one.
    pub(super) fn items(&self) -> [(&'static str, Value); 9] {
        let secret = |secret: &str| Value::from(if secret.is_empty() { "" } else { "(set)" });
        [
            ("SSL", self.enabled.into()),
            ("SSL_CACERTS", self.ca_certificates.as_str().into()),
            ("SSL_CLIENTCERT", self.client_certificate.as_str().into()),
            ("SSL_CLIENTKEY", self.client_key.as_str().into()),
            ("SSL_CLIENTKEYPASSWD", secret(&self.client_key_password)),
            ("SSL_REQUIRECLIENTCERT", self.require_client_certificate.into()),
            ("SSL_SERVERCERT", self.server_certificate.as_str().into()),
            ("SSL_SERVERKEY", self.server_key.as_str().into()),
            ("SSL_SERVERKEYPASSWD", secret(&self.server_key_password)),
        ]
    }

    /// Takes over a value of the right type; false where it is none of these.
    pub(super) fn apply(&mut self, setting: &Setting<'_>, value: &Value) -> bool {
        match value {
            Value::Bool(on) => match setting.item {
                "SSL" => self.enabled = *on,
                "SSL_REQUIRECLIENTCERT" => self.require_client_certificate = *on,
                _ => return false,
            },
            Value::Str(text) => {
                let place = match setting.item {
                    "SSL_CACERTS" => &mut self.ca_certificates,
                    "SSL_CLIENTCERT" => &mut self.client_certificate,
                    "SSL_CLIENTKEY" => &mut self.client_key,
                    "SSL_CLIENTKEYPASSWD" => &mut self.client_key_password,
                    "SSL_SERVERCERT" => &mut self.server_certificate,
                    "SSL_SERVERKEY" => &mut self.server_key,
                    "SSL_SERVERKEYPASSWD" => &mut self.server_key_password,
                    _ => return false,
                };
                place.clone_from(text);
            }
            _ => return false,
        }
        true
    }
}

/// Stands below a config whose settings ask for TLS, until that is put there: who asks for TLS shall not get less without
/// a word.
#[derive(Debug)]
pub(super) struct Wanting;

const WANTING: LayerError = LayerError::Refused(
    "the settings ask for TLS (PYRO_SSL), and this program did not set it up: unset it, or use firesteel_tls::apply",
);

impl Layers for Wanting {
    fn check_server(&self) -> Result<(), LayerError> {
        Err(WANTING)
    }

    fn accept(&self, _: &Peer) -> Result<Option<Box<dyn Layer>>, LayerError> {
        Err(WANTING)
    }

    fn connect(&self, _: &Target) -> Result<Option<Box<dyn Layer>>, LayerError> {
        Err(WANTING)
    }
}
