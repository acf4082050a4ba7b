//! What methods promise of their calls: to keep an order, or to bear being made again.

use std::cell::Cell;

use firesteel_macros::{expose, remote};
use firesteel_proto::{Caller, Object, Request};
use serde::de::DeserializeOwned;

struct Log;

#[expose(crate = firesteel_proto)]
impl Log {
    #[oneway]
    #[ordered]
    pub fn write(&self, _line: &str) {}

    #[oneway]
    pub fn hint(&self) {}
}

#[remote(crate = firesteel_proto)]
pub trait Account {
    #[idempotent]
    fn balance(&self) -> i64;
    #[idempotent]
    #[attr]
    fn owner(&self) -> String;
    fn pay(&mut self, amount: i64) -> i64;
}

/// Notes whether a call may be made again.
#[derive(Default)]
struct Watching(Cell<Option<bool>>);

impl Caller for &Watching {
    type Out<T: DeserializeOwned> = ();

    fn call_request<T: DeserializeOwned>(&self, request: Request<'_>) {
        self.0.set(Some(request.has_retries()));
    }

    fn notify_request(&self, _: Request<'_>) {}
}

#[test]
fn an_ordered_method_says_so() {
    let ordered = |name| <Log as Object>::metadata(&Log).method(name).map(|flags| flags.ordered);
    assert_eq!((ordered("write"), ordered("hint")), (Some(true), Some(false)));
}

#[test]
fn calls_of_idempotent_methods_may_be_made_again() {
    let caller = Watching::default();
    let account = AccountProxy(&caller);
    account.balance();
    assert_eq!(caller.0.take(), Some(true));
    account.owner();
    assert_eq!(caller.0.take(), Some(true));
    account.pay(5);
    assert_eq!(caller.0.take(), Some(false));
}
