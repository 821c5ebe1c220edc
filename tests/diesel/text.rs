//! Columns of text.

use diesel::prelude::*;
use envelope_core::{Column as _, Encoding, KeyId, Keyring, MalformedValue, OpenError, Purpose, testing};
use envelope_diesel::EncryptedExpressionMethods as _;

use super::{
    Connection,
    fixture::{open_error, sql, with_places, without_keyring_in},
};
use crate::{
    keys::processes,
    places::{Account, AccountEmail, TABLES, account, accounts, bytes_accounts, stored_accounts},
};

fn insert(account: &Account, db: &mut Connection) {
    diesel::insert_into(accounts::table).values(account).execute(db).unwrap();
}

fn all(db: &mut Connection) -> QueryResult<Vec<Account>> {
    accounts::table.order_by(accounts::id).load(db)
}

#[test]
fn a_column_of_the_other_encoding_is_a_typed_error() {
    with_places(|_, db| {
        insert(&account(1), db);
        let error = open_error(bytes_accounts::table.select(bytes_accounts::email).load::<String>(db));
        assert!(matches!(error, OpenError::WrongEncoding { found: Encoding::Text, .. }), "{error}");
    });
}

#[test]
fn text_that_begins_like_a_value_is_never_plaintext() {
    with_places(|_, db| {
        insert(&account(1), db);
        let mut with_old = |old: &str| {
            let set = stored_accounts::old.eq(old);
            diesel::update(stored_accounts::table).set(set).execute(db).unwrap();
            accounts::table.select(accounts::old).first::<Option<String>>(db)
        };
        for old in ["env:", "env: hello", "env:aGVsbG8=", "env:aGVsbG8"] {
            let error = open_error(with_old(old));
            let is_text = matches!(error, OpenError::Malformed { reason: MalformedValue::Text, .. });
            assert!(is_text && error.to_string().contains("accounts.old"), "{old}: {error}");
        }
        assert_eq!(with_old("likes tea"), Ok(Some("likes tea".to_owned())));
        sql("UPDATE accounts SET old = note", db);
        assert!(matches!(open_error(all(db)), OpenError::NotAuthentic { .. }));
        // Where plaintext is not read, it is none.
        sql("UPDATE accounts SET old = NULL, note = 'likes tea'", db);
        assert!(matches!(open_error(all(db)), OpenError::NotAnEnvelope { .. }));
    });
}

#[test]
fn text_is_written_found_changed_and_read() {
    let [before, after] = processes();
    without_keyring_in(TABLES, |db| {
        let (one, two) = (account(1), Account { note: None, ..account(2) });
        before.with(|| insert(&one, db));
        after.with(|| {
            diesel::insert_into(accounts::table).values(&vec![two.clone()]).execute(db).unwrap();
            assert_eq!(all(db).unwrap(), [one.clone(), two.clone()]);
            // Under either of two live search keys.
            for account in [&one, &two] {
                let email = account.email.as_str();
                assert_eq!(accounts::table.filter(accounts::email.eq(email)).first(db).as_ref(), Ok(account));
            }
            let both = accounts::email.matches_any(["1@example.com", "2@example.com"]);
            assert_eq!(accounts::table.filter(both).count().get_result(db), Ok(2_i64));
            let set = (accounts::email.eq("new@example.com"), accounts::note.eq(Some("new")), accounts::old.eq("x"));
            diesel::update(accounts::table.find(1)).set(set).execute(db).unwrap();
            let old = accounts::table.filter(accounts::email.eq("new@example.com")).select(accounts::old);
            assert_eq!(old.first(db), Ok(Some("x".to_owned())));
        });
        type Row = (String, Option<String>, Option<String>);
        let columns = (stored_accounts::email, stored_accounts::note, stored_accounts::old);
        let stored: Vec<Row> = stored_accounts::table.select(columns).load(db).unwrap();
        for (email, note, old) in stored {
            assert!(email.starts_with("env:/h"), "{email}");
            assert!([note, old].iter().flatten().all(|text| text.starts_with("env:/g")));
        }
    });
}

#[test]
fn the_rows_under_a_key_are_found_by_a_prefix() {
    let keyring = testing::keyring();
    keyring.with(|| {
        without_keyring_in(TABLES, |db| {
            insert(&account(1), db);
            let (email, note): (String, Option<String>) =
                stored_accounts::table.select((stored_accounts::email, stored_accounts::note)).first(db).unwrap();
            // FORMAT.md#text-form: 13 and 6 bytes of plaintext.
            let characters = |bytes: usize| 4 + (4 * bytes).div_ceil(3);
            assert_eq!((email.len(), note.unwrap().len()), (characters(22 + 13), characters(34 + 6)));
            let keys = pollster::block_on(keyring.keys()).unwrap();
            let key = keys.iter().find(|key| key.purpose == Purpose::Search).unwrap().id;
            for (key, expected) in [(key, 1), (KeyId::new(key.get() ^ 1).unwrap(), 0)] {
                let prefix = String::from_utf8(Keyring::stored_prefix(&AccountEmail::FIELD, key)).unwrap();
                assert_eq!(prefix.len(), 12, "{prefix}");
                let rows = stored_accounts::table.filter(stored_accounts::email.like(format!("{prefix}%")));
                assert_eq!(rows.count().get_result(db), Ok(expected));
            }
        });
    });
}
