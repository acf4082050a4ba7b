//! What travels through serde under reserved names, as Pyro's `MsgpackSerializer.default` writes it.

use firesteel_value::{Date, DateTime, FormatError, FormatErrorKind, content, names};
use serde::Serialize;

use super::Serializer;
use crate::{codes, times};

impl Serializer<'_> {
    pub(super) fn special<T: Serialize + ?Sized>(&mut self, name: &str, content: &T) -> Result<(), FormatError> {
        match name {
            names::SET => {
                self.check_hashable("set")?;
                self.set = true;
                let result = content.serialize(&mut *self);
                self.set = false;
                result
            }
            names::FROZENSET => Err(unknown("frozenset")),
            names::COMPLEX => {
                let (re, im) = content::complex(name, content)?;
                let mut data = [0; 16];
                data[..8].copy_from_slice(&re.to_le_bytes());
                data[8..].copy_from_slice(&im.to_le_bytes());
                self.ext(codes::COMPLEX, &data)
            }
            names::INT => self.big_int(&content::digits(name, content)?),
            names::BYTEARRAY => {
                self.check_hashable("bytearray")?;
                content.serialize(self)
            }
            names::DATETIME => {
                let moment: DateTime = content::text(name, content)?.parse()?;
                if moment.utc_offset().is_some() {
                    let message = "msgpack cannot serialize datetime with timezone info";
                    return Err(FormatError::new(FormatErrorKind::Unsupported, message));
                }
                let timestamp = times::to_timestamp(&moment, self.options.utc_offset);
                self.ext(codes::DATETIME, &timestamp.to_le_bytes())
            }
            names::DATE => {
                let date: Date = content::text(name, content)?.parse()?;
                self.ext(codes::DATE, &i64::from(date.to_ordinal()).to_le_bytes())
            }
            names::TIME => Err(unknown("datetime.time")),
            names::TIMEDELTA => Err(unknown("datetime.timedelta")),
            names::ELLIPSIS => Err(unknown("ellipsis")),
            _ => content.serialize(self),
        }
    }

    /// An integer beyond 64 bits, by its digits.
    pub(super) fn big_int(&mut self, digits: &str) -> Result<(), FormatError> {
        self.ext(codes::INT, digits.as_bytes())
    }
}

/// In Pyro's words.
fn unknown(class: &str) -> FormatError {
    FormatError::new(
        FormatErrorKind::Unsupported,
        format!(
            "don't know how to serialize class <class '{class}'> using serializer MsgpackSerializer. \
             Give it vars() or an appropriate __getstate__"
        ),
    )
}
