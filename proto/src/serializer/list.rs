//! A list that is written element by element, its length known at the end.

use firesteel_value::{FormatError, Value};

use super::framing::framing;
use super::{SerializerId, Style, document};
use crate::value::Payload;

/// The elements written so far.
#[derive(Debug)]
pub(crate) struct ListWriter {
    serializer: SerializerId,
    elements: Vec<u8>,
    count: usize,
}

impl ListWriter {
    pub(crate) fn new(serializer: SerializerId) -> Self {
        Self { serializer, elements: Vec::new(), count: 0 }
    }

    /// Appends a value that is serialized already, as a document of its own.
    ///
    /// # Errors
    /// A document that cannot be read, where it has to be written anew.
    pub(crate) fn push(&mut self, payload: &Payload, style: &Style<'_>) -> Result<(), FormatError> {
        match payload.as_element() {
            Some(element) => {
                self.separate();
                self.elements.extend_from_slice(element);
                self.count += 1;
                Ok(())
            }
            None => self.push_value(&payload.raw_value()?, style),
        }
    }

    /// Appends a value.
    ///
    /// # Errors
    /// A value that the format cannot express; the list is as before.
    pub(crate) fn push_value(&mut self, value: &Value, style: &Style<'_>) -> Result<(), FormatError> {
        let start = self.elements.len();
        self.separate();
        match style.write_value(value, &mut self.elements) {
            Ok(()) => {
                self.count += 1;
                Ok(())
            }
            Err(error) => {
                self.elements.truncate(start);
                Err(error)
            }
        }
    }

    fn separate(&mut self) {
        if self.count > 0 {
            self.elements.extend_from_slice(framing(self.serializer).separator);
        }
    }

    /// The whole document.
    pub(crate) fn finish(self, style: &Style<'_>) -> Payload {
        let framing = framing(self.serializer);
        let (head, tail) = document(self.serializer);
        let mut out = Vec::with_capacity(self.elements.len() + 40);
        out.extend_from_slice(head);
        framing.open_list(self.count, &mut out);
        out.extend_from_slice(&self.elements);
        out.extend_from_slice(framing.close_list);
        out.extend_from_slice(tail);
        Payload::written(style, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_it_was_written_in_every_format() {
        for serializer in SerializerId::ALL {
            let style = Style::new(serializer);
            let mut list = ListWriter::new(serializer);
            let elements = [Value::Int(1), "two".into(), Value::List(vec![Value::None]), Value::Float(2.5)];
            for (at, element) in elements.iter().enumerate() {
                let payload = Payload::encode(serializer, element).expect("serializes");
                // What somebody else wrote cannot always stand inside of something.
                let foreign = Payload::from_bytes(serializer, payload.as_slice().to_vec());
                list.push(if at % 2 == 0 { &payload } else { &foreign }, &style).expect("fits");
            }
            let read = list.finish(&style).to_value().expect("reads");
            assert_eq!(read, Value::List(elements.to_vec()), "{serializer}");
            assert_eq!(ListWriter::new(serializer).finish(&style).to_value(), Ok(Value::List(Vec::new())));
        }
    }
}
