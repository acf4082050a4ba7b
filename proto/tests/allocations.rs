//! What a call allocates, and what an idle session holds.
//!
//! The whole file is one test: the counting allocator sees all threads of its program.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Buf;
use firesteel_proto::{
    Args, Budget, Client, Config, Context, Daemon, Machine, Member, Metadata, Method, Object, Outcome, Peer,
    ProxyEvent, Registry, Request, Shared,
};

struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);
static HELD: AtomicUsize = AtomicUsize::new(0);

// The trait is unsafe; what it does here is count and pass on.
#[expect(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Echo;

static METADATA: Metadata = Metadata::new(&[Method::new("nop"), Method::new("echo")], &[]);

impl Object for Echo {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        if member == Member::Method("nop") {
            let () = args.bind(&[])?;
            return cx.answer(&());
        }
        let (text,): (&str,) = args.bind(&["text"])?;
        cx.answer(text)
    }
}

/// Passes bytes on, and counts what `to` allocates for them.
fn pass(from: &mut impl Machine, to: &mut impl Machine, now: Instant) -> usize {
    let mut count = 0;
    while let Some(mut transmit) = from.poll_transmit() {
        let before = COUNT.load(Ordering::Relaxed);
        to.handle_input(now, transmit.chunk());
        count += COUNT.load(Ordering::Relaxed) - before;
        let n = transmit.chunk().len();
        transmit.advance(n);
    }
    count
}

/// One call; gives what each side allocated for it.
fn call<R: Registry<World = ()>>(
    client: &mut Client,
    daemon: &mut Daemon<R>,
    ids: (firesteel_proto::ConnId, firesteel_proto::ProxyId, firesteel_proto::SessionId),
    request: &Request<'_>,
    now: Instant,
) -> (usize, usize) {
    let (connection, proxy, session) = ids;
    let start = COUNT.load(Ordering::Relaxed);
    client.call(now, proxy, request).expect("sent");
    let mut calling = COUNT.load(Ordering::Relaxed) - start;
    let mut hosting =
        pass(&mut client.connection(connection).expect("alive"), &mut daemon.session(session).expect("alive"), now);
    let start = COUNT.load(Ordering::Relaxed);
    daemon.dispatch(now, &mut (), Budget::UNLIMITED);
    while daemon.poll_session().is_some() {}
    hosting += COUNT.load(Ordering::Relaxed) - start;
    calling +=
        pass(&mut daemon.session(session).expect("alive"), &mut client.connection(connection).expect("alive"), now);
    while let Some(event) = client.poll_event() {
        if let ProxyEvent::Done { result, .. } = event {
            result.expect("answered");
        }
    }
    (calling, hosting)
}

/// Asserts what calls allocate, once everything is warm.
fn check_calls<R: Registry<World = ()>>(daemon: &mut Daemon<R>, now: Instant) {
    let session = daemon.open(now, Peer::default(), None).expect("opened");
    let mut client = Client::new(now, Config::default());
    let (connection, proxy) = client.adopt(now, "echo", None);
    let ids = (connection, proxy, session);

    let text = "x".repeat(64);
    for _ in 0..100 {
        call(&mut client, daemon, ids, &Request::method("nop", &()), now);
        call(&mut client, daemon, ids, &Request::method("echo", &(&text,)), now);
    }
    for _ in 0..100 {
        // The client's one allocation is the answer's payload.
        assert_eq!(call(&mut client, daemon, ids, &Request::method("nop", &()), now), (1, 0));
        let args = (text.as_str(),);
        let (calling, hosting) = call(&mut client, daemon, ids, &Request::method("echo", &args), now);
        assert_eq!((calling, hosting), (1, 0), "the argument is borrowed from the message");
    }
}

#[test]
fn a_call_allocates_what_its_answer_needs_and_an_idle_session_holds_its_slot() {
    #[expect(clippy::disallowed_methods)]
    let now = Instant::now();
    let mut daemon: Daemon = Daemon::new(now, Config::default());
    daemon.register("echo", Echo).expect("registered");
    check_calls(&mut daemon, now);
    let objects = Shared::new();
    objects.register("echo", Echo).expect("registered");
    check_calls(&mut Daemon::shared(now, Config::default(), &objects, 2), now);

    // Sessions that were used and are idle now.
    const SESSIONS: usize = 2_000;
    let before = HELD.load(Ordering::Relaxed);
    for _ in 0..SESSIONS {
        let session = daemon.open(now, Peer::default(), None).expect("opened");
        call_raw(&mut daemon, session, now);
    }
    let each = (HELD.load(Ordering::Relaxed) - before) / SESSIONS;
    // Its slot of some 400 bytes in a table that doubles, and who is at the other end.
    assert!(each <= 1_000, "an idle session holds {each} bytes");
}

/// A PING over a session, by hand.
fn call_raw(daemon: &mut Daemon, session: firesteel_proto::SessionId, now: Instant) {
    use firesteel_proto::wire::{Dialect, Flags, FrameStart, Head, MessageType, OwnedAnnotations};
    let mut bytes = Vec::new();
    let head = Head {
        dialect: Dialect::Pyro5,
        kind: MessageType::Ping,
        serializer: 1,
        flags: Flags::NONE,
        sequence: 1,
        correlation: None,
        compress: false,
    };
    FrameStart::begin(&mut bytes, head, &OwnedAnnotations::default(), None).finish(&mut bytes, 0, 100).expect("fits");
    let mut machine = daemon.session(session).expect("alive");
    machine.handle_input(now, &bytes);
    let answer = machine.poll_transmit().expect("a pong").take();
    assert_eq!(answer.len(), 44);
    while daemon.poll_session().is_some() {}
}
