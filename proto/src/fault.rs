//! Remote exceptions as data.

use std::fmt;

use firesteel_value::{Dict, FormatError, Instance, Value};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::{CallError, CallFailure, ProtocolError};
use crate::metadata::Member;

/// An exception that crosses the wire: Pyro's class dictionary of an exception, with its parts named.
///
/// Raised by a Python method, it arrives with its class, arguments, attributes and traceback; given
/// as the error of a Rust method, it is raised in Python as that class.
///
/// ```
/// use firesteel_proto::Fault;
///
/// let fault = Fault::new("builtins.ValueError", "the amount must be positive");
/// assert!(fault.is("builtins.ValueError"));
/// assert_eq!(fault.to_string(), "builtins.ValueError: the amount must be positive");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fault {
    /// The class with its module, such as `builtins.ValueError` or `Pyro5.errors.DaemonError`.
    pub class: String,
    /// The arguments of the exception; by custom the first is its text.
    pub args: Vec<Value>,
    /// Further attributes of the exception object, without the traceback.
    pub attributes: Dict,
    /// The remote traceback (`_pyroTraceback`), one text of one or more lines each.
    pub traceback: Vec<String>,
}

impl Fault {
    /// An exception of `class` with a text as its one argument.
    ///
    /// Python recreates exceptions of `builtins` and `Pyro5.errors`, and those of classes that its
    /// program registered; others become a `SerializeError` there.
    pub fn new(class: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { class: class.into(), args: vec![Value::from(message.to_string())], ..Self::default() }
    }

    /// The `AttributeError` for a member that the object does not have.
    pub fn unknown(member: &Member<'_>) -> Self {
        Self::new(
            "builtins.AttributeError",
            format_args!("attempt to access unexposed or unknown remote attribute '{}'", member.name()),
        )
    }

    /// Adds an attribute that the exception object will have.
    #[must_use]
    pub fn with_attribute(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.attributes.insert(name, value.into());
        self
    }

    /// True when the class is `class`, in full.
    pub fn is(&self, class: &str) -> bool {
        self.class == class
    }

    /// The text of the exception, as Python's `str` gives it: its only argument, or all of them as
    /// a tuple.
    pub fn message(&self) -> String {
        match self.args.as_slice() {
            [] => String::new(),
            [Value::Str(text)] => text.clone(),
            [only] => only.to_string(),
            several => Value::Tuple(several.to_vec()).to_string(),
        }
    }

    /// The remote traceback as text; empty where the peer sent none.
    pub fn traceback_text(&self) -> String {
        self.traceback.concat()
    }

    /// Reads the class dictionary of an exception; `None` where it is none.
    pub fn from_value(value: Value) -> Option<Self> {
        let Value::Instance(instance) = value else { return None };
        let Instance { class, mut fields } = *instance;
        let args = match fields.remove("args")? {
            Value::Tuple(args) | Value::List(args) => args,
            _ => return None,
        };
        let mut attributes = match fields.remove("attributes") {
            Some(Value::Dict(attributes)) => attributes,
            _ => Dict::new(),
        };
        let traceback = match attributes.remove("_pyroTraceback") {
            Some(Value::List(lines) | Value::Tuple(lines)) => lines
                .into_iter()
                .map(|line| match line {
                    Value::Str(line) => line,
                    other => other.to_string(),
                })
                .collect(),
            Some(Value::Str(text)) => vec![text],
            _ => Vec::new(),
        };
        Some(Self { class, args, attributes, traceback })
    }

    /// Fills in a traceback that names where the exception came from, unless it has one.
    pub(crate) fn located(mut self, object: &str, member: &str) -> Self {
        if self.traceback.is_empty() {
            self.traceback = vec![
                "Traceback (most recent call last):\n".to_owned(),
                format!("  object {object:?}, member {member:?} (firesteel)\n"),
                format!("{}: {}\n", self.class.strip_prefix("builtins.").unwrap_or(&self.class), self.message()),
            ];
        }
        self
    }

    pub(crate) fn type_error(message: impl fmt::Display) -> Self {
        Self::new("builtins.TypeError", message)
    }

    pub(crate) fn attribute_error(message: impl fmt::Display) -> Self {
        Self::new("builtins.AttributeError", message)
    }

    pub(crate) fn daemon_error(message: impl fmt::Display) -> Self {
        Self::new("Pyro5.errors.DaemonError", message)
    }

    /// A value that could not be written.
    pub(crate) fn unwritable(error: FormatError) -> Self {
        if error.class().is_some() { error.into() } else { Self::serialize_error(error) }
    }

    pub(crate) fn serialize_error(message: impl fmt::Display) -> Self {
        Self::new("Pyro5.errors.SerializeError", message)
    }
}

impl From<&Fault> for Value {
    fn from(fault: &Fault) -> Self {
        let mut attributes = fault.attributes.clone();
        let lines = fault.traceback.iter().map(|line| Value::from(line.as_str())).collect();
        attributes.insert("_pyroTraceback", Value::List(lines));
        let mut fields = Dict::new();
        fields.insert("__exception__", Value::Bool(true));
        fields.insert("args", Value::Tuple(fault.args.clone()));
        fields.insert("attributes", Value::Dict(attributes));
        Value::Instance(Box::new(Instance { class: fault.class.clone(), fields }))
    }
}

/// As Pyro's class dictionary.
impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::from(self).serialize(serializer)
    }
}

/// From Pyro's class dictionary.
impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_value(Value::deserialize(deserializer)?).ok_or_else(|| de::Error::custom("expected an exception"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.class)?;
        if !self.args.is_empty() {
            write!(f, ": {}", self.message())?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

/// A value that could not be read or written: Python raises a `ValueError` too.
impl From<FormatError> for Fault {
    fn from(error: FormatError) -> Self {
        match error.class() {
            Some(class) => Self::new(class, error.message()),
            None => Self::new("builtins.ValueError", error),
        }
    }
}

/// A failed nested call: its fault goes on as it is, traceback included.
impl From<CallFailure> for Fault {
    fn from(failure: CallFailure) -> Self {
        match failure {
            CallFailure::Fault(fault) => *fault,
            CallFailure::Deadline => Self::new("Pyro5.errors.TimeoutError", failure),
            CallFailure::Lost(_) => Self::new("Pyro5.errors.ConnectionClosedError", failure),
            CallFailure::Format(error) => error.into(),
            CallFailure::Cancelled | CallFailure::Misuse(_) => Self::new("Pyro5.errors.PyroError", failure),
        }
    }
}

impl From<CallError> for Fault {
    fn from(error: CallError) -> Self {
        Self::new("Pyro5.errors.PyroError", error)
    }
}

impl From<ProtocolError> for Fault {
    fn from(error: ProtocolError) -> Self {
        Self::new("Pyro5.errors.ProtocolError", error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_as_it_was_written() {
        let fault = Fault {
            class: "builtins.KeyError".to_owned(),
            args: vec![Value::from("key"), Value::Int(2)],
            traceback: vec!["line 1\n".to_owned(), "line 2\n".to_owned()],
            ..Fault::default()
        }
        .with_attribute("code", 5);
        assert_eq!(Fault::from_value(Value::from(&fault)), Some(fault.clone()));
        assert_eq!(fault.to_string(), "builtins.KeyError: ('key', 2)");
        assert_eq!(fault.traceback_text(), "line 1\nline 2\n");
    }

    #[test]
    fn other_values_are_no_faults() {
        assert_eq!(Fault::from_value(Value::None), None);
        let no_args = Instance { class: "builtins.ValueError".to_owned(), fields: Dict::new() };
        assert_eq!(Fault::from_value(Value::Instance(Box::new(no_args))), None);
    }
}
