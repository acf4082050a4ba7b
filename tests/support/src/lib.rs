//! Real Pyro5 and Pyro4 for the tests of firesteel.
//!
//! The tests talk to the original programs. This crate makes a virtual environment with pinned
//! versions of them under cargo's target directory, once, and starts Python programs in it:
//!
//! ```no_run
//! use std::time::Duration;
//!
//! // Pyro5's own echo server, on a free port of 127.0.0.1.
//! let (server, uri) = firesteel_testkit::echoserver(&[]);
//!
//! // A program of tests/interop/python, run to its end.
//! let output = firesteel_testkit::Python::script("check_server.py")
//!     .arg(&uri)
//!     .run(Duration::from_secs(60));
//! assert!(output.stdout.ends_with("ALL OK\n"));
//! # drop(server);
//! ```
//!
//! Nothing here waits without a bound. A child is killed when its [`PythonProcess`] is dropped, and
//! ends by itself when the test program is killed.

#![forbid(unsafe_code)]

mod certificates;
mod environment;
mod process;
mod socket_path;
mod transcript;

pub use certificates::{Authority, Credentials, Folder, self_signed};
pub use environment::{python, scripts};
pub use process::{Output, Python, PythonProcess, START_TIME, echoserver, server};
pub use socket_path::{SocketPath, unique_socket_path};
pub use transcript::{Sender, Step, Transcript};
