//! Durations.

use std::{fmt, str::FromStr};

use super::{out_of_range, parse};
use crate::FormatError;

pub(super) const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Python's `datetime.timedelta`: a signed duration in whole microseconds, up to 999,999,999 days.
///
/// `Display` is Python's `str`: `1 day, 2:03:04.500000`, which [`FromStr`] reads. Read through serde from its three
/// parts, from that text, or from a number of seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeDelta {
    days: i32,
    seconds: u32,
    microseconds: u32,
}

impl TimeDelta {
    /// No time at all.
    pub const ZERO: TimeDelta = TimeDelta { days: 0, seconds: 0, microseconds: 0 };

    /// The sum of the three, normalised as Python does.
    ///
    /// # Errors
    /// `NumberRange` beyond 999,999,999 days.
    pub fn new(days: i64, seconds: i64, microseconds: i64) -> Result<TimeDelta, FormatError> {
        let day = i128::from(MICROS_PER_DAY);
        let micros = i128::from(days) * day + i128::from(seconds) * 1_000_000 + i128::from(microseconds);
        TimeDelta::from_microseconds(micros)
    }

    /// A number of microseconds.
    ///
    /// # Errors
    /// `NumberRange` beyond 999,999,999 days.
    pub fn from_microseconds(micros: i128) -> Result<TimeDelta, FormatError> {
        let day = i128::from(MICROS_PER_DAY);
        let (days, rest) = (micros.div_euclid(day), micros.rem_euclid(day) as u64);
        match i32::try_from(days) {
            Ok(days) if days.unsigned_abs() <= 999_999_999 => {
                Ok(TimeDelta { days, seconds: (rest / 1_000_000) as u32, microseconds: (rest % 1_000_000) as u32 })
            }
            _ => Err(out_of_range("a timedelta must be within 999999999 days")),
        }
    }

    /// A number of seconds, rounded to microseconds as `timedelta(seconds=...)` does (half to even).
    ///
    /// # Errors
    /// `NumberRange` beyond 999,999,999 days, and for NaN.
    pub fn from_seconds(seconds: f64) -> Result<TimeDelta, FormatError> {
        // Beyond the range in any case, and small enough for the integers below.
        if seconds.is_nan() || seconds.abs() >= 1e15 {
            return Err(out_of_range("a timedelta must be within 999999999 days"));
        }
        let whole = seconds.trunc();
        let micros = ((seconds - whole) * 1e6).round_ties_even();
        TimeDelta::from_microseconds(whole as i128 * 1_000_000 + micros as i128)
    }

    /// The days, which alone may be negative.
    pub const fn days(&self) -> i32 {
        self.days
    }

    /// The seconds beside the days, 0 to 86399.
    pub const fn seconds(&self) -> u32 {
        self.seconds
    }

    /// The microseconds beside the seconds, 0 to 999999.
    pub const fn microseconds(&self) -> u32 {
        self.microseconds
    }

    /// All of it in microseconds.
    pub fn total_microseconds(&self) -> i128 {
        let micros = i64::from(self.seconds) * 1_000_000 + i64::from(self.microseconds);
        i128::from(self.days) * i128::from(MICROS_PER_DAY) + i128::from(micros)
    }

    /// All of it in seconds, as Python's `total_seconds()`: the float next to the exact quotient.
    pub fn total_seconds(&self) -> f64 {
        let micros = self.total_microseconds();
        if micros.unsigned_abs() < 1 << 53 {
            return micros as f64 / 1e6;
        }
        // The number itself would be rounded first. A text is not, and its digits always make a float.
        let (sign, micros) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
        format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000).parse().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for TimeDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days != 0 {
            write!(f, "{} day{}, ", self.days, if self.days.abs() == 1 { "" } else { "s" })?;
        }
        write!(f, "{}:{:02}:{:02}", self.seconds / 3600, self.seconds / 60 % 60, self.seconds % 60)?;
        if self.microseconds > 0 {
            write!(f, ".{:06}", self.microseconds)?;
        }
        Ok(())
    }
}

impl FromStr for TimeDelta {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<TimeDelta, FormatError> {
        from_text(text).ok_or_else(|| parse::wrong("a timedelta such as '1 day, 2:03:04'", text))?
    }
}

fn from_text(text: &str) -> Option<Result<TimeDelta, FormatError>> {
    let (days, clock) = match text.split_once(", ") {
        None => (0, text),
        Some((days, clock)) => {
            let number = days.strip_suffix(" days").or_else(|| days.strip_suffix(" day"))?;
            (number.parse().ok()?, clock)
        }
    };
    let padded = if clock.as_bytes().get(1) == Some(&b':') { format!("0{clock}") } else { clock.into() };
    let [hour, minute, second, micros] = parse::clock(padded.as_bytes())?.map(i64::from);
    (hour < 24 && minute < 60 && second < 60).then(|| TimeDelta::new(days, (hour * 60 + minute) * 60 + second, micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_normalised() {
        let delta = TimeDelta::new(0, 0, -1).unwrap();
        assert_eq!((delta.days(), delta.seconds(), delta.microseconds()), (-1, 86_399, 999_999));
        assert_eq!(TimeDelta::new(1, -86_400, 0).unwrap(), TimeDelta::ZERO);
        assert!(TimeDelta::new(1_000_000_000, 0, 0).is_err());
        assert!(TimeDelta::new(999_999_999, 86_400, 0).is_err());
        assert!(TimeDelta::new(-999_999_999, 0, -1).is_err());
        assert!(TimeDelta::new(i64::MAX, i64::MAX, i64::MAX).is_err());
    }

    #[test]
    fn seconds_are_rounded_to_even() {
        for (seconds, micros) in [
            (0.5, 500_000),
            (0.000_000_5, 0),
            (0.000_001_5, 2),
            (-0.000_001_5, -2),
            (1.000_000_4, 1_000_000),
            (-1.5, -1_500_000),
        ] {
            assert_eq!(TimeDelta::from_seconds(seconds).unwrap().total_microseconds(), micros, "{seconds}");
        }
        for seconds in [f64::NAN, f64::INFINITY, 1e300, -8.64e13 - 1.0] {
            assert!(TimeDelta::from_seconds(seconds).is_err(), "{seconds}");
        }
    }

    #[test]
    fn total_seconds_are_the_nearest_float() {
        let delta = TimeDelta::new(999_999_999, 86_399, 999_999).unwrap();
        assert_eq!(delta.total_seconds(), 86_399_999_999_999.999_999);
        assert_eq!(TimeDelta::new(0, 0, -1_500_000).unwrap().total_seconds(), -1.5);
        assert_eq!(TimeDelta::new(-200_000, 0, 1).unwrap().total_seconds(), -17_279_999_999.999_999);
    }

    #[test]
    fn texts_come_back() {
        for text in ["0:00:00", "1 day, 0:00:00", "-1 day, 23:59:59.999999", "999999999 days, 12:00:01"] {
            assert_eq!(text.parse::<TimeDelta>().unwrap().to_string(), text);
        }
        for text in ["", "1 day", "24:00:00", "1 week, 0:00:00", "-1:00:00", "1:60:00", "9999999999 days, 0:00:00"] {
            assert!(text.parse::<TimeDelta>().is_err(), "{text}");
        }
    }
}
