//! Objects that belong to a session.

use firesteel_proto::{
    Args, Batch, CallFailure, Config, Context, Daemon, Fault, Local, Location, Machine, Member, Metadata, Method,
    Object, ObjectId, ObjectRef, Outcome, Peer, ProxyId, Registry, Request, Shared, Stream, Uri,
};

use crate::common::{Board, Host, both, local, shared, start};

both!(
    objects_are_there_until_their_session_ends,
    objects_are_released_on_request,
    other_sessions_may_use_them,
    a_client_may_die_in_any_state,
    objects_are_made_in_batches_and_items_too,
    there_is_a_limit,
    a_shutdown_closes_them,
);

/// Makes guests.
struct Factory(Board);

/// Says on the board when it is closed, and when it is dropped.
struct Guest(i64, Board);

impl<W> Object<W> for Factory {
    fn metadata(&self) -> &Metadata {
        static METADATA: Metadata = Metadata::new(
            &[
                Method::new("make"),
                Method::new("make_later"),
                Method::new("make_and_fail"),
                Method::new("make_local"),
                Method::new("make_each"),
                Method::new("release"),
            ],
            &[],
        );
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
        let guest = |n| Guest(n, self.0.clone());
        match member {
            Member::Method("release") => {
                let (id,): (String,) = args.bind(&["id"])?;
                cx.release(id);
                cx.answer(&())
            }
            Member::Method("make_each") => {
                let (n,): (i64,) = args.bind(&["n"])?;
                Ok(Stream::from_items(Each(0..n, self.0.clone())).into())
            }
            Member::Method(how) => {
                let (n,): (i64,) = args.bind(&["n"])?;
                let reference = if how == "make_local" { cx.register_local(guest(n)) } else { cx.register(guest(n)) };
                match how {
                    "make_and_fail" => Err(Fault::new("builtins.ValueError", "after all")),
                    "make_later" => {
                        let (responder, deferred) = cx.defer();
                        self.0.with(|state| state.responders.push(responder));
                        Ok(deferred.into())
                    }
                    _ => cx.answer(&reference),
                }
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

struct Each(std::ops::Range<i64>, Board);

impl<W> firesteel_proto::Items<W> for Each {
    fn next(&mut self, cx: &mut Context<'_, W>) -> Option<Outcome<W>> {
        let guest = Guest(self.0.next()?, self.1.clone());
        let reference = cx.register(guest);
        Some(cx.answer(&reference))
    }
}

impl<W> Object<W> for Guest {
    fn metadata(&self) -> &Metadata {
        static METADATA: Metadata =
            Metadata::new(&[Method::new("number").shared(), Method::new("leave"), Method::new("later")], &[]);
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
        match member {
            Member::Method("leave") => {
                let own = cx.object_id();
                cx.release(own);
                cx.answer(&())
            }
            Member::Method("later") => {
                let (responder, deferred) = cx.defer();
                self.1.with(|state| state.responders.push(responder));
                Ok(deferred.into())
            }
            other => self.call_shared(cx, other, args),
        }
    }

    fn call_shared(&self, cx: &mut Context<'_, W>, _: Member<'_>, _: Args<'_>) -> Outcome<W> {
        cx.answer(&self.0)
    }

    fn closed(&mut self, _: &mut W) {
        self.1.note(format!("{} closed", self.0));
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.1.note(format!("{} dropped", self.0));
    }
}

trait Hosts {
    /// Gives it a daemon with limits.
    fn limit(&mut self);
    fn host_factory(&mut self, board: Board);
}

impl Hosts for Host<Local> {
    fn limit(&mut self) {
        self.pair.daemon = Daemon::new(start(), limits());
    }

    fn host_factory(&mut self, board: Board) {
        self.pair.daemon.unregister("thing");
        self.pair.daemon.register("factory", Factory(board)).expect("registered");
    }
}

impl Hosts for Host<Shared> {
    fn limit(&mut self) {
        self.pair.daemon = Daemon::shared(start(), limits(), &Shared::new(), 4);
    }

    fn host_factory(&mut self, board: Board) {
        self.pair.daemon.registry().unregister("thing");
        self.pair.daemon.register("factory", Factory(board)).expect("registered");
    }
}

fn client<R: Registry<World = ()>>(host: &mut Host<R>) -> ProxyId {
    host.pair.client.proxy("PYRO:factory@anywhere:1").expect("a uri")
}

/// Makes a guest and gives its id.
fn make<R: Registry<World = ()>>(host: &mut Host<R>, proxy: ProxyId, n: i64) -> String {
    let reference: ObjectRef = host.pair.call(proxy, &Request::method("make", &(n,)), &mut ()).expect("a guest");
    id_of(reference)
}

fn id_of(reference: ObjectRef) -> String {
    match reference.uri {
        Uri::Pyro { object, .. } => object,
        other => panic!("{other}"),
    }
}

fn number<R: Registry<World = ()>>(host: &mut Host<R>, proxy: ProxyId, id: &str) -> Result<i64, CallFailure> {
    host.pair.call(proxy, &Request::method("number", &()).object(id), &mut ())
}

#[track_caller]
fn assert_unknown(result: Result<i64, CallFailure>) {
    match result {
        Err(CallFailure::Fault(fault)) => assert_eq!(fault.message(), "unknown object"),
        other => panic!("{other:?}"),
    }
}

fn objects_are_there_until_their_session_ends<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Hosts,
{
    let board = Board::default();
    host.host_factory(board.clone());
    let (one, other) = (client(&mut host), client(&mut host));
    let ids = [make(&mut host, one, 1), make(&mut host, one, 2), make(&mut host, other, 3)];
    assert!(ids.iter().all(|id| id.len() == 36 && id.starts_with("obj_")), "{ids:?}");
    for (n, id) in (1..).zip(&ids) {
        assert_eq!(number(&mut host, other, id), Ok(n));
    }
    let session = host.pair.session_of(one).expect("it is connected");
    let mut of_one: Vec<_> = ids[..2].iter().map(|id| ObjectId::from(id.as_str())).collect();
    of_one.sort();
    assert_eq!(host.pair.daemon.objects_of(session), of_one);
    assert_eq!(host.pair.daemon.objects().len(), 4);
    let counters = host.pair.daemon.counters();
    assert_eq!((counters.objects, counters.session_objects), (4, 3));
    host.cut(one);
    assert_eq!(board.take().len(), 4);
    assert_unknown(number(&mut host, other, &ids[0]));
    assert_eq!(number(&mut host, other, &ids[2]), Ok(3));
    host.pair.client.release(host.pair.now, other);
    host.settle();
    assert_eq!(board.take(), ["3 closed", "3 dropped"]);
    host.assert_at_rest();
    assert_eq!((host.pair.daemon.objects_of(session), host.pair.daemon.counters().session_objects), (vec![], 0));
}

fn objects_are_released_on_request<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Hosts,
{
    let board = Board::default();
    host.host_factory(board.clone());
    let (one, other) = (client(&mut host), client(&mut host));
    let (first, second) = (make(&mut host, one, 1), make(&mut host, one, 2));
    host.call(one, &Request::method("release", &(&first,))).expect("released");
    assert_eq!(board.take(), ["1 closed", "1 dropped"]);
    assert_unknown(number(&mut host, one, &first));
    // By itself, on another session, as Python's proxies have them.
    host.call(other, &Request::method("leave", &()).object(second.as_str())).expect("released");
    assert_eq!(board.take(), ["2 closed", "2 dropped"]);
    assert_unknown(number(&mut host, one, &second));
    // What belongs to nobody stays, and what is gone is gone.
    for id in ["factory", "nobody", "Pyro.Daemon", first.as_str()] {
        host.call(one, &Request::method("release", &(id,))).expect("an answer");
    }
    assert_eq!(host.pair.daemon.counters().objects, 1);
    // One that answers later is released meanwhile.
    let third = make(&mut host, one, 3);
    let later = host.start(other, &Request::method("later", &()).object(third.as_str()));
    host.call(one, &Request::method("release", &(&third,))).expect("released");
    assert_eq!(board.take(), ["3 closed", "3 dropped"]);
    board.responder().reply(&7);
    host.settle();
    assert!(host.end_of(later).expect("an end").is_ok());
    host.cut(one);
    host.cut(other);
    host.assert_at_rest();
    assert!(board.take().is_empty());
}

fn other_sessions_may_use_them<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Hosts,
{
    let board = Board::default();
    host.host_factory(board.clone());
    let maker = client(&mut host);
    let id = make(&mut host, maker, 1);
    let user = host.pair.client.proxy(&format!("PYRO:{id}@anywhere:1")).expect("a uri");
    assert_eq!(number(&mut host, user, &id), Ok(1));
    // The user's end is nobody's end.
    host.cut(user);
    assert_eq!(number(&mut host, maker, &id), Ok(1));
    host.pair.daemon.set_location(Location::Tcp { host: "here".to_owned(), port: 7 });
    let reference: ObjectRef = host.pair.call(maker, &Request::method("make", &(2,)), &mut ()).expect("a guest");
    assert!(reference.uri.to_string().ends_with("@here:7"), "{}", reference.uri);
    host.cut(maker);
    let again = host.pair.client.proxy(&format!("PYRO:{id}@anywhere:1")).expect("a uri");
    assert!(number(&mut host, again, &id).expect_err("it is gone").to_string().ends_with("unknown object"));
    host.assert_at_rest();
}

fn a_client_may_die_in_any_state<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Hosts,
{
    let board = Board::default();
    host.host_factory(board.clone());
    for steps in 0..8 {
        for method in ["make", "make_later", "make_and_fail"] {
            let proxy = client(&mut host);
            for n in 0..3 {
                host.pair.client.call(host.pair.now, proxy, &Request::method(method, &(n,))).expect("sent");
            }
            for _ in 0..steps {
                host.pair.step(&mut ());
            }
            host.pair.cut(proxy);
            host.pair.client.release(host.pair.now, proxy);
            host.settle();
            board.with(|state| state.responders.clear());
            host.assert_at_rest();
            let mut told = board.take();
            let made = told.len() / 2;
            told.retain(|note| note.ends_with("closed"));
            assert_eq!(told.len(), made, "whoever was dropped was closed");
            assert_eq!(host.pair.daemon.counters().session_objects, 0);
        }
    }
}

fn objects_are_made_in_batches_and_items_too<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Hosts,
{
    let board = Board::default();
    host.host_factory(board.clone());
    let proxy = client(&mut host);
    let batch = Batch::new().call("make", &(1,)).call("make_and_fail", &(2,)).call("make", &(3,));
    host.call(proxy, &Request::batch(&batch)).expect("an answer");
    assert_eq!(host.pair.daemon.counters().session_objects, 2);
    let stream = host.start(proxy, &Request::method("make_each", &(2,)));
    let Some(Ok(firesteel_proto::Reply::Stream(id))) = host.end_of(stream) else { panic!("no stream") };
    let item = (id,);
    let request = Request::method("get_next_stream_item", &item).object("Pyro.Daemon");
    for n in 0..2 {
        let reference: ObjectRef = host.pair.call(proxy, &request, &mut ()).expect("an item");
        assert_eq!(number(&mut host, proxy, &id_of(reference)), Ok(n));
    }
    host.call(proxy, &request).expect_err("the end");
    assert_eq!(host.pair.daemon.counters().session_objects, 4);
    host.cut(proxy);
    host.assert_at_rest();
    assert_eq!(board.take().len(), 8);
}

fn there_is_a_limit<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Hosts,
{
    host.limit();
    let board = Board::default();
    host.host_factory(board.clone());
    let (one, other) = (client(&mut host), client(&mut host));
    let first = make(&mut host, one, 1);
    make(&mut host, other, 2);
    let failure = host.call(one, &Request::method("make", &(3,))).expect_err("too many");
    assert!(failure.to_string().ends_with("sessions have too many objects: release some first"), "{failure}");
    assert_eq!(board.take(), ["3 closed", "3 dropped"]);
    host.call(one, &Request::method("release", &(&first,))).expect("released");
    make(&mut host, one, 4);
    host.cut(one);
    host.cut(other);
    host.assert_at_rest();
}

/// Two guests are enough.
fn limits() -> Config {
    let mut config = Config::default();
    config.limits.max_session_objects = 2;
    config
}

fn a_shutdown_closes_them<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Hosts,
{
    let board = Board::default();
    host.host_factory(board.clone());
    let proxy = client(&mut host);
    make(&mut host, proxy, 1);
    host.pair.daemon.shutdown(host.pair.now, std::time::Duration::ZERO);
    while !host.pair.daemon.is_drained() {
        host.pair.daemon.handle_timeout(host.pair.now);
        host.pair.daemon.dispatch(host.pair.now, &mut (), firesteel_proto::Budget::calls(1));
    }
    assert_eq!(board.take(), ["1 closed", "1 dropped"]);
}

#[test]
fn an_object_that_stays_on_its_thread_is_for_local_registries() {
    let (mut on_one, board) = (local(), Board::default());
    on_one.host_factory(board.clone());
    let proxy = client(&mut on_one);
    let reference: ObjectRef =
        on_one.pair.call(proxy, &Request::method("make_local", &(1,)), &mut ()).expect("a guest");
    let id = id_of(reference);
    assert_eq!(number(&mut on_one, proxy, &id), Ok(1));
    assert!(on_one.pair.daemon.unregister(&id), "the program may take it away, too");
    assert!(!on_one.pair.daemon.unregister(&id));
    on_one.settle();
    assert_eq!(board.take(), ["1 closed", "1 dropped"]);
    on_one.cut(proxy);
    on_one.assert_at_rest();

    let mut on_several = shared();
    on_several.host_factory(board.clone());
    let proxy = client(&mut on_several);
    let failure = on_several.call(proxy, &Request::method("make_local", &(1,))).expect_err("not there");
    assert!(failure.to_string().ends_with("an object that stays on its thread cannot be hosted here"), "{failure}");
    assert_eq!(board.take(), ["1 dropped"], "it never came to be");
    on_several.cut(proxy);
    on_several.assert_at_rest();
}

/// A job that runs while its object's session ends.
#[test]
fn a_guest_is_closed_when_its_last_call_has_ended() {
    let (mut host, board) = (shared(), Board::default());
    host.host_factory(board.clone());
    let (maker, user) = (client(&mut host), client(&mut host));
    let id = make(&mut host, maker, 1);
    number(&mut host, user, &id).expect("connected");
    host.pair.client.call(host.pair.now, user, &Request::method("number", &()).object(id.as_str())).expect("sent");
    let call = Request::method("make", &(2,));
    host.pair.client.call(host.pair.now, maker, &call).expect("sent");
    host.pair.transfer();
    let now = host.pair.now;
    let jobs = [host.pair.daemon.next_job(now), host.pair.daemon.next_job(now)].map(|job| job.expect("a job"));
    host.cut(maker);
    assert!(board.take().is_empty(), "it is in use");
    jobs.into_iter().for_each(firesteel_proto::Job::run);
    host.settle();
    let mut told = board.take();
    told.sort();
    assert_eq!(told, ["1 closed", "1 dropped", "2 closed", "2 dropped"], "nobody is left for the second");
    host.cut(user);
    host.assert_at_rest();
}

/// A loop that obeys `poll_timeout` alone closes them, whatever else goes on in the same turn.
#[test]
fn a_released_object_does_not_wait_for_the_next_call() {
    let mut host = local();
    let board = Board::default();
    host.host_factory(board.clone());
    let one = client(&mut host);
    let first = make(&mut host, one, 1);
    let now = host.pair.now;
    host.pair.client.call(now, one, &Request::method("release", &(&first,))).expect("sent");
    host.pair.transfer();
    host.pair.daemon.dispatch(now, &mut (), host.pair.budget);
    // Another client begins to say something, and is seen to.
    let other = host.pair.daemon.open(now, Peer::default(), None).expect("there is room");
    host.pair.daemon.session(other).expect("it is there").handle_input(now, b"PY");
    while host.pair.daemon.poll_session().is_some() || host.pair.daemon.poll_event().is_some() {}
    while host.pair.daemon.poll_timeout().is_some_and(|at| at <= now) {
        host.pair.daemon.dispatch(now, &mut (), host.pair.budget);
        while host.pair.daemon.poll_session().is_some() {}
    }
    assert_eq!(board.take(), ["1 closed", "1 dropped"]);
}
