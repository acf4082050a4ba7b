//! The correlation id of the current thread.

use std::cell::Cell;

use firesteel_proto::Request;

thread_local! {
    static CURRENT: Cell<Option<[u8; 16]>> = const { Cell::new(None) };
}

/// The correlation id of the current thread: that of the call whose method runs on it in a
/// [`Server`](crate::Server), or the one of [`with_correlation_id`].
///
/// Calls that are made with a [`Proxy`](crate::Proxy) on the thread carry it on, unless their request has one of its
/// own, as with Pyro's `current_context.correlation_id`. A thread that the method starts knows nothing of it.
pub fn correlation_id() -> Option<[u8; 16]> {
    CURRENT.get()
}

/// Runs `f` with a correlation id for the calls that it makes on this thread; none ends one that is set.
///
/// ```
/// use firesteel_blocking::{correlation_id, with_correlation_id};
///
/// with_correlation_id(Some([7; 16]), || assert_eq!(correlation_id(), Some([7; 16])));
/// assert_eq!(correlation_id(), None);
/// ```
pub fn with_correlation_id<T>(id: Option<[u8; 16]>, f: impl FnOnce() -> T) -> T {
    struct Back(Option<[u8; 16]>);
    impl Drop for Back {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let _back = Back(CURRENT.replace(id));
    f()
}

/// Makes an id that of the thread, and gives the former one.
pub(crate) fn swap(id: Option<[u8; 16]>) -> Option<[u8; 16]> {
    CURRENT.replace(id)
}

/// The request with the thread's id, unless it has its own.
#[inline]
pub(crate) fn correlated(request: Request<'_>) -> Request<'_> {
    match CURRENT.get() {
        Some(id) if !request.has_correlation_id() => request.correlation_id(id),
        _ => request,
    }
}
