//! The client: proxies whose calls are futures.

mod after;
mod any_line;
mod broadcasts;
mod call;
mod drive;
mod keeper;
mod line;
mod links;
mod proxy;
mod rebind;
mod remote;
mod scope;
mod senders;
mod stream;
mod waiters;

pub use call::Call;
pub use proxy::{Connector, Proxy};
pub use remote::Cork;
pub use scope::{correlation_id, with_correlation_id};
pub use stream::RemoteStream;
