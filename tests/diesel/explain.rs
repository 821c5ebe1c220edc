//! What the database makes of a search: that it uses the index, with one live search key and with several.

use diesel::{
    QueryResult,
    connection::{Connection as _, SimpleConnection as _},
    deserialize::{self, QueryableByName},
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    row::NamedRow,
    sql_types::{Binary, Untyped},
};
use envelope_diesel::EncryptedExpressionMethods;
use envelope_tests::database::Kind;

use super::{
    Connection, DB, KIND,
    fixture::{insert, without_keyring},
};
use crate::{
    keys::processes,
    model::{User, ada, users},
};

/// A query that is explained instead of run, with its own bind parameters.
struct Explain<Q>(Q);

impl<Q> QueryId for Explain<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Explain<Q> {
    type SqlType = Untyped;
}

impl<Q> RunQueryDsl<Connection> for Explain<Q> {}

impl<Q: QueryFragment<DB>> QueryFragment<DB> for Explain<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(match KIND {
            Kind::Sqlite => "EXPLAIN QUERY PLAN ",
            Kind::Postgres => "EXPLAIN ",
            Kind::Mysql => "EXPLAIN FORMAT=JSON ",
        });
        self.0.walk_ast(out)
    }
}

struct Line(String);

impl QueryableByName<DB> for Line {
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> deserialize::Result<Self> {
        let name = match KIND {
            Kind::Sqlite => "detail",
            Kind::Postgres => "QUERY PLAN",
            Kind::Mysql => "EXPLAIN",
        };
        // MariaDB shows the bytes of a key in its plan, which are no text.
        NamedRow::get::<Binary, Vec<u8>>(row, name).map(|line| Self(String::from_utf8_lossy(&line).into_owned()))
    }
}

fn plan(query: impl QueryFragment<DB>, connection: &mut Connection) -> String {
    let lines = Explain(query).load::<Line>(connection).unwrap();
    lines.into_iter().map(|Line(line)| line + "\n").collect()
}

/// That only the index is read, and which one.
#[track_caller]
fn assert_uses(index: &str, plan: &str) {
    let (all_rows, by_index) = match KIND {
        Kind::Sqlite => ("SCAN users", format!("INDEX {index}")),
        Kind::Postgres => ("Seq Scan", index.to_owned()),
        Kind::Mysql => ("\"access_type\": \"ALL\"", format!("\"key\": \"{index}\"")),
    };
    assert!(!plan.contains(all_rows) && plan.contains(&by_index), "{index}: {plan}");
}

#[test]
fn a_search_uses_the_index() {
    let (unique, ordinary) = match KIND {
        Kind::Sqlite => ("sqlite_autoindex_users_1", "users_by_phone"),
        Kind::Postgres => ("users_email_key", "users_by_phone"),
        Kind::Mysql => ("email", "users_by_phone"),
    };
    let keyrings = processes::<3>();
    without_keyring(|connection| {
        let rows: Vec<User> = (1..=1000)
            .map(|id| User {
                id,
                email: format!("{id}@example.com"),
                phone: Some(format!("+44 {id}")),
                ..ada()
            })
            .collect();
        let inserted = connection.transaction(|connection| {
            keyrings[0].with(|| insert(&rows, connection));
            QueryResult::Ok(())
        });
        inserted.unwrap();
        connection.batch_execute(if KIND == Kind::Mysql { "ANALYZE TABLE users" } else { "ANALYZE" }).unwrap();
        let all = plan(users::table.filter(users::is_active), connection);
        let scans = ["SCAN users", "Seq Scan", "\"access_type\": \"ALL\""];
        assert!(scans.iter().any(|scan| all.contains(scan)), "a plan without an index is told apart: {all}");
        for keyring in &keyrings {
            keyring.with(|| {
                let mut email = |query| assert_uses(unique, &plan(query, connection));
                email(users::table.filter(users::email.eq("7@example.com")).select(users::id).into_boxed());
                email(users::table.filter(users::email.matches("7@example.com")).select(users::id).into_boxed());
                let two = ["7@example.com", "8@example.com"];
                email(users::table.filter(users::email.eq_any(two)).select(users::id).into_boxed());
                let mut phone = |query| assert_uses(ordinary, &plan(query, connection));
                phone(users::table.filter(users::phone.eq("+44 7")).select(users::id).into_boxed());
                let same = users::phone.is_not_distinct_from(Some("+44 7"));
                phone(users::table.filter(same).select(users::id).into_boxed());
                let null = users::phone.is_not_distinct_from(None::<&str>);
                phone(users::table.filter(null).select(users::id).into_boxed());
                let found = users::table.filter(users::phone.eq("+44 7")).select(users::id);
                assert_eq!(found.load::<i32>(connection), Ok(vec![7]));
            });
        }
    });
}
