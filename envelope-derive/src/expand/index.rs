//! The markers of indexes, which are columns of their own, and what is found by them.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;

use super::columns::{marker_item, tenant_column};
use crate::{
    attr::index,
    model::{Field, Index, Kind, Model, Role},
    names, types,
};

/// Everything about a struct's indexes that does not depend on the ORM.
pub(super) fn expand(model: &Model) -> TokenStream {
    let mut code = TokenStream::new();
    if matches!(model.role, Role::Declares) {
        code.extend(model.indexes().map(|index| marker(model, index)));
        code.extend(model.indexes().map(|index| searches(model, index)));
    }
    if model.is_read() && !model.is_mistaken {
        code.extend(model.indexes().map(|index| found(model, index)));
    }
    code
}

/// What a value column's `Field` says of its indexes.
pub(super) fn of_field(model: &Model, field: &Field, private: &TokenStream) -> TokenStream {
    let Some(encrypted) = &field.encrypted else { return TokenStream::new() };
    let siblings: Vec<_> =
        encrypted.indexes.iter().filter(|index| index.terms.is_none()).map(|index| &index.marker).collect();
    let indexed =
        (!siblings.is_empty()).then(|| quote!(.indexed_by(&[#(<#siblings as #private::Column>::FIELD),*])));
    let compound: Vec<_> = model.compound_of(&field.ident).map(|index| &index.marker).collect();
    let compound =
        (!compound.is_empty()).then(|| quote!(.part_of(&[#(<#compound as #private::Column>::FIELD),*])));
    let terms: Vec<_> =
        encrypted.indexes.iter().filter(|index| index.terms.is_some()).map(|index| &index.marker).collect();
    let terms = (!terms.is_empty()).then(|| quote!(.with_terms(&[#(<#terms as #private::Column>::FIELD),*])));
    let steps = encrypted.normalize.iter().map(|step| index::tokens(step, private));
    let normalized = (!encrypted.normalize.is_empty()).then(|| quote!(.normalized(&[#(#steps),*])));
    quote!(#indexed #compound #terms #normalized)
}

/// The types of the fields that an index is of.
fn plain_types<'m>(model: &'m Model, index: &'m Index) -> impl Iterator<Item = &'m syn::Type> {
    index.fields.iter().filter_map(|name| Some(&model.find(name)?.encrypted.as_ref()?.plain_ty))
}

fn marker(model: &Model, index: &Index) -> TokenStream {
    let private = &model.private();
    let Index { marker, marker_vis, column, context, .. } = index;
    let table = match &index.terms {
        None => model.table.clone(),
        Some(terms) => names::last(&terms.path),
    };
    let types: Vec<_> = plain_types(model, index).collect();
    let plain = match *types {
        [ty] => quote_spanned!(types::at(ty)=> #ty),
        _ => quote!((#(#types,)*)),
    };
    let mode = match (&index.terms, index.is_exact()) {
        (Some(_), _) => quote!(Terms),
        // A shadow is not searched: it is ahead of processes that do not know its key.
        (None, true) if !index.is_shadow => quote!(Exact),
        (None, _) => quote!(Candidates),
    };
    let take = take(private, index, &plain);
    let lists = index.steps.iter().map(|steps| {
        let steps = steps.iter().map(|step| index::tokens(step, private));
        quote!(&[#(#steps),*])
    });
    let bits = index.bits.as_ref().map(|bits| quote!(.bits(#bits)));
    let key = index.is_shadow.then(|| quote!(.under(#private::IndexKey::Newest)));
    let terms = index.terms.as_ref().map(|terms| {
        let row = &terms.row;
        let of_table = &model.table;
        let key = model
            .find(&terms.key)
            .map_or_else(|| terms.key.unraw().to_string(), |field| field.column.clone());
        quote!(.in_table(#private::TermTable { row: #row, of_table: #of_table, key: #key }))
    });
    let of_columns = (index.fields.len() > 1).then(|| {
        let columns = index.fields.iter().filter_map(|field| Some(&model.find(field)?.column));
        quote!(.of_columns(&[#(#columns),*]))
    });
    let encoding = index.is_text.then(|| quote!(.encoding(#private::Encoding::Text)));
    let tenant = tenant_column(model).map(|column| quote!(.of_tenants(#column)));
    let field = quote! {
        #private::Field::of_index(
            #table,
            #column,
            #context,
            #private::Index::new(#take).normalized(&[#(#lists),*]) #of_columns #bits #key #terms,
        ) #encoding #tenant
    };
    let of = index.fields.iter().map(|field| field.unraw().to_string()).collect::<Vec<_>>().join(", ");
    let doc = format!("The index `{table}.{column}` of `{of}`. {}", leaks(index));
    let assertions = assertions(model, index, private);
    let item = marker_item(
        private,
        marker_vis,
        marker,
        &doc,
        &quote!(type Plain = #plain;),
        &mode,
        &field,
        &assertions,
    );
    let (ident, constant) = (&model.ident, &index.constant);
    let (impl_generics, ty_generics, where_clause) = model.generics.split_for_impl();
    let doc = format!("The index `{table}.{column}`.");
    quote! {
        #item

        #[automatically_derived]
        impl #impl_generics #ident #ty_generics #where_clause {
            #[doc = #doc]
            #[allow(unreachable_pub, dead_code)]
            #marker_vis const #constant: #marker = #marker;
        }
    }
}

/// What who has the table learns from the index, for its documentation.
fn leaks(index: &Index) -> String {
    let of = match &index.kind {
        Kind::Whole => "the value".to_owned(),
        Kind::Prefix(length) => format!("the first {} characters", length.base10_digits()),
        Kind::Suffix(length) => format!("the last {} characters", length.base10_digits()),
        Kind::Bucket(width, ..) => format!("the value rounded down to {}", width.base10_digits()),
        Kind::Words => "each word".to_owned(),
        Kind::Trigrams => "each three characters in a row".to_owned(),
    };
    format!(
        "Who has the table learns which rows are alike in {of}, after normalisation, and how many are: enough to guess values that are \
         common."
    )
}

fn take(private: &TokenStream, index: &Index, plain: &TokenStream) -> TokenStream {
    let take = quote!(#private::Take);
    match &index.kind {
        Kind::Whole => quote!(#take::Whole),
        Kind::Prefix(length) => quote!(#take::Prefix(#length)),
        Kind::Suffix(length) => quote!(#take::Suffix(#length)),
        Kind::Words => quote!(#take::Words),
        Kind::Trigrams => quote!(#take::Trigrams),
        Kind::Bucket(width, first, last) => {
            let end = |end: &Option<index::End>| match end {
                None => quote!(::core::option::Option::None),
                Some(end) => {
                    let value = end.value;
                    let value = quote_spanned!(end.span=> #value);
                    if end.is_date {
                        quote!(::core::option::Option::Some(#private::Buckets::day::<#plain>(#value)))
                    } else {
                        quote!(::core::option::Option::Some(#value))
                    }
                }
            };
            let (first, last) = (end(first), end(last));
            quote!(#take::Bucket(#private::Buckets::of::<#plain>(#width, #first, #last)))
        }
    }
}

/// That the types of the fields are such that the index finds what it shall, and hides what it can.
fn assertions(model: &Model, index: &Index, private: &TokenStream) -> TokenStream {
    if model.is_mistaken {
        return TokenStream::new();
    }
    let parts = plain_types(model, index).zip(&index.steps);
    let each = parts.map(|(ty, steps)| {
        let is_text = !steps.is_empty() || !matches!(index.kind, Kind::Whole | Kind::Bucket(..));
        let property = match (&index.kind, is_text, index.allow_low_cardinality) {
            (Kind::Bucket(..), ..) => quote!(OrderedPlaintext),
            (_, true, _) => quote!(TextPlaintext),
            (_, false, true) => quote!(ExactPlaintext),
            (_, false, false) => quote!(DeterministicPlaintext),
        };
        let assert = quote_spanned!(types::at(ty)=> indexed::<#ty>);
        quote! {
            const _: () = {
                const fn indexed<T: #private::#property>() {}
                #assert();
            };
        }
    });
    quote!(#(#each)*)
}

/// The methods of an index that search by it: those that its kind has.
fn searches(model: &Model, index: &Index) -> TokenStream {
    let private = &model.private();
    let Index { marker, marker_vis, .. } = index;
    let result = quote!(::core::result::Result<#private::Search<Self>, #private::SealError>);
    let errors = "\n\n# Errors\n\nWhen there is no keyring, or its keys cannot be had; and when the index does not answer this search.";
    let one = |name: &str, doc: &str, generics: TokenStream, ty: TokenStream| {
        let name = syn::Ident::new(name, Span::mixed_site());
        let doc = format!("{doc}{errors}");
        quote! {
            #[doc = #doc]
            #marker_vis fn #name #generics(self, value: #ty) -> #result {
                #private::search(self, &#private::Find::#name(value))
            }
        }
    };
    let text = |name: &str, doc: &str| one(name, doc, quote!(), quote!(&::core::primitive::str));
    let value = quote!(&(impl #private::ToPlaintext<Plain = <Self as #private::Column>::Plain> + ?::core::marker::Sized));
    let sized = quote!(&impl #private::ToPlaintext<Plain = <Self as #private::Column>::Plain>);
    let equal = one(
        "equal",
        "Rows whose value is this one, but for what the index makes alike.",
        quote!(),
        value.clone(),
    );
    let methods = match &index.kind {
        Kind::Whole if index.is_shadow => TokenStream::new(),
        Kind::Whole => equal,
        Kind::Prefix(_) => {
            let starts = text("starts_with", "Rows whose text begins with this one.");
            quote!(#equal #starts)
        }
        Kind::Suffix(_) => {
            let ends = text("ends_with", "Rows whose text ends with this one.");
            quote!(#equal #ends)
        }
        Kind::Words => text("words", "Rows whose text has each word of this one, in any order."),
        Kind::Trigrams => text("contains", "Rows whose text has this one in it."),
        Kind::Bucket(..) => {
            let ranges = [
                ("lt", "Rows whose value is less."),
                ("le", "Rows whose value is less, or equal."),
                ("gt", "Rows whose value is greater."),
                ("ge", "Rows whose value is greater, or equal."),
            ]
            .map(|(name, doc)| one(name, doc, quote!(), sized.clone()));
            let doc = format!("Rows whose value is between these two, both included.{errors}");
            quote! {
                #equal
                #(#ranges)*
                #[doc = #doc]
                #marker_vis fn between(self, from: #sized, to: #sized) -> #result {
                    #private::search(self, &#private::Find::between(from, to))
                }
            }
        }
    };
    quote! {
        #[allow(unreachable_pub, dead_code)]
        const _: () = {
            #[automatically_derived]
            impl #marker {
                #methods
            }
        };
    }
}

/// That a row has what the index is of, to be compared after decryption.
fn found(model: &Model, index: &Index) -> TokenStream {
    let private = &model.private();
    let fields: Vec<_> = index.fields.iter().filter_map(|name| model.find(name)).collect();
    let (names, values): (Vec<_>, Vec<_>) = fields
        .iter()
        .enumerate()
        .filter_map(|(number, field)| {
            let encrypted = field.encrypted.as_ref()?;
            let name = quote::format_ident!("value{}", number, span = Span::mixed_site());
            let ident = &field.ident;
            let value = if encrypted.options > 0 {
                quote!(&self.#ident)
            } else {
                quote!(&::core::option::Option::Some(&self.#ident))
            };
            // The wrapper is no plaintext, and derefs to one.
            let plain = match (types::wrapped(&encrypted.value_ty), encrypted.options) {
                (None, 0) => quote!(*#name),
                (None, _) => quote!(#name),
                (Some(_), 0) => quote!(&***#name),
                (Some(_), _) => quote!(&**#name),
            };
            Some(((name, plain), value))
        })
        .unzip();
    let (names, plains): (Vec<_>, Vec<_>) = names.into_iter().unzip();
    let searched = match &*plains {
        [plain] => quote!(search.is_match(#plain)),
        _ => quote!(search.is_match(&(#(#plains,)*))),
    };
    let ident = &model.ident;
    let marker = &index.marker;
    let (impl_generics, ty_generics, where_clause) = model.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #private::Found<#marker> for #ident #ty_generics #where_clause {
            fn is_found(&self, search: &#private::Search<#marker>) -> ::core::primitive::bool {
                match (#(#values,)*) {
                    (#(::core::option::Option::Some(#names),)*) => #searched,
                    _ => false,
                }
            }
        }
    }
}
