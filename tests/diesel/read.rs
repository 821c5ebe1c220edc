//! Every way of reading.

use diesel::{dsl, prelude::*};
use envelope_diesel::Encrypted;

use super::fixture::{all, insert, with_database};
use crate::model::{Order, User, UserEmail, ada, bob, carol, orders, users};

fn order(id: i32, user: &User, item: &str) -> Order {
    Order { id, user_id: user.id, item: item.to_owned() }
}

/// Ada with tea and cake, Bob with tea, Carol with nothing.
fn with_orders(test: impl FnOnce(&mut super::Connection, &[Order])) {
    with_database(|connection| {
        insert(&[ada(), bob(), carol()], connection);
        let all = [order(1, &ada(), "tea"), order(2, &ada(), "cake"), order(3, &bob(), "tea")];
        diesel::insert_into(orders::table).values(&all[..]).execute(connection).unwrap();
        test(connection, &all);
    });
}

#[test]
fn tuples_and_scalars() {
    with_orders(|connection, _| {
        let of_ada = users::table.find(1);
        let row = of_ada.select((users::email, users::note, users::id));
        let expected = (ada().email, ada().note, 1);
        assert_eq!(row.first::<(String, Option<String>, i32)>(connection), Ok(expected));
        let emails = users::table.select(users::email).order_by(users::id).load::<String>(connection);
        assert_eq!(emails, Ok(vec![ada().email, bob().email, carol().email]));
        let notes = users::table.select(users::note).order_by(users::id).load::<Option<String>>(connection);
        assert_eq!(notes, Ok(vec![ada().note, None, carol().note]));
        let maybe = of_ada.select(users::email.nullable()).first::<Option<String>>(connection);
        assert_eq!(maybe, Ok(Some(ada().email)));
        let wrapped = of_ada.select(users::email).first::<Encrypted<UserEmail>>(connection).unwrap();
        assert_eq!(*wrapped, "ada@example.com");
        let nobody = users::table.find(9).select(users::email).first::<String>(connection).optional();
        assert_eq!(nobody, Ok(None));
    });
}

#[test]
fn models() {
    with_orders(|connection, _| {
        assert_eq!(User::query().find(2).first(connection), Ok(bob()));
        assert_eq!(users::table.find(2).first::<User>(connection), Ok(bob()));
        assert_eq!(users::table.find(2).select(User::as_select()).first(connection), Ok(bob()));
        let iterated: QueryResult<Vec<User>> =
            User::query().order_by(users::id).load_iter::<User, diesel::connection::DefaultLoadingMode>(connection).unwrap().collect();
        assert_eq!(iterated, Ok(vec![ada(), bob(), carol()]));
        assert_eq!(all(connection).unwrap().len(), 3);
    });
}

#[test]
fn joins() {
    with_orders(|connection, all| {
        let query = users::table.inner_join(orders::table).filter(orders::item.eq("tea"));
        let rows = query.order_by(users::id).select((User::as_select(), Order::as_select()));
        let expected = vec![(ada(), all[0].clone()), (bob(), all[2].clone())];
        assert_eq!(rows.load::<(User, Order)>(connection), Ok(expected));
        let with_cake = orders::table.on(orders::user_id.eq(users::id).and(orders::item.eq("cake")));
        let rows = users::table.left_join(with_cake).order_by(users::id);
        let models = rows.clone().select((users::id, Option::<Order>::as_select()));
        let expected = vec![(1, Some(all[1].clone())), (2, None), (3, None)];
        assert_eq!(models.load::<(i32, Option<Order>)>(connection), Ok(expected));
        let items = rows.select(orders::item.nullable());
        assert_eq!(items.load::<Option<String>>(connection), Ok(vec![Some("cake".to_owned()), None, None]));
        let with_nobody = users::table.on(users::email.eq("nobody@example.com"));
        let nobody = orders::table.left_join(with_nobody).select(Option::<User>::as_select());
        assert_eq!(nobody.first(connection), Ok(None));
        let of_ada = users::table.on(orders::user_id.eq(users::id).and(users::phone.eq("+44 1")));
        let maybe = orders::table.left_join(of_ada).order_by(orders::id).select(Option::<User>::as_select());
        assert_eq!(maybe.load(connection), Ok(vec![Some(ada()), Some(ada()), None]));
    });
}

#[test]
fn associations() {
    with_orders(|connection, all| {
        let users = vec![ada(), bob(), carol()];
        let of_users = Order::belonging_to(&users).order_by(orders::id).load::<Order>(connection).unwrap();
        let grouped = of_users.grouped_by(&users);
        assert_eq!(grouped, [vec![all[0].clone(), all[1].clone()], vec![all[2].clone()], vec![]]);
        let tea = Order::belonging_to(&ada()).filter(orders::item.eq_any(["tea"])).load::<Order>(connection);
        assert_eq!(tea, Ok(vec![all[0].clone()]));
    });
}

#[test]
fn by_name() {
    with_orders(|connection, _| {
        let query = "SELECT * FROM users ORDER BY id";
        assert_eq!(diesel::sql_query(query).load::<User>(connection), Ok(vec![ada(), bob(), carol()]));
        #[derive(QueryableByName, Debug, PartialEq)]
        struct Contact {
            #[diesel(sql_type = UserEmail)]
            address: String,
        }
        let query = diesel::sql_query("SELECT email AS address FROM users WHERE id = 2");
        assert_eq!(query.get_result(connection), Ok(Contact { address: bob().email }));
    });
}

#[test]
fn groups_and_counts() {
    with_orders(|connection, _| {
        let by_phone = || users::table.group_by(users::phone).select((users::phone, dsl::count_star()));
        let mut groups = by_phone().load::<(Option<String>, i64)>(connection).unwrap();
        groups.sort();
        assert_eq!(groups, [(None, 1), (ada().phone, 2)]);
        let repeated = by_phone().having(dsl::count_star().gt(1)).load::<(Option<String>, i64)>(connection);
        assert_eq!(repeated, Ok(vec![(ada().phone, 2)]));
        let items = orders::table.select(orders::item).distinct().load::<String>(connection).unwrap();
        assert_eq!(items.len(), 2);
        let counts = (dsl::count(users::phone), dsl::count(users::phone).aggregate_distinct(), dsl::count(users::note));
        assert_eq!(users::table.select(counts).first(connection), Ok((2_i64, 1_i64, 2_i64)));
        let of_tea = orders::table.filter(orders::item.eq("tea")).count();
        assert_eq!(of_tea.get_result(connection), Ok(2_i64));
    });
}
