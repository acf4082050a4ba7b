//! Layer 1, the wire: messages of protocols 502 and 48 and their bytes. No state, no IO.
//!
//! A message is a [`Header`], [annotations](Annotations) and a payload, as laid out in Pyro5's
//! `protocol.py` and Pyro4's `message.py`. Payloads are compressed with zlib when the `COMPRESSED` flag is
//! set; annotations never are. What both [dialects](Dialect) have has one form here.

mod annotations;
mod compress;
mod dialect;
mod extensions;
mod flags;
mod header;
mod hmac;
mod message;

pub use annotations::{AnnotationKey, Annotations, OwnedAnnotations};
pub use compress::{COMPRESS_ABOVE, decompress};
pub use dialect::Dialect;
pub use extensions::{EXTENSIONS, Extensions};
pub use flags::Flags;
pub(crate) use header::TAG;
pub use header::{HEADER_LEN, Header, MessageType};
use hmac::HMAC_LEN;
pub use hmac::HmacKey;
pub use message::{FrameStart, Head, Parsed, open, parse};
