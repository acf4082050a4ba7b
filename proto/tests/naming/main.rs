//! How names become objects: name servers that are found, asked, silent, wrong or gone, on a virtual clock.

mod discovery;
mod lookups;
mod net;
mod proxies;
mod publications;
