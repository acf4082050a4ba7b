//! Methods that see the context of their call, and the world.

use std::rc::Rc;

use firesteel_macros::expose;
use firesteel_proto::{Context, Fault, Object, Outcome, Request, Responder};

use crate::support::{in_world, local, shared};

#[derive(Default)]
struct World {
    names: Vec<Rc<str>>,
    waiting: Vec<Responder>,
}

trait Clock {
    fn ticks(&self) -> u64;
}

impl Clock for World {
    fn ticks(&self) -> u64 {
        self.names.len() as u64
    }
}

struct Game;

#[expose(crate = firesteel_proto)]
impl Game {
    pub fn join(&self, cx: &mut Context<'_, World>, name: &str, #[default(1)] times: usize) -> usize {
        for _ in 0..times {
            cx.world.names.push(name.into());
        }
        cx.world.names.len()
    }

    pub fn first(&self, n: usize, cx: &Context<'_, World>) -> Result<String, Fault> {
        let name = cx.world.names.get(n).ok_or_else(|| Fault::new("builtins.IndexError", n))?;
        Ok(name.to_string())
    }

    pub fn wait(&mut self, cx: &mut Context<'_, World>) -> Outcome<World> {
        let (responder, deferred) = cx.defer();
        cx.world.waiting.push(responder);
        Ok(deferred.into())
    }

    #[oneway]
    pub fn release(&mut self, cx: &mut Context<'_, World>) {
        for responder in cx.world.waiting.drain(..) {
            responder.reply(&"released");
        }
    }

    pub fn anywhere<W>(&self, cx: &mut Context<'_, W>) -> bool {
        cx.is_oneway()
    }

    #[attr]
    pub fn count(&self, cx: &Context<'_, World>) -> usize {
        cx.world.names.len()
    }

    #[attr]
    pub fn set_count(&self, cx: &mut Context<'_, World>, count: usize) {
        cx.world.names.truncate(count);
    }
}

/// Sees the context of any world.
struct Anywhere;

#[expose(crate = firesteel_proto)]
impl Anywhere {
    pub fn serializer<W>(&self, cx: &Context<'_, W>) -> String {
        cx.serializer().to_string()
    }

    pub fn echo<W>(&self, cx: &mut Context<'_, W>, n: i64) -> Outcome<W> {
        cx.answer(&n)
    }
}

/// Works in each world that has a clock.
struct Timed;

#[expose(crate = firesteel_proto)]
impl Timed {
    pub fn ticks<T: Clock>(&self, cx: &Context<'_, T>) -> u64 {
        cx.world.ticks()
    }

    pub fn twice<T>(&self, cx: &Context<'_, T>) -> u64
    where
        T: Clock,
    {
        2 * cx.world.ticks()
    }
}

/// Without a world in any signature, it is given.
struct Given;

#[expose(crate = firesteel_proto, world = World)]
impl Given {
    pub fn one(&self) -> i64 {
        1
    }
}

/// In a world of its own kind.
struct Generic<W>(std::marker::PhantomData<W>);

#[expose(crate = firesteel_proto)]
impl<W: Clock> Generic<W> {
    pub fn ticks(&self, cx: &mut Context<'_, W>) -> u64 {
        cx.world.ticks()
    }
}

/// Sees the empty world.
struct Plain;

#[expose(crate = firesteel_proto)]
impl Plain {
    pub fn local(&self, cx: &mut Context<'_>) -> bool {
        cx.peer().local
    }

    pub fn answer(&mut self, cx: &mut Context<'_>) -> Outcome {
        cx.answer("x")
    }
}

fn needs_object<W, T: Object<W>>(_: &T) {}

#[test]
fn methods_see_the_world() {
    let mut pair = in_world(Game, World::default());
    assert_eq!(pair.call("join", ("a",)), Ok(1));
    assert_eq!(pair.call("join", ("b", 2)), Ok(3));
    assert_eq!(pair.call("first", (1,)), Ok("b".to_owned()));
    assert_eq!(pair.call::<String>("first", (7,)).expect_err("a fault").to_string(), "builtins.IndexError: 7");
    assert_eq!(pair.call("anywhere", ()), Ok(false));
    assert_eq!(pair.get("count"), Ok(3));
    assert_eq!(pair.set("count", 1), Ok(()));
    assert_eq!(pair.world.names.len(), 1);
}

#[test]
fn outcomes_are_passed_on() {
    let mut pair = in_world(Game, World::default());
    pair.notify(&Request::method("wait", &()));
    assert_eq!(pair.world.waiting.len(), 1);
    pair.notify(&Request::method("release", &()));
    assert!(pair.world.waiting.is_empty());
    let waits = pair.start(&Request::method("wait", &()));
    assert_eq!(pair.world.waiting.len(), 1);
    for responder in std::mem::take(&mut pair.world.waiting) {
        responder.reply(&"released");
    }
    assert_eq!(pair.finish(waits), Ok("released".to_owned()));
}

#[test]
fn objects_without_a_world_of_their_own_live_in_any() {
    needs_object::<World, _>(&Anywhere);
    needs_object::<(), _>(&Anywhere);
    needs_object::<i64, _>(&Anywhere);
    let mut pair = in_world(Anywhere, 5);
    assert_eq!(pair.call("serializer", ()), Ok("serpent".to_owned()));
    assert_eq!(pair.call("echo", (5,)), Ok(5));
}

#[test]
fn worlds_may_have_bounds() {
    let world = || World { names: vec!["a".into()], waiting: Vec::new() };
    let mut pair = in_world(Timed, world());
    assert_eq!(pair.call("ticks", ()), Ok(1));
    assert_eq!(pair.call("twice", ()), Ok(2));
    let mut pair = in_world(Generic(std::marker::PhantomData), world());
    assert_eq!(pair.call("ticks", ()), Ok(1));
    let mut pair = in_world(Given, world());
    assert_eq!(pair.call("one", ()), Ok(1));
}

#[test]
fn the_empty_world_is_that_of_threads() {
    let mut pair = shared(Plain);
    assert_eq!(pair.call("local", ()), Ok(true));
    assert_eq!(pair.call("answer", ()), Ok("x".to_owned()));
    assert_eq!(local(Plain).call("local", ()), Ok(true));
    assert_eq!(shared(Anywhere).call("echo", (5,)), Ok(5));
}
