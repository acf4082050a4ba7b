//! A trait, understood as a remote object.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{Attribute, Generics, Ident, ItemTrait, Signature, TraitItem, TraitItemFn, Type};

use crate::errors::Errors;
use crate::helpers::{DefaultValue, Helpers};
use crate::member::{self, Kind};
use crate::tokens::{has_reference, mentions};
use crate::types::{self, Output};

/// A method of the proxy.
pub(crate) struct Call {
    pub(crate) ident: Ident,
    pub(crate) kind: Kind,
    /// It may run more than once.
    pub(crate) idempotent: bool,
    /// In Python.
    pub(crate) name: String,
    /// Documentation and conditions.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) generics: Generics,
    pub(crate) parameters: Vec<Parameter>,
    /// Where they stand.
    pub(crate) list: Span,
    /// `None` where nothing comes back.
    pub(crate) value: Option<Type>,
}

/// A parameter of a method of the proxy.
pub(crate) struct Parameter {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
}

impl Call {
    /// Reads the trait and takes the helper attributes off it.
    pub(crate) fn parse_all(interface: &mut ItemTrait, errors: &mut Errors) -> Vec<Self> {
        if !interface.generics.params.is_empty() {
            let message = "a remote object has one interface: remove the trait's parameters";
            errors.push(&interface.generics, message);
        }
        let mut calls: Vec<Self> = Vec::new();
        for item in &mut interface.items {
            let TraitItem::Fn(method) = item else {
                let message = "a trait for `#[remote]` has methods only: constants and types cannot be called";
                errors.push(item, message);
                continue;
            };
            let Some(call) = Self::parse(method, errors) else { continue };
            let is_twin = |earlier: &&Self| earlier.name == call.name && earlier.kind == call.kind;
            if calls.iter().find(is_twin).is_some_and(|twin| !twin.is_conditional() && !call.is_conditional()) {
                errors.push(
                    &call.ident,
                    format_args!("the name `{}` is taken by another method or attribute", call.name),
                );
            }
            calls.push(call);
        }
        calls
    }

    /// A method; `None` where it has mistakes.
    fn parse(method: &mut TraitItemFn, errors: &mut Errors) -> Option<Self> {
        let mistakes = errors.count();
        let helpers = Helpers::take(&mut method.attrs, "remote", errors);
        if let Some(span) = helpers.skip {
            errors.add(syn::Error::new(span, "a trait for `#[remote]` has remote methods only: remove this one"));
        }
        for input in &mut method.sig.inputs {
            let syn::FnArg::Typed(typed) = input else { continue };
            if DefaultValue::take(&mut typed.attrs, errors).is_some() {
                errors.push(typed, "a proxy sends every argument: defaults belong to `#[expose]`");
            }
        }
        if let Some(body) = &method.default {
            errors.push(body, "the body of a remote method is elsewhere: end it with `;`");
        }
        let sig = &method.sig;
        if let Some(token) = &sig.asyncness {
            let message = "remove `async`: the caller that the proxy is made for decides whether calls are futures";
            errors.push(token, message);
        }
        member::check_qualifiers(sig, "remove it", errors);
        if member::takes_shared_self(sig).is_none() {
            match sig.receiver() {
                Some(receiver) => errors.push(receiver, "a remote method takes `&self` or `&mut self`"),
                None => errors.push(&sig.ident, "a remote method takes `&self` or `&mut self`"),
            }
        }
        let parameters = parse_parameters(sig, errors);
        let values = member::typed_inputs(sig).count();
        let (kind, name) = Kind::and_name(&helpers, sig, values, "remote", errors);
        let value = parse_value(sig, kind, errors);
        if let (Some(span), Kind::Method { oneway: true }) = (helpers.idempotent, kind) {
            let message = "nobody learns whether a oneway call has to be made again: remove `#[idempotent]`";
            errors.add(syn::Error::new(span, message));
        }
        let mut attrs = member::attributes_named(&method.attrs, "doc");
        attrs.extend(member::attributes_named(&method.attrs, "cfg"));
        attrs.extend(member::attributes_named(&method.attrs, "deprecated"));
        (errors.count() == mistakes).then(|| Self {
            ident: sig.ident.clone(),
            kind,
            idempotent: helpers.idempotent.is_some(),
            name,
            attrs,
            generics: sig.generics.clone(),
            parameters,
            list: sig.paren_token.span.join(),
            value,
        })
    }

    fn is_conditional(&self) -> bool {
        self.attrs.iter().any(|attr| attr.path().is_ident("cfg"))
    }
}

fn parse_parameters(sig: &Signature, errors: &mut Errors) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    for input in member::typed_inputs(sig) {
        if types::context(&input.ty).is_some() {
            errors.push(input, "the context is at the server's end: remove this parameter");
            continue;
        }
        member::check_parameter_cfg(input, errors);
        check_self(&input.ty, errors);
        let ident = member::parameter_ident(input, errors);
        if types::is_blob(&input.ty) && member::typed_inputs(sig).count() > 1 {
            errors.push(input, "a `SerializedBlob` travels alone: make it the only parameter");
        }
        parameters.extend(ident.map(|ident| Parameter { ident, ty: (*input.ty).clone() }));
    }
    parameters
}

/// What a call gives: of a result the value, as every call can fail.
fn parse_value(sig: &Signature, kind: Kind, errors: &mut Errors) -> Option<Type> {
    let value = match Output::of(&sig.output) {
        Output::Nothing => None,
        Output::Value(ty) | Output::Outcome(ty) | Output::Stream(ty) => Some(ty),
        Output::Result(ty) => types::result_types(&ty).0.filter(|value| !types::is_unit(value)).cloned(),
    }?;
    check_self(&value, errors);
    if kind == (Kind::Method { oneway: true }) {
        errors.push(&value, "a oneway method is not answered: remove the return type");
    } else if let Type::ImplTrait(ty) = types::peel(&value) {
        errors.push(ty, "name the type that comes back, or use `Value`");
    } else if has_reference(value.to_token_stream()) {
        errors.push(&value, "what comes back is owned: use a type such as `String` for `&str`");
    }
    Some(value)
}

fn check_self(ty: &Type, errors: &mut Errors) {
    if mentions(ty.to_token_stream(), "Self") {
        errors.push(ty, "`Self` would be the proxy: name the type");
    }
}
