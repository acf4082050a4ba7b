//! Python class names for Rust types, and functions that convert their values.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use firesteel_value::{CLASS, Dict, FormatError, Instance, Value, from_value, to_value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fault::Fault;

/// Tells which structs are written as instances of a class: with a `__class__` entry, which Python's
/// side turns into an object through its own registry (`register_dict_to_class`).
///
/// A plain struct is a dictionary without `__class__`. To read, a struct ignores the `__class__` of
/// what it is read from; the class itself can be read into a [`Value::Instance`](crate::Value).
///
/// ```
/// let classes = firesteel_proto::ClassNames::default().with("Point", "shapes.Point");
/// assert_eq!(classes.class_of("Point"), Some("shapes.Point"));
/// ```
///
/// Where Python's dictionary is not what serde makes of the type, functions convert between them, as those of
/// Pyro's `register_class_to_dict` and `register_dict_to_class` do: see [`converting`](Self::converting), and
/// [`writing`](Self::writing) and [`reading`](Self::reading) for one direction each. They run where the value is
/// written or read. What they raise ends the call as it does in Python: on a server it goes to the caller, and a method
/// does not run whose arguments failed; on a client it is a [`FormatError`] that names the exception. A panic in
/// them is a `RuntimeError`. Exceptions that end a call are not given to them.
#[derive(Clone, Default)]
pub struct ClassNames(Option<Arc<Classes>>);

#[derive(Clone, Default)]
struct Classes {
    names: BTreeMap<&'static str, String>,
    /// By the names of structs.
    writing: BTreeMap<&'static str, Write>,
    /// By the names of classes.
    reading: BTreeMap<String, Read>,
}

type Write = Arc<dyn Fn(Value) -> Result<Value, Fault> + Send + Sync>;
type Read = Arc<dyn Fn(Instance) -> Result<Value, Fault> + Send + Sync>;

/// What the class of a value begins with that is to be converted, until it is.
const MARK: &str = "$firesteel::convert::";
/// Where a newtype has its content until then.
pub(crate) const CONTENT: &str = "$firesteel::content";

impl ClassNames {
    /// The struct that serde knows as `name` (its Rust name, unless renamed) is an instance of
    /// `class`.
    #[must_use]
    pub fn with(mut self, name: &'static str, class: impl Into<String>) -> Self {
        self.classes().names.insert(name, class.into());
        self
    }

    /// Converts a type in both directions: `to` makes the entries of the dictionary of `class`, `from` takes them.
    ///
    /// `name` is the struct's as serde knows it. The functions see the type itself; it goes through
    /// serde on both sides of them.
    ///
    /// ```
    /// # use firesteel_proto::{ClassNames, Dict, Fault, from_value};
    /// # use serde::{Deserialize, Serialize};
    /// #[derive(Serialize, Deserialize)]
    /// struct Temperature {
    ///     kelvin: f64,
    /// }
    ///
    /// let classes = ClassNames::default().converting(
    ///     "Temperature",
    ///     "weather.Temperature",
    ///     |it: Temperature| Ok(Dict::from_iter([("celsius", it.kelvin - 273.15)])),
    ///     |mut entries| match entries.remove("celsius").map(from_value::<f64>) {
    ///         Some(Ok(celsius)) => Ok(Temperature { kelvin: celsius + 273.15 }),
    ///         _ => Err(Fault::new("builtins.KeyError", "celsius")),
    ///     },
    /// );
    /// ```
    #[must_use]
    pub fn converting<T: Serialize + DeserializeOwned>(
        self,
        name: &'static str,
        class: impl Into<String>,
        to: impl Fn(T) -> Result<Dict, Fault> + Send + Sync + 'static,
        from: impl Fn(Dict) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Self {
        let class = class.into();
        let written = class.clone();
        self.reading(class, move |instance| Ok(to_value(&from(instance.fields)?)?)).writing(name, move |value| {
            let fields = to(from_value(value)?)?;
            Ok(Instance { class: written.clone(), fields }.into())
        })
    }

    /// Converts what serde makes of the struct or newtype `name` before it is written: to an
    /// [`Instance`] of a class, or to any other value.
    #[must_use]
    pub fn writing(
        mut self,
        name: &'static str,
        convert: impl Fn(Value) -> Result<Value, Fault> + Send + Sync + 'static,
    ) -> Self {
        self.classes().writing.insert(name, Arc::new(convert));
        self
    }

    /// Converts instances of a class when they are read, wherever they stand, before a type is made of them.
    /// Those inside of others come first.
    #[must_use]
    pub fn reading(
        mut self,
        class: impl Into<String>,
        convert: impl Fn(Instance) -> Result<Value, Fault> + Send + Sync + 'static,
    ) -> Self {
        self.classes().reading.insert(class.into(), Arc::new(convert));
        self
    }

    /// The class of a struct, where it has one without a function.
    pub fn class_of(&self, name: &str) -> Option<&str> {
        self.0.as_ref()?.names.get(name).map(String::as_str)
    }

    /// True when no type has a class or a function.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn classes(&mut self) -> &mut Classes {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    /// What a struct gets as its `__class__`.
    pub(crate) fn label(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.mark(name) {
            Some(mark) => Some(mark.into()),
            None => self.class_of(name).map(Cow::Borrowed),
        }
    }

    /// The same, where a function is to convert it.
    pub(crate) fn mark(&self, name: &str) -> Option<String> {
        self.0.as_ref()?.writing.contains_key(name).then(|| format!("{MARK}{name}"))
    }

    /// Converts everything in a value that was marked.
    pub(crate) fn written(&self, mut value: Value) -> Result<Value, FormatError> {
        if let Some(classes) = self.0.as_deref().filter(|classes| !classes.writing.is_empty()) {
            let mut convert = |mut instance: Instance| {
                let Some(name) = instance.class.strip_prefix(MARK) else { return Ok(instance.into()) };
                let Some(function) = classes.writing.get(name) else { return Ok(instance.into()) };
                let value = instance.fields.remove(CONTENT).unwrap_or(Value::Dict(instance.fields));
                guarded(name, || function(value))
            };
            convert_all(&mut value, &mut convert).map_err(|fault| raised(&fault))?;
        }
        Ok(value)
    }

    /// True when functions are to see what is read.
    pub(crate) fn reads(&self) -> bool {
        self.0.as_deref().is_some_and(|classes| !classes.reading.is_empty())
    }

    /// Converts everything in a value that has a function.
    pub(crate) fn read(&self, value: &mut Value) -> Result<(), Fault> {
        let Some(classes) = self.0.as_deref() else { return Ok(()) };
        let mut convert = |instance: Instance| match classes.reading.get(&instance.class) {
            Some(function) => {
                let class = instance.class.clone();
                guarded(&class, || function(instance))
            }
            None => Ok(instance.into()),
        };
        convert_all(value, &mut convert)
    }

    /// The same, for one who reads a format.
    pub(crate) fn converted(&self, mut value: Value) -> Result<Value, FormatError> {
        self.read(&mut value).map_err(|fault| raised(&fault))?;
        Ok(value)
    }
}

/// What a function raised, on its way through a format.
fn raised(fault: &Fault) -> FormatError {
    FormatError::raised(fault.class.clone(), fault.message())
}

fn guarded(name: &str, function: impl FnOnce() -> Result<Value, Fault>) -> Result<Value, Fault> {
    catch_unwind(AssertUnwindSafe(function)).unwrap_or_else(|_| {
        Err(Fault::new("builtins.RuntimeError", format_args!("the function that converts {name} panicked")))
    })
}

/// Has every instance in a value converted, the inner ones first.
fn convert_all(value: &mut Value, convert: &mut impl FnMut(Instance) -> Result<Value, Fault>) -> Result<(), Fault> {
    match value {
        Value::List(items) | Value::Tuple(items) | Value::Set(items) | Value::FrozenSet(items) => {
            items.iter_mut().try_for_each(|item| convert_all(item, convert))
        }
        Value::Dict(dict) => dict.values_mut().try_for_each(|item| convert_all(item, convert)),
        Value::Instance(instance) => {
            let mut instance = std::mem::replace(&mut **instance, Instance::new(""));
            instance.fields.values_mut().try_for_each(|item| convert_all(item, convert))?;
            *value = convert(instance)?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Whether a document may hold an instance: pickle names classes in another way.
pub(crate) fn may_hold_instances(names_classes: bool, payload: &[u8]) -> bool {
    !names_classes || memchr::memmem::find(payload, CLASS.as_bytes()).is_some()
}

/// Functions are equal when they are the same.
impl PartialEq for ClassNames {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(other)) => {
                let same = |(a, b): ((&&str, &Write), (&&str, &Write))| a.0 == b.0 && Arc::ptr_eq(a.1, b.1);
                let same_read = |(a, b): ((&String, &Read), (&String, &Read))| a.0 == b.0 && Arc::ptr_eq(a.1, b.1);
                one.names == other.names
                    && one.writing.len() == other.writing.len()
                    && one.reading.len() == other.reading.len()
                    && one.writing.iter().zip(&other.writing).all(same)
                    && one.reading.iter().zip(&other.reading).all(same_read)
            }
            _ => false,
        }
    }
}

impl Eq for ClassNames {}

impl fmt::Debug for ClassNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(classes) = self.0.as_deref() else { return f.write_str("ClassNames") };
        f.debug_struct("ClassNames")
            .field("names", &classes.names)
            .field("writing", &classes.writing.keys())
            .field("reading", &classes.reading.keys())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::serializer::{SerializerId, Style};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Degrees(f64);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Reading {
        at: String,
        degrees: Degrees,
    }

    fn classes() -> ClassNames {
        let missing = || Fault::new("builtins.KeyError", "value");
        ClassNames::default().with("Reading", "weather.Reading").converting(
            "Degrees",
            "weather.Degrees",
            |it: Degrees| {
                if it.0 < -273.15 {
                    return Err(Fault::new("builtins.ValueError", "below zero"));
                }
                Ok(Dict::from_iter([("value", it.0)]))
            },
            move |mut entries| Ok(Degrees(from_value(entries.remove("value").ok_or_else(missing)?)?)),
        )
    }

    fn written(value: &impl Serialize) -> Result<Vec<u8>, FormatError> {
        let classes = classes();
        let style = Style { classes: Some(&classes), ..Style::new(SerializerId::Serpent) };
        let mut out = Vec::new();
        style.write_value(value, &mut out).map(|()| out)
    }

    #[test]
    fn types_are_converted_wherever_they_stand() {
        let reading = Reading { at: "roof".to_owned(), degrees: Degrees(1.5) };
        let text = written(&vec![&reading]).expect("serializes");
        let class = "{'__class__':'weather.Reading','at':'roof','degrees':{'__class__':'weather.Degrees','value':1.5}}";
        assert_eq!(String::from_utf8(text).expect("a text"), format!("[{class}]"));
        let value = Instance::new("weather.Reading")
            .with("at", "roof")
            .with("degrees", Instance::new("weather.Degrees").with("value", 1.5));
        let read = classes().converted(value.into()).and_then(from_value::<Reading>);
        assert_eq!(read, Ok(reading));
        let unknown = Value::from(Instance::new("weather.Wind"));
        assert_eq!(classes().converted(unknown.clone()), Ok(unknown));
    }

    #[test]
    fn failures_are_those_of_the_functions() {
        let error = written(&Degrees(-300.0)).expect_err("too cold");
        assert_eq!((error.class(), error.message()), (Some("builtins.ValueError"), "below zero"));
        assert!(Fault::from(error).is("builtins.ValueError"));
        let mut value = Value::from(Instance::new("weather.Degrees"));
        assert!(classes().read(&mut value).expect_err("no value").is("builtins.KeyError"));
        let broken = ClassNames::default().reading("weather.Degrees", |_| panic!("broken"));
        let fault = broken.read(&mut Instance::new("weather.Degrees").into()).expect_err("it panics");
        assert!(fault.is("builtins.RuntimeError"), "{fault}");
    }

    #[test]
    fn functions_are_equal_when_they_are_the_same() {
        let one = classes();
        assert_eq!(one, one.clone());
        assert_ne!(one, classes());
        assert_eq!(ClassNames::default(), ClassNames::default());
    }
}
