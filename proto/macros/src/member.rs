//! What `#[expose]` and `#[remote]` find out about a method in the same way.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::{Attribute, FnArg, Pat, PatType, ReceiverKind, Safety, Signature, Type};

use crate::errors::Errors;
use crate::helpers::Helpers;
use crate::names;
use crate::types;

/// How Python uses a member.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Method { oneway: bool },
    Getter,
    Setter,
}

impl Kind {
    /// The variant of `Member`.
    pub(crate) fn variant(self) -> TokenStream {
        match self {
            Self::Method { .. } => quote!(Method),
            Self::Getter => quote!(Get),
            Self::Setter => quote!(Set),
        }
    }

    /// The kind and the name, from the attributes and the signature. `values` counts the parameters
    /// that callers give.
    pub(crate) fn and_name(
        helpers: &Helpers,
        sig: &Signature,
        values: usize,
        helper: &str,
        errors: &mut Errors,
    ) -> (Self, String) {
        let Some(attr) = helpers.attr else {
            let kind = Self::Method { oneway: helpers.oneway.is_some() };
            return (kind, names::member_name(&sig.ident, helpers.name.as_ref(), helper, errors));
        };
        if helpers.oneway.is_some() {
            errors.add(syn::Error::new(attr, "an attribute cannot be oneway: remove `#[attr]` or `#[oneway]`"));
        }
        match values {
            0 => {
                if matches!(types::Output::of(&sig.output), types::Output::Nothing) {
                    errors.push(&sig.ident, "an attribute's getter returns its value: add `-> Type`");
                }
                (Self::Getter, names::member_name(&sig.ident, helpers.name.as_ref(), helper, errors))
            }
            1 => {
                if let types::Output::Value(ty) | types::Output::Outcome(ty) | types::Output::Stream(ty) =
                    types::Output::of(&sig.output)
                {
                    errors.push(ty, "an attribute's setter returns nothing, or a `Result<(), E>`");
                }
                (Self::Setter, setter_name(helpers, sig, helper, errors))
            }
            _ => {
                let message =
                    "an attribute's getter takes no parameter and its setter one: remove `#[attr]` to make it a method";
                errors.push(&sig.inputs, message);
                (Self::Getter, names::member_name(&sig.ident, helpers.name.as_ref(), helper, errors))
            }
        }
    }
}

fn setter_name(helpers: &Helpers, sig: &Signature, helper: &str, errors: &mut Errors) -> String {
    if helpers.name.is_some() {
        return names::member_name(&sig.ident, helpers.name.as_ref(), helper, errors);
    }
    let ident = sig.ident.unraw().to_string();
    match ident.strip_prefix("set_").filter(|name| !name.is_empty()) {
        Some(name) => {
            names::check_plain(&sig.ident, name, helper, errors);
            name.to_owned()
        }
        None => {
            let message = format!(
                "the setter of the attribute `x` is called `set_x`: rename it, or name the attribute with `#[{helper}(name = \"...\")]`"
            );
            errors.push(&sig.ident, message);
            ident
        }
    }
}

/// True for `&self`, false for `&mut self`, `None` for other receivers and none.
pub(crate) fn takes_shared_self(sig: &Signature) -> Option<bool> {
    match &sig.receiver()?.kind {
        ReceiverKind::Reference(_, _, mutability) => Some(mutability.is_none()),
        ReceiverKind::Typed(_, ty) => match types::peel(ty) {
            Type::Reference(reference) if is_self(&reference.elem) => Some(reference.mutability.is_none()),
            _ => None,
        },
        _ => None,
    }
}

/// True for `self: Arc<Self>`.
pub(crate) fn takes_arc_self(sig: &Signature) -> bool {
    let Some(ReceiverKind::Typed(_, ty)) = sig.receiver().map(|receiver| &receiver.kind) else { return false };
    types::last_segment(ty).is_some_and(|segment| segment.ident == "Arc")
}

/// Qualifiers that no caller from afar can do justice to.
pub(crate) fn check_qualifiers(sig: &Signature, advice: &str, errors: &mut Errors) {
    if let Safety::Unsafe(token) = &sig.safety {
        errors.push(token, format_args!("an unsafe method cannot be called from afar: {advice}"));
    }
    if let Some(variadic) = &sig.variadic {
        errors.push(variadic, format_args!("a variadic method cannot be called from afar: {advice}"));
    }
}

/// The name of a parameter, which callers may use.
pub(crate) fn parameter_ident(parameter: &PatType, errors: &mut Errors) -> Option<syn::Ident> {
    match &*parameter.pat {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => Some(pattern.ident.clone()),
        pattern => {
            errors.push(pattern, "a parameter needs a plain name: callers may use it");
            None
        }
    }
}

/// The typed parameters, without the receiver.
pub(crate) fn typed_inputs(sig: &Signature) -> impl Iterator<Item = &PatType> {
    sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    })
}

/// A parameter that is there in some builds only would change the call.
pub(crate) fn check_parameter_cfg(parameter: &PatType, errors: &mut Errors) {
    for attr in parameter.attrs.iter().filter(|attr| attr.path().is_ident("cfg")) {
        errors.push(attr, "a parameter cannot depend on `#[cfg]`: put it on the method");
    }
}

/// The attributes of that name.
pub(crate) fn attributes_named(attrs: &[Attribute], name: &str) -> Vec<Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident(name)).cloned().collect()
}

fn is_self(ty: &Type) -> bool {
    types::peel(ty).to_token_stream().to_string() == "Self"
}
