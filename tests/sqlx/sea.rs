//! SeaORM: sealed fields in models, lookups as filters.

use envelope_core::OpenError;
use envelope_sqlx::{Encrypted, Sealed};
use envelope_tests::database::{Database, Kind};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ConnectionTrait as _, EntityTrait as _, ModelTrait as _, QueryFilter as _,
    Schema, entity::prelude::*,
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

#[tokio::test]
async fn in_and_out_and_searched() {
    let database = Database::new(KIND);
    let url = match KIND {
        Kind::Sqlite => format!("sqlite:{}?mode=rwc", database.url()),
        Kind::Postgres | Kind::Mysql => database.url().to_owned(),
    };
    let db = sea_orm::Database::connect(url).await.unwrap();
    let schema = Schema::new(db.get_database_backend());
    db.execute(&schema.create_table_from_entity(Entity)).await.unwrap();

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
