//! Calls of each kind.

use firesteel_async::{correlation_id, with_correlation_id};
use firesteel_proto::{Batch, CallError, CallFailure, Request, Value, remote};

use super::support::{patient, proxy, raised, start};
use super::thing::Hosted;
use crate::run;

#[test]
fn calls_bring_values_and_faults() {
    run(|| async {
        let server = Hosted::start();
        let proxy = proxy(&server.uri);
        assert_eq!(proxy.call::<i64>("echo", &(5,)).await, Ok(5));
        assert_eq!(proxy.call::<String>("echo", &("text",)).await.as_deref(), Ok("text"));
        let joined: String = proxy
            .call_with("join", &("a",), &std::collections::BTreeMap::from([("last", "b")]))
            .await
            .expect("an answer");
        assert_eq!(joined, "a, b");
        assert_eq!(raised(proxy.call::<()>("fail", &("text",)).await), ("builtins.ValueError".into(), "text".into()));
        assert_eq!(raised(proxy.call::<()>("nosuch", &()).await).0, "builtins.AttributeError");
        assert!(matches!(proxy.call::<i64>("echo", &("text",)).await, Err(CallFailure::Format(_))));
        assert_eq!(proxy.set("level", &7).await, Ok(()));
        assert_eq!(proxy.get::<i64>("level").await, Ok(7));
        assert_eq!(proxy.ping().await, Ok(()));
        let large = "x".repeat(3 << 20);
        assert!(proxy.call::<String>("echo", &(&large,)).await.expect("an answer") == large);
        assert_eq!(proxy.call::<i64>("echo", &(6,)).await, Ok(6));
    });
}

#[test]
fn what_cannot_be_called_is_an_error_of_the_call() {
    run(|| async {
        let server = Hosted::start();
        let proxy = patient(&server.uri);
        struct Broken;
        impl serde::Serialize for Broken {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("on purpose"))
            }
        }
        let failure = proxy.call::<Value>("echo", &(Broken,)).await.expect_err("no call");
        assert!(matches!(&failure, CallFailure::Misuse(CallError::Format(_))), "{failure:?}");
        assert!(failure.to_string().contains("on purpose"), "{failure}");
        assert!(matches!(proxy.notify("note", &(Broken,)).await, Err(CallFailure::Misuse(_))));
        assert_eq!(proxy.call::<i64>("echo", &(1,)).await, Ok(1));
    });
}

#[test]
fn a_call_borrows_nothing_and_goes_to_another_task() {
    run(|| async {
        let server = Hosted::start();
        let call = {
            let proxy = proxy(&server.uri);
            let text = String::from("gone when it is waited for");
            proxy.call::<String>("echo", &(&text,))
        };
        let text = start(async move { (call.await, correlation_id()) }).await;
        assert_eq!(text, (Ok("gone when it is waited for".to_owned()), None));
    });
}

#[test]
fn a_call_can_be_asked_again_after_its_end() {
    run(|| async {
        let server = Hosted::start();
        let mut call = proxy(&server.uri).call::<i64>("echo", &(1,));
        assert_eq!((&mut call).await, Ok(1));
        assert_eq!(call.await, Err(CallFailure::Cancelled));
    });
}

#[test]
fn metadata_and_the_handshake_are_known_once_it_is_connected() {
    run(|| async {
        let server = Hosted::start();
        let proxy = proxy(&server.uri);
        let metadata = proxy.metadata().await.expect("an answer");
        assert_eq!(metadata.attributes, ["level"]);
        assert_eq!(metadata.oneway, ["note"]);
        assert_eq!(proxy.bind().await, Ok(false));
        assert_eq!(proxy.handshake_answer().await.expect("an answer"), Some(Value::from("hello")));
        proxy.close();
        assert_eq!(proxy.bind().await, Ok(true));
    });
}

#[test]
fn batches_bring_their_results_in_order() {
    run(|| async {
        let server = Hosted::start();
        let proxy = proxy(&server.uri);
        let (one, fail, two) = ((1,), ("broken",), (2,));
        let batch = Batch::new().call("echo", &one).call("fail", &fail).call("echo", &two);
        let results: Vec<_> = proxy.batch(&batch).await.expect("results").collect();
        assert_eq!(results.len(), 2, "the fault is the last");
        assert_eq!(results[0], Ok(Value::from(1)));
        assert!(results[1].as_ref().is_err_and(|fault| fault.message() == "broken"));
        let (first, second) = (("first",), ("second",));
        proxy.notify_batch(&Batch::new().call("note", &first).call("note", &second)).await.expect("sent");
        assert_eq!(server.board.wait_for_notes(2).await, ["first", "second"]);
    });
}

#[test]
fn oneway_calls_arrive() {
    run(|| async {
        let server = Hosted::start();
        let proxy = proxy(&server.uri);
        // The first one waits for the handshake.
        for n in 0..10 {
            proxy.notify("note", &(n.to_string(),)).await.expect("sent");
        }
        // Several run at once there.
        let mut notes = server.board.wait_for_notes(10).await;
        notes.sort();
        assert_eq!(notes, (0..10).map(|n| n.to_string()).collect::<Vec<_>>());
        let cork = proxy.cork();
        for n in 10..20 {
            proxy.notify("note", &(n.to_string(),)).await.expect("held back");
        }
        drop(cork);
        assert_eq!(server.board.wait_for_notes(20).await.len(), 20);
        // Nobody waits for these at all.
        drop(proxy.notify("note", &("dropped",)));
        assert_eq!(server.board.wait_for_notes(21).await[20], "dropped");
    });
}

#[test]
fn a_oneway_call_waits_for_room() {
    run(|| async {
        let server = Hosted::start();
        let proxy = proxy(&server.uri);
        proxy.bind().await.expect("connected");
        let large = "x".repeat(8 << 20);
        let sends: Vec<_> = (0..4).map(|_| start(proxy.notify("note", &(&large,)))).collect();
        for send in sends {
            send.await.expect("sent");
        }
        assert!(server.board.wait_for_notes(4).await.iter().all(|note| *note == large));
    });
}

#[test]
fn annotations_and_correlation_ids_go_both_ways() {
    run(|| async {
        let server = Hosted::start();
        let proxy = proxy(&server.uri);
        let asked = |fails| (fails,);
        for fails in [false, true] {
            let args = asked(fails);
            let request = Request::method("annotated", &args).annotation(*b"ASKD", &b"this"[..]);
            let (result, annotations) = proxy.request_annotated::<u8>(request).await;
            assert_eq!(result.is_err(), fails);
            assert_eq!(annotations.get(*b"TOLD").map(|told| &**told), Some(&b"this"[..]));
        }
        let (payload, annotations) = proxy
            .request_payload(Request::method("annotated", &(false,)).annotation(*b"ASKD", &b"that"[..]))
            .await
            .expect("an answer");
        assert_eq!(payload.decode::<u8>().ok(), Some(1));
        assert_eq!(annotations.get(*b"TOLD").map(|told| &**told), Some(&b"that"[..]));

        let id = |n: u128| Some(n.to_be_bytes());
        let seen = with_correlation_id(id(12345), async {
            let one: u128 = proxy.call("correlation", &()).await?;
            let own: u128 =
                proxy.request(Request::method("correlation", &()).correlation_id(7_u128.to_be_bytes())).await?;
            let inner: u128 = with_correlation_id(id(9), proxy.call("correlation", &())).await?;
            let made_inside = with_correlation_id(id(9), async { proxy.call::<u128>("correlation", &()).await });
            Ok::<_, CallFailure>([one, own, inner, made_inside.await?])
        });
        // A call has the id of when it was made.
        assert_eq!(seen.await, Ok([12345, 7, 12345, 9]));
        assert_eq!(correlation_id(), None);
    });
}

#[remote(crate = firesteel_proto)]
trait Typed {
    fn echo(&self, value: i64) -> i64;
    fn fail(&self, text: &str);
    #[oneway]
    fn note(&self, text: &str);
    #[attr]
    fn level(&self) -> i64;
    #[attr]
    fn set_level(&self, level: i64);
}

#[test]
fn typed_proxies_are_async() {
    run(|| async {
        let server = Hosted::start();
        let typed = TypedProxy(proxy(&server.uri));
        assert_eq!(typed.echo(5).await, Ok(5));
        assert_eq!(raised(typed.fail("so").await).1, "so");
        typed.note("noted").await.expect("sent");
        assert_eq!(server.board.wait_for_notes(1).await, ["noted"]);
        typed.set_level(3).await.expect("an answer");
        assert_eq!(typed.level().await, Ok(3));
        // By reference, too.
        assert_eq!(TypedProxy(&typed.0).echo(6).await, Ok(6));
    });
}
