//! An object that can be watched, hosted in each registry.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use firesteel_proto::testing::Pair;
use firesteel_proto::{
    Args, Attribute, CallFailure, CallId, Config, Context, Daemon, Fault, Local, Member, Metadata, Method, Object,
    Outcome, ProxyId, Registry, Reply, Request, Responder, Shared, Stream, Value,
};

pub const URI: &str = "PYRO:thing@anywhere:1";

/// Makes tests of a check: one for each registry.
macro_rules! both {
    ($($check:ident),* $(,)?) => {
        mod local {$(
            #[test]
            fn $check() {
                super::$check($crate::common::local());
            }
        )*}
        mod shared {$(
            #[test]
            fn $check() {
                super::$check($crate::common::shared());
            }
        )*}
    };
}
pub(crate) use both;

/// What a test sees and steers.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<State>>);

#[derive(Default)]
pub struct State {
    pub log: Vec<String>,
    pub responders: Vec<Responder>,
}

impl Board {
    pub fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn note(&self, text: impl Into<String>) {
        self.with(|state| state.log.push(text.into()));
    }

    /// What was noted since the last time.
    pub fn take(&self) -> Vec<String> {
        self.with(|state| std::mem::take(&mut state.log))
    }

    pub fn responder(&self) -> Responder {
        self.with(|state| state.responders.remove(0))
    }
}

pub struct Thing(pub Board);

static METADATA: Metadata = Metadata::new(
    &[
        Method::new("echo").shared(),
        Method::new("fail"),
        Method::new("panic"),
        Method::new("later"),
        Method::new("count"),
        Method::new("note").oneway(),
        Method::new("note_later").oneway(),
    ],
    &[Attribute::new("size").settable()],
);

impl<W> Object<W> for Thing {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
        match member {
            Member::Method("fail") => Err(Fault::new("builtins.ValueError", "no")),
            Member::Method("panic") => panic!("on purpose"),
            Member::Method("later" | "note_later") => {
                let (responder, deferred) = cx.defer();
                self.0.with(|state| state.responders.push(responder));
                Ok(deferred.into())
            }
            Member::Method("count") => {
                let (n,): (u32,) = args.bind(&["n"])?;
                Ok(Stream::new(0..n).into())
            }
            Member::Method("note") => {
                let (text,): (String,) = args.bind(&["text"])?;
                self.0.note(text);
                cx.answer(&())
            }
            Member::Get("size") | Member::Set("size") => cx.answer(&7),
            other => self.call_shared(cx, other, args),
        }
    }

    fn call_shared(&self, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
        match member {
            Member::Method("echo") => {
                let (value,): (Value,) = args.bind(&["value"])?;
                cx.answer(&value)
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

/// A daemon with the thing, and a client.
pub struct Host<R: Registry> {
    pub pair: Pair<R>,
    pub board: Board,
}

pub fn start() -> Instant {
    // The one place where a test looks at a clock: any start will do.
    #[expect(clippy::disallowed_methods)]
    Instant::now()
}

pub fn local() -> Host<Local> {
    let mut pair: Pair<Local> = Pair::new(start(), Daemon::new);
    let board = Board::default();
    pair.daemon.register("thing", Thing(board.clone())).expect("registered");
    Host { pair, board }
}

pub fn shared() -> Host<Shared> {
    let (objects, board) = (Shared::new(), Board::default());
    objects.register("thing", Thing(board.clone())).expect("registered");
    let pair = Pair::new(start(), |now, config: Config| Daemon::shared(now, config, &objects, 4));
    Host { pair, board }
}

impl<R: Registry<World = ()>> Host<R> {
    pub fn proxy(&mut self) -> ProxyId {
        self.pair.client.proxy(URI).expect("a uri")
    }

    pub fn settle(&mut self) {
        self.pair.settle(&mut ());
    }

    pub fn call(&mut self, proxy: ProxyId, request: &Request<'_>) -> Result<Value, CallFailure> {
        self.pair.call(proxy, request, &mut ())
    }

    /// Makes a call and lets everybody do what they can.
    pub fn start(&mut self, proxy: ProxyId, request: &Request<'_>) -> CallId {
        let id = self.pair.client.call(self.pair.now, proxy, request).expect("sent");
        self.settle();
        id
    }

    pub fn end_of(&mut self, id: CallId) -> Option<Result<Reply, CallFailure>> {
        self.pair.done.remove(&id)
    }

    /// The client goes away without a word.
    pub fn cut(&mut self, proxy: ProxyId) {
        self.pair.cut(proxy);
        self.settle();
    }

    /// Checks that nothing is held for anybody, and nobody has to be told of anything.
    #[track_caller]
    pub fn assert_at_rest(&mut self) {
        self.settle();
        let counters = self.pair.daemon.counters();
        let held = (counters.sessions, counters.waiting, counters.running, counters.deferred, counters.buffered);
        assert_eq!(held, (0, 0, 0, 0, 0));
        assert_eq!((counters.streams, counters.instances, counters.objects), (0, 0, 1));
        assert_eq!(self.pair.daemon.poll_timeout(), None);
    }
}
