//! Values of settings, as the constructors of Python's types read them.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use firesteel_value::Value;

use super::{PREFIX, SettingError};

/// A variable that was given.
pub(super) struct Setting<'a> {
    /// Its name without the prefix.
    pub(super) item: &'a str,
    pub(super) text: &'a str,
}

/// The type of a setting.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Bool,
    Int,
    Float,
    Text,
}

impl Kind {
    /// Reads a value as Pyro5 does (`Configuration.reset` in `configure.py`).
    pub(super) fn parse(self, setting: &Setting<'_>) -> Result<Value, SettingError> {
        let text = setting.text;
        match self {
            Self::Text => Ok(text.into()),
            Self::Bool => match text.to_lowercase().as_str() {
                "1" | "yes" | "on" | "true" => Ok(true.into()),
                "0" | "no" | "off" | "false" => Ok(false.into()),
                _ => Err(setting.wrong("give 1 or 0")),
            },
            Self::Int => integer(text).ok_or_else(|| setting.wrong("give a whole number")),
            Self::Float => float(text).map(Value::Float).ok_or_else(|| setting.wrong("give a number")),
        }
    }
}

impl Setting<'_> {
    /// Why the value is refused, and what to do.
    pub(super) fn wrong(&self, advice: impl Into<Cow<'static, str>>) -> SettingError {
        SettingError { variable: format!("{PREFIX}{}", self.item), value: self.text.to_owned(), advice: advice.into() }
    }

    /// A time; none for 0.
    pub(super) fn seconds(&self, seconds: f64) -> Result<Option<Duration>, SettingError> {
        // About thirty years: more would not fit into a point in time everywhere.
        if !(0.0..=1e9).contains(&seconds) {
            return Err(self.wrong("give a number of seconds, such as 0.5, or 0"));
        }
        Ok((seconds > 0.0).then(|| Duration::from_secs_f64(seconds)))
    }

    /// A number in a range.
    pub(super) fn within<T: TryFrom<i64> + PartialOrd + Display + Copy>(
        &self,
        value: &Value,
        min: T,
        max: T,
    ) -> Result<T, SettingError> {
        let number = value.as_i64().and_then(|number| T::try_from(number).ok());
        number
            .filter(|number| (min..=max).contains(number))
            .ok_or_else(|| self.wrong(format!("give a number from {min} to {max}")))
    }
}

/// What Python's `int()` takes: a sign, digits with single underscores between them, blanks around.
fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = sign(text.trim());
    let digits = without_underscores(digits)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Larger ones are larger than any bound.
    let number = digits.parse::<i64>().unwrap_or(i64::MAX);
    Some(Value::Int(if negative { -number } else { number }))
}

/// What Python's `float()` takes.
fn float(text: &str) -> Option<f64> {
    let text = without_underscores(text.trim())?;
    // Rust takes what Python takes, once the underscores are gone.
    text.parse().ok()
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Underscores stand between digits alone.
fn without_underscores(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('_') {
        return Some(text.into());
    }
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let between = |at: usize| digit(at.checked_sub(1)) && digit(Some(at + 1));
    let fine = bytes.iter().enumerate().all(|(at, byte)| *byte != b'_' || between(at));
    fine.then(|| text.replace('_', "").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_in_python() {
        for (text, number) in [("5", 5), (" +1_000\n", 1000), ("-0", 0), ("007", 7), ("-5", -5)] {
            assert_eq!(integer(text), Some(Value::Int(number)), "{text}");
        }
        for text in ["", " ", "_1", "1_", "1__0", "+", "--1", "1.0", "0x10", "1e3", "+-1"] {
            assert_eq!(integer(text), None, "{text}");
        }
        for (text, number) in [("5", 5.0), (" .5 ", 0.5), ("1_0.5_0", 10.5), ("1E-1", 0.1), ("inf", f64::INFINITY)] {
            assert_eq!(float(text), Some(number), "{text}");
        }
        for text in ["", "_1.0", "1._0", "1_e3", "0x10", "5s", "1,5"] {
            assert_eq!(float(text), None, "{text}");
        }
    }
}
