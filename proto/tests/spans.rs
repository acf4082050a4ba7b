//! Spans of `tracing`.
#![cfg(feature = "tracing")]

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use firesteel_proto::testing::Pair;
use firesteel_proto::{
    Args, Config, Context, Daemon, Fault, Local, Member, Metadata, Method, Object, Outcome, Registry, Request, Shared,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};

/// Notes what happens to spans.
#[derive(Clone, Default)]
struct Notes(Arc<(Mutex<Vec<String>>, AtomicU64)>);

impl Notes {
    fn note(&self, text: String) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Visit for &Notes {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.note(format!("{field}={value:?}"));
    }
}

impl Subscriber for Notes {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let metadata = span.metadata();
        assert_eq!((metadata.target(), *metadata.level()), ("firesteel", Level::INFO));
        self.note(format!("new {}", metadata.name()));
        Id::from_u64(self.0.1.fetch_add(1, Ordering::SeqCst) + 1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut &*self);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut &*self);
    }
    fn enter(&self, _: &Id) {
        self.note("enter".to_owned());
    }
    fn exit(&self, _: &Id) {
        self.note("exit".to_owned());
    }
}

struct Thing;

impl<W> Object<W> for Thing {
    fn metadata(&self) -> &Metadata {
        static METADATA: Metadata = Metadata::new(&[Method::new("run"), Method::new("panic")], &[]);
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_, W>, member: Member<'_>, _: Args<'_>) -> Outcome<W> {
        tracing::info!("inside");
        match member {
            Member::Method("run") => cx.answer(&1),
            Member::Method("panic") => panic!("on purpose"),
            other => Err(Fault::unknown(&other)),
        }
    }
}

fn check<R: Registry<World = ()>>(mut pair: Pair<R>) {
    let notes = Notes::default();
    tracing::subscriber::with_default(notes.clone(), || {
        let proxy = pair.client.proxy("PYRO:thing@anywhere:1").expect("a uri");
        for (method, fault) in
            [("run", None), ("panic", Some("builtins.RuntimeError: the method panicked: on purpose"))]
        {
            let request = Request::method(method, &()).correlation_id([0xab; 16]);
            assert_eq!(pair.call::<i64>(proxy, &request, &mut ()).is_err(), fault.is_some());
            let mut expected = vec![
                "new call".to_owned(),
                "object=\"thing\"".to_owned(),
                format!("member=\"{method}\""),
                "session=0".to_owned(),
                "correlation_id=abababab-abab-abab-abab-abababababab".to_owned(),
                "enter".to_owned(),
                "message=inside".to_owned(),
            ];
            expected.extend(fault.map(|fault| format!("fault={fault}")));
            expected.push("exit".to_owned());
            let noted = notes.take();
            assert_eq!(noted, expected);
        }
    });
}

#[test]
fn a_span_is_around_each_method() {
    // The one place where a test looks at a clock: any start will do.
    #[expect(clippy::disallowed_methods)]
    let now = Instant::now();
    let mut local: Pair<Local> = Pair::new(now, Daemon::new);
    local.daemon.register("thing", Thing).expect("registered");
    check(local);
    let objects = Shared::new();
    objects.register("thing", Thing).expect("registered");
    check(Pair::new(now, |now, config: Config| Daemon::shared(now, config, &objects, 1)));
}
