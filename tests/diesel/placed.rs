//! Sealed structs, and values that are bound to their row.

use diesel::prelude::*;
use envelope_core::{OpenError, RowKey, testing};
use envelope_diesel::Sealed;

use super::{
    Connection,
    fixture::{open_error, sql, with_places, without_keyring_in},
};
use crate::places::{
    Doc, DocBody, DocChange, Guest, Letter, LetterText, NewGuest, SealedDoc, SealedGuest, TABLES, doc, docs, guests, letters, stored_docs,
};

fn docs_in(db: &mut Connection) -> QueryResult<Vec<Doc>> {
    docs::table.order_by(docs::id).select(Doc::as_select()).load(db)
}

/// What the database holds of the only row.
fn stored_doc(db: &mut Connection) -> (Vec<u8>, Option<Vec<u8>>) {
    stored_docs::table.select((stored_docs::body, stored_docs::note)).first(db).unwrap()
}

#[test]
fn a_value_that_was_moved_to_another_row_does_not_open() {
    with_places(|_, db| {
        diesel::insert_into(docs::table)
            .values(&vec![doc(1, Some("one")), doc(2, Some("two"))])
            .execute(db)
            .unwrap();
        for column in ["body", "note"] {
            let before: Vec<Doc> = docs_in(db).unwrap();
            sql(
                &format!("UPDATE docs SET {column} = (SELECT {column} FROM docs WHERE id = 1) WHERE id = 2"),
                db,
            );
            let error = open_error(docs_in(db));
            assert!(matches!(&error, OpenError::NotAuthentic { .. }), "{error}");
            assert_eq!(error.field().column(), column);
            assert_eq!(docs::table.find(1).select(Doc::as_select()).first(db), Ok(before[0].clone()));
            diesel::update(docs::table.find(2)).set(&before[1]).execute(db).unwrap();
            assert_eq!(docs_in(db).unwrap(), before);
        }
        // A changed id is another row.
        sql("UPDATE docs SET id = 3 WHERE id = 2", db);
        assert!(matches!(open_error(docs_in(db)), OpenError::NotAuthentic { .. }));
    });
}

#[test]
fn swapped_and_truncated_values_of_a_bound_column_do_not_open() {
    with_places(|_, db| {
        diesel::insert_into(docs::table).values(&doc(1, Some("one"))).execute(db).unwrap();
        let (body, note) = stored_doc(db);
        let note = note.unwrap();
        let mut store = |body: &[u8], note: &[u8]| {
            let set = (stored_docs::body.eq(body), stored_docs::note.eq(note));
            diesel::update(stored_docs::table).set(set).execute(db).unwrap();
            docs_in(db)
        };
        assert!(matches!(open_error(store(&note, &body)), OpenError::NotAuthentic { .. }));
        assert!(matches!(open_error(store(&body[..body.len() - 1], &note)), OpenError::NotAuthentic { .. }));
        assert!(matches!(open_error(store(&body[..20], &note)), OpenError::Malformed { .. }));
        assert!(matches!(open_error(store(&[], &note)), OpenError::NotAnEnvelope { .. }));
        assert_eq!(store(&body, &note).unwrap(), [doc(1, Some("one"))]);
    });
}

#[test]
fn a_bound_struct_is_inserted_changed_and_loaded() {
    with_places(|keyring, db| {
        let (one, two) = (doc(1, Some("one")), doc(2, None));
        diesel::insert_into(docs::table).values(&one).execute(db).unwrap();
        diesel::insert_into(docs::table).values(two.clone()).execute(db).unwrap();
        assert_eq!(docs_in(db).unwrap(), [one.clone(), two.clone()]);
        let change = DocChange { id: 2, body: Some("new"), note: Some(None) };
        diesel::update(docs::table.find(2)).set(&change).execute(db).unwrap();
        let change = DocChange { id: 1, body: None, note: Some(Some("changed")) };
        diesel::update(docs::table.find(1)).set(change).execute(db).unwrap();
        let changed =
            [Doc { note: Some("changed".into()), ..one.clone() }, Doc { body: "new".into(), ..two.clone() }];
        assert_eq!(docs_in(db).unwrap(), changed);
        // A value alone, for a statement of one column.
        let body = Sealed::<DocBody>::of_row(keyring, &RowKey::new(&1), "alone").unwrap();
        diesel::update(docs::table.find(1)).set(docs::body.eq(&body)).execute(db).unwrap();
        let body: Sealed<DocBody> = docs::table.find(1).select(docs::body).first(db).unwrap();
        assert_eq!(body.open_in_row(keyring, &RowKey::new(&1)).unwrap(), "alone");
        let elsewhere = body.open_in_row(keyring, &RowKey::new(&2)).unwrap_err();
        assert!(matches!(elsewhere, OpenError::NotAuthentic { .. }), "{elsewhere}");
        // Joined, and by the names of columns.
        let query = docs::table.left_join(guests::table.on(guests::id.eq(docs::id)));
        let rows: Vec<(Doc, Option<Guest>)> = query
            .filter(docs::id.eq(2))
            .select((Doc::as_select(), Option::<Guest>::as_select()))
            .load(db)
            .unwrap();
        assert_eq!(rows, [(changed[1].clone(), None)]);
        let by_name: Doc = diesel::sql_query("SELECT * FROM docs WHERE id = 2").get_result(db).unwrap();
        assert_eq!(by_name, changed[1]);
    });
}

#[test]
fn without_a_keyring_in_force_sealed_structs_are_read_written_and_opened() {
    let keyring = testing::keyring();
    without_keyring_in(TABLES, |db| {
    let bob = NewGuest { email: "bob@example.com", note: Some("likes tea") }.seal(&keyring).unwrap();
    diesel::insert_into(guests::table).values(bob).execute(db).unwrap();
    let ada = Guest { id: 2, email: "ada@example.com".into(), note: None };
    let sealed = ada.seal(&keyring).unwrap();
    assert_eq!(format!("{sealed:?}"), "SealedGuest { email: Sealed(guests.email, 37 bytes), note: None, .. }");
    diesel::insert_into(guests::table).values(&sealed).execute(db).unwrap();
    let error = open_error(guests::table.select(Guest::as_select()).load(db));
    assert!(matches!(error, OpenError::NoKeyring { .. }), "{error}");
    let rows: Vec<SealedGuest> =
        guests::table.order_by(guests::id).select(SealedGuest::as_select()).load(db).unwrap();
    let bob = Guest { id: 1, email: "bob@example.com".into(), note: Some("likes tea".into()) };
    assert_eq!(SealedGuest::open_all_blocking(rows.clone(), &keyring).unwrap(), [bob.clone(), ada.clone()]);
    let changed = Guest { note: Some("new".into()), ..ada };
    diesel::update(guests::table.find(2)).set(&changed.seal(&keyring).unwrap()).execute(db).unwrap();
    let row: SealedGuest = guests::table.find(2).first(db).unwrap();
    assert_eq!(row.open(&keyring).unwrap(), changed);
    let row: SealedGuest = diesel::sql_query("SELECT * FROM guests WHERE id = 1").get_result(db).unwrap();
    assert_eq!(row.open(&keyring).unwrap(), bob);
    let other = rows.into_iter().next().unwrap().open(&testing::keyring()).unwrap_err();
    assert!(matches!(other, OpenError::UnknownKey { .. }), "{other}");
    });
}

#[test]
fn what_is_stored_is_bound_as_the_format_says() {
    with_places(|keyring, db| {
        diesel::insert_into(docs::table).values(&doc(42, None)).execute(db).unwrap();
        let opened = keyring.open_in_row(Doc::BODY, &RowKey::new(&42_u8), &stored_doc(db).0).unwrap();
        assert_eq!(opened, "body 42");
    });
}

#[test]
fn a_bound_struct_has_a_sealed_form_too() {
    let keyring = testing::keyring();
    without_keyring_in(TABLES, |db| {
    diesel::insert_into(docs::table).values(doc(1, None).seal(&keyring).unwrap()).execute(db).unwrap();
    let no_keyring = open_error(docs_in(db));
    assert!(matches!(&no_keyring, OpenError::NoKeyring { .. }), "{no_keyring}");
    let rows: Vec<SealedDoc> = docs::table.load(db).unwrap();
    let moved = SealedDoc { id: 2, ..rows[0].clone() }.open(&keyring).unwrap_err();
    assert!(matches!(moved, OpenError::NotAuthentic { .. }), "{moved}");
    assert_eq!(SealedDoc::open_all_blocking(rows, &keyring).unwrap(), [doc(1, None)]);
    keyring.with(|| assert_eq!(docs_in(db).unwrap(), [doc(1, None)]));
    });
}

#[test]
fn bound_text_moves_to_no_other_row() {
    with_places(|keyring, db| {
        let all = |db: &mut Connection| {
            letters::table.order_by(letters::id).select(Letter::as_select()).load(db)
        };
        let letters = [1, 2].map(|id| Letter { id, text: format!("Dear {id}") });
        for letter in &letters {
            diesel::insert_into(letters::table).values(letter).execute(db).unwrap();
        }
        assert_eq!(all(db).unwrap(), letters);
        sql("UPDATE letters SET text = (SELECT text FROM letters WHERE id = 1) WHERE id = 2", db);
        assert!(matches!(open_error(all(db)), OpenError::NotAuthentic { .. }));
        let text = Sealed::<LetterText>::of_row(keyring, &RowKey::new(&2), "new").unwrap();
        diesel::update(letters::table.find(2)).set(letters::text.eq(text)).execute(db).unwrap();
        assert_eq!(all(db).unwrap()[1].text, "new");
    });
}
