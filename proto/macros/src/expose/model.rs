//! An impl block, understood.

use proc_macro2::Span;
use quote::ToTokens as _;
use syn::{Attribute, Ident, ImplItem, ImplItemFn, ItemImpl, Signature, Type, Visibility};

use super::parameter::Parameter;
use super::world::{World, Worlds};
use crate::errors::Errors;
use crate::helpers::{DefaultValue, Helpers};
use crate::member::{self, Kind};
use crate::tokens::{self, has_short_reference};
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
    /// Futures share the object.
    pub(crate) is_arc: bool,
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
    pub(crate) receiver: Receiver,
    /// Where the receiver stands.
    pub(crate) place: Span,
    pub(crate) is_async: bool,
    pub(crate) arguments: Vec<Argument>,
    /// Where the parameters stand.
    pub(crate) list: Span,
    pub(crate) output: Output,
}

/// What a method is called on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receiver {
    Shared,
    Exclusive,
    /// `self: Arc<Self>`.
    Arc,
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
        let arc = members.iter().find(|member: &&Member| member.is_async || member.receiver == Receiver::Arc);
        let is_arc = arc.is_some();
        if let Some(arc) = arc {
            check_receivers(&members, arc, errors);
            members.retain(|member| member.receiver != Receiver::Exclusive);
        }
        if errors.is_empty() {
            check_members(&members, &block.self_ty, errors);
        }
        Self { members, world: worlds.into_world(), is_misplaced: block.trait_.is_some(), is_arc }
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
    member::check_qualifiers(sig, "leave it out with `#[skip]`", errors);
    let receiver = match member::takes_shared_self(sig) {
        Some(true) => Receiver::Shared,
        Some(false) => Receiver::Exclusive,
        None if member::takes_arc_self(sig) => Receiver::Arc,
        None => {
            let message = "an exposed method takes `&self`, `&mut self` or `self: Arc<Self>`: \
                           leave this one out with `#[skip]`";
            errors.push(sig.receiver(), message);
            Receiver::Shared
        }
    };
    let arguments = parse_arguments(sig, defaults, errors);
    let output = Output::of(&sig.output);
    if sig.asyncness.is_some() {
        check_async(sig, &output, errors);
    }
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
        is_shared: receiver != Receiver::Exclusive,
        receiver,
        place: sig.receiver().map_or_else(Span::call_site, |receiver| tokens::ends(receiver).1),
        is_async: sig.asyncness.is_some(),
        arguments,
        list: sig.paren_token.span.join(),
        output,
    })
}

/// What a future cannot have, and cannot give.
fn check_async(sig: &Signature, output: &Output, errors: &mut Errors) {
    for input in member::typed_inputs(sig).filter(|input| types::context(&input.ty).is_some()) {
        let message = "the context of a call is gone while an async method runs: remove `async`, take `self: Arc<Self>`, \
                       return `Outcome`, and answer with `cx.spawn(async move { .. })`";
        errors.push(input, message);
    }
    let stream = match output {
        Output::Stream(ty) => Some(ty),
        Output::Result(ty) => types::stream_in(ty),
        _ => None,
    };
    if let Some(ty) = stream {
        errors.push(ty, "a stream is there at once: remove `async`");
    }
    match output {
        Output::Outcome(ty) => errors.push(ty, "an `Outcome` is made by methods that are not async: remove `async`"),
        Output::Value(ty) | Output::Result(ty) if has_short_reference(ty.to_token_stream()) => {
            errors.push(ty, "what an async method returns outlives the call: return an owned value");
        }
        _ => {}
    }
}

/// Futures share the object: nobody has it alone.
fn check_receivers(members: &[Member], arc: &Member, errors: &mut Errors) {
    let why = if arc.is_async { "is async" } else { "takes `self: Arc<Self>`" };
    for member in members.iter().filter(|member| member.receiver == Receiver::Exclusive) {
        let message = format!(
            "`{}` {why}, so that its futures share the object, and no method takes `&mut self`: \
             take `&self`, and keep what changes in a `Mutex` or an atomic",
            arc.ident
        );
        errors.add(syn::Error::new(member.place, message));
    }
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
