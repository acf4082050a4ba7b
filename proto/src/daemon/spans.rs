//! Spans of `tracing` around the methods that run.

use tracing::field::{Empty, display};
use tracing::span::EnteredSpan;

use super::context::Call;
use crate::fault::Fault;

/// The span of a method that runs on this thread.
pub(super) struct Running(EnteredSpan);

/// Enters the span of a call. What it is about is read only if somebody wants to know.
pub(super) fn enter(call: &Call<'_>) -> Running {
    let span = tracing::info_span!(
        target: "firesteel",
        "call",
        object = Empty,
        member = Empty,
        session = Empty,
        correlation_id = Empty,
        fault = Empty,
    );
    if !span.is_disabled() {
        let origin = call.origin();
        span.record("object", &*origin.object);
        span.record("member", &*origin.member);
        span.record("session", call.session.index());
        let id = firesteel_value::Uuid::from_bytes(call.incoming.header.correlation);
        span.record("correlation_id", display(id));
    }
    Running(span.entered())
}

impl Running {
    /// Leaves it.
    pub(super) fn end(self, fault: Option<&Fault>) {
        if let Some(fault) = fault {
            self.0.record("fault", display(fault));
        }
    }
}
