//! The world that the methods of an object see, found in their signatures.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{GenericParam, Ident, Signature, Type, WherePredicate};

use crate::errors::Errors;
use crate::member;
use crate::tokens::ends;
use crate::types::{self, Output};

/// The world that the methods see.
pub(crate) enum World {
    /// Any, as far as it meets these bounds.
    Any {
        ident: Ident,
        bounds: Vec<WherePredicate>,
    },
    One(Type),
}

/// Gathers what the methods say about the world.
pub(crate) struct Worlds {
    /// From the option of the macro.
    given: Option<Type>,
    /// Named by a method.
    named: Option<Type>,
    /// The type parameter of methods that work in any world.
    parameter: Option<Ident>,
    bounds: Vec<WherePredicate>,
}

impl Worlds {
    pub(crate) fn new(given: Option<Type>) -> Self {
        Self { given, named: None, parameter: None, bounds: Vec::new() }
    }

    /// Takes in a method. Its type parameters can be nothing else than the world.
    pub(crate) fn learn(&mut self, sig: &Signature, output: &Output, errors: &mut Errors) {
        let contexts =
            member::typed_inputs(sig).filter_map(|input| Some((&*input.ty, types::context(&input.ty)?.world)));
        let answer = match output {
            Output::Outcome(ty) | Output::Stream(ty) => Some(ty),
            Output::Result(ty) => types::stream_in(ty),
            Output::Nothing | Output::Value(_) => None,
        };
        let answer = answer.map(|ty| (ty, types::world_of(ty)));
        let or_empty =
            |(ty, world): (&Type, Option<Type>)| world.unwrap_or_else(|| syn::parse_quote_spanned!(ends(ty).1=> ()));
        let worlds: Vec<Type> = contexts.chain(answer).map(or_empty).collect();
        for parameter in &sig.generics.params {
            let what = match parameter {
                GenericParam::Lifetime(_) => continue,
                GenericParam::Type(parameter) if worlds.iter().any(|world| is_just(world, &parameter.ident)) => {
                    continue;
                }
                GenericParam::Type(_) => "a type",
                GenericParam::Const(_) => "a constant",
            };
            let message = format!("callers cannot choose {what}: write it out, or leave the method out with `#[skip]`");
            errors.push(parameter, message);
        }
        for world in worlds {
            match sig.generics.type_params().find(|parameter| is_just(&world, &parameter.ident)) {
                Some(parameter) => self.see_any(parameter, sig, errors),
                None => self.see_one(world, errors),
            }
        }
    }

    pub(crate) fn into_world(self) -> World {
        match self.given.or(self.named) {
            Some(world) => World::One(world),
            None => {
                let ident = self.parameter.unwrap_or_else(|| Ident::new("__World", Span::call_site()));
                World::Any { ident, bounds: self.bounds }
            }
        }
    }

    fn see_any(&mut self, parameter: &syn::TypeParam, sig: &Signature, errors: &mut Errors) {
        let ident = &parameter.ident;
        match &self.parameter {
            Some(known) if known != ident => {
                errors.push(ident, format_args!("call the world `{known}`, as the methods above do"));
                return;
            }
            _ => self.parameter = Some(ident.clone()),
        }
        if !parameter.bounds.is_empty() {
            let bounds = &parameter.bounds;
            self.bounds.push(syn::parse_quote!(#ident: #bounds));
        }
        if let Some(clause) = &sig.generics.where_clause {
            self.bounds.extend(clause.predicates.iter().cloned());
        }
    }

    fn see_one(&mut self, world: Type, errors: &mut Errors) {
        match &self.named {
            Some(known) if self.given.is_none() && text(known) != text(&world) => {
                let known = text(known);
                let message = format!(
                    "all methods of an object see the same world, and an earlier one says `{known}`; \
                     where both are the same type, name it in `#[expose(world = Type)]`"
                );
                errors.push(world, message);
            }
            Some(_) => {}
            None => self.named = Some(world),
        }
    }
}

fn text(ty: &Type) -> String {
    ty.to_token_stream().to_string()
}

fn is_just(ty: &Type, ident: &Ident) -> bool {
    matches!(types::peel(ty), Type::Path(path) if path.path.is_ident(ident))
}
