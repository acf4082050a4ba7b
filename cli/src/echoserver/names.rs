//! The name server that the echo server registers with, which may be one of its own.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use firesteel::blocking::{Connector, Published, Stopper};
use firesteel::nameserver::Place;
use firesteel::{CallFailure, CloseReason, Config, Location, Settings, Uri, Whereabouts};

use super::{OBJECT, failed};
use crate::failure::Failure;
use crate::ns;

/// Registers the object's name until the result is dropped.
pub fn publish(config: &Config, at: Whereabouts, uri: &Uri) -> Result<Published, Failure> {
    let names = Connector::new(config.clone()).locate_ns(at);
    let registered = names.and_then(|names| {
        let mut published = Published::new(names);
        published.register(OBJECT, uri, None).map(|()| published)
    });
    registered.map_err(|failure| match failure {
        CallFailure::Lost(CloseReason::Unresolved(error)) => Failure::not_located(&error),
        other => Failure::Failed(format!("cannot register {OBJECT} in the name server: {other}")),
    })
}

/// A name server on a thread of its own, until this is dropped.
pub struct OwnNames {
    /// Where it listens.
    pub location: Location,
    /// Where it listens for broadcasts, if it does.
    pub broadcast: Option<SocketAddr>,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

impl OwnNames {
    /// Listens on this host, on the port that is set for name servers.
    pub fn start(host: &str, settings: Settings) -> Result<Self, Failure> {
        let place = Place::tcp(host, settings.config.naming.port);
        let mut service = ns::start(&place, ns::from_settings(settings))?;
        let Some(location) = service.location().cloned() else {
            return Err(Failure::Failed("the name server does not know where it listens".to_owned()));
        };
        let (broadcast, stopper) = (service.broadcast().map(|server| server.local_addr()), service.stopper());
        let serve = move || {
            // Should it end, calls of it tell so.
            let _ = service.run();
        };
        let thread = thread::Builder::new().name("names".to_owned()).spawn(serve);
        let thread = thread.map_err(|error| failed("start a thread", &error))?;
        Ok(Self { location, broadcast, stopper, thread: Some(thread) })
    }
}

impl Drop for OwnNames {
    fn drop(&mut self) {
        self.stopper.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
