//! The step by step reader, and calls.

use std::borrow::Cow;

use firesteel_json::{Call, FormatErrorKind, Limits, Options, Reader, Serializer};
use firesteel_value::Value;
use serde::Serialize;

fn reader(text: &str) -> Reader<'_> {
    Reader::new(text.as_bytes(), Limits::default()).unwrap()
}

/// A call whose arguments are values.
fn call(text: &str) -> Result<Call<'_>, FormatErrorKind> {
    let checked = Call::read(text.as_bytes(), Limits::default()).and_then(|call| {
        let parts = [call.params.clone(), call.kwargs.clone()];
        parts.into_iter().flatten().try_for_each(|mut part| part.skip())?;
        Ok(call)
    });
    checked.map_err(|error| error.category())
}

#[test]
fn the_cursor_walks_through_a_document() {
    let mut reader =
        reader(" [\"obj\" , \"me\\u0074h\", null,[ 1, [2 ,3]], {\"a\": null, \"5\" :[4], \"b\":{}, \"c\": 1}\n]\n");
    assert!(!reader.none().unwrap());
    reader.open_sequence().unwrap();
    assert!(reader.next_element().unwrap());
    assert!(matches!(reader.str().unwrap(), Cow::Borrowed("obj")));
    assert!(reader.next_element().unwrap());
    assert_eq!(reader.str().unwrap(), "meth");
    assert!(reader.next_element().unwrap());
    assert!(reader.none().unwrap());
    let mut kept = reader.clone();
    assert!(reader.next_element().unwrap());
    reader.skip().unwrap();
    assert!(kept.next_element().unwrap());
    kept.open_sequence().unwrap();
    assert!(kept.next_element().unwrap());
    assert!(!kept.none().unwrap());
    assert_eq!(kept.value::<i64>().unwrap(), 1);
    assert!(kept.next_element().unwrap());
    assert_eq!(kept.value::<Vec<i64>>().unwrap(), [2, 3]);
    assert!(!kept.next_element().unwrap());
    assert!(kept.next_element().unwrap());
    kept.open_dict().unwrap();
    assert!(kept.next_entry().unwrap());
    assert!(!kept.none().unwrap());
    assert_eq!(kept.str().unwrap(), "a");
    assert!(kept.none().unwrap());
    assert!(kept.next_entry().unwrap());
    assert_eq!(kept.value::<u8>().unwrap(), 5);
    assert_eq!(kept.value::<(i64,)>().unwrap(), (4,));
    assert!(kept.next_entry().unwrap());
    kept.skip().unwrap();
    kept.skip().unwrap();
    assert!(kept.next_entry().unwrap());
    assert_eq!(kept.value::<Value>().unwrap(), "c".into());
    assert_eq!(kept.value::<Value>().unwrap(), 1.into());
    assert!(!kept.next_entry().unwrap());
    assert!(!kept.next_element().unwrap());
    assert!(kept.next_element().is_err());
    kept.end().unwrap();
    assert_eq!(kept.offset(), 82);
}

#[test]
fn the_cursor_reports_misuse_and_wrong_types() {
    assert!(reader("[1]").next_element().is_err());
    assert_eq!(reader("[1]").open_dict().unwrap_err().category(), FormatErrorKind::Type);
    assert_eq!(reader("{}").open_sequence().unwrap_err().category(), FormatErrorKind::Type);
    assert_eq!(reader("1").str().unwrap_err().category(), FormatErrorKind::Type);
    assert_eq!(reader("").none().unwrap_err().category(), FormatErrorKind::UnexpectedEnd);
    assert!(reader("nul").none().is_err());
    let mut dict = reader("{\"a\": 1}");
    dict.open_dict().unwrap();
    assert_eq!(dict.clone().end().unwrap_err().category(), FormatErrorKind::Trailing);
    assert!(dict.next_entry().unwrap());
    assert!(dict.clone().open_sequence().is_err());
    assert_eq!(dict.clone().value::<bool>().unwrap_err().category(), FormatErrorKind::Type);
    let mut open = reader("[1");
    open.open_sequence().unwrap();
    assert!(open.next_element().unwrap());
    open.skip().unwrap();
    assert_eq!(open.end().unwrap_err().category(), FormatErrorKind::UnexpectedEnd);
    for text in ["{\"a\"}", "{\"a\", 1}", "{1: 2}", "{a: 1}", "{,}"] {
        let mut dict = reader(text);
        dict.open_dict().unwrap();
        assert!(dict.next_entry().and_then(|_| dict.str()).is_err(), "{text}");
    }
}

#[test]
fn calls_are_taken_apart() {
    let text = r#"{"object": "obj", "method": "m\u0065th", "params": [1, "two"], "kwargs": {"a": null}}"#;
    let parts = call(text).unwrap();
    assert_eq!((&*parts.object, &*parts.method), ("obj", "meth"));
    assert!(matches!(parts.object, Cow::Borrowed(_)));
    let mut params = parts.params.clone().unwrap();
    params.open_sequence().unwrap();
    assert!(params.next_element().unwrap());
    assert_eq!(params.value::<i64>().unwrap(), 1);
    assert!(params.next_element().unwrap());
    assert_eq!(params.str().unwrap(), "two");
    assert!(!params.next_element().unwrap());
    assert_eq!(parts.params.unwrap().value::<(i64, String)>().unwrap(), (1, "two".into()));
    assert_eq!(parts.kwargs.unwrap().value::<Value>().unwrap().to_string(), "{'a': None}");

    let shuffled =
        r#"{"x": 0, "kwargs": {}, "object": 1, "params": [1], "method": "a", "object": "o", "params": null}"#;
    let parts = call(shuffled).unwrap();
    assert_eq!((&*parts.object, &*parts.method), ("o", "a"));
    assert!(parts.params.unwrap().none().unwrap());
    let parts = call(r#"{"object": "o", "method": "m"}"#).unwrap();
    assert!(parts.params.is_none() && parts.kwargs.is_none());
}

#[test]
fn what_is_no_call_is_refused() {
    use FormatErrorKind::*;
    for (text, kind) in [
        ("", UnexpectedEnd),
        ("[]", Type),
        ("{}", Type),
        (r#"{"object": "o"}"#, Type),
        (r#"{"method": "o"}"#, Type),
        (r#"{"object": "o", "method": null}"#, Type),
        (r#"{"object": "o", "method": "m", "object": 1}"#, Type),
        (r#"{"object": "o", "method": "m"} 1"#, Trailing),
        (r#"{"object": "o", "method": "m", "params": [1,]}"#, Syntax),
        (r#"{"object": "o", "method": "m", "params": [1,], "params": [1]}"#, Syntax),
        (r#"{"object": "o", "method": "m", "params": [1}, "kwargs": {]}"#, Syntax),
        (r#"{"object": "o", "method": "m", "params": ]}"#, Syntax),
        (r#"{"object": "o", "method": "m", "params": 1 2}"#, Syntax),
        (r#"{"object": "o", "method": "m", "params": [[1]]]}"#, Syntax),
        (r#"{"object": "o", "method": "m", "params": "#, UnexpectedEnd),
        (r#"{"object": "o", "method": "m", "params": [{"a]}"#, UnexpectedEnd),
        (r#"{"object": "o", "method": "m", "params": ["\ud800"]}"#, Surrogate),
        (r#"{"object": "o", "method": "m", "params": [1]"#, UnexpectedEnd),
    ] {
        assert_eq!(call(text).unwrap_err(), kind, "{text}");
    }
}

#[test]
fn several_values_are_written_with_text_between() {
    let mut out = Vec::new();
    let mut serializer = Serializer::new(&mut out, &Options::default());
    serializer.output().extend_from_slice(b"{\"object\": ");
    "obj".serialize(&mut serializer).unwrap();
    serializer.output().extend_from_slice(b", \"method\": \"m\", \"params\": ");
    (1, [2.5]).serialize(&mut serializer).unwrap();
    serializer.output().push(b'}');
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text, r#"{"object": "obj", "method": "m", "params": [1, [2.5]]}"#);
    assert_eq!(call(&text).unwrap().params.unwrap().value::<(u8, [f64; 1])>().unwrap(), (1, [2.5]));
}
