//! Name servers, and names that are there as long as what they stand for.

use firesteel_proto::{CallFailure, Config, NameServerProxy, Uri, Whereabouts};

use crate::proxy::{Connector, Proxy};

/// Searches a name server, as Pyro's `locate_ns`, and connects to it. An empty `host` searches where [`Naming`] says, with
/// the port for this machine and for broadcasts; `./u:path` is a unix socket. See [`Connector::locate_ns`] for another
/// config.
///
/// ```no_run
/// let names = firesteel_blocking::locate_ns("", None)?;
/// println!("{}", names.lookup("some.object")?);
/// # Ok::<(), firesteel_proto::CallFailure>(())
/// ```
///
/// # Errors
/// There is none: [`CloseReason::Unresolved`](firesteel_proto::CloseReason::Unresolved).
///
/// [`Naming`]: firesteel_proto::Naming
pub fn locate_ns(host: &str, port: Option<u16>) -> Result<NameServerProxy<Proxy>, CallFailure> {
    let config = Config::default();
    let at = Whereabouts::new(host, port, &config.naming)?;
    Connector::new(config).locate_ns(at)
}

/// Names in a name server that are removed when this is dropped, unless somebody else has taken them over.
pub struct Published {
    names: NameServerProxy<Proxy>,
    registered: Vec<(String, Uri)>,
}

impl Published {
    /// No names yet.
    pub fn new(names: NameServerProxy<Proxy>) -> Self {
        Self { names, registered: Vec::new() }
    }

    /// The name server.
    pub fn name_server(&self) -> &NameServerProxy<Proxy> {
        &self.names
    }

    /// Registers a name; one that is taken is taken over, as in Pyro's `serve`.
    ///
    /// # Errors
    /// The name server's own, or it is gone.
    pub fn register(&mut self, name: &str, uri: &Uri, metadata: Option<&[&str]>) -> Result<(), CallFailure> {
        self.names.register(name, uri, false, metadata)?;
        self.registered.push((name.to_owned(), uri.clone()));
        Ok(())
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        for (name, uri) in self.registered.drain(..) {
            // A name server that is gone knows no names either.
            if self.names.lookup(&name).is_ok_and(|known| known == uri) {
                let _ = self.names.remove(&name);
            }
        }
    }
}
