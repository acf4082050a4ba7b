//! Days of the calendar.

use std::{fmt, str::FromStr};

use super::{out_of_range, parse};
use crate::FormatError;

/// Python's `datetime.date`: a day of the proleptic Gregorian calendar, from year 1 to 9999.
///
/// `Display` is `isoformat()`: `2024-01-02`, which [`FromStr`] reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day; months and days count from 1.
    ///
    /// # Errors
    /// `NumberRange` if there is no such day, or the year is not in 1..=9999.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Date, FormatError> {
        if !(1..=9999).contains(&year) {
            return Err(out_of_range("year must be in 1..9999"));
        }
        if !(1..=12).contains(&month) {
            return Err(out_of_range("month must be in 1..12"));
        }
        if !(1..=days_in(year, month)).contains(&day) {
            return Err(out_of_range("day is out of range for month"));
        }
        Ok(Date { year, month, day })
    }

    /// The year, 1 to 9999.
    pub const fn year(&self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub const fn month(&self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub const fn day(&self) -> u8 {
        self.day
    }

    /// The number of the day as Python counts them: the first of January of year 1 is 1.
    pub fn to_ordinal(&self) -> u32 {
        let before = u32::from(self.year) - 1;
        let earlier_months: u32 = (1..self.month).map(|month| u32::from(days_in(self.year, month))).sum();
        before * 365 + before / 4 - before / 100 + before / 400 + earlier_months + u32::from(self.day)
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Date, FormatError> {
        let parts = match text.as_bytes() {
            [year @ .., b'-', m, n, b'-', d, e] if year.len() == 4 => {
                parse::digits(year).zip(parse::digits(&[*m, *n])).zip(parse::digits(&[*d, *e]))
            }
            _ => None,
        };
        let ((year, month), day) = parts.ok_or_else(|| parse::wrong("a date such as 2024-01-02", text))?;
        Date::new(year as u16, month as u8, day as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_are_pythons() {
        for (text, ordinal) in [
            ("0001-01-01", 1),
            ("0001-12-31", 365),
            ("1970-01-01", 719_163),
            ("2000-03-01", 730_180),
            ("2024-12-31", 739_251),
            ("9999-12-31", 3_652_059),
        ] {
            assert_eq!(text.parse::<Date>().unwrap().to_ordinal(), ordinal, "{text}");
        }
    }
}
