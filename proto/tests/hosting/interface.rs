//! The daemon's own object, extended.

use firesteel_proto::{
    Args, Attribute, Batch, BatchResults, CallFailure, Context, Fault, Local, Member, Metadata, Method, Object,
    Outcome, Registry, Request, Shared, Value,
};

use crate::common::{Host, both};

both!(members_are_added_and_replaced, batches_reach_them, streams_stay_the_daemons);

struct Interface(i64);

impl<W> Object<W> for Interface {
    fn metadata(&self) -> &Metadata {
        static METADATA: Metadata = Metadata::new(
            &[
                Method::new("count"),
                Method::new("ping").shared(),
                Method::new("_hidden"),
                Method::new("close_stream"),
                Method::new("cast").oneway(),
            ],
            &[Attribute::new("total").settable()],
        );
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
        match member {
            Member::Method("count") => {
                let (by,): (i64,) = args.bind(&["by"])?;
                self.0 += by;
                cx.answer(&self.0)
            }
            Member::Get("total") => cx.answer(&self.0),
            Member::Set("total") => {
                (self.0,) = args.bind(&["value"])?;
                cx.answer(&())
            }
            other => self.call_shared(cx, other, args),
        }
    }

    fn call_shared(&self, cx: &mut Context<'_, W>, member: Member<'_>, _: Args<'_>) -> Outcome<W> {
        match member {
            Member::Method("ping") => cx.answer("pong"),
            other => Err(Fault::unknown(&other)),
        }
    }
}

trait Extend {
    fn extend(&mut self);
}

impl Extend for Host<Local> {
    fn extend(&mut self) {
        self.pair.daemon.set_interface(Interface(0));
    }
}

impl Extend for Host<Shared> {
    fn extend(&mut self) {
        self.pair.daemon.set_interface(Interface(0));
    }
}

fn members_are_added_and_replaced<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Extend,
{
    let proxy = host.pair.client.proxy("PYRO:Pyro.Daemon@anywhere:1").expect("a uri");
    assert_eq!(host.call(proxy, &Request::method("ping", &())), Ok(Value::None));
    let text = |failure: CallFailure| failure.to_string().split(": ").last().map(str::to_owned);
    let failure = host.call(proxy, &Request::method("count", &(1,))).expect_err("not yet");
    assert_eq!(text(failure).as_deref(), Some("'DaemonObject' object has no attribute 'count'"));
    host.extend();
    assert_eq!(host.call(proxy, &Request::method("ping", &())), Ok("pong".into()));
    assert_eq!(host.call(proxy, &Request::method("count", &(2,))), Ok(2.into()));
    assert_eq!(host.call(proxy, &Request::set("total", &5)), Ok(Value::None));
    assert_eq!(host.call(proxy, &Request::get("total")), Ok(5.into()));
    assert_eq!(host.call(proxy, &Request::method("count", &(2,))), Ok(7.into()));
    let registered = host.call(proxy, &Request::method("registered", &())).expect("an answer");
    assert_eq!(registered, Value::List(vec!["Pyro.Daemon".into(), "thing".into()]));
    assert!(host.call(proxy, &Request::method("info", &())).expect("an answer").as_str().is_some());
    for (request, expected) in [
        (Request::method("_hidden", &()), "attempt to access private attribute '_hidden'"),
        (Request::method("nosuch", &()), "'DaemonObject' object has no attribute 'nosuch'"),
        (Request::get("nosuch"), "type object 'Interface' has no attribute 'nosuch'"),
    ] {
        let failure = host.call(proxy, &request).expect_err("a fault");
        assert_eq!(text(failure).as_deref(), Some(expected));
    }
    // It is told in the handshake and on request.
    let other = host.pair.client.proxy("PYRO:Pyro.Daemon@anywhere:1").expect("a uri");
    host.call(other, &Request::method("ping", &())).expect("an answer");
    let metadata = host.pair.client.metadata(other).expect("told").clone();
    let methods =
        ["cast", "close_stream", "count", "get_metadata", "get_next_stream_item", "info", "ping", "registered"];
    assert_eq!(
        (metadata.methods, metadata.attributes, metadata.oneway),
        (methods.map(str::to_owned).to_vec(), vec!["total".to_owned()], vec!["cast".to_owned()],)
    );
    host.cut(proxy);
    host.cut(other);
    host.assert_at_rest();
}

fn batches_reach_them<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Extend,
{
    host.extend();
    let proxy = host.pair.client.proxy("PYRO:Pyro.Daemon@anywhere:1").expect("a uri");
    let two = (2,);
    let batch = Batch::new().call("count", &two).call("ping", &()).call("count", &two).call("registered", &());
    let id = host.start(proxy, &Request::batch(&batch));
    let payload = host.end_of(id).expect("an end").expect("results").into_value().expect("a value");
    let results: Vec<Value> =
        BatchResults::read(&payload).expect("results").map(|result| result.expect("a value")).collect();
    assert_eq!(results[..3], [2.into(), "pong".into(), 4.into()]);
    let batch = Batch::new().call("nosuch", &());
    host.call(proxy, &Request::batch(&batch)).expect_err("a fault");
    host.cut(proxy);
    host.assert_at_rest();
}

fn streams_stay_the_daemons<R: Registry<World = ()>>(mut host: Host<R>)
where
    Host<R>: Extend,
{
    host.extend();
    let proxy = host.proxy();
    let stream = host.start(proxy, &Request::method("count", &(2,)));
    let Some(Ok(firesteel_proto::Reply::Stream(id))) = host.end_of(stream) else { panic!("no stream") };
    let args = (&id,);
    let item = Request::method("get_next_stream_item", &args).object("Pyro.Daemon");
    assert_eq!(host.call(proxy, &item), Ok(0.into()));
    host.call(proxy, &Request::method("close_stream", &(&id,)).object("Pyro.Daemon")).expect("closed");
    assert_eq!(host.pair.daemon.counters().streams, 0);
    host.cut(proxy);
    host.assert_at_rest();
}
