//! `Insertable` and `AsChangeset`, as Diesel's derives write them but with an encrypted field's value in a `Put`: a plain `String`
//! cannot be what those want of an encrypted column (E0119).
//!
//! Each rule here is one of theirs, `insertable.rs` and `as_changeset.rs` in diesel_derives 2.3. They cannot do the work on a struct of
//! `Put`s that borrows from this one, since they borrow it once more, and `&&&str` is no text.

mod element;
mod index;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Generics, Lifetime, LifetimeParam, Path};

pub(crate) use self::element::Trait;
use self::element::{By, Element};
use crate::{
    expand::sealed,
    model::{Field, Model},
    types,
};

pub(super) fn expand(model: &Model, private: &TokenStream, table: &Path) -> TokenStream {
    let insertable = (!model.no_insert).then(|| implement(model, private, table, Trait::Insertable));
    let as_changeset = (!model.no_update).then(|| implement(model, private, table, Trait::AsChangeset));
    quote!(#insertable #as_changeset)
}

/// Whether the struct is one that is inserted, or set.
pub(super) fn is_written(model: &Model, which: Trait) -> bool {
    let mut fields = model.fields.iter().filter(|field| which.writes(model, field)).peekable();
    // A field that is selected by an expression is no column, so the struct is one for reading. And nothing can be said of
    // a type parameter that would make it something to be set: Diesel's own derive cannot say it either.
    let is_for_reading = |field: &&Field| {
        element::has(field, "select_expression")
            || which == Trait::AsChangeset
                && field.encrypted.is_none()
                && types::parameter(&field.ty, &model.generics).is_some()
    };
    fields.peek().is_some() && !fields.any(|field| is_for_reading(&field))
}

fn implement(model: &Model, private: &TokenStream, table: &Path, which: Trait) -> TokenStream {
    if !is_written(model, which) {
        return TokenStream::new();
    }
    let fields: Vec<_> = model.fields.iter().filter(|field| which.writes(model, field)).collect();
    let by_value = by(model, private, table, which, &fields, By::Value);
    // What is converted by `serialize_as` is consumed.
    let converts = fields.iter().any(|field| element::has(field, "serialize_as"));
    let by_reference = (!converts).then(|| by(model, private, table, which, &fields, By::Reference));
    let undecorated = (which == Trait::Insertable).then(|| {
        let ident = &model.ident;
        let (impl_generics, ty_generics, where_clause) = model.generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #impl_generics
                #private::diesel::internal::derives::insertable::UndecoratedInsertRecord<#table::table>
                for #ident #ty_generics #where_clause {}
        }
    });
    quote!(#by_value #by_reference #undecorated)
}

fn by(
    model: &Model,
    private: &TokenStream,
    table: &Path,
    which: Trait,
    fields: &[&Field],
    by: By,
) -> TokenStream {
    let diesel = quote!(#private::diesel);
    let lifetime = Lifetime::new("'__envelope", Span::mixed_site());
    let borrow = match by {
        By::Value => TokenStream::new(),
        By::Reference => quote!(&#lifetime),
    };
    // Indexes first, which borrow the values that are then moved.
    let indexes = model.siblings().filter_map(|index| index::element(model, private, table, which, index));
    let elements: Vec<_> = indexes
        .chain(fields.iter().map(|field| Element::new(model, private, table, which, by, field, &borrow)))
        .collect();
    let types = elements.iter().map(|element| &element.ty);
    let tuple = quote!((#(#types,)*));
    let values = elements.iter().map(|element| &element.value);
    let values = quote!((#(#values,)*));
    // Told before the fields are moved.
    let place = model.is_placed().then(|| {
        let (local, place) = (sealed::local("place"), sealed::place(model, private));
        quote!(let #local = #place; let _ = &#local;)
    });
    let ident = &model.ident;
    let (_, ty_generics, _) = model.generics.split_for_impl();
    let this = quote!(#borrow #ident #ty_generics);
    let mut generics = model.generics.clone();
    if by == By::Reference {
        generics.params.insert(0, LifetimeParam::new(lifetime).into());
    }
    add_bounds(&mut generics, &elements);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    match which {
        Trait::Insertable => {
            let implements = quote!(#diesel::Insertable<#table::table>);
            quote! {
                #[automatically_derived]
                impl #impl_generics #implements for #this #where_clause {
                    type Values = <#tuple as #implements>::Values;

                    fn values(self) -> Self::Values {
                        #place
                        <#tuple as #implements>::values(#values)
                    }
                }
            }
        }
        Trait::AsChangeset => {
            let implements = quote!(#diesel::query_builder::AsChangeset);
            quote! {
                #[automatically_derived]
                impl #impl_generics #implements for #this #where_clause {
                    type Target = #table::table;
                    type Changeset = <#tuple as #implements>::Changeset;

                    fn as_changeset(self) -> Self::Changeset {
                        #place
                        <#tuple as #implements>::as_changeset(#values)
                    }
                }
            }
        }
    }
}

/// With type parameters, what is written can be inserted for some of them.
fn add_bounds(generics: &mut Generics, elements: &[Element]) {
    if generics.type_params().next().is_some() {
        let bounds = elements.iter().filter_map(|element| element.bound.clone());
        generics.make_where_clause().predicates.extend(bounds);
    }
}
