//! The terms of indexes, written for rows that have none, or have them under another key than they should.

use envelope_core::{
    DeclaredColumn, Field, KeyError, OpenError, Place, PlaintextKind, PlaintextRows, Purpose, Tenant,
    ValueHeader,
};

use super::{
    batch::{Job, Row},
    cell::Cell,
    change::{Cause, Manner, New, is_begun},
    convert::{self, Encoded},
    database::Session,
    error::OpsError,
    keys::Keys,
    operations::Operations,
    plan::Plan,
    schema::{LiveColumn, LiveTable},
    target::{PlaceColumns, Target, Verb},
    terms::TermSink,
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
        let cells = || core::iter::once(source).chain(others).take(of.parts.len());
        let wanted = keys.wanted(tenant, &self.field);
        let prefix =
            wanted.map(|key| ValueHeader::new(key, self.field.mode(), self.field.stored_as()).prefix());
        let is_under =
            |cell: &Cell| prefix.as_ref().zip(cell.bytes()).is_some_and(|(key, term)| term.starts_with(key));
        let terms = if cells().any(Cell::is_null) {
            Vec::new()
        } else {
            if of.terms.is_none() && is_under(sink) {
                return Ok(None);
            }
            let open = |(part, cell): (&Part, &Cell)| part.open(keys, place, cell);
            let values: Vec<Encoded> = of.parts.iter().zip(cells()).map(open).collect::<Result<_, _>>()?;
            // Of a table of terms only they tell whether there is something to do; a key is not made to know them.
            if manner.is_dry && (of.terms.is_none() || wanted.is_none()) {
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
            let terms = terms.map_err(|error| error.to_string())?.into_iter();
            terms.map(|term| self.sealed(term)).collect::<Result<_, _>>()?
        };
        if of.terms.is_some() {
            // The first and the last term tell of all whether they are under the key. There are values without a word.
            let last = row.others.get(index).and_then(|others| others.last());
            let is_right =
                if terms.is_empty() { sink.is_null() } else { is_under(sink) && last.is_some_and(is_under) };
            return Ok((!is_right).then_some(New::Terms(terms)));
        }
        let term = match terms.into_iter().next() {
            None if sink.is_null() => return Ok(None),
            term => term.unwrap_or(Cell::Null),
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
                conditions.push(match &plan.under {
                    Some(keys) => target.has_terms_under(self.database.dialect(), keys),
                    None => self.needs_terms(session, &job, target, is_dry).await?,
                });
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
        Ok(target.needs_terms_where(dialect, &headers))
    }
}
