//! An executor made by hand.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Wake, Waker};

use firesteel_proto::Task;

/// Polls tasks that were woken.
#[derive(Clone, Default)]
pub struct Executor(Arc<Mutex<Vec<Entry>>>);

type Entry = (Task, Arc<Woken>);

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Executor {
    /// Takes a task.
    pub fn add(&self, task: Task) {
        self.0.lock().unwrap().push((task, Arc::new(Woken(AtomicBool::new(true)))));
    }

    /// Runs all that can be run; gives how many are left.
    pub fn run(&self) -> usize {
        loop {
            let mut tasks = self.0.lock().unwrap();
            let Some(at) = tasks.iter().position(|(_, woken)| woken.0.swap(false, Ordering::SeqCst)) else {
                return tasks.len();
            };
            let (mut task, woken) = tasks.swap_remove(at);
            drop(tasks);
            let waker = Waker::from(Arc::clone(&woken));
            if task.as_mut().poll(&mut std::task::Context::from_waker(&waker)).is_pending() {
                self.0.lock().unwrap().push((task, woken));
            }
        }
    }

    /// Drops all tasks.
    pub fn clear(&self) {
        let tasks = std::mem::take(&mut *self.0.lock().unwrap());
        drop(tasks);
    }
}

/// Lets futures through one by one.
#[derive(Clone, Default)]
pub struct Door(Arc<Mutex<(Vec<String>, Vec<Waker>)>>);

impl Door {
    /// Lets one through.
    pub fn open(&self, name: &str) {
        let mut door = self.0.lock().unwrap();
        door.0.push(name.to_owned());
        door.1.drain(..).for_each(Waker::wake);
    }

    /// Waits to be let through.
    pub async fn pass(&self, name: &str) {
        poll_fn(|cx| {
            let mut door = self.0.lock().unwrap();
            match door.0.iter().position(|open| open == name) {
                Some(at) => {
                    door.0.swap_remove(at);
                    Poll::Ready(())
                }
                None => {
                    door.1.push(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await;
    }
}
