//! Objects with type parameters, and impl blocks that come out of other macros.

use std::collections::BTreeMap;
use std::fmt::Display;

use firesteel_macros::expose;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::{local, shared};

struct Stack<T, const N: usize> {
    items: Vec<T>,
}

#[expose(crate = firesteel_proto)]
impl<T, const N: usize> Stack<T, N>
where
    T: Clone + Serialize + DeserializeOwned,
{
    const FULL: usize = N;

    pub fn push(&mut self, item: T) -> bool {
        self.items.push(item);
        self.items.len() >= Self::FULL
    }

    pub fn push_ref(&mut self, item: &T, #[default] more: &[T]) {
        self.items.push(item.clone());
        self.items.extend_from_slice(more);
    }

    pub fn items(&self) -> &[T] {
        &self.items
    }

    #[attr]
    pub fn top(&self) -> Option<&T> {
        self.items.last()
    }
}

struct Borrowing<'a> {
    name: &'a str,
}

// Without the option, the library is the facade.
#[expose]
impl<'a> Borrowing<'a> {
    pub fn name(&self) -> &'a str {
        self.name
    }

    pub fn join<'b>(&'b self, more: &'b str) -> String {
        [self.name, more].concat()
    }

    pub fn show(&self) -> impl Display + Serialize {
        self.name
    }
}

macro_rules! object {
    ($name:ident, $type:ty, $($method:ident),*) => {
        struct $name;

        #[expose(crate = firesteel_proto)]
        impl $name {
            $(pub fn $method(&self, value: $type, lent: &$type, maybe: Option<$type>) -> $type {
                value + lent + maybe.unwrap_or_default()
            })*
        }
    };
}

object!(FromMacro, i64, one, two);

#[test]
fn objects_may_be_generic() {
    let mut pair = local(Stack::<String, 2> { items: Vec::new() });
    assert_eq!(pair.call("push", ("a",)), Ok(false));
    assert_eq!(pair.call("push", ("b",)), Ok(true));
    assert_eq!(pair.call("push_ref", ("c", ["d"])), Ok(()));
    assert_eq!(pair.get("top"), Ok(Some("d".to_owned())));
    assert_eq!(pair.call("items", ()), Ok(["a", "b", "c", "d"].map(str::to_owned)));
    let mut pair = shared(Stack::<BTreeMap<String, i64>, 1> { items: Vec::new() });
    assert_eq!(pair.call("push", (BTreeMap::from([("a", 1)]),)), Ok(true));
}

#[test]
fn objects_may_have_lifetimes() {
    let mut pair = local(Borrowing { name: "static" });
    assert_eq!(pair.call("name", ()), Ok("static".to_owned()));
    assert_eq!(pair.call("join", ("!",)), Ok("static!".to_owned()));
    assert_eq!(pair.call("show", ()), Ok("static".to_owned()));
}

#[test]
fn impl_blocks_may_come_from_macros() {
    let mut pair = local(FromMacro);
    assert_eq!(pair.call("one", (1, 2)), Ok(3));
    assert_eq!(pair.call("two", (1, 2, 3)), Ok(6));
}
