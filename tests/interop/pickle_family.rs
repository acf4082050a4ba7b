//! dill and cloudpickle, as the real packages write and read them, with Pyro4 in both roles.

use firesteel::{Config, Dialect, Protocol, SerializerId, Value};
use firesteel_testkit::Python;

use crate::echo::{ECHO, EchoServer};
use crate::hosted::{Hosted, server_config};
use crate::support::{TIMEOUT, config, connect, fault};

const CLIENT: &str = "
import datetime, decimal, sys
from checking import equal, raises
from generation import URI, Proxy, config
uri, config.SERIALIZER = sys.argv[1:]
config.COMMTIMEOUT = 30.0
echo = Proxy(uri)
value = ['text', 1, 2.5, None, (1, 2), {3}, b'bytes', {'key': datetime.date(2020, 1, 2)}, decimal.Decimal('1.50')]
equal(echo.echo(value), value)
equal(echo.echo(URI('PYRO:a@b:1')), URI('PYRO:a@b:1'))
raises(ValueError, None, echo.error)
# Functions and classes are no data.
for function in (lambda: 5, Proxy, type('Local', (), {})):
    try:
        echo.echo(function)
    except ValueError as error:
        assert 'which is refused' in str(error), error
    else:
        raise AssertionError('%r was taken' % function)
equal(echo.echo('still there'), 'still there')
print('ALL OK')
";

const SERVER: &str = "
from generation import Daemon, config, expose
config.SERIALIZERS_ACCEPTED = {'dill', 'cloudpickle'}
@expose
class Echo(object):
    def echo(self, value):
        return value
    def function(self):
        return lambda: 5
    def fail(self):
        raise ZeroDivisionError('on purpose')
with Daemon(host='127.0.0.1') as daemon:
    print('READY', daemon.register(Echo(), 'echo'), flush=True)
    daemon.requestLoop()
";

const FAMILY: [SerializerId; 2] = [SerializerId::Dill, SerializerId::Cloudpickle];

#[test]
fn python_sends_data_and_no_functions() {
    let mut config: Config = server_config();
    config.serializers = FAMILY.into_iter().fold(config.serializers, |accepted, one| accepted.with(one));
    let server = Hosted::shared("127.0.0.1:0", config, ECHO, EchoServer::new);
    for serializer in FAMILY {
        let script = Python::source(CLIENT).env("GENERATION", "4");
        let output = script.args([server.uri.to_string(), serializer.to_string()]).run(TIMEOUT);
        assert!(output.stdout.ends_with("ALL OK\n"), "{serializer}: {output:?}");
    }
}

#[test]
fn rust_speaks_them_with_a_daemon_of_pyro4() {
    let (_server, uri) = Python::source(SERVER).env("GENERATION", "4").serve("READY ");
    for serializer in FAMILY {
        let mut config = config();
        config.serializer = serializer;
        config.protocol = Protocol::Always(Dialect::Pyro4);
        let echo = connect(&uri, config);
        let value = Value::from(("text", 5, vec![Value::None, Value::Float(2.5)]));
        assert_eq!(echo.call::<Value>("echo", &(&value,)).expect("an answer"), value, "{serializer}");
        assert!(fault(echo.call::<Value>("fail", &())).is("builtins.ZeroDivisionError"));
        let refused = echo.call::<Value>("function", &()).expect_err("a function is no data").to_string();
        assert!(refused.contains("which is refused: only data is read"), "{serializer}: {refused}");
        assert_eq!(echo.call::<i64>("echo", &(7,)).expect("still connected"), 7);
    }
}
