//! Every way of searching.

use diesel::{dsl, prelude::*};
use envelope_diesel::EncryptedExpressionMethods;

use super::{
    Connection, DB,
    fixture::{insert, with_database},
};
use crate::model::{User, ada, bob, carol, users};

/// The ids of what a query finds.
macro_rules! ids {
    ($query:expr, $connection:expr) => {
        $query.select(users::id).order_by(users::id).load::<i32>($connection).unwrap()
    };
}

fn with_users(test: impl FnOnce(&mut Connection)) {
    with_database(|connection| {
        insert(&[ada(), bob(), carol()], connection);
        test(connection);
    });
}

#[test]
fn by_equality() {
    with_users(|connection| {
        let owned = String::from("ada@example.com");
        assert_eq!(ids!(users::table.filter(users::email.eq("ada@example.com")), connection), [1]);
        assert_eq!(ids!(users::table.filter(users::email.eq(&owned)), connection), [1]);
        assert_eq!(ids!(users::table.filter(users::email.eq(owned.as_str())), connection), [1]);
        assert_eq!(ids!(users::table.filter(users::email.eq(owned)), connection), [1]);
        assert_eq!(ids!(users::table.filter(users::email.eq("Ada@example.com")), connection), [0; 0]);
        let user: User = users::table.filter(users::email.eq("ada@example.com")).first(connection).unwrap();
        assert_eq!(user, ada());
    });
}

#[test]
fn by_a_column_that_may_be_null() {
    with_users(|connection| {
        let phone = Some(String::from("+44 1"));
        assert_eq!(ids!(users::table.filter(users::phone.eq("+44 1")), connection), [1, 3]);
        assert_eq!(ids!(users::table.filter(users::phone.eq(Some("+44 1"))), connection), [1, 3]);
        assert_eq!(ids!(users::table.filter(users::phone.eq(&phone)), connection), [1, 3]);
        assert_eq!(ids!(users::table.filter(users::phone.eq(phone)), connection), [1, 3]);
        // As always in SQL, NULL is equal to nothing, and different from nothing.
        assert_eq!(ids!(users::table.filter(users::phone.eq(None::<String>)), connection), [0; 0]);
        assert_eq!(ids!(users::table.filter(users::phone.ne(None::<&str>)), connection), [0; 0]);
        assert_eq!(ids!(users::table.filter(users::phone.ne("+44 2")), connection), [1, 3]);
        assert_eq!(ids!(users::table.filter(users::phone.ne(Some("+44 1"))), connection), [0; 0]);
        assert_eq!(ids!(users::table.filter(users::phone.is_null()), connection), [2]);
        assert_eq!(ids!(users::table.filter(users::note.is_not_null()), connection), [1, 3]);
    });
}

#[test]
fn by_inequality() {
    with_users(|connection| {
        assert_eq!(ids!(users::table.filter(users::email.ne("ada@example.com")), connection), [2, 3]);
        assert_eq!(ids!(users::table.filter(users::email.ne(&ada().email)), connection), [2, 3]);
        assert_eq!(
            ids!(users::table.filter(dsl::not(users::email.eq("ada@example.com"))), connection),
            [2, 3]
        );
    });
}

#[test]
fn by_a_list() {
    with_users(|connection| {
        let two = ["ada@example.com", "carol@example.com"];
        let owned: Vec<String> = two.map(String::from).to_vec();
        assert_eq!(ids!(users::table.filter(users::email.eq_any(two)), connection), [1, 3]);
        assert_eq!(ids!(users::table.filter(users::email.eq_any(&owned)), connection), [1, 3]);
        assert_eq!(ids!(users::table.filter(users::email.eq_any(owned.iter().take(1))), connection), [1]);
        assert_eq!(ids!(users::table.filter(users::email.eq_any(owned)), connection), [1, 3]);
        assert_eq!(ids!(users::table.filter(users::email.ne_all(two)), connection), [2]);
        let nobody: [&str; 0] = [];
        assert_eq!(ids!(users::table.filter(users::email.eq_any(nobody)), connection), [0; 0]);
        assert_eq!(ids!(users::table.filter(users::email.ne_all(nobody)), connection), [1, 2, 3]);
    });
}

#[test]
fn by_several_conditions() {
    with_users(|connection| {
        let query = users::table.filter(users::phone.eq("+44 1").and(users::email.eq("ada@example.com")));
        assert_eq!(ids!(query, connection), [1]);
        let query = users::table.filter(users::id.eq(2).or(users::email.eq("ada@example.com")));
        assert_eq!(ids!(query, connection), [1, 2]);
        let query = users::table.filter(users::email.eq("ada@example.com").or(users::id.eq(2)));
        assert_eq!(ids!(query, connection), [1, 2]);
        let query = users::table.filter(users::email.eq("ada@example.com")).or_filter(
            users::email.eq("bob@example.com").and(users::is_active.eq(false).or(users::id.eq(9))),
        );
        assert_eq!(ids!(query, connection), [1, 2]);
        // As an operand it stands in parentheses: `is_active = (email = ?)`.
        let query = users::table.filter(users::is_active.eq(users::email.eq("bob@example.com")));
        assert_eq!(ids!(query, connection), [0; 0]);
        let query = users::table.filter(users::is_active.ne(users::email.ne("bob@example.com")));
        assert_eq!(ids!(query, connection), [0; 0]);
    });
}

#[test]
fn in_a_boxed_query() {
    with_users(|connection| {
        let mut query = users::table.select(users::id).into_boxed::<DB>();
        query = query.filter(users::phone.eq("+44 1"));
        query = query.filter(users::email.ne("ada@example.com"));
        assert_eq!(query.load::<i32>(connection).unwrap(), [3]);
        type Condition = Box<dyn BoxableExpression<users::table, DB, SqlType = diesel::sql_types::Bool>>;
        let condition: Condition = Box::new(users::email.eq("ada@example.com"));
        assert_eq!(ids!(users::table.filter(condition), connection), [1]);
    });
}

#[test]
fn by_another_expression() {
    with_users(|connection| {
        let other = diesel::alias!(users as other);
        let same_phone = users::table.inner_join(other.on(users::phone.eq(other.field(users::phone))));
        let pairs = same_phone
            .filter(users::email.ne(other.field(users::email)))
            .filter(users::email.eq("ada@example.com"))
            .select((users::id, other.field(users::id)));
        assert_eq!(pairs.load::<(i32, i32)>(connection).unwrap(), [(1, 3)]);
        let same = users::table.inner_join(other.on(users::email.eq(other.field(users::email))));
        assert_eq!(same.count().get_result(connection), Ok(3));
        let of_ada = users::table.find(1).select(users::email).single_value().assume_not_null();
        let aliased = other.filter(other.field(users::email).eq(of_ada)).select(other.field(users::id));
        assert_eq!(aliased.load::<i32>(connection).unwrap(), [1]);
        let emails = users::table.find(1).select(users::email);
        let query = other.filter(other.field(users::email).eq_any(emails)).select(other.field(users::id));
        assert_eq!(query.load::<i32>(connection).unwrap(), [1]);
    });
}

#[test]
fn through_aliases() {
    with_users(|connection| {
        let other = diesel::alias!(users as other);
        let (id, email, phone) =
            (other.field(users::id), other.field(users::email), other.field(users::phone));
        let find = |connection: &mut Connection| {
            let matches = other.filter(email.matches("ada@example.com")).select(id).load::<i32>(connection);
            assert_eq!(matches.unwrap(), [1]);
            let query = other.filter(phone.not_matches("+44 2")).filter(email.not_matches("ada@example.com"));
            assert_eq!(query.select(id).load::<i32>(connection).unwrap(), [3]);
            let query =
                other.filter(phone.matches_any(["+44 1"])).filter(email.matches_none(["carol@example.com"]));
            assert_eq!(query.select(id).load::<i32>(connection).unwrap(), [1]);
        };
        find(connection);
    });
}

#[test]
fn as_a_value_of_its_own() {
    with_users(|connection| {
        let is_ada = users::table.select(users::email.eq("ada@example.com")).order_by(users::id);
        assert_eq!(is_ada.load::<bool>(connection).unwrap(), [true, false, false]);
        let has_phone = users::table.select(users::phone.eq("+44 1")).order_by(users::id);
        assert_eq!(has_phone.load::<Option<bool>>(connection).unwrap(), [Some(true), None, Some(true)]);
        let count = users::table.group_by(users::phone).select((users::phone, dsl::count_star()));
        let counts = count.order_by(dsl::count_star()).load::<(Option<String>, i64)>(connection).unwrap();
        assert_eq!(counts, [(None, 1), (Some("+44 1".to_owned()), 2)]);
        let phones = users::table.select(users::phone).distinct().load::<Option<String>>(connection).unwrap();
        assert_eq!(phones.len(), 2);
    });
}

#[test]
fn for_what_is_deleted() {
    with_users(|connection| {
        let delete = diesel::delete(users::table.filter(users::email.eq("ada@example.com")));
        assert_eq!(delete.execute(connection), Ok(1));
        let delete = diesel::delete(users::table).filter(users::email.eq_any(["bob@example.com", "none"]));
        assert_eq!(delete.execute(connection), Ok(1));
        assert_eq!(ids!(users::table, connection), [3]);
    });
}
