//! Objects that are served under their names in one call.

use std::thread;
use std::time::Instant;

use firesteel::blocking::{Serve, ServeError};
use firesteel::{Budget, CallFailure, CloseReason, Config, Names, Publication, RegisterError, Uri, Whereabouts};
use firesteel_testkit::Python;

use crate::resolve::{MODULES, NameServer, Who};
use crate::support::{TIMEOUT, connect, eventually};

pub const CLIENT: &str = "
import sys
if sys.argv[1] == '5':
    from Pyro5.api import Proxy, locate_ns
else:
    from Pyro4 import Proxy, locateNS as locate_ns
port = int(sys.argv[2])
for name in sorted(locate_ns('127.0.0.1', port).list(prefix='example.')):
    with Proxy('PYRONAME:%s@127.0.0.1:%d' % (name, port)) as proxy:
        print(name, proxy.who())
";

#[test]
fn objects_are_served_under_their_names_until_the_end() {
    for (module, generation) in MODULES.into_iter().zip(["5", "4"]) {
        let names = NameServer::start(module);
        let client = names.client();
        let serving = Serve::new()
            .config(names.config())
            .address("127.0.0.1:0")
            .object("example.one", Who("the first"))
            .object("", Who("without a name"))
            .object("example.two", Who("the second"))
            .verbose(false)
            .bind()
            .expect("served");
        let uris: Vec<Uri> = serving.uris().iter().map(|(_, uri)| uri.clone()).collect();
        let id = |at: usize| match &uris[at] {
            Uri::Pyro { object, .. } => object.clone(),
            other => panic!("{other}"),
        };
        assert!(id(0).starts_with("obj_") && id(1).starts_with("obj_"), "{uris:?}");
        assert_eq!(
            serving.to_string(),
            format!(
                "Object {}:\n    uri = {}\n    name = example.one\nObject {}:\n    uri = {}\n\
                 Object {}:\n    uri = {}\n    name = example.two\nPyro daemon running.",
                id(0),
                uris[0],
                id(1),
                uris[1],
                id(2),
                uris[2]
            )
        );
        assert_eq!(client.lookup("example.two").as_ref(), Ok(&uris[2]));
        assert_eq!(client.count(), Ok(3));
        let stopper = serving.stopper();
        let runs = thread::spawn(move || serving.run());
        let output = Python::source(CLIENT).args([generation, &names.port().to_string()]).run(TIMEOUT);
        assert_eq!(output.stdout, "example.one the first\nexample.two the second\n");
        let anonymous = connect(&uris[1].to_string(), names.config());
        assert_eq!(anonymous.call::<String>("who", &()).expect("an answer"), "without a name");
        // What somebody else has taken over stays.
        let other: Uri = "PYRO:other@far:1".parse().expect("a uri");
        client.register("example.one", &other, false, None).expect("registered");
        stopper.stop();
        runs.join().expect("no panic").expect("it ends well");
        assert_eq!(client.list(Names::Prefix("example.")).expect("a list").into_values().collect::<Vec<_>>(), [other]);
    }
}

#[test]
fn a_loop_of_mio_serves_under_names_too() {
    for (module, generation) in MODULES.into_iter().zip(["5", "4"]) {
        let names = NameServer::start(module);
        let client = names.client();
        let (config, at) = (names.config(), Whereabouts::At(names.location().clone()));
        let (sender, started) = std::sync::mpsc::channel();
        let runs = thread::spawn(move || {
            let mut serve = firesteel::mio::Serve::new("127.0.0.1:0", config, at).expect("it listens");
            serve.object("example.one", Who("the first")).expect("hosted");
            serve.object("example.two", Who("the second")).expect("hosted");
            serve.object("", Who("without a name")).expect("hosted");
            serve.quiet();
            let text = serve.to_string();
            assert!(text.ends_with("Pyro daemon running.") && text.contains("\n    name = example.two\n"), "{text}");
            sender.send(serve.stopper()).expect("somebody waits");
            serve.run()
        });
        let stopper = started.recv_timeout(TIMEOUT).expect("it starts");
        eventually("the names are there", || client.count() == Ok(3));
        let output = Python::source(CLIENT).args([generation, &names.port().to_string()]).run(TIMEOUT);
        assert_eq!(output.stdout, "example.one the first\nexample.two the second\n");
        let other: Uri = "PYRO:other@far:1".parse().expect("a uri");
        client.register("example.one", &other, false, None).expect("registered");
        stopper.stop();
        runs.join().expect("no panic").expect("it ends well");
        assert_eq!(client.list(Names::Prefix("example.")).expect("a list").into_values().collect::<Vec<_>>(), [other]);
    }
    let (config, at) = (crate::support::config(), Whereabouts::At("127.0.0.1:1".parse().expect("a place")));
    let mut serve = firesteel::mio::Serve::new("127.0.0.1:0", config, at).expect("it listens");
    serve.object("example", Who("it")).expect("hosted");
    serve.quiet();
    let Err(firesteel::mio::ServeError::Naming(name, _)) = serve.run() else { panic!("there is no name server") };
    assert_eq!(name, "example");
}

#[test]
fn names_are_published_between_two_ticks() {
    let names = NameServer::start("Pyro5.nameserver");
    let asked = names.client();
    let now = Instant::now;
    let mut server: firesteel::tick::Server =
        firesteel::tick::Server::bind(now(), "127.0.0.1:0", Config::default()).expect("it listens");
    server.daemon.register("game", Who("the game")).expect("hosted");
    let mut client = firesteel::tick::Client::new(now(), names.config());
    let mut published = Publication::new(&mut client.calls, Whereabouts::Anywhere { port: None });
    let uri = server.uri("game").expect("it listens");
    published.publish(now(), &mut client.calls, "example.game", &uri);
    let mut ticks = |published: &mut Publication, client: &mut firesteel::tick::Client| {
        let until = now() + TIMEOUT;
        while !published.is_settled() && now() < until {
            server.tick(now(), &mut (), Budget::calls(8));
            client.tick(now());
            while let Some(event) = client.poll_event() {
                published.handle_event(now(), &mut client.calls, event);
            }
            thread::sleep(std::time::Duration::from_millis(2));
        }
        assert!(published.is_settled() && published.poll_failure().is_none());
    };
    ticks(&mut published, &mut client);
    assert_eq!(asked.lookup("example.game"), Ok(uri));
    published.withdraw(now(), &mut client.calls);
    ticks(&mut published, &mut client);
    assert_eq!(asked.count(), Ok(1));
}

#[test]
fn without_a_name_server_names_are_ids() {
    let serve = || Serve::new().name_server(None).address("127.0.0.1:0").verbose(false);
    let serving = serve().object("thing", Who("it")).bind().expect("served");
    let uri = serving.uris()[0].1.to_string();
    assert!(uri.starts_with("PYRO:thing@127.0.0.1:"), "{uri}");
    assert_eq!(serving.to_string(), format!("Object thing:\n    uri = {uri}\nPyro daemon running."));
    let twice = serve().object("thing", Who("it")).object("thing", Who("it")).bind().map(|_| ());
    assert!(matches!(twice, Err(ServeError::Register(RegisterError::Duplicate(_)))), "{twice:?}");
    let nowhere = serve().address("256.0.0.1:0").bind().map(|_| ());
    assert!(matches!(nowhere, Err(ServeError::Io(_))), "{nowhere:?}");
}

#[test]
fn a_name_server_that_is_missing_is_an_error_before_anything_is_served() {
    let names = NameServer::start("Pyro5.nameserver");
    let config = names.config();
    drop(names);
    let failed = Serve::new().config(config).address("127.0.0.1:0").object("thing", Who("it")).bind().map(|_| ());
    let Err(ServeError::Naming(CallFailure::Lost(CloseReason::Unresolved(_)))) = failed else { panic!("{failed:?}") };
}
