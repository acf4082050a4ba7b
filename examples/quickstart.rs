//! A server and a client in one program.
//!
//!     cargo run --example quickstart
//!     cargo run --example quickstart -- --serve [ADDRESS]
//!
//! The second one keeps serving, for `examples/python/client.py` (Pyro5), `client4.py` (Pyro4) or any other client.

use firesteel::{Fault, blocking, expose, remote};

struct Counter {
    total: i64,
    step: i64,
}

#[expose]
impl Counter {
    /// Adds `by` steps and gives the new total.
    pub fn add(&mut self, by: i64) -> Result<i64, Fault> {
        if by < 0 {
            return Err(Fault::new("builtins.ValueError", "only upwards"));
        }
        self.total += by * self.step;
        Ok(self.total)
    }

    pub fn total(&self) -> i64 {
        self.total
    }

    #[attr]
    pub fn step(&self) -> i64 {
        self.step
    }

    #[attr]
    pub fn set_step(&mut self, step: i64) {
        self.step = step;
    }
}

#[remote]
trait Counting {
    fn add(&mut self, by: i64) -> i64;
    #[attr]
    fn set_step(&mut self, step: i64);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let address = arguments.get(1).map_or("127.0.0.1:0", String::as_str);
    let mut server = blocking::Server::bind(address)?;
    server.daemon.register("counter", Counter { total: 0, step: 1 })?;
    let uri = server.uri("counter").to_string();
    if arguments.first().is_some_and(|first| first == "--serve") {
        println!("READY {uri}");
        return Ok(server.run()?);
    }
    println!("the counter is at {uri}");
    let stopper = server.stopper();
    let client = std::thread::spawn(move || {
        let result = use_counter(&uri);
        stopper.stop();
        result
    });
    server.run()?;
    Ok(client.join().expect("the client does not panic")?)
}

fn use_counter(uri: &str) -> Result<(), firesteel::CallFailure> {
    let counter = blocking::Proxy::new(uri)?;
    println!("add(5) gives {}", counter.call::<i64>("add", &(5,))?);
    println!("total() gives {}", counter.call::<i64>("total", &())?);

    let typed = CountingProxy(&counter);
    typed.set_step(10)?;
    println!("with steps of 10, add(2) gives {}", typed.add(2)?);
    match typed.add(-1) {
        Ok(total) => println!("add(-1) gives {total}, which is a surprise"),
        Err(failure) => println!("add(-1) raises {failure}"),
    }

    println!("\nServed with --serve, Python can call it:");
    println!("python3 -c \"import Pyro5.api; print(Pyro5.api.Proxy('{uri}').add(5))\"");
    Ok(())
}
