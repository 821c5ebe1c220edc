//! Lookups use the index of their column, with one live search key and with two.

use envelope_sqlx::QueryBuilderExt as _;
use envelope_tests::database::Kind;
use sqlx::{QueryBuilder, Row as _};

use super::{
    Db, KIND,
    fixture::{User, database, insert_many, user},
};
use crate::keys;

#[tokio::test]
async fn a_lookup_uses_the_index() {
    let keys = keys::rotated().await;
    let database = database().await;
    keys.before.scope(insert_many(&database.pool, (0..1000).map(user))).await;
    if KIND == Kind::Postgres {
        database.sql("ANALYZE users");
    }
    for (keyring, candidates) in [(&keys.before, 1), (&keys.after, 2)] {
        let lookup = || keyring.with(|| User::EMAIL.lookup("17@example.com").unwrap());
        assert_eq!(lookup().into_candidates().len(), candidates);
        let explain = if KIND == Kind::Sqlite { "EXPLAIN QUERY PLAN " } else { "EXPLAIN " };
        let mut query = QueryBuilder::<Db>::new(explain);
        query.push("SELECT id, name FROM users WHERE ").push_lookup(User::EMAIL, lookup());
        let plan = query.build().fetch_all(&database.pool).await.unwrap();
        let text: Vec<String> = match KIND {
            Kind::Sqlite => plan.iter().map(|row| row.get("detail")).collect(),
            Kind::Postgres => plan.iter().map(|row| row.get(0)).collect(),
            // The columns `type` and `key`.
            Kind::Mysql => plan.iter().map(|row| format!("{} {}", row.get::<String, _>(3), row.get::<String, _>(5))).collect(),
        };
        let text = text.join("\n");
        let uses_it = match KIND {
            Kind::Sqlite => text.contains("SEARCH users USING INDEX sqlite_autoindex_users_2 (email=?)"),
            Kind::Postgres => text.contains("users_email_key") && text.contains("Index Cond"),
            Kind::Mysql => ["const email", "range email"].contains(&text.as_str()),
        };
        assert!(uses_it, "{candidates} candidates: {text}");

        let mut query = QueryBuilder::<Db>::new("SELECT * FROM users WHERE ");
        query.push_lookup(User::EMAIL, lookup());
        let found: Vec<User> =
            keyring.scope(query.build_query_as().fetch_all(&database.pool)).await.unwrap();
        assert_eq!(found, [user(17)]);
    }
}
