//! Putting a name server into a daemon.

use std::fmt;

use firesteel_proto::{Daemon, Local, RegisterError, Shared, Uri};

use crate::answer::own_tags;
use crate::storage::{Entry, Mode, StorageError, wait};
use crate::{NameServer, OBJECT};

/// A daemon that can host a name server: any.
pub trait Host: sealed::Sealed {
    #[doc(hidden)]
    fn host(&mut self, names: NameServer) -> Result<(), RegisterError>;
    #[doc(hidden)]
    fn uri_of_names(&self) -> Option<Uri>;
}

mod sealed {
    use firesteel_proto::{Daemon, Local, Shared};

    pub trait Sealed {}
    impl<W> Sealed for Daemon<Local<W>> {}
    impl Sealed for Daemon<Shared> {}
}

impl<W> Host for Daemon<Local<W>> {
    fn host(&mut self, names: NameServer) -> Result<(), RegisterError> {
        self.register(OBJECT, names).map(|_| ())
    }

    fn uri_of_names(&self) -> Option<Uri> {
        self.uri(OBJECT)
    }
}

impl Host for Daemon<Shared> {
    fn host(&mut self, names: NameServer) -> Result<(), RegisterError> {
        self.register(OBJECT, names).map(|_| ())
    }

    fn uri_of_names(&self) -> Option<Uri> {
        self.uri(OBJECT)
    }
}

/// Why a name server could not be put into a daemon.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum HostError {
    /// The daemon has one already.
    Register(RegisterError),
    /// Its own entry could not be written.
    Storage(StorageError),
}

impl NameServer {
    /// Hosts it in a daemon, under the id [`OBJECT`], and enters it under that name: at the NAT address where the daemon has
    /// one. A daemon that does not know where it can be reached gets no entry.
    ///
    /// With a storage on disk, this waits for the disk.
    ///
    /// # Errors
    /// The daemon has a name server already, or the storage fails.
    pub fn register_in(&self, daemon: &mut impl Host) -> Result<(), HostError> {
        daemon.host(self.clone()).map_err(HostError::Register)?;
        if let Some(uri) = daemon.uri_of_names() {
            let entry = Entry::new(uri.to_string(), own_tags());
            let storage = self.storage();
            wait(|reply| storage.register(OBJECT, entry, Mode::Replace, reply)).map_err(HostError::Storage)?;
        }
        Ok(())
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register(error) => error.fmt(f),
            Self::Storage(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for HostError {}
