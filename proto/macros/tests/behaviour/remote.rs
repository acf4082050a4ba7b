//! Typed proxies, calling an exposed object.

use std::cell::RefCell;
use std::collections::BTreeMap;

use firesteel_macros::{expose, remote};
use firesteel_proto::{Blob, Fault, Payload, SerializedBlob, SerializerId};
use serde::Serialize;

use crate::support::{Blocking, local};

/// A counter somewhere.
#[remote(crate = firesteel_proto)]
pub trait Counting {
    fn peek(&self) -> i64;
    /// Adds.
    fn add(&mut self, by: i64) -> Result<i64, Fault>;
    fn mixed(&self, text: &str, pairs: &[(String, i64)], map: BTreeMap<String, Option<f64>>) -> Vec<String>;
    fn bytes(&self, data: &[u8], more: Option<&[u8]>) -> Blob;
    fn any(&self, value: impl Serialize) -> String;
    fn nothing(&self);
    fn checked(&self) -> Result<(), Fault>;
    #[oneway]
    fn reset(&mut self);
    #[oneway]
    fn reset_to(&mut self, n: i64) -> Result<(), Fault>;
    #[attr]
    fn step(&self) -> i64;
    #[attr]
    fn set_step(&mut self, step: i64);
    #[remote(name = "__len__")]
    fn len(&self) -> usize;
    #[attr]
    #[remote(name = "class")]
    fn class_name(&self) -> String;
    fn r#type(&self, r#in: i64) -> i64;
    #[cfg(not(test))]
    fn elsewhere(&self) -> NoSuchType;
}

#[derive(Default)]
struct Counter {
    n: i64,
    step: i64,
}

#[expose(crate = firesteel_proto)]
impl Counter {
    pub fn peek(&self) -> i64 {
        self.n
    }

    pub fn add(&mut self, by: i64) -> Result<i64, Fault> {
        self.n = self.n.checked_add(by).ok_or_else(|| Fault::new("builtins.OverflowError", "too much"))?;
        Ok(self.n)
    }

    pub fn mixed(&self, text: &str, pairs: Vec<(String, i64)>, map: BTreeMap<String, Option<f64>>) -> Vec<String> {
        vec![text.to_owned(), format!("{pairs:?}"), format!("{map:?}")]
    }

    pub fn bytes(&self, data: &[u8], more: Option<&[u8]>) -> Blob {
        Blob::from([data, more.unwrap_or(b"-")].concat())
    }

    pub fn any(&self, value: firesteel_proto::Value) -> String {
        value.to_string()
    }

    pub fn nothing(&self) {}

    pub fn checked(&self) -> Result<(), Fault> {
        Err(Fault::new("builtins.ValueError", "checked"))
    }

    #[oneway]
    pub fn reset(&mut self) {
        self.n = 0;
    }

    #[oneway]
    pub fn reset_to(&mut self, n: i64) {
        self.n = n;
    }

    #[attr]
    pub fn step(&self) -> i64 {
        self.step
    }

    #[attr]
    pub fn set_step(&mut self, step: i64) {
        self.step = step;
    }

    #[expose(name = "__len__")]
    pub fn size(&self) -> usize {
        3
    }

    #[attr]
    pub fn class(&self) -> &str {
        "Counter"
    }

    pub fn r#type(&self, r#in: i64) -> i64 {
        r#in
    }
}

/// The trait is there as it was written.
struct Double;

impl Counting for Double {
    fn peek(&self) -> i64 {
        2
    }
    fn add(&mut self, by: i64) -> Result<i64, Fault> {
        Ok(by)
    }
    fn mixed(&self, _: &str, _: &[(String, i64)], _: BTreeMap<String, Option<f64>>) -> Vec<String> {
        Vec::new()
    }
    fn bytes(&self, _: &[u8], _: Option<&[u8]>) -> Blob {
        Blob::default()
    }
    fn any(&self, _: impl Serialize) -> String {
        String::new()
    }
    fn nothing(&self) {}
    fn checked(&self) -> Result<(), Fault> {
        Ok(())
    }
    fn reset(&mut self) {}
    fn reset_to(&mut self, _: i64) -> Result<(), Fault> {
        Ok(())
    }
    fn step(&self) -> i64 {
        2
    }
    fn set_step(&mut self, _: i64) {}
    fn len(&self) -> usize {
        2
    }
    fn class_name(&self) -> String {
        String::new()
    }
    fn r#type(&self, r#in: i64) -> i64 {
        r#in
    }
}

fn proxy() -> CountingProxy<Blocking<firesteel_proto::Local>> {
    CountingProxy(Blocking(RefCell::new(local(Counter::default()))))
}

#[test]
fn a_proxy_calls_methods() {
    let counter = proxy();
    assert_eq!(counter.add(5), Ok(5));
    assert_eq!(counter.peek(), Ok(5));
    assert_eq!(counter.nothing(), Ok(()));
    assert_eq!(counter.any((1, "x")), Ok("(1, 'x')".to_owned()));
    assert_eq!(counter.r#type(4), Ok(4));
    assert_eq!(counter.len(), Ok(3));
    let map = BTreeMap::from([("m".to_owned(), None), ("n".to_owned(), Some(0.5))]);
    let mixed = counter.mixed("t", &[("a".to_owned(), 1)], map);
    assert_eq!(mixed, Ok(["t", r#"[("a", 1)]"#, r#"{"m": None, "n": Some(0.5)}"#].map(str::to_owned).to_vec()));
}

#[remote(crate = firesteel_proto)]
trait Looking {
    fn info(&self, blob: &SerializedBlob) -> String;
    fn take(&self, blob: SerializedBlob) -> i64;
}

struct Looker;

#[expose(crate = firesteel_proto)]
impl Looker {
    pub fn info(&self, blob: SerializedBlob) -> String {
        blob.info().to_string()
    }

    pub fn take(&self, blob: SerializedBlob) -> Result<i64, Fault> {
        Ok(blob.decode::<Vec<i64>>()?.iter().sum())
    }
}

#[test]
fn a_serialized_blob_is_passed_on() {
    let looker = LookingProxy(Blocking(RefCell::new(local(Looker))));
    let call = Payload::from_bytes(SerializerId::Serpent, &b"('o','m',[1,2],{})"[..]);
    let blob = SerializedBlob::from_payload("sums", call);
    assert_eq!(looker.info(&blob), Ok("'sums'".to_owned()));
    assert_eq!(looker.take(blob), Ok(3));
}

#[test]
fn bytes_travel_as_bytes() {
    assert_eq!(proxy().bytes(b"ab", None), Ok(Blob::from(&b"ab-"[..])));
    assert_eq!(proxy().bytes(b"ab", Some(b"c")), Ok(Blob::from(&b"abc"[..])));
}

#[test]
fn a_result_is_that_of_the_call() {
    let counter = proxy();
    assert_eq!(counter.add(i64::MAX), Ok(i64::MAX));
    assert!(counter.add(1).expect_err("a fault").is("builtins.OverflowError"));
    assert!(counter.checked().expect_err("a fault").is("builtins.ValueError"));
}

#[test]
fn a_proxy_does_not_wait_for_oneway_methods() {
    let counter = proxy();
    assert_eq!(counter.reset_to(5), Ok(()));
    assert_eq!(counter.peek(), Ok(5));
    assert_eq!(counter.reset(), Ok(()));
    assert_eq!(counter.peek(), Ok(0));
}

#[test]
fn a_proxy_reads_and_writes_attributes() {
    let counter = proxy();
    assert_eq!(counter.set_step(3), Ok(()));
    assert_eq!(counter.step(), Ok(3));
    assert_eq!(counter.class_name(), Ok("Counter".to_owned()));
}

#[test]
fn the_trait_can_be_implemented() {
    let mut double = Double;
    assert_eq!(double.add(1).map(|n| n + double.peek()), Ok(3));
}
