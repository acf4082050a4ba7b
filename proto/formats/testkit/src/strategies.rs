//! Random values for proptest.

use firesteel_value::{BigInt, Blob, Complex, Dict, Instance, Value};
use proptest::{
    collection::vec,
    prelude::*,
    strategy::{Union, ValueTree},
    test_runner::TestRunner,
};

use crate::special::{dates, datetimes, decimals, time_deltas, times, uuids};

/// Which values [`values`] makes; `None`, bools, ints, floats, strs, lists and dicts always.
///
/// ```
/// use firesteel_formats_testkit::{Kinds, samples, values};
/// let some = samples(values(Kinds { sets: false, ..Kinds::ALL }), 10);
/// assert_eq!(some.len(), 10);
/// ```
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Kinds {
    pub ellipsis: bool,
    /// Ints outside of 64 bits.
    pub big_ints: bool,
    /// Floats that are NaN: such a value does not equal itself.
    pub nan: bool,
    pub complex: bool,
    pub bytes: bool,
    pub byte_arrays: bool,
    pub tuples: bool,
    pub sets: bool,
    pub frozen_sets: bool,
    pub instances: bool,
    pub datetimes: bool,
    pub dates: bool,
    pub times: bool,
    pub time_deltas: bool,
    /// Datetimes and times with an offset from UTC.
    pub offsets: bool,
    /// Datetimes and times with `fold` set.
    pub folds: bool,
    pub decimals: bool,
    pub uuids: bool,
    /// Keys of dicts other than strs.
    pub any_keys: bool,
    /// `None` among the keys of dicts and the elements of sets.
    pub none_keys: bool,
    /// Sets have at most so many elements: Python writes more than one in an order of its own.
    pub max_set: usize,
}

impl Kinds {
    /// All of them except NaN.
    pub const ALL: Kinds = Kinds {
        ellipsis: true,
        big_ints: true,
        nan: false,
        complex: true,
        bytes: true,
        byte_arrays: true,
        tuples: true,
        sets: true,
        frozen_sets: true,
        instances: true,
        datetimes: true,
        dates: true,
        times: true,
        time_deltas: true,
        offsets: true,
        folds: true,
        decimals: true,
        uuids: true,
        any_keys: true,
        none_keys: true,
        max_set: 5,
    };

    /// Only what JSON has: `None`, bools, ints, floats, strs, lists, dicts with strs as keys.
    pub const PLAIN: Kinds = Kinds {
        ellipsis: false,
        big_ints: false,
        nan: false,
        complex: false,
        bytes: false,
        byte_arrays: false,
        tuples: false,
        sets: false,
        frozen_sets: false,
        instances: false,
        datetimes: false,
        dates: false,
        times: false,
        time_deltas: false,
        offsets: false,
        folds: false,
        decimals: false,
        uuids: false,
        any_keys: false,
        none_keys: false,
        max_set: 0,
    };
}

/// Values of some kinds, nested a few levels.
pub fn values(kinds: Kinds) -> BoxedStrategy<Value> {
    let mut leaves = hashable_leaves(kinds, true);
    if kinds.byte_arrays {
        leaves.push((1, vec(any::<u8>(), 0..20).prop_map(Value::ByteArray).boxed()));
    }
    let leaf = Union::new_weighted(leaves);
    leaf.prop_recursive(4, 40, 6, move |inner| Union::new_weighted(containers(kinds, inner)).boxed()).boxed()
}

/// Values that can be keys of dicts and elements of sets.
pub fn hashables(kinds: Kinds) -> BoxedStrategy<Value> {
    let leaf = Union::new_weighted(hashable_leaves(kinds, kinds.none_keys)).boxed();
    if !kinds.tuples {
        return leaf;
    }
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![3 => inner.clone(), 1 => vec(inner, 0..3).prop_map(Value::Tuple)].boxed()
    })
    .boxed()
}

/// Floats of all magnitudes, infinities included, NaN only if asked for.
pub fn floats(nan: bool) -> BoxedStrategy<f64> {
    let special = vec![0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, 5e-324, 1e16, 1e-5, 1e22, f64::MAX, 1.0, 0.5];
    prop_oneof![
        2 => prop::sample::select(special),
        3 => any::<u64>().prop_map(f64::from_bits),
        2 => (any::<i32>(), 0..12_i32).prop_map(|(number, places)| f64::from(number) / 10_f64.powi(places)),
        1 => (any::<u64>(), -40..20_i32).prop_map(|(number, power)| number as f64 * 10_f64.powi(power)),
        1 => (0..100_000_u32).prop_map(f64::from),
    ]
    .prop_map(move |number| if number.is_nan() && !nan { 0.25 } else { number })
    .boxed()
}

/// Strings of characters that need care, short ones mostly.
pub fn texts() -> BoxedStrategy<String> {
    const CHARS: &str =
        "abz09 '\"\\/\n\r\t\0\x1b\x7f\u{80}\u{a0}\u{ad}äß\u{378}€\u{2028}\u{feff}\u{e000}測😀\u{e0001}\u{10ffff}";
    let chars: Vec<char> = CHARS.chars().collect();
    prop_oneof![
        6 => vec(prop::sample::select(chars), 0..12).prop_map(String::from_iter),
        2 => "[a-z_]{1,12}",
        1 => vec(any::<char>(), 0..6).prop_map(String::from_iter),
        1 => "[ -~]{30,80}",
        // Lengths at which formats change their heads.
        1 => prop::sample::select(vec![31, 32, 255, 256]).prop_map(|len| "x".repeat(len)),
    ]
    .boxed()
}

/// Many values of a strategy, the same ones each time.
pub fn samples<S: Strategy>(strategy: S, count: usize) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    let mut sample = || strategy.new_tree(&mut runner).expect("a value of the strategy").current();
    (0..count).map(|_| sample()).collect()
}

type Weighted = Vec<(u32, BoxedStrategy<Value>)>;

fn hashable_leaves(kinds: Kinds, none: bool) -> Weighted {
    let ints = prop_oneof![any::<i64>(), (any::<i64>(), 0..64_u32).prop_map(|(number, bits)| number >> bits)];
    let mut leaves: Weighted = vec![
        (4, texts().prop_map(Value::Str).boxed()),
        (3, ints.prop_map(Value::Int).boxed()),
        (2, floats(kinds.nan).prop_map(Value::Float).boxed()),
        (1, any::<bool>().prop_map(Value::Bool).boxed()),
    ];
    let mut add = |wanted: bool, strategy: BoxedStrategy<Value>| {
        if wanted {
            leaves.push((1, strategy));
        }
    };
    add(none, Just(Value::None).boxed());
    add(kinds.ellipsis, Just(Value::Ellipsis).boxed());
    add(kinds.big_ints, big_ints().prop_map(Value::from).boxed());
    add(kinds.bytes, vec(any::<u8>(), 0..30).prop_map(|bytes| Blob::from(bytes).into()).boxed());
    let parts = (floats(kinds.nan), floats(kinds.nan));
    add(kinds.complex, parts.prop_map(|(re, im)| Complex::new(re, im).into()).boxed());
    add(kinds.datetimes, datetimes(kinds).prop_map(Value::from).boxed());
    add(kinds.dates, dates().prop_map(Value::from).boxed());
    add(kinds.times, times(kinds).prop_map(Value::from).boxed());
    add(kinds.time_deltas, time_deltas().prop_map(Value::from).boxed());
    add(kinds.decimals, decimals(kinds.nan).prop_map(Value::from).boxed());
    add(kinds.uuids, uuids().prop_map(Value::from).boxed());
    leaves
}

fn containers(kinds: Kinds, inner: BoxedStrategy<Value>) -> Weighted {
    let keys = if kinds.any_keys { hashables(kinds) } else { texts().prop_map(Value::Str).boxed() };
    let pairs = vec((keys, inner.clone()), 0..6).prop_map(Dict::from_pairs).boxed();
    let mut containers: Weighted = vec![
        (3, vec(inner.clone(), 0..6).prop_map(Value::List).boxed()),
        (3, pairs.clone().prop_map(Value::Dict).boxed()),
    ];
    if kinds.tuples {
        containers.push((2, vec(inner.clone(), 0..5).prop_map(Value::Tuple).boxed()));
    }
    let elements = || vec(hashables(kinds), 0..=kinds.max_set);
    if kinds.sets {
        containers.push((1, elements().prop_map(Value::set).boxed()));
    }
    if kinds.frozen_sets {
        containers.push((1, elements().prop_map(Value::frozenset).boxed()));
    }
    if kinds.instances {
        let instances = ("[a-z]{1,8}\\.[A-Z][a-z]{0,8}", pairs);
        containers.push((1, instances.prop_map(|(class, fields)| Instance { class, fields }.into()).boxed()));
    }
    containers
}

fn big_ints() -> BoxedStrategy<BigInt> {
    let edges: Vec<i128> = vec![
        i128::from(i64::MAX) + 1,
        i128::from(i64::MIN) - 1,
        i128::from(u64::MAX),
        i128::from(u64::MAX) + 1,
        i128::MIN,
        i128::MAX,
    ];
    let any_size = (any::<bool>(), vec(any::<u8>(), 8..60));
    prop_oneof![
        prop::sample::select(edges).prop_map(BigInt::from),
        any_size.prop_map(|(negative, magnitude)| BigInt::from_magnitude_le(negative, &magnitude)),
    ]
    .boxed()
}
