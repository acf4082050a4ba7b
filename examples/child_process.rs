//! A child process that serves its parent on a socketpair: no port, no file, and nobody else can connect.
//!
//! The child inherits its end as its standard input. Either process can be a Python program with the same calls:
//! `Pyro5.server.Daemon(connected_socket=...)` and `Proxy(..., connected_socket=...)`.
//!
//!     cargo run --example child_process

use std::error::Error;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use firesteel::blocking::{Connector, Server};
use firesteel::{CallFailure, Config, Fault, expose};

/// Tells the program that it is the child.
const ROLE: &str = "FIRESTEEL_EXAMPLE_CHILD";

/// Works with what its parent would not load into its own process.
struct Worker {
    jobs: u32,
}

#[expose]
impl Worker {
    pub fn work(&mut self, text: String) -> Result<String, Fault> {
        if text.is_empty() {
            return Err(Fault::new("builtins.ValueError", "nothing to work on"));
        }
        self.jobs += 1;
        Ok(text.chars().rev().collect())
    }

    pub fn whoami(&self) -> (u32, u32) {
        (std::process::id(), self.jobs)
    }
}

/// Runs as the parent, or as the child that it starts.
pub fn main() -> Result<(), Box<dyn Error>> {
    if std::env::var_os(ROLE).is_some() { child() } else { parent() }
}

fn child() -> Result<(), Box<dyn Error>> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut server = Server::unbound(Config::default())?;
    server.daemon.register("worker", Worker { jobs: 0 })?;
    server.adopt(socket)?;
    // Without a listener it ends with its last session: when the parent closes the socket, or dies.
    Ok(server.run()?)
}

fn parent() -> Result<(), Box<dyn Error>> {
    let (ours, theirs) = UnixStream::pair()?;
    let mut command = Command::new(std::env::current_exe()?);
    let mut child = command.env(ROLE, "1").stdin(Stdio::from(OwnedFd::from(theirs))).spawn()?;
    // The command holds the child's end too: while it does, nobody would learn of the child's death.
    drop(command);
    let worker = Connector::new(Config::default()).adopt("worker", ours)?;
    let answer: String = worker.call("work", &("firesteel",))?;
    println!("the child made {answer:?} of it");
    match worker.call::<String>("work", &("",)) {
        Err(CallFailure::Fault(fault)) if fault.is("builtins.ValueError") => {
            println!("and refused: {}", fault.message())
        }
        other => return Err(format!("no refusal, but {other:?}").into()),
    }
    let (id, jobs): (u32, u32) = worker.call("whoami", &())?;
    println!("process {id} has done {jobs} job");
    drop(worker);
    let status = child.wait()?;
    println!("the child has ended by itself: {status}");
    if (id, jobs) == (child.id(), 1) && answer == "leetserif" && status.success() {
        Ok(())
    } else {
        Err("the child did not do as it should".into())
    }
}
