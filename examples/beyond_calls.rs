//! More than calls: streams, batches, calls in flight, and an instance for each session.

use firesteel::{Batch, CallFailure, Context, Fault, InstanceMode, Object, Shared, Stream, blocking, expose};

/// What one session has in its basket.
#[derive(Default)]
struct Basket {
    items: Vec<String>,
}

#[expose]
impl Basket {
    pub fn add(&mut self, item: String) -> Result<usize, Fault> {
        if item.is_empty() {
            return Err(Fault::new("builtins.ValueError", "there is no nothing"));
        }
        self.items.push(item);
        Ok(self.items.len())
    }

    /// The caller pulls one item after the other; Python iterates over it.
    pub fn items(&self) -> Stream {
        Stream::new(self.items.clone())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let objects = Shared::new();
    // Each session gets a basket of its own, which goes when it ends.
    let create = |_: &mut Context<'_>| Ok(Basket::default());
    objects.register_class("basket", InstanceMode::Session, Object::<()>::metadata(&Basket::default()), create)?;
    let mut server = blocking::Server::shared("127.0.0.1:0", &objects, 3)?;
    let (uri, stopper) = (server.uri("basket").to_string(), server.stopper());
    let client = std::thread::spawn(move || {
        let result = shop(&uri);
        stopper.stop();
        result
    });
    server.run_threads(4)?;
    Ok(client.join().expect("the client does not panic")?)
}

fn shop(uri: &str) -> Result<(), CallFailure> {
    let basket = blocking::Proxy::new(uri)?;
    // One round trip for all; the first call that raises ends the batch.
    let (bread, nothing, milk) = (("bread",), ("",), ("milk",));
    let batch = Batch::new().call("add", &bread).call("add", &nothing).call("add", &milk);
    for result in basket.batch(&batch)? {
        match result {
            Ok(count) => println!("in a batch: {count} in the basket"),
            Err(fault) => println!("in a batch: {fault}, and no further call ran"),
        }
    }
    // Calls in flight: all are sent before the first is waited for.
    let pending = ["apples", "salt"].map(|item| basket.start::<usize>("add", &(item,)));
    for call in pending {
        println!("in flight: {} in the basket", call?.wait()?);
    }
    // A stream; with a window, several items are asked for at once.
    for item in basket.stream::<String>("items", &())?.window(8) {
        println!("streamed: {}", item?);
    }
    let other = blocking::Proxy::new(uri)?;
    println!("another session: {} in its own basket", other.call::<usize>("add", &("tea",))?);
    Ok(())
}
