//! Python's `datetime` module: dates, times, moments and durations, as data.
//!
//! A time zone is a fixed distance from UTC, as Python's `datetime.timezone`. Nothing here knows the clock or the
//! rules of any country; convert to a crate that does.

mod date;
mod delta;
mod parse;
mod time;

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

pub use date::Date;
pub use delta::TimeDelta;
pub use time::Time;

use crate::{FormatError, FormatErrorKind};

/// Python's `datetime.datetime`: a date and a time of day, naive or with a fixed offset from UTC.
///
/// `Display` is `isoformat()`: `2024-01-02T03:04:05.000006+01:00`; [`FromStr`] reads that, also with a blank in place
/// of the `T`, with `Z`, and with fewer or more digits of the fraction, as Python's `fromisoformat` does. Equality is
/// Python's: two with an offset are equal if they are the same moment, one with an offset never equals one without,
/// and `fold` does not matter.
///
/// ```
/// use firesteel_value::{Date, DateTime, Time};
/// let moment: DateTime = "2024-01-02T03:04:05+01:00".parse().unwrap();
/// assert_eq!(moment, "2024-01-02T02:04:05Z".parse().unwrap());
/// let naive = DateTime::new(Date::new(2024, 1, 2).unwrap(), Time::new(3, 4, 5, 0).unwrap());
/// assert_eq!(naive.to_string(), "2024-01-02T03:04:05");
/// assert_ne!(naive, moment);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DateTime {
    date: Date,
    time: Time,
}

impl DateTime {
    /// A date and a time, whose offset and fold are those of the whole.
    pub const fn new(date: Date, time: Time) -> DateTime {
        DateTime { date, time }
    }

    /// The date.
    pub const fn date(&self) -> Date {
        self.date
    }

    /// The time of day, with the offset and the fold.
    pub const fn time(&self) -> Time {
        self.time
    }

    /// The distance from UTC, east is positive; `None` if naive.
    pub const fn utc_offset(&self) -> Option<TimeDelta> {
        self.time.utc_offset()
    }

    /// Which of two equal readings of the clock it is, when the clock was set back: the second if true.
    pub const fn fold(&self) -> bool {
        self.time.fold()
    }

    /// Microseconds from the first of January of year 1, in UTC if there is an offset.
    pub(crate) fn instant(&self) -> i64 {
        let days = i64::from(self.date.to_ordinal()) - 1;
        days * delta::MICROS_PER_DAY + self.time.instant()
    }
}

impl PartialEq for DateTime {
    fn eq(&self, other: &DateTime) -> bool {
        self.utc_offset().is_some() == other.utc_offset().is_some() && self.instant() == other.instant()
    }
}

impl Eq for DateTime {}

impl Hash for DateTime {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.utc_offset().is_some(), self.instant()).hash(state);
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}", self.date, self.time)
    }
}

impl FromStr for DateTime {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<DateTime, FormatError> {
        let wrong = || parse::wrong("a datetime such as 2024-01-02T03:04:05", text);
        let (date, time) = text.split_at_checked(10).ok_or_else(wrong)?;
        let date = date.parse()?;
        if time.is_empty() {
            return Ok(DateTime { date, time: Time::default() });
        }
        let time = time.strip_prefix(['T', 't', ' ']).ok_or_else(wrong)?;
        Ok(DateTime { date, time: time.parse()? })
    }
}

fn out_of_range(what: &'static str) -> FormatError {
    FormatError::new(FormatErrorKind::NumberRange, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datetime(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    #[test]
    fn texts_come_back() {
        for text in [
            "2024-01-02T03:04:05",
            "0001-01-01T00:00:00",
            "9999-12-31T23:59:59.999999",
            "2024-02-29T03:04:05.000006+01:00",
            "2024-01-02T03:04:05-00:30",
            "2024-01-02T03:04:05+23:59:59.999999",
            "2024-01-02T03:04:05-23:59:59.999999",
            "2024-01-02T03:04:05+00:00:00.000001",
            "2024-01-02T03:04:05-00:00:01",
        ] {
            assert_eq!(datetime(text).to_string(), text);
        }
    }

    #[test]
    fn other_forms_are_read_as_python_does() {
        for (text, same) in [
            ("2024-01-02", "2024-01-02T00:00:00"),
            ("2024-01-02 03", "2024-01-02T03:00:00"),
            ("2024-01-02T03:04Z", "2024-01-02T03:04:00+00:00"),
            ("2024-01-02T03:04:05.5", "2024-01-02T03:04:05.500000"),
            ("2024-01-02T03:04:05,123456789", "2024-01-02T03:04:05.123456"),
            ("2024-01-02T03:04:05-05", "2024-01-02T03:04:05-05:00"),
            ("2024-01-02T03:04:05+0530", "2024-01-02T03:04:05+05:30"),
        ] {
            assert_eq!(datetime(text).to_string(), same);
        }
        for text in [
            "",
            "2024",
            "2024-1-2",
            "2024-02-30",
            "2023-02-29T00:00:00",
            "0000-01-01",
            "2024-13-01",
            "2024-01-02T",
            "2024-01-02x03",
            "2024-01-02T24:00",
            "2024-01-02T03:60",
            "2024-01-02T03:04:60",
            "2024-01-02T03:04:05.",
            "2024-01-02T03:04:05+24:00",
            "2024-01-02T03:04:05+",
            "2024-01-02T03:04:05ZZ",
            "2024-01-02T03:04:05+01:00x",
            "+024-01-02",
            "2024-01-0ä",
        ] {
            assert!(text.parse::<DateTime>().is_err(), "{text}");
        }
    }

    #[test]
    fn equality_is_that_of_moments() {
        assert_eq!(datetime("2024-01-01T00:30:00+01:00"), datetime("2023-12-31T23:30:00+00:00"));
        assert_ne!(datetime("2024-01-01T00:30:00+00:00"), datetime("2024-01-01T00:30:00"));
        let naive = datetime("2024-01-01T00:30:00");
        assert_eq!(DateTime::new(naive.date(), naive.time().with_fold(true)), naive);
    }
}
