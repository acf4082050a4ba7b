//! Exposed methods that answer with items.

use firesteel_macros::expose;
use firesteel_proto::{CallId, Context, Fault, ObjectId, Registry, Request, Stream};

use crate::support::{Pair, in_world, local, shared};

struct Numbers {
    first: u32,
}

#[expose(crate = firesteel_proto)]
impl Numbers {
    pub fn up_to(&self, n: u32) -> Stream {
        Stream::new(self.first..n)
    }

    pub fn checked(&mut self, n: u32) -> Result<firesteel_proto::Stream, Fault> {
        if n == 0 { Err(Fault::new("builtins.ValueError", "none")) } else { Ok(self.up_to(n)) }
    }

    #[attr]
    pub fn all(&self) -> Stream {
        self.up_to(2)
    }
}

struct Names;

#[expose(crate = firesteel_proto)]
impl Names {
    pub fn all(&self, cx: &Context<'_, Vec<String>>) -> Stream<Vec<String>> {
        Stream::new(cx.world.clone())
    }
}

/// Sees any world.
struct Anywhere;

#[expose(crate = firesteel_proto)]
impl Anywhere {
    pub fn bits<W>(&self) -> Stream<W> {
        Stream::new([true, false])
    }

    pub fn checked<W>(&self) -> Result<Stream<W>, Fault> {
        Ok(self.bits())
    }
}

/// All items of the stream that this call answers with.
fn items<T: serde::de::DeserializeOwned, R: Registry>(pair: &mut Pair<R>, call: CallId) -> Vec<T> {
    let id = pair.stream(call);
    let mut items = Vec::new();
    loop {
        match pair.send(&Request::method("get_next_stream_item", &(&id,)).object(ObjectId::DAEMON)) {
            Ok(item) => items.push(item),
            Err(fault) => {
                assert!(fault.is("builtins.StopIteration"), "{fault}");
                return items;
            }
        }
    }
}

fn check<R: Registry>(mut pair: Pair<R>) {
    let up_to = pair.start(&Request::method("up_to", &(4,)));
    assert_eq!(items::<u32, _>(&mut pair, up_to), [1, 2, 3]);
    let checked = pair.start(&Request::method("checked", &(3,)));
    assert_eq!(items::<u32, _>(&mut pair, checked), [1, 2]);
    let all = pair.start(&Request::get("all"));
    assert_eq!(items::<u32, _>(&mut pair, all), [1]);
    let fault = pair.call::<()>("checked", (0,)).expect_err("a fault");
    assert_eq!(fault.to_string(), "builtins.ValueError: none");
}

#[test]
fn streams_are_returned_as_they_are() {
    check(local(Numbers { first: 1 }));
}

#[test]
fn streams_are_returned_to_threads() {
    check(shared(Numbers { first: 1 }));
}

#[test]
fn streams_belong_to_a_world() {
    let mut pair = in_world(Names, vec!["a".to_owned(), "b".to_owned()]);
    let all = pair.start(&Request::method("all", &()));
    assert_eq!(items::<String, _>(&mut pair, all), ["a", "b"]);
    let mut pair = in_world(Anywhere, 5);
    for method in ["bits", "checked"] {
        let bits = pair.start(&Request::method(method, &()));
        assert_eq!(items::<bool, _>(&mut pair, bits), [true, false]);
    }
}
