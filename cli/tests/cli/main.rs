//! The built command, with the real Pyro5 or Pyro4 at the other end.

mod echoserver;
mod generations;
mod ns;
mod nsc;
mod published;
mod remote;
mod running;
mod settings;
mod streams;
mod tls;
mod usage;
