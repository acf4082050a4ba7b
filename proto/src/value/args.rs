//! The arguments of a call, read from its payload by the names of the parameters.

use std::borrow::Cow;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::source::{Keywords, Named, Source, element, limits};
use super::{ClassNames, FormatError, FormatErrorKind, Value};
use crate::fault::Fault;
use crate::serializer::{SerializerId, Walk};
use crate::wire::Dialect;

/// The head of a call, read; its arguments not yet.
#[derive(Debug)]
pub(crate) struct CallHead<'a> {
    pub(crate) object: Cow<'a, str>,
    pub(crate) method: Cow<'a, str>,
    pub(crate) args: Args<'a>,
}

impl<'a> CallHead<'a> {
    /// Reads object and method of a call's payload.
    pub(crate) fn read(
        dialect: Dialect,
        serializer: SerializerId,
        payload: &'a [u8],
        max_depth: usize,
    ) -> Result<Self, FormatError> {
        if serializer == SerializerId::Serpent
            && let Some((object, method, offset)) = plain_head(payload)
        {
            let source = Source::Unread { dialect, payload, offset, max_depth };
            return Ok(Self { object: object.into(), method: method.into(), args: Args::of_source(source) });
        }
        let (object, method, source) = match serializer {
            SerializerId::Json => {
                let call = firesteel_json::Call::read(payload, limits(max_depth))?;
                // Python takes both for granted.
                let missing = || FormatError::custom("a call in JSON has object, method, params and kwargs");
                let walk = Walk::Json(call.params.ok_or_else(missing)?);
                let keywords = Keywords::At(Box::new(Walk::Json(call.kwargs.ok_or_else(missing)?)));
                (call.object, call.method, Source::Walk { walk, open: false, keywords })
            }
            _ => {
                let mut walk = Walk::new(serializer, payload, limits(max_depth))?;
                let (object, method) = read_head(&mut walk)?;
                (object, method, Source::Walk { walk, open: false, keywords: Keywords::Behind })
            }
        };
        let args = Args::of_source(source.in_dialect(dialect, payload)?);
        Ok(Self { object, method, args })
    }
}

/// Reads the positional arguments of a call's payload as one value of any type.
pub(super) fn data_of<T: DeserializeOwned>(serializer: SerializerId, payload: &[u8]) -> Result<T, FormatError> {
    let limits = firesteel_value::Limits::default();
    let mut walk = match serializer {
        SerializerId::Json => {
            let call = firesteel_json::Call::read(payload, limits)?;
            Walk::Json(call.params.ok_or_else(|| FormatError::custom("a call in JSON has params"))?)
        }
        _ => {
            let mut walk = Walk::new(serializer, payload, limits)?;
            read_head(&mut walk)?;
            walk
        }
    };
    walk.seed(std::marker::PhantomData)
}

/// Reads up to where the positional arguments begin.
fn read_head<'a>(walk: &mut Walk<'a>) -> Result<(Cow<'a, str>, Cow<'a, str>), FormatError> {
    walk.open_sequence()?;
    let object = element(walk)?.str()?;
    let method = element(walk)?.str()?;
    element(walk)?;
    Ok((object, method))
}

/// The head as every client writes it, `# comment\n('object','method',`, where the names need no
/// escapes: found without a reader, which a call without arguments then never needs.
fn plain_head(payload: &[u8]) -> Option<(&str, &str, usize)> {
    let start = match payload.first()? {
        b'#' if payload.starts_with(firesteel_serpent::HEADER) => firesteel_serpent::HEADER.len(),
        b'#' => memchr::memchr(b'\n', payload)? + 1,
        _ => 0,
    };
    let rest = payload.get(start..)?.strip_prefix(b"('")?;
    let (object, rest) = plain_text(rest)?;
    let (method, rest) = plain_text(rest.strip_prefix(b",'")?)?;
    let rest = rest.strip_prefix(b",")?;
    Some((object, method, payload.len() - rest.len()))
}

/// A text up to its closing quote, if it is plain ASCII without escapes. Names are short: a loop does
/// better here than a search.
fn plain_text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| matches!(byte, b'\'' | b'\\' | ..b' ' | 0x7f..))?;
    if bytes[end] != b'\'' {
        return None;
    }
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]))
}

/// The arguments of a call, not decoded yet: the serializer's reader over the whole payload,
/// positioned behind the method.
#[derive(Debug)]
pub struct Args<'a> {
    source: Source<'a>,
    /// Class and method, for the texts of errors.
    callee: Option<(&'a str, &'a str)>,
    /// What converts instances of classes.
    classes: Option<&'a ClassNames>,
}

/// The parameter has a default: [`Args::bind`] gives `None` where the caller gave nothing.
///
/// Other than an `Option`, it tells an explicit None from an absent argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaulted<T>(pub Option<T>);

const DEFAULTED: &str = "$firesteel::defaulted";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Defaulted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Given<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Given<T> {
            type Value = Defaulted<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an argument, or none")
            }
            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(Defaulted(None))
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
                T::deserialize(deserializer).map(|value| Defaulted(Some(value)))
            }
        }
        deserializer.deserialize_newtype_struct(DEFAULTED, Given(std::marker::PhantomData))
    }
}

impl<'a> Args<'a> {
    /// Decodes the arguments into a tuple with one element for each name in `names`.
    ///
    /// Positional ones come first, keyword ones fill in by name. A parameter that got nothing is an
    /// error, unless its type is an `Option` or [`Defaulted`].
    ///
    /// Costs nothing but the decoding, unless keyword arguments are used.
    ///
    /// # Errors
    /// A `TypeError` in the words of Python for missing, superfluous, unknown and repeated arguments
    /// and for those of a wrong type; a `ValueError` for malformed ones.
    pub fn bind<T: Deserialize<'a>>(mut self, names: &[&str]) -> Result<T, Fault> {
        self.source.open()?;
        if let Some(classes) = self.classes {
            self.source.convert(classes)?;
        }
        let callee = Callee(self.callee);
        let mut binding = Binding { source: &mut self.source, names, callee, given: 0, keywords: None, fault: None };
        match T::deserialize(&mut binding) {
            Ok(value) => binding.finish().map(|()| value),
            Err(error) => Err(binding.fault.take().unwrap_or_else(|| error.into())),
        }
    }

    /// Arguments that were decoded before.
    pub(crate) fn decoded(positional: Vec<Value>, named: Named) -> Self {
        Self::of_source(Source::decoded(positional, named))
    }

    /// The arguments that begin at `offset`.
    pub(crate) fn unread(dialect: Dialect, payload: &'a [u8], offset: usize, max_depth: usize) -> Self {
        Self::of_source(Source::Unread { dialect, payload, offset, max_depth })
    }

    /// Where they begin, if [`unread`](Self::unread) can take it up from there.
    pub(crate) fn begin(&self) -> Option<usize> {
        match self.source {
            Source::Unread { offset, .. } => Some(offset),
            Source::Empty | Source::Walk { .. } | Source::Values(_) | Source::Blob(_) => None,
        }
    }

    /// Arguments that are not decoded yet.
    pub(super) fn of_source(source: Source<'a>) -> Self {
        Self { source, callee: None, classes: None }
    }

    /// Has instances of classes converted.
    pub(crate) fn with_classes(mut self, classes: &'a ClassNames) -> Self {
        if classes.reads() {
            self.classes = Some(classes);
        }
        self
    }

    /// Names what is called, for the texts of errors.
    pub(crate) fn called<'b>(self, class: &'b str, method: &'b str) -> Args<'b>
    where
        'a: 'b,
    {
        Args { callee: Some((class, method)), ..self }
    }

    /// Decodes everything: positional arguments and keyword arguments.
    ///
    /// # Errors
    /// Malformed arguments.
    pub fn to_values(mut self) -> Result<(Vec<Value>, Named), Fault> {
        self.source.open()?;
        if let Some(classes) = self.classes {
            self.source.convert(classes)?;
        }
        let mut positional = Vec::new();
        while self.source.next()? {
            positional.push(self.source.value()?);
        }
        Ok((positional, self.source.keywords()?))
    }

    /// Takes the first positional argument as text: the name of an attribute.
    pub(crate) fn take_name(&mut self) -> Result<String, Fault> {
        self.source.open()?;
        if !self.source.next()? {
            return Err(Fault::new("builtins.IndexError", "tuple index out of range"));
        }
        Ok(self.source.value::<String>()?)
    }
}

/// Class and method in the texts of errors, as Python puts them.
#[derive(Clone, Copy)]
struct Callee<'a>(Option<(&'a str, &'a str)>);

impl Callee<'_> {
    fn is_setter(&self) -> bool {
        self.0.is_some_and(|(_, method)| method == "__setattr__")
    }
}

impl std::fmt::Display for Callee<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some((class, method)) => write!(f, "{class}.{method}() "),
            None => Ok(()),
        }
    }
}

/// A deserializer for the tuple of all parameters.
struct Binding<'a, 'n> {
    source: &'n mut Source<'a>,
    names: &'n [&'n str],
    callee: Callee<'a>,
    /// Parameters filled so far.
    given: usize,
    /// The keyword arguments not yet used, once the positional ones are through.
    keywords: Option<Named>,
    /// The error in Python's words, where one is known.
    fault: Option<Fault>,
}

impl<'a> Binding<'a, '_> {
    /// Everything must have been used.
    fn finish(mut self) -> Result<(), Fault> {
        if self.keywords.is_none() {
            if matches!(self.source, Source::Empty) {
                return Ok(());
            }
            let mut superfluous = 0;
            while self.source.next()? {
                self.source.value::<serde::de::IgnoredAny>()?;
                superfluous += 1;
            }
            if superfluous > 0 {
                // Python counts the object itself.
                let (takes, given) = (self.names.len() + 1, self.given + superfluous + 1);
                let s = if takes == 1 { "" } else { "s" };
                return Err(Fault::type_error(format_args!(
                    "{}takes {takes} positional argument{s} but {given} were given",
                    self.callee
                )));
            }
            self.keywords = Some(self.source.keywords()?);
        }
        let callee = self.callee;
        match self.keywords.unwrap_or_default().first() {
            None => Ok(()),
            Some((name, _)) if self.names.contains(&name.as_str()) => {
                Err(Fault::type_error(format_args!("{callee}got multiple values for argument '{name}'")))
            }
            Some((name, _)) => {
                Err(Fault::type_error(format_args!("{callee}got an unexpected keyword argument '{name}'")))
            }
        }
    }

    fn argument<S: DeserializeSeed<'a>>(&mut self, name: &str, seed: S) -> Result<S::Value, FormatError> {
        if self.keywords.is_none() {
            if self.source.next()? {
                return self.source.seed(seed);
            }
            self.keywords = Some(self.source.keywords()?);
        }
        let keywords = self.keywords.get_or_insert_default();
        match keywords.iter().rposition(|(keyword, _)| keyword == name) {
            Some(at) => {
                let (_, value) = keywords.remove(at);
                seed.deserialize(value.into_deserializer())
            }
            None => seed.deserialize(Missing { name, callee: self.callee, fault: &mut self.fault }),
        }
    }
}

impl<'a> SeqAccess<'a> for Binding<'a, '_> {
    type Error = FormatError;

    fn next_element_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, FormatError> {
        let Some(&name) = self.names.get(self.given) else { return Ok(None) };
        match self.argument(name, seed) {
            Ok(value) => {
                self.given += 1;
                Ok(Some(value))
            }
            Err(error) => {
                self.fault.get_or_insert_with(|| argument_fault(name, &error));
                Err(error)
            }
        }
    }
}

/// Malformed text is a ValueError; a well-formed value of the wrong type a TypeError.
fn argument_fault(name: &str, error: &FormatError) -> Fault {
    if error.category() == FormatErrorKind::Type {
        Fault::type_error(format_args!("argument '{name}': {error}"))
    } else {
        error.clone().into()
    }
}

impl<'a> Deserializer<'a> for &mut Binding<'a, '_> {
    type Error = FormatError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, FormatError> {
        visitor.visit_seq(self)
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, FormatError> {
        visitor.visit_unit()
    }

    fn is_human_readable(&self) -> bool {
        true
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A parameter that got no argument.
struct Missing<'n, 'f> {
    name: &'n str,
    callee: Callee<'n>,
    fault: &'f mut Option<Fault>,
}

impl<'a> Deserializer<'a> for Missing<'_, '_> {
    type Error = FormatError;

    fn deserialize_any<V: Visitor<'a>>(self, _: V) -> Result<V::Value, FormatError> {
        if self.callee.is_setter() {
            // Python takes the value out of the arguments before it looks for the setter.
            *self.fault = Some(Fault::new("builtins.IndexError", "tuple index out of range"));
            return Err(FormatError::custom("no value to be set"));
        }
        let message = format!("{}missing 1 required positional argument: '{}'", self.callee, self.name);
        let error = FormatError::custom(&message);
        *self.fault = Some(Fault::type_error(message));
        Err(error)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, FormatError> {
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        if name == DEFAULTED { visitor.visit_none() } else { self.deserialize_any(visitor) }
    }

    fn is_human_readable(&self) -> bool {
        true
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(text: &str) -> Args<'_> {
        CallHead::read(Dialect::Pyro5, SerializerId::Serpent, text.as_bytes(), 50).expect("a call").args
    }

    fn error<T>(result: Result<T, Fault>) -> String {
        result.err().expect("an error").to_string()
    }

    #[test]
    fn arguments_bind_by_place_and_by_name() {
        let all = ["a", "b", "c"];
        let bind = |text: &'static str| args(text).bind::<(i64, &str, Option<f64>)>(&all);
        assert_eq!(bind("('o','m',(1,'x',2.5),{})"), Ok((1, "x", Some(2.5))));
        assert_eq!(bind("('o','m',[1,'x'],None)"), Ok((1, "x", None)));
        let named = args("('o','m',(1,),{'c':2.5,'b':'x'})").bind::<(i64, String, Option<f64>)>(&all);
        assert_eq!(named, Ok((1, "x".to_owned(), Some(2.5))));
        assert_eq!(args("('o','m',(),{})").bind::<()>(&[]), Ok(()));
    }

    #[test]
    fn a_default_is_told_from_none() {
        let bind = |text: &'static str| args(text).bind::<(Defaulted<Option<i64>>,)>(&["a"]).map(|(a,)| a.0);
        assert_eq!(bind("('o','m',(),{})"), Ok(None));
        assert_eq!(bind("('o','m',(None,),{})"), Ok(Some(None)));
        assert_eq!(bind("('o','m',(),{'a':5})"), Ok(Some(Some(5))));
    }

    #[test]
    fn mistakes_are_type_errors_in_the_words_of_python() {
        let one = |text: &'static str| error(args(text).bind::<(i64,)>(&["a"]));
        assert_eq!(one("('o','m',(),{})"), "builtins.TypeError: missing 1 required positional argument: 'a'");
        assert_eq!(one("('o','m',(1,2),{})"), "builtins.TypeError: takes 2 positional arguments but 3 were given");
        assert_eq!(one("('o','m',(1,),{'b':2})"), "builtins.TypeError: got an unexpected keyword argument 'b'");
        assert_eq!(one("('o','m',(1,),{'a':2})"), "builtins.TypeError: got multiple values for argument 'a'");
        assert!(one("('o','m',('x',),{})").starts_with("builtins.TypeError: argument 'a': "));
        assert!(one("('o','m',(),{'a':'x'})").starts_with("builtins.TypeError: argument 'a': "));
        assert_eq!(
            error(args("('o','m',(1,),{})").bind::<()>(&[])),
            "builtins.TypeError: takes 1 positional argument but 2 were given"
        );
    }

    #[test]
    fn heads_are_read_however_they_are_written() {
        for text in [
            "# serpent utf-8 python3.2\n('ob ject','method',(1,),{})",
            "('ob ject','method',(1,),{})",
            "(\"ob ject\", 'method', [1], None)",
            "('ob\\x20ject','meth''od',(1,),{})",
            "# one\n# two\n('ob ject','method',(1,),{'b':2})",
        ] {
            let head = CallHead::read(Dialect::Pyro5, SerializerId::Serpent, text.as_bytes(), 50).expect(text);
            assert_eq!((&*head.object, &*head.method), ("ob ject", "method"), "{text}");
            let (positional, _) = head.args.to_values().expect(text);
            assert_eq!(positional, [Value::Int(1)], "{text}");
        }
    }

    #[test]
    fn malformed_calls_are_errors() {
        for text in ["", "()", "('o',)", "('o','m')", "(1,'m',(),{})", "['o'", "'o'"] {
            assert!(CallHead::read(Dialect::Pyro5, SerializerId::Serpent, text.as_bytes(), 50).is_err(), "{text}");
        }
        for text in
            ["('o','m',1,{})", "('o','m',(1,)", "('o','m',(1,),{},5)", "('o','m',(1,),{'a'})", "('o','m',(1,),{}) x"]
        {
            assert!(args(text).bind::<(i64,)>(&["a"]).is_err(), "{text}");
        }
    }
}
