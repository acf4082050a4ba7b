//! Names on each async runtime, in a name server of this process: searches that are given up, shared, or in vain.

use std::future::{Future, poll_fn};
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use firesteel::blocking::{Server, Stopper};
use firesteel::nameserver::{BroadcastResponder, BroadcastServer, NameServer, storage::Memory};
use firesteel::{
    CallFailure, CloseReason, Config, Location, Names, NamingError, RegisterError, Shared, Uri, Whereabouts, expose,
};
use firesteel_async::{Connector, Published, Runtime, Serve, ServeError, Timer};

const PATIENCE: Duration = Duration::from_secs(60);

fn on_tokio(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async { tokio::time::timeout(PATIENCE, future).await.expect("in time") });
}

fn on_tokios_workers(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async { tokio::time::timeout(PATIENCE, future).await.expect("in time") });
}

fn on_smol(future: impl Future<Output = ()>) {
    let late = async {
        smol::Timer::after(PATIENCE).await;
        panic!("in time");
    };
    smol::block_on(smol::future::or(future, late));
}

/// Tests of the same name as the function, on every runtime.
macro_rules! on_runtimes {
    ($($name:ident),* $(,)?) => {
        mod on_tokio { $(#[test] fn $name() { super::on_tokio(super::$name::<firesteel::tokio::Tokio>()); })* }
        mod on_tokios_workers { $(#[test] fn $name() {
            super::on_tokios_workers(super::$name::<firesteel::tokio::Tokio>());
        })* }
        mod on_smol { $(#[test] fn $name() { super::on_smol(super::$name::<firesteel::smol::Smol>()); })* }
    };
}

on_runtimes!(
    a_name_leads_to_its_object_again_after_it_has_moved,
    dead_and_silent_ones_among_several_are_skipped,
    many_tasks_wait_for_one_search,
    a_search_that_is_given_up_is_taken_up_again,
    a_silent_name_server_ends_in_its_time,
    a_broadcast_is_heard,
    nobody_hears_a_broadcast,
    a_call_without_an_answer_is_sent_when_the_name_is_found,
    names_are_there_while_their_objects_are_served,
    a_server_that_is_given_up_leaves_no_names,
    what_cannot_be_served_leaves_no_names,
);

/// Objects on a thread of their own, which end with this.
struct Hosted {
    stopper: Stopper,
    uris: Vec<Uri>,
}

struct Who(&'static str, Arc<Mutex<Vec<String>>>);

#[expose]
impl Who {
    pub fn who(&self) -> String {
        self.0.to_owned()
    }

    #[oneway]
    pub fn note(&self, text: String) {
        self.1.lock().expect("no panic").push(text);
    }

    pub fn notes(&self) -> Vec<String> {
        self.1.lock().expect("no panic").clone()
    }
}

fn who(name: &'static str) -> Who {
    Who(name, Arc::default())
}

impl Hosted {
    fn who(name: &'static str) -> Self {
        let objects = Shared::new();
        objects.register("thing", who(name)).expect("a free id");
        Self::serve(Server::shared("127.0.0.1:0", &objects, 1).expect("a free port"), &["thing"])
    }

    fn names() -> Self {
        let mut server = Server::shared("127.0.0.1:0", &Shared::new(), 1).expect("a free port");
        NameServer::new(Memory::new()).register_in(&mut server.daemon).expect("a daemon without one");
        Self::serve(server, &["Pyro.NameServer"])
    }

    fn serve(mut server: Server<Shared>, objects: &[&str]) -> Self {
        let hosted = Self { stopper: server.stopper(), uris: objects.iter().map(|id| server.uri(id)).collect() };
        thread::spawn(move || server.run());
        hosted
    }

    fn uri(&self) -> &Uri {
        &self.uris[0]
    }

    fn location(&self) -> Location {
        self.uri().location().expect("it listens").clone()
    }

    /// A config whose name server this is.
    fn config(&self) -> Config {
        naming_at(&self.location())
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        self.stopper.stop_within(Duration::ZERO);
    }
}

fn naming_at(location: &Location) -> Config {
    let Location::Tcp { host, port } = location else { panic!("{location} is no port") };
    let mut config = Config::default();
    config.call_timeout = Some(PATIENCE);
    config.naming.host.clone_from(host);
    config.naming.port = *port;
    config.naming.broadcast = false;
    config
}

/// Takes connections and says nothing.
fn silent() -> (TcpListener, Location) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    (listener, address.into())
}

fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address")
}

async fn sleep<R: Runtime>(time: Duration) {
    let mut timer = R::timer();
    timer.set(Instant::now() + time);
    poll_fn(|cx| timer.poll(cx)).await;
}

/// What a future gives, if that comes in time; it is dropped otherwise.
async fn within<R: Runtime, T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut late) = (pin!(future), pin!(sleep::<R>(time)));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => late.as_mut().poll(cx).map(|()| None),
    })
    .await
}

async fn poll_once<F: Future + Unpin>(future: &mut F) {
    poll_fn(|cx| {
        let _ = Pin::new(&mut *future).poll(cx);
        Poll::Ready(())
    })
    .await;
}

fn naming_error<T: std::fmt::Debug>(result: Result<T, CallFailure>) -> NamingError {
    match result {
        Err(CallFailure::Lost(CloseReason::Unresolved(error))) => *error,
        other => panic!("not the failure of a look-up: {other:?}"),
    }
}

async fn a_name_leads_to_its_object_again_after_it_has_moved<R: Runtime>() {
    let (names, here, there) = (Hosted::names(), Hosted::who("here"), Hosted::who("there"));
    let connector = Connector::<R>::new(names.config());
    let client = connector.locate_ns(Whereabouts::Anywhere { port: None }).await.expect("it is there");
    assert_eq!(client.caller().resolved().as_ref(), Some(names.uri()));
    client.register("mover", here.uri(), true, Some(&["moves"])).await.expect("registered");
    for name in
        ["PYRONAME:mover".to_owned(), "PYROMETA:moves".to_owned(), format!("PYRONAME:mover@{}", names.location())]
    {
        let proxy = connector.proxy(&name).expect("a uri");
        assert_eq!(proxy.resolved(), None);
        assert_eq!(proxy.bind().await, Ok(true));
        assert_eq!(proxy.bind().await, Ok(false));
        assert_eq!(proxy.call::<String>("who", &()).await.as_deref(), Ok("here"));
        assert_eq!(proxy.resolved().as_ref(), Some(here.uri()));
        assert!(proxy.metadata().await.expect("metadata").has_method("who"));
    }
    let proxy = connector.proxy("PYRONAME:mover").expect("a uri");
    assert_eq!(proxy.call::<String>("who", &()).await.as_deref(), Ok("here"));
    client.register("mover", there.uri(), false, None).await.expect("registered");
    drop(here);
    let moved = async {
        while proxy.call::<String>("who", &()).await.as_deref() != Ok("there") {
            sleep::<R>(Duration::from_millis(5)).await;
        }
    };
    within::<R, _>(PATIENCE / 2, moved).await.expect("the loss is seen");
    proxy.reconnect(2).await.expect("connected");
    // A name that is gone is not waited for.
    assert_eq!(client.remove("mover").await, Ok(1));
    let gone = naming_error(proxy.reconnect_every(Duration::from_secs(600), 3).await);
    assert_eq!(gone.to_string(), "the name server says: unknown name: mover");
    let mut patient = names.config();
    patient.naming.lookup_delay = Duration::from_secs(30);
    let waits = Connector::<R>::new(patient).proxy("PYRONAME:late").expect("a uri");
    let late = waits.call::<String>("who", &());
    let mut late = pin!(late);
    assert!(within::<R, _>(Duration::from_millis(300), late.as_mut()).await.is_none());
    client.register("late", there.uri(), true, None).await.expect("registered");
    assert_eq!(late.await.as_deref(), Ok("there"));
}

async fn dead_and_silent_ones_among_several_are_skipped<R: Runtime>() {
    let (names, alive) = (Hosted::names(), Hosted::who("alive"));
    let mut config = names.config();
    config.handshake_timeout = Duration::from_millis(300);
    let connector = Connector::<R>::new(config);
    let client = connector.locate_ns(Whereabouts::At(names.location())).await.expect("it is there");
    let (listener, silent) = silent();
    let tags: Option<&[&str]> = Some(&["worker"]);
    for n in 0..3 {
        let dead = Uri::pyro("thing", closed().into());
        client.register(&format!("dead{n}"), &dead, false, tags).await.expect("registered");
        let other = Uri::pyro("other", alive.location());
        client.register(&format!("other{n}"), &other, false, tags).await.expect("registered");
        let nowhere = Uri::pyro("thing", Location::Unix("/nowhere/at/all".into()));
        client.register(&format!("nowhere{n}"), &nowhere, false, tags).await.expect("registered");
    }
    client.register("silent", &Uri::pyro("thing", silent), false, tags).await.expect("registered");
    client.register("alive", alive.uri(), false, tags).await.expect("registered");
    for _ in 0..5 {
        let proxy = connector.proxy("PYROMETA:worker").expect("a uri");
        assert_eq!(proxy.call::<String>("who", &()).await.as_deref(), Ok("alive"));
        assert_eq!(proxy.resolved().as_ref(), Some(alive.uri()));
    }
    drop((alive, listener));
    let proxy = connector.proxy("PYROMETA:worker").expect("a uri");
    let nobody = proxy.call::<String>("who", &()).await.expect_err("all are dead");
    assert!(matches!(nobody, CallFailure::Lost(_)), "{nobody:?}");
    assert_eq!(naming_error(connector.proxy("PYROMETA:x,y").expect("a uri").ping().await).to_string().len(), 63);
}

async fn many_tasks_wait_for_one_search<R: Runtime>() {
    let (names, thing) = (Hosted::names(), Hosted::who("it"));
    let connector = Connector::<R>::new(names.config());
    let client = connector.locate_ns(Whereabouts::At(names.location())).await.expect("it is there");
    client.register("thing", thing.uri(), true, None).await.expect("registered");
    let searches = Arc::new(Mutex::new(0));
    let told = Arc::clone(&searches);
    let watch = move |step: &firesteel::NamingStep| {
        if matches!(step, firesteel::NamingStep::Resolved(_)) {
            *told.lock().expect("no panic") += 1;
        }
    };
    let proxy = connector.on_naming(watch).proxy("PYRONAME:thing").expect("a uri");
    let ends = Arc::new(Mutex::new(Vec::new()));
    for n in 0..16 {
        let (call, ends) = (proxy.call::<String>("who", &()), Arc::clone(&ends));
        R::spawn(async move {
            if n % 4 == 0 {
                // Some give up at once.
                drop(call);
                ends.lock().expect("no panic").push(Ok("it".to_owned()));
            } else {
                let end = call.await;
                ends.lock().expect("no panic").push(end);
            }
        });
    }
    while ends.lock().expect("no panic").len() < 16 {
        sleep::<R>(Duration::from_millis(2)).await;
    }
    assert!(ends.lock().expect("no panic").iter().all(|end| end.as_deref() == Ok("it")));
    assert_eq!(*searches.lock().expect("no panic"), 1);
}

async fn a_search_that_is_given_up_is_taken_up_again<R: Runtime>() {
    let (names, thing) = (Hosted::names(), Hosted::who("it"));
    let connector = Connector::<R>::new(names.config());
    let client = connector.locate_ns(Whereabouts::At(names.location())).await.expect("it is there");
    client.register("thing", thing.uri(), true, None).await.expect("registered");
    let proxy = connector.proxy("PYRONAME:thing").expect("a uri");
    // Dropped at each of its steps.
    for polls in 0..12 {
        let mut call = proxy.call::<String>("who", &());
        for _ in 0..polls {
            poll_once(&mut call).await;
            sleep::<R>(Duration::from_millis(2)).await;
        }
        drop(call);
        assert_eq!(proxy.call::<String>("who", &()).await.as_deref(), Ok("it"));
        proxy.close();
    }
    // As is `locate_ns`, whose socket goes with it.
    let (listener, silent) = silent();
    let connector = Connector::<R>::new(naming_at(&silent));
    let search = connector.locate_ns(Whereabouts::At(silent));
    assert!(within::<R, _>(Duration::from_millis(100), search).await.is_none());
    let (mut socket, _) = listener.accept().expect("it was called");
    socket.set_read_timeout(Some(PATIENCE)).expect("set");
    let mut said = Vec::new();
    socket.read_to_end(&mut said).expect("the end, in time");
    assert!(said.starts_with(b"PYRO"), "{said:?}");
}

async fn a_silent_name_server_ends_in_its_time<R: Runtime>() {
    let (_listener, silent) = silent();
    let mut config = naming_at(&silent);
    config.handshake_timeout = Duration::from_millis(300);
    let connector = Connector::<R>::new(config);
    let begun = Instant::now();
    let error = naming_error(connector.locate_ns(Whereabouts::At(silent)).await.map(drop));
    assert!(matches!(&error, NamingError::NotLocated(tried) if tried.len() == 1), "{error}");
    assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
    // A call of an impatient caller ends before the search does, alone and beside others.
    let proxy = connector.proxy("PYRONAME:thing").expect("a uri");
    let hasty = proxy.timeout(Duration::from_millis(50));
    let begun = Instant::now();
    assert_eq!(hasty.call::<()>("who", &()).await, Err(CallFailure::Deadline));
    let calls: Vec<_> = (0..3).map(|_| hasty.call::<()>("who", &())).collect();
    for call in calls {
        assert_eq!(call.await, Err(CallFailure::Deadline));
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    naming_error(proxy.call::<()>("who", &()).await);
    naming_error(proxy.notify("note", &("x",)).await);
}

async fn a_broadcast_is_heard<R: Runtime>() {
    let (names, thing) = (Hosted::names(), Hosted::who("it"));
    let responder = BroadcastServer::bind("127.0.0.1", 0, BroadcastResponder::new(names.uri().clone()));
    let responder = responder.expect("a free port");
    let mut config = naming_at(&Location::Tcp { host: "127.0.1.1".to_owned(), port: 1 });
    config.naming.broadcast = true;
    config.naming.broadcast_port = responder.local_addr().port();
    // The name of a host is looked up; what has no address keeps the others from nothing.
    config.naming.broadcast_addresses = vec!["::1".to_owned(), "localhost".to_owned()];
    let steps = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&steps);
    let connector =
        Connector::<R>::new(config).on_naming(move |step| told.lock().expect("no panic").push(step.clone()));
    let client = connector.locate_ns(Whereabouts::Anywhere { port: None }).await.expect("found");
    client.register("thing", thing.uri(), true, None).await.expect("registered");
    let heard = firesteel::NamingStep::Located(names.uri().clone());
    assert!(steps.lock().expect("no panic").contains(&heard), "{steps:?}");
    let begun = Instant::now();
    for _ in 0..10 {
        let proxy = connector.proxy("PYRONAME:thing").expect("a uri");
        assert_eq!(proxy.call::<String>("who", &()).await.as_deref(), Ok("it"));
    }
    // None had to wait for the end of a round, 0.7 seconds.
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    // Given up while it listens, it listens again.
    let mut config = naming_at(&Location::Tcp { host: "127.0.1.1".to_owned(), port: 1 });
    config.naming.broadcast = true;
    config.naming.broadcast_port = 1;
    config.naming.broadcast_addresses = vec!["127.0.0.1".to_owned()];
    let proxy = Connector::<R>::new(config).proxy("PYRONAME:thing").expect("a uri");
    for _ in 0..3 {
        assert!(within::<R, _>(Duration::from_millis(100), proxy.call::<()>("who", &())).await.is_none());
    }
}

async fn nobody_hears_a_broadcast<R: Runtime>() {
    let mut config = naming_at(&Location::Tcp { host: "localhost".to_owned(), port: 1 });
    config.naming.broadcast = true;
    config.naming.broadcast_port = 1;
    config.naming.broadcast_addresses = vec!["127.0.0.1".to_owned()];
    let begun = Instant::now();
    let failure = Connector::<R>::new(config.clone()).proxy("PYRONAME:thing").expect("a uri").ping().await;
    let failure = naming_error(failure).to_string();
    assert!(failure.contains("by broadcast: nobody answered"), "{failure}");
    assert!(begun.elapsed() >= Duration::from_millis(2100), "{:?}", begun.elapsed());
    // What cannot be sent is not waited for.
    config.naming.broadcast_addresses = vec!["no.such.host.invalid".to_owned(), "::1".to_owned()];
    let failure = Connector::<R>::new(config).proxy("PYRONAME:thing").expect("a uri").ping().await;
    let failure = naming_error(failure).to_string();
    assert!(failure.contains("by broadcast: ") && !failure.contains("nobody answered"), "{failure}");
}

async fn a_call_without_an_answer_is_sent_when_the_name_is_found<R: Runtime>() {
    let (names, thing) = (Hosted::names(), Hosted::who("it"));
    let connector = Connector::<R>::new(names.config());
    let client = connector.locate_ns(Whereabouts::At(names.location())).await.expect("it is there");
    client.register("thing", thing.uri(), true, None).await.expect("registered");
    let proxy = connector.proxy("PYRONAME:thing").expect("a uri");
    let calls: Vec<_> = (0..8).map(|n| proxy.notify("note", &(n.to_string(),))).collect();
    for call in calls {
        call.await.expect("sent");
    }
    let all = async {
        while proxy.call::<Vec<String>>("notes", &()).await.expect("an answer").len() < 8 {
            sleep::<R>(Duration::from_millis(2)).await;
        }
    };
    within::<R, _>(PATIENCE / 2, all).await.expect("all arrive");
    let unknown = connector.proxy("PYRONAME:other").expect("a uri");
    let first = unknown.notify("note", &("x",));
    let second = unknown.notify("note", &("y",));
    naming_error(first.await);
    // It had gone by the same search, which is over.
    naming_error(second.await);
}

async fn names_are_there_while_their_objects_are_served<R: Runtime>() {
    let names = Hosted::names();
    let client = Connector::<R>::new(names.config()).locate_ns(Whereabouts::At(names.location())).await.expect("there");
    let serve = Serve::<R>::new().config(names.config()).address("127.0.0.1:0").verbose(false);
    let serve = serve.object("example.one", who("the first")).object("", who("nameless"));
    let mut serving = serve.object("example.two", Arc::new(Later)).bind().await.expect("served");
    let uris: Vec<Uri> = serving.uris().iter().map(|(_, uri)| uri.clone()).collect();
    assert_eq!(client.lookup("example.two").await.as_ref(), Ok(&uris[2]));
    assert_eq!(client.count().await, Ok(3));
    assert!(serving.to_string().ends_with(&format!("uri = {}\n    name = example.two\nPyro daemon running.", uris[2])));
    let (stopper, config) = (serving.stopper(), names.config());
    let (end, over) = std::sync::mpsc::channel();
    R::spawn(async move {
        let _ = end.send(serving.run().await.is_ok());
        drop(serving);
    });
    let connector = Connector::<R>::new(config);
    let first = connector.proxy("PYRONAME:example.one").expect("a uri");
    assert_eq!(first.call::<String>("who", &()).await.as_deref(), Ok("the first"));
    let second = connector.proxy("PYRONAME:example.two").expect("a uri");
    assert_eq!(second.call::<u32>("later", &(7,)).await, Ok(7));
    let third = connector.proxy(&uris[1].to_string()).expect("a uri");
    assert_eq!(third.call::<String>("who", &()).await.as_deref(), Ok("nameless"));
    // What somebody else has taken over stays.
    let other: Uri = "PYRO:other@far:1".parse().expect("a uri");
    client.register("example.one", &other, false, None).await.expect("registered");
    stopper.stop();
    loop {
        match over.try_recv() {
            Ok(ended) => break assert!(ended),
            Err(_) => sleep::<R>(Duration::from_millis(2)).await,
        }
    }
    let left = client.list(Names::Prefix("example.")).await.expect("a list");
    assert_eq!(left.into_values().collect::<Vec<_>>(), [other]);
}

struct Later;

#[expose]
impl Later {
    pub async fn later(&self, value: u32) -> u32 {
        value
    }
}

async fn a_server_that_is_given_up_leaves_no_names<R: Runtime>() {
    let names = Hosted::names();
    let client = Connector::<R>::new(names.config()).locate_ns(Whereabouts::At(names.location())).await.expect("there");
    let serve = || {
        let serve = Serve::<R>::new().config(names.config()).address("127.0.0.1:0").verbose(false);
        serve.object("example.one", who("it")).object("example.two", who("it"))
    };
    // By hand, and by the runtime.
    let mut serving = serve().bind().await.expect("served");
    assert!(within::<R, _>(Duration::from_millis(50), serving.run()).await.is_none());
    assert_eq!(client.count().await, Ok(3));
    serving.withdraw().await;
    assert_eq!(client.count().await, Ok(1));
    assert!(within::<R, _>(Duration::from_millis(300), serve().run()).await.is_none());
    let gone = async {
        while client.count().await != Ok(1) {
            sleep::<R>(Duration::from_millis(2)).await;
        }
    };
    within::<R, _>(PATIENCE / 2, gone).await.expect("the names go");
    let mut published = Published::new(client.clone());
    let uri: Uri = "PYRO:thing@far:1".parse().expect("a uri");
    for n in 0..200 {
        published.register(&format!("many.{n}"), &uri, Some(&["many"])).await.expect("registered");
    }
    assert_eq!(client.count().await, Ok(201));
    published.withdraw().await;
    assert_eq!(client.count().await, Ok(1));
}

async fn what_cannot_be_served_leaves_no_names<R: Runtime>() {
    let names = Hosted::names();
    let serve = || Serve::<R>::new().address("127.0.0.1:0").verbose(false);
    let twice = serve().name_server(None).object("thing", who("it")).object("thing", who("it")).bind().await.map(drop);
    assert!(matches!(twice, Err(ServeError::Register(RegisterError::Duplicate(_)))), "{twice:?}");
    let serving = serve().name_server(None).object("thing", who("it")).bind().await.expect("served");
    let uri = serving.uris()[0].1.to_string();
    assert_eq!(serving.to_string(), format!("Object thing:\n    uri = {uri}\nPyro daemon running."));
    assert!(uri.starts_with("PYRO:thing@127.0.0.1:"), "{uri}");
    let nowhere = serve().address("256.0.0.1:0").bind().await.map(drop);
    assert!(matches!(nowhere, Err(ServeError::Io(_))), "{nowhere:?}");
    let missing = serve().config(naming_at(&closed().into())).object("thing", who("it")).bind().await.map(drop);
    let Err(ServeError::Naming(CallFailure::Lost(CloseReason::Unresolved(_)))) = missing else { panic!("{missing:?}") };
    let mut config = names.config();
    config.limits.max_message = 10_000;
    let long = "x".repeat(config.limits.max_message);
    let refused = serve().config(config).object("example", who("it")).object(&long, who("it")).bind().await.map(drop);
    assert!(matches!(refused, Err(ServeError::Naming(CallFailure::Misuse(_)))), "{refused:?}");
    let client = Connector::<R>::new(names.config()).locate_ns(Whereabouts::At(names.location())).await.expect("there");
    assert_eq!(client.count().await, Ok(1));
}

/// A runtime of tokio's, which ends with this.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

#[test]
fn names_that_are_dropped_outside_of_a_runtime_stay() {
    use firesteel::tokio::Published;
    let names = Hosted::names();
    let connector = Connector::<firesteel::tokio::Tokio>::new(names.config());
    let uri: Uri = "PYRO:thing@far:1".parse().expect("a uri");
    let first = runtime();
    let published = first.block_on(async {
        let client = connector.locate_ns(Whereabouts::At(names.location())).await.expect("it is there");
        let mut published = Published::new(client);
        published.register("thing", &uri, None).await.expect("registered");
        published
    });
    drop(published);
    // And in one that ends at once.
    first.block_on(async {
        let client = connector.locate_ns(Whereabouts::At(names.location())).await.expect("it is there");
        let mut published = Published::new(client);
        published.register("other", &uri, None).await.expect("registered");
    });
    drop(first);
    runtime().block_on(async {
        let client = connector.locate_ns(Whereabouts::At(names.location())).await.expect("it is there");
        assert_eq!(client.lookup("thing").await.as_ref(), Ok(&uri));
    });
}

#[test]
fn a_search_whose_runtime_ends_is_made_anew_in_another() {
    let (names, thing) = (Hosted::names(), Hosted::who("it"));
    let proxy = Connector::<firesteel::tokio::Tokio>::new(names.config()).proxy("PYRONAME:thing").expect("a uri");
    runtime().block_on(async {
        let connector = Connector::<firesteel::tokio::Tokio>::new(names.config());
        let client = connector.locate_ns(Whereabouts::At(names.location())).await.expect("it is there");
        client.register("thing", thing.uri(), true, None).await.expect("registered");
    });
    for polls in 0..8 {
        let mut calls: Vec<_> = (0..2).map(|_| proxy.call::<String>("who", &())).collect();
        runtime().block_on(async {
            for _ in 0..polls {
                for call in &mut calls {
                    poll_once(call).await;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        drop(calls);
        let ends = runtime().block_on(async {
            let call = || tokio::time::timeout(PATIENCE / 2, proxy.call::<String>("who", &()));
            [call().await.expect("in time"), call().await.expect("in time")]
        });
        // The first one may find the socket dead.
        assert!(matches!(&ends, [Ok(_) | Err(CallFailure::Lost(_)), Ok(who)] if who == "it"), "{polls}: {ends:?}");
        proxy.close();
    }
}
