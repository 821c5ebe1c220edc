//! Rows of a table in the order of its primary key, a batch at a time, and their change if they are still as they were read.

use std::collections::BTreeMap;

use envelope_core::{Place, Tenant};

use super::{
    cell::{Argument, Cell},
    change::New,
    dialect::Dialect,
    place,
    schema::{Class, LiveColumn, LiveTable},
    statement::Statement,
    target::{PlaceColumns, Target},
};

/// What a run does with one table.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) table: LiveTable,
    pub(crate) targets: Vec<Target>,
    pub(crate) place: PlaceColumns,
    /// Which rows there is something to do in.
    pub(crate) condition: String,
}

/// One row as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) key: Vec<Cell>,
    /// Source and sink of each target; the same twice if they are one column.
    pub(crate) values: Vec<(Cell, Cell)>,
    /// The further columns of each target that is a compound index.
    pub(crate) others: Vec<Vec<Cell>>,
    place: Vec<Cell>,
    /// The row's key, for people.
    name: String,
}

/// A row's new values, `None` where the old one stays.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) row: Row,
    pub(crate) new: Vec<Option<New>>,
}

/// More parameters than this no statement has; SQLite permits 32,766.
const MOST_PARAMETERS: usize = 30_000;

impl Job {
    /// How many rows a batch has at most.
    pub(crate) fn most_rows(&self) -> usize {
        let others: usize = self.targets.iter().map(|target| target.others().count()).sum();
        let each = self.targets.len().saturating_mul(3).saturating_add(self.table.key.len());
        let each = each.saturating_add(others);
        let each = each.saturating_add(self.place.row.len()).saturating_add(1);
        MOST_PARAMETERS.checked_div(each).unwrap_or(1).max(1)
    }

    /// The next rows behind `after`.
    pub(crate) fn select(
        &self,
        dialect: Dialect,
        after: Option<&[Cell]>,
        limit: usize,
        extra: Option<&str>,
        lock: &str,
    ) -> Statement {
        let mut query = Statement::new(dialect, "SELECT ");
        let place = self.place.row.iter().chain(&self.place.tenant);
        let columns = self
            .table
            .key
            .iter()
            .chain(&self.table.names)
            .map(|column| column.select(dialect))
            .chain(self.targets.iter().flat_map(|target| target.select(dialect)))
            .chain(place.map(|column| column.select(dialect)));
        query.list(", ", columns, |query, column| {
            query.push(column);
        });
        query.push(format!(" FROM {} AS t WHERE {}", dialect.quote_table(&self.table.name), self.condition));
        if let Some(extra) = extra {
            query.push(format!(" AND {extra}"));
        }
        if let Some(after) = after {
            query.push(" AND ");
            self.behind(&mut query, dialect, after);
        }
        query.push(" ORDER BY ").list(", ", &self.table.key, |query, column| {
            query.push(column.at(dialect));
        });
        query.push(format!(" LIMIT {limit}{lock}"));
        query
    }

    /// Whether a row's key is behind another. MySQL finds no range for a comparison of rows, so it gets the long form.
    fn behind(&self, query: &mut Statement, dialect: Dialect, after: &[Cell]) {
        let key: Vec<_> = self.table.key.iter().zip(after).collect();
        let bind = |query: &mut Statement, (column, cell): &(&LiveColumn, &Cell)| {
            let (before, behind) = column.cast(dialect);
            query.push(before).bind((*cell).clone()).push(behind);
        };
        if let ([first, rest @ ..], Dialect::MySql) = (&*key, dialect) {
            query.push(first.0.at(dialect)).push(" >= ");
            bind(query, first);
            query.push(" AND (");
            query.list(" OR ", 0..=rest.len(), |query, last| {
                query.push("(");
                query.list(
                    " AND ",
                    key.iter().take(last.saturating_add(1)).enumerate(),
                    |query, (index, part)| {
                        query.push(part.0.at(dialect)).push(if index == last { " > " } else { " = " });
                        bind(query, part);
                    },
                );
                query.push(")");
            });
            query.push(")");
            return;
        }
        query.push("(").list(", ", &key, |query, (column, _)| {
            query.push(column.at(dialect));
        });
        query.push(") > (").list(", ", &key, |query, part| bind(query, part));
        query.push(")");
    }

    pub(crate) fn row(&self, cells: Vec<Cell>) -> Row {
        let mut cells = cells.into_iter();
        let mut take = || cells.next().unwrap_or(Cell::Null);
        let key: Vec<_> = self.table.key.iter().map(|_| take()).collect();
        let names: Vec<_> = self.table.names.iter().map(|column| (column, take())).collect();
        let shown = |(column, cell): &(&LiveColumn, Cell)| {
            // What is encrypted is not for messages.
            let is_target =
                |target: &Target| [&target.source, &target.sink].iter().any(|at| at.name == column.name);
            if self.targets.iter().any(is_target) { "…".into() } else { name(cell) }
        };
        let name = if names.iter().all(|(_, cell)| cell.is_null()) {
            let parts: Vec<_> = key.iter().map(name).collect();
            format!("rowid {}", parts.join(", "))
        } else {
            names.iter().map(shown).collect::<Vec<_>>().join(", ")
        };
        let (values, others) = self
            .targets
            .iter()
            .map(|target| ((take(), take()), (0..target.further()).map(|_| take()).collect()))
            .unzip();
        Row {
            name,
            key,
            values,
            others,
            place: self.place.row.iter().chain(&self.place.tenant).map(|_| take()).collect(),
        }
    }

    /// Where the row's values stand. Of the values that are not bound to rows, the row does not matter.
    pub(crate) fn place(&self, row: &Row) -> Result<(Tenant, Place), &'static str> {
        let columns = self.place.row.iter().zip(&row.place).collect::<Vec<_>>();
        let tenant = self.place.tenant.as_ref().zip(row.place.last());
        let name = tenant.map(|(column, cell)| place::tenant_of(column, cell)).transpose()?;
        Ok((name.unwrap_or_default(), place::place(&columns, tenant)?))
    }

    /// The statements that change these rows, each if it is still as it was read.
    pub(crate) fn update(&self, dialect: Dialect, changes: &[Change]) -> Vec<Statement> {
        if dialect == Dialect::MySql {
            return changes.iter().map(|change| self.update_one(dialect, change)).collect();
        }
        // A column whose value stays is not written: what is read need not be what is stored.
        let mut alike: BTreeMap<Vec<bool>, Vec<&Change>> = BTreeMap::new();
        for change in changes {
            alike.entry(change.new.iter().map(Option::is_some).collect()).or_default().push(change);
        }
        let update = |changes: &Vec<&Change>| match dialect {
            Dialect::Postgres => self.update_postgres(changes),
            _ => self.update_sqlite(changes),
        };
        alike.values().map(update).collect()
    }

    /// The columns that are compared with what was read, with what was read. SQLite locks no rows, so there also those that tell the place.
    fn watched<'a>(
        &'a self,
        dialect: Dialect,
        row: &'a Row,
    ) -> impl Iterator<Item = (&'a LiveColumn, &'a Cell)> {
        let values = self.targets.iter().zip(&row.values).zip(&row.others).flat_map(
            |((target, (source, sink)), others)| {
                let sink = (!target.is_in_place()).then_some((&target.sink, sink));
                let others = target.others().zip(others);
                [Some((&target.source, source)), sink].into_iter().flatten().chain(others)
            },
        );
        let place = self.place.row.iter().chain(&self.place.tenant).zip(&row.place);
        values.chain(place.filter(move |_| dialect == Dialect::Sqlite))
    }

    /// The columns that get a new value, with it.
    fn new_values<'a>(&'a self, change: &'a Change) -> impl Iterator<Item = (&'a LiveColumn, &'a Cell)> {
        let new = self.targets.iter().zip(&change.new);
        new.filter_map(|(target, new)| match new {
            Some(New::Cell(cell)) => Some((&target.sink, cell)),
            Some(New::Terms(_)) | None => None,
        })
    }

    /// For one row: what MySQL is given, and what tells which row of a batch is refused.
    pub(crate) fn update_one(&self, dialect: Dialect, change: &Change) -> Statement {
        let mut update =
            Statement::new(dialect, format!("UPDATE {} AS t SET ", dialect.quote_table(&self.table.name)));
        update.list(", ", self.new_values(change), |update, (column, cell)| {
            let (before, behind) = column.cast(dialect);
            update.push(format!("{} = {before}", dialect.quote(&column.name)));
            update.bind(argument(dialect, column, cell)).push(behind);
        });
        self.push_as_read(&mut update, dialect, change);
        update
    }

    /// The row of a change, if it is still as it was read.
    pub(crate) fn as_read(&self, dialect: Dialect, change: &Change) -> Statement {
        let mut query =
            Statement::new(dialect, format!("SELECT 1 FROM {} AS t", dialect.quote_table(&self.table.name)));
        self.push_as_read(&mut query, dialect, change);
        query
    }

    fn push_as_read(&self, statement: &mut Statement, dialect: Dialect, change: &Change) {
        self.push_row(statement, dialect, change);
        for (column, cell) in self.watched(dialect, &change.row) {
            let (own, before, behind) = column.exact(dialect);
            statement.push(format!(" AND {own}{}{before}", dialect.same())).bind(cell.clone()).push(behind);
        }
    }

    /// The condition of the row of a change.
    pub(super) fn push_row(&self, statement: &mut Statement, dialect: Dialect, change: &Change) {
        let key = self.table.key.iter().zip(&change.row.key);
        statement.push(" WHERE ").list(" AND ", key, |statement, (column, cell)| {
            let (before, behind) = column.cast(dialect);
            statement.push(format!("{} = {before}", column.at(dialect))).bind(cell.clone()).push(behind);
        });
    }

    fn update_sqlite(&self, changes: &[&Change]) -> Statement {
        let dialect = Dialect::Sqlite;
        let mut update =
            Statement::new(dialect, format!("UPDATE {} AS t SET ", dialect.quote_table(&self.table.name)));
        let keys = self.table.key.len();
        let Some(first) = changes.first() else { return update };
        let watched: Vec<_> = self.watched(dialect, &first.row).map(|(column, _)| column).collect();
        let place = |index: usize| format!("v.column{}", index.saturating_add(1));
        update.list(", ", self.new_values(first).enumerate(), |update, (index, (sink, _))| {
            let new = place(keys.saturating_add(watched.len()).saturating_add(index));
            update.push(format!("{} = {new}", dialect.quote(&sink.name)));
        });
        update.push(" FROM (VALUES ").list(", ", changes, |update, change| {
            let cells = change.row.key.iter().chain(self.watched(dialect, &change.row).map(|(_, cell)| cell));
            let cells = cells.chain(self.new_values(change).map(|(_, cell)| cell));
            update.push("(").list(", ", cells, |update, cell| {
                update.bind(cell.clone());
            });
            update.push(")");
        });
        update.push(") AS v WHERE ").list(
            " AND ",
            self.table.key.iter().enumerate(),
            |update, (index, column)| {
                update.push(format!("{} = {}", column.at(dialect), place(index)));
            },
        );
        for (index, column) in watched.iter().enumerate() {
            let (own, ..) = column.exact(dialect);
            update.push(format!(" AND {own}{}{}", dialect.same(), place(keys.saturating_add(index))));
        }
        update
    }

    fn update_postgres(&self, changes: &[&Change]) -> Statement {
        let dialect = Dialect::Postgres;
        let mut update =
            Statement::new(dialect, format!("UPDATE {} AS t SET ", dialect.quote_table(&self.table.name)));
        let Some(first) = changes.first() else { return update };
        update.list(", ", self.new_values(first).enumerate(), |update, (index, (sink, _))| {
            let (_, cast) = sink.cast(dialect);
            update.push(format!("{} = v.n{index}{cast}", dialect.quote(&sink.name)));
        });
        let keys = self.table.key.len();
        let watched: Vec<_> = self.watched(dialect, &first.row).map(|(column, _)| column).collect();
        let mut names = Vec::new();
        update.push(" FROM unnest(");
        let mut array = |update: &mut Statement, name: String, column: &LiveColumn, cells: Vec<Cell>| {
            if !names.is_empty() {
                update.push(", ");
            }
            names.push(name);
            let (argument, ty) = array(column, &cells);
            update.argument(argument).push(ty);
        };
        for (index, column) in self.table.key.iter().enumerate() {
            let cells = changes.iter().filter_map(|change| change.row.key.get(index).cloned()).collect();
            array(&mut update, format!("k{index}"), column, cells);
        }
        for (index, column) in watched.iter().enumerate() {
            let cell = |change: &&Change| {
                self.watched(dialect, &change.row).nth(index).map(|(_, cell)| cell.clone())
            };
            array(&mut update, format!("w{index}"), column, changes.iter().filter_map(cell).collect());
        }
        for (index, (sink, _)) in self.new_values(first).enumerate() {
            let cell = |change: &&Change| self.new_values(change).nth(index).map(|(_, cell)| cell.clone());
            array(&mut update, format!("n{index}"), sink, changes.iter().filter_map(cell).collect());
        }
        update.push(format!(") AS v({}) WHERE ", names.join(", ")));
        update.list(" AND ", self.table.key.iter().take(keys).enumerate(), |update, (index, column)| {
            let (_, cast) = column.cast(dialect);
            update.push(format!("{} = v.k{index}{cast}", column.at(dialect)));
        });
        for (index, column) in watched.iter().enumerate() {
            let (own, ..) = column.exact(dialect);
            update.push(format!(" AND {own}{}v.w{index}", dialect.same()));
        }
        update
    }

    /// What the columns that are written hold, of the row of a change.
    pub(crate) fn sinks(&self, dialect: Dialect, change: &Change) -> Statement {
        let mut query = Statement::new(dialect, "SELECT ");
        query.list(", ", &self.targets, |query, target| {
            query.push(target.sink.select(dialect));
        });
        query.push(format!(" FROM {} AS t", dialect.quote_table(&self.table.name)));
        self.push_row(&mut query, dialect, change);
        query
    }

    /// The target whose column does not hold what was written, of what [`sinks`](Self::sinks) gave.
    pub(crate) fn lossy_target(&self, change: &Change, found: &[Cell]) -> Option<usize> {
        self.targets.iter().zip(&change.new).enumerate().find_map(|(index, (target, new))| {
            let Some(New::Cell(new)) = new else { return None };
            let is_kept = found.get(index).is_some_and(|found| target.is_kept(new, found));
            (!is_kept).then_some(index)
        })
    }

    /// A row's key, for people: `17`, or `acme, 17`; `rowid 17` if it has none.
    pub(crate) fn name(&self, row: &Row) -> String {
        row.name.clone()
    }
}

impl Change {
    /// Whether it changes the row itself.
    pub(crate) fn has_cells(&self) -> bool {
        self.new.iter().any(|new| matches!(new, Some(New::Cell(_))))
    }
}

impl Row {
    /// The first target, if any cell of the row could not be read: it could not be compared with the row as it is.
    pub(crate) fn unreadable(&self) -> Option<usize> {
        let is_unreadable = |cell: &Cell| matches!(cell, Cell::Unreadable);
        let of_value = self.values.iter().position(|(a, b)| is_unreadable(a) || is_unreadable(b));
        let of_other = || self.others.iter().position(|others| others.iter().any(is_unreadable));
        of_value.or_else(of_other).or_else(|| self.key.iter().any(is_unreadable).then_some(0))
    }
}

fn name(cell: &Cell) -> String {
    match cell {
        Cell::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        cell => cell.text().unwrap_or_else(|| "NULL".into()),
    }
}

/// PostgreSQL is given text for all types but bytes, and casts it.
fn argument(dialect: Dialect, column: &LiveColumn, cell: &Cell) -> Cell {
    match (dialect, column.class) {
        (Dialect::Postgres, Class::Bytes) => cell.clone(),
        (Dialect::Postgres, _) => cell.text().map_or(Cell::Null, Cell::Text),
        _ => cell.clone(),
    }
}

fn array(column: &LiveColumn, cells: &[Cell]) -> (Argument, &'static str) {
    if column.class == Class::Bytes {
        let blobs = cells.iter().map(|cell| cell.bytes().map(<[u8]>::to_vec)).collect();
        (Argument::Blobs(blobs), "::bytea[]")
    } else {
        (Argument::Texts(cells.iter().map(Cell::text).collect()), "::text[]")
    }
}
