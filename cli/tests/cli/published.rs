//! `firesteel echoserver -n`: in a name server as long as it runs.

use firesteel_testkit::Python;
use rustix::process::Signal;

use crate::running::Firesteel;

#[test]
fn the_echo_server_is_registered_as_long_as_it_runs() {
    for (module, version) in [("Pyro5.nameserver", 5), ("Pyro4.naming", 4)] {
        let (_process, names) = Python::module(module).args(["-n", "127.0.0.1", "-p", "0", "-x"]).serve("URI = ");
        let port = names.rsplit(':').next().expect("a port").to_owned();
        let here = |args: &[&str]| Firesteel::new(args).env("PYRO_NS_HOST", "127.0.0.1").env("PYRO_NS_PORT", &port);
        let mut server = here(&["echoserver", "-H", "127.0.0.1", "-n", "-v"]).start();
        server.wait_for(&format!("using name server at {names}"));
        let uri = server.wait_for("echo uri: ");
        server.wait_for("echoserver running.");
        assert_eq!(here(&["nsc", "lookup", "test.echoserver"]).run().ok(), format!("{uri}\n"));
        // Python finds it by its name.
        let program = format!(
            "from Pyro{version}.{} import Proxy\n\
             import sys\n\
             with Proxy('PYRONAME:test.echoserver@127.0.0.1:' + sys.argv[1]) as echo:\n    print(echo.echo('hello'))",
            if version == 5 { "api" } else { "core" }
        );
        let output = Python::source(&program).arg(&port).run(crate::running::PATIENCE);
        assert_eq!(output.stdout, "hello\n");
        server.signal(Signal::INT);
        assert_eq!(server.finish().code, Some(0));
        let gone = here(&["nsc", "lookup", "test.echoserver"]).run();
        assert_eq!(gone.stdout, "Error: NamingError - unknown name: test.echoserver\n");

        // A name that somebody else has taken over stays.
        let mut server = here(&["echoserver", "-H", "127.0.0.1", "-n"]).start();
        server.wait_for("echoserver running.");
        here(&["nsc", "remove", "test.echoserver"]).run().ok();
        here(&["nsc", "register", "test.echoserver", "PYRO:other@far:1"]).run().ok();
        server.signal(Signal::TERM);
        assert_eq!(server.finish().code, Some(0));
        assert_eq!(here(&["nsc", "lookup", "test.echoserver"]).run().ok(), "PYRO:other@far:1\n");
    }
}

#[test]
fn without_a_name_server_it_does_not_start() {
    let run =
        Firesteel::new(&["echoserver", "-q", "-n"]).env("PYRO_NS_PORT", "1").env("PYRO_BROADCAST_ADDRS", "").run();
    let error = run.error(1);
    assert!(error.contains("failed to locate the name server") && error.contains("PYRO_NS_HOST"), "{error}");
}

#[test]
fn it_may_bring_a_name_server_of_its_own() {
    let program = "
import sys
from generation import Proxy, config, core, NUMBER
config.COMMTIMEOUT = 30.0
locate = core.locate_ns if NUMBER == 5 else core._locateNS
with locate('127.0.0.1', int(sys.argv[1])) as names:
    print(sorted(names.list()), names.lookup('test.echoserver'))
with Proxy('PYRONAME:test.echoserver@127.0.0.1:' + sys.argv[1]) as echo:
    print(echo.echo('hello'))
";
    let mut server = Firesteel::new(&["echoserver", "-H", "127.0.0.1", "-N", "-v"]).env("PYRO_NS_PORT", "0").start();
    let names = server.wait_for("using name server at PYRO:Pyro.NameServer@127.0.0.1:");
    assert_eq!(server.line(), "not using a broadcast server");
    let uri = server.wait_for("echo uri: ");
    server.wait_for("echoserver running.");
    for generation in ["5", "4"] {
        let output = Python::source(program).env("GENERATION", generation).arg(&names).run(crate::running::PATIENCE);
        assert_eq!(output.stdout, format!("['Pyro.NameServer', 'test.echoserver'] {uri}\nhello\n"));
    }
    server.signal(Signal::INT);
    assert_eq!(server.finish().code, Some(0));
}
