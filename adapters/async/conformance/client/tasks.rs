//! Many tasks on one proxy, futures that are dropped, and futures that are kept without being polled.

use std::time::Duration;

use super::support::{Numbers, patient, pause, poll_alone, poll_once, proxy, start, until, within};
use super::thing::Hosted;
use crate::run;

#[test]
fn sixty_four_calls_are_out_on_one_proxy() {
    run(|| async {
        let server = Hosted::start();
        let proxy = patient(&server.uri);
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let call = proxy.call::<String>("hold", &());
                start(call)
            })
            .collect();
        server.board.wait_for_held(64).await;
        server.board.release("all");
        for task in tasks {
            assert_eq!(task.await.as_deref(), Ok("all"));
        }
    });
}

#[test]
fn tasks_call_and_give_up_at_random() {
    run(|| async {
        let server = Hosted::start();
        let proxy = patient(&server.uri);
        let tasks: Vec<_> = (0..24_u64)
            .map(|task| {
                let proxy = proxy.clone();
                start(async move {
                    let mut numbers = Numbers::new(task + 1);
                    for n in 0..40_u64 {
                        let value = task * 1000 + n;
                        match numbers.below(6) {
                            // Never polled.
                            0 => drop(proxy.call::<u64>("echo", &(value,))),
                            // Polled once.
                            1 => {
                                let mut call = proxy.call::<u64>("echo", &(value,));
                                let _ = poll_once(&mut call).await;
                            }
                            // Given up.
                            2 => {
                                let call = proxy.call::<u64>("later", &(numbers.below(8), value));
                                let end = within(Duration::from_millis(numbers.below(6)), call).await;
                                assert!(end.is_none_or(|end| end == Ok(value)));
                            }
                            3 => {
                                let end = proxy.call::<u64>("later", &(numbers.below(8), value)).await;
                                assert_eq!(end, Ok(value));
                            }
                            // Together with others, in another order.
                            4 => {
                                let calls: Vec<_> = (0..5_u32)
                                    .map(|more| proxy.call::<u64>("echo", &(value + u64::from(more),)))
                                    .collect();
                                for (more, call) in (0..5_u32).zip(calls).rev() {
                                    assert_eq!(call.await, Ok(value + u64::from(more)));
                                }
                            }
                            _ => assert_eq!(proxy.call::<u64>("echo", &(value,)).await, Ok(value)),
                        }
                        if numbers.below(4) == 0 {
                            pause().await;
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await;
        }
        assert_eq!(proxy.call::<u64>("echo", &(1,)).await, Ok(1));
    });
}

/// The loser of a `select` is often kept while its task does something else.
#[test]
fn nobody_relies_on_a_future_that_is_kept_without_being_polled() {
    run(|| async {
        let server = Hosted::start();
        let proxy = patient(&server.uri);
        proxy.bind().await.expect("connected");
        let mut kept = proxy.call::<String>("hold", &());
        assert!(poll_once(&mut kept).await.is_pending());
        let mut strange = proxy.call::<String>("hold", &());
        let (end, told) = poll_alone(&mut strange);
        assert!(end.is_pending());
        // In this task, in another one, and in several.
        assert_eq!(proxy.call::<i64>("echo", &(1,)).await, Ok(1));
        assert_eq!(start(proxy.call::<i64>("echo", &(2,))).await, Ok(2));
        let others: Vec<_> = (0..8).map(|n| start(proxy.call::<i64>("echo", &(n,)))).collect();
        for (n, other) in (0..).zip(others) {
            assert_eq!(other.await, Ok(n));
        }
        assert!(!told.is_woken());
        server.board.wait_for_held(2).await;
        server.board.release("at last");
        assert_eq!(kept.await.as_deref(), Ok("at last"));
        until("a wake", || told.is_woken()).await;
        assert_eq!(strange.await.as_deref(), Ok("at last"));
    });
}

#[test]
fn who_waits_goes_on_when_the_others_are_dropped() {
    run(|| async {
        let server = Hosted::start();
        let proxy = patient(&server.uri);
        for dropped in 0..3 {
            let mut calls: Vec<_> = (0..3).map(|_| Some(proxy.call::<String>("hold", &()))).collect();
            // Each is polled, and one after the other dropped but for the last.
            for call in calls.iter_mut().flatten() {
                assert!(poll_once(call).await.is_pending());
            }
            let kept = calls[dropped].take().expect("a call");
            let waits = start(kept);
            for call in &mut calls {
                *call = None;
                pause().await;
            }
            server.board.wait_for_held(3).await;
            server.board.release("this one");
            assert_eq!(waits.await.as_deref(), Ok("this one"));
        }
    });
}

#[test]
fn a_call_that_waits_long_keeps_no_other_back() {
    run(|| async {
        let server = Hosted::start();
        let proxy = patient(&server.uri);
        let waits = start(proxy.call::<String>("hold", &()));
        for n in 0..200 {
            assert_eq!(proxy.call::<i64>("echo", &(n,)).await, Ok(n));
        }
        server.board.wait_for_held(1).await;
        server.board.release("over");
        assert_eq!(waits.await.as_deref(), Ok("over"));
        // It goes back to driving itself.
        for n in 0..200 {
            assert_eq!(proxy.call::<i64>("echo", &(n,)).await, Ok(n));
        }
    });
}

#[test]
fn many_tasks_make_calls_of_every_size() {
    run(|| async {
        let server = Hosted::start();
        let proxy = proxy(&server.uri);
        let tasks: Vec<_> = (0..16_usize)
            .map(|task| {
                let proxy = proxy.clone();
                start(async move {
                    for n in 0..20_usize {
                        let text = format!("{task}/{n}/").repeat(1 + (task * n * 997) % 30_000);
                        assert!(proxy.call::<String>("echo", &(&text,)).await.expect("an answer") == text);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await;
        }
    });
}

/// Each answer waits for another task's request to be read, and each request for an answer to be read.
#[test]
fn large_calls_of_several_tasks_do_not_block_each_other() {
    run(|| async {
        let server = Hosted::start();
        let proxy = proxy(&server.uri);
        let tasks: Vec<_> = ["1", "2", "3", "4"]
            .into_iter()
            .map(|digit| {
                let proxy = proxy.clone();
                start(async move {
                    for _ in 0..3 {
                        let text = digit.repeat(4 << 20);
                        assert!(proxy.call::<String>("echo", &(&text,)).await.expect("an answer") == text);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await;
        }
    });
}

#[test]
fn a_large_call_goes_on_when_another_is_dropped() {
    run(|| async {
        let server = Hosted::start();
        let proxy = patient(&server.uri);
        proxy.bind().await.expect("connected");
        let text = "x".repeat(16 << 20);
        for drops in [1, 5] {
            let mut call = proxy.call::<String>("echo", &(&text,));
            // It is on its way, and waits for room.
            assert!(poll_once(&mut call).await.is_pending());
            for _ in 0..drops {
                drop(proxy.call::<String>("hold", &()));
                drop(proxy.notify("note", &("small",)));
            }
            assert!(call.await.expect("an answer") == text);
        }
    });
}
