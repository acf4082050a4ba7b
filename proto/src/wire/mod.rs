//! Layer 1, the wire: messages of protocol 502 and their bytes. No state, no IO.
//!
//! A message is a 40-byte [`Header`], [annotations](Annotations) and a payload, as laid out in
//! Pyro5's `protocol.py`. Payloads are compressed with zlib when the `COMPRESSED` flag is set;
//! annotations never are.

mod annotations;
mod compress;
mod flags;
mod header;
mod message;

pub use annotations::{AnnotationKey, Annotations, OwnedAnnotations};
pub use compress::{COMPRESS_ABOVE, decompress};
pub use flags::Flags;
pub use header::{HEADER_LEN, Header, MAGIC, MessageType, PROTOCOL_VERSION};
pub use message::{FrameStart, Head, Parsed, parse};
