//! UNIQUE columns that are searched, and their shadows.

use std::collections::BTreeMap;

use envelope_core::{Field, IndexKey, Mode};

use super::{
    cell::Cell,
    database::Session,
    dialect::Dialect,
    error::{Doing as _, OpsError},
    operations::Operations,
    schema::LiveTable,
    statement::Statement,
};

/// A searched column of which the database refuses duplicates.
#[derive(Clone, Debug)]
pub(super) struct Unique {
    pub(super) table: String,
    pub(super) field: Field,
    /// The other columns of its UNIQUE indexes.
    pub(super) others: Vec<String>,
}

/// Those of all declared tables.
#[derive(Debug, Default)]
pub(super) struct Uniques {
    pub(super) shadows: Vec<Unique>,
    /// Those without a shadow that is UNIQUE in the same way.
    pub(super) unshadowed: Vec<Unique>,
    /// Those of which it is not known what keeps them unique: by an expression, a condition, a generated column, an exclusion.
    pub(super) unclear: Vec<Unique>,
}

impl Unique {
    pub(super) fn place(&self) -> String {
        self.field.name().to_string()
    }
}

/// A UNIQUE index, or a primary key.
struct LiveIndex {
    /// Without those that are expressions.
    columns: Vec<String>,
    /// Of columns, of all rows, and nothing else.
    is_plain: bool,
    /// The texts of its expressions and of its condition.
    texts: String,
}

impl LiveIndex {
    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    fn mentions(&self, column: &str) -> bool {
        self.has(column) || self.texts.contains(column)
    }

    /// Its columns without this one.
    fn others(&self, column: &str) -> Vec<&String> {
        let mut others: Vec<_> = self.columns.iter().filter(|name| *name != column).collect();
        others.sort();
        others
    }
}

impl Operations {
    /// The UNIQUE columns among those that are searched.
    pub(super) async fn uniques(&self) -> Result<Uniques, OpsError> {
        let dialect = self.database.dialect();
        let mut session = self.database.session().await?;
        let mut uniques = Uniques::default();
        for table in self.tables() {
            let live = LiveTable::read(&self.database, &mut session, &table).await?;
            let indexes = live_indexes(dialect, &mut session, &table).await?;
            for column in self.declared_in(&table) {
                let field = column.field();
                let siblings = field.indexes().iter().chain(field.compound_indexes());
                let searched: Vec<&Field> =
                    siblings.chain((field.mode() == Mode::Deterministic).then_some(field)).collect();
                for one in &searched {
                    live.column(one.name().column())?;
                    uniques.add(&table, one, &searched, &indexes);
                }
            }
        }
        Ok(uniques)
    }
}

impl Uniques {
    fn add(&mut self, table: &str, field: &Field, searched: &[&Field], indexes: &[LiveIndex]) {
        let name = field.name().column();
        let known = self.shadows.iter().chain(&self.unshadowed).chain(&self.unclear);
        if known.into_iter().any(|known| known.field.name() == field.name()) {
            return;
        }
        let own: Vec<_> = indexes.iter().filter(|index| index.mentions(name)).collect();
        let others = own.iter().flat_map(|index| index.others(name)).cloned().collect();
        let found = Unique { table: table.to_owned(), field: *field, others };
        if own.is_empty() {
            return;
        }
        let is_shadow = field.written_under() == IndexKey::Newest;
        let is_clear = own.iter().all(|index| index.is_plain);
        // Each of its indexes with the shadow in its place.
        let is_shadowed = |shadow: &&&Field| {
            let shadow_name = shadow.name().column();
            shadows(shadow, field)
                && own.iter().all(|index| {
                    let same = |of: &&LiveIndex| {
                        of.is_plain && of.has(shadow_name) && of.others(shadow_name) == index.others(name)
                    };
                    indexes.iter().any(|of| same(&of))
                })
        };
        if is_shadow {
            self.shadows.push(found);
        } else if !is_clear {
            self.unclear.push(found);
        } else if !searched.iter().any(|shadow| is_shadowed(&shadow)) {
            self.unshadowed.push(found);
        }
    }
}

/// Whether the one is a shadow of the other: of the same values, made alike in the same way.
fn shadows(shadow: &Field, of: &Field) -> bool {
    let Some(index) = shadow.index().filter(|index| index.key() == IndexKey::Newest) else { return false };
    let is_alike = match of.index() {
        Some(other) => {
            index.parts() == other.parts() && index.columns() == other.columns() && other.is_exact()
        }
        None => index.parts() == [of.normalizers()] && index.columns().is_empty(),
    };
    is_alike && index.is_exact()
}

/// All that keeps rows of a table from being alike.
async fn live_indexes(
    dialect: Dialect,
    session: &mut Session,
    table: &str,
) -> Result<Vec<LiveIndex>, OpsError> {
    let (schema, bare) = table.split_once('.').map_or((None, table), |(schema, name)| (Some(schema), name));
    let schema = || schema.map_or(Cell::Null, |schema| Cell::Text(schema.to_owned()));
    let name = || Cell::Text(bare.to_owned());
    let mut query = Statement::new(dialect, "");
    // The index, a column of it, whether it is a plain one, and the texts that may name columns.
    match dialect {
        Dialect::Postgres => query
            .push(
                "SELECT i.indexrelid::text, a.attname::text,
                        (i.indpred IS NULL AND i.indexprs IS NULL AND i.indisvalid AND NOT i.indisexclusion AND COALESCE(a.attgenerated, '') = '')::int::bigint,
                        COALESCE(pg_get_expr(i.indexprs, i.indrelid), '') || ' ' || COALESCE(pg_get_expr(i.indpred, i.indrelid), '')
                        || ' ' || COALESCE(pg_get_expr(d.adbin, d.adrelid), '')
                 FROM pg_index i
                 JOIN LATERAL unnest(string_to_array(i.indkey::text, ' ')::int2[]) WITH ORDINALITY AS k(attnum, place) ON true
                 LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
                 LEFT JOIN pg_attrdef d ON d.adrelid = i.indrelid AND d.adnum = a.attnum AND a.attgenerated <> ''
                 WHERE (i.indisunique OR i.indisexclusion) AND k.place <= i.indnkeyatts AND i.indrelid = to_regclass(",
            )
            .bind(Cell::Text(dialect.quote_table(table)))
            .push(")"),
        Dialect::MySql => query
            .push(
                "SELECT CAST(s.index_name AS CHAR), CAST(s.column_name AS CHAR),
                        CAST(s.column_name IS NOT NULL AND s.sub_part IS NULL AND COALESCE(c.generation_expression, '') = '' AS SIGNED),
                        CAST(COALESCE(c.generation_expression, CASE WHEN s.column_name IS NULL THEN ",
            )
            .bind(Cell::Text("*".into()))
            .push(
                " END, '') AS CHAR)
                 FROM information_schema.statistics s
                 LEFT JOIN information_schema.columns c ON c.table_schema = s.table_schema AND c.table_name = s.table_name
                        AND c.column_name = s.column_name
                 WHERE s.non_unique = 0 AND s.table_schema = COALESCE(",
            )
            .bind(schema())
            .push(", DATABASE()) AND s.table_name = ")
            .bind(name()),
        Dialect::Sqlite => query
            .push(
                "SELECT l.name, x.name, l.partial = 0 AND x.name IS NOT NULL AND COALESCE(c.hidden, 0) = 0,
                        COALESCE((SELECT m.sql FROM sqlite_master m WHERE m.type = 'index' AND m.name = l.name), '')
                        || CASE WHEN COALESCE(c.hidden, 0) <> 0 THEN (SELECT m.sql FROM sqlite_master m WHERE m.type = 'table' AND m.name = ",
            )
            .bind(name())
            .push(") ELSE '' END FROM pragma_index_list(")
            .bind(name())
            .push(") l, pragma_index_xinfo(l.name) x LEFT JOIN pragma_table_xinfo(")
            .bind(name())
            .push(") c ON c.name = x.name WHERE l.\"unique\" = 1 AND x.key = 1"),
    };
    let mut indexes: BTreeMap<String, LiveIndex> = BTreeMap::new();
    for row in session.rows(query).await.doing("reading the indexes")? {
        let [index, column, is_plain, texts] = &*row else { continue };
        let Some(index) = index.text() else { continue };
        let empty = || LiveIndex { columns: Vec::new(), is_plain: true, texts: String::new() };
        let live = indexes.entry(index).or_insert_with(empty);
        live.columns.extend(column.text());
        live.is_plain &= is_plain.integer() == Some(1);
        if !live.is_plain {
            live.texts.push_str(&texts.text().unwrap_or_default());
        }
    }
    Ok(indexes.into_values().collect())
}
