//! Proxies that let go of their connection and make it anew, on a virtual clock.

use std::time::Instant;

use firesteel_proto::testing::Pair;
use firesteel_proto::{
    Args, CallError, CallFailure, CloseReason, Context, Daemon, Local, Member, Metadata, Method, Object, Outcome,
    Reply, Request,
};

struct Echo;

impl Object for Echo {
    fn metadata(&self) -> &Metadata {
        static METADATA: Metadata = Metadata::new(&[Method::new("session"), Method::new("later")], &[]);
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, _: Args<'_>) -> Outcome {
        match member {
            Member::Method("later") => {
                let (responder, deferred) = cx.defer();
                std::mem::forget(responder);
                Ok(deferred.into())
            }
            _ => cx.answer(&cx.session().index()),
        }
    }
}

fn pair() -> Pair<Local> {
    // The one place where a test looks at a clock: any start will do.
    #[expect(clippy::disallowed_methods)]
    let mut pair: Pair<Local> = Pair::new(Instant::now(), Daemon::new);
    pair.daemon.register("echo", Echo).expect("registered");
    pair
}

#[test]
fn a_released_proxy_connects_with_its_next_call() {
    let mut pair = pair();
    let proxy = pair.client.proxy("PYRO:echo@anywhere:1").expect("a uri");
    let request = Request::method("session", &());
    pair.call::<usize>(proxy, &request, &mut ()).expect("an answer");
    let (session, connection) = (pair.session_of(proxy), pair.client.connection_of(proxy));
    let out = pair.client.call(pair.now, proxy, &Request::method("later", &())).expect("sent");
    pair.settle(&mut ());
    pair.client.disconnect(pair.now, proxy);
    pair.settle(&mut ());
    assert_eq!(pair.done.remove(&out), Some(Err(CallFailure::Lost(CloseReason::Local))));
    assert_eq!((pair.client.connection_of(proxy), pair.daemon.session_count()), (None, 0));
    pair.client.disconnect(pair.now, proxy);
    pair.call::<usize>(proxy, &request, &mut ()).expect("an answer");
    assert!(pair.session_of(proxy) != session && pair.client.connection_of(proxy) != connection);

    // In one step, with the same call on its way.
    let again = pair.client.rebind(pair.now, proxy).expect("sent");
    pair.settle(&mut ());
    assert_eq!(pair.done.remove(&again), Some(Ok(Reply::Pong)));
    assert_eq!(pair.daemon.session_count(), 1);
    pair.client.release(pair.now, proxy);
    pair.settle(&mut ());
    assert_eq!(pair.daemon.session_count(), 0);
    assert_eq!(pair.client.rebind(pair.now, proxy), Err(CallError::UnknownProxy));
}

#[test]
fn a_socket_that_was_given_stays_closed() {
    let mut pair = pair();
    let proxy = pair.join("echo");
    pair.call::<usize>(proxy, &Request::method("session", &()), &mut ()).expect("an answer");
    assert_eq!(pair.client.rebind(pair.now, proxy), Err(CallError::Closed));
    pair.settle(&mut ());
    assert_eq!(pair.daemon.session_count(), 0);
}
