//! An object whose calls can be watched, and a pair that hosts it.

use std::time::{Duration, Instant};

use firesteel_proto::testing::Pair;
use firesteel_proto::{
    Args, Attribute, CallFailure, Config, Context, Daemon, Fault, Items, Local, Member, Metadata, Method, Object,
    Outcome, ProxyId, Reply, Request, Responder, Stream, Value,
};

pub const URI: &str = "PYRO:thing@anywhere:1";

/// What the object does to the program around it.
#[derive(Default)]
pub struct World {
    pub log: Vec<String>,
    pub responders: Vec<Responder>,
}

pub struct Thing;

static METADATA: Metadata = Metadata::new(
    &[
        Method::new("echo").shared(),
        Method::new("nop").shared(),
        Method::new("log"),
        Method::new("later"),
        Method::new("fail"),
        Method::new("panic"),
        Method::new("raise"),
        Method::new("oneway").oneway(),
        Method::new("count"),
        Method::new("count_later"),
    ],
    &[Attribute::new("size").settable(), Attribute::new("fixed").shared()],
);

impl Object<World> for Thing {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_, World>, member: Member<'_>, args: Args<'_>) -> Outcome<World> {
        match member {
            Member::Method("echo") => {
                let (value,): (Value,) = args.bind(&["value"])?;
                cx.answer(&value)
            }
            Member::Method("nop") => {
                let () = args.bind(&[])?;
                cx.answer(&())
            }
            Member::Method("log" | "oneway") => {
                let (text,): (String,) = args.bind(&["text"])?;
                cx.world.log.push(text);
                cx.answer(&())
            }
            Member::Method("later") => {
                let (responder, deferred) = cx.defer();
                cx.world.responders.push(responder);
                Ok(deferred.into())
            }
            Member::Method("fail") => Err(Fault::new("builtins.ValueError", "no")),
            Member::Method("raise") => {
                let (class,): (String,) = args.bind(&["class_"])?;
                Err(Fault::new(class, "raised"))
            }
            Member::Method("count") => {
                let (n, broken_at): (u32, Option<u32>) = args.bind(&["n", "broken_at"])?;
                let items = (0..n)
                    .map(move |i| if Some(i) == broken_at { Err(Fault::new("builtins.KeyError", i)) } else { Ok(i) });
                Ok(Stream::fallible(items).into())
            }
            Member::Method("count_later") => Ok(Stream::from_items(Later).into()),
            Member::Method("panic") => panic!("on purpose"),
            Member::Get("size") => cx.answer(&cx.world.log.len()),
            Member::Get("fixed") => cx.answer("fixed"),
            Member::Set("size") => {
                let (size,): (usize,) = args.bind(&["value"])?;
                cx.world.log.resize(size, "set".to_owned());
                cx.answer(&())
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

/// Items that somebody else gives.
struct Later;

impl Items<World> for Later {
    fn next(&mut self, cx: &mut Context<'_, World>) -> Option<Outcome<World>> {
        let (responder, deferred) = cx.defer();
        cx.world.responders.push(responder);
        Some(Ok(deferred.into()))
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        DROPPED.with(|dropped| dropped.set(dropped.get() + 1));
    }
}

thread_local! {
    /// Streams of items that come later that were dropped.
    pub static DROPPED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

pub type ThingPair = Pair<Local<World>>;

pub fn start() -> Instant {
    // The one place where a test looks at a clock: any start will do.
    #[expect(clippy::disallowed_methods)]
    Instant::now()
}

pub fn pair() -> ThingPair {
    pair_with(Config::default(), Config::default())
}

/// A pair whose client knows nothing beyond Pyro.
pub fn plain_pair() -> ThingPair {
    let mut config = Config::default();
    config.extensions = false;
    pair_with(config, Config::default())
}

pub fn pair_with(client: Config, daemon: Config) -> ThingPair {
    let mut pair = Pair::with_configs(start(), client, daemon, Daemon::new);
    pair.daemon.register("thing", Thing).expect("registered");
    pair
}

/// A proxy that is connected already.
pub fn connected(pair: &mut ThingPair, world: &mut World) -> ProxyId {
    let proxy = pair.client.proxy(URI).expect("a uri");
    pair.call::<()>(proxy, &Request::method("nop", &()), world).expect("connected");
    proxy
}

pub fn log(pair: &mut ThingPair, proxy: ProxyId, text: &str) {
    pair.client.call(pair.now, proxy, &Request::method("log", &(text,))).expect("sent");
}

pub fn value(result: Result<Reply, CallFailure>) -> Value {
    result.expect("an answer").into_value().expect("a value").to_value().expect("readable")
}

pub const SECOND: Duration = Duration::from_secs(1);
