//! Pickles that would run something in Python: refused by name, in both directions, and nothing runs.

use std::path::PathBuf;

use firesteel::wire::{Dialect, Flags, MessageType};
use firesteel::{CallFailure, Config, Protocol, SerializerId, Value};
use firesteel_testkit::Python;

use crate::echo::{ECHO, EchoServer};
use crate::hosted::{Hosted, server_config};
use crate::raw::{Message, Raw};
use crate::support::{TIMEOUT, Thing, config};

/// A file that only a successful attack makes.
struct Trap(PathBuf);

impl Trap {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("firesteel-attacked-{}-{name}", std::process::id()));
        assert!(!path.exists(), "left over: {}", path.display());
        Self(path)
    }

    fn command(&self) -> String {
        format!("touch {}", self.0.display())
    }

    #[track_caller]
    fn assert_untouched(&self) {
        assert!(!self.0.exists(), "something ran");
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn server() -> Hosted {
    let mut config: Config = server_config();
    for serializer in [SerializerId::Pickle, SerializerId::Dill, SerializerId::Cloudpickle] {
        config.serializers = config.serializers.with(serializer);
    }
    Hosted::shared("127.0.0.1:0", config, ECHO, EchoServer::new)
}

#[test]
fn the_trap_works_in_python() {
    let trap = Trap::new("works");
    let body = "
import pickle, sys
from thing import Attack
for protocol in range(6):
    pickle.loads(pickle.dumps(Attack(sys.argv[1]), protocol))
";
    Python::source(body).arg(trap.command()).run(TIMEOUT);
    assert!(trap.0.exists());
}

#[test]
fn arguments_of_a_pyro4_client_run_nothing() {
    let (server, trap) = (server(), Trap::new("arguments"));
    let body = "
import builtins, os, subprocess, sys
from checking import equal, raises
from generation import Proxy, config
config.SERIALIZER = 'pickle'
config.COMMTIMEOUT = 30.0

class Attack:
    def __init__(self, function, *args):
        self.reduced = function, args
    def __reduce__(self):
        return self.reduced

uri, command = sys.argv[1:]
for protocol in [2, 3, 4, 5]:
    config.PICKLE_PROTOCOL_VERSION = protocol
    with Proxy(uri) as proxy:
        for name, attack in [
            ('posix.system', Attack(os.system, command)),
            ('os.popen', Attack(os.popen, command)),
            ('subprocess.Popen', Attack(subprocess.Popen, command.split())),
            ('builtins.eval', Attack(builtins.eval, '__import__(\"os\").system(%r)' % command)),
            ('builtins.exec', Attack(builtins.exec, 'import os; os.system(%r)' % command)),
            ('builtins.getattr', Attack(getattr, 'x', 'upper')),
            ('io.open', Attack(builtins.open, command.split()[1], 'w')),
        ]:
            for place in [attack, [1, (attack,)], {'k': attack}, ValueError(attack)]:
                try:
                    result = proxy.echo(place)
                except Exception as error:
                    # Protocol 2 has names of Python 2.
                    assert protocol == 2 or 'pickle refers to %s, which' % name in str(error), (name, error)
                    assert 'is refused: only data is read' in str(error), (name, error)
                else:
                    raise AssertionError(result)
            equal(proxy.echo('still here'), 'still here')
print('ALL OK')
";
    let script = Python::source(body).env("GENERATION", "4");
    let output = script.args([server.uri.to_string(), trap.command()]).run(TIMEOUT);
    assert!(output.stdout.ends_with("ALL OK\n"), "{output:?}");
    trap.assert_untouched();
}

/// Opcodes that no pickler writes so.
#[test]
fn opcodes_by_hand_run_nothing() {
    let (server, trap) = (server(), Trap::new("opcodes"));
    let command = trap.command();
    let quoted = format!("S'{command}'\n");
    let short = |text: &str| [&[0x8c, text.len() as u8], text.as_bytes()].concat();
    let attacks: [(&str, Vec<u8>); 8] = [
        ("GLOBAL, REDUCE", format!("cos\nsystem\n({quoted}tR").into_bytes()),
        ("INST", format!("({quoted}ios\nsystem\n").into_bytes()),
        ("OBJ", format!("(cos\nsystem\n{quoted}o").into_bytes()),
        ("NEWOBJ", [format!("cos\nsystem\n({quoted}t").as_bytes(), b"\x81"].concat()),
        (
            "STACK_GLOBAL",
            [short("os"), short("system"), b"\x93".to_vec(), format!("({quoted}tR").into_bytes()].concat(),
        ),
        ("memoized", format!("cos\nsystem\np0\n0g0\n({quoted}tR").into_bytes()),
        ("BUILD", format!("cbuiltins\nException\n)R}}(S'f'\ncos\nsystem\nub({quoted}tR").into_bytes()),
        (
            "dotted",
            [short("builtins"), short("eval.__call__"), b"\x93".to_vec(), format!("({quoted}tR").into_bytes()].concat(),
        ),
    ];
    for serializer in [4, 5, 7] {
        for (what, attack) in &attacks {
            let call = [&b"\x80\x04(S'test.echoserver'\nS'echo'\n("[..], attack, b"t}t."].concat();
            let mut raw = open(&server);
            raw.send(&pyro4(Message::new(MessageType::Invoke, 1, &call), serializer));
            let answer = raw.receive().expect("an answer");
            assert!(answer.header.flags.contains(Flags::EXCEPTION), "{what}: {answer:?}");
            let text = String::from_utf8_lossy(&answer.data).into_owned();
            let refused = ["os.system", "builtins.eval", "REDUCE", "calls"].iter().any(|name| text.contains(name));
            assert!(refused, "{what}: {text}");
            // The connection goes on.
            let echo = b"\x80\x04(S'test.echoserver'\nS'echo'\n(S'after'\nt}t.";
            raw.send(&pyro4(Message::new(MessageType::Invoke, 2, echo), serializer));
            let answer = raw.receive().expect("an answer");
            assert!(!answer.header.flags.contains(Flags::EXCEPTION), "{what}: {answer:?}");
            // In the handshake, too.
            let hello = [&b"\x80\x04(S'handshake'\n"[..], attack, b"S'object'\nS'test.echoserver'\nd."].concat();
            let mut raw = Raw::connect(&server.uri);
            raw.send(&pyro4(Message::new(MessageType::Connect, 0, &hello), serializer));
            assert!(raw.receive().expect("a CONNECTFAIL").is(MessageType::ConnectFail), "{what}");
        }
    }
    trap.assert_untouched();
}

/// In protocol 48, where pickle has an id.
fn pyro4(message: Message, serializer: u8) -> Vec<u8> {
    message.header(|header| (header.dialect, header.serializer) = (Dialect::Pyro4, serializer)).to_bytes()
}

fn open(server: &Hosted) -> Raw {
    let mut raw = Raw::connect(&server.uri);
    let mut hello = Message::connect(ECHO);
    hello.header.dialect = Dialect::Pyro4;
    raw.send(&hello.to_bytes());
    assert!(raw.receive().expect("an answer").is(MessageType::ConnectOk));
    raw
}

#[test]
fn answers_of_a_pyro4_server_run_nothing() {
    let (thing, trap) = (Thing::pyro4(&[]), Trap::new("answers"));
    let mut config = config();
    config.serializer = SerializerId::Pickle;
    config.protocol = Protocol::Always(Dialect::Pyro4);
    let proxy = thing.proxy_with(config);
    for method in ["attack", "fail_with_attack"] {
        match proxy.call::<Value>(method, &(trap.command(),)) {
            Err(CallFailure::Format(error)) => assert!(error.to_string().contains("posix.system"), "{method}: {error}"),
            other => panic!("{method}: {other:?}"),
        }
        assert_eq!(proxy.call::<i64>("echo", &(1,)).expect("still connected"), 1);
    }
    trap.assert_untouched();
}
