//! firesteel answers what Pyro's clients said, as Pyro's server did.

use std::net::SocketAddr;
use std::time::Instant;

use firesteel::wire::Header;
use firesteel::{
    Args, Context, Daemon, DaemonEvent, Local, Machine, Member, Metadata, Object, Outcome, Peer, SessionId,
};
use firesteel_testkit::{Sender, Transcript};

use crate::echo::{ECHO, EchoServer};
use crate::raw::Message;
use crate::support::Numbers;
use crate::transcripts::{PIECES, config_of, for_a_server, is_on_a_socketpair, meaning, messages, pieces};

#[test]
fn the_answers_are_those_of_pyro() {
    for transcript in for_a_server() {
        for max in PIECES {
            Replay::new(&transcript).run(max);
        }
    }
}

#[test]
fn the_answers_are_the_same_when_all_comes_at_once() {
    for transcript in for_a_server() {
        let mut replay = Replay::new(&transcript);
        let all = transcript.sent_by(Sender::Client).collect::<Vec<_>>().concat();
        replay.feed(&all);
        replay.dispatch(8);
        replay.end();
        replay.compare();
    }
}

/// A daemon in memory, with one session.
struct Replay<'t> {
    transcript: &'t Transcript,
    daemon: Daemon<Local>,
    session: SessionId,
    now: Instant,
    sent: Vec<u8>,
    closed: bool,
}

impl<'t> Replay<'t> {
    fn new(transcript: &'t Transcript) -> Self {
        let now = Instant::now();
        let mut config = config_of(transcript);
        config.seed = Some([7; 16]);
        let mut daemon: Daemon<Local> = Daemon::new(now, config);
        if transcript.name == "annotations" {
            daemon.register(ECHO, Annotating(EchoServer::default())).expect("a free name");
        } else {
            daemon.register(ECHO, EchoServer::default()).expect("a free name");
        }
        let peer = if is_on_a_socketpair(transcript) {
            Peer::default()
        } else {
            Peer::from(SocketAddr::from(([127, 0, 0, 1], 1)))
        };
        let session = daemon.open(now, peer, None).expect("room for a session");
        Self { transcript, daemon, session, now, sent: Vec::new(), closed: false }
    }

    /// Feeds what the client said in pieces, step by step.
    fn run(mut self, max: usize) {
        let mut numbers = Numbers::new(max as u64);
        for step in self.transcript.steps.iter().filter(|step| step.sender == Sender::Client) {
            for piece in pieces(&step.bytes, &mut numbers, max) {
                self.feed(piece);
                self.dispatch(1);
            }
        }
        self.end();
        self.compare();
    }

    fn feed(&mut self, bytes: &[u8]) {
        if let Some(mut session) = self.daemon.session(self.session) {
            session.handle_input(self.now, bytes);
        }
        self.collect();
    }

    fn dispatch(&mut self, budget: usize) {
        while self.daemon.dispatch(self.now, &mut (), firesteel::Budget::calls(budget)).more {}
        self.collect();
    }

    fn collect(&mut self) {
        if let Some(mut session) = self.daemon.session(self.session) {
            while let Some(transmit) = session.poll_transmit() {
                self.sent.extend_from_slice(&transmit.take());
            }
        }
        while self.daemon.poll_session().is_some() {}
        while let Some(event) = self.daemon.poll_event() {
            assert!(matches!(event, DaemonEvent::Closed { .. }), "{event:?}");
            self.closed = true;
        }
    }

    /// Whoever ended the connection ends it now.
    fn end(&mut self) {
        let name = &self.transcript.name;
        if self.transcript.ended_by == Sender::Client {
            assert!(!self.closed, "{name}: closed too early");
            if let Some(mut session) = self.daemon.session(self.session) {
                session.handle_eof(self.now);
            }
            self.dispatch(8);
        }
        assert!(self.closed, "{name}: still open");
        assert!(self.daemon.session(self.session).is_none());
    }

    fn compare(&self) {
        let name = &self.transcript.name;
        let mut ours = Vec::new();
        let mut rest = self.sent.as_slice();
        while let Some((message, length)) = Message::read(rest) {
            ours.push(message);
            rest = &rest[length..];
        }
        assert_eq!(rest, b"", "{name}: half a message");
        let theirs = messages(&self.transcript.steps, Sender::Server);
        assert_eq!(ours.len(), theirs.len(), "{name}: {ours:#?}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(meaning(ours, self.transcript), meaning(theirs, self.transcript), "{name}");
            self.compare_correlation(ours, theirs);
        }
    }

    /// There always is one: the client's where it gave one, else one of our own.
    fn compare_correlation(&self, ours: &Message, theirs: &Message) {
        let id = ours.header.correlation_id();
        assert_ne!(id, Some([0; 16]), "{}: no correlation id", self.transcript.name);
        let given = self
            .transcript
            .sent_by(Sender::Client)
            // What is no Pyro message has none.
            .filter_map(|request| Header::parse(request).ok()??.correlation_id())
            .any(|id| Some(id) == theirs.header.correlation_id());
        if given {
            assert_eq!(id, theirs.header.correlation_id());
        }
    }
}

/// An echo server whose answers all have the recorded daemon's annotations.
struct Annotating(EchoServer);

impl Object for Annotating {
    fn metadata(&self) -> &Metadata {
        self.0.metadata()
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        cx.annotate(*b"DMON", "from the daemon");
        cx.annotate(*b"NULL", "");
        self.0.call(cx, member, args)
    }
}
