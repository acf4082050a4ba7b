//! What objects in Rust do, as the real Pyro5 client sees it.

use std::time::Duration;

use firesteel::Config;
use firesteel_testkit::{Python, PythonProcess};

use crate::hosted::{Hosted, WORKERS, server_config};
use crate::support::{TIMEOUT, config, connect, eventually};
use crate::workshop::{WORKSHOP, Workshop};

fn shared() -> Hosted {
    Hosted::shared("127.0.0.1:0", server_config(), WORKSHOP, |_| Workshop::default())
}

fn local() -> Hosted {
    Hosted::local("127.0.0.1:0", server_config(), WORKSHOP, |_| Workshop::default())
}

/// A Python program with a proxy for the object.
fn client(server: &Hosted, body: &str) -> PythonProcess {
    let head = "\
import sys, uuid
from Pyro5 import config, errors
from Pyro5.api import Proxy, current_context
from checking import equal, raises
config.COMMTIMEOUT = 30.0
proxy = Proxy(sys.argv[1])
";
    Python::source(&format!("{head}{body}\nprint('ALL OK')\n")).arg(server.uri.to_string()).start()
}

#[track_caller]
fn assert_passes(server: &Hosted, body: &str) {
    let output = client(server, body).finish(TIMEOUT);
    assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
}

#[test]
fn two_clients_are_served_at_once() {
    let body = "
with proxy:
    for n in range(300):
        equal(proxy.echo((sys.argv[1], n)), (sys.argv[1], n))
    print('HALF', flush=True)
    for n in range(300):
        equal(proxy.echo('x' * n * 100), 'x' * n * 100)
";
    for server in [local(), shared()] {
        let clients = [client(&server, body), client(&server, body)];
        for client in clients {
            let output = client.finish(TIMEOUT);
            assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
        }
    }
}

#[test]
fn slow_calls_hold_nobody_up() {
    let server = shared();
    let hold = "proxy._pyroBind()\nprint('HOLDING', flush=True)\nequal(proxy.hold(), 'released')";
    // One worker is left.
    let mut held: Vec<_> = (1..WORKERS).map(|_| client(&server, hold)).collect();
    for held in &mut held {
        held.wait_for("HOLDING", TIMEOUT);
    }
    // Python and Rust are served on.
    assert_passes(&server, "for n in range(100): equal(proxy.echo(n), n)");
    let proxy = connect(&server.uri.to_string(), config()).timeout(Duration::from_secs(15));
    for n in 0..100 {
        assert_eq!(proxy.call::<i32>("echo", &(n,)).expect("an answer"), n);
    }
    assert!(held.iter_mut().all(PythonProcess::is_running));
    proxy.call::<()>("release", &()).expect("an answer");
    for held in held {
        assert!(held.finish(TIMEOUT).stdout.ends_with("ALL OK\n"));
    }
}

#[test]
fn answers_may_come_later_and_from_other_threads() {
    for server in [local(), shared()] {
        assert_passes(
            &server,
            "
for n in range(50):
    equal(proxy.later([n, 'later']), [n, 'later'])
error = raises(LookupError, 'there was nothing', proxy.later, None)
assert error._pyroTraceback, vars(error)
raises(RuntimeError, 'the method ended without an answer', proxy.forget)
equal(proxy.echo('still here'), 'still here')
",
        );
    }
}

#[test]
fn one_client_answers_for_another() {
    for server in [local(), shared()] {
        let order = "print('ORDERING', flush=True)\nequal(proxy.order(), {'dish': ['soup']})\nequal(proxy.echo(1), 1)";
        let mut waiting = [client(&server, order), client(&server, order)];
        for waiting in &mut waiting {
            waiting.wait_for("ORDERING", TIMEOUT);
        }
        let proxy = connect(&server.uri.to_string(), config());
        let mut delivered = 0;
        eventually("both orders", || {
            let dish = std::collections::BTreeMap::from([("dish", ["soup"].to_vec())]);
            delivered += proxy.call::<i32>("deliver", &(dish,)).expect("an answer");
            delivered == 2
        });
        for waiting in waiting {
            assert!(waiting.finish(TIMEOUT).stdout.ends_with("ALL OK\n"));
        }
    }
}

#[test]
fn annotations_and_correlation_ids_go_both_ways() {
    for server in [local(), shared()] {
        assert_passes(
            &server,
            "
proxy._pyroBind()
current_context.annotations = {'ABCD': b'first', 'XYZZ': b'z' * 100000}
current_context.correlation_id = uuid.UUID(int=12345)
equal(proxy.context(), ([('ABCD', 'first'), ('XYZZ', 'z' * 100000)], '12345', 1, False, True))
equal(current_context.response_annotations, {})
proxy.annotate('EFGH', 'text ä')
equal({name: bytes(data) for name, data in current_context.response_annotations.items()}, {'EFGH': 'text ä'.encode()})
current_context.annotations = {}
current_context.correlation_id = None
got = proxy.context()
equal(got[0], [])
assert int(got[1]) > 12345, got
equal(current_context.response_annotations, {})
",
        );
    }
}

/// Neither a correlation id nor a signature is an annotation of the user's, though both travel as such.
#[test]
fn annotations_of_a_pyro4_client_are_the_same() {
    for server in [local(), shared()] {
        let body = "
import sys, uuid
from checking import equal
from generation import Proxy, current_context
proxy = Proxy(sys.argv[1])
proxy._pyroBind()
current_context.correlation_id = uuid.UUID(int=12345)
current_context.annotations = {'ABCD': b'first', 'XYZZ': b'z' * 60000}
equal(proxy.context(), ([('ABCD', 'first'), ('XYZZ', 'z' * 60000)], '12345', 1, False, True))
proxy.annotate('EFGH', 'text ä')
equal(bytes(current_context.response_annotations.pop('EFGH')), 'text ä'.encode())
equal(list(current_context.response_annotations), ['CORR'])
current_context.correlation_id = None
current_context.annotations = {}
got = proxy.context()
equal(got[0], [])
assert int(got[1]) > 12345, got
assert got[1] != proxy.context()[1]
print('ALL OK')
";
        let script = Python::source(body).env("GENERATION", "4").arg(server.uri.to_string());
        let output = script.run(TIMEOUT);
        assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
    }
}

#[test]
fn defaults_and_keywords_are_those_of_the_method() {
    assert_passes(
        &local(),
        "
equal(proxy.add(1), 111)
equal(proxy.add(1, 2), 103)
equal(proxy.add(1, c=3), 14)
equal(proxy.add(c=3, b=2, a=1), 6)
raises(TypeError, \"Workshop.add() missing 1 required positional argument: 'a'\", proxy.add)
raises(TypeError, \"Workshop.add() got an unexpected keyword argument 'x'\", proxy.add, 1, x=1)
error = raises(TypeError, None, proxy.add, 'text')
assert \"argument 'a'\" in str(error), error
equal(proxy.add(1), 111)
",
    );
}

#[test]
fn errors_arrive_as_pythons_exceptions() {
    for server in [local(), shared()] {
        assert_passes(
            &server,
            "
for name, kind, args in [
    ('builtins.ValueError', ValueError, ('text',)), ('builtins.KeyError', KeyError, ('k', 2)),
    ('builtins.ZeroDivisionError', ZeroDivisionError, ()), ('builtins.StopIteration', StopIteration, ([1, (2,)],)),
    ('Pyro5.errors.NamingError', errors.NamingError, ('unknown name: x',)),
    ('Pyro5.errors.DaemonError', errors.DaemonError, ('ä€',)),
    ('builtins.SystemExit', SystemExit, (3,)),
]:
    try:
        proxy.fail(name, list(args), code={'k': (1, None)})
    except BaseException as error:
        equal(type(error), kind)
        equal(error.args, args)
        equal(error.code if name != 'builtins.SystemExit' else {'k': (1, None)}, {'k': (1, None)})
        trace = ''.join(error._pyroTraceback)
        assert 'test.workshop' in trace and 'fail' in trace and name.split('.')[-1] in trace, trace
        assert 'Remote traceback' in ''.join(errors.get_pyro_traceback(type(error), error, error.__traceback__))
    else:
        raise AssertionError('nothing was raised')
raises(RuntimeError, 'it is broken', lambda: proxy.broken)
error = raises(RuntimeError, 'the method panicked: this is the text of a panic', proxy.panic)
equal(proxy.echo('still here'), 'still here')
",
        );
    }
}

#[test]
fn errors_that_end_the_connection_do_so_as_in_pyro() {
    assert_passes(
        &shared(),
        "
for name in ['SerializeError', 'SecurityError']:
    raises(getattr(errors, name), 'text', proxy.fail, 'Pyro5.errors.' + name, ['text'])
    proxy._pyroRelease()
    equal(proxy.echo(1), 1)
for name in ['ProtocolError', 'TimeoutError', 'ConnectionClosedError', 'CommunicationError']:
    raises(errors.ConnectionClosedError, None, proxy.fail, 'Pyro5.errors.' + name, ['text'])
    equal(proxy.echo(1), 1)
raises(errors.SerializeError, 'unsupported serialized class: my.Error', proxy.fail, 'my.Error', [])
equal(proxy.echo(1), 1)
",
    );
}

#[test]
fn a_message_above_the_limit_closes_the_connection_as_in_pyro() {
    let mut config = Config::default();
    config.limits.max_message = 100_000;
    let server = Hosted::shared("127.0.0.1:0", config, WORKSHOP, |_| Workshop::default());
    assert_passes(
        &server,
        "
equal(len(proxy.echo('x' * 90000)), 90000)
raises(errors.ConnectionClosedError, None, proxy.echo, 'x' * 100001)
equal(proxy.echo(1), 1)
# The answer is too long: four characters for one.
raises(errors.ConnectionClosedError, None, proxy.echo, [b'x' * 70000, b'y' * 10000][:1] + ['\\x00' * 30000])
equal(proxy.echo(1), 1)
",
    );
}

#[test]
fn a_client_that_goes_away_during_a_call_harms_nobody() {
    let server = shared();
    let hold = "config.COMMTIMEOUT = 0.2\nproxy._pyroTimeout = 0.2\nraises(errors.TimeoutError, None, proxy.hold)";
    assert_passes(&server, hold);
    let order = "proxy._pyroTimeout = 0.2\nraises(errors.TimeoutError, None, proxy.order)";
    assert_passes(&server, order);
    let proxy = connect(&server.uri.to_string(), config()).timeout(Duration::from_secs(20));
    assert_eq!(proxy.call::<i32>("deliver", &("too late",)).expect("an answer"), 1);
    proxy.call::<()>("release", &()).expect("an answer");
    assert_passes(&server, "equal(proxy.hold(), 'released')");
}
