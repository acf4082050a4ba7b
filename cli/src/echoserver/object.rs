//! The object itself.

use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::Local;
use firesteel::blocking::Stopper;
use firesteel::{Args, Attribute, Context, Dialect, Fault, Member, Metadata, Method, Object, Outcome, Stream, Value};

use super::delay::Delay;
use crate::output;

/// What `test.echoserver` does. Errors name the type, so it has the name of Pyro's class.
pub struct EchoServer {
    log: Log,
    delay: Delay,
    stopper: Stopper,
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
        // Never exposed; listed because errors about them differ from those about names that are not there.
        Method::new("_private"),
        Method::new("_EchoServer__private"),
    ],
    &[Attribute::new("verbose").shared().settable(), Attribute::new("_verbose"), Attribute::new("_must_shutdown")],
);

impl EchoServer {
    /// An object whose `shutdown` ends the server.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn new(stopper: Stopper, verbose: bool) -> io::Result<Self> {
        Ok(Self { log: Log(Arc::new(AtomicBool::new(verbose))), delay: Delay::new()?, stopper })
    }

    /// Answers `text` after a while, without a thread that waits.
    fn slowly(&self, cx: &mut Context<'_>, name: &'static str, text: &'static str) -> Outcome {
        let log = self.log.clone();
        log.print(format_args!("{name}: waiting a bit..."));
        if cx.is_oneway() {
            self.delay.then(move || log.print(format_args!("{name}: returning result")));
            return cx.answer(&());
        }
        let (responder, deferred) = cx.defer();
        self.delay.then(move || {
            log.print(format_args!("{name}: returning result"));
            responder.reply(text);
        });
        Ok(deferred.into())
    }

    fn raise(&self, text: &str) -> Outcome {
        self.log.print("error: generating exception");
        Err(Fault::new("builtins.ValueError", text))
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
                self.log.0.store(onoff.is_true(), Ordering::Relaxed);
                cx.answer(&())
            }
            other => self.call_shared(cx, other, args),
        }
    }

    fn call_shared(&self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        let Member::Method(method @ ("echo" | "oneway_echo")) = member else {
            let () = args.bind(&[])?;
            return self.call_without_arguments(cx, member);
        };
        let (message,): (Value,) = args.bind(&["message"])?;
        self.log.print(format_args!("{method}: {message}"));
        if method == "echo" { cx.answer(&message) } else { cx.answer("bogus return value") }
    }
}

impl EchoServer {
    fn call_without_arguments(&self, cx: &mut Context<'_>, member: Member<'_>) -> Outcome {
        match member {
            Member::Method("error") => self.raise(match cx.dialect() {
                Dialect::Pyro5 => "this is the generated error from echoserver echo() method",
                Dialect::Pyro4 => "expected error from echoserver error() method",
            }),
            Member::Method("error_with_text") => self.raise("the message of the error"),
            Member::Method("slow") => self.slowly(cx, "slow", "Finally, an answer!"),
            Member::Method("oneway_slow") => self.slowly(cx, "oneway_slow", "bogus return value"),
            Member::Method("generator") => Ok(Stream::new(["one", "two", "three"]).into()),
            Member::Method("nan") => cx.answer(&f64::NAN),
            Member::Method("inf") => cx.answer(&f64::INFINITY),
            Member::Method("__dunder__") => cx.answer("should be allowed (dunder)"),
            Member::Method("shutdown") => {
                self.log.print("shutting down");
                // Calls that run are answered, this one included.
                self.stopper.stop();
                cx.answer(&())
            }
            Member::Get("verbose") => cx.answer(&self.log.is_on()),
            other => Err(Fault::unknown(&other)),
        }
    }
}

/// Prints the calls while `verbose` is set.
#[derive(Clone)]
struct Log(Arc<AtomicBool>);

impl Log {
    fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn print(&self, text: impl Display) {
        if self.is_on() {
            // In the form of Python's time.asctime(). That nobody reads it any more is no reason to end.
            let _ = output::line(format_args!("{} - {text}", Local::now().format("%a %b %e %H:%M:%S %Y")));
        }
    }
}
