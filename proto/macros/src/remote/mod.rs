//! `#[remote]`: a trait gets a typed proxy.

mod expand;
mod model;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Item;

use crate::errors::Errors;
use crate::helpers::Options;
use model::Call;

pub(crate) fn remote(arguments: TokenStream, input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut interface = match syn::parse2(input.clone()) {
        Ok(Item::Trait(interface)) => interface,
        Ok(item) => {
            let message = "`#[remote]` goes on a trait: `#[remote] trait Name { .. }`; \
                           on a method it works inside such a trait only";
            errors.push(&item, message);
            return errors.with(input);
        }
        Err(error) => {
            errors.add(error);
            return errors.with(input);
        }
    };
    let options = Options::parse(arguments, "remote", &mut errors);
    let calls = Call::parse_all(&mut interface, &mut errors);
    let proxy = expand::proxy(&interface, &calls, &options.krate());
    // Programs that only call never implement it.
    errors.with(quote! {
        #[allow(dead_code)]
        #interface
        #proxy
    })
}
