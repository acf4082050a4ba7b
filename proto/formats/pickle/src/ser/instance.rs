//! Instances of classes: exceptions, those of Pyro4, and any others.

use firesteel_value::{Dict, FormatError, Instance, Value, to_value};
use serde::Serialize;

use super::{Serializer, unsupported};
use crate::{globals, op};

impl Serializer<'_> {
    pub(super) fn serialize_instance<T: Serialize + ?Sized>(&mut self, content: &T) -> Result<(), FormatError> {
        match to_value(content)? {
            Value::Instance(instance) => self.instance(*instance),
            // A dict whose class is no str.
            other => other.serialize(self),
        }
    }

    fn instance(&mut self, instance: Instance) -> Result<(), FormatError> {
        self.check_hashable("instance")?;
        self.depth += 1;
        self.check_depth()?;
        match &*instance.class {
            "Pyro4.core.URI" => self.uri(instance.get("state"))?,
            "Pyro4.core.Proxy" => self.proxy(instance.get("state"))?,
            "Pyro4.core.Daemon" => {
                self.new_object("Pyro4.core", "Daemon");
                self.put(&[op::EMPTY_DICT, op::BUILD]);
            }
            "Pyro4.futures._ExceptionWrapper" => {
                self.new_object("Pyro4.futures", "_ExceptionWrapper");
                self.build(&instance.fields)?;
            }
            _ if instance.get("__exception__") == Some(&Value::Bool(true)) => self.exception(&instance)?,
            class => {
                self.class(class)?;
                self.put(&[op::EMPTY_TUPLE, op::NEWOBJ]);
                self.build(&instance.fields)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// As Python pickles an exception if that is known to be one. Others are not called: a peer that could choose
    /// the name would choose what another one runs.
    fn exception(&mut self, instance: &Instance) -> Result<(), FormatError> {
        let known = globals::exception(&instance.class).is_some();
        self.class(&instance.class)?;
        match instance.get("args") {
            Some(Value::Tuple(args) | Value::List(args)) => self.tuple(args)?,
            _ => self.op(op::EMPTY_TUPLE),
        }
        self.op(if known { op::REDUCE } else { op::NEWOBJ });
        match instance.get("attributes") {
            Some(Value::Dict(attributes)) if !attributes.is_empty() => self.build(attributes),
            // An attribute that is named as the class of an instance.
            Some(Value::Instance(attributes)) => self.build(&attributes.clone().into_dict()),
            _ => Ok(()),
        }
    }

    pub(super) fn tuple(&mut self, elements: &[Value]) -> Result<(), FormatError> {
        Value::Tuple(elements.to_vec()).serialize(self)
    }

    fn build(&mut self, state: &Dict) -> Result<(), FormatError> {
        state.serialize(&mut *self)?;
        self.op(op::BUILD);
        Ok(())
    }

    pub(super) fn new_object(&mut self, module: &str, name: &str) {
        self.global(module, name);
        self.put(&[op::EMPTY_TUPLE, op::NEWOBJ]);
    }

    /// The name of a class, which must be nothing else: it stands among opcodes.
    fn class(&mut self, class: &str) -> Result<(), FormatError> {
        let is_name = |text: &str| {
            text.chars().all(|char| char == '_' || char.is_alphanumeric())
                && text.chars().next().is_some_and(|first| !first.is_numeric())
        };
        let split = class.rsplit_once('.').filter(|_| class.split('.').all(is_name));
        let Some((module, name)) = split else {
            let shown: String = class.chars().take(100).flat_map(char::escape_debug).collect();
            return Err(unsupported(format!("the class '{shown}' is not named by a module and a name in it")));
        };
        if !self.options.any_class && globals::exception(class).is_none() {
            return Err(unsupported(format!("instances of {class} are not written, see the option any_class")));
        }
        match module {
            "builtins" if self.options.protocol < 3 && PYTHON2.binary_search(&name).is_ok() => {
                self.global("exceptions", name);
            }
            "builtins" => self.builtin(name),
            module => self.global(module, name),
        }
        Ok(())
    }
}

/// The exceptions that Python 2 has, in a module of their own (`Lib/_compat_pickle.py`).
static PYTHON2: [&str; 47] = [
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "BufferError",
    "BytesWarning",
    "DeprecationWarning",
    "EOFError",
    "EnvironmentError",
    "Exception",
    "FloatingPointError",
    "FutureWarning",
    "GeneratorExit",
    "IOError",
    "ImportError",
    "ImportWarning",
    "IndentationError",
    "IndexError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "NameError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PendingDeprecationWarning",
    "ReferenceError",
    "RuntimeError",
    "RuntimeWarning",
    "StopIteration",
    "SyntaxError",
    "SyntaxWarning",
    "SystemError",
    "SystemExit",
    "TabError",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnicodeTranslateError",
    "UnicodeWarning",
    "UserWarning",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
];
