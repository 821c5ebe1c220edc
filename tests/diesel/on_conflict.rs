//! `ON CONFLICT`, which SQLite and PostgreSQL have.

use diesel::{debug_query, insert_into, prelude::*, upsert::excluded};

use super::{
    DB,
    fixture::{all, with_database},
    snapshot::{Statement, statements},
};
use crate::model::{User, ada, users};

/// For the snapshot of the SQL.
pub(super) fn statements() -> Vec<Statement> {
    statements! {
        insert_into(users::table).values(&ada()).on_conflict_do_nothing();
        insert_into(users::table).values(&ada()).on_conflict(users::email).do_nothing();
        insert_into(users::table).values(&ada()).on_conflict(users::email).do_update()
            .set((users::name.eq("a"), users::note.eq(excluded(users::note)), users::phone.eq(Some("b"))));
        insert_into(users::table).values(&ada()).on_conflict(users::email).do_update().set(&ada());
    }
}

#[test]
fn or_nothing() {
    with_database(|connection| {
        insert_into(users::table).values(&ada()).execute(connection).unwrap();
        // The value of a deterministic column has the same bytes each time, so the index finds it.
        let again = User { id: 7, name: "Other".to_owned(), ..ada() };
        let ignored = insert_into(users::table).values(&again).on_conflict(users::email).do_nothing();
        assert_eq!(ignored.execute(connection), Ok(0));
        let ignored = insert_into(users::table).values(&again).on_conflict_do_nothing();
        assert_eq!(ignored.execute(connection), Ok(0));
        assert_eq!(all(connection), Ok(vec![ada()]));
    });
}

#[test]
fn or_an_update() {
    with_database(|connection| {
        insert_into(users::table).values(&ada()).execute(connection).unwrap();
        let again = User { id: 7, name: "Other".to_owned(), note: Some("new".to_owned()), ..ada() };
        let upsert = insert_into(users::table)
            .values(&again)
            .on_conflict(users::email)
            .do_update()
            .set((users::name.eq("Set"), users::note.eq(excluded(users::note))));
        assert_eq!(upsert.execute(connection), Ok(1));
        let expected = User { name: "Set".to_owned(), note: Some("new".to_owned()), ..ada() };
        assert_eq!(all(connection), Ok(vec![expected]));
        let again = User { id: 1, ..again };
        let upsert = insert_into(users::table)
            .values(&again)
            .on_conflict(users::id)
            .do_update()
            .set((users::name.eq(excluded(users::name)), users::email.eq(excluded(users::email))));
        assert_eq!(upsert.execute(connection), Ok(1));
        assert_eq!(all(connection).unwrap()[0].name, "Other");
        let upsert =
            insert_into(users::table).values(&again).on_conflict(users::email).do_update().set(&again);
        assert_eq!(upsert.execute(connection), Ok(1));
        assert_eq!(all(connection), Ok(vec![again]));
    });
}

