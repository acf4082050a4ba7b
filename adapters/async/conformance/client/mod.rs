//! What the client has to do on every runtime: a module of the tests of each, which name it `R` and give `run`.

mod calls;
mod ends;
mod sockets;
mod streams;
mod support;
mod tasks;
mod thing;
