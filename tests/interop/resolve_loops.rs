//! Names in the loops of mio and of ticks, found with and without a broadcast.

use std::time::{Duration, Instant};

use firesteel::{CallFailure, CallId, Config, ProxyEvent, Reply, Request, Uri};
use mio::{Events, Poll};

use crate::resolve::{MODULES, NameServer, Responder, serve};
use crate::support::{TIMEOUT, config};

/// A client and the loop around it.
trait Loop {
    fn client(&mut self) -> &mut firesteel::Client;
    fn turn(&mut self);
    fn event(&mut self) -> Option<ProxyEvent>;

    fn end_of(&mut self, call: CallId) -> Result<Reply, CallFailure> {
        let until = Instant::now() + TIMEOUT;
        while Instant::now() < until {
            self.turn();
            while let Some(event) = self.event() {
                match event {
                    ProxyEvent::Done { id, result, .. } if id == call => return result,
                    _ => {}
                }
            }
        }
        panic!("no end in time");
    }

    fn who(&mut self, uri: &str) -> Result<String, CallFailure> {
        let proxy = self.client().proxy(uri).expect("a uri");
        let call = self.client().call(Instant::now(), proxy, &Request::method("who", &())).expect("taken");
        let reply = self.end_of(call)?;
        Ok(reply.into_value().expect("a value").decode()?)
    }
}

struct OnMio(Poll, firesteel::mio::Client);

impl Loop for OnMio {
    fn client(&mut self) -> &mut firesteel::Client {
        &mut self.1.calls
    }

    fn turn(&mut self) {
        let mut events = Events::with_capacity(8);
        self.0.poll(&mut events, self.1.timeout().map_or(Some(TIMEOUT), Some)).expect("polled");
        for event in &events {
            assert!(self.1.handle_event(event));
        }
        self.1.step();
    }

    fn event(&mut self) -> Option<ProxyEvent> {
        self.1.poll_event()
    }
}

struct InTicks(firesteel::tick::Client);

impl Loop for InTicks {
    fn client(&mut self) -> &mut firesteel::Client {
        &mut self.0.calls
    }

    fn turn(&mut self) {
        std::thread::sleep(Duration::from_millis(2));
        self.0.tick(Instant::now());
    }

    fn event(&mut self) -> Option<ProxyEvent> {
        self.0.poll_event()
    }
}

fn loops(config: &Config) -> [Box<dyn Loop>; 2] {
    let poll = Poll::new().expect("a poll");
    let client = firesteel::mio::Client::new(poll.registry(), 10..24, config.clone()).expect("a client");
    [Box::new(OnMio(poll, client)), Box::new(InTicks(firesteel::tick::Client::new(Instant::now(), config.clone())))]
}

fn registered(names: &NameServer) -> (Uri, firesteel::blocking::Stopper) {
    let (uri, stopper) = serve("thing", "it");
    let client = names.client();
    client.register("thing", &uri, false, Some(&["here"])).expect("registered");
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    client.register("gone", &Uri::pyro("thing", gone.into()), false, Some(&["here"])).expect("registered");
    (uri, stopper)
}

#[test]
fn names_and_metadata_are_looked_up() {
    for module in MODULES {
        let names = NameServer::start(module);
        let (_, stopper) = registered(&names);
        for mut turns in loops(&names.config()) {
            // More often than there are tokens.
            for _ in 0..4 {
                assert_eq!(turns.who("PYRONAME:thing").expect("an answer"), "it");
                assert_eq!(turns.who("PYROMETA:here").expect("an answer"), "it");
                let failure = turns.who("PYRONAME:other").expect_err("unknown");
                assert_eq!(failure.to_string(), "the name server says: unknown name: other");
                if turns.client().is_drained() {
                    break;
                }
                turns.client().shutdown(Instant::now());
                let until = Instant::now() + TIMEOUT;
                while !turns.client().is_drained() && Instant::now() < until {
                    turns.turn();
                    while turns.event().is_some() {}
                }
            }
        }
        stopper.stop();
    }
}

#[test]
fn broadcasts_are_sent_and_heard() {
    let names = NameServer::start("Pyro5.nameserver");
    let (_, stopper) = registered(&names);
    let responder = Responder::start(&names, "5");
    let mut config = config();
    config.naming = responder.naming();
    for mut turns in loops(&config) {
        let began = Instant::now();
        for _ in 0..10 {
            assert_eq!(turns.who("PYRONAME:thing").expect("an answer"), "it");
        }
        // None had to wait for the end of a round, 0.7 seconds.
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    }
    stopper.stop();
}

#[test]
fn nobody_who_answers_is_an_error_in_time() {
    let mut config = config();
    config.naming.port = 1;
    config.naming.broadcast_port = 1;
    config.naming.broadcast_addresses = vec!["127.0.0.1".to_owned()];
    for mut turns in loops(&config) {
        let began = Instant::now();
        let failure = turns.who("PYRONAME:thing").expect_err("nobody is there").to_string();
        assert!(failure.contains("by broadcast: nobody answered"), "{failure}");
        assert!(began.elapsed() >= Duration::from_millis(2100), "{:?}", began.elapsed());
    }
}
