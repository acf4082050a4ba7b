//! What typed proxies are written over.

use serde::de::DeserializeOwned;

use crate::connection::Request;

/// Something that makes calls: blocking, asynchronous, or your own.
///
/// `#[remote]` writes one typed proxy for all of them; what a call gives is the caller's choice:
/// a result, or a future.
pub trait Caller {
    /// What a call gives.
    type Out<T: DeserializeOwned>;

    /// Makes a call.
    fn call_request<T: DeserializeOwned>(&self, request: Request<'_>) -> Self::Out<T>;

    /// Makes a call that is not answered.
    fn notify_request(&self, request: Request<'_>) -> Self::Out<()>;
}

impl<C: Caller> Caller for &C {
    type Out<T: DeserializeOwned> = C::Out<T>;

    fn call_request<T: DeserializeOwned>(&self, request: Request<'_>) -> Self::Out<T> {
        (**self).call_request(request)
    }

    fn notify_request(&self, request: Request<'_>) -> Self::Out<()> {
        (**self).notify_request(request)
    }
}
