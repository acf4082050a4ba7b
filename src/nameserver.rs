//! A name server: [`NameServer`] is an object for a daemon of yours, [`Service`] all of it at once.
//!
//! In a server of your own, beside your objects:
//!
//! ```
//! use firesteel::blocking::Server;
//! use firesteel::nameserver::{NameServer, storage::Memory};
//!
//! let mut server: Server = Server::bind("127.0.0.1:0")?;
//! NameServer::new(Memory::new()).register_in(&mut server.daemon)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! And on its own, as Pyro's `start_ns_loop`:
//!
//! ```no_run
//! use firesteel::nameserver::{Place, Service};
//!
//! let mut service = Service::start(&Place::tcp("0.0.0.0", 9090), Default::default())?;
//! println!("{}", service.uri());
//! service.run()?;
//! # Ok::<(), std::io::Error>(())
//! ```

#[cfg(feature = "blocking")]
mod service;

pub use firesteel_nameserver::*;
#[cfg(feature = "blocking")]
pub use service::{Options, Place, Service, StorageKind};
