//! Names on tokio and smol, in name servers of Pyro5 and Pyro4.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use firesteel::{CallFailure, CloseReason, Location, NameServerProxy, Names, Registration, Tags, Uri, Whereabouts};
use firesteel_async::{Connector, Proxy, Runtime, Serve, Timer};
use firesteel_testkit::{Python, unique_socket_path};

use crate::client_async::{on_smol, on_tokio};
use crate::resolve::{MODULES, NameServer, Responder, Who, serve};
use crate::serve::CLIENT;
use crate::support::{TIMEOUT, Thing, config, fault};

/// Tests of the same name as the function, on both runtimes.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod tokio { $(#[test] fn $name() { super::on_tokio(super::$name::<firesteel::tokio::Tokio>()); })* }
        mod smol { $(#[test] fn $name() { super::on_smol(super::$name::<firesteel::smol::Smol>()); })* }
    };
}

on_both!(
    names_and_metadata_lead_to_objects_of_both_generations,
    the_typed_client_knows_every_method_of_both_name_servers,
    what_has_moved_is_looked_up_again,
    dead_ones_among_several_are_skipped,
    a_name_server_may_be_behind_a_unix_socket,
    a_broadcast_finds_a_name_server_of_either_generation,
    a_stopped_name_server_ends_in_the_deadline,
    objects_are_served_under_their_names_until_the_end,
);

async fn client<R: Runtime>(names: &NameServer) -> NameServerProxy<Proxy<R>> {
    Connector::new(config()).locate_ns(Whereabouts::At(names.location().clone())).await.expect("it is there")
}

async fn names_and_metadata_lead_to_objects_of_both_generations<R: Runtime>() {
    for module in MODULES {
        let names = NameServer::start(module);
        let client = client::<R>(&names).await;
        let (five, four) = (Thing::start(&[]), Thing::pyro4(&[]));
        let uri = |thing: &Thing| thing.uri("test.echoserver").parse::<Uri>().expect("a uri");
        client.register("five", &uri(&five), true, Some(&["python", "new"])).await.expect("registered");
        client.register("four", &uri(&four), true, Some(&["python", "old"])).await.expect("registered");
        for serializer in ["serpent", "json", "marshal"] {
            let mut config = names.config();
            config.serializer = serializer.parse().expect("known");
            let connector = Connector::<R>::new(config);
            let place = names.location();
            for name in [
                "PYRONAME:five".to_owned(),
                format!("PYRONAME:four@{place}"),
                "PYROMETA:python,new".to_owned(),
                format!("PYROMETA:old@{place}"),
                "PYROMETA:python".to_owned(),
            ] {
                let proxy = connector.proxy(&name).expect("a uri");
                let calls: Vec<_> = (0..4).map(|n| proxy.call::<u32>("echo", &(n,))).collect();
                for (n, call) in (0..).zip(calls) {
                    assert_eq!(call.await, Ok(n), "{name}");
                }
                assert!(proxy.metadata().await.expect("metadata").has_method("echo"));
                let resolved = proxy.resolved().expect("found");
                assert!(resolved == uri(&five) || resolved == uri(&four), "{resolved}");
            }
            let unknown = connector.proxy("PYRONAME:other").expect("a uri");
            let error = unknown.call::<()>("echo", &()).await.expect_err("unknown");
            assert_eq!(error.to_string(), "the name server says: unknown name: other", "{module}");
            let none = connector.proxy("PYROMETA:python,none").expect("a uri");
            let error = none.notify("echo", &()).await.expect_err("unknown");
            assert!(matches!(error, CallFailure::Lost(CloseReason::Unresolved(_))), "{error:?}");
        }
    }
}

async fn the_typed_client_knows_every_method_of_both_name_servers<R: Runtime>() {
    for module in MODULES {
        let names = NameServer::start(module);
        let client = client::<R>(&names).await;
        client.ping().await.expect("it is there");
        assert_eq!(client.lookup("Pyro.NameServer").await.as_ref(), Ok(&names.uri));
        let uri = |n: u16| Uri::pyro(format!("object.{n}"), Location::Tcp { host: "far".to_owned(), port: n });
        // Together, on one connection.
        let calls = [("a.one", 1, None), ("a.two", 2, Some(&["x", "y"][..])), ("b.three", 3, Some(&["y"]))]
            .map(|(name, n, tags)| client.register(name, &uri(n), true, tags));
        for call in calls {
            call.await.expect("registered");
        }
        assert_eq!(client.count().await, Ok(4));
        let taken = fault(client.register("a.one", &uri(9), true, None).await);
        assert_eq!(
            (taken.class.as_str(), taken.message().as_str()),
            ("Pyro5.errors.NamingError", "name already registered: a.one")
        );
        let set = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<BTreeSet<_>>();
        let known = client.lookup_with_metadata("a.two").await.expect("known");
        assert_eq!((known.uri, known.metadata), (uri(2), set(&["x", "y"])));
        client.set_metadata("a.one", &["z", "y", "z"]).await.expect("set");
        assert_eq!(client.lookup_with_metadata("a.one").await.expect("known").metadata, set(&["y", "z"]));
        let keys =
            |found: Result<BTreeMap<String, Uri>, CallFailure>| Vec::from_iter(found.expect("a list").into_keys());
        assert_eq!(keys(client.list(Names::All).await), ["Pyro.NameServer", "a.one", "a.two", "b.three"]);
        assert_eq!(keys(client.list(Names::Regex(r"[ab]\.t")).await), ["a.two", "b.three"]);
        let all = client.list_with_metadata(Names::Prefix("a.")).await.expect("a list");
        assert_eq!((all.len(), &all["a.two"].metadata), (2, &set(&["x", "y"])));
        let tagged = |found: Result<BTreeMap<String, Registration>, CallFailure>| {
            Vec::from_iter(found.expect("a list").into_keys())
        };
        assert_eq!(tagged(client.yplookup(Tags::All(&["x", "y"])).await), ["a.two"]);
        assert_eq!(tagged(client.yplookup(Tags::Any(&["x", "y"])).await), ["a.one", "a.two", "b.three"]);
        assert_eq!(tagged(client.yplookup(Tags::All(&[])).await), [""; 0]);
        assert_eq!((client.remove("b.three").await, client.remove("b.three").await), (Ok(1), Ok(0)));
        assert_eq!(client.remove_all(Names::Prefix("a")).await, Ok(2));
        assert_eq!(client.count().await, Ok(1));
    }
}

async fn what_has_moved_is_looked_up_again<R: Runtime>() {
    let names = NameServer::start("Pyro5.nameserver");
    let client = client::<R>(&names).await;
    let (here, there) = (Thing::start(&[]), Thing::start(&[]));
    let uri = |thing: &Thing| thing.uri("test.thing").parse::<Uri>().expect("a uri");
    client.register("mover", &uri(&here), false, None).await.expect("registered");
    let proxy = Connector::<R>::new(names.config()).proxy("PYRONAME:mover").expect("a uri");
    assert_eq!(proxy.call::<u32>("echo", &(1,)).await, Ok(1));
    client.register("mover", &uri(&there), false, None).await.expect("registered");
    // A call that may be made again goes where the object is by then.
    here.process.stop();
    assert_eq!(proxy.retries(3).call::<u32>("echo", &(2,)).await, Ok(2));
    assert_eq!(proxy.resolved(), Some(uri(&there)));
}

async fn dead_ones_among_several_are_skipped<R: Runtime>() {
    let names = NameServer::start("Pyro5.nameserver");
    let client = client::<R>(&names).await;
    let (alive, stopper) = serve("thing", "alive");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    for n in 0..5 {
        let dead = Uri::pyro("thing", closed.into());
        client.register(&format!("dead{n}"), &dead, false, Some(&["worker"])).await.expect("registered");
        let other = Uri::pyro("other", alive.location().expect("it listens").clone());
        client.register(&format!("other{n}"), &other, false, Some(&["worker"])).await.expect("registered");
    }
    client.register("alive", &alive, false, Some(&["worker"])).await.expect("registered");
    let connector = Connector::<R>::new(names.config());
    for _ in 0..10 {
        let proxy = connector.proxy("PYROMETA:worker").expect("a uri");
        assert_eq!(proxy.call::<String>("who", &()).await.expect("the one that is alive"), "alive");
    }
    stopper.stop();
}

async fn a_name_server_may_be_behind_a_unix_socket<R: Runtime>() {
    for module in MODULES {
        let path = unique_socket_path();
        let names = NameServer::with(Python::module(module).arg("-u").arg(path.as_os_str()));
        let client = client::<R>(&names).await;
        let (uri, stopper) = serve("thing", "it");
        client.register("thing", &uri, true, None).await.expect("registered");
        let name = format!("PYRONAME:thing@./u:{}", path.display());
        let proxy = Connector::<R>::new(config()).proxy(&name).expect("a uri");
        assert_eq!(proxy.call::<String>("who", &()).await.as_deref(), Ok("it"));
        let client = firesteel_async::locate_ns::<R>(&format!("./u:{}", path.display()), None).await.expect("found");
        assert_eq!(client.count().await, Ok(2));
        stopper.stop();
    }
}

async fn a_broadcast_finds_a_name_server_of_either_generation<R: Runtime>() {
    for (module, generation) in MODULES.into_iter().zip(["5", "4"]) {
        let names = NameServer::start(module);
        let responder = Responder::start(&names, generation);
        let mut config = config();
        config.naming = responder.naming();
        let connector = Connector::<R>::new(config);
        let client = connector.locate_ns(Whereabouts::Anywhere { port: None }).await.expect("found");
        assert_eq!(client.caller().resolved(), Some(names.uri.clone()));
        let proxy = connector.proxy("PYRONAME:Pyro.NameServer").expect("a uri");
        assert_eq!(proxy.call::<usize>("count", &()).await, Ok(1));
    }
}

async fn a_stopped_name_server_ends_in_the_deadline<R: Runtime>() {
    let names = NameServer::start("Pyro5.nameserver");
    // The system takes connections for it, which nobody answers.
    names.pause();
    let proxy = Connector::<R>::new(names.config()).proxy("PYRONAME:thing").expect("a uri");
    let begun = Instant::now();
    let hasty = proxy.timeout(Duration::from_millis(200));
    assert_eq!(hasty.call::<()>("who", &()).await, Err(CallFailure::Deadline));
    assert!(begun.elapsed() < TIMEOUT / 2, "{:?}", begun.elapsed());
    let mut timer = R::timer();
    timer.set(Instant::now() + Duration::from_millis(100));
    let mut call = pin!(proxy.call::<()>("who", &()));
    poll_fn(|cx| match call.as_mut().poll(cx) {
        Poll::Ready(end) => panic!("{end:?}"),
        Poll::Pending => timer.poll(cx),
    })
    .await;
    // What waits goes on with it.
    names.resume();
    let unknown = call.await.expect_err("unknown");
    assert_eq!(unknown.to_string(), "the name server says: unknown name: thing");
}

async fn objects_are_served_under_their_names_until_the_end<R: Runtime>() {
    for (module, generation) in MODULES.into_iter().zip(["5", "4"]) {
        let names = NameServer::start(module);
        let client = client::<R>(&names).await;
        let serve = Serve::<R>::new().config(names.config()).address("127.0.0.1:0").verbose(false);
        let serve = serve.object("example.one", Who("the first")).object("", Who("without a name"));
        let mut serving = serve.object("example.two", Who("the second")).bind().await.expect("served");
        assert_eq!(client.lookup("example.two").await.as_ref(), Ok(&serving.uris()[2].1));
        assert_eq!(client.count().await, Ok(3));
        let (stopper, port) = (serving.stopper(), names.port());
        let python = std::thread::spawn(move || {
            let output = Python::source(CLIENT).args([generation, &port.to_string()]).run(TIMEOUT);
            // What somebody else has taken over stays.
            let other: Uri = "PYRO:other@far:1".parse().expect("a uri");
            let names = firesteel::blocking::locate_ns("127.0.0.1", Some(port)).expect("it is there");
            names.register("example.one", &other, false, None).expect("registered");
            stopper.stop();
            (output.stdout, other)
        });
        serving.run().await.expect("it ends well");
        let (stdout, other) = python.join().expect("no panic");
        assert_eq!(stdout, "example.one the first\nexample.two the second\n");
        let left = client.list(Names::Prefix("example.")).await.expect("a list");
        assert_eq!(left.into_values().collect::<Vec<_>>(), [other]);
    }
}
