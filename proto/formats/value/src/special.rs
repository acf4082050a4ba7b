//! How dates, durations, decimals and UUIDs travel through serde.

use std::{fmt, str::FromStr};

use serde::{
    de::{self, Deserialize, Deserializer, SeqAccess, Visitor},
    ser::{Serialize, Serializer},
};

use crate::{Date, DateTime, Decimal, FormatError, Time, TimeDelta, Uuid, names};

/// What a text ends with that stands for a datetime or time with `fold` set, which ISO 8601 cannot say.
const FOLD: &str = "[fold=1]";

/// A datetime or a time, both of which may be folded.
pub(crate) trait Fold: fmt::Display + FromStr<Err = FormatError> {
    fn is_folded(&self) -> bool;
    fn folded(self) -> Self;

    /// The text that reports everything to a reader, the fold included.
    fn to_content(&self) -> String {
        format!("{self}{}", if self.is_folded() { FOLD } else { "" })
    }

    fn from_content(text: &str) -> Result<Self, FormatError> {
        match text.strip_suffix(FOLD) {
            Some(text) => text.parse().map(Fold::folded),
            None => text.parse(),
        }
    }
}

impl Fold for Time {
    fn is_folded(&self) -> bool {
        self.fold()
    }

    fn folded(self) -> Time {
        self.with_fold(true)
    }
}

impl Fold for DateTime {
    fn is_folded(&self) -> bool {
        self.fold()
    }

    fn folded(self) -> DateTime {
        DateTime::new(self.date(), self.time().with_fold(true))
    }
}

/// A text under a reserved name.
struct Named<'a, T>(&'static str, &'a T);

impl<T: fmt::Display> Serialize for Named<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(self.0, &Text(self.1))
    }
}

struct Text<'a, T>(&'a T);

impl<T: fmt::Display> Serialize for Text<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string())
    }
}

macro_rules! folded {
    ($($type:ty, $name:expr;)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if self.fold() {
                    return serializer.serialize_newtype_struct(names::FOLD, &Named($name, self));
                }
                Named($name, self).serialize(serializer)
            }
        }
    )*};
}

folded!(DateTime, names::DATETIME; Time, names::TIME;);

macro_rules! text {
    ($($type:ty, $name:expr;)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Named($name, self).serialize(serializer)
            }
        }
    )*};
}

text!(Date, names::DATE; Decimal, names::DECIMAL; Uuid, names::UUID;);

impl Serialize for TimeDelta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = (i64::from(self.days()), self.seconds(), self.microseconds());
        serializer.serialize_newtype_struct(names::TIMEDELTA, &parts)
    }
}

macro_rules! read_text {
    ($($type:ty, $name:expr, $parse:expr, $expecting:literal, { $($more:tt)* })*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                struct TextVisitor;

                impl<'de> Visitor<'de> for TextVisitor {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<$type, D::Error> {
                        deserializer.deserialize_any(self)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        $parse(text).map_err(E::custom)
                    }

                    $($more)*
                }

                deserializer.deserialize_newtype_struct($name, TextVisitor)
            }
        }
    )*};
}

read_text! {
    DateTime, names::DATETIME, Fold::from_content, "a datetime", {}
    Time, names::TIME, Fold::from_content, "a time of day", {}
    Date, names::DATE, FromStr::from_str, "a date", {}
    Uuid, names::UUID, FromStr::from_str, "a UUID", {}
    Decimal, names::DECIMAL, FromStr::from_str, "a decimal", {
        fn visit_i64<E>(self, number: i64) -> Result<Decimal, E> {
            Ok(number.into())
        }

        fn visit_u64<E>(self, number: u64) -> Result<Decimal, E> {
            Ok(number.into())
        }

        fn visit_i128<E>(self, number: i128) -> Result<Decimal, E> {
            Ok(number.into())
        }

        fn visit_u128<E>(self, number: u128) -> Result<Decimal, E> {
            Ok(number.into())
        }

        /// The shortest digits of the float, not all of those that it has exactly.
        fn visit_f64<E: de::Error>(self, number: f64) -> Result<Decimal, E> {
            number.to_string().parse().map_err(E::custom)
        }
    }
    TimeDelta, names::TIMEDELTA, FromStr::from_str, "a timedelta", {
        fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<TimeDelta, E> {
            TimeDelta::new(0, seconds, 0).map_err(E::custom)
        }

        fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<TimeDelta, E> {
            self.visit_i64(i64::try_from(seconds).unwrap_or(i64::MAX))
        }

        fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<TimeDelta, E> {
            TimeDelta::from_seconds(seconds).map_err(E::custom)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<TimeDelta, A::Error> {
            let missing = |count| de::Error::invalid_length(count, &"days, seconds and microseconds");
            let mut parts = [0_i64; 3];
            for (index, part) in parts.iter_mut().enumerate() {
                *part = seq.next_element()?.ok_or_else(|| missing(index))?;
            }
            match seq.next_element::<de::IgnoredAny>()? {
                None => TimeDelta::new(parts[0], parts[1], parts[2]).map_err(de::Error::custom),
                Some(_) => Err(missing(4)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Serialize, de::DeserializeOwned};

    use super::*;
    use crate::{Value, from_value, to_value};

    fn both_ways<T>(text: &str, json: &str)
    where
        T: Serialize + DeserializeOwned + FromStr<Err = FormatError> + fmt::Display + Into<Value> + Clone,
    {
        let special: T = text.parse().unwrap();
        let value = to_value(&special).unwrap();
        assert_eq!(value, special.clone().into());
        assert_eq!(from_value::<T>(value.clone()).unwrap().to_string(), text);
        assert_eq!(T::deserialize(&value).unwrap().to_string(), text);
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        assert_eq!(serde_json::from_str::<T>(json).unwrap().to_string(), text);
        assert_eq!(from_value::<T>(text.into()).unwrap().to_string(), text);
    }

    #[test]
    fn each_is_read_as_it_is_written() {
        both_ways::<DateTime>("2024-01-02T03:04:05+01:00", r#""2024-01-02T03:04:05+01:00""#);
        both_ways::<Time>("03:04:05", r#""03:04:05""#);
        both_ways::<Date>("2024-01-02", r#""2024-01-02""#);
        both_ways::<TimeDelta>("1 day, 0:00:02.000003", "[1,2,3]");
        both_ways::<Decimal>("1.50", r#""1.50""#);
        both_ways::<Uuid>("12345678-1234-5678-1234-567812345678", r#""12345678-1234-5678-1234-567812345678""#);
    }

    #[test]
    fn the_fold_is_kept_between_values_and_lost_in_texts() {
        let folded = "2024-01-02T03:04:05".parse::<DateTime>().unwrap().folded();
        let value = to_value(&folded).unwrap();
        assert!(from_value::<DateTime>(value.clone()).unwrap().fold());
        assert!(matches!(from_value(value.clone()).unwrap(), Value::DateTime(folded) if folded.fold()));
        assert_eq!(from_value::<String>(value.clone()).unwrap(), "2024-01-02T03:04:05");
        assert_eq!(serde_json::to_string(&value).unwrap(), r#""2024-01-02T03:04:05""#);
        assert!(DateTime::deserialize(&Value::from("2024-01-02T03:04:05[fold=1]")).unwrap().fold());
        assert!(from_value::<Time>(to_value(&folded.time()).unwrap()).unwrap().fold());
    }

    #[test]
    fn numbers_are_seconds_and_decimals() {
        assert_eq!(from_value::<TimeDelta>(1.5.into()).unwrap(), TimeDelta::new(0, 1, 500_000).unwrap());
        assert_eq!(from_value::<TimeDelta>((-1).into()).unwrap(), TimeDelta::new(0, -1, 0).unwrap());
        assert!(from_value::<TimeDelta>(u64::MAX.into()).is_err());
        assert!(from_value::<TimeDelta>((1, 2).into()).is_err());
        assert!(from_value::<TimeDelta>((1, 2, 3, 4).into()).is_err());
        assert_eq!(from_value::<Decimal>(1.25.into()).unwrap().as_str(), "1.25");
        assert_eq!(from_value::<Decimal>(u64::MAX.into()).unwrap().as_str(), "18446744073709551615");
        assert!(from_value::<Decimal>(true.into()).is_err());
        assert!(from_value::<Date>("2024-02-30".into()).is_err());
    }
}
