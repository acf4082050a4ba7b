//! Calls to Python that are made first and waited for later.

use std::thread;
use std::time::{Duration, Instant};

use firesteel::CallFailure;
use firesteel::blocking::{Pending, Proxy};

use crate::support::{TIMEOUT, Thing, assert_raises, config};

/// Servers of both generations.
fn each() -> impl Iterator<Item = Thing> {
    [Thing::start(&["--threads"]), Thing::pyro4(&["--threads"])].into_iter()
}

fn start(proxy: &Proxy, n: usize) -> Pending<usize> {
    proxy.start("echo", &(n,)).expect("a call")
}

#[test]
fn calls_are_waited_for_in_any_order() {
    for thing in each() {
        let proxy = thing.proxy();
        let mut calls: Vec<_> = (0..60).map(|n| (n, start(&proxy, n))).collect();
        // Every third first, then from the end.
        let mut thirds: Vec<_> = (0..20).rev().map(|n| calls.remove(3 * n)).collect();
        assert_eq!(proxy.call::<i32>("echo", &(1000,)).expect("an answer"), 1000);
        thirds.append(&mut calls);
        for (n, call) in thirds.into_iter().rev() {
            assert_eq!(call.wait(), Ok(n));
        }
        thing.quit();
    }
}

#[test]
fn answers_are_looked_for_without_waiting() {
    for thing in each() {
        let proxy = thing.proxy();
        let mut call = proxy.start::<String>("slow", &(0.2, "late")).expect("a call");
        let begin = Instant::now();
        let mut looked = 0;
        let answer = loop {
            call = match call.try_wait() {
                Ok(answer) => break answer,
                Err(call) => call,
            };
            looked += 1;
            assert!(begin.elapsed() < TIMEOUT);
            thread::sleep(Duration::from_millis(2));
        };
        assert_eq!(answer, Ok("late".to_owned()));
        assert!(looked > 2, "{looked}");
        thing.quit();
    }
}

#[test]
fn an_answer_is_made_something_else_of() {
    for thing in each() {
        let proxy = thing.proxy();
        let twice = start(&proxy, 4).then(|n| Ok(2 * n)).then(|n| Ok(format!("{n}!")));
        let again = proxy.clone();
        let chained = start(&proxy, 5).then(move |n| again.call::<usize>("add", &(n, 1)));
        let failed = proxy.start::<()>("fail_builtin", &("KeyError", "k")).expect("a call");
        let failed = failed.then(|()| -> Result<i32, CallFailure> { panic!("a failure is not passed on") });
        assert_eq!(chained.wait(), Ok(106));
        assert_eq!(twice.wait(), Ok("8!".to_owned()));
        assert_raises(failed.wait(), "builtins.KeyError", "k");
        thing.quit();
    }
}

#[test]
fn a_call_that_is_dropped_is_forgotten() {
    for thing in each() {
        let proxy = thing.proxy();
        let (kept, dropped) = (start(&proxy, 1), start(&proxy, 2));
        drop(proxy.start::<String>("slow", &(0.1, "nobody")).expect("a call"));
        drop(dropped);
        assert_eq!(kept.wait(), Ok(1));
        for n in 0..10 {
            drop(start(&proxy, n));
            assert_eq!(proxy.call::<usize>("echo", &(n,)), Ok(n));
        }
        thing.quit();
    }
}

#[test]
fn many_threads_have_calls_out() {
    for thing in each() {
        let proxy = thing.proxy();
        let begun: Vec<_> = (0..40).map(|n| (n, start(&proxy, n))).collect();
        thread::scope(|threads| {
            for (n, call) in begun {
                // Waited for by another thread than the one that made it.
                threads.spawn(move || assert_eq!(call.wait(), Ok(n)));
            }
            for from in 0..4 {
                let proxy = &proxy;
                threads.spawn(move || {
                    for round in 0..10 {
                        let calls: Vec<_> = (0..8).map(|n| (n, start(proxy, 1000 * from + 10 * round + n))).collect();
                        for (n, call) in calls.into_iter().rev() {
                            assert_eq!(call.wait(), Ok(1000 * from + 10 * round + n));
                        }
                    }
                });
            }
        });
        thing.quit();
    }
}

#[test]
fn calls_that_are_out_end_with_their_deadline_or_their_connection() {
    let thing = Thing::start(&["--threads"]);
    let proxy = thing.proxy_with(config());
    let hasty = proxy.timeout(Duration::from_millis(100));
    let late = hasty.start::<String>("slow", &(1.0, "late")).expect("a call");
    let behind = start(&proxy, 1);
    assert_eq!(late.wait(), Err(CallFailure::Deadline));
    assert_eq!(behind.wait(), Ok(1));
    let lost = proxy.start::<String>("slow", &(30.0, "never")).expect("a call");
    thing.process.stop();
    let error = lost.wait().expect_err("the server is gone");
    assert!(matches!(error, CallFailure::Lost(_)), "{error:?}");
}
