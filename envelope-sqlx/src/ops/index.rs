//! The terms of indexes, written for rows that have none, or have them under another key than they should.

use envelope_core::{
    DeclaredColumn, Encoding, Field, KeyError, OpenError, Place, PlaintextKind, PlaintextRows, Purpose,
    Tenant, ValueHeader,
};

use super::{
    batch::{Change, Job, Row},
    cell::Cell,
    change::{Cause, Manner, New, is_begun},
    convert::{self, Encoded},
    database::Session,
    dialect::Dialect,
    error::OpsError,
    keys::Keys,
    operations::Operations,
    plan::Plan,
    predicate,
    schema::{LiveColumn, LiveTable},
    statement::Statement,
    target::{PlaceColumns, Target, Verb},
};

/// What the terms of a target are of, and where they stand.
#[derive(Clone, Debug)]
pub(crate) struct IndexOf {
    /// The columns whose values they are of: several of a compound index. The first is the target's source.
    pub(crate) parts: Vec<Part>,
    /// Their own table; else the target's sink.
    pub(crate) terms: Option<TermSink>,
}

/// A column of encrypted values.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    field: Field,
    kind: PlaintextKind,
    pub(crate) live: LiveColumn,
}

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

impl Part {
    fn of(column: &DeclaredColumn, table: &LiveTable) -> Result<Self, OpsError> {
        let live = table.column(column.field().name().column())?.clone();
        Ok(Self { field: *column.field(), kind: column.kind(), live })
    }

    /// The encoding of the value in a row.
    fn open(&self, keys: &Keys, place: &Place, cell: &Cell) -> Result<Encoded, Cause> {
        let stored = cell.bytes().ok_or("neither text nor bytes")?;
        if let Some(header) = ValueHeader::of(stored) {
            let field = self.field.as_found(header.mode(), header.encoding());
            let opened: Result<Encoded, OpenError> = keys.keyring().open_at(&field, place, stored);
            return opened.map_err(|error| error.to_string());
        }
        let is_text = matches!(self.kind, PlaintextKind::Text | PlaintextKind::JsonText);
        if self.field.plaintext_rule() != PlaintextRows::Read || is_begun(stored) || !is_text {
            return Err("no encrypted value, so it has no term; encrypt the column first".into());
        }
        convert::read(self.kind, cell).map_err(|not| format!("the plaintext is {not}"))?;
        Ok(Encoded(stored.to_vec().into()))
    }
}

impl Target {
    /// The terms that a row should have; `None` if it has them.
    pub(super) fn index(
        &self,
        keys: &Keys,
        manner: Manner,
        tenant: &Tenant,
        place: &Place,
        (index, row): (usize, &Row),
    ) -> Result<Option<New>, Cause> {
        let (Some(of), Some((source, sink))) = (&self.index, row.values.get(index)) else { return Ok(None) };
        let others = row.others.get(index).map_or(&[][..], Vec::as_slice);
        let cells = || core::iter::once(source).chain(others);
        let terms = if cells().any(Cell::is_null) {
            Vec::new()
        } else {
            let is_right = |key| {
                let header = ValueHeader::new(key, self.field.mode(), self.field.stored_as());
                sink.bytes().is_some_and(|term| term.starts_with(&header.prefix()))
            };
            if of.terms.is_none() && keys.wanted(tenant, &self.field).is_some_and(is_right) {
                return Ok(None);
            }
            let open = |(part, cell): (&Part, &Cell)| part.open(keys, place, cell);
            let values: Vec<Encoded> = of.parts.iter().zip(cells()).map(open).collect::<Result<_, _>>()?;
            if manner.is_dry && of.terms.is_none() {
                return Ok(Some(New::Cell(Cell::Null)));
            }
            let ring = keys.keyring();
            let terms = match &*values {
                [one] => ring.terms_at(&self.field, place, one),
                [a, b] => ring.terms_at(&self.field, place, &(a, b)),
                [a, b, c] => ring.terms_at(&self.field, place, &(a, b, c)),
                [a, b, c, d] => ring.terms_at(&self.field, place, &(a, b, c, d)),
                _ => return Err("an index of more than four columns".into()),
            };
            terms.map_err(|error| error.to_string())?
        };
        if of.terms.is_some() {
            // There are values without a word.
            let is_empty = terms.is_empty() && sink.integer().unwrap_or(0) == 0;
            return Ok((!is_empty).then_some(New::Terms(terms)));
        }
        let term = match terms.into_iter().next() {
            None if sink.is_null() => return Ok(None),
            None => Cell::Null,
            Some(term) => self.sealed(term)?,
        };
        Ok(Some(New::Cell(term)))
    }
}

impl Operations {
    /// What writes the terms of a table's indexes: those in the table itself at once, and each table of terms for itself.
    pub(super) async fn index_jobs(
        &self,
        session: &mut Session,
        table: &str,
        plan: &Plan,
        is_dry: bool,
        is_meant: impl Fn(&Field) -> bool,
    ) -> Result<Vec<Job>, OpsError> {
        let live = LiveTable::read(&self.database, session, table).await?;
        let declared: Vec<_> = self.declared_in(table).collect();
        let bound = declared.iter().find(|column| !column.field().row_columns().is_empty());
        let Some(placed) = bound.or(declared.first()) else { return Ok(Vec::new()) };
        let place = PlaceColumns::of(&live, placed.field())?;
        let (mut own, mut apart, mut known) = (Vec::new(), Vec::new(), Vec::new());
        for column in declared.iter().filter(|column| plan.has(column.field().name().column())) {
            let field = column.field();
            for index in field.indexes().iter().chain(field.compound_indexes()) {
                if known.contains(&index.name()) || !is_meant(index) {
                    continue;
                }
                known.push(index.name());
                let parts = self.parts(column, index, &live)?;
                own.push(self.index_target(plan, index, parts, live.column(index.name().column())?, None)?);
            }
            for index in field.term_indexes().iter().filter(|index| is_meant(index)) {
                let Some(table) = index.index().and_then(|index| index.term_table()) else { continue };
                let columns = LiveTable::columns(&self.database, session, index.name().table()).await?;
                let find = |name: &str| {
                    let found = columns.iter().find(|column| column.name == name).cloned();
                    found.ok_or_else(|| OpsError::NoColumn {
                        table: index.name().table().to_owned(),
                        column: name.to_owned(),
                    })
                };
                let sink = TermSink {
                    table: index.name().table().to_owned(),
                    row: find(table.row)?,
                    term: find(index.name().column())?,
                    key: live.column(table.key)?.clone(),
                };
                let parts = vec![Part::of(column, &live)?];
                let source = live.column(field.name().column())?;
                apart.push(self.index_target(plan, index, parts, source, Some(sink))?);
            }
        }
        let mut jobs = Vec::new();
        let groups =
            (!own.is_empty()).then_some(own).into_iter().chain(apart.into_iter().map(|one| vec![one]));
        for targets in groups {
            let mut job =
                Job { table: live.clone(), targets, place: place.clone(), condition: String::new() };
            let mut conditions = Vec::new();
            for target in &job.targets {
                conditions.push(self.needs_terms(session, &job, target, is_dry).await?);
            }
            job.condition = super::operations::any(conditions);
            jobs.push(job);
        }
        Ok(jobs)
    }

    fn parts(&self, column: &DeclaredColumn, index: &Field, live: &LiveTable) -> Result<Vec<Part>, OpsError> {
        let columns = index.index().map_or(&[][..], |index| index.columns());
        if columns.is_empty() {
            return Ok(vec![Part::of(column, live)?]);
        }
        let part = |name: &&str| {
            let column = self.declared_in(&live.name).find(|column| column.field().name().column() == *name);
            Part::of(column.ok_or_else(|| OpsError::NotDeclared(format!("{}.{name}", live.name)))?, live)
        };
        columns.iter().map(part).collect()
    }

    fn index_target(
        &self,
        plan: &Plan,
        index: &Field,
        parts: Vec<Part>,
        sink: &LiveColumn,
        terms: Option<TermSink>,
    ) -> Result<Target, OpsError> {
        if self.counted_only.contains(&index.name().to_string()) {
            return Err(OpsError::Plan {
                table: index.name().table().to_owned(),
                column: index.name().column().to_owned(),
                reason: "it is not said how its terms are made; declare the index with its options, or mount the commands in the \
                         application"
                    .into(),
            });
        }
        let mut field = *index;
        if let Some(key) = plan.key {
            field = field.under(key);
        }
        let target = Target {
            field,
            kind: PlaintextKind::Custom,
            verb: Verb::Index,
            source: parts.first().map_or_else(|| sink.clone(), |part| part.live.clone()),
            sink: sink.clone(),
            former: None,
            importer: None,
            index: Some(IndexOf { parts, terms }),
        };
        let dialect = self.database.dialect();
        let of = target.index.as_ref().and_then(|of| of.terms.as_ref());
        let (table, column) = of.map_or((index.name().table(), sink), |of| (&*of.table, &of.term));
        target.check_type(dialect, table, column)?;
        Ok(target)
    }

    /// Which rows there is a term to write for, or to take away.
    async fn needs_terms(
        &self,
        session: &mut Session,
        job: &Job,
        target: &Target,
        is_dry: bool,
    ) -> Result<String, OpsError> {
        let dialect = self.database.dialect();
        if !is_dry {
            // Else a tenant who has no search key yet would get it during the run.
            for keyring in self.keyrings(session, job).await? {
                match keyring.warm_for(Purpose::Search).await {
                    Ok(()) | Err(KeyError::NoActive { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        let wanted = self.written_under(session, job, &target.field).await?;
        let encoding = target.field.stored_as();
        let header = |key: &_| ValueHeader::new(*key, target.field.mode(), encoding);
        let headers: Vec<_> = wanted.iter().map(header).collect();
        Ok(target.needs_terms(dialect, &headers))
    }
}

impl Target {
    fn needs_terms(&self, dialect: Dialect, wanted: &[ValueHeader]) -> String {
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
                let is_right = predicate::has_header_at(
                    dialect,
                    &format!("x.{}", dialect.quote(&terms.term.name)),
                    wanted,
                );
                let (all, stale) =
                    (terms.exists(dialect, ""), terms.exists(dialect, &format!(" AND NOT {is_right}")));
                format!("(({has_value} AND (NOT {all} OR {stale})) OR (({has_none}) AND {all}))")
            }
        }
    }
}

impl Target {
    /// The further columns of a compound index.
    pub(crate) fn others(&self) -> impl Iterator<Item = &LiveColumn> {
        self.index.iter().flat_map(|of| &of.parts).skip(1).map(|part| &part.live)
    }

    /// What is read for it of a row: its source, its sink, which of a table of terms is how many there are, and further columns.
    pub(crate) fn select(&self, dialect: Dialect) -> Vec<String> {
        let terms = self.index.as_ref().and_then(|of| of.terms.as_ref());
        let sink = terms.map_or_else(|| self.sink.select(dialect), |terms| terms.count(dialect));
        let others = self.others().map(|column| column.select(dialect));
        [self.source.select(dialect), sink].into_iter().chain(others).collect()
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
                    let cell = sink.cell(&target.field, term.clone());
                    insert.push(format!("SELECT {before}")).bind(cell).push(behind).push(" AS term");
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

    /// How many terms a row has.
    fn count(&self, dialect: Dialect) -> String {
        format!("(SELECT COUNT(*) {})", self.from(dialect))
    }

    /// What binds a term.
    fn cell(&self, field: &Field, term: Vec<u8>) -> Cell {
        match field.stored_as() {
            Encoding::Bytes => Cell::Bytes(term),
            Encoding::Text => Cell::Text(String::from_utf8_lossy(&term).into_owned()),
        }
    }
}
