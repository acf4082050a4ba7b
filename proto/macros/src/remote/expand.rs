//! The typed proxy of a trait.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{ItemTrait, Path, Type};

use super::model::{Call, Parameter};
use crate::member::{self, Kind};
use crate::tokens::{ends, generated, mentions, moved};
use crate::types;

/// Writes the proxy.
pub(crate) fn proxy(interface: &ItemTrait, calls: &[Call], krate: &Path) -> TokenStream {
    let ItemTrait { vis, ident, .. } = interface;
    let proxy = format_ident!("{ident}Proxy");
    let cfgs = member::attributes_named(&interface.attrs, "cfg");
    let caller = caller_ident(interface);
    let calls = calls.iter().map(|call| method(call, &caller, krate));
    let doc = format!("Calls the remote object whose interface is [`{ident}`]: a typed proxy over any caller.");
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[allow(dead_code)]
        #[derive(Clone, Copy, Debug)]
        #vis struct #proxy<#caller>(pub #caller);

        #(#cfgs)*
        #[allow(dead_code, clippy::all)]
        impl<#caller: #krate::Caller> #proxy<#caller> {
            #(#calls)*
        }
    }
}

fn method(call: &Call, caller: &Ident, krate: &Path) -> TokenStream {
    let Call { ident, kind, idempotent, name, attrs, generics, parameters, list, value } = call;
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let docs = attrs.iter().any(|attr| attr.path().is_ident("doc"));
    let doc = (!docs).then(|| {
        let doc = match kind {
            Kind::Method { .. } => format!("Calls `{name}`."),
            Kind::Getter => format!("Reads the attribute `{name}`."),
            Kind::Setter => format!("Writes the attribute `{name}`."),
        };
        quote!(#[doc = #doc])
    });
    let inputs = parameters.iter().map(|Parameter { ident, ty }| quote!(#ident: #ty));
    let out = match value {
        Some(ty) => {
            let (first, last) = ends(ty);
            let caller = moved(caller, first);
            let end = quote_spanned!(generated(last)=> >);
            quote_spanned!(generated(first)=> #caller::Out<#ty #end)
        }
        None => quote!(#caller::Out<()>),
    };
    let arguments: Vec<_> = parameters.iter().map(|parameter| argument(parameter, krate)).collect();
    let at = generated(types::place_of_doubt(parameters.iter().map(|parameter| &parameter.ty), *list));
    let request = match kind {
        Kind::Method { .. } if arguments.is_empty() => quote!(#krate::Request::method(#name, &())),
        Kind::Method { .. } if parameters.iter().any(|parameter| types::is_blob(&parameter.ty)) => {
            // The only one: that was checked.
            quote!(#krate::Request::forward(#name, #(&#arguments)*))
        }
        Kind::Method { .. } => {
            let arguments = quote_spanned!(at=> &(#(#arguments,)*));
            quote!(#krate::Request::method(#name, #arguments))
        }
        Kind::Getter => quote!(#krate::Request::get(#name)),
        Kind::Setter => {
            let value = quote_spanned!(at=> &(#(#arguments)*));
            quote!(#krate::Request::set(#name, #value))
        }
    };
    let idempotent = idempotent.then(|| quote!(.idempotent()));
    let at = value.as_ref().map_or_else(Span::call_site, |ty| generated(ends(ty).0));
    let make = match kind {
        Kind::Method { oneway: true } => quote_spanned!(at=> notify_request),
        _ => quote_spanned!(at=> call_request),
    };
    quote! {
        #(#attrs)*
        #doc
        pub fn #ident #impl_generics (&self, #(#inputs),*) -> #out #where_clause {
            self.0.#make(#request #idempotent)
        }
    }
}

/// How a parameter is sent: slices of bytes as bytes, all else as serde has it.
fn argument(parameter: &Parameter, krate: &Path) -> TokenStream {
    let Parameter { ident, ty } = parameter;
    let (at, _) = ends(ty);
    let variable = moved(ident, at);
    if is_bytes(ty) {
        quote!(#krate::Blob::from(#variable))
    } else if types::optional(ty).is_some_and(is_bytes) {
        quote!(#variable.map(#krate::Blob::from))
    } else {
        variable.into_token_stream()
    }
}

fn is_bytes(ty: &Type) -> bool {
    let Type::Reference(reference) = types::peel(ty) else { return false };
    let Type::Slice(slice) = types::peel(&reference.elem) else { return false };
    types::last_segment(&slice.elem).is_some_and(|segment| segment.ident == "u8")
}

/// The name of the proxy's parameter: one that the trait does not use.
fn caller_ident(interface: &ItemTrait) -> Ident {
    let mut name = "C".to_owned();
    while mentions(interface.to_token_stream(), &name) {
        name.push('_');
    }
    Ident::new(&name, Span::call_site())
}
