//! The names that a pickle may refer to. Everything else is refused.

use std::fmt;

/// What a name stands for. Nothing of it is ever called: the machine makes the value that the call would give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Global {
    /// An exception, by its place in [`EXCEPTIONS`].
    Exception(u8),
    Class(Class),
    Ellipsis,
    Set,
    FrozenSet,
    Bytes,
    ByteArray,
    Complex,
    Object,
    OrderedDict,
    Deque,
    Array,
    ArrayReconstructor,
    DateTime,
    Date,
    Time,
    TimeDelta,
    TimeZone,
    Decimal,
    Uuid,
    SafeUuid,
    /// `copyreg._reconstructor`
    Reconstructor,
    /// `copyreg.__newobj__`
    NewObj,
    /// `_codecs.encode`
    Encode,
    /// `dill._dill._load_type`, which dill writes for builtin classes: exceptions among them.
    LoadType,
}

impl fmt::Display for Global {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Global::Exception(place) => EXCEPTIONS.get(usize::from(*place)).copied().unwrap_or("an exception"),
            Global::Class(class) => class.name(),
            Global::Ellipsis => "builtins.Ellipsis",
            Global::Set => "builtins.set",
            Global::FrozenSet => "builtins.frozenset",
            Global::Bytes => "builtins.bytes",
            Global::ByteArray => "builtins.bytearray",
            Global::Complex => "builtins.complex",
            Global::Object => "builtins.object",
            Global::OrderedDict => "collections.OrderedDict",
            Global::Deque => "collections.deque",
            Global::Array => "array.array",
            Global::ArrayReconstructor => "array._array_reconstructor",
            Global::DateTime => "datetime.datetime",
            Global::Date => "datetime.date",
            Global::Time => "datetime.time",
            Global::TimeDelta => "datetime.timedelta",
            Global::TimeZone => "datetime.timezone",
            Global::Decimal => "decimal.Decimal",
            Global::Uuid => "uuid.UUID",
            Global::SafeUuid => "uuid.SafeUUID",
            Global::Reconstructor => "copyreg._reconstructor",
            Global::NewObj => "copyreg.__newobj__",
            Global::Encode => "_codecs.encode",
            Global::LoadType => "dill._dill._load_type",
        })
    }
}

/// The classes of Pyro that have a class dict of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Class {
    Uri,
    Proxy,
    Daemon,
    ExceptionWrapper,
}

impl Class {
    pub(crate) const NAMES: [&'static str; 4] =
        ["Pyro4.core.URI", "Pyro4.core.Proxy", "Pyro4.core.Daemon", "Pyro4.futures._ExceptionWrapper"];

    pub(crate) fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Classes that are exceptions, sorted: the builtin ones up to Python 3.14, and those of Pyro.
pub(crate) static EXCEPTIONS: [&str; 89] = [
    "Pyro4.errors.CommunicationError",
    "Pyro4.errors.ConnectionClosedError",
    "Pyro4.errors.DaemonError",
    "Pyro4.errors.MessageTooLargeError",
    "Pyro4.errors.NamingError",
    "Pyro4.errors.ProtocolError",
    "Pyro4.errors.PyroError",
    "Pyro4.errors.SecurityError",
    "Pyro4.errors.SerializeError",
    "Pyro4.errors.TimeoutError",
    "Pyro5.errors.CommunicationError",
    "Pyro5.errors.ConnectionClosedError",
    "Pyro5.errors.DaemonError",
    "Pyro5.errors.MessageTooLargeError",
    "Pyro5.errors.NamingError",
    "Pyro5.errors.ProtocolError",
    "Pyro5.errors.PyroError",
    "Pyro5.errors.SecurityError",
    "Pyro5.errors.SerializeError",
    "Pyro5.errors.TimeoutError",
    "builtins.ArithmeticError",
    "builtins.AssertionError",
    "builtins.AttributeError",
    "builtins.BaseException",
    "builtins.BaseExceptionGroup",
    "builtins.BlockingIOError",
    "builtins.BrokenPipeError",
    "builtins.BufferError",
    "builtins.BytesWarning",
    "builtins.ChildProcessError",
    "builtins.ConnectionAbortedError",
    "builtins.ConnectionError",
    "builtins.ConnectionRefusedError",
    "builtins.ConnectionResetError",
    "builtins.DeprecationWarning",
    "builtins.EOFError",
    "builtins.EncodingWarning",
    "builtins.Exception",
    "builtins.ExceptionGroup",
    "builtins.FileExistsError",
    "builtins.FileNotFoundError",
    "builtins.FloatingPointError",
    "builtins.FutureWarning",
    "builtins.GeneratorExit",
    "builtins.ImportError",
    "builtins.ImportWarning",
    "builtins.IndentationError",
    "builtins.IndexError",
    "builtins.InterruptedError",
    "builtins.IsADirectoryError",
    "builtins.KeyError",
    "builtins.KeyboardInterrupt",
    "builtins.LookupError",
    "builtins.MemoryError",
    "builtins.ModuleNotFoundError",
    "builtins.NameError",
    "builtins.NotADirectoryError",
    "builtins.NotImplementedError",
    "builtins.OSError",
    "builtins.OverflowError",
    "builtins.PendingDeprecationWarning",
    "builtins.PermissionError",
    "builtins.ProcessLookupError",
    "builtins.PythonFinalizationError",
    "builtins.RecursionError",
    "builtins.ReferenceError",
    "builtins.ResourceWarning",
    "builtins.RuntimeError",
    "builtins.RuntimeWarning",
    "builtins.StopAsyncIteration",
    "builtins.StopIteration",
    "builtins.SyntaxError",
    "builtins.SyntaxWarning",
    "builtins.SystemError",
    "builtins.SystemExit",
    "builtins.TabError",
    "builtins.TimeoutError",
    "builtins.TypeError",
    "builtins.UnboundLocalError",
    "builtins.UnicodeDecodeError",
    "builtins.UnicodeEncodeError",
    "builtins.UnicodeError",
    "builtins.UnicodeTranslateError",
    "builtins.UnicodeWarning",
    "builtins.UserWarning",
    "builtins.ValueError",
    "builtins.Warning",
    "builtins.ZeroDivisionError",
    "builtins._IncompleteInputError",
];

/// The place of an exception in [`EXCEPTIONS`].
pub(crate) fn exception(class: &str) -> Option<u8> {
    EXCEPTIONS.binary_search(&class).ok().and_then(|place| place.try_into().ok())
}

/// Looks a name up.
pub(crate) fn find(module: &str, name: &str) -> Option<Global> {
    Some(match (module, name) {
        ("builtins" | "__builtin__", "set") => Global::Set,
        ("builtins" | "__builtin__", "frozenset") => Global::FrozenSet,
        ("builtins" | "__builtin__", "bytes") => Global::Bytes,
        ("builtins" | "__builtin__", "bytearray") => Global::ByteArray,
        ("builtins" | "__builtin__", "complex") => Global::Complex,
        ("builtins" | "__builtin__", "Ellipsis") => Global::Ellipsis,
        ("builtins" | "__builtin__", "object") => Global::Object,
        ("builtins" | "__builtin__" | "exceptions", _) => builtin_exception(name)?,
        ("Pyro4.errors" | "Pyro5.errors", _) => Global::Exception(exception(&format!("{module}.{name}"))?),
        ("Pyro4.core", "URI") => Global::Class(Class::Uri),
        ("Pyro4.core", "Proxy") => Global::Class(Class::Proxy),
        ("Pyro4.core", "Daemon") => Global::Class(Class::Daemon),
        ("Pyro4.futures", "_ExceptionWrapper") => Global::Class(Class::ExceptionWrapper),
        ("_codecs", "encode") => Global::Encode,
        ("dill._dill", "_load_type") => Global::LoadType,
        ("copyreg" | "copy_reg", "_reconstructor") => Global::Reconstructor,
        ("copyreg" | "copy_reg", "__newobj__") => Global::NewObj,
        ("datetime", "datetime") => Global::DateTime,
        ("datetime", "date") => Global::Date,
        ("datetime", "time") => Global::Time,
        ("datetime", "timedelta") => Global::TimeDelta,
        ("datetime", "timezone") => Global::TimeZone,
        ("decimal" | "_decimal" | "_pydecimal", "Decimal") => Global::Decimal,
        ("uuid", "UUID") => Global::Uuid,
        ("uuid", "SafeUUID") => Global::SafeUuid,
        ("collections", "OrderedDict") => Global::OrderedDict,
        ("collections", "deque") => Global::Deque,
        ("array", "array") => Global::Array,
        ("array", "_array_reconstructor") => Global::ArrayReconstructor,
        _ => return None,
    })
}

fn builtin_exception(name: &str) -> Option<Global> {
    let name = match name {
        // Other names of the same class, as Python 3 has them.
        "IOError" | "EnvironmentError" | "WindowsError" => "OSError",
        "StandardError" => "Exception",
        name => name,
    };
    exception(&format!("builtins.{name}")).map(Global::Exception)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_sorted_and_found() {
        assert!(EXCEPTIONS.is_sorted());
        for class in EXCEPTIONS {
            let (module, name) = class.rsplit_once('.').unwrap();
            assert_eq!(find(module, name), exception(class).map(Global::Exception));
        }
        assert_eq!(find("exceptions", "StandardError"), find("builtins", "Exception"));
    }

    #[test]
    fn functions_are_not_found() {
        for (module, name) in [("os", "system"), ("builtins", "eval"), ("exceptions", "eval"), ("Pyro4.errors", "log")]
        {
            assert_eq!(find(module, name), None);
        }
    }
}
