//! What stands beside an error. The rest of the program names the markers and the traits, and complaints that they are missing
//! would bury the one complaint that matters.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Path, parse_quote};

use crate::{
    attr::foreign,
    expand::integrations,
    model::{Index, Kind, Model, Role},
    names::{self, last},
    types,
};

/// As much of the code as makes sense, and as little as provokes further errors.
pub(crate) fn expand(mut model: Model) -> TokenStream {
    if model.table.is_empty() {
        model.table = model.ident.to_string();
    }
    if model.diesel.is_some() && model.diesel_table.is_none() {
        // Where Diesel's own derives look for the table.
        model.diesel_table = syn::parse_str(&names::table_of(&model.ident)).ok();
    }
    if soften(&mut model) {
        return integrations(&model);
    }
    let from_row = (!model.no_from_row).then(|| from_row(&model));
    model.no_from_row = true;
    model.no_insert = true;
    model.no_update = true;
    // Nor what would read it row by row.
    model.sealed = false;
    model.bind.clear();
    model.tenant = None;
    let mut code = integrations(&model);
    code.extend(from_row.flatten());
    code
}

/// Makes a model of which no part is refused. Whether its fields are such that the whole struct can be read and written.
fn soften(model: &mut Model) -> bool {
    let declares = matches!(model.role, Role::Declares);
    model.is_mistaken = true;
    let has_place = place(model);
    // What a declared column is bound to is not known here, so that its values cannot be read.
    let mut is_sound = has_place || declares;
    let mut markers = HashSet::new();
    model.compound.iter_mut().for_each(soften_index);
    for field in &mut model.fields {
        let Some(encrypted) = &mut field.encrypted else { continue };
        // A query on the column is then accepted, whatever mode was meant.
        encrypted.deterministic = model.bind.is_empty();
        encrypted.allow_low_cardinality = true;
        encrypted.context = "unknown".into();
        encrypted.normalize.clear();
        encrypted.indexes.iter_mut().for_each(soften_index);
        let marker = last(&encrypted.marker);
        let plain = &encrypted.plain_ty;
        let is_foreign = types::borrow(plain).is_some()
            || types::parameter(plain, &model.generics).is_some()
            || types::without_options(plain).0 > 0
            || types::wrapped(plain).is_some();
        let is_misnamed = types::wrapped(&encrypted.value_ty).is_some_and(|ty| !types::is_named(ty, &marker));
        if declares && (is_foreign || is_misnamed || encrypted.options > 1) {
            is_sound = false;
            if is_foreign {
                encrypted.plain_ty = parse_quote!(::std::string::String);
            }
            encrypted.value_ty = encrypted.plain_ty.clone();
        }
        is_sound &= encrypted.options <= 2;
        if markers.insert(marker) {
            encrypted.indexes.retain(|index| markers.insert(last(&index.marker)));
        } else {
            field.encrypted = None;
            is_sound = false;
        }
    }
    model.compound.retain(|index| markers.insert(last(&index.marker)));
    is_sound
}

/// Makes an index of whole values, of which a declaration can be wrong in nothing.
fn soften_index(index: &mut Index) {
    index.kind = Kind::Whole;
    index.bits = None;
    index.steps.iter_mut().for_each(Vec::clear);
    index.context = "unknown".into();
    index.allow_low_cardinality = true;
}

/// Leaves out a row's id, or a tenant, that is none. Whether nothing was left out.
fn place(model: &mut Model) -> bool {
    let was_placed = model.is_placed();
    let is_plain = |name: &Ident| {
        model.find(name).is_some_and(|field| field.encrypted.is_none() && types::option(&field.ty).is_none())
    };
    let has_row = model.bind.iter().all(is_plain);
    let has_tenant = model.tenant.as_ref().is_some_and(is_plain);
    if !has_row {
        model.bind.clear();
    }
    if !has_tenant {
        model.tenant = None;
    }
    // A sealed field has no default, so the sealed form is left out with it.
    if model
        .fields
        .iter()
        .any(|field| field.encrypted.is_some() && foreign::sqlx_has(&field.sqlx_attrs, "default"))
    {
        model.sealed = false;
        model.bind.clear();
        model.tenant = None;
    }
    model.is_placed() == was_placed
}

/// SQLx's trait, for a struct that it cannot be written for.
fn from_row(model: &Model) -> Option<TokenStream> {
    let sqlx: Path = {
        let krate = model.sqlx.as_ref()?;
        parse_quote!(#krate::__private::sqlx)
    };
    let mut generics = model.generics.clone();
    generics.params.insert(0, parse_quote!('__row));
    generics.params.push(parse_quote!(__Row: #sqlx::Row));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (_, ty_generics, _) = model.generics.split_for_impl();
    let ident = &model.ident;
    Some(quote! {
        #[automatically_derived]
        impl #impl_generics #sqlx::FromRow<'__row, __Row> for #ident #ty_generics #where_clause {
            fn from_row(_: &'__row __Row) -> ::core::result::Result<Self, #sqlx::Error> {
                ::core::unreachable!()
            }
        }
    })
}
