//! Values on their way: dynamic ones, whole payloads, and the arguments of a call.

mod args;
pub(crate) mod class_names;
pub(crate) mod dialects;
mod object_id;
mod payload;
pub(crate) mod serialized_blob;
mod source;

pub use args::{Args, Defaulted};
pub use class_names::ClassNames;
pub use firesteel_value::{
    BigInt, Blob, Complex, Dict, FormatError, FormatErrorKind, FrozenSet, Instance, Set, Value, from_value, to_value,
};
pub use object_id::ObjectId;
pub use payload::Payload;
pub use serialized_blob::SerializedBlob;

pub(crate) use args::CallHead;
