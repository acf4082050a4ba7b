//! Certificates and keys as people have them: PEM, in files or as text.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::{Decode, SecretDocument};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::error::TlsError;

/// PEM in a file, or at hand.
#[derive(Clone, PartialEq, Eq)]
pub enum Pem {
    /// A file. Of certificates that are trusted, it may be a directory of such files.
    File(PathBuf),
    /// The text itself.
    Text(Vec<u8>),
}

impl Pem {
    /// PEM that is at hand.
    pub fn text(text: impl Into<Vec<u8>>) -> Self {
        Self::Text(text.into())
    }
}

/// The path of a file.
impl From<&Path> for Pem {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

/// The path of a file.
impl From<PathBuf> for Pem {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

/// The path of a file.
impl From<&str> for Pem {
    fn from(path: &str) -> Self {
        Self::File(path.into())
    }
}

impl fmt::Debug for Pem {
    /// The text may be a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Text(_) => f.write_str("Text(..)"),
        }
    }
}

impl Pem {
    /// The certificates in it, in their order.
    pub(crate) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let text = self.read()?;
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        let found = found.map_err(|error| TlsError::Certificate(format!("{}: {error}", self.name())))?;
        if found.is_empty() {
            return Err(TlsError::Certificate(format!("{} has no certificate in it: it has to be PEM", self.name())));
        }
        Ok(found)
    }

    /// The same, of all files where it is a directory; what is no PEM there is passed over.
    pub(crate) fn authorities(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let Self::File(path) = self else { return self.certificates() };
        if !path.is_dir() {
            return self.certificates();
        }
        let files = fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
        let mut paths: Vec<_> = files.flatten().map(|file| file.path()).filter(|path| path.is_file()).collect();
        paths.sort();
        let all: Vec<_> = paths.into_iter().filter_map(|path| Self::File(path).certificates().ok()).flatten().collect();
        if all.is_empty() {
            return Err(TlsError::Certificate(format!("no file in {} is a certificate in PEM", path.display())));
        }
        Ok(all)
    }

    /// The private key in it.
    pub(crate) fn key(&self, password: Option<&str>) -> Result<PrivateKeyDer<'static>, TlsError> {
        let text = self.read()?;
        let name = self.name();
        if let Some(section) = section(&text, "ENCRYPTED PRIVATE KEY") {
            let Some(password) = password else {
                return Err(TlsError::Key(format!("the key in {name} is encrypted: give its password")));
            };
            return decrypt(section, password).map_err(|reason| TlsError::Key(format!("the key in {name} {reason}")));
        }
        if contains(&text, b"Proc-Type: 4,ENCRYPTED") {
            return Err(TlsError::Key(format!(
                "the key in {name} is encrypted in the old way, which is not supported: convert it with \
                 `openssl pkcs8 -topk8 -in OLD -out NEW`"
            )));
        }
        PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
            rustls::pki_types::pem::Error::NoItemsFound => {
                TlsError::Key(format!("{name} has no private key in it: it has to be PEM"))
            }
            error => TlsError::Key(format!("{name}: {error}")),
        })
    }

    fn read(&self) -> Result<Vec<u8>, TlsError> {
        match self {
            Self::File(path) => fs::read(path).map_err(|error| unreadable(path, &error)),
            Self::Text(text) => Ok(text.clone()),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Text(_) => "the text".to_owned(),
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> TlsError {
    let reason = match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    };
    TlsError::File { path: path.display().to_string(), reason }
}

/// The section with this label, from its first line to its last.
fn section<'t>(text: &'t [u8], label: &str) -> Option<&'t str> {
    let text = std::str::from_utf8(text).ok()?;
    let from = text.find(&format!("-----BEGIN {label}-----"))?;
    let end = format!("-----END {label}-----");
    let to = text[from..].find(&end)? + from + end.len();
    text.get(from..to)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn decrypt(section: &str, password: &str) -> Result<PrivateKeyDer<'static>, String> {
    let (_, document) = SecretDocument::from_pem(section).map_err(|error| format!("is no valid PEM: {error}"))?;
    let encrypted = EncryptedPrivateKeyInfoRef::from_der(document.as_bytes())
        .map_err(|error| format!("is encrypted in a way that is not supported: {error}; {CONVERT}"))?;
    let plain = encrypted
        .decrypt(password)
        .map_err(|_| format!("cannot be decrypted: the password is wrong, or else {CONVERT}"))?;
    Ok(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(plain.as_bytes().to_vec())))
}

const CONVERT: &str = "convert it with `openssl pkcs8 -topk8 -in OLD -out NEW`";
