//! TLS below a client and a daemon, in memory and on a virtual clock; and what peers do that mean no good.

mod common;
mod ends;
mod hostile;
mod keys;
mod one_port;
mod pairs;
mod records;
