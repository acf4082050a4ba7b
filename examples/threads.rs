//! Two slow calls on one object, at the same time: both take `&self`.

use std::time::{Duration, Instant};

use firesteel::{CallFailure, Shared, blocking, expose};

struct Store {
    total: i64,
}

#[expose]
impl Store {
    /// Runs alone.
    pub fn add(&mut self, by: i64) -> i64 {
        self.total += by;
        self.total
    }

    /// Runs beside others of its kind.
    pub fn slow_read(&self) -> i64 {
        std::thread::sleep(Duration::from_millis(300));
        self.total
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let objects = Shared::new();
    objects.register("store", Store { total: 0 })?;
    let mut server = blocking::Server::shared("127.0.0.1:0", &objects, 3)?;
    let (uri, stopper) = (server.uri("store").to_string(), server.stopper());
    println!("the store is at {uri}");
    let client = std::thread::spawn(move || {
        let result = use_store(&uri);
        stopper.stop();
        result
    });
    server.run_threads(4)?; // one more than calls at once: somebody waits for the sockets
    Ok(client.join().expect("the client does not panic")?)
}

fn use_store(uri: &str) -> Result<(), CallFailure> {
    let store = blocking::Proxy::new(uri)?;
    println!("add(7) gives {}", store.call::<i64>("add", &(7,))?);
    let start = Instant::now();
    // Calls of one connection start in order; these two come on connections of their own.
    std::thread::scope(|threads| {
        let reader = || blocking::Proxy::new(uri)?.call::<i64>("slow_read", &());
        let readers = [threads.spawn(reader), threads.spawn(reader)];
        for reader in readers {
            println!("slow_read() gives {}", reader.join().expect("the reader does not panic")?);
        }
        Ok::<_, CallFailure>(())
    })?;
    println!("two reads of 300 ms took {} ms", start.elapsed().as_millis());
    Ok(())
}
