//! An object that shows what methods in Rust can do.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use firesteel::{
    Args, Attribute, Context, Defaulted, Fault, Member, Metadata, Method, Object, Outcome, Responder, Value,
};

use crate::support::TIMEOUT;

pub const WORKSHOP: &str = "test.workshop";

#[derive(Default)]
pub struct Workshop {
    released: Mutex<bool>,
    release: Condvar,
    /// Calls whose answers somebody else gives.
    orders: Mutex<Vec<Responder>>,
}

static METADATA: Metadata = Metadata::new(
    &[
        Method::new("hold").shared(),
        Method::new("release").shared(),
        Method::new("echo").shared(),
        Method::new("add").shared(),
        Method::new("later").shared(),
        Method::new("order").shared(),
        Method::new("deliver").shared(),
        Method::new("forget").shared(),
        Method::new("annotate").shared(),
        Method::new("context").shared(),
        Method::new("fail").shared(),
        Method::new("panic").shared(),
    ],
    &[Attribute::new("broken").shared()],
);

impl Workshop {
    /// Waits on a worker's thread until somebody calls `release`.
    fn hold(&self, cx: &mut Context<'_>) -> Outcome {
        let released = self.released.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.release.wait_timeout_while(released, TIMEOUT, |released| !*released);
        let waited = waited.unwrap_or_else(PoisonError::into_inner);
        cx.answer(if waited.1.timed_out() { "nobody came" } else { "released" })
    }

    fn release(&self, cx: &mut Context<'_>) -> Outcome {
        *self.released.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.release.notify_all();
        cx.answer(&())
    }

    fn later(cx: &mut Context<'_>, value: Value) -> Outcome {
        let (responder, deferred) = cx.defer();
        thread::spawn(move || match value {
            Value::None => responder.fail(Fault::new("builtins.LookupError", "there was nothing")),
            value => responder.reply(&value),
        });
        Ok(deferred.into())
    }

    fn order(&self, cx: &mut Context<'_>) -> Outcome {
        let (responder, deferred) = cx.defer();
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).push(responder);
        Ok(deferred.into())
    }

    /// Answers all orders that wait, and says how many they were.
    fn deliver(&self, cx: &mut Context<'_>, value: &Value) -> Outcome {
        let orders = std::mem::take(&mut *self.orders.lock().unwrap_or_else(PoisonError::into_inner));
        let count = orders.len();
        for order in orders {
            order.reply(value);
        }
        cx.answer(&count)
    }

    fn context(cx: &mut Context<'_>) -> Outcome {
        let annotations: Vec<_> = cx
            .annotations()
            .iter()
            .map(|(name, value)| (String::from_utf8_lossy(&name).into_owned(), String::from_utf8_lossy(value)))
            .collect();
        let correlation = u128::from_be_bytes(cx.correlation_id()).to_string();
        cx.answer(&(annotations, correlation, cx.sequence(), cx.is_oneway(), cx.peer().address.is_some()))
    }
}

impl Object for Workshop {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        self.call_shared(cx, member, args)
    }

    fn call_shared(&self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Method("hold") => self.hold(cx),
            Member::Method("release") => self.release(cx),
            Member::Method("order") => self.order(cx),
            Member::Method("echo") => {
                let (value,): (Value,) = args.bind(&["value"])?;
                cx.answer(&value)
            }
            Member::Method("add") => {
                let (a, b, c): (i64, Defaulted<i64>, Option<i64>) = args.bind(&["a", "b", "c"])?;
                cx.answer(&(a + b.0.unwrap_or(10) + c.unwrap_or(100)))
            }
            Member::Method("later") => {
                let (value,): (Value,) = args.bind(&["value"])?;
                Self::later(cx, value)
            }
            Member::Method("deliver") => {
                let (value,): (Value,) = args.bind(&["value"])?;
                self.deliver(cx, &value)
            }
            Member::Method("forget") => {
                let (responder, deferred) = cx.defer();
                drop(responder);
                Ok(deferred.into())
            }
            Member::Method("annotate") => {
                let (name, text): (String, String) = args.bind(&["name", "text"])?;
                let name =
                    name.into_bytes().try_into().map_err(|_| Fault::new("builtins.ValueError", "four letters"))?;
                cx.annotate(name, text.into_bytes());
                cx.answer(&())
            }
            Member::Method("context") => Self::context(cx),
            Member::Method("fail") => {
                let (class, args, code): (String, Vec<Value>, Option<Value>) =
                    args.bind(&["class_name", "arguments", "code"])?;
                let fault = Fault { class, args, ..Fault::default() };
                Err(match code {
                    Some(code) => fault.with_attribute("code", code),
                    None => fault,
                })
            }
            Member::Method("panic") => panic!("this is the text of a panic"),
            Member::Get("broken") => Err(Fault::new("builtins.RuntimeError", "it is broken")),
            other => Err(Fault::unknown(&other)),
        }
    }
}
