//! Whose certificates are taken.
//!
//! Chains are judged by rustls's verifier. On top of it, a certificate that is itself among the trusted ones is taken as it
//! stands: that is how Pyro's users trust certificates that are signed by themselves, and OpenSSL makes those as authorities
//! by default, which the verifier would not take from a peer.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};

use crate::certificate::{Purpose, check_usable, is_commonly_named};
use crate::error::TlsError;

/// Certificates that are trusted.
#[derive(Clone, Debug)]
pub(crate) struct Trusted {
    roots: Arc<RootCertStore>,
    exactly: Arc<[CertificateDer<'static>]>,
}

impl Trusted {
    /// Trusts these; each has to be a certificate.
    pub(crate) fn new(certificates: Vec<CertificateDer<'static>>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots.add(certificate.clone()).map_err(|error| {
                TlsError::Certificate(format!("a certificate that is to be trusted cannot be used: {error}"))
            })?;
        }
        Ok(Self { roots: Arc::new(roots), exactly: certificates.into() })
    }

    /// Trusts those that the system trusts, as authorities alone; some of them may be of no use.
    #[cfg(feature = "system-roots")]
    pub(crate) fn system() -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        let (usable, _) = roots.add_parsable_certificates(found.certs);
        if usable == 0 {
            let text =
                "the system trusts no certificate authority: give a file of those that are trusted (SSL_CACERTS)";
            return Err(TlsError::Setup(text.to_owned()));
        }
        Ok(Self { roots: Arc::new(roots), exactly: [].into() })
    }

    fn holds(&self, certificate: &CertificateDer<'_>) -> bool {
        self.exactly.iter().any(|trusted| trusted.as_ref() == certificate.as_ref())
    }
}

/// What both judges leave to the provider.
macro_rules! by_provider {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls12_signature(message, cert, dss, &self.algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls13_signature(message, cert, dss, &self.algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.algorithms.supported_schemes()
        }
    };
}

/// Judges servers.
#[derive(Debug)]
pub(crate) struct Servers {
    pub(crate) trusted: Trusted,
    pub(crate) check_hostname: bool,
    pub(crate) algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Servers {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let parsed = ParsedCertificate::try_from(end_entity)?;
        if self.trusted.holds(end_entity) {
            check_usable(end_entity, Purpose::Server, now)?;
        } else {
            let (roots, algorithms) = (&self.trusted.roots, self.algorithms.all);
            verify_server_cert_signed_by_trust_anchor(&parsed, roots, intermediates, now, algorithms)?;
        }
        if self.check_hostname
            && let Err(error) = verify_server_name(&parsed, server_name)
        {
            match server_name {
                ServerName::DnsName(host) if is_commonly_named(end_entity, host.as_ref()) => {}
                _ => return Err(error),
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    by_provider!();
}

/// Judges clients.
#[derive(Debug)]
pub(crate) struct Clients {
    trusted: Trusted,
    chains: Arc<dyn ClientCertVerifier>,
    algorithms: WebPkiSupportedAlgorithms,
    required: bool,
}

impl Clients {
    pub(crate) fn new(trusted: Trusted, required: bool, provider: &Arc<CryptoProvider>) -> Result<Self, TlsError> {
        let roots = Arc::clone(&trusted.roots);
        let chains = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider)).build();
        let chains = chains.map_err(|error| TlsError::Certificate(error.to_string()))?;
        Ok(Self { trusted, chains, algorithms: provider.signature_verification_algorithms, required })
    }
}

impl ClientCertVerifier for Clients {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        self.required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chains.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if self.trusted.holds(end_entity) {
            check_usable(end_entity, Purpose::Client, now).map_err(Error::InvalidCertificate)?;
            return Ok(ClientCertVerified::assertion());
        }
        self.chains.verify_client_cert(end_entity, intermediates, now)
    }

    by_provider!();
}

/// What is wrong with a peer's certificate, and what to do.
pub(crate) fn explain(error: &CertificateError, whose: &str) -> String {
    use CertificateError as E;
    match error {
        E::UnknownIssuer | E::BadSignature => {
            format!("{whose} is signed by nobody who is trusted here: give its authority, or itself (SSL_CACERTS)")
        }
        E::NotValidForName => format!("{whose} is not for the host that was connected to"),
        E::NotValidForNameContext { expected, presented } => {
            let names = presented.join(", ");
            let names = if names.is_empty() { "no host" } else { &names };
            format!("{whose} is not for the host that was connected to, {}, but for {names}", expected.to_str())
        }
        E::Expired | E::ExpiredContext { .. } => format!("{whose} has expired"),
        E::NotValidYet | E::NotValidYetContext { .. } => format!("{whose} is not valid yet: see to the clocks"),
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            format!("{whose} is not meant for this end of a connection")
        }
        other => format!("{whose} is not taken: {other}"),
    }
}
