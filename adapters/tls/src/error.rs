//! What is wrong with certificates, keys and settings.

use std::fmt;

/// Why TLS cannot be set up. It prints as one line that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    File {
        /// Which one.
        path: String,
        /// The system's reason.
        reason: String,
    },
    /// What should be certificates is none.
    Certificate(String),
    /// What should be a private key is none, or cannot be used.
    Key(String),
    /// Something is missing, or two things contradict each other.
    Setup(String),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, reason } => write!(f, "cannot read {path}: {reason}"),
            Self::Certificate(text) | Self::Key(text) | Self::Setup(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for TlsError {}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        match error {
            rustls::Error::InconsistentKeys(_) => {
                Self::Key("the private key does not belong to the certificate: give the pair".to_owned())
            }
            error => Self::Setup(error.to_string()),
        }
    }
}
