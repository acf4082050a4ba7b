//! `#[expose]`: an impl block becomes an `Object`.

mod expand;
mod model;
mod parameter;
mod world;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Item;

use crate::errors::Errors;
use crate::helpers::Options;
use model::Exposed;

pub(crate) fn expose(arguments: TokenStream, input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut block = match syn::parse2(input.clone()) {
        Ok(Item::Impl(block)) => block,
        Ok(item) => {
            let message = "`#[expose]` goes on an impl block: `#[expose] impl Type { .. }`; \
                           on a method it works inside such a block only";
            errors.push(&item, message);
            return errors.with(input);
        }
        Err(error) => {
            errors.add(error);
            return errors.with(input);
        }
    };
    let options = Options::parse(arguments, "expose", &mut errors);
    let krate = options.krate();
    let exposed = Exposed::parse(&mut block, options.world, &mut errors);
    let object = (!exposed.is_misplaced).then(|| expand::object(&block, &exposed, &krate));
    errors.with(quote!(#block #object))
}
