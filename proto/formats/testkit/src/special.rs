//! Random dates, durations, decimals and UUIDs.

use firesteel_value::{Date, DateTime, Decimal, Time, TimeDelta, Uuid};
use proptest::prelude::*;

use crate::Kinds;

/// Moments, with what the kinds say about offsets and folds.
pub fn datetimes(kinds: Kinds) -> BoxedStrategy<DateTime> {
    (dates(), times(kinds)).prop_map(|(date, time)| DateTime::new(date, time)).boxed()
}

/// Days of all years.
pub fn dates() -> BoxedStrategy<Date> {
    let any = (1..=9999_u16, 1..=12_u8, 1..=31_u8)
        .prop_map(|(year, month, day)| Date::new(year, month, day).or_else(|_| Date::new(year, month, 28)));
    // Those of our times more often: others have no timestamp on some systems.
    let now = (1971..=2037_u16, 1..=12_u8, 1..=28_u8).prop_map(|(year, month, day)| Date::new(year, month, day));
    prop_oneof![any, now].prop_map(|date| date.expect("there is such a day")).boxed()
}

/// Times of day, with what the kinds say about offsets and folds.
pub fn times(kinds: Kinds) -> BoxedStrategy<Time> {
    let micros = prop_oneof![Just(0), Just(500_000), 0..1_000_000_u32];
    let clock = (0..24_u8, 0..60_u8, prop_oneof![Just(0), 0..60_u8], micros);
    let offset = prop_oneof![
        3 => Just(None),
        2 => (-56..=56_i64).prop_map(|quarters| Some(quarters * 900_000_000)),
        1 => (-86_399..=86_399_i64).prop_map(|seconds| Some(seconds * 1_000_000)),
        1 => (-86_399_999_999..=86_399_999_999_i64).prop_map(Some),
    ];
    (clock, offset, any::<bool>())
        .prop_map(move |((hour, minute, second, micros), offset, fold)| {
            let offset = offset.filter(|_| kinds.offsets).map(|micros| TimeDelta::from_microseconds(micros.into()));
            Time::new(hour, minute, second, micros)
                .and_then(|time| time.with_utc_offset(offset.transpose()?))
                .expect("there is such a time")
                .with_fold(fold && kinds.folds)
        })
        .boxed()
}

/// Durations, up to the longest.
pub fn time_deltas() -> BoxedStrategy<TimeDelta> {
    let micros = prop_oneof![Just(0), 0..1_000_000_i64];
    let days = prop_oneof![Just(0), -1000..1000_i64, -999_999_999..=999_999_999_i64];
    (days, 0..86_400_i64, micros)
        .prop_map(|(days, seconds, micros)| TimeDelta::new(days, seconds, micros).expect("it is within the range"))
        .boxed()
}

/// Decimals, NaN only if asked for.
pub fn decimals(nan: bool) -> BoxedStrategy<Decimal> {
    let special = if nan { vec!["NaN", "-NaN12", "Infinity"] } else { vec!["Infinity", "-Infinity", "0", "-0.00"] };
    prop_oneof![
        6 => "-?[0-9]{1,30}(\\.[0-9]{0,20})?(E[+-]?[0-9]{1,4})?",
        1 => prop::sample::select(special).prop_map(String::from),
    ]
    .prop_map(|text| text.parse().expect("a decimal"))
    .boxed()
}

/// UUIDs of any version.
pub fn uuids() -> BoxedStrategy<Uuid> {
    any::<[u8; 16]>().prop_map(Uuid::from).boxed()
}
