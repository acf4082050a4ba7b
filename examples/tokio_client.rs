//! An async client on tokio: several calls at once on one connection, a stream, a call that takes too long, and
//! one that nobody waits for any more. The server runs on a thread.
//!
//!     cargo run --example tokio_client
//!     cargo run --example tokio_client -- PYRO:async@HOST:PORT

use std::error::Error;
use std::time::{Duration, Instant};

use firesteel::tokio::Proxy;
use firesteel::{CallFailure, Context, Outcome, Shared, Stream, blocking, expose, remote};

struct Slow;

#[expose]
impl Slow {
    /// Answers after a while, without holding up other calls.
    pub fn later(&self, cx: &mut Context<'_>, millis: u64) -> Outcome {
        let (responder, deferred) = cx.defer();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(millis));
            if responder.is_cancelled() {
                println!("server: nobody waits for the answer after {millis} ms any more");
            }
            responder.reply(&millis);
        });
        Ok(deferred.into())
    }

    pub fn count(&self, n: u32) -> Stream {
        Stream::new(0..n)
    }
}

/// The same proxy, typed.
#[remote]
trait Patience {
    fn later(&self, millis: u64) -> u64;
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    if let Some(uri) = std::env::args().nth(1) {
        return Ok(use_it(&uri).await?);
    }
    let (uri, stopper) = serve()?;
    let result = use_it(&uri).await;
    stopper.stop();
    Ok(result?)
}

/// On threads of its own, until the stopper says so.
fn serve() -> Result<(String, blocking::Stopper), Box<dyn Error>> {
    let objects = Shared::new();
    objects.register("async", Slow)?;
    let mut server = blocking::Server::shared("127.0.0.1:0", &objects, 2)?;
    let (uri, stopper) = (server.uri("async").to_string(), server.stopper());
    std::thread::spawn(move || server.run_threads(2));
    Ok((uri, stopper))
}

async fn use_it(uri: &str) -> Result<(), CallFailure> {
    let slow = Proxy::new(uri)?;
    let begun = Instant::now();
    // They leave together, when the first is waited for.
    let calls: Vec<_> = [300, 100, 200].map(|millis| slow.call::<u64>("later", &(millis,))).into();
    for call in calls {
        println!("an answer after {} ms, at {} ms", call.await?, begun.elapsed().as_millis() / 100 * 100);
    }
    // From several tasks; each has a proxy on the same connection.
    let tasks: Vec<_> = (1..4)
        .map(|n| {
            let typed = PatienceProxy(slow.clone());
            tokio::spawn(async move { typed.later(100 * n).await })
        })
        .collect();
    for task in tasks {
        println!("a task's answer after {} ms", task.await.expect("no panic")?);
    }
    let mut items = slow.stream::<u32>("count", &(5,)).await?.window(3);
    while let Some(item) = items.next().await {
        println!("an item: {}", item?);
    }
    match slow.timeout(Duration::from_millis(50)).call::<u64>("later", &(10_000,)).await {
        Err(CallFailure::Deadline) => println!("after 50 ms, its time was over"),
        other => println!("a surprise: {other:?}"),
    }
    // Dropped, a call is cancelled.
    let given_up = tokio::time::timeout(Duration::from_millis(50), slow.call::<u64>("later", &(150,))).await;
    println!("given up: {}", given_up.is_err());
    tokio::time::sleep(Duration::from_millis(200)).await;
    Ok(())
}
