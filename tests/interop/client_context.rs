//! What travels beside the values: annotations, correlation ids, compression, the handshake's data.

use std::collections::BTreeMap;

use firesteel::wire::{Flags, MessageType};
use firesteel::{CallFailure, CloseReason, Dict, Request, Value};
use firesteel_testkit::{Sender, unique_socket_path};
use serde::Deserialize;

use crate::support::{Thing, config, connect, fault};
use crate::tap::Tap;

/// What Python knows of a call.
#[derive(Debug, Deserialize)]
struct Context {
    correlation_id: String,
    annotations: BTreeMap<String, String>,
    seq: u16,
    flags: u16,
    serializer: u8,
}

const ID: [u8; 16] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0, 1, 2, 3, 4, 5, 6, 7];

#[test]
fn annotations_and_correlation_id_reach_python() {
    let thing = Thing::start(&[]);
    let proxy = thing.proxy();
    let request = Request::method("context", &())
        .annotation(*b"ABCD", "first")
        .annotation(*b"XYZZ", vec![b'z'; 70_000])
        .correlation_id(ID);
    let context: Context = proxy.request(request).expect("an answer");
    assert_eq!(context.correlation_id, "01234567-89ab-cdef-0001-020304050607");
    assert_eq!(context.annotations["ABCD"], "first");
    assert_eq!(context.annotations["XYZZ"].len(), 70_000);
    assert_eq!(context.annotations.len(), 2);
    assert_eq!((context.flags, context.serializer, context.seq), (Flags::CORRELATION_ID.bits(), 1, 1));

    // They belong to that call alone; Python makes an id of its own then.
    let context: Context = proxy.call("context", &()).expect("an answer");
    assert!(context.annotations.is_empty() && context.flags == 0 && context.seq == 2, "{context:?}");
    assert!(context.correlation_id.len() == 36 && !context.correlation_id.starts_with("0123"), "{context:?}");
}

#[test]
fn annotations_of_answers_reach_rust() {
    let thing = Thing::start(&["--annotation", "DMON=always"]);
    let proxy = thing.proxy();
    let args = ("EFGH", "sometimes ä");
    let (payload, annotations) = proxy.request_payload(Request::method("annotate", &args)).expect("an answer");
    assert_eq!(payload.decode::<Value>().expect("a value"), Value::None);
    assert_eq!(annotations.get(*b"DMON").map(|value| &value[..]), Some(&b"always"[..]));
    assert_eq!(annotations.get(*b"EFGH").map(|value| &value[..]), Some("sometimes ä".as_bytes()));
    assert_eq!(annotations.iter().count(), 2);
    let (_, annotations) = proxy.request_payload(Request::get("level")).expect("an answer");
    assert_eq!(annotations.iter().map(|(name, _)| name).collect::<Vec<_>>(), [*b"DMON"]);
}

#[test]
fn both_sides_compress_what_is_long() {
    for (server, client) in [(true, true), (true, false), (false, true), (false, false)] {
        let path = unique_socket_path().to_string();
        let mut options = vec!["--unix", &path];
        options.extend(server.then_some("--compress"));
        let thing = Thing::start(&options);
        let (tap, tapped) = Tap::before(&path);
        let mut config = config();
        config.compression = client;
        let proxy = connect(&thing.uri("test.thing").replace(&path, &tapped.to_string()), config);
        for text in ["short".to_owned(), "x".repeat(101), "longer ä€".repeat(50_000)] {
            assert!(proxy.call::<String>("echo", &(&text,)).expect("an answer") == text);
        }
        assert!(fault(proxy.call::<Value>("fail_builtin", &("ValueError",))).is("builtins.ValueError"));
        for (sender, compresses) in [(Sender::Client, client), (Sender::Server, server)] {
            let messages = tap.sent_by(sender);
            let calls: Vec<_> =
                messages.iter().filter(|it| it.is(MessageType::Invoke) || it.is(MessageType::Result)).collect();
            assert_eq!(calls.len(), 4);
            for message in calls {
                let compressed = message.header.flags.contains(Flags::COMPRESSED);
                assert_eq!(compressed, compresses && message.plain().len() > 100, "{sender:?} {:?}", message.header);
            }
        }
    }
}

#[test]
fn annotations_stay_plain_beside_compressed_data() {
    let thing = Thing::start(&["--compress", "--annotation", "DMON=always"]);
    let mut config = config();
    config.compression = true;
    let proxy = thing.proxy_with(config);
    let long = ("x".repeat(1000),);
    let request = Request::method("echo", &long).annotation(*b"ABCD", vec![b'a'; 500]).correlation_id(ID);
    let (payload, annotations) = proxy.request_payload(request).expect("an answer");
    assert_eq!(payload.decode::<String>().expect("text"), long.0);
    assert_eq!(annotations.get(*b"DMON").map(|value| &value[..]), Some(&b"always"[..]));
}

#[test]
fn a_handshake_with_other_data_is_rejected_with_the_reason() {
    let thing = Thing::start(&["--secret", "open sesame"]);
    let error = thing.proxy().call::<Value>("echo", &(1,)).expect_err("that is not the secret");
    assert_eq!(error, CallFailure::Lost(CloseReason::Rejected("wrong secret: 'hello'".to_owned())));
    let mut wrong = config();
    wrong.handshake = Dict::from_iter([("user", Value::from(("ä", 1)))]).into();
    let error = thing.proxy_with(wrong).ping().expect_err("that is not the secret");
    assert_eq!(error, CallFailure::Lost(CloseReason::Rejected("wrong secret: {'user': ('ä', 1)}".to_owned())));

    let mut right = config();
    right.handshake = Value::from("open sesame");
    assert_eq!(thing.proxy_with(right).call::<i64>("echo", &(1,)).expect("let in"), 1);
}

#[test]
fn the_data_of_a_handshake_are_any_value_and_so_is_its_answer() {
    for thing in [Thing::start(&[]), Thing::pyro4(&[])] {
        for data in [Value::None, 5.into(), vec![1, 2].into(), Dict::from_iter([("k", 1)]).into()] {
            let mut config = config();
            config.handshake = data.clone();
            let proxy = thing.proxy_with(config);
            assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("let in"), 1);
            let welcome = Value::from(Dict::from_iter([("welcome", data)]));
            assert_eq!(proxy.handshake_answer(), Ok(Some(welcome)));
        }
    }
}
