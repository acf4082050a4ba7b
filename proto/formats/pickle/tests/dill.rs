//! Builtin classes as dill writes them.

use firesteel_pickle::from_slice;
use firesteel_value::Value;

/// `dill.dumps(X('x'), 4)` for a class of this name.
fn instance_of(name: &str) -> Vec<u8> {
    let text = |text: &str| [&[0x8c, text.len() as u8], text.as_bytes()].concat();
    let load_type = [text("dill._dill"), text("_load_type"), b"\x93".to_vec()].concat();
    [b"\x80\x04".to_vec(), load_type, text(name), b"\x85R".to_vec(), text("x"), b"\x85R.".to_vec()].concat()
}

#[test]
fn an_exception_is_read() {
    let value: Value = from_slice(&instance_of("ZeroDivisionError")).expect("an exception");
    assert_eq!(value.as_instance().expect("an instance").class, "builtins.ZeroDivisionError");
}

#[test]
fn what_is_no_data_is_refused_by_name() {
    for name in ["FunctionType", "CodeType", "eval", "os.system"] {
        let error = from_slice::<Value>(&instance_of(name)).expect_err("refused").to_string();
        assert!(error.starts_with(&format!("pickle refers to {name} by dill._dill._load_type")), "{error}");
    }
}
