//! Name servers, and names that are there as long as what they stand for.

use std::time::Duration;

use firesteel_proto::{CallFailure, Config, NameServerProxy, Uri, Whereabouts};

use crate::{Connector, Proxy, Runtime};

/// How long each step of removing names may take.
const FAREWELL: Duration = Duration::from_secs(5);
/// So many names are removed together.
const TOGETHER: usize = 64;

/// Searches a name server, as Pyro's `locate_ns`, and connects to it. An empty `host` searches where [`Naming`] says, with
/// the port for this machine and for broadcasts; `./u:path` is a unix socket. See [`Connector::locate_ns`] for another
/// config. What the name server is asked is a future: [`NameServerProxy`] over a [`Proxy`].
///
/// # Errors
/// There is none: [`CloseReason::Unresolved`](firesteel_proto::CloseReason::Unresolved).
///
/// [`Naming`]: firesteel_proto::Naming
pub async fn locate_ns<R: Runtime>(host: &str, port: Option<u16>) -> Result<NameServerProxy<Proxy<R>>, CallFailure> {
    let config = Config::default();
    let at = Whereabouts::new(host, port, &config.naming)?;
    Connector::new(config).locate_ns(at).await
}

/// Names in a name server that are there until [`withdraw`](Self::withdraw).
///
/// Dropped with names, it leaves their removal to a task of the runtime, which has to go on long enough for that; outside of
/// tokio's runtime there is none, and the names stay.
pub struct Published<R: Runtime> {
    names: NameServerProxy<Proxy<R>>,
    registered: Vec<(String, Uri)>,
}

impl<R: Runtime> Published<R> {
    /// No names yet.
    pub fn new(names: NameServerProxy<Proxy<R>>) -> Self {
        Self { names, registered: Vec::new() }
    }

    /// The name server.
    pub fn name_server(&self) -> &NameServerProxy<Proxy<R>> {
        &self.names
    }

    /// Registers a name; one that is taken is taken over, as in Pyro's `serve`. Given up before its end, the name may be
    /// there or not, and is removed with the others.
    ///
    /// # Errors
    /// The name server's own, or it is gone.
    pub async fn register(&mut self, name: &str, uri: &Uri, metadata: Option<&[&str]>) -> Result<(), CallFailure> {
        self.registered.push((name.to_owned(), uri.clone()));
        self.names.register(name, uri, false, metadata).await
    }

    /// Removes the names, but for those that somebody else has taken over. A name server that does not answer within
    /// seconds keeps them.
    pub async fn withdraw(&mut self) {
        withdraw(&self.names, &self.registered).await;
        self.registered.clear();
    }
}

impl<R: Runtime> Drop for Published<R> {
    fn drop(&mut self) {
        if !self.registered.is_empty() {
            let (names, registered) = (self.names.clone(), std::mem::take(&mut self.registered));
            R::spawn(async move { withdraw(&names, &registered).await });
        }
    }
}

async fn withdraw<R: Runtime>(names: &NameServerProxy<Proxy<R>>, registered: &[(String, Uri)]) {
    // The connection may have been lost since it was used last.
    let names = NameServerProxy::new(names.caller().timeout(FAREWELL).retries(1));
    for some in registered.chunks(TOGETHER) {
        let asked: Vec<_> = some.iter().map(|(name, _)| names.lookup(name)).collect();
        let mut removed = Vec::new();
        for ((name, uri), known) in some.iter().zip(asked) {
            match known.await {
                Ok(known) if known == *uri => removed.push(names.remove(name)),
                // A name server that is gone knows no names either.
                Err(CallFailure::Lost(_) | CallFailure::Deadline) => return,
                _ => {}
            }
        }
        for removed in removed {
            let _ = removed.await;
        }
    }
}
