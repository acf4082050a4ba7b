//! The repr of objects of the standard library.

use std::io::Write as _;

use crate::{Date, DateTime, Decimal, Time, TimeDelta, Uuid};

// Writing into a vector cannot fail, so the results of `write!` carry nothing.

/// `datetime.datetime(2024, 1, 2, 3, 4, tzinfo=datetime.timezone.utc)`.
pub(crate) fn datetime(out: &mut Vec<u8>, datetime: &DateTime) {
    let (date, time) = (datetime.date(), datetime.time());
    let _ = write!(out, "datetime.datetime({}, {}, {}, ", date.year(), date.month(), date.day());
    time_parts(out, &time);
    fold(out, &time);
    zone(out, &time);
    out.push(b')');
}

/// `datetime.date(2024, 1, 2)`.
pub(crate) fn date(out: &mut Vec<u8>, date: &Date) {
    let _ = write!(out, "datetime.date({}, {}, {})", date.year(), date.month(), date.day());
}

/// `datetime.time(3, 4)`.
pub(crate) fn time(out: &mut Vec<u8>, time: &Time) {
    out.extend_from_slice(b"datetime.time(");
    time_parts(out, time);
    // The other way round than in a datetime, as Python does.
    zone(out, time);
    fold(out, time);
    out.push(b')');
}

fn time_parts(out: &mut Vec<u8>, time: &Time) {
    let _ = write!(out, "{}, {}", time.hour(), time.minute());
    if time.second() != 0 || time.microsecond() != 0 {
        let _ = write!(out, ", {}", time.second());
    }
    if time.microsecond() != 0 {
        let _ = write!(out, ", {}", time.microsecond());
    }
}

fn fold(out: &mut Vec<u8>, time: &Time) {
    if time.fold() {
        out.extend_from_slice(b", fold=1");
    }
}

fn zone(out: &mut Vec<u8>, time: &Time) {
    match time.utc_offset() {
        None => {}
        Some(TimeDelta::ZERO) => out.extend_from_slice(b", tzinfo=datetime.timezone.utc"),
        Some(offset) => {
            out.extend_from_slice(b", tzinfo=datetime.timezone(");
            timedelta(out, &offset);
            out.push(b')');
        }
    }
}

/// `datetime.timedelta(days=1, seconds=2)`.
pub(crate) fn timedelta(out: &mut Vec<u8>, delta: &TimeDelta) {
    out.extend_from_slice(b"datetime.timedelta(");
    let parts = [
        ("days", i64::from(delta.days())),
        ("seconds", delta.seconds().into()),
        ("microseconds", delta.microseconds().into()),
    ];
    let mut separator = "";
    for (name, number) in parts.into_iter().filter(|(_, number)| *number != 0) {
        let _ = write!(out, "{separator}{name}={number}");
        separator = ", ";
    }
    out.extend_from_slice(if separator.is_empty() { b"0)" } else { b")" });
}

/// `Decimal('1.5')`.
pub(crate) fn decimal(out: &mut Vec<u8>, decimal: &Decimal) {
    let _ = write!(out, "Decimal('{decimal}')");
}

/// `UUID('12345678-1234-5678-1234-567812345678')`.
pub(crate) fn uuid(out: &mut Vec<u8>, uuid: &Uuid) {
    let _ = write!(out, "UUID('{uuid}')");
}

#[cfg(test)]
mod tests {
    use crate::{DateTime, Decimal, Time, TimeDelta, Value};

    #[test]
    fn reprs_are_those_of_python() {
        let datetime = |text: &str| text.parse::<DateTime>().unwrap();
        let folded: Time = "00:00:00.000001-05:00".parse::<Time>().unwrap().with_fold(true);
        for (value, text) in [
            (datetime("2024-01-02T03:04").into(), "datetime.datetime(2024, 1, 2, 3, 4)"),
            (
                datetime("2024-01-02T03:04:05Z").into(),
                "datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)",
            ),
            (Value::from(datetime("2024-01-02").date()), "datetime.date(2024, 1, 2)"),
            (
                folded.into(),
                "datetime.time(0, 0, 0, 1, \
                 tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=68400)), fold=1)",
            ),
            (TimeDelta::ZERO.into(), "datetime.timedelta(0)"),
            (TimeDelta::new(1, 0, 5).unwrap().into(), "datetime.timedelta(days=1, microseconds=5)"),
            ("-1.50".parse::<Decimal>().unwrap().into(), "Decimal('-1.50')"),
            (crate::Uuid::default().into(), "UUID('00000000-0000-0000-0000-000000000000')"),
        ] {
            assert_eq!(value.to_string(), text);
        }
    }
}
