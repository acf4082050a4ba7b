//! Who may touch what: Pyro's rules, in Pyro's words.

use std::borrow::Cow;

use crate::fault::Fault;
use crate::metadata::{Member, Metadata, is_private};
use crate::value::Args;

/// Finds the member that a call addresses. `name` keeps an attribute's name.
pub(super) fn member<'m>(method: &'m str, args: &mut Args<'_>, name: &'m mut String) -> Result<Member<'m>, Fault> {
    Ok(match method {
        "__getattr__" => {
            *name = args.take_name()?;
            Member::Get(name)
        }
        "__setattr__" => {
            *name = args.take_name()?;
            Member::Set(name)
        }
        method => Member::Method(method),
    })
}

/// Checks that the member is exposed; the texts are those of Pyro5's `server.py` and of Python.
pub(super) fn check(metadata: &Metadata, type_name: &str, member: &Member<'_>) -> Result<(), Fault> {
    let text: Cow<'_, str> = match *member {
        Member::Method(name) if metadata.method(name).is_some() => return Ok(()),
        Member::Method(name) if is_private(name) => format!("attempt to access private attribute '{name}'").into(),
        Member::Method(name) if metadata.attribute(name).is_some() => {
            format!("attempt to access unexposed attribute '{name}'").into()
        }
        Member::Method(name) => format!("'{type_name}' object has no attribute '{name}'").into(),
        Member::Get(name) if metadata.attribute(name).is_some() => return Ok(()),
        Member::Set(name) if metadata.attribute(name).is_some_and(|attribute| attribute.is_settable()) => {
            return Ok(());
        }
        Member::Get(name) | Member::Set(name) if metadata.mentions(name) => return Err(Fault::unknown(member)),
        Member::Get(name) | Member::Set(name) => format!("type object '{type_name}' has no attribute '{name}'").into(),
    };
    Err(Fault::attribute_error(text))
}

/// The last part of a Rust type's name, without its parameters: what Python would call the class.
pub(super) fn short_type_name<T: ?Sized>() -> &'static str {
    let full = std::any::type_name::<T>();
    // An object with async methods is shared by their futures.
    let full = full.strip_prefix("alloc::sync::Arc<").unwrap_or(full);
    let plain = full.split('<').next().unwrap_or(full);
    plain.rsplit("::").next().unwrap_or(plain).trim_end_matches('>')
}
