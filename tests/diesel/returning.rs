//! `RETURNING`, which SQLite and PostgreSQL have.

use diesel::{insert_into, prelude::*};

use super::fixture::{all, insert, open_error, with_database};
use crate::model::{User, ada, bob, stored_users, users};

#[test]
fn returning_what_was_inserted() {
    with_database(|connection| {
        let ada_again =
            insert_into(users::table).values(&ada()).returning(User::as_returning()).get_result(connection);
        assert_eq!(ada_again, Ok(ada()));
        let email =
            insert_into(users::table).values(bob()).returning(users::email).get_result::<String>(connection);
        assert_eq!(email.unwrap(), "bob@example.com");
    });
}


#[test]
fn returning_what_was_changed_or_deleted() {
    with_database(|connection| {
        insert(&[ada(), bob()], connection);
        let update = diesel::update(users::table.filter(users::email.eq("ada@example.com")))
            .set(users::note.eq(Some("new")))
            .returning((users::email, users::note));
        let changed = update.get_result::<(String, Option<String>)>(connection);
        assert_eq!(changed, Ok((ada().email, Some("new".to_owned()))));
        let saved: User = ada().save_changes(connection).unwrap();
        assert_eq!(saved, ada());
        let delete = diesel::delete(users::table.filter(users::email.eq_any(["bob@example.com"])));
        assert_eq!(delete.returning(User::as_returning()).get_results(connection), Ok(vec![bob()]));
        assert_eq!(all(connection), Ok(vec![ada()]));
        let name = stored_users::name.eq(&b"Ada"[..]);
        diesel::update(stored_users::table).set(name).execute(connection).unwrap();
        let update = diesel::update(users::table).set(users::is_active.eq(false)).returning(users::name);
        open_error(update.get_result::<String>(connection));
    });
}
