//! The procedural macros of firesteel: expose and remote

#![forbid(unsafe_code)]

mod errors;
mod expose;
mod helpers;
mod member;
mod names;
mod remote;
mod tokens;
mod types;

use proc_macro::TokenStream;

/// Makes an object of an impl block.
#[proc_macro_attribute]
pub fn expose(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expose::expose(arguments.into(), item.into()).into()
}

/// Makes a typed proxy of a trait.
#[proc_macro_attribute]
pub fn remote(arguments: TokenStream, item: TokenStream) -> TokenStream {
    remote::remote(arguments.into(), item.into()).into()
}
