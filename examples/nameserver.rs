//! A name server in a program of its own objects, in one loop with them, and a client that finds them by their names.
//!
//! With `-- --serve 9090` it goes on for other programs, of Pyro5 and Pyro4, too.

use std::error::Error;

use firesteel::blocking::{Connector, Proxy, Server, Stopper, locate_ns};
use firesteel::nameserver::{NameServer, storage::Memory};
use firesteel::{Config, Tags, expose};

struct Greeter {
    language: &'static str,
}

#[expose]
impl Greeter {
    pub fn greet(&self, whom: &str) -> String {
        match self.language {
            "de" => format!("Hallo {whom}!"),
            _ => format!("Hello {whom}!"),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().skip_while(|arg| arg != "--serve").nth(1);
    let mut server: Server = Server::bind(&format!("localhost:{}", port.as_deref().unwrap_or("0")))?;

    // The name server: an object of this server like the others.
    NameServer::new(Memory::new()).register_in(&mut server.daemon)?;

    for language in ["en", "de"] {
        server.daemon.register(language, Greeter { language })?;
    }
    let (names, stopper) = (server.uri("Pyro.NameServer").to_string(), server.stopper());
    let greeters = ["en", "de"].map(|language| (language, server.uri(language)));
    println!("the name server is {names}");
    let goes_on = port.is_some();
    let client = std::thread::spawn(move || {
        let done = give_names(&names, &greeters).and_then(|()| find_them(&names));
        end_unless(goes_on, &stopper);
        done.map_err(|error| error.to_string())
    });
    server.run()?;
    Ok(client.join().expect("the client does not panic")?)
}

/// Any program on the network could do that.
fn give_names(names: &str, greeters: &[(&str, firesteel::Uri)]) -> Result<(), Box<dyn Error>> {
    let ns = firesteel::NameServerProxy::new(Proxy::new(names)?);
    for (language, uri) in greeters {
        ns.register(&format!("greeter.{language}"), uri, true, Some(&["greeter", language]))?;
    }
    Ok(())
}

fn find_them(names: &str) -> Result<(), Box<dyn Error>> {
    let place = names.split('@').nth(1).unwrap_or_default();
    for name in [format!("PYRONAME:greeter.en@{place}"), format!("PYROMETA:greeter,de@{place}")] {
        let greeting: String = Connector::new(Config::default()).proxy(&name)?.call("greet", &("world",))?;
        println!("{name} says: {greeting}");
    }
    let (host, port) = place.rsplit_once(':').unwrap_or_default();
    let ns = locate_ns(host, Some(port.parse()?))?;
    for (name, known) in ns.yplookup(Tags::All(&["greeter"]))? {
        println!("{name} is {}, with {:?}", known.uri, known.metadata);
    }
    Ok(())
}

fn end_unless(goes_on: bool, stopper: &Stopper) {
    if !goes_on {
        stopper.stop();
    }
}
