//! Each kind of search finds exactly what the same search finds in plaintext, by SQLx and by Diesel, and uses its index.

use chrono::NaiveDate;
use diesel::{Connection as _, prelude::*};
use envelope_core::{Column, Field};
use envelope_diesel::SearchDsl;
use envelope_sqlx::{QueryBuilderExt as _, SearchExt as _};
use envelope_tests::database::Kind;
use sqlx::{QueryBuilder, Row as _};
use unicode_normalization::UnicodeNormalization as _;

use super::{Connection, Db, KIND, fixture::World, sql};
use crate::{
    model::{Person, schema::people},
    people::count,
};

fn field_of<C: Column>(_: C) -> Field {
    C::FIELD
}

/// A row of the twin.
#[derive(Clone, Debug)]
struct Plain {
    id: i64,
    email: String,
    name: String,
    ssn: Option<String>,
    birth: NaiveDate,
    salary: i64,
}

async fn twin(world: &World) -> Vec<Plain> {
    let rows = sqlx::query(sql("SELECT id, email, name, ssn, birth, salary FROM twin ORDER BY id"))
        .fetch_all(&world.pool)
        .await
        .unwrap();
    let plain = |row: &<Db as sqlx::Database>::Row| Plain {
        id: row.get(0),
        email: row.get(1),
        name: row.get(2),
        ssn: row.get(3),
        birth: NaiveDate::from_epoch_days(row.get(4)).unwrap(),
        salary: row.get(5),
    };
    rows.iter().map(plain).collect()
}

/// Without case, by other libraries than those that the index uses.
fn fold(text: &str) -> String {
    let decomposed: String = text.nfd().collect();
    caseless::default_case_fold_str(&decomposed).nfc().collect()
}

struct Suite {
    world: World,
    twin: Vec<Plain>,
    connection: Connection,
}

impl Suite {
    async fn new() -> Self {
        let world = World::new().await;
        let twin = twin(&world).await;
        assert_eq!(twin.len(), usize::try_from(count()).unwrap());
        let connection = Connection::establish(world.database.url()).unwrap();
        Self { world, twin, connection }
    }

    fn expected(&self, is_meant: impl Fn(&Plain) -> bool) -> Vec<i64> {
        self.twin.iter().filter(|plain| is_meant(plain)).map(|plain| plain.id).collect()
    }

    async fn uses_index(&self, what: &str, field: Field, mut query: QueryBuilder<Db>) {
        let mut connection = self.world.pool.acquire().await.unwrap();
        if KIND == Kind::Postgres {
            // A table that fits in a few pages is read as a whole, which says nothing of the index.
            sqlx::query("SET enable_seqscan = off").execute(&mut *connection).await.unwrap();
        }
        let plan = query.build().fetch_all(&mut *connection).await.unwrap();
        let text: Vec<String> = match KIND {
            Kind::Sqlite => plan.iter().map(|row| row.get("detail")).collect(),
            Kind::Postgres => plan.iter().map(|row| row.get(0)).collect(),
            // The columns `table`, `type`, `possible_keys` and `key`: what finds an eighth of the table is read without an index.
            Kind::Mysql => {
                let text = |row: &<Db as sqlx::Database>::Row, at: usize| row.get::<Option<String>, _>(at).unwrap_or_default();
                plan.iter().map(|row| [2, 3, 4, 5].map(|at| text(row, at)).join(" ")).collect()
            }
        };
        let text = text.join("\n");
        let (table, column) = (field.name().table(), field.name().column());
        let index = match (KIND, table, column) {
            (Kind::Mysql, "people", "email_index") => "email_index".to_owned(),
            (_, "people", "email_index") => "email".to_owned(),
            (_, "people", _) => format!("people_{column}"),
            (Kind::Postgres, ..) => format!("{table}_pkey"),
            (Kind::Mysql, ..) => format!("{table} ref PRIMARY"),
            (Kind::Sqlite, ..) => format!("sqlite_autoindex_{table}"),
        };
        assert!(text.contains(&index), "{what}, with `{index}`: {text}");
    }
}

/// The search finds the people whom the closure finds in plaintext, by SQLx and by Diesel; and uses its index.
macro_rules! check {
    ($suite:ident, $what:expr, $marker:expr, $search:expr, $is_meant:expr) => {{
        let keyring = $suite.world.keyring.clone();
        let search = keyring.with(|| $search).unwrap();
        let expected = $suite.expected($is_meant);
        let mut query = QueryBuilder::<Db>::new("SELECT * FROM people WHERE ");
        query.push_search($marker, &search).push(" ORDER BY id");
        let found: Vec<Person> =
            keyring.scope(search.fetch_all(query.build_query_as(), &$suite.world.pool)).await.unwrap();
        let found: Vec<i64> = found.iter().map(|person| person.id).collect();
        assert_eq!(found, expected, "{}, by SQLx", $what);

        let query = || people::table.select(Person::as_select());
        let db = &mut $suite.connection;
        keyring.with(|| {
            let mut found: Vec<i64> =
                search.load::<Person, _, _>(query(), db).unwrap().iter().map(|person| person.id).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{}, by Diesel", $what);
            assert_eq!(SearchDsl::count::<Person, _, _>(&search, query(), db).unwrap(), expected.len());
            assert_eq!(search.exists::<Person, _, _>(query(), db).unwrap(), !expected.is_empty());
        });
        if search.groups().iter().all(|group| !group.is_empty()) {
            let explain = if KIND == Kind::Sqlite { "EXPLAIN QUERY PLAN " } else { "EXPLAIN " };
            let mut query = QueryBuilder::<Db>::new(explain);
            query.push("SELECT * FROM people WHERE ").push_search($marker, &search);
            $suite.uses_index($what, field_of($marker), query).await;
        }
        expected.len()
    }};
}

#[tokio::test]
async fn every_search_finds_what_it_finds_in_plaintext() {
    let mut suite = Suite::new().await;
    let date = |text: &str| text.parse::<NaiveDate>().unwrap();

    // By its start.
    for start in ["Zoë", "zoe", "JÜRGEN", "ju\u{308}rgen m", "straße", "STRASSE", "σωκράτης ο", "mary-jane", "van ", "Ada lovelace", "nobody"] {
        let found = check!(suite, start, Person::NAME_START, Person::NAME_START.starts_with(start), |plain| {
            fold(&plain.name).starts_with(&fold(start))
        });
        assert_eq!(found == 0, start == "nobody", "{start}");
    }
    // By its end: the last four digits and more.
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let ssns: Vec<String> = suite.twin.iter().filter_map(|plain| plain.ssn.clone()).filter(|ssn| ssn.len() == 11).collect();
    for end in [&ssns[0][7..], &ssns[1][4..], &ssns[2], "0000-"] {
        check!(suite, end, Person::SSN_END, Person::SSN_END.ends_with(end), |plain| {
            plain.ssn.as_ref().is_some_and(|ssn| digits(ssn).ends_with(&digits(end)))
        });
    }
    // With few bits, of which many people share each.
    for ssn in [&ssns[0], &ssns[3], "none", "123456789"] {
        check!(suite, ssn, Person::SSN_BITS, Person::SSN_BITS.equal(ssn), |plain| {
            plain.ssn.as_ref().is_some_and(|own| digits(own) == digits(ssn))
        });
    }
    // By words, and by what stands in it.
    for words in ["smith", "SMITH", "o neill", "o'neill zoe", "Ó súilleabháin", "müller", "finch", "jane", "nobody"] {
        let split = |text: &str| {
            let text = fold(text);
            text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        check!(suite, words, Person::NAME_WORDS, Person::NAME_WORDS.words(words), |plain| {
            let found = split(&plain.name);
            split(words).iter().all(|word| found.contains(word))
        });
    }
    for part in ["smith", "MITHS", "ller", "o'N", "ry-j", "a love", "ςης", "nobody"] {
        check!(suite, part, Person::NAME_TRIGRAMS, Person::NAME_TRIGRAMS.contains(part), |plain| {
            fold(&plain.name).contains(&fold(part))
        });
    }
    // By ranges.
    for (from, to) in [("1969-12-25", "1970-01-05"), ("1985-01-01", "1985-12-31"), ("1914-01-01", "1916-01-01"), ("1990-01-02", "1990-01-01")] {
        check!(suite, from, Person::BIRTH_MONTH, Person::BIRTH_MONTH.between(&date(from), &date(to)), |plain| {
            (date(from)..=date(to)).contains(&plain.birth)
        });
    }
    let some = date("1920-06-15");
    check!(suite, "lt", Person::BIRTH_MONTH, Person::BIRTH_MONTH.lt(&some), |plain| plain.birth < some);
    check!(suite, "le", Person::BIRTH_MONTH, Person::BIRTH_MONTH.le(&some), |plain| plain.birth <= some);
    let some = date("2020-02-29");
    check!(suite, "gt", Person::BIRTH_MONTH, Person::BIRTH_MONTH.gt(&some), |plain| plain.birth > some);
    check!(suite, "ge", Person::BIRTH_MONTH, Person::BIRTH_MONTH.ge(&some), |plain| plain.birth >= some);
    for (from, to) in [(-10_000, -1), (-1, 1), (50_000, 51_000), (i64::MIN, i64::MIN)] {
        check!(suite, "salary", Person::SALARY_RANGE, Person::SALARY_RANGE.between(&from, &to), |plain| {
            (from..=to).contains(&plain.salary)
        });
    }
    check!(suite, "salary", Person::SALARY_RANGE, Person::SALARY_RANGE.equal(&suite.twin[0].salary), {
        let salary = suite.twin[0].salary;
        move |plain: &Plain| plain.salary == salary
    });
}

/// The index of whole values, in the query itself.
#[tokio::test]
async fn an_exact_index_is_a_condition_of_the_query() {
    let mut suite = Suite::new().await;
    let keyring = suite.world.keyring.clone();
    let upper = suite.twin[6].email.to_uppercase();
    let expected = [suite.twin[6].id];
    let lookup = keyring.with(|| Person::EMAIL.lookup(&upper)).unwrap();
    let mut query = QueryBuilder::<Db>::new("SELECT * FROM people WHERE ");
    query.push_lookup(Person::EMAIL_INDEX, lookup);
    let found: Vec<Person> = keyring.scope(query.build_query_as().fetch_all(&suite.world.pool)).await.unwrap();
    assert_eq!(found.iter().map(|person| person.id).collect::<Vec<_>>(), expected);
    assert_eq!(found[0].email, suite.twin[6].email, "the value is as it was written");

    let db = &mut suite.connection;
    keyring.with(|| {
        let found: Vec<i64> = people::table.filter(people::email.matches(&upper)).select(people::id).load(db).unwrap();
        assert_eq!(found, expected);
        let others: i64 = people::table.filter(people::email.not_matches(&*upper)).count().get_result(db).unwrap();
        assert_eq!(others, count() - 1);
        let any = [upper.as_str(), "nobody@example.com"];
        let found: i64 = people::table.filter(people::email_index.eq_any(any)).count().get_result(db).unwrap();
        assert_eq!(found, 1);
        // A compound index.
        let (name, birth) = (suite.twin[6].name.to_uppercase(), suite.twin[6].birth);
        let found: Vec<i64> = people::table
            .filter(people::name_birth.eq((format!(" {name} "), birth)))
            .select(people::id)
            .load(db)
            .unwrap();
        let meant = suite.twin.iter().filter(|plain| plain.birth == birth && fold(&plain.name) == fold(&name));
        assert_eq!(found, meant.map(|plain| plain.id).collect::<Vec<_>>());
        // A deterministic column whose values are made alike.
        let cities: Vec<String> = people::table.filter(people::city.eq("wien")).select(people::city).load(db).unwrap();
        assert!(cities.len() > 10 && cities.iter().all(|city| city == "wien"));
    });
}

/// Nothing of the plaintext is in the encrypted tables.
#[tokio::test]
async fn the_tables_hold_no_plaintext() {
    let suite = Suite::new().await;
    let mut stored = Vec::new();
    for (table, columns) in [("people", 13), ("person_words", 1), ("person_trigrams", 1)] {
        for row in sqlx::query(sql(&format!("SELECT * FROM {table}"))).fetch_all(&suite.world.pool).await.unwrap() {
            for column in 1..=columns {
                stored.extend(row.get::<Option<Vec<u8>>, _>(column).unwrap_or_default());
                stored.push(0);
            }
        }
    }
    let holds = |text: &str| {
        let text = text.as_bytes();
        memchr::memmem::find(&stored, text).is_some()
    };
    for plain in suite.twin.iter().take(500) {
        assert!(!holds(&plain.email) && !holds(&plain.name));
        assert!(plain.name.split(' ').filter(|word| word.len() > 4).all(|word| !holds(word)));
        assert!(plain.ssn.as_ref().filter(|ssn| ssn.len() > 4).is_none_or(|ssn| !holds(ssn)));
    }
    // The search for plaintext finds what is there.
    stored.extend_from_slice(suite.twin[0].email.as_bytes());
    assert!(memchr::memmem::find(&stored, suite.twin[0].email.as_bytes()).is_some());
}
