//! Several calls in one request: run one after the other, until one raises.

use firesteel_value::{Instance, Value};

use super::run;
use crate::connection::Incoming;
use crate::fault::Fault;
use crate::limits::Config;
use crate::serializer::{ListWriter, Style};
use crate::value::{Args, Payload};
use crate::wire::OwnedAnnotations;

/// A batch between two of its calls. Its arguments are decoded, as Python does it.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) incoming: Incoming,
    pub(super) object: String,
    /// The calls that are left, the first one next.
    calls: std::vec::IntoIter<BatchCall>,
    results: ListWriter,
    pub(super) annotations: OwnedAnnotations,
}

/// One call of a batch.
#[derive(Debug)]
pub(super) struct BatchCall {
    method: String,
    args: Vec<Value>,
    kwargs: Vec<(String, Value)>,
}

impl BatchCall {
    fn read(call: Value) -> Option<Self> {
        let (Value::Tuple(parts) | Value::List(parts)) = call else { return None };
        let [Value::Str(method), args, kwargs] = <[Value; 3]>::try_from(parts).ok()? else { return None };
        let (Value::Tuple(args) | Value::List(args)) = args else { return None };
        let kwargs = match kwargs {
            Value::None => Vec::new(),
            Value::Dict(named) => {
                let pairs = named.into_pairs().into_iter().map(|(name, value)| match name {
                    Value::Str(name) => Some((name, value)),
                    _ => None,
                });
                pairs.collect::<Option<_>>()?
            }
            _ => return None,
        };
        Some(Self { method, args, kwargs })
    }

    /// The method and its arguments.
    pub(super) fn split(self) -> (String, Args<'static>) {
        (self.method, Args::decoded(self.args, self.kwargs))
    }
}

impl Batch {
    /// Reads a batch. The request comes back where that fails, to be answered.
    pub(super) fn read(incoming: Incoming, config: &Config) -> Result<Self, Box<(Incoming, Fault)>> {
        let read = || -> Result<_, Fault> {
            let head = run::head(&incoming, config)?;
            let (calls, _) = head.args.to_values()?;
            let calls: Option<Vec<_>> = calls.into_iter().map(BatchCall::read).collect();
            let malformed = || Fault::type_error("a batch is a list of (method, arguments, keyword arguments)");
            Ok((head.object.into_owned(), calls.ok_or_else(malformed)?))
        };
        match read() {
            Ok((object, calls)) => {
                let results = ListWriter::new(incoming.serializer);
                let (calls, annotations) = (calls.into_iter(), OwnedAnnotations::default());
                Ok(Self { incoming, object, calls, results, annotations })
            }
            Err(fault) => Err(Box::new((incoming, fault))),
        }
    }

    /// The method that is called next.
    pub(super) fn next_method(&self) -> Option<&str> {
        self.calls.as_slice().first().map(|call| &*call.method)
    }

    pub(super) fn next_call(&mut self) -> Option<BatchCall> {
        self.calls.next()
    }

    /// Notes how a call ended; false when no further one runs.
    pub(super) fn record(
        &mut self,
        result: Result<Payload, Fault>,
        annotations: &OwnedAnnotations,
        config: &Config,
    ) -> bool {
        for (key, value) in annotations.iter() {
            self.annotations.set(key, value.clone());
        }
        let fault = match result {
            Err(_) if self.incoming.is_oneway() => return false,
            Ok(_) if self.incoming.is_oneway() => None,
            Ok(payload) => self.results.push(&payload, &self.style(config)).err().map(Fault::unwritable),
            Err(fault) => Some(fault),
        };
        let raised = fault.is_some();
        if let Some(fault) = fault {
            // The caller raises it when it comes to this result.
            let wrapper = Instance::new("Pyro5.core._ExceptionWrapper").with("exception", Value::from(&fault));
            let style = self.style(config);
            if self.results.push_value(&Value::from(wrapper), &style).is_err() {
                let plain = Fault::new("Pyro5.errors.PyroError", fault);
                let wrapper = Instance::new("Pyro5.core._ExceptionWrapper").with("exception", Value::from(&plain));
                // Texts can be said in every format.
                let _ = self.results.push_value(&Value::from(wrapper), &style);
            }
        }
        !raised && !self.calls.as_slice().is_empty()
    }

    /// The list of results.
    pub(super) fn finish(self, config: &Config) -> (Incoming, Payload, OwnedAnnotations) {
        let style = Style::of(self.incoming.serializer, self.incoming.header.dialect, config);
        let payload = self.results.finish(&style);
        (self.incoming, payload, self.annotations)
    }

    fn style<'c>(&self, config: &'c Config) -> Style<'c> {
        Style::of(self.incoming.serializer, self.incoming.header.dialect, config)
    }
}
