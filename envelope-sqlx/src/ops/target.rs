//! A declared column and the columns of the database that its values move between.

use std::sync::Arc;

use envelope_core::{DeclaredColumn, Encoding, Field, Import, PlaintextKind};

use super::{
    dialect::Dialect,
    error::OpsError,
    index::IndexOf,
    schema::{Class, LiveColumn, LiveTable},
};

/// What is done to the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Encrypt,
    Reencrypt,
    Decrypt,
    /// Its terms are written.
    Index,
}

/// One column's part in a run.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) field: Field,
    pub(crate) kind: PlaintextKind,
    pub(crate) verb: Verb,
    /// Where values are read.
    pub(crate) source: LiveColumn,
    /// Where they are written: another column, or the same.
    pub(crate) sink: LiveColumn,
    /// How values were sealed that are to be sealed as the column is declared now.
    pub(crate) former: Option<Field>,
    /// Who reads what was encrypted by others.
    pub(crate) importer: Option<Arc<dyn Import>>,
    /// Of an index, what its terms are of.
    pub(crate) index: Option<IndexOf>,
}

/// The columns of a table that tell the place of its values.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlaceColumns {
    pub(crate) row: Vec<LiveColumn>,
    pub(crate) tenant: Option<LiveColumn>,
}

impl PlaceColumns {
    pub(crate) fn of(table: &LiveTable, field: &Field) -> Result<Self, OpsError> {
        let refuse = |column: &LiveColumn, expected, advice: &str| OpsError::ColumnType {
            table: table.name.clone(),
            column: column.name.clone(),
            found: column.ty.clone(),
            expected,
            advice: advice.into(),
        };
        let live = |name: &&str| {
            let column = table.column(name)?;
            column.as_name().ok_or_else(|| {
                refuse(
                    column,
                    "text, bytes, an integer or a UUID (in PostgreSQL also a boolean, a date, a time or a timestamp without time zone) to \
                     name rows",
                    "of other types it is not known how the application binds them; write these rows by the application",
                )
            })
        };
        let tenant: Option<LiveColumn> = field.tenant_column().as_ref().map(live).transpose()?;
        if let Some(column) = &tenant
            && !column.class.names_tenants()
        {
            let advice = "a tenant is named by nothing else";
            return Err(refuse(column, "text, an integer or a UUID to name tenants", advice));
        }
        Ok(Self { row: field.row_columns().iter().map(live).collect::<Result<_, _>>()?, tenant })
    }
}

impl Target {
    /// The column itself, as values are found there.
    pub(crate) fn in_place(column: &DeclaredColumn, table: &LiveTable, verb: Verb) -> Result<Self, OpsError> {
        let live = table.column(column.field().name().column())?;
        Ok(Self {
            field: *column.field(),
            kind: column.kind(),
            verb,
            source: live.clone(),
            sink: live.clone(),
            former: None,
            importer: None,
            index: None,
        })
    }

    /// Its column, for people; of another table with that.
    pub(crate) fn shown(&self) -> String {
        match self.index.as_ref().and_then(|of| of.terms.as_ref()) {
            None => self.field.name().column().to_owned(),
            Some(_) => self.field.name().to_string(),
        }
    }

    pub(crate) fn is_in_place(&self) -> bool {
        self.source.name == self.sink.name
    }

    /// Refuses what would go wrong in every row.
    pub(crate) fn check(&self, dialect: Dialect, table: &str) -> Result<(), OpsError> {
        let sealed = if self.verb == Verb::Decrypt { &self.source } else { &self.sink };
        self.check_type(dialect, table, sealed)?;
        let refuse = |reason: &str| {
            Err(OpsError::Plan { table: table.into(), column: sealed.name.clone(), reason: reason.into() })
        };
        if self.verb == Verb::Reencrypt {
            return Ok(());
        }
        if self.is_in_place() && self.importer.is_none() {
            match self.kind {
                PlaintextKind::Text | PlaintextKind::JsonText | PlaintextKind::Custom => {}
                _ => {
                    return refuse(
                        "only text and JSON are encrypted and decrypted in their own column: the bytes of other types can begin as \
                         encrypted ones do; name a second column",
                    );
                }
            }
        }
        if !self.is_in_place() && self.importer.is_none() {
            match self.kind {
                PlaintextKind::List => return refuse("lists can only be encrypted by the application"),
                PlaintextKind::Custom => {
                    return refuse(
                        "the type says no `KIND`; add `const KIND: PlaintextKind = String::KIND;` (or what it is) to its `FromPlaintext`",
                    );
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Refuses a column that is not of bytes for bytes, or of text for text, and one that may pad or cut sealed values, or compare them
    /// otherwise than byte by byte.
    pub(crate) fn check_type(
        &self,
        dialect: Dialect,
        table: &str,
        sealed: &LiveColumn,
    ) -> Result<(), OpsError> {
        let (class, expected, exact) = match self.field.stored_as() {
            Encoding::Bytes => {
                (Class::Bytes, "a column of bytes", "`bytea`, or in MySQL `varbinary` or a blob")
            }
            Encoding::Text => {
                (Class::Text, "a column of text", "`text` or `varchar`, with a deterministic collation")
            }
        };
        let fits = sealed.class == class || dialect == Dialect::Sqlite;
        if fits && sealed.keeps_bytes {
            return Ok(());
        }
        if fits {
            return Err(OpsError::ColumnType {
                table: table.into(),
                column: sealed.name.clone(),
                found: sealed.ty.clone(),
                expected: exact,
                advice: "this type may pad or cut encrypted values, or compare them otherwise than byte by byte; change it first \
                         (a domain over `bytea` or `text` is fine)"
                    .into(),
            });
        }
        Err(OpsError::ColumnType {
            table: table.into(),
            column: sealed.name.clone(),
            found: sealed.ty.clone(),
            expected,
            advice: "run the statements that `envelope migration` writes first".into(),
        })
    }
}
