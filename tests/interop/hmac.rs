//! Signed messages of protocol 48, with the real Pyro4 at the other end.

use firesteel::wire::{Dialect, HmacKey};
use firesteel::{CallError, CallFailure, CloseReason, Config, Protocol, ProtocolError, Request, SerializerId, Value};
use firesteel_testkit::{Output, Python};

use crate::echo::{ECHO, EchoServer};
use crate::hosted::{Hosted, server_config};
use crate::support::{TIMEOUT, Thing, assert_raises, config, connect, eventually};

fn with_key(mut config: Config, key: &str) -> Config {
    config.hmac_key = Some(HmacKey::new(key));
    config
}

fn server(config: Config) -> Hosted {
    Hosted::shared("127.0.0.1:0", config, ECHO, EchoServer::new)
}

/// A program of Pyro4 with a proxy for the object; its key is empty for none.
fn pyro4(server: &Hosted, key: &str, body: &str) {
    let head = "
import sys, uuid
from checking import equal, raises
from generation import Proxy, config, current_context, errors
config.COMMTIMEOUT = 30.0
proxy = Proxy(sys.argv[1])
proxy._pyroHmacKey = sys.argv[2].encode() or None

def refused(text):
    error = raises(errors.CommunicationError, None, proxy._pyroBind)
    assert str(error).endswith(text), error
";
    let script = Python::source(&format!("{head}{body}\nprint('ALL OK')\n")).env("GENERATION", "4");
    assert_passed(&script.args([&server.uri.to_string(), key]).run(TIMEOUT));
}

#[track_caller]
fn assert_passed(output: &Output) {
    assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
}

#[test]
fn a_pyro4_client_with_the_key_is_served() {
    let mut config = with_key(server_config(), "secret");
    config.compression = true;
    let body = "
for serializer in ['serpent', 'marshal', 'json', 'msgpack']:
    for compression in [False, True]:
        config.SERIALIZER, config.COMPRESSION = serializer, compression
        proxy._pyroRelease()
        for value in [1, 'x' * 1000, 'x' * 300000]:
            equal(proxy.echo(value), value)
        raises(ValueError, 'the message of the error', proxy.error_with_text)
        equal(proxy.oneway_echo(1), None)
        current_context.correlation_id = uuid.UUID(int=5)
        current_context.annotations = {'ZZZZ': b'last', 'AAAA': b'first', 'HMAZ': b''}
        equal(proxy.echo('annotated'), 'annotated')
        equal(bytes(current_context.response_annotations['CORR']), uuid.UUID(int=5).bytes)
        equal(len(current_context.response_annotations['HMAC']), 20)
        current_context.correlation_id = None
";
    pyro4(&server(config), "secret", body);
}

#[test]
fn a_pyro4_client_with_another_key_or_none_is_refused() {
    let server = server(with_key(server_config(), "secret"));
    // What the server answers is signed, so that the client notices its own mistake first.
    pyro4(&server, "other", "refused('message hmac mismatch')");
    pyro4(&server, "", "refused('hmac key config not symmetric')");
    // Within a session, too.
    for key in ["b'other'", "None"] {
        let body = format!("equal(proxy.echo(1), 1)\nproxy._pyroHmacKey = {key}\n");
        pyro4(&server, "secret", &(body + "raises(errors.ConnectionClosedError, None, proxy.echo, 1)"));
    }
    let open = self::server(server_config());
    pyro4(&open, "secret", "refused('hmac key config not symmetric')");
    pyro4(&open, "", "equal(proxy.echo(1), 1)");
}

#[test]
fn a_pyro5_client_is_refused_where_messages_are_to_be_signed() {
    let mut config = with_key(server_config(), "secret");
    let body = "
import sys
from checking import equal, raises
from generation import Proxy, errors
proxy = Proxy(sys.argv[1])
if sys.argv[2] == 'refused':
    error = raises(errors.CommunicationError, None, proxy._pyroBind)
    assert 'rejected: messages have to be signed here: use protocol 48 with the HMAC key' in str(error), error
else:
    equal(proxy.echo(1), 1)
print('ALL OK')
";
    let pyro5 = |server: &Hosted, outcome: &str| {
        assert_passed(&Python::source(body).args([&server.uri.to_string(), outcome]).run(TIMEOUT));
    };
    pyro5(&server(config.clone()), "refused");
    config.allow_unsigned_502 = true;
    let server = server(config);
    pyro5(&server, "served");
    pyro4(&server, "secret", "equal(proxy.echo(1), 1)");
    pyro4(&server, "", "refused('hmac key config not symmetric')");
}

#[test]
fn a_pyro4_daemon_with_the_key_is_called() {
    let thing = Thing::pyro4(&["--hmac-key", "secret"]);
    for serializer in [SerializerId::Serpent, SerializerId::Marshal, SerializerId::Json, SerializerId::Pickle] {
        for compression in [false, true] {
            let mut config = with_key(config(), "secret");
            (config.serializer, config.compression) = (serializer, compression);
            let proxy = thing.proxy_with(config);
            for text in ["x".to_owned(), "x".repeat(1000), "x".repeat(300_000)] {
                assert!(proxy.call::<String>("echo", &(&text,)).expect("an answer") == text);
            }
            assert_raises(proxy.call::<Value>("fail_builtin", &("KeyError", "k")), "builtins.KeyError", "k");
            let request = Request::method("echo", &(1,)).annotation(*b"ZZZZ", "last").annotation(*b"AAAA", "first");
            assert_eq!(proxy.request::<i64>(request.correlation_id([5; 16])).expect("an answer"), 1);
            let (_, annotations) = proxy.request_payload(Request::method("echo", &(1,))).expect("an answer");
            assert!(annotations.is_empty(), "signatures are not for users: {annotations:?}");
            proxy.notify("note", &("noted",)).expect("it is sent");
            proxy.ping().expect("an answer");
        }
    }
    let proxy = thing.proxy_with(with_key(config(), "secret"));
    eventually("the notes", || proxy.call::<Vec<String>>("notes", &()).expect("an answer").len() == 8);
}

#[test]
fn a_pyro4_daemon_with_another_key_or_none_is_not_called() {
    let error = |thing: &Thing, config: Config| {
        let error = thing.proxy_with(config).call::<Value>("echo", &(1,)).expect_err("the keys differ");
        match error {
            CallFailure::Lost(CloseReason::Protocol(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    let mut unsigned = config();
    unsigned.protocol = Protocol::Always(Dialect::Pyro4);
    let signed = Thing::pyro4(&["--hmac-key", "secret"]);
    assert_eq!(error(&signed, with_key(config(), "other")), ProtocolError::Signature);
    assert_eq!(error(&signed, unsigned), ProtocolError::SignatureMissing);
    assert_eq!(error(&signed, config()), ProtocolError::SignatureMissing);
    let open = Thing::pyro4(&[]);
    assert_eq!(error(&open, with_key(config(), "secret")), ProtocolError::SignatureMissing);
}

#[test]
fn a_client_with_a_key_does_not_fall_back_to_protocol_502() {
    let thing = Thing::start(&[]);
    let mut config = with_key(config(), "secret");
    let lost = |config: &Config| thing.proxy_with(config.clone()).call::<i64>("echo", &(1,));
    let dialect = ProtocolError::Dialect(Dialect::Pyro5);
    assert_eq!(lost(&config), Err(CallFailure::Lost(CloseReason::Protocol(dialect))));
    config.protocol = Protocol::Always(Dialect::Pyro5);
    assert_eq!(lost(&config), Err(CallFailure::Misuse(CallError::Unsigned)));
    config.allow_unsigned_502 = true;
    assert_eq!(lost(&config), Ok(1));
    config.protocol = Protocol::Auto;
    assert_eq!(lost(&config), Ok(1));
}

#[test]
fn rust_calls_rust_with_a_key() {
    let server = server(with_key(server_config(), "secret"));
    let uri = server.uri.to_string();
    let proxy = connect(&uri, with_key(config(), "secret"));
    assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("an answer"), 1);
    assert!(proxy.call::<String>("echo", &("x".repeat(300_000),)).is_ok());
    let error = connect(&uri, config()).call::<i64>("echo", &(1,)).expect_err("no key");
    assert!(matches!(error, CallFailure::Lost(CloseReason::Rejected(_) | CloseReason::Protocol(_))), "{error:?}");
    let error = connect(&uri, with_key(config(), "other")).call::<i64>("echo", &(1,)).expect_err("another key");
    assert_eq!(error, CallFailure::Lost(CloseReason::Protocol(ProtocolError::Signature)));
}
