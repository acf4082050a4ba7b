//! Calls as Pyro writes them.

use std::borrow::Cow;

use firesteel_value::{FormatError, FormatErrorKind, Limits};

use crate::Reader;

/// A call taken apart: `{"object": .., "method": .., "params": [..], "kwargs": {..}}`, which is what the `dumpsCall` of Pyro's
/// `JsonSerializer` writes (Pyro5/serializers.py).
///
/// The keys may stand in any order; of a repeated key the last one counts, and others are ignored.
///
/// ```
/// use firesteel_json::Call;
/// use firesteel_value::Limits;
///
/// let text = br#"{"kwargs": {"c": 3}, "object": "obj", "method": "add", "params": [1, 2]}"#;
/// let call = Call::read(text, Limits::default()).unwrap();
/// assert_eq!((&*call.object, &*call.method), ("obj", "add"));
/// let (a, b): (i64, i64) = call.params.unwrap().value().unwrap();
/// let mut kwargs = call.kwargs.unwrap();
/// kwargs.open_dict().unwrap();
/// assert!(kwargs.next_entry().unwrap());
/// assert_eq!(kwargs.str().unwrap(), "c");
/// assert_eq!(a + b, kwargs.value::<i64>().unwrap());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call<'de> {
    /// The id of the object.
    pub object: Cow<'de, str>,
    /// The name of the method.
    pub method: Cow<'de, str>,
    /// Stands at the positional arguments, whatever is there. One value is to be read; what follows it is already
    /// checked, and [`Reader::end`] makes no sense here.
    pub params: Option<Reader<'de>>,
    /// Stands at the keyword arguments, in the same way.
    pub kwargs: Option<Reader<'de>>,
}

impl<'de> Call<'de> {
    /// Reads a whole document. The arguments are checked when they are read: only then is the whole text known to be JSON.
    /// What is found here is only where they end.
    ///
    /// # Errors
    /// What is wrong with the text; `Type` if it is no dict, or if object or method are missing or no str.
    pub fn read(text: &'de [u8], limits: Limits) -> Result<Call<'de>, FormatError> {
        let mut reader = Reader::new(text, limits)?;
        let (mut object, mut method, mut params, mut kwargs) = (None, None, None, None);
        reader.open_dict()?;
        while reader.next_entry()? {
            match &*reader.str()? {
                "object" => object = str_or_skip(&mut reader)?,
                "method" => method = str_or_skip(&mut reader)?,
                "params" => remember(&mut params, &mut reader)?,
                "kwargs" => remember(&mut kwargs, &mut reader)?,
                _ => reader.skip()?,
            }
        }
        reader.end()?;
        Ok(Call {
            object: object.ok_or_else(|| missing("object"))?,
            method: method.ok_or_else(|| missing("method"))?,
            params,
            kwargs,
        })
    }
}

fn str_or_skip<'de>(reader: &mut Reader<'de>) -> Result<Option<Cow<'de, str>>, FormatError> {
    if reader.peek() == Some(b'"') {
        return reader.str().map(Some);
    }
    reader.skip().map(|()| None)
}

fn remember<'de>(part: &mut Option<Reader<'de>>, reader: &mut Reader<'de>) -> Result<(), FormatError> {
    if let Some(mut earlier) = part.replace(reader.clone()) {
        // Nobody will read it any more.
        earlier.skip()?;
    }
    reader.skip_roughly()
}

#[cold]
fn missing(key: &str) -> FormatError {
    FormatError::new(FormatErrorKind::Type, format!("the call has no {key}, or it is no str"))
}
