//! Text and bytes at their edges.

use diesel::prelude::*;

use super::{User, ada, all, insert, stored, users, with_database};

#[test]
fn text_and_bytes_at_their_edges() {
    with_database(|connection| {
        for (id, text) in
            (1..).zip(["", "\0", "a\0b", "🦀𝄞", "é", "e\u{301}", " ", "NULL", "'; DROP TABLE users; --"])
        {
            let user = User { id, email: text.to_owned(), note: Some(text.to_owned()) };
            insert(&[user], connection);
            let found: User = users::table.filter(users::email.eq(text)).first(connection).unwrap();
            assert_eq!((found.id, found.email.as_str(), found.note.as_deref()), (id, text, Some(text)));
        }
        // An empty string is a value: 22 bytes deterministic, 34 randomized.
        assert_eq!(stored("email", "users", connection)[0].len(), 22);
        assert_eq!(stored("note", "users", connection)[0].len(), 34);
    });
}

#[test]
fn sixteen_mebibytes() {
    with_database(|connection| {
        let big: String = "0123456789abcdef".repeat(1 << 20);
        let user = User { email: big.clone(), note: Some(big.clone()), ..ada() };
        insert(std::slice::from_ref(&user), connection);
        let found = users::table.filter(users::email.eq(&big)).first::<User>(connection).unwrap();
        assert!(found == user);
        assert!(all(connection).unwrap() == [user]);
        assert_eq!(stored("email", "users", connection)[0].len(), (16 << 20) + 22);
    });
}
