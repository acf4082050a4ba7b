//! The attributes that stand on methods, parameters, and on the block itself.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, Ident, LitStr, Meta, Path, Token, Type};

use crate::errors::Errors;

/// What the attributes of one method say.
#[derive(Default)]
pub(crate) struct Helpers {
    pub(crate) oneway: Option<Span>,
    /// On an exposed method.
    pub(crate) ordered: Option<Span>,
    /// On a method of a proxy.
    pub(crate) idempotent: Option<Span>,
    pub(crate) attr: Option<Span>,
    pub(crate) skip: Option<Span>,
    pub(crate) name: Option<LitStr>,
}

impl Helpers {
    /// Takes them off the method. `macro_name` is `expose` or `remote`.
    pub(crate) fn take(attrs: &mut Vec<Attribute>, macro_name: &str, errors: &mut Errors) -> Self {
        let mut helpers = Self::default();
        attrs.retain(|attr| {
            let is_ours = attr.path().segments.last().is_some_and(|last| last.ident == macro_name);
            if is_ours {
                let parsed = attr.parse_args_with(|input: ParseStream<'_>| helpers.parse(input, macro_name));
                errors.note(parsed);
                return false;
            }
            let Some(ident) = attr.path().get_ident() else { return true };
            let slot = match ident.to_string().as_str() {
                "oneway" => &mut helpers.oneway,
                "ordered" if macro_name == "expose" => &mut helpers.ordered,
                "idempotent" if macro_name == "remote" => &mut helpers.idempotent,
                "attr" => &mut helpers.attr,
                "skip" => &mut helpers.skip,
                _ => return true,
            };
            if !matches!(attr.meta, Meta::Path(_)) {
                errors.push(attr, format_args!("write `#[{ident}]`: it takes no arguments"));
            }
            *slot = Some(attr.path().span());
            false
        });
        helpers
    }

    /// The attribute that has no effect on a method that is left out.
    pub(crate) fn any(&self) -> Option<(Span, &'static str)> {
        let named = self.name.as_ref().map(|name| (name.span(), "a name"));
        self.oneway
            .map(|span| (span, "`#[oneway]`"))
            .or(self.ordered.map(|span| (span, "`#[ordered]`")))
            .or(self.attr.map(|span| (span, "`#[attr]`")))
            .or(named)
    }

    fn parse(&mut self, input: ParseStream<'_>, macro_name: &str) -> syn::Result<()> {
        while !input.is_empty() {
            let key = input.call(Ident::parse_any)?;
            if key == "name" {
                input.parse::<Token![=]>()?;
                self.name = Some(input.parse()?);
            } else if key == "skip" && macro_name == "expose" {
                self.skip = Some(key.span());
            } else {
                let known = if macro_name == "expose" { "`skip` or `name = \"...\"`" } else { "`name = \"...\"`" };
                return Err(syn::Error::new(key.span(), format_args!("unknown option `{key}`: expected {known}")));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }
}

/// What a parameter is when the caller gives nothing.
#[derive(Clone)]
pub(crate) enum DefaultValue {
    /// `Default::default()`.
    OfType,
    Expr(Box<Expr>),
}

impl DefaultValue {
    /// Takes it off the parameter.
    pub(crate) fn take(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Option<Self> {
        let mut found = None;
        attrs.retain(|attr| {
            if !attr.path().is_ident("default") {
                return true;
            }
            let value = match &attr.meta {
                Meta::Path(_) => Ok(Self::OfType),
                Meta::List(list) => list.parse_args().map(|expr| Self::Expr(Box::new(expr))),
                Meta::NameValue(_) => {
                    Err(syn::Error::new_spanned(attr, "write `#[default]` or `#[default(expression)]`"))
                }
            };
            found = errors.note(value);
            false
        });
        found
    }
}

/// The options of the macro itself.
#[derive(Default)]
pub(crate) struct Options {
    krate: Option<Path>,
    pub(crate) world: Option<Type>,
}

impl Options {
    pub(crate) fn parse(arguments: TokenStream, macro_name: &str, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let parser = |input: ParseStream<'_>| options.fill(input, macro_name);
        let parsed = parser.parse2(arguments);
        errors.note(parsed);
        options
    }

    /// The path of the library in generated code.
    pub(crate) fn krate(&self) -> Path {
        self.krate.clone().unwrap_or_else(|| syn::parse_quote!(::firesteel))
    }

    fn fill(&mut self, input: ParseStream<'_>, macro_name: &str) -> syn::Result<()> {
        while !input.is_empty() {
            let key = input.call(Ident::parse_any)?;
            if key == "crate" {
                input.parse::<Token![=]>()?;
                self.krate = Some(input.call(Path::parse_mod_style)?);
            } else if key == "world" && macro_name == "expose" {
                input.parse::<Token![=]>()?;
                self.world = Some(input.parse()?);
            } else {
                let known = if macro_name == "expose" { "`world = Type` or `crate = path`" } else { "`crate = path`" };
                let message = match key.to_string().as_str() {
                    "name" | "skip" => format!("`{key}` belongs on a method; expected {known}"),
                    _ => format!("unknown option `{key}`: expected {known}"),
                };
                return Err(syn::Error::new(key.span(), message));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }
}
