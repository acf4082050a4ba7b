//! Datetimes and dates as numbers, computed as CPython does (`Modules/_datetimemodule.c`, `Python/pytime.c`).

use firesteel_value::{Date, DateTime, FormatError, FormatErrorKind, Time, TimeDelta};

/// The ordinal of 1970-01-01.
const EPOCH: i64 = 719_163;
const SECONDS_PER_DAY: i64 = 86_400;

/// `datetime.timestamp()` of a naive datetime, in a time zone `utc_offset` seconds east of UTC.
pub(crate) fn to_timestamp(moment: &DateTime, utc_offset: i32) -> f64 {
    let time = moment.time();
    let days = i64::from(moment.date().to_ordinal()) - EPOCH;
    let minutes = i64::from(time.hour()) * 60 + i64::from(time.minute());
    let seconds = days * SECONDS_PER_DAY + minutes * 60 + i64::from(time.second()) - i64::from(utc_offset);
    seconds as f64 + f64::from(time.microsecond()) / 1e6
}

/// `datetime.fromtimestamp()`: rounded to microseconds, half to even.
pub(crate) fn from_timestamp(timestamp: f64, utc_offset: i32) -> Result<DateTime, FormatError> {
    // Far beyond all years, and within i64.
    if timestamp.is_nan() || timestamp.abs() > 1e15 {
        return Err(out_of_range());
    }
    let whole = timestamp.trunc();
    let micros = ((timestamp - whole) * 1e6).round_ties_even() as i64;
    let seconds = whole as i64 + micros.div_euclid(1_000_000) + i64::from(utc_offset);
    datetime(seconds, micros.rem_euclid(1_000_000) as u32, None)
}

/// msgpack's own timestamp: seconds in UTC and nanoseconds, which are cut to microseconds.
pub(crate) fn from_utc(seconds: i64, nanoseconds: u32) -> Result<DateTime, FormatError> {
    if nanoseconds > 999_999_999 {
        return Err(out_of_range());
    }
    datetime(seconds, nanoseconds / 1000, Some(TimeDelta::ZERO))
}

fn datetime(seconds: i64, micros: u32, offset: Option<TimeDelta>) -> Result<DateTime, FormatError> {
    let date = date(seconds.div_euclid(SECONDS_PER_DAY) + EPOCH)?;
    // Below a day, so each part fits.
    let rest = seconds.rem_euclid(SECONDS_PER_DAY) as u32;
    let time = Time::new((rest / 3600) as u8, (rest / 60 % 60) as u8, (rest % 60) as u8, micros)?;
    Ok(DateTime::new(date, time.with_utc_offset(offset)?))
}

/// `date.fromordinal()`.
pub(crate) fn date(ordinal: i64) -> Result<Date, FormatError> {
    if !(1..=3_652_059).contains(&ordinal) {
        return Err(out_of_range());
    }
    // Years that begin in March, so that leap days come last; day 0 is the first of March of year 0.
    let days = ordinal + 305;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    Date::new((era * 400 + year + next) as u16, month as u8, day as u8)
}

fn out_of_range() -> FormatError {
    FormatError::new(FormatErrorKind::NumberRange, "a datetime or date outside of the years 1 to 9999")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ordinal_is_a_date() {
        let mut last = None;
        for ordinal in 1..=3_652_059 {
            let date = date(ordinal).unwrap();
            assert_eq!(i64::from(date.to_ordinal()), ordinal);
            assert!(last < Some(date));
            last = Some(date);
        }
        assert_eq!(last.unwrap().to_string(), "9999-12-31");
        for ordinal in [i64::MIN, -1, 0, 3_652_060, i64::MAX] {
            assert!(date(ordinal).is_err());
        }
    }

    #[test]
    fn timestamps_round_as_in_python() {
        for (timestamp, text) in [
            (0.000_001_5, "1970-01-01T00:00:00.000002"),
            (0.000_002_5, "1970-01-01T00:00:00.000002"),
            (0.999_999_6, "1970-01-01T00:00:01"),
            (-0.000_000_5, "1970-01-01T00:00:00"),
            (-0.000_001_5, "1969-12-31T23:59:59.999998"),
            (1_577_934_245.678_901_5, "2020-01-02T03:04:05.678901"),
            (253_402_300_799.999, "9999-12-31T23:59:59.998993"),
            (-62_135_596_800.0, "0001-01-01T00:00:00"),
        ] {
            assert_eq!(from_timestamp(timestamp, 0).unwrap().to_string(), text);
        }
        for timestamp in [f64::NAN, f64::INFINITY, -1e300, 253_402_300_800.0, -62_135_596_800.1] {
            assert_eq!(from_timestamp(timestamp, 0).unwrap_err().category(), FormatErrorKind::NumberRange);
        }
    }

    #[test]
    fn the_zone_moves_the_clock() {
        let moment: DateTime = "2024-07-01T00:00:00".parse().unwrap();
        // What Python gives in Amsterdam.
        assert_eq!(to_timestamp(&moment, 7200), 1_719_784_800.0);
        assert_eq!(from_timestamp(1_719_784_800.0, 7200).unwrap(), moment);
    }
}
