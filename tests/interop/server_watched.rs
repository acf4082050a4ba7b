//! What hooks and counters of a daemon tell of Python's calls.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use firesteel::blocking::Server;
use firesteel::wire::Annotations;
use firesteel::{CallInfo, CallOutcome, Fault, Hooks, Member, Registry};
use firesteel_testkit::Python;

use crate::hosted::WORKERS;
use crate::pyro_tests::{local, serve, shared};
use crate::support::TIMEOUT;

type Log = Arc<Mutex<Vec<String>>>;

/// Writes down how each call ended, and lets nobody echo.
struct Watch(Log);

impl Watch {
    fn note(&self, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }
}

impl Hooks for Watch {
    fn before(&mut self, call: &CallInfo<'_>, annotations: Annotations<'_>) -> Result<(), Fault> {
        if call.member.name() == "echo" {
            return Err(Fault::new("builtins.PermissionError", "not today"));
        }
        if annotations.iter().any(|(key, _)| key == *b"XYZZ") {
            self.note("annotated".to_owned());
        }
        Ok(())
    }

    fn failed(&mut self, _: &CallInfo<'_>, fault: &Fault) {
        self.note(format!("failed: {}", fault.class));
    }

    fn after(&mut self, call: &CallInfo<'_>, _: Instant, outcome: CallOutcome<'_>) {
        let kind = match call.member {
            Member::Method(_) => "",
            Member::Get(_) => "get ",
            Member::Set(_) => "set ",
        };
        let how = match outcome {
            CallOutcome::Fault(_) => "fault",
            CallOutcome::Stream => "stream",
            _ => "value",
        };
        let flags = [(call.oneway, " oneway"), (call.batch, " batch")].map(|(is, text)| if is { text } else { "" });
        let id = u128::from_be_bytes(call.correlation_id);
        let flags = flags.concat();
        self.note(format!("{} {kind}{}: {how}{flags}, id {id}", call.object, call.member.name()));
    }
}

const PROGRAM: &str = "
import sys, uuid
from checking import equal, raises
from generation import BatchProxy, Proxy, config, current_context
config.COMMTIMEOUT = 30.0
current_context.correlation_id = uuid.UUID(int=7)
with Proxy(sys.argv[1]) as p:
    equal(p.multiply(2, 3), 6)
    raises(ZeroDivisionError, None, p.divide, 1, 0)
    raises(PermissionError, 'not today', p.echo, 1)
    p.value = 5
    equal(p.value, 5)
    p.oneway_multiply(1, 1)
    batch = BatchProxy(p)
    batch.multiply(2, 3)
    batch.divide(1, 0)
    batch.multiply(2, 3)
    results = batch()
    equal(next(results), 6)
    raises(ZeroDivisionError, None, next, results)
    current_context.annotations = {'XYZZ': b'x'}
    p.ping()
    current_context.annotations = {}
    equal(p.delay(0.1), 'slept 0.1 seconds')
print('ALL OK')
";

const SEEN: [&str; 12] = [
    "something multiply: value, id 7",
    "failed: builtins.ZeroDivisionError",
    "something divide: fault, id 7",
    "something set value: value, id 7",
    "something get value: value, id 7",
    "something oneway_multiply: value oneway, id 7",
    "something multiply: value batch, id 7",
    "failed: builtins.ZeroDivisionError",
    "something divide: fault batch, id 7",
    "annotated",
    "something ping: value, id 7",
    "something delay: value, id 7",
];

/// Visits a server of each generation in turn.
fn watched<R: Registry + 'static>(
    make: fn() -> Server<R>,
    set: fn(&mut Server<R>, Watch),
    run: fn(&mut Server<R>) -> std::io::Result<()>,
) {
    for generation in ["5", "4"] {
        let log = Log::default();
        let watch = Watch(Arc::clone(&log));
        let make = move || {
            let mut server = make();
            set(&mut server, watch);
            server
        };
        let (uri, stopper, thread) = serve(make, run);
        let output = Python::source(PROGRAM).env("GENERATION", generation).arg(uri).run(TIMEOUT);
        assert!(output.stdout.ends_with("ALL OK\n"), "Pyro{generation}: {output:?}");
        stopper.stop();
        let counters = thread.join().expect("no panic");
        assert_eq!(*log.lock().unwrap_or_else(PoisonError::into_inner), SEEN, "Pyro{generation}");
        // The one that was refused is an error, too.
        assert_eq!((counters.calls, counters.errors, counters.opened), (10, 3, 1), "{counters:?}");
        assert!(counters.bytes_in > 500 && counters.bytes_out > 500, "{counters:?}");
    }
}

#[test]
fn hooks_and_counters_tell_of_pythons_calls_on_one_thread() {
    watched(local, |server, watch| server.daemon.set_hooks(watch), Server::run);
}

#[test]
fn hooks_and_counters_tell_of_pythons_calls_on_several_threads() {
    watched(shared, |server, watch| server.daemon.set_hooks(watch), |server| server.run_threads(WORKERS + 1));
}
