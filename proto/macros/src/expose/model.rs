//! An impl block, understood.

use proc_macro2::Span;
use syn::{Attribute, Ident, ImplItem, ImplItemFn, ItemImpl, Signature, Type, Visibility};

use super::parameter::Parameter;
use super::world::{World, Worlds};
use crate::errors::Errors;
use crate::helpers::{DefaultValue, Helpers};
use crate::member::{self, Kind};
use crate::types::{self, Output};

/// serde's tuples end here.
const MAX_PARAMETERS: usize = 16;

/// What an impl block exposes.
pub(crate) struct Exposed {
    /// Those without mistakes.
    pub(crate) members: Vec<Member>,
    pub(crate) world: World,
    /// The block is that of a trait.
    pub(crate) is_misplaced: bool,
}

/// A method, or half of an attribute.
pub(crate) struct Member {
    pub(crate) ident: Ident,
    pub(crate) kind: Kind,
    /// What is called after it waits for its end.
    pub(crate) ordered: bool,
    /// In Python.
    pub(crate) name: String,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) is_shared: bool,
    pub(crate) arguments: Vec<Argument>,
    /// Where the parameters stand.
    pub(crate) list: Span,
    pub(crate) output: Output,
}

/// What a method is given.
pub(crate) enum Argument {
    Context { mutable: bool },
    Value(Box<Parameter>),
}

impl Exposed {
    /// Reads the block and takes the helper attributes off it.
    pub(crate) fn parse(block: &mut ItemImpl, world: Option<Type>, errors: &mut Errors) -> Self {
        if let Some((path, _)) = &block.trait_ {
            let message = "`#[expose]` goes on the type's own impl block, `impl Type { .. }`, not on that of a trait";
            errors.push(path, message);
        }
        let mut worlds = Worlds::new(world);
        let mut members = Vec::new();
        for item in &mut block.items {
            if let ImplItem::Fn(method) = item {
                members.extend(parse_method(method, &mut worlds, errors));
            }
        }
        if errors.is_empty() {
            check_members(&members, &block.self_ty, errors);
        }
        Self { members, world: worlds.into_world(), is_misplaced: block.trait_.is_some() }
    }
}

fn parse_method(method: &mut ImplItemFn, worlds: &mut Worlds, errors: &mut Errors) -> Option<Member> {
    let mistakes = errors.count();
    let helpers = Helpers::take(&mut method.attrs, "expose", errors);
    let defaults = take_defaults(&mut method.sig, errors);
    let sig = &method.sig;
    let is_exposed = matches!(method.vis, Visibility::Public(_)) && sig.receiver().is_some();
    if helpers.skip.is_some() || !is_exposed {
        let because = if helpers.skip.is_some() {
            "is skipped"
        } else if sig.receiver().is_none() {
            "takes no `&self` or `&mut self`"
        } else {
            "is not `pub`"
        };
        if let Some((span, what)) = helpers.any() {
            errors.add(syn::Error::new(span, format_args!("{what} has no effect on a method that {because}")));
        }
        if defaults.iter().any(Option::is_some) {
            errors.push(&sig.ident, format_args!("`#[default]` has no effect on a method that {because}"));
        }
        return None;
    }
    if let Some(token) = &sig.asyncness {
        let message = "async methods are not supported yet: remove `async` and answer later with `cx.defer()`, \
                       or leave the method out with `#[skip]`";
        errors.push(token, message);
    }
    member::check_qualifiers(sig, "leave it out with `#[skip]`", errors);
    let is_shared = member::takes_shared_self(sig).unwrap_or_else(|| {
        let message = "an exposed method takes `&self` or `&mut self`: leave this one out with `#[skip]`";
        errors.push(sig.receiver(), message);
        true
    });
    let arguments = parse_arguments(sig, defaults, errors);
    let output = Output::of(&sig.output);
    worlds.learn(sig, &output, errors);
    let values = member::typed_inputs(sig).filter(|input| types::context(&input.ty).is_none()).count();
    if values > MAX_PARAMETERS {
        errors.push(&sig.inputs, format_args!("a method can have {MAX_PARAMETERS} parameters: take a struct instead"));
    }
    let (kind, name) = Kind::and_name(&helpers, sig, values, "expose", errors);
    let defaulted = arguments.iter().find_map(|argument| match argument {
        Argument::Value(parameter) if parameter.is_defaulted() => Some(parameter),
        _ => None,
    });
    if let (Kind::Setter, Some(parameter)) = (kind, defaulted) {
        errors.push(&parameter.ty, "a setter is always given its value: remove `#[default]`");
    }
    if let Some(span) = helpers.ordered
        && kind != (Kind::Method { oneway: true })
    {
        let message = "what follows a call that is answered waits for it anyway: write `#[oneway]`, too";
        errors.add(syn::Error::new(span, message));
    }
    (errors.count() == mistakes).then(|| Member {
        ident: sig.ident.clone(),
        kind,
        ordered: helpers.ordered.is_some(),
        name,
        cfgs: member::attributes_named(&method.attrs, "cfg"),
        is_shared,
        arguments,
        list: sig.paren_token.span.join(),
        output,
    })
}

/// The defaults of all typed parameters, in order.
fn take_defaults(sig: &mut Signature, errors: &mut Errors) -> Vec<Option<DefaultValue>> {
    let typed = sig.inputs.iter_mut().filter_map(|input| match input {
        syn::FnArg::Typed(typed) => Some(typed),
        syn::FnArg::Receiver(_) => None,
    });
    typed.map(|typed| DefaultValue::take(&mut typed.attrs, errors)).collect()
}

fn parse_arguments(sig: &Signature, defaults: Vec<Option<DefaultValue>>, errors: &mut Errors) -> Vec<Argument> {
    let mut arguments = Vec::new();
    for (input, default) in member::typed_inputs(sig).zip(defaults) {
        if let Some(context) = types::context(&input.ty) {
            if default.is_some() {
                errors.push(input, "the context is always given: remove `#[default]`");
            }
            arguments.push(Argument::Context { mutable: context.mutable });
        } else {
            arguments
                .extend(Parameter::parse(input, default, errors).map(|parameter| Argument::Value(Box::new(parameter))));
        }
    }
    arguments
}

/// Names must be unique, and an attribute that can be written can be read.
fn check_members(members: &[Member], self_ty: &Type, errors: &mut Errors) {
    if members.is_empty() {
        let message = "nothing is exposed here: methods are, when they are `pub` and take `&self` or `&mut self`";
        errors.push(self_ty, message);
    }
    for (at, member) in members.iter().enumerate() {
        // Which of the variants is there is not known here.
        let twin = members[..at].iter().find(|earlier| {
            let both =
                matches!((earlier.kind, member.kind), (Kind::Getter, Kind::Setter) | (Kind::Setter, Kind::Getter));
            earlier.name == member.name && !both && earlier.cfgs.is_empty() && member.cfgs.is_empty()
        });
        if twin.is_some() {
            let name = &member.name;
            errors.push(&member.ident, format_args!("the name `{name}` is taken by another method or attribute"));
        }
        let has_getter = || members.iter().any(|other| other.kind == Kind::Getter && other.name == member.name);
        if member.kind == Kind::Setter && !has_getter() {
            let name = &member.name;
            let message =
                format!("the attribute `{name}` has a setter only: add `#[attr] pub fn {name}(&self) -> Type`");
            errors.push(&member.ident, message);
        }
    }
}
