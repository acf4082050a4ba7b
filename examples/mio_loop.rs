//! A server and a client in a loop of `mio` that has other things to do: here, it counts datagrams.
//!
//!     cargo run --example mio_loop

use std::cell::Cell;
use std::net::UdpSocket;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use firesteel::mio::{Client, Server};
use firesteel::{Budget, Config, ProxyEvent, Request, expose};
use mio::{Events, Interest, Poll, Token, Waker};

const WAKER: Token = Token(0);
const DATAGRAMS: Token = Token(1);

/// How many datagrams came.
struct Bell(Rc<Cell<u64>>);

#[expose]
impl Bell {
    pub fn rung(&self) -> u64 {
        self.0.get()
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);

    // What the loop did before.
    let mut bell = mio::net::UdpSocket::bind("127.0.0.1:0".parse()?)?;
    poll.registry().register(&mut bell, DATAGRAMS, Interest::READABLE)?;
    let address = bell.local_addr()?;
    let rung = Rc::new(Cell::new(0));

    // What is new: each gets a range of tokens.
    let mut server: Server = Server::new(poll.registry(), 1000..2000, waker, Config::default())?;
    server.daemon.register("bell", Bell(Rc::clone(&rung)))?;
    server.listen("127.0.0.1:0")?;
    let uri = server.uri("bell").expect("it listens").to_string();
    println!("READY {uri}");
    let mut client = Client::new(poll.registry(), 2000..3000, Config::default())?;
    let proxy = client.calls.proxy(&uri)?;
    let ask = Request::method("rung", &());
    client.calls.call(Instant::now(), proxy, &ask)?;

    let ringer = UdpSocket::bind("127.0.0.1:0")?;
    let mut events = Events::with_capacity(64);
    while !server.is_over() {
        server.step(&mut (), Budget::calls(32));
        client.step();
        while let Some(event) = client.poll_event() {
            if let ProxyEvent::Done { result, .. } = event {
                let times: u64 = result?.into_value().ok_or("no value")?.decode()?;
                println!("rung() gives {times}");
                if times == 3 {
                    client.calls.shutdown(Instant::now());
                    server.stopper().stop();
                } else {
                    ringer.send_to(b"ring", address)?;
                }
            }
        }
        let wait = [server.timeout(), client.timeout()].into_iter().flatten().min();
        match poll.poll(&mut events, wait) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            if server.handle_event(event) || client.handle_event(event) {
                continue;
            }
            while event.token() == DATAGRAMS && bell.recv(&mut [0; 16]).is_ok() {
                rung.set(rung.get() + 1);
                client.calls.call(Instant::now(), proxy, &ask)?;
            }
        }
    }
    Ok(())
}
