//! What `docs/diesel.md` says of column types: lengths and indexes.

use diesel::{prelude::*, result::DatabaseErrorKind};
use envelope_core::{OpenError, testing};
use envelope_tests::database::Kind;

use super::{
    Connection, KIND,
    fixture::{open_error, sql, without_keyring_in},
};
use crate::places::lengths;

/// The type of a column for stored bytes and for stored text of at most a length.
fn types(bytes: usize, text: usize) -> (String, String) {
    match KIND {
        Kind::Sqlite => ("BLOB".to_owned(), "TEXT".to_owned()),
        Kind::Postgres => ("BYTEA".to_owned(), format!("VARCHAR({text})")),
        Kind::Mysql => (
            format!("VARBINARY({bytes})"),
            format!("VARCHAR({text}) CHARACTER SET ascii COLLATE ascii_bin"),
        ),
    }
}

/// As text: FORMAT.md#text-form.
fn characters(stored: usize) -> usize {
    4 + (4 * stored).div_ceil(3)
}

/// Runs a test with a keyring, and a table whose columns take plaintexts of a length.
fn with_lengths(longest: usize, test: impl FnOnce(&mut Connection)) {
    let (found, found_text) = types(longest + 22, characters(longest + 22));
    let (hidden, hidden_text) = types(longest + 34, characters(longest + 34));
    let table = format!(
        "CREATE TABLE lengths (id {{id}}, found {found} UNIQUE, hidden {hidden}, found_text {found_text} UNIQUE, \
         hidden_text {hidden_text})"
    );
    testing::keyring().with(|| without_keyring_in(&table, test));
}

/// Writes a text into a column, and reads it.
macro_rules! write {
    ($column:ident = $text:expr, $db:expr) => {{
        let text: &str = $text;
        diesel::insert_into(lengths::table).values(lengths::$column.eq(text)).execute($db).inspect(|_| {
            let query = lengths::table.order_by(lengths::id.desc()).select(lengths::$column);
            assert_eq!(query.first::<Option<String>>($db).unwrap().as_deref(), Some(text));
        })
    }};
}

#[test]
fn the_longest_plaintext_fits_and_one_byte_more_is_refused() {
    // An integer, a UUID, an e-mail address, 100 characters, of four bytes each.
    for longest in [8, 16, 254, 400] {
        let (fits, too_long) = ("x".repeat(longest), "x".repeat(longest + 1));
        with_lengths(longest, |db| {
            for is_too_long in [
                write!(found = &too_long, db),
                write!(hidden = &too_long, db),
            ] {
                // The others' bytes have no length to declare.
                assert_eq!(is_too_long.is_err(), KIND == Kind::Mysql, "{is_too_long:?}");
            }
            for is_too_long in [write!(found_text = &too_long, db), write!(hidden_text = &too_long, db)] {
                assert_eq!(is_too_long.is_err(), KIND != Kind::Sqlite, "{is_too_long:?}");
            }
            assert_eq!(write!(found = &fits, db), Ok(1));
            assert_eq!(write!(hidden = &fits, db), Ok(1));
            assert_eq!(write!(found_text = &fits, db), Ok(1));
            assert_eq!(write!(hidden_text = &fits, db), Ok(1));
        });
    }
    let characters = "🦀".repeat(100);
    with_lengths(400, |db| assert_eq!(write!(found = &characters, db), Ok(1)));
}

#[test]
fn unique_compares_plaintexts() {
    with_lengths(254, |db| {
        for text in ["ada@example.com", "Ada@example.com", "ada@example.com ", "ada@example.com\0", ""] {
            assert_eq!(write!(found = text, db), Ok(1));
            assert_eq!(write!(found_text = text, db), Ok(1));
            for again in [write!(found = text, db), write!(found_text = text, db)] {
                let Err(diesel::result::Error::DatabaseError(kind, _)) = again else { panic!("{again:?}") };
                assert!(matches!(kind, DatabaseErrorKind::UniqueViolation), "{kind:?}");
            }
        }
    });
}

#[test]
fn the_longest_values_of_an_index() {
    match KIND {
        Kind::Sqlite => with_lengths(0, |db| {
            assert_eq!(write!(found = &"x".repeat(1 << 20), db), Ok(1));
            assert!(write!(found = &"x".repeat(1 << 20), db).is_err());
        }),
        Kind::Postgres => with_lengths(254, |db| {
            let (fits, too_long) = ("x".repeat(2692 - 22), "x".repeat(2693 - 22));
            assert_eq!(write!(found = &fits, db), Ok(1));
            let error = write!(found = &too_long, db).unwrap_err().to_string();
            assert!(error.contains("exceeds btree"), "{error}");
            sql("ALTER TABLE lengths DROP CONSTRAINT lengths_found_key", db);
            sql("CREATE INDEX lengths_found ON lengths USING hash (found)", db);
            assert_eq!(write!(found = &too_long, db), Ok(1));
            let unique = "CREATE UNIQUE INDEX lengths_unique ON lengths USING hash (found)";
            assert!(diesel::sql_query(unique).execute(db).is_err());
        }),
        Kind::Mysql => with_lengths(3072 - 22, |db| {
            let fits = "x".repeat(3072 - 22);
            assert_eq!(write!(found = &fits, db), Ok(1));
            assert!(write!(found = &fits, db).is_err());
            // `UNIQUE` by hash, which MariaDB makes.
            assert_eq!(write!(found_text = &fits, db), Ok(1));
            assert!(write!(found_text = &fits, db).is_err());
            sql(
                "ALTER TABLE lengths DROP INDEX found, MODIFY found BLOB, ADD INDEX lengths_found (found(64)), \
                 MODIFY hidden BLOB",
                db,
            );
            let (fits, too_long) = ("x".repeat(65_535 - 22), "x".repeat(65_536 - 22));
            assert_eq!(write!(found = &fits, db), Ok(1));
            assert!(write!(found = &too_long, db).is_err());
            let (fits, too_long) = ("x".repeat(65_535 - 34), "x".repeat(65_536 - 34));
            assert_eq!(write!(hidden = &fits, db), Ok(1));
            assert!(write!(hidden = &too_long, db).is_err());
            // Not in strict mode the value is cut, which the reader sees.
            sql("SET SESSION sql_mode = ''", db);
            diesel::insert_into(lengths::table).values(lengths::hidden.eq(&too_long)).execute(db).unwrap();
            let last = lengths::table.order_by(lengths::id.desc()).select(lengths::hidden);
            let error = open_error(last.first::<Option<String>>(db));
            assert!(matches!(error, OpenError::NotAuthentic { .. }), "{error}");
        }),
    }
}
