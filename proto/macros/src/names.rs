//! The names under which members are known to Python.

use proc_macro2::Ident;
use syn::LitStr;
use syn::ext::IdentExt as _;

use crate::errors::Errors;

/// The name of a member in Python: as in Rust, without `r#`, unless given.
pub(crate) fn member_name(ident: &Ident, given: Option<&LitStr>, helper: &str, errors: &mut Errors) -> String {
    let Some(given) = given else {
        let name = ident.unraw().to_string();
        check_plain(ident, &name, helper, errors);
        return name;
    };
    let name = given.value();
    if !is_identifier(&name) {
        errors.push(given, "this is no name in Python: use letters, digits and underscores");
    } else if is_private(&name) {
        errors.push(given, format_args!("Pyro never exposes `{name}`, which counts as private: choose another name"));
    }
    name
}

/// Checks a name that follows from the one in Rust.
pub(crate) fn check_plain(ident: &Ident, name: &str, helper: &str, errors: &mut Errors) {
    if is_private(name) {
        let skip = if helper == "expose" { "leave it out with `#[skip]`, or " } else { "" };
        let message = format!(
            "Pyro never exposes `{name}`, which counts as private: {skip}give another name with `#[{helper}(name = \"...\")]`"
        );
        errors.push(ident, message);
    }
}

fn is_identifier(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c == '_' || c.is_alphanumeric())
}

/// The core's rule, which a test compares with this one.
pub(crate) fn is_private(name: &str) -> bool {
    if !name.starts_with('_') {
        return false;
    }
    let dunder = name.len() > 4 && name.starts_with("__") && name.ends_with("__");
    !dunder || PRIVATE_DUNDERS.contains(&name)
}

const PRIVATE_DUNDERS: [&str; 42] = [
    "__init__",
    "__init_subclass__",
    "__class__",
    "__module__",
    "__weakref__",
    "__call__",
    "__new__",
    "__del__",
    "__repr__",
    "__str__",
    "__format__",
    "__nonzero__",
    "__bool__",
    "__coerce__",
    "__cmp__",
    "__eq__",
    "__ne__",
    "__hash__",
    "__ge__",
    "__gt__",
    "__le__",
    "__lt__",
    "__dir__",
    "__enter__",
    "__exit__",
    "__copy__",
    "__deepcopy__",
    "__sizeof__",
    "__getattr__",
    "__setattr__",
    "__hasattr__",
    "__getattribute__",
    "__delattr__",
    "__instancecheck__",
    "__subclasscheck__",
    "__getinitargs__",
    "__getnewargs__",
    "__getstate__",
    "__setstate__",
    "__reduce__",
    "__reduce_ex__",
    "__subclasshook__",
];
