//! Pyro's echo server, written by hand in Rust.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use firesteel::blocking::Stopper;
use firesteel::{Args, Attribute, Context, Fault, Member, Metadata, Method, Object, Outcome, Stream, Value};

/// The name of Pyro's object.
pub const ECHO: &str = "test.echoserver";

/// Errors name the type, so it has the name of Pyro's class.
#[derive(Default)]
pub struct EchoServer {
    verbose: AtomicBool,
    /// None where nobody is to be stopped.
    stopper: Option<Stopper>,
}

static METADATA: Metadata = Metadata::new(
    &[
        Method::new("echo").shared(),
        Method::new("error").shared(),
        Method::new("error_with_text").shared(),
        Method::new("oneway_echo").shared().oneway(),
        Method::new("slow").shared(),
        Method::new("generator").shared(),
        Method::new("nan").shared(),
        Method::new("inf").shared(),
        Method::new("oneway_slow").shared().oneway(),
        Method::new("__dunder__").shared(),
        Method::new("shutdown").shared(),
        // As in Python, they are there and private.
        Method::new("_private").shared(),
        Method::new("_EchoServer__private").shared(),
    ],
    &[Attribute::new("verbose").shared().settable(), Attribute::new("_verbose").settable()],
);

impl EchoServer {
    /// One whose `shutdown` ends the server.
    pub fn new(stopper: Stopper) -> Self {
        Self { stopper: Some(stopper), ..Self::default() }
    }

    /// Answers after a while, from another thread.
    fn slowly(cx: &mut Context<'_>, text: &'static str) -> Outcome {
        let (responder, deferred) = cx.defer();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            responder.reply(text);
        });
        Ok(deferred.into())
    }
}

impl Object for EchoServer {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Set("verbose") => {
                let (onoff,): (Value,) = args.bind(&["onoff"])?;
                let truth = !matches!(onoff, Value::None | Value::Bool(false) | Value::Int(0));
                self.verbose.store(truth, Ordering::Relaxed);
                cx.answer(&())
            }
            other => self.call_shared(cx, other, args),
        }
    }

    fn call_shared(&self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        if let Member::Method(method @ ("echo" | "oneway_echo")) = member {
            let (message,): (Value,) = args.bind(&["message"])?;
            return if method == "echo" { cx.answer(&message) } else { cx.answer("bogus return value") };
        }
        let () = args.bind(&[])?;
        match member {
            Member::Method("error") => {
                Err(Fault::new("builtins.ValueError", "this is the generated error from echoserver echo() method"))
            }
            Member::Method("error_with_text") => Err(Fault::new("builtins.ValueError", "the message of the error")),
            Member::Method("slow") => Self::slowly(cx, "Finally, an answer!"),
            Member::Method("oneway_slow") => Self::slowly(cx, "bogus return value"),
            Member::Method("generator") => Ok(Stream::new(["one", "two", "three"]).into()),
            Member::Method("nan") => cx.answer(&f64::NAN),
            Member::Method("inf") => cx.answer(&f64::INFINITY),
            Member::Method("__dunder__") => cx.answer("should be allowed (dunder)"),
            Member::Method("shutdown") => {
                if let Some(stopper) = &self.stopper {
                    stopper.stop();
                }
                cx.answer(&())
            }
            Member::Get("verbose") => cx.answer(&self.verbose.load(Ordering::Relaxed)),
            other => Err(Fault::unknown(&other)),
        }
    }
}
