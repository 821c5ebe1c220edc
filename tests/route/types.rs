//! Plaintext types of other crates, in fields of both ORMs: on one file, where each reads, finds and changes what the other wrote.

#[path = "types/dates.rs"]
mod dates;
#[path = "types/newtypes.rs"]
mod newtypes;
#[path = "types/secrets.rs"]
mod secrets;
#[path = "types/values.rs"]
mod values;

use core::fmt::Debug;

use diesel::{Connection as _, QueryResult, SqliteConnection};
use envelope_core::{OpenError, SearchableColumn, UnboundColumn, testing};
use envelope_sqlx::{Encrypted, Lookup, QueryBuilderExt as _};
use sqlx::{QueryBuilder, Sqlite, SqlitePool, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

struct Databases {
    diesel: SqliteConnection,
    sqlx: SqlitePool,
    _folder: TempDir,
}

/// Runs a test with a keyring of its own, on a table.
async fn with_table(table: &str, test: impl AsyncFnOnce(&mut Databases)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("types.sqlite");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let sqlx = SqlitePool::connect_with(options).await.unwrap();
    let create = table.replace("{id}", "INTEGER PRIMARY KEY").replace("{bytes}", "BLOB");
    QueryBuilder::<Sqlite>::new(create).build().execute(&sqlx).await.unwrap();
    let diesel = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let mut databases = Databases { diesel, sqlx, _folder: folder };
    testing::keyring().scope(test(&mut databases)).await;
}

/// The ids of the rows that SQLx finds.
async fn found<C: SearchableColumn>(
    column: C,
    lookup: Result<Lookup<C>, envelope_core::SealError>,
    pool: &SqlitePool,
) -> Vec<i32> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT id FROM ");
    query.push(C::FIELD.name().table()).push(" WHERE ").push_lookup(column, lookup.unwrap());
    query.build_query_scalar().fetch_all(pool).await.unwrap()
}

/// The only value of a column, through SQLx's wrapper.
async fn scalar<C: UnboundColumn>(_: C, pool: &SqlitePool) -> sqlx::Result<Option<Encrypted<C>>> {
    let name = C::FIELD.name();
    let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT {} FROM {}", name.column(), name.table()));
    query.build_query_scalar().fetch_one(pool).await
}

/// That a value of another type is told as one, with the name of its column.
#[track_caller]
fn is_wrong_type<T: Debug, U>(column: &impl Debug, diesel: QueryResult<T>, sqlx: sqlx::Result<U>) {
    let diesel::result::Error::DeserializationError(by_diesel) = diesel.unwrap_err() else { panic!() };
    let Some(sqlx::Error::ColumnDecode { source: by_sqlx, .. }) = sqlx.err() else { panic!() };
    for error in [by_diesel.source().unwrap(), &*by_sqlx] {
        let error = error.downcast_ref::<OpenError>().unwrap();
        assert!(matches!(error, OpenError::Plaintext { .. }), "{error}");
        assert!(
            error.to_string().starts_with(&format!("cannot open {column:?}: the plaintext is not ")),
            "{error}"
        );
    }
}

/// Writes a text where the field has another type, and reads it through both.
macro_rules! wrong_types {
    ($databases:ident, $table:ident, $as_text:path, $model:ident: $($column:ident $constant:ident $ty:ty),* $(,)?) => {{
        use $as_text as text;
        $(
            diesel::update(text::table)
                .set(text::$column.eq(Some("text of another type")))
                .execute(&mut $databases.diesel)
                .unwrap();
            let by_diesel = $table::table.select($table::$column).first::<Option<$ty>>(&mut $databases.diesel);
            let by_sqlx = crate::types::scalar($model::$constant, &$databases.sqlx).await;
            crate::types::is_wrong_type(&$model::$constant, by_diesel, by_sqlx);
            diesel::update($table::table)
                .set($table::$column.eq(None::<$ty>))
                .execute(&mut $databases.diesel)
                .unwrap();
        )*
    }};
}
use wrong_types;
