//! What every `Serve` of objects under their names has in common.

use std::fmt;
use std::io;

use firesteel_proto::{CallFailure, RegisterError, Uri};

/// Why objects are not served.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on, or waiting for connections failed.
    Io(io::Error),
    /// Two objects of one name.
    Register(RegisterError),
    /// There is no name server, or it does not take the names.
    Naming(CallFailure),
}

/// What is served, as Pyro's `serve` prints it.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a> {
    /// Names, which may be empty, and where their objects are.
    pub uris: &'a [(String, Uri)],
    /// The names are in a name server.
    pub published: bool,
}

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, uri) in self.uris {
            let Uri::Pyro { object, .. } = uri else { continue };
            writeln!(f, "Object {object}:\n    uri = {uri}")?;
            if self.published && !name.is_empty() {
                writeln!(f, "    name = {name}")?;
            }
        }
        f.write_str("Pyro daemon running.")
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Register(error) => error.fmt(f),
            Self::Naming(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ServeError {}

impl From<io::Error> for ServeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<RegisterError> for ServeError {
    fn from(error: RegisterError) -> Self {
        Self::Register(error)
    }
}
