//! The correlation id of the current task.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;

use firesteel_proto::Request;

thread_local! {
    static CURRENT: Cell<Option<[u8; 16]>> = const { Cell::new(None) };
}

/// The correlation id of the future that is being polled: see [`with_correlation_id`].
pub fn correlation_id() -> Option<[u8; 16]> {
    CURRENT.get()
}

/// Runs a future with a correlation id for the calls that it makes; none ends one that is set.
///
/// Calls that are made with a [`Proxy`](crate::Proxy) while the future is polled carry it, unless their request has one
/// of its own, as with Pyro's `current_context.correlation_id`. It follows the future from thread to thread; a task that
/// the future starts knows nothing of it.
///
/// ```
/// use firesteel_async::{correlation_id, with_correlation_id};
/// # fn block_on(future: impl Future<Output = ()>) {
/// #     let mut future = std::pin::pin!(future);
/// #     let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// #     assert!(std::future::Future::poll(future.as_mut(), &mut cx).is_ready());
/// # }
///
/// block_on(with_correlation_id(Some([7; 16]), async {
///     assert_eq!(correlation_id(), Some([7; 16]));
/// }));
/// assert_eq!(correlation_id(), None);
/// ```
pub async fn with_correlation_id<F: Future>(id: Option<[u8; 16]>, future: F) -> F::Output {
    struct Back(Option<[u8; 16]>);
    impl Drop for Back {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let mut future = pin!(future);
    poll_fn(|cx| {
        let _back = Back(CURRENT.replace(id));
        future.as_mut().poll(cx)
    })
    .await
}

/// The request with the current id, unless it has its own.
pub(super) fn correlated(request: Request<'_>) -> Request<'_> {
    match CURRENT.get() {
        Some(id) if !request.has_correlation_id() => request.correlation_id(id),
        _ => request,
    }
}
