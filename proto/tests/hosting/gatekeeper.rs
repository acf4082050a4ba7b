//! A gatekeeper that decides later.

use std::sync::{Arc, Mutex};
use std::thread;

use firesteel_proto::{
    Admission, CallFailure, CloseReason, DaemonEvent, Knock, Machine, Notice, Peer, ProxyId, Registry, Request, Value,
    Verdict,
};

use crate::common::{Board, Host, both};

both!(
    a_verdict_may_come_from_another_thread,
    a_refusal_that_comes_later_is_told,
    nobody_decides,
    the_time_of_a_handshake_goes_on,
    it_goes_on_where_a_handshake_is_optional,
    the_client_goes_while_it_waits,
    a_verdict_that_comes_too_early_or_for_another_is_none,
    a_shutdown_waits_for_the_verdict_within_its_grace,
    who_is_not_let_in_has_little_room,
);

type Admissions = Arc<Mutex<Vec<Admission>>>;

/// Defers all verdicts.
fn defer<R: Registry<World = ()>>(host: &mut Host<R>) -> Admissions {
    let admissions = Admissions::default();
    let kept = Arc::clone(&admissions);
    host.pair.daemon.set_gatekeeper(move |knock: &Knock<'_>| {
        let (admission, verdict) = knock.defer();
        kept.lock().unwrap().push(admission);
        verdict
    });
    admissions
}

fn take(admissions: &Admissions) -> Admission {
    admissions.lock().unwrap().remove(0)
}

/// A client that waits to be let in, with a call.
fn waiting<R: Registry<World = ()>>(host: &mut Host<R>) -> (ProxyId, firesteel_proto::CallId) {
    let proxy = host.proxy();
    let call = host.start(proxy, &Request::method("echo", &(7,)));
    assert_eq!(host.end_of(call), None);
    (proxy, call)
}

fn failure<R: Registry<World = ()>>(host: &mut Host<R>, call: firesteel_proto::CallId) -> CallFailure {
    host.end_of(call).expect("an end").expect_err("not let in")
}

fn a_verdict_may_come_from_another_thread<R: Registry<World = ()>>(mut host: Host<R>) {
    let admissions = defer(&mut host);
    let told = Board::default();
    let notes = told.clone();
    host.pair.daemon.set_notices(move |(), notice| {
        notes.note(match notice {
            Notice::Connected { .. } => "came",
            _ => "went",
        });
    });
    let (proxy, call) = waiting(&mut host);
    let (other, other_call) = waiting(&mut host);
    assert_eq!(host.pair.daemon.counters().deferred, 2);
    assert!(told.take().is_empty());
    // The second is decided first.
    let (first, second) = (take(&admissions), take(&admissions));
    thread::scope(|threads| drop(threads.spawn(|| second.admit("welcome"))));
    host.settle();
    assert!(host.end_of(other_call).expect("an end").is_ok());
    assert_eq!(host.pair.client.handshake_answer(other), Some(&Value::from("welcome")));
    assert_eq!((host.end_of(call), told.take()), (None, vec!["came".to_owned()]));
    first.admit(5);
    host.settle();
    assert!(host.end_of(call).expect("an end").is_ok());
    assert_eq!(host.pair.client.handshake_answer(proxy), Some(&Value::from(5)));
    assert_eq!(host.call(proxy, &Request::method("echo", &(8,))), Ok(Value::from(8)));
    // The time of the handshake is over.
    host.pair.turn(host.pair.daemon.config().handshake_timeout * 2);
    host.settle();
    assert_eq!((host.pair.daemon.session_count(), told.take()), (2, vec!["came".to_owned()]));
    host.cut(proxy);
    host.cut(other);
    host.assert_at_rest();
    assert_eq!(told.take(), ["went", "went"]);
}

fn a_refusal_that_comes_later_is_told<R: Registry<World = ()>>(mut host: Host<R>) {
    let admissions = defer(&mut host);
    let (_, call) = waiting(&mut host);
    take(&admissions).refuse("not today");
    host.settle();
    assert_eq!(failure(&mut host, call), CallFailure::Lost(CloseReason::Rejected("not today".to_owned())));
    // An object that is not there is found out after the verdict.
    let nobody = host.pair.client.proxy("PYRO:nobody@anywhere:1").expect("a uri");
    let call = host.start(nobody, &Request::method("echo", &(1,)));
    take(&admissions).admit("welcome");
    host.settle();
    assert_eq!(failure(&mut host, call), CallFailure::Lost(CloseReason::Rejected("unknown object".to_owned())));
    host.assert_at_rest();
}

fn nobody_decides<R: Registry<World = ()>>(mut host: Host<R>) {
    let admissions = defer(&mut host);
    let (_, call) = waiting(&mut host);
    drop(take(&admissions));
    host.settle();
    let text = "nobody decided whether to let the client in";
    assert_eq!(failure(&mut host, call), CallFailure::Lost(CloseReason::Rejected(text.to_owned())));
    host.assert_at_rest();
}

fn the_time_of_a_handshake_goes_on<R: Registry<World = ()>>(mut host: Host<R>) {
    let admissions = defer(&mut host);
    let start = host.pair.now;
    let (_, call) = waiting(&mut host);
    let timeout = host.pair.daemon.config().handshake_timeout;
    assert_eq!(host.pair.daemon.poll_timeout(), Some(start + timeout));
    host.pair.turn(timeout);
    host.settle();
    assert!(matches!(failure(&mut host, call), CallFailure::Lost(_)));
    assert!(matches!(host.pair.daemon_events[..], [DaemonEvent::Closed { reason: CloseReason::Timeout, .. }]));
    let admission = take(&admissions);
    assert!(admission.is_cancelled());
    admission.admit("too late");
    host.assert_at_rest();
}

fn it_goes_on_where_a_handshake_is_optional<R: Registry<World = ()>>(mut host: Host<R>) {
    let admissions = defer(&mut host);
    let (proxy, _) = waiting(&mut host);
    let connect = host.pair.traffic()[0].0.clone();
    host.cut(proxy);
    // On a socket that was given, a client may begin with a handshake, or not.
    let (begin, timeout) = (host.pair.now, host.pair.daemon.config().handshake_timeout);
    let session = host.pair.daemon.open(begin, Peer::default(), None).expect("room");
    assert_eq!(host.pair.daemon.poll_timeout(), None);
    host.pair.daemon.session(session).expect("it is there").handle_input(begin, &connect);
    host.settle();
    assert_eq!(host.pair.daemon.poll_timeout(), Some(begin + timeout));
    // More bytes make it no longer.
    host.pair.turn(timeout / 2);
    host.pair.daemon.session(session).expect("it is there").handle_input(host.pair.now, b"PYRO");
    host.settle();
    assert_eq!(host.pair.daemon.poll_timeout(), Some(begin + timeout));
    host.pair.turn(timeout / 2);
    host.settle();
    assert_eq!(host.pair.daemon.session_count(), 0);
    assert!(admissions.lock().unwrap().iter().all(Admission::is_cancelled));
    host.assert_at_rest();
}

fn the_client_goes_while_it_waits<R: Registry<World = ()>>(mut host: Host<R>) {
    let admissions = defer(&mut host);
    for clean in [false, true] {
        let (proxy, _) = waiting(&mut host);
        let admission = take(&admissions);
        assert!(!admission.is_cancelled());
        if clean {
            host.pair.client.release(host.pair.now, proxy);
            host.settle();
        } else {
            host.cut(proxy);
        }
        assert!(admission.is_cancelled());
        admission.admit("too late");
        host.assert_at_rest();
        // Somebody else has the place of the former.
        let (proxy, call) = waiting(&mut host);
        assert_eq!(host.end_of(call), None);
        take(&admissions).admit("welcome");
        host.settle();
        assert!(host.end_of(call).expect("an end").is_ok());
        host.cut(proxy);
        host.assert_at_rest();
    }
}

fn a_verdict_that_comes_too_early_or_for_another_is_none<R: Registry<World = ()>>(mut host: Host<R>) {
    // Decided while the gatekeeper runs.
    host.pair.daemon.set_gatekeeper(|knock: &Knock<'_>| {
        let (admission, verdict) = knock.defer();
        admission.admit("at once");
        verdict
    });
    let proxy = host.proxy();
    host.call(proxy, &Request::method("echo", &(1,))).expect("an answer");
    assert_eq!(host.pair.client.handshake_answer(proxy), Some(&Value::from("at once")));
    // Decided twice: the first one counts.
    host.pair.daemon.set_gatekeeper(|knock: &Knock<'_>| {
        let (admission, _) = knock.defer();
        admission.refuse("later");
        Ok(Value::from("now"))
    });
    let other = host.proxy();
    host.call(other, &Request::method("echo", &(1,))).expect("an answer");
    host.call(other, &Request::method("echo", &(1,))).expect("still an answer");
    // A verdict of another handshake.
    let mut former: Option<Verdict> = None;
    host.pair.daemon.set_gatekeeper(move |knock: &Knock<'_>| {
        let (admission, verdict) = knock.defer();
        admission.admit("welcome");
        former.replace(verdict).unwrap_or_else(|| Ok(Value::None).into())
    });
    let (first, second) = (host.proxy(), host.proxy());
    host.call(first, &Request::method("echo", &(1,))).expect("an answer");
    let failure = host.call(second, &Request::method("echo", &(1,))).expect_err("not let in");
    assert!(failure.to_string().ends_with("the gatekeeper deferred another handshake"), "{failure}");
    for proxy in [proxy, other, first] {
        host.cut(proxy);
    }
    host.assert_at_rest();
}

fn a_shutdown_waits_for_the_verdict_within_its_grace<R: Registry<World = ()>>(mut host: Host<R>) {
    let admissions = defer(&mut host);
    let (_, decided) = waiting(&mut host);
    let (_, undecided) = waiting(&mut host);
    let grace = std::time::Duration::from_secs(2);
    host.pair.daemon.shutdown(host.pair.now, grace);
    host.settle();
    take(&admissions).admit("welcome");
    host.settle();
    // It is let in, and finds the daemon closing.
    assert!(matches!(failure(&mut host, decided), CallFailure::Lost(_)));
    assert_eq!(host.pair.daemon.session_count(), 1);
    host.pair.turn(grace);
    host.settle();
    assert!(matches!(failure(&mut host, undecided), CallFailure::Lost(_)));
    assert!(take(&admissions).is_cancelled() && host.pair.daemon.is_drained());
}

fn who_is_not_let_in_has_little_room<R: Registry<World = ()>>(mut host: Host<R>) {
    let admissions = defer(&mut host);
    waiting(&mut host);
    let connect = host.pair.traffic()[0].0.clone();
    // One that does not wait for the verdict before it sends more.
    let (now, most) = (host.pair.now, host.pair.daemon.config().limits.max_handshake);
    let stranger = host.pair.daemon.open(now, Peer::unix(), None).expect("room");
    host.pair.daemon.session(stranger).expect("it is there").handle_input(now, &connect);
    host.settle();
    assert_eq!(admissions.lock().unwrap().len(), 2);
    let mut sent = 0;
    while host.pair.daemon.session(stranger).expect("it is there").wants_read() {
        host.pair.daemon.session(stranger).expect("it is there").handle_input(now, &[b'P'; 1000]);
        sent += 1000;
        assert!(sent <= most + 1000, "{sent}");
    }
    host.pair.daemon.session(stranger).expect("it is there").handle_error(now);
    host.pair.turn(host.pair.daemon.config().handshake_timeout);
    host.assert_at_rest();
}
