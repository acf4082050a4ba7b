//! The types that travel under reserved names: as the names of which Python makes them again.

use firesteel_value::{
    BigInt, Date, DateTime, Decimal, FormatError, Time, TimeDelta, Uuid, Value,
    content::{self, malformed},
    from_value, names, to_value,
};
use serde::Serialize;

use super::{Kind, Serializer};
use crate::op;

impl Serializer<'_> {
    fn serialize_set<T: Serialize + ?Sized>(&mut self, kind: Kind, content: &T) -> Result<(), FormatError> {
        self.seq = kind;
        let result = content.serialize(&mut *self);
        self.seq = Kind::List;
        result
    }

    pub(super) fn special<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        content: &T,
    ) -> Result<(), FormatError> {
        match name {
            names::SET => return self.serialize_set(Kind::Set, content),
            names::FROZENSET => return self.serialize_set(Kind::FrozenSet, content),
            names::INSTANCE => return self.serialize_instance(content),
            names::COMPLEX => {
                let (re, im) = content::complex(name, content)?;
                self.builtin("complex");
                self.float(re);
                self.float(im);
                self.put(&[op::TUPLE2, op::REDUCE]);
                return Ok(());
            }
            names::ELLIPSIS => {
                self.builtin("Ellipsis");
                return Ok(());
            }
            names::FOLD => {
                self.fold = true;
                let result = content.serialize(&mut *self);
                self.fold = false;
                return result;
            }
            _ => {}
        }
        match (name, to_value(content)?) {
            (names::INT, Value::Str(text)) => self.big_int(&text.parse::<BigInt>()?),
            (names::BYTEARRAY, Value::Bytes(bytes)) => self.byte_array(&bytes),
            (names::DATETIME, Value::Str(text)) => self.datetime(text.parse()?),
            (names::DATE, Value::Str(text)) => self.date(text.parse()?),
            (names::TIME, Value::Str(text)) => self.time(text.parse()?),
            (names::TIMEDELTA, parts) => {
                self.delta(from_value(parts)?);
                Ok(())
            }
            (names::DECIMAL, Value::Str(text)) => {
                self.global("decimal", "Decimal");
                self.str(text.parse::<Decimal>()?.as_str())?;
                self.put(&[op::TUPLE1, op::REDUCE]);
                Ok(())
            }
            (names::UUID, Value::Str(text)) => self.uuid(text.parse()?),
            _ => Err(malformed(name)),
        }
    }

    fn byte_array(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        self.check_hashable("bytearray")?;
        self.builtin("bytearray");
        if bytes.is_empty() {
            self.put(&[op::EMPTY_TUPLE, op::REDUCE]);
            return Ok(());
        }
        self.bytes(bytes)?;
        self.put(&[op::TUPLE1, op::REDUCE]);
        Ok(())
    }

    fn datetime(&mut self, datetime: DateTime) -> Result<(), FormatError> {
        self.global("datetime", "datetime");
        let [a, b, month, day] = days(datetime.date());
        let fold = self.fold_bit();
        let [c, d, e, f, g, h] = clock(datetime.time());
        self.bytes(&[a, b, month | fold, day, c, d, e, f, g, h])?;
        self.zone(datetime.utc_offset());
        Ok(())
    }

    fn time(&mut self, time: Time) -> Result<(), FormatError> {
        self.global("datetime", "time");
        let [hour, rest @ ..] = clock(time);
        let fold = self.fold_bit();
        let [a, b, c, d, e] = rest;
        self.bytes(&[hour | fold, a, b, c, d, e])?;
        self.zone(time.utc_offset());
        Ok(())
    }

    fn date(&mut self, date: Date) -> Result<(), FormatError> {
        self.global("datetime", "date");
        self.bytes(&days(date))?;
        self.put(&[op::TUPLE1, op::REDUCE]);
        Ok(())
    }

    /// The highest bit of a byte that has it to spare, which Python sets from protocol 4 on.
    fn fold_bit(&mut self) -> u8 {
        if std::mem::take(&mut self.fold) && self.options.protocol >= 4 { 0x80 } else { 0 }
    }

    /// The timezone behind a state, and the call with both.
    fn zone(&mut self, offset: Option<TimeDelta>) {
        let Some(offset) = offset else {
            self.put(&[op::TUPLE1, op::REDUCE]);
            return;
        };
        self.global("datetime", "timezone");
        self.delta(offset);
        self.put(&[op::TUPLE1, op::REDUCE, op::TUPLE2, op::REDUCE]);
    }

    fn delta(&mut self, delta: TimeDelta) {
        self.global("datetime", "timedelta");
        for part in [i64::from(delta.days()), delta.seconds().into(), delta.microseconds().into()] {
            self.int(part);
        }
        self.put(&[op::TUPLE3, op::REDUCE]);
    }

    fn uuid(&mut self, uuid: Uuid) -> Result<(), FormatError> {
        self.global("uuid", "UUID");
        self.put(&[op::EMPTY_TUPLE, op::NEWOBJ, op::EMPTY_DICT]);
        self.str("int")?;
        serde::Serializer::serialize_u128(&mut *self, u128::from_be_bytes(*uuid.as_bytes()))?;
        self.put(&[op::SETITEM, op::BUILD]);
        Ok(())
    }
}

fn days(date: Date) -> [u8; 4] {
    let [high, low] = date.year().to_be_bytes();
    [high, low, date.month(), date.day()]
}

fn clock(time: Time) -> [u8; 6] {
    let [_, a, b, c] = time.microsecond().to_be_bytes();
    [time.hour(), time.minute(), time.second(), a, b, c]
}
