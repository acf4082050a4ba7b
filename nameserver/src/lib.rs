//! A name server for the programs of Pyro5, Pyro4 and firesteel at once: names in, URIs out.
//!
//! [`NameServer`] is an object like any other: hosted by a daemon, in your own process and loop, beside objects of yours. It has
//! the methods of Pyro5's and Pyro4's name servers, and answers clients of each in its own terms.
//!
//! - [`storage`]: where the names are kept, in memory or (feature `sqlite`) in a file that Pyro's name servers open, too;
//! - [`BroadcastServer`] tells whoever asks the network where the name server is, [`BroadcastResponder`] does so in a loop of
//!   your own;
//! - [`NameServer::autoclean`] removes names whose servers are gone, [`Cleaner`] decides which;
//! - [`Pattern`] is a regular expression of Python's.
//!
//! The client is in `firesteel-proto`: `NameServerProxy`, and URIs of the kinds `PYRONAME:` and `PYROMETA:`.
//!
//! # What differs from Pyro
//!
//! - Prefixes are exact: Pyro's sqlite storage takes `%` and `_` for wildcards, and ignores case.
//! - Metadata tags are texts; others are refused. A tag that is asked for twice counts once.
//! - A pattern that takes too long ends in an error, and nobody else waits for it. Not there: `\N{...}`.
//! - A port in a URI is one: from 0 to 65535.
//! - `yplookup` is there for clients of Pyro4, too.
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

mod answer;
mod arguments;
mod autoclean;
mod broadcast;
mod host;
mod object;
mod pattern;
mod scans;
pub mod storage;

pub use autoclean::{Autoclean, AutocleanThread, Cleaner};
pub use broadcast::{BroadcastResponder, BroadcastServer, QUESTION};
pub use firesteel_proto::NAME_SERVER as OBJECT;
pub use host::{Host, HostError};
pub use object::NameServer;
pub use pattern::{Pattern, PatternError};
