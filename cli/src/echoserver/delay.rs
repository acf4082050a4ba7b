//! Things to be done a little later.

use std::io;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// How long Pyro's echo server sleeps in its slow methods.
const WAIT: Duration = Duration::from_secs(5);

/// One thread that waits for all: a slow call occupies neither a worker nor the object.
pub struct Delay(Sender<(Instant, Task)>);

type Task = Box<dyn FnOnce() + Send>;

impl Delay {
    /// Starts the thread; it ends with this.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn new() -> io::Result<Self> {
        let (sender, tasks) = mpsc::channel::<(Instant, Task)>();
        thread::Builder::new().name("delay".to_owned()).spawn(move || {
            // All wait equally long, so they are due in the order in which they came.
            for (due, task) in tasks {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                task();
            }
        })?;
        Ok(Self(sender))
    }

    /// Runs `task` five seconds from now.
    pub fn then(&self, task: impl FnOnce() + Send + 'static) {
        // The thread is there for as long as this is. Were it not, a dropped task would still answer its caller.
        let _ = self.0.send((Instant::now() + WAIT, Box::new(task)));
    }
}
