//! What the tests of one backend share. Compiled once for each.

use diesel::{Connection as _, prelude::*, result::Error};
use envelope_core::{Keyring, OpenError, SealError, testing};
use envelope_tests::database::Database;

use super::{Connection, KIND};
use crate::{
    database::{create, with_tables},
    model::{User, stored_users, users},
    places,
};

pub(crate) fn database() -> Database {
    with_tables(KIND)
}

pub(crate) fn connect(database: &Database) -> Connection {
    Connection::establish(database.url()).unwrap()
}

/// Runs a test with a database and a keyring of its own.
pub(crate) fn with_database<R>(test: impl FnOnce(&mut Connection) -> R) -> R {
    testing::keyring().with(|| without_keyring(test))
}

/// Runs a test with a database of its own and no keyring.
pub(crate) fn without_keyring<R>(test: impl FnOnce(&mut Connection) -> R) -> R {
    let database = database();
    test(&mut connect(&database))
}

/// The same with tables of the test's own.
pub(crate) fn without_keyring_in<R>(tables: &str, test: impl FnOnce(&mut Connection) -> R) -> R {
    let database = create(KIND, tables);
    test(&mut connect(&database))
}

/// Runs a test with the tables of `places` and a keyring of its own.
pub(crate) fn with_places<R>(test: impl FnOnce(&Keyring, &mut Connection) -> R) -> R {
    let keyring = testing::keyring();
    keyring.with(|| without_keyring_in(places::TABLES, |connection| test(&keyring, connection)))
}

/// Runs SQL that knows nothing of encryption.
pub(crate) fn sql(statement: &str, connection: &mut Connection) {
    diesel::sql_query(statement)
        .execute(connection)
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

pub(crate) fn insert(users: &[User], connection: &mut Connection) {
    diesel::insert_into(users::table).values(users).execute(connection).unwrap();
}

pub(crate) fn all(connection: &mut Connection) -> QueryResult<Vec<User>> {
    User::query().order_by(users::id).load(connection)
}

/// What the database holds.
#[derive(Queryable, Selectable, Clone, Debug, PartialEq)]
#[diesel(table_name = stored_users)]
pub(crate) struct Stored {
    pub(crate) email: Vec<u8>,
    pub(crate) name: Vec<u8>,
    pub(crate) note: Option<Vec<u8>>,
    pub(crate) phone: Option<Vec<u8>>,
}

pub(crate) fn stored(connection: &mut Connection) -> Vec<Stored> {
    let query = stored_users::table.order_by(stored_users::id).select(Stored::as_select());
    query.load(connection).unwrap()
}

/// The typed error of a value that was not opened.
#[track_caller]
pub(crate) fn open_error<T: core::fmt::Debug>(result: QueryResult<T>) -> OpenError {
    let Err(Error::DeserializationError(error)) = result else { panic!("{result:?}") };
    error.source().unwrap().downcast_ref::<OpenError>().unwrap().clone()
}

/// The typed error of a value that was not sealed.
#[track_caller]
pub(crate) fn seal_error<T: core::fmt::Debug>(result: QueryResult<T>) -> SealError {
    let Err(Error::SerializationError(error)) = result else { panic!("{result:?}") };
    error.source().unwrap().downcast_ref::<SealError>().unwrap().clone()
}
