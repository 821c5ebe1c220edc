//! Every way of searching.

use diesel::{dsl, prelude::*, sqlite::Sqlite};
use envelope_core::SearchableColumn;
use envelope_diesel::{EncryptedExpressionMethods, EncryptedSqlType, Value, dsl::Matches};

use super::{Order, User, ada, bob, insert, orders, users, with_database};

/// The ids of what a query finds.
macro_rules! ids {
    ($query:expr, $connection:expr) => {
        $query.select(users::id).order_by(users::id).load::<i32>($connection).unwrap()
    };
}

fn with_users(test: impl FnOnce(&mut SqliteConnection)) {
    with_database(|connection| {
        insert(&[ada(), bob(), User { id: 3, email: "carol@example.com".to_owned(), ..ada() }], connection);
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
        let mut query = users::table.select(users::id).into_boxed::<Sqlite>();
        query = query.filter(users::phone.eq("+44 1"));
        query = query.filter(users::email.ne("ada@example.com"));
        assert_eq!(query.load::<i32>(connection).unwrap(), [3]);
        type Condition = Box<dyn BoxableExpression<users::table, Sqlite, SqlType = diesel::sql_types::Bool>>;
        let condition: Condition = Box::new(users::email.eq("ada@example.com"));
        assert_eq!(ids!(users::table.filter(condition), connection), [1]);
    });
}

#[test]
fn in_joins() {
    with_users(|connection| {
        let order = |id, user_id, item: &str| Order { id, user_id, item: item.to_owned() };
        let all = vec![order(1, 1, "tea"), order(2, 2, "tea"), order(3, 1, "cake")];
        diesel::insert_into(orders::table).values(&all).execute(connection).unwrap();
        let joined = users::table.inner_join(orders::table);
        let query = joined.filter(users::email.eq("ada@example.com")).filter(orders::item.eq("tea"));
        let found = query.select((User::as_select(), Order::as_select())).load::<(User, Order)>(connection);
        assert_eq!(found.unwrap(), [(ada(), all[0].clone())]);
        let joined = users::table
            .left_join(orders::table.on(orders::item.eq("cake").and(orders::user_id.eq(users::id))));
        let found = joined.select((users::id, Option::<Order>::as_select())).order_by(users::id);
        let found = found.load::<(i32, Option<Order>)>(connection);
        assert_eq!(found.unwrap(), [(1, Some(all[2].clone())), (2, None), (3, None)]);
        let found =
            Order::belonging_to(&ada()).filter(orders::item.eq_any(["tea"])).load::<Order>(connection);
        assert_eq!(found.unwrap(), [all[0].clone()]);
        let has_cake = orders::table.filter(orders::user_id.eq(users::id)).filter(orders::item.eq("cake"));
        assert_eq!(ids!(users::table.filter(dsl::exists(has_cake)), connection), [1]);
        // A subselect of the same column.
        let emails = users::table.filter(users::is_active.eq(true)).select(users::email);
        let aliased = diesel::alias!(users as others);
        let query =
            aliased.filter(aliased.field(users::email).eq_any(emails)).select(aliased.field(users::id));
        assert_eq!(query.order_by(aliased.field(users::id)).load::<i32>(connection).unwrap(), [1, 3]);
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
        let find = |connection: &mut SqliteConnection| {
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
        assert_eq!(
            delete.returning(users::email).get_result::<String>(connection).unwrap(),
            "bob@example.com"
        );
        assert_eq!(ids!(users::table, connection), [3]);
    });
}

#[test]
fn with_an_index() {
    with_users(|connection| {
        #[derive(QueryableByName)]
        struct Plan {
            #[diesel(sql_type = diesel::sql_types::Text)]
            detail: String,
        }
        let plan = diesel::sql_query("EXPLAIN QUERY PLAN SELECT * FROM users WHERE email = x'00'");
        let plan: Vec<Plan> = plan.load(connection).unwrap();
        assert!(plan[0].detail.contains("USING INDEX"), "{}", plan[0].detail);
    });
}
