//! Small questions to token streams, where the whole syntax tree would be too much.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// The places of the first and the last token: an expression that begins at the one and ends at the
/// other is reported as all of it.
pub(crate) fn ends(tokens: &impl ToTokens) -> (Span, Span) {
    let mut tokens = tokens.to_token_stream().into_iter();
    let first = tokens.next().map_or_else(Span::call_site, |token| token.span());
    let last = tokens.last().map_or(first, |token| match token {
        TokenTree::Group(group) => group.span_close(),
        token => token.span(),
    });
    (first, last)
}

/// The place of `span` for code that sees what the user sees.
pub(crate) fn generated(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// The name of a local variable that user code cannot see.
pub(crate) fn local(name: &str, span: Span) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(span))
}

/// The same identifier, at the place of `span`.
pub(crate) fn moved(ident: &Ident, span: Span) -> Ident {
    let mut moved = ident.clone();
    moved.set_span(ident.span().located_at(span));
    moved
}

/// True when the identifier occurs.
pub(crate) fn mentions(tokens: TokenStream, name: &str) -> bool {
    any(tokens, &|token| matches!(token, TokenTree::Ident(ident) if ident == name))
}

/// True when there is a reference.
pub(crate) fn has_reference(tokens: TokenStream) -> bool {
    any(tokens, &|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '&'))
}

/// True when there is a reference to what need not live as long as the program.
pub(crate) fn has_short_reference(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) if has_short_reference(group.stream()) => return true,
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                let quote = tokens.next_if(|next| matches!(next, TokenTree::Punct(quote) if quote.as_char() == '\''));
                let lifetime = quote.and_then(|_| tokens.next());
                if !matches!(&lifetime, Some(TokenTree::Ident(ident)) if ident == "static") {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// All lifetimes but `'static` left to inference.
pub(crate) fn erase_lifetimes(tokens: TokenStream) -> TokenStream {
    let mut quoted = false;
    let erase = |token| {
        let lifetime = std::mem::take(&mut quoted);
        match token {
            TokenTree::Ident(ident) if lifetime && ident != "static" => Ident::new("_", ident.span()).into(),
            TokenTree::Punct(punct) => {
                quoted = punct.as_char() == '\'';
                punct.into()
            }
            TokenTree::Group(group) => {
                let mut erased = Group::new(group.delimiter(), erase_lifetimes(group.stream()));
                erased.set_span(group.span());
                erased.into()
            }
            token => token,
        }
    };
    tokens.into_iter().map(erase).collect()
}

fn any(tokens: TokenStream, test: &impl Fn(&TokenTree) -> bool) -> bool {
    tokens.into_iter().any(|token| match &token {
        TokenTree::Group(group) => any(group.stream(), test),
        token => test(token),
    })
}
