//! The pipeline of `#[derive(Encrypted)]`: attributes → model → rules → code.

pub(crate) mod columns;
mod diesel;
mod index;
mod sealed;
mod sqlx;

pub(crate) use diesel::Trait;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::{
    attr, check,
    errors::Errors,
    fallback,
    model::{Entry, Model},
};

/// Never panics, whatever the tokens are.
pub(crate) fn derive(input: TokenStream, entry: Entry) -> TokenStream {
    let input = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    let model = model(&input, entry, &mut errors);
    match (errors.finish(), model) {
        (Ok(()), model) => model.as_ref().map(integrations).unwrap_or_default(),
        (Err(error), model) => {
            let mut code = error.into_compile_error();
            code.extend(model.map(fallback::expand));
            code
        }
    }
}

/// The code for a struct without mistakes.
pub(crate) fn integrations(model: &Model) -> TokenStream {
    let mut code = columns::expand(model);
    code.extend(index::expand(model));
    code.extend(sealed::expand(model));
    code.extend(model.diesel.as_ref().map(|_| diesel::expand(model)));
    code.extend(model.sqlx.as_ref().map(|_| sqlx::expand(model)));
    code
}

/// What can be read off the input; with mistakes in it, as much as can be guessed.
pub(crate) fn model(input: &DeriveInput, entry: Entry, errors: &mut Errors) -> Option<Model> {
    let fields = &check::shape(input, errors)?.named;
    let attrs = attr::of_struct(&input.attrs, errors);
    let field_attrs: Vec<_> = fields.iter().map(|field| attr::of_field(&field.attrs, errors)).collect();
    let model = Model::new(entry, input, fields, &attrs, &field_attrs, errors);
    check::rules(entry, &model, &attrs, &field_attrs, errors);
    Some(model)
}
