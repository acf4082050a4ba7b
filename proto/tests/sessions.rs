//! Who is let in, and what goes when a session ends.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use firesteel_proto::testing::Pair;
use firesteel_proto::{
    Args, CallFailure, Config, Context, Daemon, Local, Member, Metadata, Method, Object, Outcome, Registry, Request,
    Shared, Value,
};

const URI: &str = "PYRO:keeper@anywhere:1";

/// What was dropped.
type Log = Arc<Mutex<Vec<i64>>>;

struct Keeper(Log);

struct Resource(i64, Log);

impl Drop for Resource {
    fn drop(&mut self) {
        self.1.lock().unwrap().push(self.0);
    }
}

impl<W> Object<W> for Keeper {
    fn metadata(&self) -> &Metadata {
        static METADATA: Metadata = Metadata::new(&[Method::new("allocate"), Method::new("cast").oneway()], &[]);
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_, W>, _: Member<'_>, args: Args<'_>) -> Outcome<W> {
        let (n,): (i64,) = args.bind(&["n"])?;
        cx.track(Resource(n, Arc::clone(&self.0)));
        cx.answer(&())
    }
}

fn start() -> Instant {
    // The one place where a test looks at a clock: any start will do.
    #[expect(clippy::disallowed_methods)]
    Instant::now()
}

fn local(client: Config) -> (Pair<Local>, Log) {
    let log = Log::default();
    let mut pair: Pair<Local> = Pair::with_configs(start(), client, Config::default(), Daemon::new);
    pair.daemon.register("keeper", Keeper(Arc::clone(&log))).expect("registered");
    (pair, log)
}

fn shared() -> (Pair<Shared>, Log) {
    let (log, objects) = (Log::default(), Shared::new());
    objects.register("keeper", Keeper(Arc::clone(&log))).expect("registered");
    let config = Config::default();
    let pair =
        Pair::with_configs(start(), config.clone(), config, |now, config| Daemon::shared(now, config, &objects, 2));
    (pair, log)
}

fn resources_go_with_their_session<R: Registry<World = ()>>(mut pair: Pair<R>, log: &Log) {
    let (one, two) = (pair.client.proxy(URI).expect("a uri"), pair.client.proxy(URI).expect("a uri"));
    for (proxy, n) in [(one, 1), (two, 2), (one, 3)] {
        pair.call::<()>(proxy, &Request::method("allocate", &(n,)), &mut ()).expect("an answer");
    }
    pair.client.notify(pair.now, one, &Request::method("cast", &(4,))).expect("sent");
    pair.settle(&mut ());
    assert!(log.lock().unwrap().is_empty());
    pair.client.release(pair.now, one);
    pair.settle(&mut ());
    assert_eq!(*log.lock().unwrap(), [1, 3, 4]);
    pair.client.release(pair.now, two);
    pair.settle(&mut ());
    assert_eq!(*log.lock().unwrap(), [1, 3, 4, 2]);
    assert_eq!(pair.daemon.poll_timeout(), None);
}

#[test]
fn resources_go_with_their_session_on_one_thread() {
    let (pair, log) = local(Config::default());
    resources_go_with_their_session(pair, &log);
}

#[test]
fn resources_go_with_their_session_on_several() {
    let (pair, log) = shared();
    resources_go_with_their_session(pair, &log);
}

#[test]
fn a_gatekeeper_answers_handshakes_or_turns_clients_away() {
    for (word, expected) in [("sesame", Ok("welcome to keeper")), ("please", Err("connection rejected: say the word"))]
    {
        let mut config = Config::default();
        config.handshake = Value::from(word);
        let (mut pair, _) = local(config);
        pair.daemon.set_gatekeeper(|knock| match knock.handshake.as_str() {
            Some("sesame") => Ok(Value::from(format!("welcome to {}", knock.object.unwrap_or("nobody")))),
            _ => Err("say the word".to_owned()),
        });
        let proxy = pair.client.proxy(URI).expect("a uri");
        let result = pair.call::<()>(proxy, &Request::method("allocate", &(1,)), &mut ());
        match (expected, result) {
            (Ok(answer), Ok(())) => {
                assert_eq!(pair.client.handshake_answer(proxy), Some(&Value::from(answer)));
            }
            (Err(text), Err(CallFailure::Lost(reason))) => assert_eq!(reason.to_string(), text),
            (_, result) => panic!("{word}: {result:?}"),
        }
    }
}

#[test]
fn a_gatekeeper_that_panics_turns_away() {
    let (mut pair, _) = local(Config::default());
    pair.daemon.set_gatekeeper(|_| -> Result<Value, String> { panic!("on purpose") });
    let proxy = pair.client.proxy(URI).expect("a uri");
    let result = pair.call::<()>(proxy, &Request::method("allocate", &(1,)), &mut ());
    assert!(result.expect_err("refused").to_string().ends_with("the gatekeeper panicked"));
}
