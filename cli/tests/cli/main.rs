//! The built command, with the real Pyro5 at the other end.

mod echoserver;
mod remote;
mod running;
mod usage;
