//! What would run code in Python is refused by its name, and nothing that we write could run any.

use firesteel_pickle::{FormatErrorKind, Options, from_slice, to_vec};
use firesteel_value::{Instance, Value};

fn refusal(pickle: &[u8]) -> String {
    let error = from_slice::<Value>(pickle).unwrap_err();
    assert_eq!(error.category(), FormatErrorKind::Unsupported, "{error}");
    error.message().to_owned()
}

#[test]
fn names_are_refused_however_they_are_used() {
    let refused = |name: &str| format!("pickle refers to {name}, which is refused: only data is read");
    let cases: [(&[u8], &str); 15] = [
        (b"cos\nsystem\n(S'touch /tmp/x'\ntR.", "os.system"),
        (b"cposix\nsystem\n.", "posix.system"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x01x\x85R.", "os.system"),
        (b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93\x8c\x01x\x85R.", "os.system"),
        (b"(S'x'\nios\nsystem\n.", "os.system"),
        (b"(cos\nsystem\nS'x'\no.", "os.system"),
        (b"cbuiltins\neval\n(V1\ntR.", "builtins.eval"),
        (b"c__builtin__\neval\n(V1\ntR.", "__builtin__.eval"),
        (b"cexceptions\neval\n.", "exceptions.eval"),
        (b"cbuiltins\ngetattr\n.", "builtins.getattr"),
        (b"c__builtin__\ntype\n.", "__builtin__.type"),
        (b"csubprocess\nPopen\n)\x81.", "subprocess.Popen"),
        (b"ccloudpickle.cloudpickle\n_make_function\n.", "cloudpickle.cloudpickle._make_function"),
        (b"cdill._dill\n_create_function\n.", "dill._dill._create_function"),
        (b"cPyro4.errors\nlog.x\n.", "Pyro4.errors.log.x"),
    ];
    for (pickle, name) in cases {
        assert_eq!(refusal(pickle), refused(name));
    }
    // Also where it would only be dropped.
    assert_eq!(refusal(b"cos\nsystem\n0N."), refused("os.system"));
    assert_eq!(refusal(b"c\x1b[2J\nx\n."), refused("\\u{1b}[2J.x"));
}

#[test]
fn known_names_are_only_used_as_python_does() {
    for (pickle, message) in [
        (&b"cbuiltins\nset\n."[..], "pickle holds builtins.set where a value is expected, which is refused"),
        (
            b"cdill._dill\n_load_type\n.",
            "pickle holds dill._dill._load_type where a value is expected, which is refused",
        ),
        (b"cbuiltins\nset\n(K\x01tR.", "pickle uses builtins.set in a way that is not known, which is refused"),
        (
            b"c_codecs\nencode\n(Vx\nVutf-16\ntR.",
            "pickle uses _codecs.encode in a way that is not known, which is refused",
        ),
        (b"cuuid\nUUID\n(Vx\ntR.", "pickle uses uuid.UUID in a way that is not known, which is refused"),
        (b"cbuiltins\nobject\n)\x81.", "pickle uses builtins.object in a way that is not known, which is refused"),
        (
            b"ccopyreg\n_reconstructor\n(cuuid\nUUID\ncbuiltins\nset\nNtR.",
            "pickle uses copyreg._reconstructor in a way that is not known, which is refused",
        ),
        (
            b"ccollections\nOrderedDict\n)R}X\x01\x00\x00\x00aK\x01sb.",
            "pickle gives an object a state that is not known, which is refused",
        ),
        (b"]}b.", ""),
        (b"Pid\n.", "pickle refers to a persistent id, which is refused"),
        (b"NQ.", "pickle refers to a persistent id, which is refused"),
        (b"\x82\x01.", "pickle refers to the extension registry, which is refused: only data is read"),
        (b"\x83\x01\x00.", "pickle refers to the extension registry, which is refused: only data is read"),
        (b"\x84\x01\x00\x00\x00.", "pickle refers to the extension registry, which is refused: only data is read"),
        (b"\x97.", "pickle refers to an out-of-band buffer, which is not there"),
        (b"N\x98.", "pickle refers to an out-of-band buffer, which is not there"),
        (b"\x80\x06N.", "unsupported pickle protocol: 6"),
    ] {
        if message.is_empty() {
            assert_eq!(from_slice::<Value>(pickle).unwrap().to_string(), "[]");
        } else {
            assert_eq!(refusal(pickle), message);
        }
    }
}

#[test]
fn a_class_can_be_nothing_but_a_name() {
    for class in [
        "os\nsystem\n(S'x'\ntR.x",
        "os.system\n(S'x'\ntR",
        "a.b c",
        "a.",
        ".a",
        "a..b",
        "a",
        "",
        "1a.b",
        "a.b\u{0}",
        "a.<locals>.b",
    ] {
        let value: Value = Instance::new(class).into();
        let error = to_vec(&value, &Options::default()).unwrap_err();
        assert_eq!(error.category(), FormatErrorKind::Unsupported, "{class:?}");
        assert!(error.message().ends_with("is not named by a module and a name in it"), "{error}");
    }
}

#[test]
fn what_is_no_known_exception_is_never_called() {
    let exception = |class: &str| -> Value {
        Instance::new(class).with("__exception__", true).with("args", ("touch /tmp/x",)).into()
    };
    let pickle = to_vec(&exception("os.system"), &Options::default()).unwrap();
    // NEWOBJ, which makes instances of classes without calling them, and refuses a function.
    assert_eq!(pickle, b"\x80\x02cos\nsystem\nX\x0c\0\0\0touch /tmp/x\x85\x81.");
    let mut known = Options::default();
    known.any_class = false;
    for class in ["os.system", "Pyro4.errors.log", "some.Class"] {
        assert_eq!(to_vec(&exception(class), &known).unwrap_err().category(), FormatErrorKind::Unsupported);
    }
    assert!(to_vec(&exception("builtins.OSError"), &known).unwrap().ends_with(b"\x85R."));
}
