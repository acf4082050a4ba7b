//! The names under which members are known to Python.

use proc_macro2::Ident;
use syn::LitStr;
use syn::ext::IdentExt as _;

use crate::errors::Errors;
use crate::private::is_private;

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
