//! Certificates for tests of TLS, made when they are needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

/// A certificate and its private key, as PEM.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The certificate.
    pub certificate: String,
    /// The private key, PKCS#8, not encrypted.
    pub key: String,
}

/// Who signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// An authority with this common name.
    ///
    /// # Panics
    ///
    /// If no key can be made.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = params(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self(CertifiedIssuer::self_signed(params, new_key()).expect("a key that signs"))
    }

    /// Its own certificate, as PEM.
    #[must_use]
    pub fn certificate(&self) -> String {
        self.0.pem()
    }

    /// A certificate for servers and clients, for these hosts: names, or addresses.
    ///
    /// # Panics
    ///
    /// If no key can be made, or a host is none.
    #[must_use]
    pub fn issue(&self, name: &str, hosts: &[&str]) -> Credentials {
        self.issue_with(name, hosts, |_| {})
    }

    /// The same, with further changes.
    ///
    /// # Panics
    ///
    /// As for [`issue`](Self::issue).
    #[must_use]
    pub fn issue_with(&self, name: &str, hosts: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Credentials {
        let mut params = params(name, hosts);
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = new_key();
        let certificate = params.signed_by(&key, &self.0).expect("a key that signs");
        Credentials { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

/// A certificate that signs itself, as an authority, as OpenSSL makes them and Pyro's own example does: it names its host
/// in its common name alone.
///
/// # Panics
///
/// If no key can be made.
#[must_use]
pub fn self_signed(name: &str) -> Credentials {
    let mut params = params(name, &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = new_key();
    let certificate = params.self_signed(&key).expect("a key that signs");
    Credentials { certificate: certificate.pem(), key: key.serialize_pem() }
}

fn params(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).expect("names of hosts");
    // The default has a common name already, in front of all.
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "NL");
    params.distinguished_name.push(DnType::OrganizationName, "Firesteel, Inc.");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("randomness")
}

/// A folder for files of a test; it is removed when this is dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Folder {
    /// An empty one, in the temporary directory.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("firesteel-{}-{number}.files", std::process::id()));
        fs::create_dir_all(&path).expect("a folder in the temporary directory");
        Self(path)
    }

    /// Puts a file there.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file in the temporary directory");
        path
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
