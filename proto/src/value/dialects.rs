//! Pyro's own classes, whose names and states differ between the two generations.
//!
//! Everywhere in firesteel they are as in Pyro5. What comes in protocol 48 is translated when it is read,
//! what leaves in it when it is written. The states are those of `__getstate__` in Pyro5's `core.py` and
//! `client.py`, and of `__getstate_for_dict__` in Pyro4's `core.py`.

use firesteel_value::{Instance, Value};

/// As Pyro4 knows it, with everything inside.
pub(crate) fn to_pyro4(mut instance: Instance) -> Value {
    translate_fields(&mut instance, to_pyro4);
    if instance.class == "Pyro5.client.Proxy"
        && let Some(Value::Tuple(state) | Value::List(state)) = instance.fields.remove("state")
    {
        let mut parts = state.into_iter();
        let mut next = || parts.next().unwrap_or_default();
        let (uri, oneway, methods, attributes, handshake, serializer) =
            (next(), next(), next(), next(), next(), next());
        // No timeout and no HMAC key: the receiver has its own. No retries.
        let (timeout, key, retries) = (Value::Float(0.0), Value::None, Value::Int(0));
        let state = vec![uri, oneway, methods, attributes, timeout, key, handshake, retries, serializer];
        instance.fields.insert("state", Value::Tuple(state));
    }
    rename(&mut instance, |(pyro5, pyro4)| (*pyro5, *pyro4));
    instance.into()
}

/// As Pyro5 knows it, with everything inside.
pub(crate) fn to_pyro5(mut instance: Instance) -> Value {
    translate_fields(&mut instance, to_pyro5);
    if instance.class == "Pyro4.core.Proxy"
        && let Some(Value::Tuple(mut state) | Value::List(mut state)) = instance.fields.remove("state")
    {
        // The serializer is younger than the rest.
        state.resize(9, Value::None);
        let serializer = state.remove(8);
        let handshake = state.remove(6);
        state.truncate(4);
        state.extend([handshake, serializer]);
        instance.fields.insert("state", Value::Tuple(state));
    }
    rename(&mut instance, |(pyro5, pyro4)| (*pyro4, *pyro5));
    instance.into()
}

/// Translates every instance in a value.
pub(crate) fn translate(value: &mut Value, how: fn(Instance) -> Value) {
    match value {
        Value::List(items) | Value::Tuple(items) | Value::Set(items) | Value::FrozenSet(items) => {
            items.iter_mut().for_each(|item| translate(item, how));
        }
        Value::Dict(dict) => dict.values_mut().for_each(|item| translate(item, how)),
        Value::Instance(instance) => *value = how(std::mem::replace(instance, Instance::new(""))),
        _ => {}
    }
}

/// Whether a payload may hold an instance of one of Pyro's classes as Pyro4 names them.
pub(crate) fn mentions_pyro4(payload: &[u8]) -> bool {
    memchr::memmem::find(payload, b"Pyro4.").is_some()
}

fn translate_fields(instance: &mut Instance, how: fn(Instance) -> Value) {
    instance.fields.values_mut().for_each(|field| translate(field, how));
}

/// Beginnings of class names, Pyro5's and Pyro4's.
const NAMES: [(&str, &str); 6] = [
    ("Pyro5.errors.", "Pyro4.errors."),
    ("Pyro5.core.URI", "Pyro4.core.URI"),
    ("Pyro5.client.Proxy", "Pyro4.core.Proxy"),
    ("Pyro5.server.Daemon", "Pyro4.core.Daemon"),
    ("Pyro5.core._ExceptionWrapper", "Pyro4.futures._ExceptionWrapper"),
    ("Pyro5.util.", "Pyro4.util."),
];

fn rename(instance: &mut Instance, direction: impl Fn(&(&'static str, &'static str)) -> (&'static str, &'static str)) {
    for names in &NAMES {
        let (from, to) = direction(names);
        if let Some(rest) = instance.class.strip_prefix(from)
            && (from.ends_with('.') || rest.is_empty())
        {
            instance.class = format!("{to}{rest}");
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(pyro5: Instance, pyro4: &Instance) {
        assert_eq!(to_pyro4(pyro5.clone()), Value::from(pyro4.clone()));
        assert_eq!(to_pyro5(pyro4.clone()), Value::from(pyro5));
    }

    #[test]
    fn classes_have_another_name_in_the_other_dialect() {
        for (pyro5, pyro4) in [
            ("Pyro5.errors.DaemonError", "Pyro4.errors.DaemonError"),
            ("Pyro5.core.URI", "Pyro4.core.URI"),
            ("builtins.ValueError", "builtins.ValueError"),
            ("Pyro5.core.URIs", "Pyro5.core.URIs"),
        ] {
            round_trip(Instance::new(pyro5).with("x", 1), &Instance::new(pyro4).with("x", 1));
        }
        let wrapped = |wrapper: &str, error: &str| Instance::new(wrapper).with("exception", Instance::new(error));
        round_trip(
            wrapped("Pyro5.core._ExceptionWrapper", "Pyro5.errors.PyroError"),
            &wrapped("Pyro4.futures._ExceptionWrapper", "Pyro4.errors.PyroError"),
        );
    }

    #[test]
    fn a_proxy_has_another_state_in_the_other_dialect() {
        let names = |names: &[&str]| Value::Tuple(names.iter().map(|name| Value::from(*name)).collect());
        let common = || vec!["PYRO:a@b:1".into(), names(&["o"]), names(&["m"]), names(&[])];
        let (mut pyro5, mut pyro4) = (common(), common());
        pyro5.extend(["hello".into(), Value::None]);
        pyro4.extend([Value::Float(0.0), Value::None, "hello".into(), Value::Int(0), Value::None]);
        round_trip(
            Instance::new("Pyro5.client.Proxy").with("state", Value::Tuple(pyro5)),
            &Instance::new("Pyro4.core.Proxy").with("state", Value::Tuple(pyro4)),
        );
    }

    #[test]
    fn instances_are_found_wherever_they_stand() {
        let uri = |class: &str| Value::from(Instance::new(class));
        let nest = |class: &str| {
            let dict: firesteel_value::Dict = [("key", uri(class))].into_iter().collect();
            Value::List(vec![Value::Tuple(vec![uri(class)]), dict.into(), Value::Set(vec![uri(class)])])
        };
        let mut value = nest("Pyro4.core.URI");
        translate(&mut value, to_pyro5);
        assert_eq!(value, nest("Pyro5.core.URI"));
    }
}
