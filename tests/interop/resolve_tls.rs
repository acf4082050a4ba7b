//! Names over TLS: name server and objects alike, as Pyro does it.

use firesteel::blocking::Connector;
use firesteel::tls::Tls;
use firesteel::{CallFailure, CloseReason, NamingError, Uri, Whereabouts};
use firesteel_testkit::Python;

use crate::resolve::MODULES;
use crate::support::config;
use crate::tls::{GENERATIONS, files, under};

#[test]
fn name_servers_and_objects_are_found_over_tls() {
    let files = files();
    for (module, generation) in MODULES.into_iter().zip(GENERATIONS) {
        let python = Python::module(module).args(["-n", "localhost", "-p", "0", "-x"]).env("PYRO_SSL", "1");
        let python = python.env("PYRO_SSL_SERVERCERT", &files.server.0).env("PYRO_SSL_SERVERKEY", &files.server.1);
        let (_names, uri) = python.serve("URI = ");
        let uri: Uri = uri.parse().expect("a uri");
        let place = uri.location().expect("a place").clone();
        let (_things, thing) = files.python_server(generation).args(["--host", "localhost"]).serve("READY ");
        let thing: Uri = thing.parse().expect("a uri");
        // It answers, but not over TLS: one that is skipped.
        let (_plain, plain) = Python::script("server.py").args(["--threads", "--host", "localhost"]).serve("READY ");

        let connector = Connector::new(under(&Tls::client(&files.client_options()).expect("good files"), config()));
        let names = connector.locate_ns(Whereabouts::At(place.clone())).expect("found over TLS");
        names.register("thing", &thing, true, Some(&["tag"])).expect("registered");
        for n in 0..3 {
            let plain = plain.parse().expect("a uri");
            names.register(&format!("plain{n}"), &plain, true, Some(&["tag"])).expect("registered");
        }
        for uri in [format!("PYRONAME:thing@{place}"), format!("PYROMETA:tag@{place}")] {
            let proxy = connector.proxy(&uri).expect("a uri");
            assert_eq!(proxy.call::<i64>("echo", &(7,)).expect(&uri), 7);
            assert_eq!(proxy.resolved(), Some(thing.clone()));
            assert!(proxy.identity().is_some());
        }
        // Without TLS, the name server does not let us in, and says nothing.
        let mut plainly = config();
        plainly.handshake_timeout = std::time::Duration::from_secs(5);
        let proxy = Connector::new(plainly).proxy(&format!("PYRONAME:thing@{place}")).expect("a uri");
        match proxy.call::<i64>("echo", &(7,)) {
            Err(CallFailure::Lost(CloseReason::Unresolved(error))) => {
                assert!(matches!(&*error, NamingError::NotLocated(_)), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
}
