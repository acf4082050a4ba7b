//! A parameter of an exposed method: what is read from the call, and how it is passed on.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{Ident, PatType, Path, Type, TypeReference};

use crate::errors::Errors;
use crate::helpers::DefaultValue;
use crate::member;
use crate::tokens::{ends, erase_lifetimes, generated, has_reference, local, moved};
use crate::types;

/// A parameter that callers give.
pub(crate) struct Parameter {
    ident: Ident,
    /// As in the method's signature.
    pub(crate) ty: Type,
    /// What is read from the call, before it is lent.
    owned: Owned,
    /// Whether the method takes it as a reference.
    lent: Lent,
    default: Option<DefaultValue>,
}

/// The type that is read from the call.
enum Owned {
    Same,
    /// For the target of a reference.
    Target(Type),
    Text,
    Bytes,
    List(Type),
    Path,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lent {
    No,
    Reference,
    /// A reference in an `Option`.
    Option,
}

impl Parameter {
    pub(crate) fn parse(input: &PatType, default: Option<DefaultValue>, errors: &mut Errors) -> Option<Self> {
        member::check_parameter_cfg(input, errors);
        let ident = member::parameter_ident(input, errors)?;
        let ty = (*input.ty).clone();
        let (inside, lent) = match types::peel(&ty) {
            Type::Reference(reference) => (Some(reference.clone()), Lent::Reference),
            other => match types::optional(other).map(types::peel) {
                Some(Type::Reference(reference)) => (Some(reference.clone()), Lent::Option),
                _ => (None, Lent::No),
            },
        };
        let (owned, content) = match &inside {
            Some(reference) => (Owned::lending(reference, errors)?, &*reference.elem),
            None => (Owned::Same, &ty),
        };
        if has_reference(content.to_token_stream()) {
            let message =
                "a reference inside a type cannot be read from a call: use an owned type, such as `String` for `&str`";
            errors.push(content, message);
            return None;
        }
        if let Type::ImplTrait(ty) = types::peel(content) {
            errors.push(ty, "callers cannot choose a type: name one that implements `serde::Deserialize`");
            return None;
        }
        Some(Self { ident, ty, owned, lent, default })
    }

    /// The name by which callers may give it.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    pub(crate) fn is_defaulted(&self) -> bool {
        self.default.is_some()
    }

    /// The variable that holds it.
    pub(crate) fn variable(&self) -> Ident {
        local(&self.name_in_rust(), self.ident.span())
    }

    /// The type to read from the call.
    pub(crate) fn bound(&self, krate: &Path) -> TokenStream {
        let owned = match &self.owned {
            Owned::Same => erase_lifetimes(self.ty.to_token_stream()),
            Owned::Target(ty) => erase_lifetimes(ty.to_token_stream()),
            Owned::Text => quote!(::std::string::String),
            Owned::Bytes => quote!(#krate::Blob),
            Owned::List(ty) => {
                let ty = erase_lifetimes(ty.to_token_stream());
                quote!(::std::vec::Vec<#ty>)
            }
            Owned::Path => quote!(::std::path::PathBuf),
        };
        let owned = match self.lent {
            Lent::No | Lent::Reference => owned,
            Lent::Option => quote!(::core::option::Option<#owned>),
        };
        if self.is_defaulted() { quote!(#krate::Defaulted<#owned>) } else { owned }
    }

    /// Fills in the default.
    pub(crate) fn prepare(&self) -> TokenStream {
        let variable = self.variable();
        let given = local("given", self.ident.span());
        match &self.default {
            None => TokenStream::new(),
            Some(DefaultValue::OfType) => {
                let at = ends(&self.ty).0;
                let given = moved(&variable, at);
                quote_spanned!(generated(at)=> let #variable = ::core::option::Option::unwrap_or_default(#given.0);)
            }
            Some(DefaultValue::Expr(default)) => {
                let ty = erase_lifetimes(self.ty.to_token_stream());
                let (whole, lend) = match self.lent {
                    Lent::No => (quote!(#variable.0), quote!(#given)),
                    Lent::Reference | Lent::Option => (quote!(&#variable.0), self.lend(quote!(#given), true)),
                };
                quote! {
                    let #variable: #ty = match #whole {
                        ::core::option::Option::Some(#given) => #lend,
                        ::core::option::Option::None => #default,
                    };
                }
            }
        }
    }

    /// The argument for the method.
    pub(crate) fn pass(&self) -> TokenStream {
        let variable = self.variable();
        match (&self.default, self.lent) {
            (Some(DefaultValue::Expr(_)), _) | (_, Lent::No) => quote!(#variable),
            _ => self.lend(quote!(#variable), false),
        }
    }

    /// Lends `place`: the value, or a reference to it.
    fn lend(&self, place: TokenStream, is_reference: bool) -> TokenStream {
        match (self.lent, &self.owned) {
            (Lent::Option, Owned::Target(_)) => quote!(::core::option::Option::as_ref(&#place)),
            (Lent::Option, _) => quote!(::core::option::Option::as_deref(&#place)),
            (_, Owned::Target(_)) if is_reference => place,
            (_, Owned::Target(_)) => quote!(&#place),
            _ if is_reference => quote!(&**#place),
            _ => quote!(&*#place),
        }
    }

    fn name_in_rust(&self) -> String {
        // A variable may not be called as a keyword; prefixed, it is none.
        format!("arg_{}", self.name())
    }
}

impl Owned {
    fn lending(reference: &TypeReference, errors: &mut Errors) -> Option<Self> {
        if let Some(mutability) = &reference.mutability {
            let message = "a call's arguments cannot be changed: take the value itself, or `&T`; \
                           the context is known by its name, `&mut Context<'_, World>`";
            errors.push(mutability, message);
            return None;
        }
        if let Some(lifetime) = reference.lifetime.as_ref().filter(|lifetime| lifetime.ident == "static") {
            errors.push(lifetime, "an argument lives as long as the call: remove `'static`");
            return None;
        }
        Some(match types::peel(&reference.elem) {
            Type::Slice(slice) if is_named(&slice.elem, "u8") => Self::Bytes,
            Type::Slice(slice) => Self::List((*slice.elem).clone()),
            ty if is_named(ty, "str") => Self::Text,
            ty if is_named(ty, "Path") => Self::Path,
            ty => Self::Target(ty.clone()),
        })
    }
}

/// The type of all parameters together; they are named in `list`.
pub(crate) fn tuple(parameters: &[&Parameter], list: Span, krate: &Path) -> TokenStream {
    let span = types::place_of_doubt(parameters.iter().map(|parameter| &parameter.ty), list);
    let bound = parameters.iter().map(|parameter| parameter.bound(krate));
    let mut tuple = Group::new(Delimiter::Parenthesis, quote!(#(#bound,)*));
    tuple.set_span(generated(span));
    tuple.into_token_stream()
}

fn is_named(ty: &Type, name: &str) -> bool {
    types::last_segment(ty).is_some_and(|segment| segment.ident == name && segment.arguments.is_none())
}
