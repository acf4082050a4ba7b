//! One whole call in memory: encode, decode, dispatch, answer, decode; both sides, no socket.

use std::hint::black_box;
use std::time::Instant;

use bytes::Buf;
use criterion::{Criterion, criterion_group, criterion_main};
use firesteel::wire::{HEADER_LEN, Header};
use firesteel::{
    Args, Budget, Client, Config, ConnId, Context, Daemon, Fault, Machine, Member, Metadata, Method, Object, Outcome,
    Peer, ProxyEvent, ProxyId, Request, SessionId,
};

struct Bench;

static METADATA: Metadata = Metadata::new(&[Method::new("nop"), Method::new("echo")], &[]);

impl Object for Bench {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Method("nop") => {
                let () = args.bind(&[])?;
                cx.answer(&())
            }
            Member::Method("echo") => {
                let (text,): (&str,) = args.bind(&["text"])?;
                cx.answer(text)
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

/// A client and a daemon, with nothing between them.
struct Both {
    client: Client,
    daemon: Daemon,
    connection: ConnId,
    proxy: ProxyId,
    session: SessionId,
    now: Instant,
}

impl Both {
    fn new() -> Self {
        let now = Instant::now();
        let mut daemon = Daemon::new(now, Config::default());
        daemon.register("bench", Bench).expect("registered");
        let session = daemon.open(now, Peer::default(), None).expect("opened");
        let mut client = Client::new(now, Config::default());
        let (connection, proxy) = client.adopt(now, "bench", None);
        Self { client, daemon, connection, proxy, session, now }
    }

    fn call(&mut self, request: &Request<'_>) {
        self.client.call(self.now, self.proxy, request).expect("sent");
        let mut machine = self.client.connection(self.connection).expect("alive");
        shuttle(&mut machine, &mut self.daemon.session(self.session).expect("alive"), self.now);
        self.daemon.dispatch(self.now, &mut (), Budget::calls(8));
        while let Some(session) = self.daemon.poll_session() {
            let mut machine = self.client.connection(self.connection).expect("alive");
            shuttle(&mut self.daemon.session(session).expect("alive"), &mut machine, self.now);
        }
        while let Some(event) = self.client.poll_event() {
            if let ProxyEvent::Done { result, .. } = event {
                black_box(result.expect("answered"));
            }
        }
    }
}

fn shuttle(from: &mut impl Machine, to: &mut impl Machine, now: Instant) {
    while let Some(mut transmit) = from.poll_transmit() {
        let chunk = transmit.chunk();
        to.handle_input(now, chunk);
        let n = chunk.len();
        transmit.advance(n);
    }
}

fn calls(criterion: &mut Criterion) {
    let mut both = Both::new();
    let text = "x".repeat(64);
    criterion.bench_function("call/nop", |bencher| bencher.iter(|| both.call(&Request::method("nop", &()))));
    criterion.bench_function("call/echo64", |bencher| bencher.iter(|| both.call(&Request::method("echo", &(&text,)))));
}

fn header(criterion: &mut Criterion) {
    let mut both = Both::new();
    both.client.call(both.now, both.proxy, &Request::method("nop", &())).expect("sent");
    let mut machine = both.client.connection(both.connection).expect("alive");
    let bytes = machine.poll_transmit().expect("a message").take();
    criterion.bench_function("header/decode", |bencher| {
        bencher.iter(|| Header::parse(black_box(&bytes[..HEADER_LEN])).expect("a header"));
    });
}

criterion_group!(benches, calls, header);
criterion_main!(benches);
