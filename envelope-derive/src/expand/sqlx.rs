//! What SQLx needs: methods on the markers, and `FromRow`.

mod attrs;
mod from_row;
mod index;
mod or_null;

use from_row::Form;
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use crate::{
    model::{EncryptedField, Field, Model, Role},
    types,
};

/// Everything for SQLx.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let Some(krate) = &model.sqlx else { return TokenStream::new() };
    let private = quote!(#krate::__private);
    let mut code = TokenStream::new();
    if matches!(model.role, Role::Declares) {
        let encrypted = model.fields.iter().filter_map(|field| Some((field, field.encrypted.as_ref()?)));
        for (field, encrypted) in encrypted {
            code.extend(methods(&private, model, field, encrypted));
            code.extend(or_null::expand(&private, model, field, encrypted));
        }
        code.extend(model.indexes().map(|index| index::methods(&private, index)));
        code.extend(only_one(model));
    }
    if model.is_read() {
        if !model.no_from_row {
            code.extend(from_row::expand(
                &private,
                model,
                if model.is_placed() { Form::Placed } else { Form::Plain },
            ));
        }
        if model.sealed {
            code.extend(from_row::expand(&private, &model.with_indexes(), Form::Sealed));
            code.extend(model.as_row().map(|row| from_row::expand(&private, &row, Form::Sealed)));
        }
    }
    code
}

/// `User::EMAIL.bind(…)` and its like. Of a randomized column too: there the bound of `lookup` says why it cannot be searched.
fn methods(private: &TokenStream, model: &Model, field: &Field, encrypted: &EncryptedField) -> TokenStream {
    let EncryptedField { marker, marker_vis, .. } = encrypted;
    let column = format!("`{}.{}`", model.table, field.column);
    let [bind, seal, lookup, of] = [
        format!("Pairs a value with {column}, to be sealed by SQLx's `.bind(…)`. An `Option` may be `NULL`."),
        format!("Seals a value for {column} with the keyring in force, for `.bind(…)` and `.push_bind(…)`."),
        format!("Finds a value in {column}: what the stored bytes can be, by the keyring in force."),
        format!("{column} in a query that names its table, or the table's alias."),
    ];
    // Of a bound column they are there, too, to say why a value alone cannot be sealed.
    let unbound = (!model.bind.is_empty()).then(|| quote!(for<'__a> #marker: #private::UnboundColumn,));
    // Of an indexed one to say what to write instead.
    let is_indexed = encrypted.indexes.iter().any(|index| index.terms.is_none())
        || model.compound_of(&field.ident).next().is_some();
    let alone =
        (is_indexed && !model.is_mistaken).then(|| quote!(for<'__a> #marker: #private::WrittenAlone,));
    let compound: Vec<_> = model.compound_of(&field.ident).map(|index| index.constant.to_string()).collect();
    let indexed =
        is_indexed.then(|| index::indexed(private, encrypted, &column, unbound.as_ref(), &compound));
    let by =
        encrypted.indexes.iter().find(|index| index.terms.is_none() && index.is_exact() && !index.is_shadow);
    let by = by.filter(|_| !encrypted.deterministic).map_or_else(
        || quote!(Self),
        |index| {
            let marker = &index.marker;
            quote!(#marker)
        },
    );
    quote! {
        #[allow(unreachable_pub, dead_code)]
        const _: () = {
            #[automatically_derived]
            impl #marker {
                #[doc = #bind]
                #[must_use]
                #marker_vis fn bind<V, K>(self, value: V) -> <V as #private::BindValue<Self, K>>::Bind
                where
                    #unbound
                    #alone
                    V: #private::BindValue<Self, K>,
                {
                    #private::BindValue::<Self, K>::into_bind(value)
                }

                #[doc = #seal]
                ///
                /// # Errors
                ///
                /// When there is no keyring, or its keys cannot be had.
                #marker_vis fn seal<V, K>(
                    self,
                    value: V,
                ) -> ::core::result::Result<<V as #private::BindValue<Self, K>>::Sealed, #private::SealError>
                where
                    #unbound
                    #alone
                    V: #private::BindValue<Self, K>,
                {
                    #private::BindValue::<Self, K>::into_sealed(value)
                }

                #[doc = #lookup]
                ///
                /// # Errors
                ///
                /// When there is no keyring, or its keys cannot be had.
                #marker_vis fn lookup<V>(
                    self,
                    value: V,
                ) -> ::core::result::Result<#private::Lookup<#by>, #private::SealError>
                where
                    V: #private::LookupValue<#by>,
                {
                    #private::LookupValue::<#by>::lookup(&value)
                }

                #[doc = #of]
                #[must_use]
                #marker_vis fn of(self, table: &'static ::core::primitive::str) -> #private::ColumnName<Self> {
                    #private::ColumnName::of(self, table)
                }

                #indexed
            }
        };
    }
}

/// An item that a module can hold once, so that two structs which declare the columns of one table do not compile. With
/// Diesel its methods on the columns see to that, in any two modules.
fn only_one(model: &Model) -> Option<TokenStream> {
    if model.diesel.is_some() {
        return None;
    }
    let mut table = String::new();
    for letter in model.table.chars() {
        // Not every letter may stand in an identifier, and no two tables may have one name.
        match letter {
            '_' | 'a'..='z' | 'A'..='Z' | '0'..='9' => table.push(letter),
            _ => table.push_str(&format!("u{:x}", u32::from(letter))),
        }
    }
    let name =
        format!("the_encrypted_columns_of_{table}_are_declared_twice_write_columns_on_all_structs_but_one");
    let span = types::at(&model.ident);
    let name = Ident::new(&name, span);
    Some(quote_spanned! {span=>
        #[doc(hidden)]
        #[allow(dead_code, non_camel_case_types)]
        struct #name;
    })
}
