//! `INSERT OR IGNORE` and `REPLACE`, which SQLite and MySQL have.

use diesel::{insert_or_ignore_into, prelude::*, replace_into};

use super::fixture::{all, insert, with_database};
use crate::model::{User, ada, users};

#[test]
fn or_nothing_or_instead() {
    with_database(|connection| {
        insert(&[ada()], connection);
        let again = User { id: 7, name: "Other".to_owned(), ..ada() };
        assert_eq!(insert_or_ignore_into(users::table).values(&again).execute(connection), Ok(0));
        assert_eq!(all(connection), Ok(vec![ada()]));
        replace_into(users::table).values(&again).execute(connection).unwrap();
        assert_eq!(all(connection), Ok(vec![again]));
    });
}
