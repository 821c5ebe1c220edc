//! The SQL of every operator, compared with `sql/*.txt`; `ENVELOPE_BLESS=1` writes those files.

use std::{env, fs, path::Path};

use diesel::{debug_query, dsl, insert_into, prelude::*};
use envelope_diesel::EncryptedExpressionMethods;
use envelope_tests::database::Kind;

use super::{DB, KIND, upsert};
use crate::{
    keys::processes,
    model::{Archived, User, ada, archive, bob, orders, users},
};

/// One statement: what was written, and what becomes of it.
pub(super) type Statement = (&'static str, String);

/// What is written in Rust, and the SQL of it.
macro_rules! statements {
    ($($query:expr;)*) => {
        vec![$((stringify!($query), debug_query::<DB, _>(&$query).to_string())),*]
    };
}
pub(super) use statements;

/// What is written in Rust as a condition, and the SQL behind `WHERE`.
macro_rules! conditions {
    ($($condition:expr;)*) => {
        vec![$({
            let sql = debug_query::<DB, _>(&users::table.filter($condition).select(users::id)).to_string();
            let (_, condition) = sql.split_once(" WHERE ").unwrap();
            (stringify!($condition), condition.to_owned())
        }),*]
    };
}

fn comparisons() -> Vec<Statement> {
    let nobody: [&str; 0] = [];
    conditions! {
        users::email.eq("a");
        users::email.ne("a");
        users::email.eq_any(["a", "b"]);
        users::email.ne_all(["a", "b"]);
        users::email.eq_any(nobody);
        users::email.ne_all(nobody);
        users::phone.eq("a");
        users::phone.eq(Some("a"));
        users::phone.eq(None::<&str>);
        users::phone.ne(None::<&str>);
        users::phone.is_null();
        users::phone.is_not_null();
        users::phone.is_not_distinct_from(Some("a"));
        users::phone.is_not_distinct_from(None::<&str>);
        users::phone.is_distinct_from("a");
        users::phone.is_distinct_from(None::<&str>);
        users::email.matches("a");
        users::email.not_matches("a");
        users::email.matches_any(["a", "b"]);
        users::email.matches_none(["a", "b"]);
        users::email.nullable().matches("a");
        users::phone.matches_nullable(Some("a"));
        users::phone.not_matches_nullable(Some("a"));
        dsl::not(users::email.eq("a"));
        users::email.eq("a").and(users::phone.eq("b").or(users::id.lt(9)));
        users::is_active.eq(users::email.eq("a"));
        users::email.eq(users::email);
        users::phone.ne(users::phone);
        users::phone.eq(users::phone);
        users::email.eq_any(archive::table.select(archive::email.into_column(User::EMAIL)));
        users::email.ne_all(archive::table.select(archive::email.into_column(User::EMAIL)));
        dsl::exists(archive::table.filter(archive::email.eq("a")));
    }
}

fn queries() -> Vec<Statement> {
    let other = diesel::alias!(users as other);
    statements! {
        users::table.filter(users::email.eq("a")).select(users::email).into_boxed::<DB>();
        users::table.select(users::email).distinct();
        users::table.group_by(users::phone).select((users::phone, dsl::count_star()));
        users::table.select(dsl::count(users::phone).aggregate_distinct());
        users::table.select(users::email.eq("a"));
        users::table.left_join(orders::table.on(orders::item.eq("a"))).select((users::id, orders::item.nullable()));
        users::table.inner_join(other.on(users::phone.eq(other.field(users::phone)))).select(users::id);
        other.filter(other.field(users::email).matches("a")).select(other.field(users::id));
        users::table.select((users::id, users::email.into_column(Archived::EMAIL))).insert_into(archive::table)
            .into_columns((archive::id, archive::email));
        insert_into(users::table).values(&ada());
        insert_into(users::table).values(&bob());
        insert_into(users::table).values((users::email.eq("a"), users::name.eq("b"), users::note.eq(None::<&str>)));
        diesel::update(users::table.filter(users::email.eq("a"))).set(&ada());
        diesel::update(users::table).set((users::email.eq("a"), users::note.eq(users::note)));
        diesel::delete(users::table.filter(users::email.eq_any(["a", "b"])));
    }
}

/// With several keys the SQL is told again where it is another.
fn text() -> String {
    let [one, two] = processes();
    let all = || [comparisons(), queries(), upsert::statements()].concat();
    let mut text = String::new();
    for ((rust, sql), (_, of_two)) in one.with(all).into_iter().zip(two.with(all)) {
        let rust = rust.split_whitespace().collect::<Vec<_>>().join(" ");
        text.push_str(&format!("{rust}\n    {sql}\n"));
        if of_two != sql {
            text.push_str(&format!("    two search keys: {of_two}\n"));
        }
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

#[test]
fn the_sql_of_each_operator() {
    let name = match KIND {
        Kind::Sqlite => "sqlite",
        Kind::Postgres => "postgres",
        Kind::Mysql => "mysql",
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("diesel/sql/{name}.txt"));
    let text = text();
    if env::var_os("ENVELOPE_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    for (line, expected) in text.lines().zip(expected.lines()) {
        assert_eq!(line, expected, "{}: ENVELOPE_BLESS=1 writes it anew", path.display());
    }
    assert_eq!(text.len(), expected.len(), "{}: ENVELOPE_BLESS=1 writes it anew", path.display());
}
