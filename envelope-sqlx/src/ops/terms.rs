//! Terms in SQL: which rows there are to write some for, and the rows of tables of terms.

use envelope_core::{KeyId, ValueHeader};

use super::{
    batch::{Change, Job},
    change::New,
    dialect::Dialect,
    predicate,
    schema::LiveColumn,
    statement::Statement,
    target::Target,
};

/// A table of terms.
#[derive(Clone, Debug)]
pub(crate) struct TermSink {
    pub(crate) table: String,
    /// The column there that names the row of the values, and that of the terms.
    pub(crate) row: LiveColumn,
    pub(crate) term: LiveColumn,
    /// The column of the values' table that the row is named by.
    pub(crate) key: LiveColumn,
}

impl Target {
    pub(super) fn needs_terms_where(&self, dialect: Dialect, wanted: &[ValueHeader]) -> String {
        let Some(of) = &self.index else { return "(1 = 0)".into() };
        let each = |is: &str, with: &str| {
            let parts: Vec<_> =
                of.parts.iter().map(|part| format!("{} {is}", part.live.at(dialect))).collect();
            parts.join(with)
        };
        let (has_value, has_none) = (each("IS NOT NULL", " AND "), each("IS NULL", " OR "));
        match &of.terms {
            None => {
                let sink = self.sink.at(dialect);
                let is_right = predicate::has_header(dialect, &self.sink, wanted);
                format!(
                    "(({has_value} AND ({sink} IS NULL OR NOT {is_right})) OR (({has_none}) AND {sink} IS NOT NULL))"
                )
            }
            Some(terms) => {
                let is_right = predicate::has_header_at(dialect, &terms.at(dialect), wanted);
                let (all, stale) =
                    (terms.exists(dialect, ""), terms.exists(dialect, &format!(" AND NOT {is_right}")));
                format!("(({has_value} AND (NOT {all} OR {stale})) OR (({has_none}) AND {all}))")
            }
        }
    }

    /// The further columns of a compound index.
    pub(crate) fn others(&self) -> impl Iterator<Item = &LiveColumn> {
        self.index.iter().flat_map(|of| &of.parts).skip(1).map(|part| &part.live)
    }

    /// How many cells are read beside its source and its sink.
    pub(crate) fn further(&self) -> usize {
        let has_terms = self.index.as_ref().is_some_and(|of| of.terms.is_some());
        if has_terms { 1 } else { self.others().count() }
    }

    /// What is read for it of a row: its source, its sink, and further columns. Of a table of terms the first of the row, and the last.
    pub(crate) fn select(&self, dialect: Dialect) -> Vec<String> {
        let source = self.source.select(dialect);
        if let Some(terms) = self.index.as_ref().and_then(|of| of.terms.as_ref()) {
            return vec![source, terms.end(dialect, "ASC"), terms.end(dialect, "DESC")];
        }
        let others = self.others().map(|column| column.select(dialect));
        [source, self.sink.select(dialect)].into_iter().chain(others).collect()
    }

    /// Terms that are under one of the keys.
    pub(super) fn has_terms_under(&self, dialect: Dialect, keys: &[KeyId]) -> String {
        let header = |key: &_| ValueHeader::new(*key, self.field.mode(), self.field.stored_as());
        let headers: Vec<_> = keys.iter().map(header).collect();
        match self.index.as_ref().and_then(|of| of.terms.as_ref()) {
            None => predicate::has_header(dialect, &self.sink, &headers),
            Some(terms) => {
                let is_under = predicate::has_header_at(dialect, &terms.at(dialect), &headers);
                terms.exists(dialect, &format!(" AND {is_under}"))
            }
        }
    }
}

impl Job {
    /// The statements that put the terms of a row in the place of those that are there.
    pub(super) fn write_terms(&self, dialect: Dialect, change: &Change) -> Vec<Statement> {
        let from = dialect.quote_table(&self.table.name);
        let mut statements = Vec::new();
        for (target, new) in self.targets.iter().zip(&change.new) {
            let sink = target.index.as_ref().and_then(|of| of.terms.as_ref());
            let (Some(sink), Some(New::Terms(terms))) = (sink, new) else { continue };
            let (table, row) = (dialect.quote_table(&sink.table), dialect.quote(&sink.row.name));
            let key = sink.key.at(dialect);
            let mut delete = Statement::new(
                dialect,
                format!("DELETE FROM {table} WHERE {row} = (SELECT {key} FROM {from} AS t"),
            );
            self.push_row(&mut delete, dialect, change);
            delete.push(")");
            statements.push(delete);
            // A statement has so many selects at most.
            for terms in terms.chunks(100) {
                let term = dialect.quote(&sink.term.name);
                let mut insert = Statement::new(
                    dialect,
                    format!(
                        "INSERT INTO {table} ({row}, {term}) SELECT {key}, n.term FROM {from} AS t CROSS JOIN ("
                    ),
                );
                insert.list(" UNION ALL ", terms, |insert, term| {
                    let (before, behind) = sink.term.cast(dialect);
                    insert.push(format!("SELECT {before}")).bind(term.clone()).push(behind).push(" AS term");
                });
                insert.push(") AS n");
                self.push_row(&mut insert, dialect, change);
                statements.push(insert);
            }
        }
        statements
    }
}

impl TermSink {
    fn from(&self, dialect: Dialect) -> String {
        let (table, row) = (dialect.quote_table(&self.table), dialect.quote(&self.row.name));
        format!("FROM {table} AS x WHERE x.{row} = {}", self.key.at(dialect))
    }

    fn exists(&self, dialect: Dialect, more: &str) -> String {
        format!("EXISTS (SELECT 1 {}{more})", self.from(dialect))
    }

    fn at(&self, dialect: Dialect) -> String {
        format!("x.{}", dialect.quote(&self.term.name))
    }

    /// The first term of a row, or the last.
    fn end(&self, dialect: Dialect, order: &str) -> String {
        let term = self.at(dialect);
        format!("(SELECT {term} {} ORDER BY {term} {order} LIMIT 1)", self.from(dialect))
    }
}
