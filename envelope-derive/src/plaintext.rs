//! `#[derive(Plaintext)]`: the encoding of a newtype is that of its field, that of an enum the name of the variant
//! (FORMAT.md#plaintext-encodings).

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    Attribute, Data, DataEnum, DeriveInput, Fields, LitByteStr, Member, Path, Type, ext::IdentExt,
    parse_quote,
};

use crate::{attr, errors::Errors, model::Entry, types};

/// What a value is written as.
enum Shape {
    /// As its only field.
    Newtype(Member, Box<Type>),
    /// As the name of its variant.
    Names(Vec<(Ident, String)>),
    /// Not at all, which was reported: models with a field of this type shall not be blamed for it too.
    Unknown,
}

/// Never panics, whatever the tokens are.
pub(crate) fn derive(input: TokenStream, entry: Entry) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    let attrs = attr::of_plaintext(&input.attrs, &mut errors);
    let shape = shape(&input, &mut errors);
    if let (Some(span), Entry::Sqlx) = (attrs.no_queryable, entry) {
        errors.at(span, "`no_queryable` is for Diesel; remove it");
    }
    let krate = attrs.krate.unwrap_or_else(|| match entry {
        Entry::Diesel => parse_quote!(::envelope_diesel),
        Entry::Sqlx => parse_quote!(::envelope_sqlx),
    });
    let (code, shape) = match errors.finish() {
        Ok(()) => (TokenStream::new(), shape.unwrap_or(Shape::Unknown)),
        Err(error) => (error.into_compile_error(), Shape::Unknown),
    };
    let impls = impls(&input, &krate, &shape);
    let queryable =
        (entry == Entry::Diesel && attrs.no_queryable.is_none()).then(|| queryable(&input, &krate));
    quote! {
        #code
        const _: () = {
            #impls
            #queryable
        };
    }
}

fn shape(input: &DeriveInput, errors: &mut Errors) -> Option<Shape> {
    if let Some(lifetime) = input.generics.lifetimes().next() {
        errors.on(
            lifetime,
            "a plaintext is read back and has to own its data; write a type without lifetimes, and implement \
             `ToPlaintext` for the one that borrows",
        );
        return None;
    }
    match &input.data {
        Data::Struct(data) => newtype(input, &data.fields, errors),
        Data::Enum(data) => names(input, data, errors),
        Data::Union(_) => {
            errors.on(&input.ident, "a union has no encoding; implement `ToPlaintext` and `FromPlaintext`");
            None
        }
    }
}

fn newtype(input: &DeriveInput, fields: &Fields, errors: &mut Errors) -> Option<Shape> {
    for field in fields {
        no_options(&field.attrs, "a field", errors);
    }
    let mut only = fields.members().zip(fields);
    match (only.next(), only.next()) {
        (Some((member, field)), None) => {
            if types::without_options(&field.ty).0 > 0 {
                errors.on(
                    &field.ty,
                    "NULL is not encrypted: write the type without `Option`, and `Option` around the newtype",
                );
            }
            Some(Shape::Newtype(member, Box::new(field.ty.clone())))
        }
        _ => {
            errors.on(
                &input.ident,
                "a struct has an encoding if it has exactly one field; for others implement `ToPlaintext` and \
                 `FromPlaintext`",
            );
            None
        }
    }
}

fn names(input: &DeriveInput, data: &DataEnum, errors: &mut Errors) -> Option<Shape> {
    let mut names: Vec<(Ident, String)> = Vec::new();
    for variant in &data.variants {
        let rename = attr::of_variant(&variant.attrs, errors).rename;
        for field in &variant.fields {
            no_options(&field.attrs, "a field", errors);
        }
        if !matches!(variant.fields, Fields::Unit) {
            errors.on(
                variant,
                "an enum has an encoding if no variant holds data; for others implement `ToPlaintext` and \
                 `FromPlaintext`",
            );
            continue;
        }
        let name = rename.as_ref().map_or_else(|| variant.ident.unraw().to_string(), syn::LitStr::value);
        if let Some((other, _)) = names.iter().find(|(_, taken)| *taken == name) {
            let message = format!("`{other}` is written as `{name}` already; rename one");
            match &rename {
                Some(literal) => errors.on(literal, message),
                None => errors.on(&variant.ident, message),
            }
        }
        names.push((variant.ident.clone(), name));
    }
    if data.variants.is_empty() {
        errors.on(&input.ident, "an enum without variants has no value to encrypt; write one with variants");
    }
    (names.len() == data.variants.len() && !names.is_empty()).then_some(Shape::Names(names))
}

/// Nothing can be said of the inside of a value; what looks like it would be ignored without a word.
fn no_options(attributes: &[Attribute], place: &str, errors: &mut Errors) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("encrypt")) {
        errors.on(
            attribute,
            format_args!(
                "{place} of a type with `#[derive(Plaintext)]` has no options; write `#[encrypt]` where the type is \
                 the field of a model"
            ),
        );
    }
}

fn impls(input: &DeriveInput, krate: &Path, shape: &Shape) -> TokenStream {
    let private = quote!(#krate::__private);
    let ident = &input.ident;
    let (write, size_hint, read, properties) = match shape {
        Shape::Newtype(member, ty) => newtype_bodies(input, &private, member, ty),
        Shape::Names(names) => names_bodies(ident, &private, names),
        Shape::Unknown => stub_bodies(),
    };
    let kind = match shape {
        Shape::Newtype(_, ty) => Some(quote_spanned!(types::at(ty)=> <#ty as #private::FromPlaintext>::KIND)),
        Shape::Names(_) => Some(quote!(#private::PlaintextKind::Text)),
        Shape::Unknown => None,
    };
    let kind = kind.map(|kind| quote!(const KIND: #private::PlaintextKind = #kind;));
    let mut generics = input.generics.clone();
    if let (Shape::Newtype(_, ty), Some(_)) = (shape, generics.params.first()) {
        let predicate = parse_quote!(#ty: #private::ToPlaintext + #private::FromPlaintext);
        generics.make_where_clause().predicates.push(predicate);
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #impl_generics #private::ToPlaintext for #ident #ty_generics #where_clause {
            type Plain = Self;

            fn write(&self, out: &mut #private::PlaintextWriter<'_>) {
                #write
            }

            fn size_hint(&self) -> ::core::primitive::usize {
                #size_hint
            }
        }

        #[automatically_derived]
        impl #impl_generics #private::FromPlaintext for #ident #ty_generics #where_clause {
            #kind

            fn read(
                bytes: #private::PlaintextBytes,
            ) -> ::core::result::Result<Self, #private::PlaintextError> {
                #read
            }
        }

        #[automatically_derived]
        impl #impl_generics #private::ListItem for #ident #ty_generics #where_clause {}

        #properties
    }
}

type Bodies = (TokenStream, TokenStream, TokenStream, TokenStream);

fn newtype_bodies(input: &DeriveInput, private: &TokenStream, member: &Member, ty: &Type) -> Bodies {
    let ident = &input.ident;
    // The bound is checked where the newtype is used in a deterministic column, not here. A bound without parameters
    // would be refused at once if it does not hold; one that is quantified over a lifetime is not.
    let passed_on = ["ExactPlaintext", "DeterministicPlaintext", "TextPlaintext"].map(|name| {
        let property = Ident::new(name, Span::mixed_site());
        let mut generics = input.generics.clone();
        let predicates = &mut generics.make_where_clause().predicates;
        predicates.push(parse_quote!(for<'__a> #ty: #private::#property));
        predicates.push(parse_quote!(for<'__a> Self: #private::Plaintext));
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #impl_generics #private::#property for #ident #ty_generics #where_clause {}
        }
    });
    let ordered = {
        let mut generics = input.generics.clone();
        let inner = quote!(<#ty as #private::Ordered>);
        generics.make_where_clause().predicates.push(parse_quote!(for<'__a> #ty: #private::Ordered));
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #impl_generics #private::Ordered for #ident #ty_generics #where_clause {
                const STEPS: ::core::primitive::i128 = #inner::STEPS;
                const DAY: ::core::primitive::i64 = #inner::DAY;

                fn order(encoded: &[::core::primitive::u8]) -> ::core::option::Option<::core::primitive::i128> {
                    #inner::order(encoded)
                }
            }
        }
    };
    (
        quote_spanned!(types::at(ty)=> <#ty as #private::ToPlaintext>::write(&self.#member, out)),
        quote_spanned!(types::at(ty)=> <#ty as #private::ToPlaintext>::size_hint(&self.#member)),
        quote_spanned! {types::at(ty)=>
            match <#ty as #private::FromPlaintext>::read(bytes) {
                ::core::result::Result::Ok(value) => ::core::result::Result::Ok(Self { #member: value }),
                ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
            }
        },
        quote!(#(#passed_on)* #ordered),
    )
}

fn names_bodies(ident: &Ident, private: &TokenStream, names: &[(Ident, String)]) -> Bodies {
    let variants = names.iter().map(|(variant, _)| variant);
    let texts = names.iter().map(|(variant, text)| LitByteStr::new(text.as_bytes(), variant.span()));
    let (write_variants, write_texts) = (variants.clone(), texts.clone());
    let longest = names.iter().map(|(_, text)| text.len()).max().unwrap_or(0);
    let expected = format!("the name of a `{}`", ident.unraw());
    (
        quote_spanned! {Span::mixed_site()=>
            out.write(match self {
                #(Self::#write_variants => #write_texts,)*
            })
        },
        quote!(#longest),
        quote_spanned! {Span::mixed_site()=>
            match &*bytes {
                #(#texts => ::core::result::Result::Ok(Self::#variants),)*
                _ => ::core::result::Result::Err(#private::PlaintextError::new(#expected)),
            }
        },
        // Few values: read off their frequencies. Hence no `DeterministicPlaintext`.
        quote! {
            #[automatically_derived]
            impl #private::ExactPlaintext for #ident {}
        },
    )
}

fn stub_bodies() -> Bodies {
    let stub = || quote!(::core::unreachable!());
    (stub(), stub(), stub(), TokenStream::new())
}

/// As Diesel's `#[derive(FromSqlRow)]` does it: a field of this type loads from whatever column it has a `FromSql` for.
fn queryable(input: &DeriveInput, krate: &Path) -> TokenStream {
    let diesel = quote!(#krate::__private::diesel);
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    generics.params.push(parse_quote!(__DB));
    generics.params.push(parse_quote!(__ST));
    let predicates = &mut generics.make_where_clause().predicates;
    predicates.push(parse_quote!(__DB: #diesel::backend::Backend));
    predicates.push(parse_quote!(__ST: #diesel::sql_types::SingleValue));
    predicates.push(parse_quote!(Self: #diesel::deserialize::FromSql<__ST, __DB>));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (_, ty_generics, _) = input.generics.split_for_impl();
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #impl_generics #diesel::deserialize::Queryable<__ST, __DB> for #ident #ty_generics #where_clause {
            type Row = Self;

            fn build(row: Self) -> #diesel::deserialize::Result<Self> {
                ::core::result::Result::Ok(row)
            }
        }
    }
}
