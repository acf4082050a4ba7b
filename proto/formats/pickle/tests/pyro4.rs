//! The classes of the real Pyro4, and exceptions, in both directions.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use firesteel_pickle::{Options, from_slice, to_vec};
use firesteel_value::{Dict, Instance, Value};

/// What every script begins with.
const HEAD: &str = "
import collections, pickle, sys, Pyro4, Pyro4.core, Pyro4.errors, Pyro4.futures
def show(x):
    if isinstance(x, BaseException):
        return f'{type(x).__module__}.{type(x).__name__}{x.args!r} {vars(x)!r}'
    if isinstance(x, Pyro4.core.URI):
        return f'URI {x.__getstate__()}'
    if isinstance(x, Pyro4.core.Proxy):
        state = x.__getstate_for_dict__()
        return f'Proxy {state[:1] + tuple(map(sorted, state[1:4])) + state[5:7] + state[8:]!r} {x._pyroHmacKey}'
    if isinstance(x, Pyro4.core.Daemon):
        return 'Daemon'
    if isinstance(x, Pyro4.futures._ExceptionWrapper):
        return 'Wrapper ' + show(x.exception)
    if type(x).__module__ == '__main__':
        return f'{type(x).__name__} {vars(x)!r}'
    return repr(x)
class Point: pass
class Strange(Exception):
    def __init__(self, a, b): super().__init__(a)
";

fn python(script: &str, input: &str) -> String {
    let mut child = Command::new(firesteel_testkit::python())
        .args(["-W", "ignore", "-c", &format!("{HEAD}{script}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// What Python makes of expressions in every protocol, as we read it.
fn read(expressions: &[&str]) -> Vec<Vec<Value>> {
    const SCRIPT: &str = "
for line in sys.stdin:
    namespace = dict(globals())
    *statements, last = line.strip().split('; ')
    exec('; '.join(statements), namespace)
    print(*(pickle.dumps(eval(last, namespace), p).hex() for p in range(6)))
";
    let output = python(SCRIPT, &expressions.join("\n"));
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap()).collect()
    };
    let read = |pickle: &str| from_slice(&hex(pickle)).unwrap_or_else(|error| panic!("{error}: {pickle}"));
    output.lines().map(|line| line.split(' ').map(read).collect()).collect()
}

/// What Python reads of what we write, in every protocol.
fn written(values: &[Value]) -> Vec<String> {
    let mut input = String::new();
    for value in values {
        for protocol in 2..=4 {
            let mut options = Options::default();
            options.protocol = protocol;
            input.extend(to_vec(value, &options).unwrap().iter().map(|byte| format!("{byte:02x}")));
            input.push('\n');
        }
    }
    let output = python("for line in sys.stdin: print(show(pickle.loads(bytes.fromhex(line))))", &input);
    let lines: Vec<&str> = output.lines().collect();
    lines
        .chunks(3)
        .map(|lines| {
            assert!(lines.iter().all(|line| *line == lines[0]), "{lines:?}");
            lines[0].to_owned()
        })
        .collect()
}

#[test]
fn classes_are_read_as_class_dicts_and_come_back() {
    const EXCEPTION: &str = "'__exception__': True, 'args'";
    let cases = [
        (
            "ZeroDivisionError('division by zero')",
            format!(
                "{{'__class__': 'builtins.ZeroDivisionError', {EXCEPTION}: ('division by zero',), 'attributes': {{}}}}"
            ),
            "builtins.ZeroDivisionError('division by zero',) {}",
        ),
        (
            "e = ValueError('a', 1); e._pyroTraceback = ['x']; e",
            format!(
                "{{'__class__': 'builtins.ValueError', {EXCEPTION}: ('a', 1), 'attributes': {{'_pyroTraceback': ['x']}}}}"
            ),
            "builtins.ValueError('a', 1) {'_pyroTraceback': ['x']}",
        ),
        (
            "UnicodeDecodeError('utf-8', b'\\xff', 0, 1, 'r')",
            format!(
                "{{'__class__': 'builtins.UnicodeDecodeError', {EXCEPTION}: ('utf-8', b'\\xff', 0, 1, 'r'), 'attributes': {{}}}}"
            ),
            "builtins.UnicodeDecodeError('utf-8', b'\\xff', 0, 1, 'r') {}",
        ),
        (
            "Pyro4.errors.NamingError('no')",
            format!("{{'__class__': 'Pyro4.errors.NamingError', {EXCEPTION}: ('no',), 'attributes': {{}}}}"),
            "Pyro4.errors.NamingError('no',) {}",
        ),
        (
            "Pyro4.core.URI('PYRO:obj@host:1234')",
            "{'__class__': 'Pyro4.core.URI', 'state': ('PYRO', 'obj', None, 'host', 1234)}".into(),
            "URI ('PYRO', 'obj', None, 'host', 1234)",
        ),
        (
            "Pyro4.core.URI('PYROMETA:tag@host')",
            "{'__class__': 'Pyro4.core.URI', 'state': ('PYROMETA', {'tag'}, None, 'host', 9090)}".into(),
            "URI ('PYROMETA', {'tag'}, None, 'host', 9090)",
        ),
        (
            "p = Pyro4.core.Proxy('PYRO:o@./u:/tmp/s'); p._pyroHmacKey = b'key'; p._pyroMethods = {'add'}; p",
            "{'__class__': 'Pyro4.core.Proxy', 'state': \
             ('PYRO:o@./u:/tmp/s', (), ('add',), (), 0.0, 'b64:a2V5', 'hello', 0, None)}"
                .into(),
            "Proxy ('PYRO:o@./u:/tmp/s', [], ['add'], [], 'b64:a2V5', 'hello', None) b'key'",
        ),
        (
            "Pyro4.core.Proxy('PYRO:o@[::1]:99')",
            "{'__class__': 'Pyro4.core.Proxy', 'state': \
             ('PYRO:o@[::1]:99', (), (), (), 0.0, None, 'hello', 0, None)}"
                .into(),
            "Proxy ('PYRO:o@[::1]:99', [], [], [], None, 'hello', None) None",
        ),
        ("Pyro4.core.Daemon()", "{'__class__': 'Pyro4.core.Daemon', 'state': ()}".into(), "Daemon"),
        (
            "Pyro4.futures._ExceptionWrapper(KeyError('x'))",
            format!(
                "{{'__class__': 'Pyro4.futures._ExceptionWrapper', 'exception': \
                 {{'__class__': 'builtins.KeyError', {EXCEPTION}: ('x',), 'attributes': {{}}}}}}"
            ),
            "Wrapper builtins.KeyError('x',) {}",
        ),
    ];
    let values = read(&cases.clone().map(|(expression, ..)| expression));
    for (values, (expression, ours, _)) in values.iter().zip(&cases) {
        for value in values {
            assert_eq!(value.to_string(), *ours, "{expression}");
            assert!(value.as_instance().is_some());
        }
    }
    let values: Vec<Value> = values.iter().map(|values| values[2].clone()).collect();
    for (python, (.., expected)) in written(&values).iter().zip(&cases) {
        assert_eq!(python, expected);
    }
}

#[test]
fn every_builtin_exception_is_read_and_written() {
    let names = python(
        "print(*sorted(n for n, x in vars(__builtins__).items() if isinstance(x, type) and issubclass(x, BaseException)\
         and x.__name__ == n and 'Group' not in n and not n.startswith('Unicode')))",
        "",
    );
    let names: Vec<&str> = names.split_whitespace().collect();
    assert!(names.len() > 50);
    let expressions: Vec<String> = names.iter().map(|name| format!("{name}('m')")).collect();
    let unicode = |name: &str| name.starts_with("Unicode");
    let values = read(&expressions.iter().map(String::as_str).collect::<Vec<_>>());
    for (name, values) in names.iter().zip(&values).filter(|(name, _)| !unicode(name)) {
        let instance = values[4].as_instance().unwrap();
        assert_eq!(instance.class, format!("builtins.{name}"));
        assert_eq!(instance.get("args").unwrap().to_string(), "('m',)");
    }
    let values: Vec<Value> = values.iter().map(|values| values[4].clone()).collect();
    for (name, python) in names.iter().zip(written(&values)) {
        assert!(python.starts_with(&format!("builtins.{name}('m',)")), "{python}");
    }
}

#[test]
fn other_python_types_are_read_as_data() {
    let cases = [
        ("collections.OrderedDict(a=1, b=[2])", "{'a': 1, 'b': [2]}"),
        ("collections.deque([1, 2], 3)", "[1, 2]"),
        ("import array; array.array('i', [1, -2])", "[1, -2]"),
        ("import array; array.array('d', [1.5])", "[1.5]"),
        ("import array; array.array('Q', [2**64 - 1])", "[18446744073709551615]"),
        ("import array; array.array('u', 'a\u{1f600}')", "'a\u{1f600}'"),
        ("...", "Ellipsis"),
        ("s = [1]; (s, s, {'k': s})", "([1], [1], {'k': [1]})"),
        ("s = []; t = (s,); s.append(1); (t, s)", "(([1],), [1])"),
        ("frozenset([(1, 2)])", "frozenset({(1, 2)})"),
        ("[list(range(2500))][0][2490:]", "[2490, 2491, 2492, 2493, 2494, 2495, 2496, 2497, 2498, 2499]"),
    ];
    for (values, (expression, expected)) in read(&cases.map(|(expression, _)| expression)).iter().zip(cases) {
        for value in values {
            assert_eq!(value.to_string(), expected, "{expression}");
        }
    }
    // More than Python adds to a container at a time.
    let values = read(&["list(map(str, range(2500)))", "{str(n): [n] for n in range(2500)}", "set(range(2500))"]);
    for value in &values[0] {
        assert!(value.as_list().unwrap().iter().enumerate().all(|(n, text)| text.as_str() == Some(&n.to_string())));
    }
    for value in &values[1] {
        assert_eq!(value.as_dict().unwrap().len(), 2500);
        assert_eq!(value.get("2345").unwrap().to_string(), "[2345]");
    }
    for value in &values[2] {
        assert!(matches!(value, Value::Set(elements) if elements.len() == 2500));
    }
}

#[test]
fn instances_of_other_classes_are_made_without_calling_them() {
    let point: Value = Instance::new("__main__.Point").with("x", 1).with("y", (1, "z")).into();
    let attributes: Dict = [("code", 7)].into_iter().collect();
    let strange: Value = Instance::new("__main__.Strange")
        .with("__exception__", true)
        .with("args", ("a", 5))
        .with("attributes", attributes)
        .into();
    let written = written(&[point, strange]);
    assert_eq!(written, ["Point {'x': 1, 'y': (1, 'z')}", "__main__.Strange('a', 5) {'code': 7}"]);
}
