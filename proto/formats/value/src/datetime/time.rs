//! Times of day.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use super::{delta::MICROS_PER_DAY, out_of_range, parse};
use crate::{FormatError, TimeDelta};

/// Python's `datetime.time`: a time of day, naive or with a fixed offset from UTC.
///
/// `Display` is `isoformat()`: `03:04:05.000006+01:00`; [`FromStr`] reads that as [`DateTime`](crate::DateTime) does.
/// Equality is Python's: with offsets, the times in UTC are compared (which may lie before 0 or behind 24 o'clock);
/// one with an offset never equals one without, and `fold` does not matter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Time {
    hour: u8,
    minute: u8,
    second: u8,
    fold: bool,
    microsecond: u32,
    offset: Option<TimeDelta>,
}

impl Time {
    /// A naive time of day.
    ///
    /// # Errors
    /// `NumberRange` if there is no such time. Python knows no leap seconds.
    pub fn new(hour: u8, minute: u8, second: u8, microsecond: u32) -> Result<Time, FormatError> {
        if hour > 23 {
            return Err(out_of_range("hour must be in 0..23"));
        }
        if minute > 59 {
            return Err(out_of_range("minute must be in 0..59"));
        }
        if second > 59 {
            return Err(out_of_range("second must be in 0..59"));
        }
        if microsecond > 999_999 {
            return Err(out_of_range("microsecond must be in 0..999999"));
        }
        Ok(Time { hour, minute, second, fold: false, microsecond, offset: None })
    }

    /// The same reading of the clock with an offset from UTC, east is positive; `None` makes it naive.
    ///
    /// # Errors
    /// `NumberRange` if the offset is a day or more, in either direction.
    pub fn with_utc_offset(mut self, offset: Option<TimeDelta>) -> Result<Time, FormatError> {
        if offset.is_some_and(|offset| offset.total_microseconds().unsigned_abs() >= MICROS_PER_DAY as u128) {
            return Err(out_of_range("offset must be strictly between -24 and 24 hours"));
        }
        self.offset = offset;
        Ok(self)
    }

    /// The same with `fold` set so.
    pub const fn with_fold(mut self, fold: bool) -> Time {
        self.fold = fold;
        self
    }

    /// The hour, 0 to 23.
    pub const fn hour(&self) -> u8 {
        self.hour
    }

    /// The minute, 0 to 59.
    pub const fn minute(&self) -> u8 {
        self.minute
    }

    /// The second, 0 to 59.
    pub const fn second(&self) -> u8 {
        self.second
    }

    /// The microsecond, 0 to 999999.
    pub const fn microsecond(&self) -> u32 {
        self.microsecond
    }

    /// The distance from UTC, east is positive; `None` if naive.
    pub const fn utc_offset(&self) -> Option<TimeDelta> {
        self.offset
    }

    /// Which of two equal readings of the clock it is, when the clock was set back: the second if true.
    pub const fn fold(&self) -> bool {
        self.fold
    }

    /// Microseconds from midnight, in UTC if there is an offset.
    pub(crate) fn instant(&self) -> i64 {
        let seconds = (i64::from(self.hour) * 60 + i64::from(self.minute)) * 60 + i64::from(self.second);
        let offset = self.offset.map_or(0, |offset| offset.total_microseconds() as i64);
        seconds * 1_000_000 + i64::from(self.microsecond) - offset
    }
}

impl PartialEq for Time {
    fn eq(&self, other: &Time) -> bool {
        self.offset.is_some() == other.offset.is_some() && self.instant() == other.instant()
    }
}

impl Eq for Time {}

impl Hash for Time {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.offset.is_some(), self.instant()).hash(state);
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)?;
        if self.microsecond > 0 {
            write!(f, ".{:06}", self.microsecond)?;
        }
        let Some(offset) = self.offset else {
            return Ok(());
        };
        let micros = offset.total_microseconds();
        f.write_str(if micros < 0 { "-" } else { "+" })?;
        let (seconds, micros) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
        write!(f, "{:02}:{:02}", seconds / 3600, seconds / 60 % 60)?;
        if seconds % 60 > 0 || micros > 0 {
            write!(f, ":{:02}", seconds % 60)?;
        }
        if micros > 0 {
            write!(f, ".{micros:06}")?;
        }
        Ok(())
    }
}

impl FromStr for Time {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Time, FormatError> {
        let wrong = || parse::wrong("a time such as 03:04:05", text);
        let (clock, zone) = text.split_at(text.find(['+', '-', 'Z', 'z']).unwrap_or(text.len()));
        let [hour, minute, second, microsecond] = parse::clock(clock.as_bytes()).ok_or_else(wrong)?;
        let time = Time::new(hour as u8, minute as u8, second as u8, microsecond)?;
        let offset = match zone.as_bytes() {
            [] => return Ok(time),
            [b'Z' | b'z'] => TimeDelta::ZERO,
            [sign, h, i, m, n] if m.is_ascii_digit() => {
                parse::offset(*sign, &[*h, *i, b':', *m, *n]).ok_or_else(wrong)?
            }
            [sign, clock @ ..] => parse::offset(*sign, clock).ok_or_else(wrong)?,
        };
        time.with_utc_offset(Some(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_midnight_in_utc_are_not_those_of_the_day_before() {
        let time = |text: &str| text.parse::<Time>().unwrap();
        assert_eq!(time("01:30:00+01:00"), time("00:30:00Z"));
        assert_ne!(time("00:30:00+01:00"), time("23:30:00Z"));
        assert_ne!(time("00:30"), time("00:30Z"));
        assert_eq!(time("00:30"), time("00:30").with_fold(true));
        assert_eq!(time("00:30-00:00:00.25").to_string(), "00:30:00-00:00:00.250000");
    }
}
