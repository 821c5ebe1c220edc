//! The indexes of a struct: columns of terms by which its encrypted columns are found.

use proc_macro2::{Ident, Span};
use syn::{Attribute, LitInt, LitStr, Path, Visibility, ext::IdentExt, parse_quote};

use super::{EncryptedField, Field, Model};
use crate::{
    attr::{
        foreign,
        index::{End, IndexAttrs, Step},
    },
    errors::Errors,
    names,
};

/// One index.
#[derive(Clone)]
pub(crate) struct Index {
    /// Where it is declared.
    pub(crate) span: Span,
    /// `UserEmailIndex`.
    pub(crate) marker: Path,
    pub(crate) marker_vis: Visibility,
    /// `EMAIL_INDEX`.
    pub(crate) constant: Ident,
    /// The column of its terms as the database has it, and as `table!` does.
    pub(crate) column: String,
    pub(crate) column_ident: Ident,
    /// The fields that it is of.
    pub(crate) fields: Vec<Ident>,
    pub(crate) kind: Kind,
    /// The steps for each of the fields.
    pub(crate) steps: Vec<Vec<Step>>,
    pub(crate) bits: Option<LitInt>,
    pub(crate) context: String,
    pub(crate) is_shadow: bool,
    pub(crate) allow_low_cardinality: bool,
    pub(crate) is_text: bool,
    /// The table of its terms, if they have one of their own.
    pub(crate) terms: Option<TermTable>,
}

/// What of a value it is of.
#[derive(Clone)]
pub(crate) enum Kind {
    Whole,
    Prefix(LitInt),
    Suffix(LitInt),
    Bucket(LitInt, Option<End>, Option<End>),
    Words,
    Trigrams,
}

/// A table for the terms of a column.
#[derive(Clone)]
pub(crate) struct TermTable {
    pub(crate) path: Path,
    /// The column that names the row.
    pub(crate) row: String,
    pub(crate) row_ident: Ident,
    /// The column of the struct's table that it names.
    pub(crate) key: Ident,
    pub(crate) is_key_given: bool,
}

impl Index {
    /// Whether it finds what is searched and nothing else.
    pub(crate) fn is_exact(&self) -> bool {
        let bits = self.bits.as_ref().map_or(Ok(128), LitInt::base10_parse::<u16>);
        matches!(self.kind, Kind::Whole) && bits.is_ok_and(|bits| bits >= 128)
    }
}

impl Model {
    /// The indexes, each with the table of its column.
    pub(crate) fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.fields
            .iter()
            .filter_map(|field| field.encrypted.as_ref())
            .flat_map(|encrypted| &encrypted.indexes)
            .chain(&self.compound)
    }

    /// Those of them that are columns beside the encrypted ones, and written with them.
    pub(crate) fn siblings(&self) -> impl Iterator<Item = &Index> {
        self.indexes().filter(|index| index.terms.is_none())
    }

    /// The compound indexes that a field is a part of.
    pub(crate) fn compound_of(&self, field: &Ident) -> impl Iterator<Item = &Index> {
        self.compound.iter().filter(|index| index.fields.iter().any(|part| part.unraw() == field.unraw()))
    }

    /// The sealed form as it is written: with the indexes, which are columns of it like the others.
    pub(crate) fn with_indexes(&self) -> Self {
        let fields = self.siblings().filter_map(|index| {
            let parts = index.fields.iter().filter_map(|name| self.find(name));
            let first = index.fields.first().and_then(|name| self.find(name))?;
            let options = parts.filter_map(|part| Some(part.encrypted.as_ref()?.options)).max()?;
            Some(Field {
                ident: index.column_ident.clone(),
                column: index.column.clone(),
                // What is said of the value's writing holds for the index too.
                diesel_attrs: self.attrs_of_index(first),
                sqlx_attrs: Vec::new(),
                encrypted: Some(EncryptedField {
                    marker: index.marker.clone(),
                    marker_vis: index.marker_vis.clone(),
                    constant: index.constant.clone(),
                    options,
                    indexes: Vec::new(),
                    index: Some(Box::new(index.clone())),
                    ..first.encrypted.clone()?
                }),
                ..first.clone()
            })
        });
        let fields: Vec<_> = fields.collect();
        let mut model = self.clone();
        model.fields.extend(fields);
        model
    }

    fn attrs_of_index(&self, of: &Field) -> Vec<Attribute> {
        let mut attrs = of.diesel_attrs.clone();
        let name = foreign::diesel_column(&of.diesel_attrs).unwrap_or_else(|| of.ident.clone());
        let key = foreign::primary_key(&self.diesel_attrs);
        if key.map_or_else(|| name == "id", |names| names.contains(&name))
            && !foreign::has(&attrs, "skip_update")
        {
            attrs.push(parse_quote!(#[diesel(skip_update)]));
        }
        attrs
    }

    /// The sealed form as a row of it is read where values are bound to their place: of the struct's own columns.
    pub(crate) fn as_row(&self) -> Option<Self> {
        if !self.is_placed() || !self.is_read() || self.siblings().next().is_none() {
            return None;
        }
        let mut model = self.clone();
        model.is_row = true;
        model.sealed_ident =
            quote::format_ident!("{}Row", self.sealed_ident, span = self.sealed_ident.span());
        Some(model)
    }

    pub(super) fn index(
        &self,
        attrs: &IndexAttrs,
        of: &[(&Field, &[Step])],
        errors: &mut Errors,
    ) -> Option<Index> {
        let terms = self.terms(attrs, errors);
        let default = || attrs.table.as_ref().map(|_| LitStr::new("term", attrs.span));
        let Some(column) = attrs.column.clone().or_else(default) else {
            errors.at(attrs.span, "name the column of the index: `index(column = email_index)`");
            return None;
        };
        let name = column.value();
        let Some(column_ident) = named(&column) else {
            errors.on(&column, format_args!("`{name}` is no identifier, so the column needs another name"));
            return None;
        };
        let kind = kind(attrs);
        // In a table of its own several indexes may have columns of one name.
        let (prefix, what) = match (&terms, &kind, of.first()) {
            (Some(_), Kind::Words, Some((field, _))) => (field.ident.unraw().to_string(), "_words"),
            (Some(_), _, Some((field, _))) => (field.ident.unraw().to_string(), "_trigrams"),
            _ => (name.clone(), ""),
        };
        let name_of_marker = format!("{prefix}{what}");
        let table = terms.as_ref().map_or_else(|| self.table.clone(), |terms| names::last(&terms.path));
        let encrypted = of.iter().find_map(|(field, _)| field.encrypted.as_ref());
        let is_text = of.len() == 1 && encrypted.is_some_and(|encrypted| encrypted.is_text);
        Some(Index {
            span: attrs.span,
            marker: self.marker(&raw(&name_of_marker, column.span()), errors),
            marker_vis: of.first().map_or(Visibility::Inherited, |(field, _)| self.marker_vis(&field.vis)),
            constant: Ident::new(&name_of_marker.to_uppercase(), column.span()),
            context: attrs.context.as_ref().map_or_else(
                || match terms {
                    Some(_) => format!("{table}.{name_of_marker}"),
                    None => format!("{table}.{name}"),
                },
                LitStr::value,
            ),
            column: name,
            column_ident,
            fields: of.iter().map(|(field, _)| field.ident.clone()).collect(),
            kind,
            steps: of.iter().map(|(_, steps)| steps.to_vec()).collect(),
            bits: attrs.bits.clone(),
            is_shadow: attrs.shadow.is_some(),
            allow_low_cardinality: attrs.allow_low_cardinality.is_some(),
            is_text,
            terms,
        })
    }

    fn terms(&self, attrs: &IndexAttrs, errors: &mut Errors) -> Option<TermTable> {
        let path = attrs.table.clone()?;
        let Some(row) = &attrs.row else {
            errors.on(
                &path,
                "name the column of that table which tells the row: `index(table = user_words, row = user_id, words)`",
            );
            return None;
        };
        let Some(row_ident) = named(row) else {
            errors.on(
                row,
                format_args!("`{}` is no identifier, so the column needs another name", row.value()),
            );
            return None;
        };
        let given = attrs.key.as_ref().and_then(named);
        let mut own = foreign::primary_key(&self.diesel_attrs).unwrap_or_default().into_iter();
        let key = match (given, own.next(), own.next()) {
            (Some(key), ..) | (None, Some(key), None) => key,
            (None, None, _) => Ident::new("id", Span::call_site()),
            (None, Some(_), Some(_)) => {
                errors.on(
                    row,
                    "the primary key has several columns; name the one by which a row is found: `key = id`",
                );
                return None;
            }
        };
        Some(TermTable { path, row: row.value(), row_ident, key, is_key_given: attrs.key.is_some() })
    }
}

/// A column's name as an identifier.
fn named(column: &LitStr) -> Option<Ident> {
    let name = column.value();
    let ident = syn::parse_str::<Ident>(&name).or_else(|_| syn::parse_str::<Ident>(&format!("r#{name}")));
    ident.ok().map(|mut ident| {
        ident.set_span(column.span());
        ident
    })
}

fn raw(name: &str, span: Span) -> Ident {
    syn::parse_str::<Ident>(name).map_or_else(|_| Ident::new_raw(name, span), |_| Ident::new(name, span))
}

fn kind(attrs: &IndexAttrs) -> Kind {
    match (&attrs.prefix, &attrs.suffix, &attrs.bucket) {
        (Some(length), ..) => Kind::Prefix(length.clone()),
        (_, Some(length), _) => Kind::Suffix(length.clone()),
        (.., Some(width)) => Kind::Bucket(width.clone(), attrs.first.clone(), attrs.last.clone()),
        _ if attrs.words.is_some() => Kind::Words,
        _ if attrs.trigrams.is_some() => Kind::Trigrams,
        _ => Kind::Whole,
    }
}
