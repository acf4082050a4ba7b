//! What a daemon counts.

use firesteel_proto::{Batch, Context, Counters, Daemon, InstanceMode, Metadata, Method, Registry, Request, Shared};

use crate::common::{Board, Host, Thing, both};

both!(calls_errors_and_bytes_are_counted, what_is_held_is_counted_until_it_is_gone, batches_count_each_call);

fn calls_errors_and_bytes_are_counted<R: Registry<World = ()>>(mut host: Host<R>) {
    let proxy = host.proxy();
    assert_eq!(host.pair.daemon.counters(), Counters::default().with_objects());
    host.call(proxy, &Request::method("echo", &(1,))).expect("an answer");
    for (object, method) in [("thing", "fail"), ("thing", "panic"), ("thing", "nosuch"), ("nobody", "echo")] {
        host.call(proxy, &Request::method(method, &()).object(object)).expect_err("a fault");
    }
    host.pair.client.notify(host.pair.now, proxy, &Request::method("note", &("x",))).expect("sent");
    let request = Request::method("ping", &()).object("Pyro.Daemon");
    host.call(proxy, &request).expect("an answer");
    let later = host.start(proxy, &Request::method("later", &()));
    let counters = host.pair.daemon.counters();
    assert_eq!((counters.calls, counters.errors), (7, 4));
    assert_eq!((counters.sessions, counters.opened, counters.deferred), (1, 1, 1));
    host.board.responder().reply(&1);
    host.settle();
    assert!(host.end_of(later).expect("an end").is_ok());

    let second = host.proxy();
    host.call(second, &Request::method("echo", &("x".repeat(100_000),))).expect("an answer");
    let count = |traffic: &[(Vec<u8>, Vec<u8>)]| {
        traffic.iter().fold((0, 0), |sum, (there, back)| (sum.0 + there.len() as u64, sum.1 + back.len() as u64))
    };
    let counters = host.pair.daemon.counters();
    assert_eq!((counters.calls, counters.errors), (9, 4));
    assert_eq!((counters.sessions, counters.opened, counters.deferred), (2, 2, 0));
    assert_eq!((counters.bytes_in, counters.bytes_out), count(&host.pair.traffic()));
    host.pair.client.release(host.pair.now, proxy);
    host.settle();
    let counters = host.pair.daemon.counters();
    assert_eq!((counters.sessions, counters.opened), (1, 2));
    assert_eq!((counters.bytes_in, counters.bytes_out), count(&host.pair.traffic()), "ended sessions count on");
    host.cut(second);
    host.assert_at_rest();
}

fn what_is_held_is_counted_until_it_is_gone<R: Registry<World = ()>>(mut host: Host<R>) {
    let (one, other) = (host.proxy(), host.proxy());
    let stream = host.start(one, &Request::method("count", &(3,)));
    assert!(host.end_of(stream).expect("an end").is_ok());
    host.start(one, &Request::batch(&Batch::new().call("later", &())));
    // It waits behind the batch that is answered later.
    host.start(one, &Request::method("echo", &(1,)));
    host.call(other, &Request::method("echo", &(1,))).expect("an answer");
    let counters = host.pair.daemon.counters();
    assert_eq!((counters.streams, counters.deferred, counters.waiting), (1, 1, 0));
    assert!(counters.buffered > 0, "the second call is bytes");
    host.cut(one);
    host.cut(other);
    let responder = host.board.responder();
    assert!(responder.is_cancelled());
    responder.reply(&1);
    // The stream waits for another session.
    let linger = host.pair.daemon.config().stream_linger;
    assert_eq!(host.pair.daemon.counters().streams, 1);
    host.pair.turn(linger);
    host.assert_at_rest();
    assert_eq!(host.pair.daemon.counters().calls, 3, "the stream, the one that came late, the other's");
}

fn batches_count_each_call<R: Registry<World = ()>>(mut host: Host<R>) {
    let proxy = host.proxy();
    let (one, two) = ((1,), (2,));
    let batch = Batch::new().call("echo", &one).call("echo", &two).call("fail", &()).call("echo", &one);
    host.call(proxy, &Request::batch(&batch)).expect("an answer");
    let counters = host.pair.daemon.counters();
    assert_eq!((counters.calls, counters.errors), (3, 1), "the last one did not run");
    let batch = Batch::new().call("echo", &one).call("nosuch", &());
    host.call(proxy, &Request::batch(&batch)).expect_err("a fault");
    let counters = host.pair.daemon.counters();
    assert_eq!((counters.calls, counters.errors), (5, 2));
    host.pair.client.notify(host.pair.now, proxy, &Request::batch(&batch)).expect("sent");
    host.settle();
    assert_eq!(host.pair.daemon.counters().calls, 7);
    // Answered later, and oneway: the batch goes on, the call ends when it ends.
    let batch = Batch::new().call("note_later", &()).call("echo", &one);
    host.pair.client.notify(host.pair.now, proxy, &Request::batch(&batch)).expect("sent");
    host.settle();
    assert_eq!(host.pair.daemon.counters().calls, 8);
    host.board.responder().reply(&1);
    let request = Request::batch(&batch);
    let id = host.start(proxy, &request);
    assert_eq!(host.pair.daemon.counters().calls, 9);
    host.board.responder().reply(&1);
    host.settle();
    assert!(host.end_of(id).expect("an end").is_ok());
    assert_eq!(host.pair.daemon.counters().calls, 11);
    host.cut(proxy);
    host.assert_at_rest();
}

trait WithObjects {
    fn with_objects(self) -> Self;
}

impl WithObjects for Counters {
    /// The thing is there.
    fn with_objects(mut self) -> Self {
        self.objects = 1;
        self
    }
}

#[test]
fn jobs_that_are_out_waiting_calls_and_instances_are_counted() {
    static METADATA: Metadata = Metadata::new(&[Method::new("fail"), Method::new("echo").shared()], &[]);
    let mut host = crate::common::shared();
    let board = Board::default();
    for (id, mode) in [("single", InstanceMode::Single), ("session", InstanceMode::Session)] {
        let board = board.clone();
        let create = move |_: &mut Context<'_>| Ok(Thing(board.clone()));
        host.pair.daemon.register_class(id, mode, &METADATA, create).expect("registered");
    }
    let (one, other) = (host.proxy(), host.proxy());
    for proxy in [one, other] {
        for id in ["single", "session"] {
            host.call(proxy, &Request::method("echo", &(1,)).object(id)).expect("an answer");
        }
    }
    let counters = host.pair.daemon.counters();
    assert_eq!((counters.objects, counters.instances), (3, 3));
    let take = |daemon: &mut Daemon<Shared>, now| daemon.next_job(now);
    for proxy in [one, other] {
        host.pair.client.call(host.pair.now, proxy, &Request::method("fail", &())).expect("sent");
    }
    host.pair.transfer();
    let now = host.pair.now;
    let job = take(&mut host.pair.daemon, now).expect("a job");
    assert!(take(&mut host.pair.daemon, now).is_none(), "the thing is busy");
    let counters = host.pair.daemon.counters();
    assert_eq!((counters.running, counters.waiting), (1, 1));
    job.run();
    host.settle();
    let counters = host.pair.daemon.counters();
    assert_eq!((counters.running, counters.waiting, counters.errors), (0, 0, 2));
    host.cut(one);
    host.cut(other);
    assert_eq!(host.pair.daemon.counters().instances, 1, "the single one stays");
}
