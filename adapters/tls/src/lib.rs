//! TLS for firesteel: rustls as a [`Layer`](firesteel_proto::Layer) below the protocol, under every adapter.
//!
//! ```no_run
//! use std::sync::Arc;
//! use firesteel_proto::Config;
//! use firesteel_tls::{Certificate, ClientCertificates, ServerOptions, Tls};
//!
//! let mut options = ServerOptions::new(Certificate::new("server_cert.pem", "server_key.pem"));
//! options.clients = ClientCertificates::Required("client_authority.pem".into()); // mutual TLS
//! let tls = Tls::server(&options)?;
//!
//! let mut config = Config::default();
//! config.layers = Some(Arc::new(tls.clone())); // for any server: `Server::bind_with(address, config)`
//!
//! // Later, with renewed files, for new connections:
//! tls.reload_server(&options)?;
//! # Ok::<(), firesteel_tls::TlsError>(())
//! ```
//!
//! - **Settings.** [`apply`] does what the `PYRO_SSL_*` variables say, as Pyro's programs do.
//! - **One port.** A listener with TLS refuses plaintext with a reason that Pyro's clients see, unless
//!   [`allow_plain`](ServerOptions::allow_plain); what comes inside of TLS and is HTTP is handed back: see
//!   [`OnePort`](firesteel_proto::OnePort).
//! - **Trust.** Nobody is trusted but those that are given, who are authorities or the peers' own certificates. Pyro also
//!   trusts whom the system trusts, on both sides, and so a server takes clients of any public authority; here a client
//!   does so where nothing is given ([`Trust::System`]), and a server never.
//! - **Identity.** Who showed a certificate is in [`Peer::identity`](firesteel_proto::Peer::identity), before the
//!   gatekeeper looks: its name is the certificate's subject as RFC 4514 writes it, its details a [`PeerCertificate`].
//! - **The end.** Pyro's programs close the socket without a word, and calls that arrived before count all the same. The
//!   connection's end says that it was [cut](firesteel_proto::LayerError::Truncated), which for these peers means nothing.
//! - **Versions.** TLS 1.2 and 1.3, as rustls has them; no renegotiation, no early data.
//!
//! # Features
//!
//! - `ring` (default) or `aws-lc-rs`: the cryptography. A provider that the program installs for rustls comes first.
//! - `system-roots` (default): [`Trust::System`].
#![forbid(unsafe_code)]
// Nothing that a peer sends may end the program: what cannot happen is an error all the same.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::unimplemented
    )
)]

mod certificate;
mod error;
mod options;
mod pem;
mod stream;
mod tls;
mod verify;

pub use certificate::PeerCertificate;
pub use error::TlsError;
pub use options::{Certificate, ClientCertificates, ClientOptions, ServerOptions, Trust};
pub use pem::Pem;
pub use tls::{Tls, apply};
