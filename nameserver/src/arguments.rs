//! Python's idea of the arguments: what is taken for what, and in which words the rest is refused.

use firesteel_proto::{Defaulted, Dialect, Fault, Uri, Value, from_value};

use crate::answer::tag_from;
use crate::pattern::{MAX_LENGTH, PatternError};
use crate::storage::{Filter, Tags};

/// The value of a parameter whose default is None, or as good as that.
pub(crate) fn given(value: Defaulted<Value>) -> Value {
    value.0.unwrap_or(Value::None)
}

/// Whether a switch is on that is off by default.
pub(crate) fn is_given(value: &Defaulted<Value>) -> bool {
    value.0.as_ref().is_some_and(Value::is_true)
}

/// The name of a registration.
pub(crate) fn name_of(value: Value) -> Result<String, Fault> {
    match value {
        Value::Str(name) => Ok(name),
        _ => Err(type_error("name must be a str")),
    }
}

/// A name that is looked up: Python looks for anything, finds nothing, and then cannot say what it did not find.
pub(crate) fn name_to_find(value: Value) -> Result<String, Fault> {
    match value {
        Value::Str(name) => Ok(name),
        other if !other.is_hashable() => Err(type_error(format_args!("unhashable type: '{}'", type_name(&other)))),
        other => Err(type_error(format_args!("can only concatenate str (not \"{}\") to str", type_name(&other)))),
    }
}

pub(crate) fn prefix_of(value: Value) -> Result<String, Fault> {
    match value {
        Value::Str(prefix) => Ok(prefix),
        other => {
            let refusal = "startswith first arg must be str or a tuple of str, not";
            Err(type_error(format_args!("{refusal} {}", type_name(&other))))
        }
    }
}

pub(crate) fn pattern_of(value: Value) -> Result<String, Fault> {
    match value {
        // It waits for its turn: not longer than any pattern may be.
        Value::Str(pattern) if pattern.len() > 4 * MAX_LENGTH => Err(PatternError::too_long().to_fault()),
        Value::Str(pattern) => Ok(pattern),
        _ => Err(type_error("first argument must be string or compiled pattern")),
    }
}

/// The text of a URI, which must be one.
pub(crate) fn uri_of(value: Value) -> Result<String, Fault> {
    match value {
        Value::Str(text) => match text.parse::<Uri>() {
            Ok(_) => Ok(text),
            Err(error) => Err(Fault::new("Pyro5.errors.PyroError", error)),
        },
        other => match from_value::<Uri>(other) {
            Ok(uri) => Ok(uri.to_string()),
            Err(_) => Err(type_error("only URIs or strings can be registered")),
        },
    }
}

/// Metadata to be kept.
pub(crate) fn tags_of(value: Value, dialect: Dialect) -> Result<Tags, Fault> {
    match value {
        Value::None => Ok(Tags::new()),
        Value::Str(_) => Err(not_one_text("metadata")),
        // Pyro4 looks no closer at what is nothing.
        other if dialect == Dialect::Pyro4 && !other.is_true() => Ok(Tags::new()),
        other => elements(other)?.into_iter().map(tag).collect(),
    }
}

/// Names that have all of these tags.
pub(crate) fn with_all(value: Value, dialect: Dialect) -> Result<Filter, Fault> {
    let sought = sought(value, "metadata_all")?;
    let count = sought.len();
    let tags = texts(sought, dialect);
    // What is no text is no tag of any name.
    Ok(if tags.0 == count { Filter::AllOf(tags.1) } else { Filter::AnyOf(Tags::new()) })
}

/// Names that have one of these tags.
pub(crate) fn with_any(value: Value, dialect: Dialect) -> Result<Filter, Fault> {
    let sought = sought(value, "metadata_any")?;
    Ok(Filter::AnyOf(texts(sought, dialect).1))
}

fn sought(value: Value, name: &str) -> Result<Vec<Value>, Fault> {
    match value {
        Value::Str(_) => Err(not_one_text(name)),
        other => elements(other),
    }
}

/// How many are texts, and which.
fn texts(values: Vec<Value>, dialect: Dialect) -> (usize, Tags) {
    let texts: Vec<_> = values.iter().filter_map(Value::as_str).map(|tag| tag_from(tag, dialect)).collect();
    (texts.len(), texts.into_iter().collect())
}

fn tag(value: Value) -> Result<String, Fault> {
    match value {
        Value::Str(tag) => Ok(tag),
        // Python would keep it, and its sqlite make text of it.
        other => Err(type_error(format_args!("metadata must consist of str, not {}", type_name(&other)))),
    }
}

fn elements(value: Value) -> Result<Vec<Value>, Fault> {
    match value {
        Value::List(elements) | Value::Tuple(elements) | Value::Set(elements) | Value::FrozenSet(elements) => {
            Ok(elements)
        }
        Value::Dict(dict) => Ok(dict.iter().map(|(key, _)| key.clone()).collect()),
        other => Err(type_error(format_args!("'{}' object is not iterable", type_name(&other)))),
    }
}

fn not_one_text(name: &str) -> Fault {
    type_error(format_args!("{name} should not be a str, but another iterable (set, list, etc)"))
}

fn type_error(text: impl std::fmt::Display) -> Fault {
    Fault::new("builtins.TypeError", text)
}

/// The name of the type in Python.
fn type_name(value: &Value) -> &str {
    match value {
        Value::None => "NoneType",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::BigInt(_) => "int",
        Value::Float(_) => "float",
        Value::Complex(_) => "complex",
        Value::Str(_) => "str",
        Value::Bytes(_) => "bytes",
        Value::ByteArray(_) => "bytearray",
        Value::List(_) => "list",
        Value::Tuple(_) => "tuple",
        Value::Set(_) => "set",
        Value::FrozenSet(_) => "frozenset",
        Value::Dict(_) => "dict",
        Value::Instance(instance) => instance.class.rsplit('.').next().unwrap_or(&instance.class),
        Value::DateTime(_) => "datetime",
        Value::Date(_) => "date",
        Value::Time(_) => "time",
        Value::TimeDelta(_) => "timedelta",
        Value::Decimal(_) => "Decimal",
        Value::Uuid(_) => "UUID",
        _ => "object",
    }
}
