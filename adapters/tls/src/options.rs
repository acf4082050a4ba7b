//! How each side is set up.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, ServerConfig};

use crate::error::TlsError;
use crate::pem::Pem;
use crate::verify::{Clients, Servers, Trusted};

/// A certificate and its private key.
#[derive(Clone)]
pub struct Certificate {
    /// The certificate, and behind it those between it and its authority.
    pub chain: Pem,
    /// The private key; none where it is in the same PEM.
    pub key: Option<Pem>,
    /// What the key is encrypted with; ignored where it is not, as in Python.
    pub password: Option<String>,
}

impl Certificate {
    /// A certificate with its private key.
    pub fn new(chain: impl Into<Pem>, key: impl Into<Pem>) -> Self {
        Self { chain: chain.into(), key: Some(key.into()), password: None }
    }

    /// The same, with the password of the key.
    #[must_use]
    pub fn password(self, password: impl Into<String>) -> Self {
        Self { password: Some(password.into()), ..self }
    }

    fn read(&self) -> Result<Pair, TlsError> {
        let key = self.key.as_ref().unwrap_or(&self.chain).key(self.password.as_deref())?;
        Ok((self.chain.certificates()?, key))
    }
}

type Pair = (Vec<rustls::pki_types::CertificateDer<'static>>, rustls::pki_types::PrivateKeyDer<'static>);

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chain, key, password } = self;
        let password = password.as_ref().map(|_| "(set)");
        f.debug_struct("Certificate").field("chain", chain).field("key", key).field("password", &password).finish()
    }
}

/// Whether clients show a certificate.
#[derive(Clone, Debug, Default)]
pub enum ClientCertificates {
    /// They are not asked for one. As in Pyro without `SSL_REQUIRECLIENTCERT`.
    #[default]
    Ignored,
    /// Who shows one has to be signed by one of these, or to be one of them; who shows none has no identity.
    Optional(Pem),
    /// All have to (mutual TLS).
    Required(Pem),
}

/// How a server does TLS: take it new, and assign what differs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerOptions {
    /// Shown to clients.
    pub certificate: Certificate,
    /// Default: clients are not asked for a certificate.
    pub clients: ClientCertificates,
    /// Takes plaintext on the same port too, Pyro's and foreign protocols: see
    /// [`OnePort::allow_plain`](firesteel_proto::OnePort::allow_plain). Default false. Cannot be where a client
    /// certificate is required.
    pub allow_plain: bool,
}

impl ServerOptions {
    /// A server with this certificate, for all clients that speak TLS.
    pub fn new(certificate: Certificate) -> Self {
        Self { certificate, clients: ClientCertificates::Ignored, allow_plain: false }
    }

    pub(crate) fn build(&self) -> Result<ServerConfig, TlsError> {
        let provider = provider()?;
        let (pem, required) = match &self.clients {
            ClientCertificates::Ignored => (None, false),
            ClientCertificates::Optional(pem) => (Some(pem), false),
            ClientCertificates::Required(pem) => (Some(pem), true),
        };
        if required && self.allow_plain {
            let text = "who requires client certificates cannot allow plaintext: it would be a way around them";
            return Err(TlsError::Setup(text.to_owned()));
        }
        let builder =
            ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
        let builder = match pem {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let trusted = Trusted::new(pem.authorities()?)?;
                builder.with_client_cert_verifier(Arc::new(Clients::new(trusted, required, &provider)?))
            }
        };
        let (chain, key) = self.certificate.read()?;
        Ok(builder.with_single_cert(chain, key)?)
    }
}

/// Which servers a client trusts.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Those with a certificate that is signed by one of these, or is one of them.
    These(Pem),
    /// Those that are signed by an authority that the system trusts: as Pyro without `SSL_CACERTS`.
    System,
}

/// How a client does TLS: take it new, and assign what differs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientOptions {
    /// Which servers are trusted.
    pub trust: Trust,
    /// Shown to servers that ask for one. Default none.
    pub certificate: Option<Certificate>,
    /// Whether a server's certificate has to be for the host in the URI, by name or address. Default true, as in Pyro,
    /// where nothing switches it off. On a unix socket the host is `localhost`.
    pub check_hostname: bool,
}

impl ClientOptions {
    /// A client that trusts these servers, and has no certificate of its own.
    pub fn new(trust: Trust) -> Self {
        Self { trust, certificate: None, check_hostname: true }
    }

    /// A client that trusts who is signed by these, or is one of them: certificates in PEM.
    pub fn trusting(certificates: impl Into<Pem>) -> Self {
        Self::new(Trust::These(certificates.into()))
    }

    pub(crate) fn build(&self) -> Result<ClientConfig, TlsError> {
        let provider = provider()?;
        let trusted = match &self.trust {
            Trust::These(pem) => Trusted::new(pem.authorities()?)?,
            #[cfg(feature = "system-roots")]
            Trust::System => Trusted::system()?,
            #[cfg(not(feature = "system-roots"))]
            Trust::System => {
                let text = "whom the system trusts is not built in: give a file of trusted certificates (SSL_CACERTS), or \
                            build with the feature system-roots";
                return Err(TlsError::Setup(text.to_owned()));
            }
        };
        let algorithms = provider.signature_verification_algorithms;
        let servers = Servers { trusted, check_hostname: self.check_hostname, algorithms };
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(servers));
        match &self.certificate {
            None => Ok(builder.with_no_client_auth()),
            Some(certificate) => {
                let (chain, key) = certificate.read()?;
                Ok(builder.with_client_auth_cert(chain, key)?)
            }
        }
    }
}

/// The cryptography: what the program has installed, or what is built in.
fn provider() -> Result<Arc<CryptoProvider>, TlsError> {
    if let Some(installed) = CryptoProvider::get_default() {
        return Ok(Arc::clone(installed));
    }
    #[cfg(feature = "ring")]
    return Ok(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
    return Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    Err(TlsError::Setup(
        "no cryptography is built in: build with the feature ring or aws-lc-rs, or install a rustls provider"
            .to_owned(),
    ))
}
