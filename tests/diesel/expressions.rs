//! Where a comparison stands: subselects, boxes, aliases, signatures.

use diesel::{dsl, dsl::auto_type, prelude::*};
use envelope_core::SearchableColumn;
use envelope_diesel::{EncryptedExpressionMethods, EncryptedSqlType, Value, dsl::Matches};

use super::{
    Connection, DB,
    fixture::{insert, with_database},
};
use crate::model::{Archived, Order, User, ada, archive, bob, carol, orders, users};

fn with_users(test: impl FnOnce(&mut Connection)) {
    with_database(|connection| {
        insert(&[ada(), bob(), carol()], connection);
        test(connection);
    });
}

macro_rules! ids {
    ($query:expr, $connection:expr) => {
        $query.select(users::id).order_by(users::id).load::<i32>($connection).unwrap()
    };
}

#[test]
fn where_null_is_a_value() {
    with_users(|connection| {
        let phone = Some(String::from("+44 1"));
        let same = |connection: &mut Connection| {
            ids!(users::table.filter(users::phone.is_not_distinct_from(&phone)), connection)
        };
        assert_eq!(same(connection), [1, 3]);
        let query = users::table.filter(users::phone.is_not_distinct_from(None::<String>));
        assert_eq!(ids!(query, connection), [2]);
        let query = users::table.filter(users::phone.is_distinct_from("+44 1"));
        assert_eq!(ids!(query, connection), [2]);
        let query = users::table.filter(users::email.is_not_distinct_from("bob@example.com"));
        assert_eq!(ids!(query, connection), [2]);
        let query = users::table.filter(users::phone.matches_nullable(None::<&str>).and(users::id.lt(9)));
        assert_eq!(ids!(query, connection), [2]);
        let is_same = users::table.select(users::phone.is_not_distinct_from("+44 1")).order_by(users::id);
        assert_eq!(is_same.load::<bool>(connection), Ok(vec![true, false, true]));
        let other = diesel::alias!(users as other);
        let query = other.filter(other.field(users::phone).not_matches_nullable(Some("+44 1")));
        assert_eq!(query.select(other.field(users::id)).load::<i32>(connection), Ok(vec![2]));
    });
}

#[test]
fn in_subselects() {
    with_users(|connection| {
        let order = |id, user_id, item: &str| Order { id, user_id, item: item.to_owned() };
        let all = vec![order(1, 1, "tea"), order(2, 2, "tea"), order(3, 1, "cake")];
        diesel::insert_into(orders::table).values(&all).execute(connection).unwrap();
        let has_cake = orders::table.filter(orders::user_id.eq(users::id)).filter(orders::item.eq("cake"));
        assert_eq!(ids!(users::table.filter(dsl::exists(has_cake.clone())), connection), [1]);
        assert_eq!(ids!(users::table.filter(dsl::not(dsl::exists(has_cake))), connection), [2, 3]);
        let with_tea = orders::table.filter(orders::item.eq("tea")).select(orders::user_id);
        assert_eq!(ids!(users::table.filter(users::id.eq_any(with_tea)), connection), [1, 2]);
        // Of the encrypted column itself.
        let other = diesel::alias!(users as other);
        let emails = other.filter(other.field(users::phone).matches("+44 1")).select(other.field(users::email));
        assert_eq!(ids!(users::table.filter(users::email.eq_any(emails.clone())), connection), [1, 3]);
        assert_eq!(ids!(users::table.filter(users::email.ne_all(emails)), connection), [2]);
        let exists = dsl::select(dsl::exists(users::table.filter(users::email.eq("bob@example.com"))));
        assert_eq!(exists.get_result::<bool>(connection), Ok(true));
    });
}

#[test]
fn in_queries_put_together_at_run_time() {
    /// A search form.
    fn search<'a>(email: Option<&'a str>, phones: &'a [&'a str]) -> users::BoxedQuery<'a, DB> {
        let mut query = users::table.into_boxed();
        if let Some(email) = email {
            query = query.filter(users::email.eq(email));
        }
        if !phones.is_empty() {
            query = query.filter(users::phone.eq_any(phones.iter().copied()));
        }
        query
    }
    with_users(|connection| {
        assert_eq!(ids!(search(None, &[]), connection), [1, 2, 3]);
        assert_eq!(ids!(search(Some("ada@example.com"), &[]), connection), [1]);
        assert_eq!(ids!(search(None, &["+44 1", "x"]), connection), [1, 3]);
        assert_eq!(ids!(search(Some("carol@example.com"), &["+44 1"]), connection), [3]);
        let conditions = ["ada@example.com", "bob@example.com"].map(|email| {
            Box::new(users::email.eq(email))
                as Box<dyn BoxableExpression<users::table, DB, SqlType = diesel::sql_types::Bool>>
        });
        let any = conditions.into_iter().reduce(|one, other| Box::new(one.or(other))).unwrap();
        assert_eq!(ids!(users::table.filter(any), connection), [1, 2]);
    });
}

#[auto_type(dsl_path = "envelope_diesel::dsl")]
fn with_phone<'a>(phone: &'a str) -> _ {
    users::table.filter(users::phone.matches::<&'a str>(phone)).filter(users::is_active)
}

#[auto_type]
fn active_with_email<'a>(email: &'a str) -> _ {
    let has_email: Matches<users::email, &'a str> = users::email.eq(email);
    users::table.filter(has_email.and(users::is_active))
}

fn without_email(email: &str) -> dsl::Filter<users::table, envelope_diesel::dsl::NotMatches<users::email, &str>> {
    users::table.filter(users::email.not_matches(email))
}

#[test]
fn in_signatures() {
    with_users(|connection| {
        assert_eq!(ids!(with_phone("+44 1"), connection), [1, 3]);
        assert_eq!(ids!(active_with_email("ada@example.com"), connection), [1]);
        assert_eq!(ids!(active_with_email("bob@example.com"), connection), [0; 0]);
        assert_eq!(ids!(without_email("ada@example.com"), connection), [2, 3]);
    });
}

/// Code that knows of a column only that it can be searched.
fn has<'a, C>(column: C, value: &'a str) -> Matches<C, &'a str>
where
    C: Expression<SqlType: EncryptedSqlType>,
    <C::SqlType as EncryptedSqlType>::Column: SearchableColumn,
    &'a str: Value<<C::SqlType as EncryptedSqlType>::Column>,
{
    column.matches(value)
}

#[test]
fn in_generic_code() {
    with_users(|connection| {
        assert_eq!(ids!(users::table.filter(has(users::email, "ada@example.com")), connection), [1]);
        assert_eq!(ids!(users::table.filter(has(users::phone, "+44 1")), connection), [1, 3]);
        let query = users::table.filter(has(users::email.nullable(), "ada@example.com"));
        assert_eq!(ids!(query, connection), [1]);
    });
}

/// `INSERT … SELECT` and joins between columns that share a context.
#[test]
fn as_another_column() {
    with_users(|connection| {
        let copy = users::table
            .filter(users::email.ne("carol@example.com"))
            .select((
                users::id,
                users::email.into_column(Archived::EMAIL),
                users::note.into_column(Archived::NOTE),
            ))
            .insert_into(archive::table)
            .into_columns((archive::id, archive::email, archive::note));
        assert_eq!(copy.execute(connection), Ok(2));
        let archived = archive::table.order_by(archive::id).load::<Archived>(connection);
        let expected = [ada(), bob()].map(|User { id, email, note, .. }| Archived { id, email, note });
        assert_eq!(archived, Ok(expected.to_vec()));
        let found = archive::table.filter(archive::email.eq("ada@example.com")).select(archive::id);
        assert_eq!(found.first(connection), Ok(1));
        let on = archive::email.eq(users::email.into_column(Archived::EMAIL));
        let joined = users::table.inner_join(archive::table.on(on)).order_by(users::id);
        assert_eq!(joined.select(users::id).load::<i32>(connection), Ok(vec![1, 2]));
        let archived = archive::table.select(archive::email.into_column(User::EMAIL));
        assert_eq!(ids!(users::table.filter(users::email.ne_all(archived)), connection), [3]);
        diesel::delete(archive::table).execute(connection).unwrap();
        let rest = users::table.find(3).select((users::id, users::email.into_column(Archived::EMAIL)));
        let insert = diesel::insert_into(archive::table).values(rest).into_columns((archive::id, archive::email));
        assert_eq!(insert.execute(connection), Ok(1));
    });
}

/// Copied into a column of another context, a value opens nowhere.
#[test]
fn in_a_column_of_another_context() {
    with_users(|connection| {
        let copy = "INSERT INTO archive (id, email, note) SELECT id, email, name FROM users WHERE id = 1";
        diesel::sql_query(copy).execute(connection).unwrap();
        let email = archive::table.select(archive::email).first::<String>(connection);
        assert_eq!(email, Ok(ada().email));
        let note = archive::table.select(archive::note).first::<Option<String>>(connection);
        let error = super::fixture::open_error(note);
        assert!(matches!(&error, envelope_core::OpenError::NotAuthentic { .. }), "{error}");
    });
}
