//! Rust types, to Python and back.

use std::collections::{BTreeMap, HashMap};

use firesteel::{Blob, CallFailure, Complex, FormatErrorKind};
use serde::{Deserialize, Serialize};

use crate::support::{Thing, config};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u64,
    customer: Option<String>,
    lines: Vec<Line>,
    tags: BTreeMap<String, i32>,
    state: State,
    rest: (),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    #[serde(rename = "sku")]
    article: String,
    count: u8,
    price: f64,
    gift: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum State {
    Open,
    Paid(u32),
    Sent(String, i8),
    Returned { reason: String, days: Option<i16> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Wrapper(i64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pair(i64, String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Picture {
    pixels: Blob,
    plain: Vec<u8>,
}

fn order(state: State) -> Order {
    Order {
        id: u64::MAX,
        customer: Some("Zoë".to_owned()),
        lines: vec![
            Line { article: "a'1".to_owned(), count: 255, price: 0.1, gift: true },
            Line { article: String::new(), count: 0, price: -1e300, gift: false },
        ],
        tags: [("x".to_owned(), -1), ("y".to_owned(), i32::MAX)].into(),
        state,
        rest: (),
    }
}

#[test]
fn structs_come_back_as_they_were_sent() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    for state in [
        State::Open,
        State::Paid(5),
        State::Sent("there".to_owned(), -5),
        State::Returned { reason: "too small".to_owned(), days: None },
    ] {
        let order = order(state);
        assert_eq!(proxy.call::<Order>("echo", &(&order,)).expect("an answer"), order);
    }
    let nobody = Order { customer: None, lines: vec![], tags: BTreeMap::new(), ..order(State::Open) };
    assert_eq!(proxy.call::<Order>("echo", &(&nobody,)).expect("an answer"), nobody);
}

#[test]
fn python_sees_rust_types_as_its_own() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    macro_rules! seen {
        ($value:expr, $kind:literal, $repr:literal) => {
            let seen: (String, String) = proxy.call("describe", &($value,)).expect("an answer");
            assert_eq!((seen.0.as_str(), seen.1.as_str()), ($kind, $repr));
        };
    }
    seen!(Some(1), "int", "1");
    seen!(None::<i32>, "NoneType", "None");
    seen!((), "NoneType", "None");
    seen!('x', "str", "'x'");
    seen!(1.5f32, "float", "1.5");
    seen!(vec![1, 2], "list", "[1, 2]");
    seen!((1, "two"), "tuple", "(1, 'two')");
    seen!([1, 2], "tuple", "(1, 2)");
    seen!(Wrapper(5), "int", "5");
    seen!(Pair(5, "x".to_owned()), "tuple", "(5, 'x')");
    seen!(State::Open, "str", "'Open'");
    seen!(State::Paid(5), "dict", "{'Paid': 5}");
    seen!(State::Sent("x".to_owned(), 1), "dict", "{'Sent': ('x', 1)}");
    seen!(
        State::Returned { reason: "r".to_owned(), days: None },
        "dict",
        "{'Returned': {'reason': 'r', 'days': None}}"
    );
    seen!(BTreeMap::from([(1, "one"), (2, "two")]), "dict", "{1: 'one', 2: 'two'}");
    seen!(
        Line { article: "a".to_owned(), count: 1, price: 2.0, gift: false },
        "dict",
        "{'sku': 'a', 'count': 1, 'price': 2.0, 'gift': False}"
    );
}

#[test]
fn maps_tuples_and_options_come_back() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    let map: HashMap<i64, Option<Pair>> = [(1, None), (-2, Some(Pair(3, "x".to_owned())))].into();
    assert_eq!(proxy.call::<HashMap<i64, Option<Pair>>>("echo", &(&map,)).expect("an answer"), map);
    let keys: BTreeMap<(u8, String), Vec<()>> = [((1, "a".to_owned()), vec![(), ()])].into();
    assert_eq!(proxy.call::<BTreeMap<(u8, String), Vec<()>>>("echo", &(&keys,)).expect("an answer"), keys);
    let deep = (1u8, (2u16, (3u32, (4u64, (5i128, [6i8; 3])))));
    assert_eq!(proxy.call::<(u8, (u16, (u32, (u64, (i128, [i8; 3])))))>("echo", &(deep,)).expect("an answer"), deep);
    let complex = Complex::new(1.0, -2.0);
    assert_eq!(proxy.call::<Complex>("echo", &(complex,)).expect("an answer"), complex);
}

#[test]
fn bytes_come_back_in_either_form() {
    let picture = Picture { pixels: Blob::from(&b"\0\xff\x80'"[..]), plain: vec![0, 255] };
    for (option, bytes_repr) in [("--bytes-repr", true), ("--bytes-repr", false), ("--threads", true)] {
        let thing = Thing::start(&[option]);
        let mut config = config();
        config.bytes_repr = bytes_repr;
        let proxy = thing.proxy_with(config);
        assert_eq!(proxy.call::<Picture>("echo", &(&picture,)).expect("an answer"), picture);
        assert_eq!(&*proxy.call::<Blob>("bytes", &()).expect("an answer"), b"\0\xffabc");
    }
}

#[test]
fn an_answer_of_another_type_is_an_error_and_the_connection_goes_on() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    let error = proxy.call::<i64>("echo", &("text",)).expect_err("a text is no number");
    let CallFailure::Format(error) = error else { panic!("{error:?}") };
    assert_eq!(error.category(), FormatErrorKind::Type);
    let overflow = proxy.call::<u8>("echo", &(256,)).expect_err("too large for a byte");
    assert!(matches!(overflow, CallFailure::Format(_)), "{overflow:?}");
    let missing = proxy.call::<Line>("echo", &(BTreeMap::from([("sku", "a")]),)).expect_err("fields are missing");
    assert!(missing.to_string().contains("missing field `count`"), "{missing}");
    assert_eq!(proxy.call::<String>("echo", &("text",)).expect("an answer"), "text");
}
