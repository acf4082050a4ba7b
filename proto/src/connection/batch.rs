//! Several calls in one request, as the client makes them.

use firesteel_value::Value;
use serde::de::{DeserializeOwned, Error as _};

use crate::error::CallFailure;
use crate::fault::Fault;
use crate::serializer::{Arguments, BatchedCall};
use crate::value::{FormatError, Payload, from_value};

/// Calls that are sent together, run one after the other, and answered together: one round trip for all.
///
/// The first call that raises ends the batch; those behind it do not run.
///
/// ```
/// use firesteel_proto::{Batch, Request};
///
/// let (first, second) = ((1, 2), ("three",));
/// let batch = Batch::new().call("add", &first).call("echo", &second);
/// let request = Request::batch(&batch);
/// # let _ = request;
/// ```
#[derive(Clone, Default)]
pub struct Batch<'a>(Vec<BatchedCall<'a>>);

impl<'a> Batch<'a> {
    /// No calls yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a call with positional arguments.
    #[must_use]
    pub fn call(mut self, method: &'a str, args: &'a impl Arguments) -> Self {
        self.push(method, args);
        self
    }

    /// Adds a call with positional and keyword arguments.
    #[must_use]
    pub fn call_with(mut self, method: &'a str, args: &'a impl Arguments, kwargs: &'a impl Arguments) -> Self {
        self.0.push(BatchedCall { method, args, kwargs: Some(kwargs) });
        self
    }

    /// Adds a call with positional arguments, in a loop.
    pub fn push(&mut self, method: &'a str, args: &'a impl Arguments) {
        self.0.push(BatchedCall { method, args, kwargs: None });
    }

    /// How many calls there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn calls(&self) -> &[BatchedCall<'a>] {
        &self.0
    }
}

/// What a batch brought: a result for each call that ran, in order. The last one may be an exception, behind which
/// no further call ran.
#[derive(Clone, Debug)]
pub struct BatchResults(std::vec::IntoIter<Value>);

impl BatchResults {
    /// Reads the answer to a batch.
    ///
    /// # Errors
    /// An answer that is no list.
    pub fn read(payload: &Payload) -> Result<Self, FormatError> {
        match payload.to_value()? {
            Value::List(results) | Value::Tuple(results) => Ok(Self(results.into_iter())),
            _ => Err(FormatError::custom("the answer to a batch is a list of results")),
        }
    }

    /// The next result, as a type of the caller's choice; none when there are no more.
    ///
    /// # Errors
    /// The exception that the call raised, or a result of another type.
    pub fn next_as<T: DeserializeOwned>(&mut self) -> Option<Result<T, CallFailure>> {
        Some(self.next()?.map_err(CallFailure::from).and_then(|value| Ok(from_value(value)?)))
    }
}

/// The results as values.
impl Iterator for BatchResults {
    type Item = Result<Value, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(match self.0.next()? {
            Value::Instance(instance) if instance.class == "Pyro5.core._ExceptionWrapper" => {
                let fault = instance.fields.get("exception").cloned().and_then(Fault::from_value);
                Err(fault.unwrap_or_else(|| Fault::serialize_error("the exception that came is none")))
            }
            value => Ok(value),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}
