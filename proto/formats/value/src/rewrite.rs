//! Changing instances while they are written.

use serde::Serialize;

use crate::{CLASS, FormatError, Instance, Value, to_value};

/// What to make of each instance before it is written: for peers that know a class by another name.
///
/// A format applies it to the outermost instance, which it gets as a whole; those inside are the function's to see to.
#[derive(Clone, Copy, Debug)]
pub struct Rewrite(pub fn(Instance) -> Value);

impl Rewrite {
    /// The value to be written in place of `content`, the content of [`INSTANCE`](crate::names::INSTANCE).
    ///
    /// # Errors
    /// Those of the content's own `Serialize`.
    pub fn apply<T: Serialize + ?Sized>(self, content: &T) -> Result<Value, FormatError> {
        Ok(match to_value(content)? {
            Value::Instance(instance) => (self.0)(*instance),
            Value::Dict(mut dict) => match dict.remove(CLASS) {
                Some(Value::Str(class)) => (self.0)(Instance { class, fields: dict }),
                Some(other) => {
                    dict.insert(CLASS, other);
                    Value::Dict(dict)
                }
                None => Value::Dict(dict),
            },
            other => other,
        })
    }
}

impl PartialEq for Rewrite {
    fn eq(&self, other: &Rewrite) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Eq for Rewrite {}
