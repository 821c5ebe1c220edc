//! What was declared: the struct and its attributes, resolved, as the expansions read it.

mod index;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{
    Attribute, DeriveInput, Generics, Path, PathArguments, Type, Visibility, ext::IdentExt, parse_quote,
    punctuated::Punctuated, token::Comma,
};

pub(crate) use self::index::{Index, Kind};
use crate::{
    attr::{FieldAttrs, StructAttrs, foreign, index::Step},
    errors::Errors,
    names, types,
};

/// Which crate's derive was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Entry {
    Diesel,
    Sqlx,
}

/// One struct with `#[derive(Encrypted)]`.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) generics: Generics,
    /// Path of envelope-diesel if its code is to be emitted.
    pub(crate) diesel: Option<Path>,
    /// Path of envelope-sqlx if its code is to be emitted.
    pub(crate) sqlx: Option<Path>,
    /// Whether this struct declares the table's columns, or uses those that another declares.
    pub(crate) role: Role,
    /// The table's name in contexts and messages.
    pub(crate) table: String,
    /// `#[diesel(table_name = …)]`.
    pub(crate) diesel_table: Option<Path>,
    /// The struct's `#[diesel(…)]` attributes, as they stand.
    pub(crate) diesel_attrs: Vec<Attribute>,
    /// The struct's `#[sqlx(…)]` attributes, as they stand.
    pub(crate) sqlx_attrs: Vec<Attribute>,
    /// Opt-outs.
    pub(crate) no_from_row: bool,
    pub(crate) no_insert: bool,
    pub(crate) no_update: bool,
    /// Whether the struct has a sealed form, `SealedUser`.
    pub(crate) sealed: bool,
    /// What that is called.
    pub(crate) sealed_ident: Ident,
    /// This is the sealed form in which rows are read, [`as_row`](Self::as_row).
    pub(crate) is_row: bool,
    /// The fields that name the row to which values are bound; none if they are not.
    pub(crate) bind: Vec<Ident>,
    /// The field that names the row's tenant.
    pub(crate) tenant: Option<Ident>,
    pub(crate) fields: Vec<Field>,
    /// Indexes of several fields.
    pub(crate) compound: Vec<Index>,
    /// Something was reported, and what is emitted beside it shall not complain, too.
    pub(crate) is_mistaken: bool,
}

#[derive(Clone)]
pub(crate) enum Role {
    /// Emits the column markers.
    Declares,
    /// `columns = path::User`.
    Uses(Path),
}

#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    /// The field's name as the database has it.
    pub(crate) column: String,
    pub(crate) diesel_attrs: Vec<Attribute>,
    pub(crate) sqlx_attrs: Vec<Attribute>,
    /// `None` for a field without `#[encrypt]`.
    pub(crate) encrypted: Option<EncryptedField>,
}

#[derive(Clone)]
pub(crate) struct EncryptedField {
    /// `UserEmail`; with `columns = path::User`, `path::UserEmail`.
    pub(crate) marker: Path,
    /// The visibility of the marker, when this struct declares it.
    pub(crate) marker_vis: Visibility,
    /// `EMAIL`.
    pub(crate) constant: Ident,
    /// How many `Option` stand around the value: 0, 1, or 2 (`Option<Option<T>>`, changesets only).
    pub(crate) options: usize,
    /// The type inside of the options, as the user wrote it: `String`, `&'a str`, `Encrypted<UserEmail>`.
    pub(crate) value_ty: Type,
    /// The plaintext type, when this struct declares the column: `value_ty`, or what `type = …` says.
    pub(crate) plain_ty: Type,
    pub(crate) deterministic: bool,
    pub(crate) xaes: bool,
    pub(crate) allow_low_cardinality: bool,
    pub(crate) read_plaintext: bool,
    /// `encoding = "text"`.
    pub(crate) is_text: bool,
    /// The steps before a deterministic value is encrypted.
    pub(crate) normalize: Vec<Step>,
    pub(crate) indexes: Vec<Index>,
    /// Of a field of the sealed form that is an index.
    pub(crate) index: Option<Box<Index>>,
    /// `table.column`, or what `context = "…"` says.
    pub(crate) context: String,
}

impl Model {
    /// Resolves names and defaults. Reports only what leaves no name to go on with; the rest is for `check`.
    pub(crate) fn new(
        entry: Entry,
        input: &DeriveInput,
        fields: &Punctuated<syn::Field, Comma>,
        attrs: &StructAttrs,
        field_attrs: &[Option<FieldAttrs>],
        errors: &mut Errors,
    ) -> Self {
        let diesel = target(entry == Entry::Diesel, attrs, attrs.diesel.as_ref(), "envelope_diesel");
        let sqlx = target(entry == Entry::Sqlx, attrs, attrs.sqlx.as_ref(), "envelope_sqlx");
        let diesel_table = foreign::diesel_table(&input.attrs);
        let role = attrs.columns.clone().map_or(Role::Declares, Role::Uses);
        let table = match (&attrs.table, &diesel_table, &role) {
            (Some(name), ..) => name.value(),
            (None, Some(path), _) | (None, None, Role::Uses(path)) => names::last(path),
            (None, None, Role::Declares) => String::new(),
        };
        let mut model = Self {
            ident: input.ident.clone(),
            vis: input.vis.clone(),
            generics: input.generics.clone(),
            diesel,
            sqlx,
            role,
            table,
            diesel_table,
            diesel_attrs: foreign::of(&input.attrs, "diesel"),
            sqlx_attrs: foreign::of(&input.attrs, "sqlx"),
            no_from_row: attrs.no_from_row.is_some(),
            no_insert: attrs.no_insert.is_some(),
            no_update: attrs.no_update.is_some(),
            sealed_ident: format_ident!("Sealed{}", input.ident.unraw(), span = input.ident.span()),
            is_row: false,
            sealed: attrs.sealed.is_some() || attrs.bind.is_some() || attrs.tenant.is_some(),
            bind: attrs.bind.clone().unwrap_or_default(),
            tenant: attrs.tenant.clone(),
            fields: Vec::new(),
            compound: Vec::new(),
            is_mistaken: false,
        };
        for (field, attrs) in fields.iter().zip(field_attrs) {
            if let Some(ident) = &field.ident {
                let mut field = model.field(input, field, ident, attrs.as_ref(), errors);
                let indexes: Vec<_> = attrs
                    .iter()
                    .flat_map(|attrs| &attrs.indexes)
                    .filter_map(|index| {
                        let steps = index.normalize.as_deref().unwrap_or_default();
                        model.index(index, &[(&field, steps)], errors)
                    })
                    .collect();
                if let Some(encrypted) = &mut field.encrypted {
                    encrypted.indexes = indexes;
                }
                model.fields.push(field);
            }
        }
        for attrs in &attrs.indexes {
            let parts = attrs.columns.iter().filter_map(|(name, steps)| Some((model.find(name)?, &**steps)));
            let parts: Vec<_> = parts.filter(|(field, _)| field.encrypted.is_some()).collect();
            if parts.len() == attrs.columns.len() && parts.len() > 1 {
                let index = model.index(attrs, &parts, errors);
                model.compound.extend(index);
            }
        }
        model
    }

    /// What generated code names: `<crate>::__private` of the first crate whose code is emitted.
    pub(crate) fn private(&self) -> TokenStream {
        match self.diesel.as_ref().or(self.sqlx.as_ref()) {
            Some(krate) => quote!(#krate::__private),
            None => quote!(::envelope_sqlx::__private),
        }
    }

    /// What an encrypted value needs to know of the fields beside it, so that it cannot be read or written alone.
    pub(crate) fn is_placed(&self) -> bool {
        !self.bind.is_empty() || self.tenant.is_some()
    }

    /// Whether rows become this struct. One that borrows, or tells no change from `NULL`, is for writing.
    pub(crate) fn is_read(&self) -> bool {
        let is_changeset = |field: &Field| field.encrypted.as_ref().is_some_and(|own| own.options > 1);
        self.generics.lifetimes().next().is_none() && !self.fields.iter().any(is_changeset)
    }

    /// The field of that name.
    pub(crate) fn find(&self, name: &Ident) -> Option<&Field> {
        self.fields.iter().find(|field| field.ident.unraw() == name.unraw())
    }

    fn field(
        &self,
        input: &DeriveInput,
        field: &syn::Field,
        ident: &Ident,
        attrs: Option<&FieldAttrs>,
        errors: &mut Errors,
    ) -> Field {
        let column = attrs
            .and_then(|attrs| Some(attrs.column.as_ref()?.value()))
            .or_else(|| foreign::sqlx_rename(&field.attrs))
            .or_else(|| foreign::diesel_column(&field.attrs).map(|ident| ident.unraw().to_string()))
            .or_else(|| foreign::sqlx_rename_all(&input.attrs, ident))
            .unwrap_or_else(|| ident.unraw().to_string());
        let encrypted = attrs.map(|attrs| self.encrypted(field, ident, attrs, &column, errors));
        Field {
            ident: ident.clone(),
            vis: field.vis.clone(),
            ty: field.ty.clone(),
            column,
            diesel_attrs: foreign::of(&field.attrs, "diesel"),
            sqlx_attrs: foreign::of(&field.attrs, "sqlx"),
            encrypted,
        }
    }

    fn encrypted(
        &self,
        field: &syn::Field,
        ident: &Ident,
        attrs: &FieldAttrs,
        column: &str,
        errors: &mut Errors,
    ) -> EncryptedField {
        let (options, value_ty) = types::without_options(&field.ty);
        let table = &self.table;
        EncryptedField {
            marker: self.marker(ident, errors),
            marker_vis: self.marker_vis(&field.vis),
            constant: identifier(&names::screaming(ident), ident, errors),
            options,
            value_ty: value_ty.clone(),
            plain_ty: attrs.ty.as_ref().unwrap_or(value_ty).clone(),
            deterministic: attrs.deterministic.is_some(),
            xaes: attrs.xaes.is_some(),
            allow_low_cardinality: attrs.allow_low_cardinality.is_some(),
            read_plaintext: attrs.plaintext.is_some(),
            is_text: attrs.encoding.is_some(),
            normalize: attrs.normalize.clone().unwrap_or_default(),
            indexes: Vec::new(),
            index: None,
            context: attrs.context.as_ref().map_or_else(|| format!("{table}.{column}"), syn::LitStr::value),
        }
    }

    fn marker(&self, field: &Ident, errors: &mut Errors) -> Path {
        let words = names::pascal(field);
        match &self.role {
            Role::Declares => identifier(&format!("{}{words}", self.ident.unraw()), field, errors).into(),
            Role::Uses(path) => {
                // The places are the user's, the tokens are not: no lint shall propose to edit them.
                let mut path = path.clone();
                for segment in &mut path.segments {
                    segment.ident.set_span(types::at(&segment.ident));
                }
                if let Some(segment) = path.segments.last_mut() {
                    segment.ident = identifier(&format!("{}{words}", segment.ident.unraw()), field, errors);
                    segment.ident.set_span(types::at(field));
                    segment.arguments = PathArguments::None;
                }
                path
            }
        }
    }

    /// No wider than struct and field are, because the plaintext's type must be as visible as a marker that names it (E0446).
    /// With Diesel the marker must be `pub`: it is the SQL type of the column that `table!` makes, which is `pub`.
    fn marker_vis(&self, field: &Visibility) -> Visibility {
        if self.diesel.is_some() {
            return parse_quote!(pub);
        }
        match (&self.vis, field) {
            (Visibility::Public(_), field) => field.clone(),
            (vis, Visibility::Public(_)) => vis.clone(),
            (Visibility::Inherited, _) | (_, Visibility::Inherited) => Visibility::Inherited,
            (Visibility::Restricted(vis), Visibility::Restricted(field)) => {
                let whole = field.path.is_ident("crate");
                Visibility::Restricted(if whole { vis.clone() } else { field.clone() })
            }
        }
    }
}

/// The path of one integration's crate, if its code is to be emitted: that of the entry point is, others on request.
fn target(
    is_entry: bool,
    attrs: &StructAttrs,
    integration: Option<&crate::attr::Integration>,
    default: &str,
) -> Option<Path> {
    let named = integration.and_then(|integration| integration.krate.clone());
    let krate = named.or_else(|| attrs.krate.clone().filter(|_| is_entry));
    (is_entry || integration.is_some()).then(|| {
        krate.unwrap_or_else(|| {
            let default = format_ident!("{default}");
            parse_quote!(::#default)
        })
    })
}

/// An identifier made from a field's name. Some names have none, since not every letter has an upper case that may
/// stand in an identifier.
fn identifier(text: &str, field: &Ident, errors: &mut Errors) -> Ident {
    match syn::parse_str::<Ident>(text) {
        Ok(mut ident) => {
            ident.set_span(field.span());
            ident
        }
        Err(_) => {
            errors
                .at(field.span(), format_args!("`{text}` is no identifier, so the field needs another name"));
            field.clone()
        }
    }
}
