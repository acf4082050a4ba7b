//! Names of objects that are served here, in a name server as long as they are.

use std::collections::VecDeque;
use std::time::Instant;

use super::{Client, ProxyEvent, ProxyId};
use crate::connection::{CallId, Reply, Request};
use crate::error::CallFailure;
use crate::naming::Whereabouts;
use crate::uri::Uri;

/// Registers names in a name server, and removes them at the end: what an adapter's `serve` is made of, for any loop.
///
/// It makes calls of a [`Client`], which somebody drives. Give every event of the client to
/// [`handle_event`](Self::handle_event), which takes its own and gives the others back.
///
/// ```
/// # use firesteel_proto::{Client, Config, Publication, Whereabouts};
/// # fn turn(_: &mut Client) {}
/// # let now = std::time::Instant::now();
/// let mut client = Client::new(now, Config::default());
/// let mut names = Publication::new(&mut client, Whereabouts::Anywhere { port: None });
/// names.publish(now, &mut client, "example.adder", &"PYRO:adder@localhost:7766".parse()?);
/// turn(&mut client); // and so on, until `names.is_settled()`; `poll_failure` tells what went wrong
/// names.withdraw(now, &mut client); // and on, until it is settled again
/// # Ok::<(), firesteel_proto::CallError>(())
/// ```
#[derive(Debug)]
pub struct Publication {
    server: ProxyId,
    names: Vec<Entry>,
    failures: VecDeque<(String, CallFailure)>,
    withdrawn: bool,
}

#[derive(Debug)]
struct Entry {
    name: String,
    uri: Uri,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Registering(CallId),
    There,
    /// Asked whether it is still ours.
    Asking(CallId),
    Removing(CallId),
    Gone,
}

impl Publication {
    /// No names yet, and nothing is connected.
    pub fn new(client: &mut Client, at: Whereabouts) -> Self {
        let server = client.name_server(at);
        Self { server, names: Vec::new(), failures: VecDeque::new(), withdrawn: false }
    }

    /// The proxy of the name server.
    pub fn name_server(&self) -> ProxyId {
        self.server
    }

    /// Registers a name; one that is taken is taken over, as in Pyro's `serve`.
    pub fn publish(&mut self, now: Instant, client: &mut Client, name: &str, uri: &Uri) {
        let args = (name, uri.to_string());
        let state = match client.call(now, self.server, &Request::method("register", &args)) {
            Ok(id) => State::Registering(id),
            Err(error) => {
                self.failures.push_back((name.to_owned(), error.into()));
                State::Gone
            }
        };
        self.names.push(Entry { name: name.to_owned(), uri: uri.clone(), state });
    }

    /// Removes the names, but for those that somebody else has taken over.
    pub fn withdraw(&mut self, now: Instant, client: &mut Client) {
        self.withdrawn = true;
        for entry in self.names.iter_mut().filter(|entry| entry.state == State::There) {
            entry.ask(now, client, self.server);
        }
    }

    /// Takes an event that concerns these names; gives any other back.
    pub fn handle_event(&mut self, now: Instant, client: &mut Client, event: ProxyEvent) -> Option<ProxyEvent> {
        let ProxyEvent::Done { id, .. } = &event else { return Some(event) };
        let Some(entry) = self.names.iter_mut().find(|entry| entry.state.is(*id)) else { return Some(event) };
        let ProxyEvent::Done { result, .. } = event else { return None };
        match entry.state {
            State::Registering(_) => match result {
                Ok(_) if self.withdrawn => entry.ask(now, client, self.server),
                Ok(_) => entry.state = State::There,
                Err(failure) => {
                    entry.state = State::Gone;
                    self.failures.push_back((entry.name.clone(), failure));
                }
            },
            State::Asking(_) => {
                let known = result.ok().and_then(Reply::into_value).and_then(|value| value.decode::<Uri>().ok());
                // A name server that is gone knows no names either.
                if known.is_some_and(|known| known == entry.uri) {
                    entry.remove(now, client, self.server);
                } else {
                    entry.state = State::Gone;
                }
            }
            State::Removing(_) | State::There | State::Gone => entry.state = State::Gone,
        }
        None
    }

    /// The next name that could not be registered, and why.
    pub fn poll_failure(&mut self) -> Option<(String, CallFailure)> {
        self.failures.pop_front()
    }

    /// True when no answer is waited for: all names are registered, or have failed, or are removed.
    pub fn is_settled(&self) -> bool {
        self.names.iter().all(|entry| matches!(entry.state, State::There | State::Gone))
    }
}

impl Entry {
    fn ask(&mut self, now: Instant, client: &mut Client, server: ProxyId) {
        let asked = client.call(now, server, &Request::method("lookup", &(self.name.as_str(),)));
        self.state = asked.map_or(State::Gone, State::Asking);
    }

    fn remove(&mut self, now: Instant, client: &mut Client, server: ProxyId) {
        let asked = client.call(now, server, &Request::method("remove", &(self.name.as_str(),)));
        self.state = asked.map_or(State::Gone, State::Removing);
    }
}

impl State {
    /// True while the end of this call is waited for.
    fn is(self, call: CallId) -> bool {
        match self {
            Self::Registering(id) | Self::Asking(id) | Self::Removing(id) => id == call,
            Self::There | Self::Gone => false,
        }
    }
}
