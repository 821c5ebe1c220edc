//! SeaORM: sealed fields in models, lookups as filters.

use envelope_core::{Keyring, OpenError};
use envelope_sqlx::{Encrypted, Sealed};
use envelope_tests::database::{Database, Kind};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ConnectionTrait as _, DatabaseConnection, EntityTrait as _, ModelTrait as _,
    QueryFilter as _, Schema, entity::prelude::*, sea_query::{ExprTrait as _, Query},
};

use super::KIND;
use crate::keys;

#[derive(Encrypted)]
#[encrypt(table = "people", no_from_row)]
struct Person {
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "people")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    id: i64,
    #[sea_orm(column_type = "VarBinary(StringLen::N(255))")]
    email: Sealed<PersonEmail>,
    note: Option<Sealed<PersonNote>>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// With an empty table `people`.
async fn connect() -> (DatabaseConnection, Database) {
    let database = Database::new(KIND);
    let url = match KIND {
        Kind::Sqlite => format!("sqlite:{}?mode=rwc", database.url()),
        Kind::Postgres | Kind::Mysql => database.url().to_owned(),
    };
    let db = sea_orm::Database::connect(url).await.unwrap();
    let schema = Schema::new(db.get_database_backend());
    db.execute(&schema.create_table_from_entity(Entity)).await.unwrap();
    (db, database)
}

#[tokio::test]
async fn in_and_out_and_searched() {
    let (db, _database) = connect().await;
    let keys = keys::rotated().await;
    let ada = Person { email: "ada@example.com".to_owned(), note: Some("likes tea".to_owned()) };
    let bob = Person { email: "bob@example.com".to_owned(), note: None };
    for (id, person, keyring) in [(1, &ada, &keys.before), (2, &bob, &keys.after)] {
        let row = keyring.with(|| ActiveModel {
            id: Set(id),
            email: Set(Person::EMAIL.seal(&person.email).unwrap()),
            note: Set(Person::NOTE.seal(&person.note).unwrap()),
        });
        row.insert(&db).await.unwrap();
    }
    // Two search keys are live, and each row is found.
    for (id, person) in [(1, &ada), (2, &bob)] {
        let lookup = || keys.after.with(|| Person::EMAIL.lookup(&person.email).unwrap());
        let found = Entity::find().filter(lookup().is_in(Column::Email)).all(&db).await.unwrap();
        let [row] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(row.id, id);
        assert_eq!(row.email.open(&keys.after).unwrap(), person.email);
        let note = row.note.as_ref().map(|note| note.open(&keys.after).unwrap());
        assert_eq!(note, person.note);
        let others = Entity::find().filter(lookup().is_not_in(Column::Email)).all(&db).await.unwrap();
        assert_eq!(others.iter().map(|row| row.id).collect::<Vec<_>>(), [3 - id]);
    }
    let nobody = keys.after.with(|| Person::EMAIL.lookup("nobody@example.com").unwrap());
    assert_eq!(Entity::find().filter(nobody.is_in(Column::Email)).all(&db).await.unwrap(), []);

    // An update; and a value that was moved does not open.
    let row = Entity::find_by_id(2).one(&db).await.unwrap().unwrap();
    let mut changed: ActiveModel = row.into();
    changed.note = Set(Some(keys.after.with(|| Person::NOTE.seal("new").unwrap())));
    let row = changed.update(&db).await.unwrap();
    assert_eq!(row.note.as_ref().unwrap().open(&keys.after).unwrap(), "new");
    let moved = Sealed::<PersonNote>::new(row.email.as_bytes().to_vec());
    assert!(matches!(moved.open(&keys.after), Err(OpenError::WrongMode { .. })));
    assert!(!format!("{row:?}").contains("example"));
    row.delete(&db).await.unwrap();
    assert_eq!(Entity::find().all(&db).await.unwrap().len(), 1);
}

/// Statements without entities, as sea-query makes them.
#[tokio::test]
async fn values_of_statements() {
    let (db, _database) = connect().await;
    let keys = keys::rotated().await;
    let email = |keyring: &Keyring, email| keyring.with(|| Person::EMAIL.seal(email).unwrap());
    let note = keys.after.with(|| Person::NOTE.seal("likes tea").unwrap());
    let insert = Query::insert()
        .into_table(Entity)
        .columns([Column::Id, Column::Email, Column::Note])
        .values_panic([1.into(), email(&keys.before, "ada@example.com").into(), Some(note).into()])
        .values_panic([2.into(), email(&keys.after, "bob@example.com").into(), None::<Sealed<PersonNote>>.into()])
        .to_owned();
    db.execute(&insert).await.unwrap();
    let find = async |email| {
        let [first, second] = keys.after.with(|| Person::EMAIL.lookup(email).unwrap().array().unwrap());
        let select = Query::select()
            .columns([Column::Id, Column::Note])
            .from(Entity)
            .and_where(Expr::col(Column::Email).is_in([first, second]))
            .to_owned();
        let row = db.query_one(&select).await.unwrap()?;
        let note: Option<Sealed<PersonNote>> = row.try_get("", "note").unwrap();
        let id: i64 = row.try_get("", "id").unwrap();
        Some((id, note.map(|note| note.open(&keys.after).unwrap())))
    };
    assert_eq!(find("eve@example.com").await, None);
    assert_eq!(find("ada@example.com").await, Some((1, Some("likes tea".to_owned()))));
    assert_eq!(find("bob@example.com").await, Some((2, None)));
}
