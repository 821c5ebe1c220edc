//! `#[sqlx(…)]` of a derived `FromRow`, as SQLx's own derive reads it.

use syn::{Attribute, LitStr, Type, meta::ParseNestedMeta};

/// How a field comes out of a row. Its name is in the model.
#[derive(Default)]
pub(super) struct Attrs {
    pub(super) default: bool,
    pub(super) flatten: bool,
    pub(super) skip: bool,
    pub(super) try_from: Option<Type>,
    pub(super) json: Option<Json>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Json {
    Always,
    OrNull,
}

/// The styles of `rename_all`, which the model has applied.
const STYLES: [&str; 7] =
    ["snake_case", "lowercase", "UPPERCASE", "camelCase", "PascalCase", "SCREAMING_SNAKE_CASE", "kebab-case"];

/// Refuses what the struct's own `#[sqlx(…)]` attributes ask for in vain.
pub(super) fn check_struct(attributes: &[Attribute]) -> syn::Result<()> {
    let option = |meta: ParseNestedMeta<'_>| {
        match meta.path.require_ident()?.to_string().as_str() {
        "rename_all" => {
            let style: LitStr = meta.value()?.parse()?;
            if STYLES.contains(&style.value().as_str()) {
                return Ok(());
            }
            Err(syn::Error::new_spanned(style, format_args!("write one of `{}`", STYLES.join("`, `"))))
        }
        "default" => Err(meta.error(
            "a derived `FromRow` knows no `default` on a struct; write `#[sqlx(default)]` on the fields that a query may leave out",
        )),
        name => Err(meta.error(format_args!(
            "a derived `FromRow` knows no `{name}` on a struct; write `rename_all`, or `#[encrypt(no_from_row)]` and a \
             `FromRow` of your own"
        ))),
    }
    };
    attributes.iter().try_for_each(|attribute| attribute.parse_nested_meta(option))
}

impl Attrs {
    /// Reads the `#[sqlx(…)]` attributes of a field.
    pub(super) fn parse(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut attrs = Self::default();
        for attribute in attributes {
            attribute.parse_nested_meta(|meta| attrs.option(&meta))?;
            let clash = match (&attrs.try_from, attrs.json) {
                (_, Some(_)) if attrs.flatten => "`flatten` and `json` exclude each other",
                (Some(_), Some(Json::OrNull)) => "`try_from` and `json(nullable)` exclude each other",
                _ => continue,
            };
            return Err(syn::Error::new_spanned(attribute, clash));
        }
        Ok(attrs)
    }

    fn option(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let name = meta.path.require_ident()?.to_string();
        match name.as_str() {
            "rename" => drop(meta.value()?.parse::<LitStr>()?),
            "default" => self.default = true,
            "flatten" => self.flatten = true,
            "skip" => self.skip = true,
            "try_from" => self.try_from = Some(meta.value()?.parse::<LitStr>()?.parse()?),
            "json" => {
                self.json = Some(Json::Always);
                if meta.input.peek(syn::token::Paren) {
                    meta.parse_nested_meta(|meta| {
                        self.json = Some(Json::OrNull);
                        if meta.path.is_ident("nullable") {
                            Ok(())
                        } else {
                            Err(meta.error("write `json(nullable)`"))
                        }
                    })?;
                }
            }
            _ => {
                return Err(meta.error(format_args!(
                    "a derived `FromRow` knows no `{name}` on a field; write `rename`, `default`, `flatten`, `skip`, `try_from` \
                     or `json`, or `#[encrypt(no_from_row)]` on the struct and a `FromRow` of your own"
                )));
            }
        }
        Ok(())
    }
}
