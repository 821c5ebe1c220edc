//! Raw identifiers, and crates that are not called what they are called here.

use envelope_sqlx::Column;

/// A crate that re-exports the integrations.
pub mod facade {
    pub use envelope_diesel as orm;

    pub mod deep {
        pub use envelope_sqlx as other_orm;
    }
}

#[derive(facade::deep::other_orm::Encrypted)]
#[encrypt(table = "types", crate = facade::deep::other_orm)]
pub struct r#Type {
    pub r#in: i64,
    #[encrypt(deterministic)]
    pub r#type: r#Struct,
    #[encrypt]
    pub r#match: Option<r#Struct>,
    #[encrypt(column = "e-mail", context = "shared")]
    pub e_mail: String,
}

#[derive(facade::deep::other_orm::Encrypted)]
#[encrypt(columns = self::r#Type, crate = facade::deep::other_orm)]
pub struct NewType {
    #[encrypt]
    pub r#type: r#Struct,
}

#[derive(facade::deep::other_orm::Plaintext)]
#[encrypt(crate = self::facade::deep::other_orm)]
pub struct r#Struct {
    pub r#fn: String,
}

#[derive(facade::deep::other_orm::Plaintext, Debug, Eq, PartialEq)]
#[encrypt(crate = facade::deep::other_orm)]
pub enum r#Enum {
    r#Try,
    #[encrypt(rename = "größe")]
    Other,
}

#[test]
fn raw_identifiers() {
    assert_eq!(TypeType::FIELD.name().to_string(), "types.type");
    assert_eq!(format!("{:?} {:?}", Type::MATCH, TypeMatch), "types.match types.match");
    assert_eq!(TypeEMail::FIELD.name().to_string(), "types.e-mail");
    assert_eq!(TypeEMail::FIELD.context(), "shared");
}

#[derive(facade::orm::Encrypted)]
#[diesel(table_name = schema::r#type)]
#[encrypt(crate = facade::orm, sqlx(crate = facade::deep::other_orm))]
pub struct Row {
    pub id: i32,
    #[encrypt(deterministic)]
    pub r#in: Code,
    #[encrypt]
    #[diesel(column_name = r#as)]
    #[sqlx(rename = "as")]
    pub title: Option<Code>,
}

#[derive(facade::orm::Encrypted)]
#[diesel(table_name = schema::r#type)]
#[encrypt(crate = facade::orm, columns = self::Row)]
pub struct NewRow<'a> {
    #[encrypt]
    pub r#in: &'a Code,
    #[encrypt]
    #[diesel(column_name = r#as)]
    pub title: Option<&'a Code>,
}

#[derive(facade::orm::Plaintext, Debug, PartialEq)]
#[encrypt(crate = facade::orm)]
pub struct Code(pub u32);

pub mod schema {
    diesel::table! {
        r#type (id) {
            id -> Integer,
            r#in -> crate::names::RowIn,
            r#as -> Nullable<crate::names::RowTitle>,
        }
    }
}

#[test]
fn renamed_crates() {
    use diesel::prelude::*;

    let keyring = envelope_core::testing::keyring();
    let sealed = keyring.seal(TypeType, &Struct { r#fn: "a".into() }).unwrap();
    assert_eq!(keyring.open(TypeType, &sealed).unwrap().r#fn, "a");
    keyring.with(|| {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        diesel::sql_query("CREATE TABLE type (id INTEGER PRIMARY KEY, `in` BLOB NOT NULL, `as` BLOB)")
            .execute(&mut connection)
            .unwrap();
        diesel::insert_into(schema::r#type::table)
            .values(&NewRow { r#in: &Code(5), title: Some(&Code(6)) })
            .execute(&mut connection)
            .unwrap();
        let found = schema::r#type::table
            .filter(schema::r#type::r#in.eq(&Code(5)))
            .select((schema::r#type::r#in, schema::r#type::r#as))
            .first::<(Code, Option<Code>)>(&mut connection);
        assert_eq!(found, Ok((Code(5), Some(Code(6)))));
    });
}
