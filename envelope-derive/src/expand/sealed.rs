//! `SealedUser`: the struct with its encrypted fields sealed, for code that passes its keyring by hand.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Generics, Visibility, ext::IdentExt, parse_quote};

use super::diesel;
use crate::{
    model::{EncryptedField, Field, Index, Model},
    types,
};

/// Nothing if the struct has no sealed form.
pub(super) fn expand(model: &Model) -> TokenStream {
    if !model.sealed {
        return TokenStream::new();
    }
    let whole = model.with_indexes();
    let mut code = structure(&whole);
    code.extend(seal(&whole));
    if model.is_read() {
        code.extend(open(&whole));
    }
    if let Some(row) = model.as_row() {
        code.extend(structure(&row));
        code.extend(open(&row));
    }
    code
}

/// The sealed form through which the struct is read, where its values have a place.
pub(super) fn row_ident(model: &Model) -> Ident {
    model.as_row().map_or_else(|| ident(model), |row| ident(&row))
}

/// `SealedUser`.
pub(super) fn ident(model: &Model) -> Ident {
    model.sealed_ident.clone()
}

/// The parameters of the struct that its plain fields mention. A lifetime of encrypted fields only ends with sealing.
pub(super) fn generics(model: &Model) -> Generics {
    let plain = model.fields.iter().filter(|field| field.encrypted.is_none()).map(|field| &field.ty);
    types::retain(&model.generics, plain)
}

/// Where the values of a struct stand, computed from its fields.
pub(super) fn place(model: &Model, private: &TokenStream) -> TokenStream {
    let row = model
        .bind
        .split_first()
        .map(|(first, more)| quote!(.in_row(#private::RowKey::new(&self.#first)#(.and(&self.#more))*)));
    let tenant = model.tenant.as_ref().map(|tenant| quote!(.of_tenant(&self.#tenant)));
    quote!(<#private::Place as ::core::default::Default>::default()#row #tenant)
}

fn structure(model: &Model) -> TokenStream {
    let private = model.private();
    let (this, vis, sealed) = (&model.ident, &model.vis, ident(model));
    let generics = generics(model);
    let doc = format!("A [`{this}`] whose encrypted fields are sealed: as the database holds it.");
    let (derives, field_attrs) = diesel::sealed(model);
    let fields = model.fields.iter().zip(field_attrs).map(|(field, attrs)| {
        let Field { ident, ty, vis, .. } = field;
        let (doc, ty) = match &field.encrypted {
            None => (format!("As in [`{this}`]."), quote!(#ty)),
            Some(encrypted) => {
                (format!("Of the column `{}.{}`.", model.table, field.column), sealed_ty(&private, encrypted))
            }
        };
        quote! {
            #[doc = #doc]
            #attrs
            #vis #ident: #ty
        }
    });
    let where_clause = &generics.where_clause;
    let plain = || model.fields.iter().filter(|field| field.encrypted.is_none()).map(|field| &field.ty);
    let all = bounded(&generics, plain(), &quote!(::core::clone::Clone));
    let (impl_generics, ty_generics, clone_clause) = all.split_for_impl();
    let names: Vec<_> = model.fields.iter().map(|field| &field.ident).collect();
    let shown: Vec<_> =
        model.fields.iter().filter(|field| field.encrypted.is_some()).map(|field| &field.ident).collect();
    let shown_names = shown.iter().map(|ident| ident.unraw().to_string());
    let (debug_generics, _, debug_clause) = generics.split_for_impl();
    let name = sealed.to_string();
    quote! {
        #[doc = #doc]
        #[allow(unreachable_pub, dead_code, clippy::exhaustive_structs)]
        #derives
        #vis struct #sealed #generics #where_clause {
            #(#fields,)*
        }

        #[automatically_derived]
        impl #impl_generics ::core::clone::Clone for #sealed #ty_generics #clone_clause {
            fn clone(&self) -> Self {
                Self { #(#names: ::core::clone::Clone::clone(&self.#names),)* }
            }
        }

        /// Without the plain fields, which may be of types that cannot be printed.
        #[automatically_derived]
        impl #debug_generics ::core::fmt::Debug for #sealed #ty_generics #debug_clause {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                formatter.debug_struct(#name)#(.field(#shown_names, &self.#shown))*.finish_non_exhaustive()
            }
        }
    }
}

fn sealed_ty(private: &TokenStream, encrypted: &EncryptedField) -> TokenStream {
    let marker = &encrypted.marker;
    let mut ty = quote!(#private::Sealed<#marker>);
    for _ in 0..encrypted.options {
        ty = quote!(::core::option::Option<#ty>);
    }
    ty
}

/// `User::seal`. The plain fields are cloned, which is asked of their types only where it is called.
fn seal(model: &Model) -> TokenStream {
    let private = model.private();
    let (this, vis, sealed) = (&model.ident, method_vis(model), ident(model));
    let sealed_generics = generics(model);
    let (_, sealed_ty_generics, _) = sealed_generics.split_for_impl();
    let (impl_generics, ty_generics, where_clause) = model.generics.split_for_impl();
    let plain = model.fields.iter().filter(|field| field.encrypted.is_none()).map(|field| &field.ty);
    let bounds = plain.map(|ty| quote_spanned!(types::at(ty)=> for<'__a> #ty: ::core::clone::Clone));
    let (keyring, place_ident) = (local("keyring"), local("place"));
    let place = place(model, &private);
    let fields = model.fields.iter().map(|field| {
        let ident = &field.ident;
        let value = match &field.encrypted {
            None => quote!(::core::clone::Clone::clone(&self.#ident)),
            Some(EncryptedField { index: Some(index), options, .. }) => {
                seal_index(model, &private, index, *options, &keyring, &place_ident)
            }
            Some(encrypted) => {
                let marker = &encrypted.marker;
                within(
                    encrypted.options,
                    &quote!(&self.#ident),
                    &|value| quote!(#private::seal_value::<#marker, _>(#keyring, &#place_ident, #value)?),
                )
            }
        };
        quote!(#ident: #value)
    });
    quote! {
        #[automatically_derived]
        impl #impl_generics #this #ty_generics #where_clause {
            /// Seals the encrypted fields with a keyring that is passed by hand. The others are cloned.
            ///
            /// # Errors
            ///
            /// When the keys cannot be had, or the row or tenant of the values is not one.
            #[allow(unreachable_pub, dead_code)]
            #vis fn seal(
                &self,
                #keyring: &#private::Keyring,
            ) -> ::core::result::Result<#sealed #sealed_ty_generics, #private::SealError>
            where
                #(#bounds,)*
            {
                let #place_ident = #place;
                ::core::result::Result::Ok(#sealed { #(#fields,)* })
            }
        }
    }
}

/// The terms of an index, in as many `Option`s as the field has.
fn seal_index(
    model: &Model,
    private: &TokenStream,
    index: &Index,
    options: usize,
    keyring: &Ident,
    place: &Ident,
) -> TokenStream {
    let option = quote!(::core::option::Option);
    let parts = index.fields.iter().filter_map(|name| {
        let field = model.find(name)?;
        let encrypted = field.encrypted.as_ref()?;
        let ident = &field.ident;
        let plain = match types::wrapped(&encrypted.value_ty) {
            None => quote!(value),
            Some(_) => quote!(&**value),
        };
        let encoded = quote!(#private::Encoded::of(#plain).retyped::<()>());
        Some(match encrypted.options {
            0 => quote!(#option::Some(#option::Some({ let value = &self.#ident; #encoded }))),
            1 => quote!(#option::Some(#option::map(#option::as_ref(&self.#ident), |value| #encoded))),
            _ => quote! {
                #option::map(#option::as_ref(&self.#ident), |value| #option::map(#option::as_ref(value), |value| #encoded))
            },
        })
    });
    let marker = &index.marker;
    let whole = quote!(#private::index_parts::<<#marker as #private::Column>::Plain, _>([#(#parts),*]));
    let seal = |value: TokenStream| quote!(#private::seal_value::<#marker, _>(#keyring, &#place, &#value)?);
    match options {
        0 => seal(quote!(#private::index_whole(#whole))),
        1 => {
            let sealed = seal(quote!(value));
            quote!(match #option::flatten(#whole) {
                #option::Some(value) => #option::Some(#sealed),
                #option::None => #option::None,
            })
        }
        _ => {
            let sealed = seal(quote!(value));
            quote!(match #whole {
                #option::Some(#option::Some(value)) => #option::Some(#option::Some(#sealed)),
                #option::Some(#option::None) => #option::Some(#option::None),
                #option::None => #option::None,
            })
        }
    }
}

/// `SealedUser::open` and its like.
fn open(model: &Model) -> TokenStream {
    let private = model.private();
    let (this, vis, sealed) = (&model.ident, method_vis(model), ident(model));
    let (keyring, place_ident, keys) = (local("keyring"), local("place"), local("keys"));
    let place = place(model, &private);
    // Of an index nothing is opened.
    let is_value = |field: &&Field| field.encrypted.as_ref().is_none_or(|own| own.index.is_none());
    let values = || model.fields.iter().filter(is_value);
    let encrypted = || values().filter_map(|field| Some((&field.ident, field.encrypted.as_ref()?)));
    let first = encrypted().map(|(_, encrypted)| &encrypted.marker).next();
    let fields = values().map(|field| {
        let ident = &field.ident;
        let value = match &field.encrypted {
            None => quote!(self.#ident),
            Some(EncryptedField { marker, value_ty, options, .. }) => within(
                *options,
                &quote!(self.#ident),
                &|value| quote!(#private::open_value::<#marker, #value_ty>(#keyring, &#place_ident, #value)?),
            ),
        };
        quote!(#ident: #value)
    });
    let added = encrypted().map(|(ident, EncryptedField { marker, options, .. })| {
        let add = |value: &TokenStream| {
            quote!(#keys.add(&<#marker as #private::Column>::FIELD, &#place_ident, #value.as_bytes());)
        };
        match options {
            0 => add(&quote!(self.#ident)),
            _ => {
                let add = add(&quote!(value));
                quote!(if let ::core::option::Option::Some(value) = &self.#ident { #add })
            }
        }
    });
    let generics = generics(model);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let (_, this_generics, _) = model.generics.split_for_impl();
    let row = quote!(#this #this_generics);
    quote! {
        #[automatically_derived]
        impl #impl_generics #private::SealedRow for #sealed #ty_generics #where_clause {
            type Row = #row;
            const FIRST: #private::FieldName = <#first as #private::Column>::FIELD.name();

            fn add_keys(&self, #keys: &mut #private::KeyBatch) {
                let #place_ident = #place;
                #(#added)*
            }

            fn open_row(
                self,
                #keyring: &#private::Keyring,
            ) -> ::core::result::Result<#row, #private::OpenError> {
                let #place_ident = #place;
                ::core::result::Result::Ok(#this { #(#fields,)* })
            }
        }

        #[automatically_derived]
        #[allow(unreachable_pub, dead_code)]
        impl #impl_generics #sealed #ty_generics #where_clause {
            /// Opens the encrypted fields with a keyring that is passed by hand.
            ///
            /// # Errors
            ///
            /// That of the first field that does not open.
            #vis fn open(
                self,
                #keyring: &#private::Keyring,
            ) -> ::core::result::Result<#row, #private::OpenError> {
                #private::SealedRow::open_row(self, #keyring)
            }

            /// Opens rows. The keys that are not in memory are fetched before, in one batch for each tenant.
            ///
            /// # Errors
            ///
            /// When a key cannot be fetched; else that of the first field that does not open.
            #vis async fn open_all(
                rows: impl ::core::iter::IntoIterator<Item = Self>,
                #keyring: &#private::Keyring,
            ) -> ::core::result::Result<::std::vec::Vec<#row>, #private::OpenError> {
                #keyring.open_rows(rows).await
            }

            /// As [`open_all`](Self::open_all), for code that is not async: the thread waits for the keys.
            ///
            /// # Errors
            ///
            /// As [`open_all`](Self::open_all).
            #vis fn open_all_blocking(
                rows: impl ::core::iter::IntoIterator<Item = Self>,
                #keyring: &#private::Keyring,
            ) -> ::core::result::Result<::std::vec::Vec<#row>, #private::OpenError> {
                #keyring.open_rows_blocking(rows)
            }
        }
    }
}

/// As visible as the struct that they make.
fn method_vis(model: &Model) -> &Visibility {
    &model.vis
}

/// A name that is the expansion's own.
pub(super) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// `f` of what is inside of the `Option`s.
fn within(options: usize, value: &TokenStream, f: &impl Fn(&TokenStream) -> TokenStream) -> TokenStream {
    let Some(inside) = options.checked_sub(1) else { return f(value) };
    let inner = local("inner");
    let inside = within(inside, &quote!(#inner), f);
    quote! {
        match #value {
            ::core::option::Option::Some(#inner) => ::core::option::Option::Some(#inside),
            ::core::option::Option::None => ::core::option::Option::None,
        }
    }
}

/// With a bound on types that may not hold it: the impl is then none, and no error.
fn bounded<'a>(
    generics: &Generics,
    types: impl Iterator<Item = &'a syn::Type>,
    bound: &TokenStream,
) -> Generics {
    let mut generics = generics.clone();
    generics
        .make_where_clause()
        .predicates
        .extend(types.map(|ty| -> syn::WherePredicate { parse_quote!(for<'__a> #ty: #bound) }));
    generics
}
