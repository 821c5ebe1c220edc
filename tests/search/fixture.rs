//! The people in tables: encrypted, and in plaintext beside it.

use envelope_core::Keyring;
use envelope_sqlx::{PushIndexed as _, TermsExt as _};
use envelope_tests::database::{Database, Kind};
use sqlx::{Pool, QueryBuilder};

use super::{Db, KIND};
use crate::{
    model::Person,
    people::{count, person},
};

/// What a column of indexed bytes is called.
const INDEXED: &str = match KIND {
    Kind::Sqlite => "BLOB",
    Kind::Postgres => "BYTEA",
    Kind::Mysql => "VARBINARY(255)",
};

pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) pool: Pool<Db>,
    pub(crate) keyring: Keyring,
}

impl World {
    /// Empty tables.
    pub(crate) async fn empty() -> Self {
        let database = Database::new(KIND);
        let text = if KIND == Kind::Mysql { "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" } else { "TEXT" };
        let b = INDEXED;
        database.sql(&format!(
            "CREATE TABLE people (
                 id BIGINT PRIMARY KEY, email {b} NOT NULL, email_index {b} NOT NULL UNIQUE, name {b} NOT NULL, name_start {b} NOT NULL,
                 ssn {b}, ssn_end {b}, ssn_bits {b}, birth {b} NOT NULL, birth_month {b} NOT NULL, salary {b} NOT NULL,
                 salary_range {b} NOT NULL, city {b} NOT NULL, name_birth {b} NOT NULL
             );
             CREATE TABLE person_words (person_id BIGINT NOT NULL, term {b} NOT NULL, PRIMARY KEY (term, person_id));
             CREATE TABLE person_trigrams (person_id BIGINT NOT NULL, term {b} NOT NULL, PRIMARY KEY (term, person_id));
             CREATE TABLE twin (
                 id BIGINT PRIMARY KEY, email {text} NOT NULL, name {text} NOT NULL, ssn {text}, birth INTEGER NOT NULL,
                 salary BIGINT NOT NULL, city {text} NOT NULL
             )",
        ));
        for column in ["name_start", "ssn_end", "ssn_bits", "birth_month", "salary_range", "city", "name_birth"] {
            database.sql(&format!("CREATE INDEX people_{column} ON people ({column})"));
        }
        let keyring = Keyring::builder(envelope_core::testing::TestKms::new(), envelope_core::MemoryStore::new())
            .open()
            .await
            .unwrap();
        keyring.warm().await.unwrap();
        let url = if KIND == Kind::Sqlite { format!("sqlite://{}", database.url()) } else { database.url().to_owned() };
        let pool = Pool::<Db>::connect(&url).await.unwrap();
        Self { database, pool, keyring }
    }

    /// All of them.
    pub(crate) async fn new() -> Self {
        let world = Self::empty().await;
        let people: Vec<Person> = (1..=count()).map(person).collect();
        for some in people.chunks(500) {
            world.insert(some).await.unwrap();
        }
        if KIND != Kind::Sqlite {
            let verb = if KIND == Kind::Mysql { "ANALYZE TABLE" } else { "ANALYZE" };
            for table in ["people", "person_words", "person_trigrams"] {
                world.database.sql(&format!("{verb} {table}"));
            }
        }
        world
    }

    /// Some more, in both forms, in one transaction.
    pub(crate) async fn insert(&self, people: &[Person]) -> Result<(), sqlx::Error> {
        self.keyring.scope(insert(&self.pool, people)).await
    }
}

async fn insert(pool: &Pool<Db>, people: &[Person]) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    match insert_in(&mut transaction, people).await {
        Ok(()) => transaction.commit().await,
        Err(error) => {
            // Not by dropping it, for which a test that goes on without SQLx leaves no time.
            transaction.rollback().await?;
            Err(error)
        }
    }
}

async fn insert_in(transaction: &mut sqlx::Transaction<'_, Db>, people: &[Person]) -> Result<(), sqlx::Error> {
    let mut query = QueryBuilder::<Db>::new(
        "INSERT INTO people (id, email, email_index, name, name_start, ssn, ssn_end, ssn_bits, birth, birth_month, salary, salary_range, \
         city, name_birth) ",
    );
    query.push_values(people, |mut row, person| {
        row.push_bind(person.id);
        row.push_bind_indexed(Person::EMAIL.indexed(&person.email).unwrap());
        row.push_bind_indexed(Person::NAME.indexed(&person.name).unwrap());
        row.push_bind_indexed(Person::SSN.indexed(&person.ssn).unwrap());
        row.push_bind_indexed(Person::BIRTH.indexed(person.birth).unwrap());
        row.push_bind_indexed(Person::SALARY.indexed(person.salary).unwrap());
        row.push_bind(Person::CITY.seal(&person.city).unwrap());
        row.push_bind(Person::NAME_BIRTH.seal((&person.name, person.birth)).unwrap());
    });
    query.build().execute(&mut **transaction).await?;
    let words = people.iter().flat_map(|person| {
        let terms = Person::NAME_WORDS.terms(&person.name).unwrap();
        terms.into_iter().map(|term| (person.id, term))
    });
    let trigrams = people.iter().flat_map(|person| {
        let terms = Person::NAME_TRIGRAMS.terms(&person.name).unwrap();
        terms.into_iter().map(|term| (person.id, term))
    });
    let words: Vec<_> = words.collect();
    for some in words.chunks(5000) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO person_words (person_id, term) ");
        query.push_values(some, |mut row, (id, term)| {
            row.push_bind(*id).push_bind(term.clone());
        });
        query.build().execute(&mut **transaction).await?;
    }
    let trigrams: Vec<_> = trigrams.collect();
    for some in trigrams.chunks(5000) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO person_trigrams (person_id, term) ");
        query.push_values(some, |mut row, (id, term)| {
            row.push_bind(*id).push_bind(term.clone());
        });
        query.build().execute(&mut **transaction).await?;
    }
    let mut twin = QueryBuilder::<Db>::new("INSERT INTO twin (id, email, name, ssn, birth, salary, city) ");
    twin.push_values(people, |mut row, person| {
        row.push_bind(person.id).push_bind(person.email.clone()).push_bind(person.name.clone());
        row.push_bind(person.ssn.clone()).push_bind(person.birth.to_epoch_days());
        row.push_bind(person.salary).push_bind(person.city.clone());
    });
    twin.build().execute(&mut **transaction).await?;
    Ok(())
}
