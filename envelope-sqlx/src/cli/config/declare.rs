//! The declared columns of `envelope.toml`, and their indexes, as the derive would describe them.

use envelope_core::{DeclaredColumn, Encoding, Field, Mode, PlaintextRows};

use super::{CliError, Column, EncodingName, KindName, ModeName, PlaintextName, Table};
use crate::cli::fields::{Of, keep, steps};

pub(super) fn declare(table: &Table, column: &Column) -> Result<DeclaredColumn, CliError> {
    Ok(DeclaredColumn::new(described(table, column, &context(table, column))?, column.kind.into()))
}

pub(super) fn context(table: &Table, column: &Column) -> String {
    column.context.clone().unwrap_or_else(|| format!("{}.{}", table.name, column.name))
}

fn of<'a>(table: &'a Table, column: &'a Column) -> Of<'a> {
    let encoding = match column.encoding {
        EncodingName::Bytes => Encoding::Bytes,
        EncodingName::Text => Encoding::Text,
    };
    Of {
        table: &table.name,
        tenant: table.tenant.as_deref(),
        column: &column.name,
        kind: column.kind.into(),
        encoding,
    }
}

/// The indexes of a column, each with whether it is known how its terms are made.
fn indexes(table: &Table, column: &Column) -> Result<Vec<(Field, bool)>, CliError> {
    let refused =
        |reason| CliError::Column { table: table.name.clone(), column: column.name.clone(), reason };
    column.index.iter().map(|index| index.field(of(table, column)).map_err(refused)).collect()
}

/// The indexes of several columns.
fn compound(table: &Table) -> Result<Vec<(Field, bool)>, CliError> {
    let Some(first) = table.columns.first() else { return Ok(Vec::new()) };
    let refused = |reason| CliError::Column { table: table.name.clone(), column: first.name.clone(), reason };
    table.compound.iter().map(|index| index.field(of(table, first)).map_err(refused)).collect()
}

pub(super) fn indexes_of(table: &Table) -> Result<Vec<(Field, bool)>, CliError> {
    let mut all = compound(table)?;
    for column in &table.columns {
        all.extend(indexes(table, column)?);
    }
    Ok(all)
}

pub(super) fn described(table: &Table, column: &Column, context: &str) -> Result<Field, CliError> {
    let refuse =
        |reason| Err(CliError::Column { table: table.name.clone(), column: column.name.clone(), reason });
    if context.is_empty() || context.len() > 255 {
        return refuse("a context has 1 to 255 bytes");
    }
    let mode = match column.mode {
        ModeName::Randomized => Mode::Randomized,
        ModeName::Deterministic => Mode::Deterministic,
    };
    let mut field = Field::new(keep(&table.name), keep(&column.name), keep(context), mode);
    if let Some(names) = &column.normalize {
        if !matches!(column.mode, ModeName::Deterministic) || !matches!(column.kind, KindName::Text) {
            return refuse(
                "`normalize` is for deterministic text; the steps of an index are its own: `index = [{ column = \"…\", normalize = \"…\" }]`",
            );
        }
        match steps(names) {
            Ok(steps) => field = field.normalized(steps),
            Err(reason) => return refuse(reason),
        }
    }
    let indexes: Vec<_> = indexes(table, column)?.into_iter().map(|(index, _)| index).collect();
    let is_apart = |index: &Field| index.index().is_some_and(|index| index.term_table().is_some());
    let (apart, own): (Vec<_>, Vec<_>) = indexes.into_iter().partition(is_apart);
    field = field.indexed_by(own.leak()).with_terms(apart.leak());
    let compound = compound(table)?;
    let parts = table.compound.iter().zip(compound).filter(|(config, _)| config.has(&column.name));
    field = field.part_of(parts.map(|(_, (field, _))| field).collect::<Vec<_>>().leak());
    match (column.xaes, mode) {
        (false, _) => {}
        (true, Mode::Randomized) => field = field.xaes(),
        (true, _) => return refuse("`xaes` is for randomized columns"),
    }
    if let EncodingName::Text = column.encoding {
        field = field.encoding(Encoding::Text);
    }
    if let Some(PlaintextName::Read) = column.plaintext {
        field = field.plaintext_rows(PlaintextRows::Read);
    }
    if !table.bind.is_empty() {
        if mode == Mode::Deterministic {
            return refuse("a deterministic column cannot be bound to its row");
        }
        let columns: Vec<&'static str> = table.bind.iter().map(|name| keep(name)).collect();
        field = field.bound_to_row(columns.leak());
    }
    if let Some(tenant) = &table.tenant {
        field = field.of_tenants(keep(tenant));
    }
    Ok(field)
}
