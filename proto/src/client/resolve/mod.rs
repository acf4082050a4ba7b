//! From a name to an object: finds a name server, and asks it. A machine without IO.

mod answer;
mod plan;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::connection::Reply;
use crate::error::{CallFailure, CloseReason};
use crate::limits::Config;
use crate::naming::{Datagram, NAME_SERVER, Naming, NamingError, NamingStep, Whereabouts};
use crate::uri::Uri;
pub(super) use answer::{Ask, Way};
use answer::{name_server_of, read};
use plan::{Step, plan};

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// The object of this name.
    Name(String),
    /// An object that has all these tags.
    Meta(Vec<String>),
    /// The name server itself.
    NameServer,
}

/// What is looked for, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Search {
    pub(super) question: Question,
    pub(super) at: Whereabouts,
}

/// One search.
#[derive(Debug)]
pub(super) struct Resolve {
    search: Search,
    naming: Naming,
    /// How long a name server has to let us in.
    patience: Duration,
    can_broadcast: Result<(), &'static str>,
    state: State,
    /// Steps that are left.
    steps: VecDeque<Step>,
    /// What the steps of this round came to.
    tried: Vec<(String, String)>,
    /// It is asked again up to then.
    until: Instant,
    told: VecDeque<NamingStep>,
}

#[derive(Debug)]
enum State {
    /// The next step is to be taken.
    Free,
    /// A name server is to be connected to, within this time.
    Found(Uri, Duration),
    /// It was called for.
    Connecting(Uri),
    /// It has let us in, and is to be asked.
    Let(Uri),
    /// It was asked.
    Asking(Uri),
    Listening(Round),
    /// It is asked again then; here, if it is still there.
    Pausing(Instant, Option<Uri>),
    /// How it ended is to be told.
    Ending(Result<Vec<Uri>, NamingError>),
    Ended,
}

/// One of the times that a broadcast is made.
#[derive(Debug)]
struct Round {
    number: u32,
    port: u16,
    /// Datagrams that were not sent yet.
    unsent: Vec<Datagram>,
    /// Datagrams of it that could not be sent.
    failed: usize,
    deadline: Option<Instant>,
}

/// What is to be done next.
#[derive(Debug, PartialEq)]
pub(super) enum Action {
    /// Connect to this name server, instead of any other, within this time.
    Connect(Uri, Duration),
    /// Ask the name server that is connected to.
    Ask,
    /// Send these.
    Broadcast(Vec<Datagram>),
    /// It is over: these objects will do.
    Resolved(Vec<Uri>),
    /// It is over.
    Failed(NamingError),
}

/// How long each broadcast waits, and how often it is made (`locate_ns` in Pyro5's `core.py`).
const LISTEN: Duration = Duration::from_millis(700);
const ROUNDS: u32 = 3;
/// How long a name server on this machine has in the first step; the last one is more patient.
const LOCAL: Duration = Duration::from_secs(2);
/// The pause between two lookups is a fifth of the delay within these bounds. Pyro's has the lower one alone.
const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(1);
/// What a broadcast says.
const QUESTION: &[u8] = b"GET_NSURI";

impl Resolve {
    pub(super) fn new(now: Instant, search: Search, config: &Config, can_broadcast: bool) -> Self {
        let can_broadcast = if !config.naming.broadcast {
            Err("it is switched off")
        } else if config.ip_version == crate::IpVersion::V6 {
            Err("there is none in IPv6")
        } else if !can_broadcast {
            Err("this adapter cannot broadcast")
        } else {
            Ok(())
        };
        let mut resolve = Self {
            search,
            naming: config.naming.clone(),
            patience: config.handshake_timeout,
            can_broadcast,
            state: State::Free,
            steps: VecDeque::new(),
            tried: Vec::new(),
            until: now + config.naming.lookup_delay,
            told: VecDeque::new(),
        };
        resolve.begin();
        resolve
    }

    /// What is asked.
    pub(super) fn question(&self) -> &Question {
        &self.search.question
    }

    /// What happened, for those who look on.
    pub(super) fn poll_step(&mut self) -> Option<NamingStep> {
        self.told.pop_front()
    }

    /// True while datagrams are waited for.
    pub(super) fn listens(&self) -> bool {
        matches!(self.state, State::Listening(_))
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Listening(round) => round.deadline,
            State::Pausing(at, _) => Some(*at),
            _ => None,
        }
    }

    /// What to do next; none while there is something to wait for.
    pub(super) fn poll(&mut self, now: Instant) -> Option<Action> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Free => match self.steps.pop_front() {
                    Some(step) => self.take(step),
                    None => {
                        let tried = std::mem::take(&mut self.tried);
                        self.fail(now, NamingError::NotLocated(tried), None);
                    }
                },
                State::Found(uri, within) => {
                    self.told.push_back(NamingStep::Trying { uri: uri.clone(), within });
                    self.state = State::Connecting(uri.clone());
                    return Some(Action::Connect(uri, within));
                }
                State::Let(uri) if self.search.question == Question::NameServer => {
                    self.state = State::Ending(Ok(vec![uri]));
                }
                State::Let(uri) => {
                    self.state = State::Asking(uri);
                    return Some(Action::Ask);
                }
                State::Listening(mut round) if !round.unsent.is_empty() => {
                    let unsent = std::mem::take(&mut round.unsent);
                    round.deadline = Some(now + LISTEN);
                    self.state = State::Listening(round);
                    return Some(Action::Broadcast(unsent));
                }
                State::Listening(round) if round.deadline.is_some_and(|at| at <= now) => self.listen_again(&round),
                State::Pausing(at, uri) if at <= now => match uri {
                    Some(uri) => self.state = State::Let(uri),
                    None => self.begin(),
                },
                State::Ending(Ok(uris)) => {
                    self.told.push_back(NamingStep::Resolved(uris.clone()));
                    return Some(Action::Resolved(uris));
                }
                State::Ending(Err(error)) => return Some(Action::Failed(error)),
                waiting @ (State::Connecting(_)
                | State::Asking(_)
                | State::Listening(_)
                | State::Pausing(..)
                | State::Ended) => {
                    self.state = waiting;
                    return None;
                }
            }
        }
    }

    /// The name server has let us in.
    pub(super) fn handle_connected(&mut self) {
        if let State::Connecting(uri) = &self.state {
            self.told.push_back(NamingStep::Located(uri.clone()));
            self.state = State::Let(uri.clone());
        }
    }

    /// The connection to the name server is gone, or never was.
    pub(super) fn handle_lost(&mut self, reason: CloseReason) {
        match std::mem::replace(&mut self.state, State::Free) {
            State::Connecting(uri) | State::Let(uri) | State::Asking(uri) => {
                if let Uri::Pyro { location, .. } = uri {
                    self.tried.push((location.to_string(), reason.to_string()));
                    self.told.push_back(NamingStep::Absent { location, reason });
                }
            }
            State::Pausing(at, _) => self.state = State::Pausing(at, None),
            other => self.state = other,
        }
    }

    /// What the name server answered.
    pub(super) fn handle_answer(&mut self, now: Instant, result: Result<Reply, CallFailure>) {
        let State::Asking(uri) = &self.state else { return };
        let uri = uri.clone();
        match result {
            Ok(reply) => match read(&self.search.question, reply) {
                Ok(uris) => self.state = State::Ending(Ok(uris)),
                Err(error) => self.fail(now, error, Some(uri)),
            },
            Err(CallFailure::Fault(fault)) => self.fail(now, NamingError::Refused(fault), Some(uri)),
            Err(CallFailure::Lost(reason)) => self.handle_lost(reason),
            Err(CallFailure::Deadline) => self.handle_lost(CloseReason::Timeout),
            Err(other) => self.fail(now, NamingError::Answer(other.to_string()), Some(uri)),
        }
    }

    /// Somebody has answered to a broadcast.
    pub(super) fn handle_datagram(&mut self, from: SocketAddr, data: &[u8]) {
        let State::Listening(round) = &self.state else { return };
        // It comes from where it was asked.
        match name_server_of(data).filter(|_| from.port() == round.port) {
            Some(uri) => self.state = State::Found(uri, self.patience),
            None => self.told.push_back(NamingStep::Ignored { from }),
        }
    }

    /// A datagram could not be sent.
    pub(super) fn handle_unsent(&mut self, port: u16, reason: &str) {
        let State::Listening(round) = &mut self.state else { return };
        if round.port != port {
            return;
        }
        round.failed += 1;
        if round.failed >= self.naming.broadcast_addresses.len() {
            self.unheard(reason.to_owned());
        }
    }

    /// Begins with the first step.
    fn begin(&mut self) {
        self.steps = plan(&self.search.at, &self.naming);
        self.tried.clear();
        self.state = State::Free;
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Connect(location, at_most) => {
                let within = at_most.map_or(self.patience, |at_most| at_most.min(self.patience));
                self.state = State::Found(Uri::pyro(NAME_SERVER, location), within);
            }
            Step::Broadcast(port) => match self.can_broadcast {
                Ok(()) => self.listen(1, port),
                Err(reason) => self.unheard(reason.to_owned()),
            },
        }
    }

    fn listen(&mut self, number: u32, port: u16) {
        let addresses = &self.naming.broadcast_addresses;
        if number == 1 {
            let within = LISTEN * ROUNDS;
            self.told.push_back(NamingStep::Broadcasting { addresses: addresses.clone(), port, within });
        }
        let datagram = |address: &String| {
            let host = if address == "<broadcast>" { "255.255.255.255" } else { address };
            Datagram { host: host.to_owned(), port, data: QUESTION }
        };
        let unsent: Vec<_> = addresses.iter().map(datagram).collect();
        if unsent.is_empty() {
            return self.unheard("no addresses are set".to_owned());
        }
        self.state = State::Listening(Round { number, port, unsent, failed: 0, deadline: None });
    }

    fn listen_again(&mut self, round: &Round) {
        if round.number < ROUNDS {
            self.listen(round.number + 1, round.port);
        } else {
            self.unheard("nobody answered".to_owned());
        }
    }

    /// The broadcast has come to nothing: the next step follows.
    fn unheard(&mut self, reason: String) {
        self.tried.push(("by broadcast".to_owned(), reason.clone()));
        self.told.push_back(NamingStep::Unheard { reason });
        self.state = State::Free;
    }

    /// Ends without success, or begins again after a while; with the name server that said so, if there is one.
    fn fail(&mut self, now: Instant, error: NamingError, at: Option<Uri>) {
        if now >= self.until || !error.may_pass() {
            self.state = State::Ending(Err(error));
            return;
        }
        let pause = (self.naming.lookup_delay / 5).clamp(SHORTEST, LONGEST).min(self.until - now);
        self.told.push_back(NamingStep::Waiting { reason: Box::new(error), pause });
        self.state = State::Pausing(now + pause, at);
    }
}
