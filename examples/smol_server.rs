//! A server on smol: async methods wait without holding up anybody.
//!
//!     cargo run --example smol_server
//!
//! The callers are blocking ones, on threads; Python's would do as well.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use firesteel::blocking::{Connector, Proxy};
use firesteel::smol::Server;
use firesteel::{CallFailure, Config, expose};

#[derive(Default)]
struct Oracle {
    asked: AtomicU64,
}

#[expose]
impl Oracle {
    /// Thinks for a while.
    pub async fn ask(&self, question: &str, #[default(200)] millis: u64) -> String {
        self.asked.fetch_add(1, Ordering::Relaxed);
        smol::Timer::after(Duration::from_millis(millis)).await;
        format!("{question}? Perhaps.")
    }

    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

fn callers(uri: &str) -> Result<(), CallFailure> {
    let begun = Instant::now();
    let connector = Connector::new(Config::default());
    let oracle: Proxy = connector.proxy(uri)?;
    // One connection is enough: firesteel's clients let answers overtake each other.
    let questions = ["Will it rain", "Is it art", "Does it scale"];
    let answers: Vec<_> = questions.iter().map(|question| oracle.start::<String>("ask", &(question,))).collect();
    println!("{} questions asked: {}", questions.len(), oracle.call::<u64>("asked", &())?);
    for answer in answers {
        println!("{}", answer?.wait()?);
    }
    println!("three answers of 200 ms each, after {} ms", begun.elapsed().as_millis());
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    smol::block_on(serve())
}

async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::bind("127.0.0.1:0").await?;
    server.daemon().register("oracle", Arc::new(Oracle::default()))?;
    let uri = server.uri("oracle").to_string();
    println!("serving {uri}");

    let (stopper, (tell, told)) = (server.stopper(), mpsc::channel());
    thread::spawn(move || {
        let _ = tell.send(callers(&uri));
        stopper.stop();
    });
    server.run().await?;
    told.recv()??;
    println!("the server has ended");
    Ok(())
}
