//! The `Object` of an exposed impl block.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Generics, ItemImpl, Path, Type};

use super::model::{Argument, Exposed, Member, Receiver};
use super::parameter;
use super::world::World;
use crate::member::{self, Kind};
use crate::tokens::{ends, generated, local};
use crate::types::{self, Output};

/// Writes the impl.
pub(crate) fn object(block: &ItemImpl, exposed: &Exposed, krate: &Path) -> TokenStream {
    let (generics, world) = with_world(&block.generics, &exposed.world);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let self_ty = &block.self_ty;
    let cfgs = member::attributes_named(&block.attrs, "cfg");
    let metadata = metadata(exposed, krate);

    let names = Names::new();
    let Names { cx, member, other, args } = &names;
    let signature = quote! {
        #cx: &mut #krate::Context<'_, #world>, #member: #krate::Member<'_>, #args: #krate::Args<'_>
    };
    if exposed.is_arc {
        let arms = exposed.members.iter().map(|member| arm(member, exposed, &names, krate));
        return quote! {
            #(#cfgs)*
            #[automatically_derived]
            #[allow(deprecated, unused_variables, clippy::all)]
            impl #impl_generics #krate::ArcObject<#world> for #self_ty #where_clause {
                fn metadata(&self) -> &#krate::Metadata {
                    #metadata
                }

                fn call(self: ::std::sync::Arc<Self>, #signature) -> #krate::Outcome<#world> {
                    match #member {
                        #(#arms)*
                        #other => ::core::result::Result::Err(#krate::Fault::unknown(&#other)),
                    }
                }
            }
        };
    }
    let (shared, exclusive): (Vec<_>, Vec<_>) =
        exposed.members.iter().partition(|member| member.is_shared && member.kind != Kind::Setter);
    let exclusive = exclusive.into_iter().map(|member| arm(member, exposed, &names, krate));
    let to_shared = if shared.is_empty() {
        quote!(::core::result::Result::Err(#krate::Fault::unknown(&#other)))
    } else {
        quote!(<Self as #krate::Object<#world>>::call_shared(self, #cx, #other, #args))
    };
    let call_shared = (!shared.is_empty()).then(|| {
        let shared = shared.into_iter().map(|member| arm(member, exposed, &names, krate));
        quote! {
            fn call_shared(&self, #signature) -> #krate::Outcome<#world> {
                match #member {
                    #(#shared)*
                    #other => ::core::result::Result::Err(#krate::Fault::unknown(&#other)),
                }
            }
        }
    });
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated, unused_variables, clippy::all)]
        impl #impl_generics #krate::Object<#world> for #self_ty #where_clause {
            fn metadata(&self) -> &#krate::Metadata {
                #metadata
            }

            fn call(&mut self, #signature) -> #krate::Outcome<#world> {
                match #member {
                    #(#exclusive)*
                    #other => #to_shared,
                }
            }

            #call_shared
        }
    }
}

/// The local variables of the generated methods.
struct Names {
    cx: Ident,
    member: Ident,
    other: Ident,
    args: Ident,
}

impl Names {
    fn new() -> Self {
        let name = |name| local(name, Span::call_site());
        Self { cx: name("cx"), member: name("member"), other: name("other"), args: name("args") }
    }
}

/// The generics of the impl, and the world as a type.
fn with_world(generics: &Generics, world: &World) -> (Generics, TokenStream) {
    let mut generics = generics.clone();
    match world {
        World::One(ty) => (generics, quote!(#ty)),
        World::Any { ident, bounds } => {
            generics.params.push(syn::parse_quote!(#ident));
            if !bounds.is_empty() {
                generics.make_where_clause().predicates.extend(bounds.iter().cloned());
            }
            (generics, quote!(#ident))
        }
    }
}

fn metadata(exposed: &Exposed, krate: &Path) -> TokenStream {
    let methods = exposed.members.iter().filter_map(|member| {
        let Kind::Method { oneway } = member.kind else { return None };
        let Member { name, cfgs, .. } = member;
        let shared = member.is_shared.then(|| quote!(.shared()));
        let oneway = oneway.then(|| quote!(.oneway()));
        let ordered = member.ordered.then(|| quote!(.ordered()));
        Some(quote!(#(#cfgs)* #krate::Method::new(#name) #shared #oneway #ordered))
    });
    let attributes = exposed.members.iter().filter(|member| member.kind == Kind::Getter).map(|getter| {
        let Member { name, cfgs, .. } = getter;
        let shared = getter.is_shared.then(|| quote!(.shared()));
        let setters = exposed.members.iter().filter(|other| other.kind == Kind::Setter && other.name == *name);
        let settable = setters.map(|setter| {
            let cfgs = &setter.cfgs;
            quote!(#(#cfgs)* let attribute = attribute.settable();)
        });
        quote! {
            #(#cfgs)*
            {
                let attribute = #krate::Attribute::new(#name) #shared;
                #(#settable)*
                attribute
            }
        }
    });
    quote! {
        const METHODS: &[#krate::Method] = &[#(#methods),*];
        const ATTRIBUTES: &[#krate::Attribute] = &[#(#attributes),*];
        static METADATA: #krate::Metadata = #krate::Metadata::new(METHODS, ATTRIBUTES);
        &METADATA
    }
}

/// The arm of the match that runs a member.
fn arm(member: &Member, exposed: &Exposed, names: &Names, krate: &Path) -> TokenStream {
    let Member { ident, kind, name, cfgs, arguments, list, .. } = member;
    let Names { cx, args, .. } = names;
    let variant = kind.variant();
    let parameters: Vec<_> = arguments
        .iter()
        .filter_map(|argument| match argument {
            Argument::Value(parameter) => Some(&**parameter),
            Argument::Context { .. } => None,
        })
        .collect();
    let bind = match kind {
        Kind::Getter => TokenStream::new(),
        Kind::Method { .. } if parameters.is_empty() => quote!(#args.bind::<()>(&[])?;),
        Kind::Method { .. } | Kind::Setter => {
            let variables = parameters.iter().map(|parameter| parameter.variable());
            let tuple = parameter::tuple(&parameters, *list, krate);
            let names = parameters.iter().map(|parameter| match kind {
                Kind::Setter => "value".to_owned(),
                _ => parameter.name(),
            });
            quote!(let (#(#variables,)*) = #args.bind::<#tuple>(&[#(#names),*])?;)
        }
    };
    let prepare = parameters.iter().map(|parameter| parameter.prepare());
    let arguments = arguments.iter().map(|argument| match argument {
        Argument::Context { mutable: true } => quote!(&mut *#cx),
        Argument::Context { mutable: false } => quote!(&*#cx),
        Argument::Value(parameter) => parameter.pass(),
    });
    let this = match member.receiver {
        Receiver::Shared if exposed.is_arc => quote!(&*self),
        Receiver::Shared | Receiver::Exclusive | Receiver::Arc => quote!(self),
    };
    let call = quote!(Self::#ident(#this, #(#arguments),*));
    let run = if member.is_async {
        // What is lent to the method lives in the future.
        let future = future(&member.output, call);
        let at = generated(ident.span());
        let future = quote!(async move { #(#prepare)* #future });
        quote_spanned!(at=> #cx.spawn(#future))
    } else {
        let answer = answer(&member.output, call, cx, krate);
        quote!(#(#prepare)* #answer)
    };
    quote! {
        #(#cfgs)*
        #krate::Member::#variant(#name) => {
            #bind
            #run
        }
    }
}

/// Answers with what the method gives. What the compiler has to say about its type is said where the
/// type stands.
fn answer(output: &Output, call: TokenStream, cx: &Ident, krate: &Path) -> TokenStream {
    match output {
        Output::Nothing => quote! {
            #call;
            #cx.answer(&())
        },
        Output::Value(ty) => {
            let (value, send) = send(ty, cx);
            quote! {
                let #value = &#call;
                #send
            }
        }
        Output::Result(whole) => {
            let (ty, error) = types::result_types(whole);
            let (value, send) = match types::stream_in(whole) {
                Some(ty) => pass_on(ty, krate),
                None => send(ty.unwrap_or(whole), cx),
            };
            let at = generated(ends(error.unwrap_or(whole)).0);
            let into = quote_spanned!(at=> ::core::convert::Into::into(error));
            let error = Ident::new("error", at);
            let by = types::stream_in(whole).is_none().then(|| quote!(ref));
            let ok = quote_spanned!(generated(ends(whole).0)=> ::core::result::Result::Ok(#by #value));
            quote! {
                match #call {
                    #ok => #send,
                    ::core::result::Result::Err(#error) => ::core::result::Result::Err(#into),
                }
            }
        }
        Output::Outcome(ty) => quote_spanned!(generated(ends(ty).0)=> #call),
        Output::Stream(ty) => {
            let (value, send) = pass_on(ty, krate);
            quote! {
                let #value = #call;
                #send
            }
        }
    }
}

/// What the future of an async method gives, as a result.
fn future(output: &Output, call: TokenStream) -> TokenStream {
    match output {
        Output::Result(whole) => {
            let (_, error) = types::result_types(whole);
            let at = generated(ends(error.unwrap_or(whole)).0);
            let into = quote_spanned!(at=> ::core::convert::Into::into(error));
            let error = Ident::new("error", at);
            quote! {
                match #call.await {
                    ::core::result::Result::Ok(value) => ::core::result::Result::Ok(value),
                    ::core::result::Result::Err(#error) => ::core::result::Result::Err(#into),
                }
            }
        }
        Output::Nothing => quote! {
            #call.await;
            ::core::result::Result::Ok(())
        },
        Output::Value(_) | Output::Outcome(_) | Output::Stream(_) => quote!(::core::result::Result::Ok(#call.await)),
    }
}

/// A variable for a reference to a value of type `ty`, and what answers with it: an expression that
/// spans the type. For that, its tokens must be of one hygiene.
fn send(ty: &Type, cx: &Ident) -> (Ident, TokenStream) {
    let (first, last) = ends(ty);
    let value = Ident::new("value", generated(last));
    let send = quote_spanned!(generated(first)=> #cx.answer(&*#value));
    (value, send)
}

/// The same for a stream, which is passed on as it is.
fn pass_on(ty: &Type, krate: &Path) -> (Ident, TokenStream) {
    let (first, last) = ends(ty);
    let value = Ident::new("value", generated(last));
    let pass = quote_spanned!(generated(first)=> ::core::result::Result::Ok(#krate::Answer::from(#value)));
    (value, pass)
}
