//! Names that need care.

use diesel::{insert_into, prelude::*};
use envelope_diesel::Encrypted;

use super::{sql, with_database};

diesel::table! {
    /// Names that are not those of the database.
    #[sql_name = "type"]
    types (r#move) {
        r#move -> Integer,
        #[sql_name = "e-mail"]
        address -> crate::diesel_route::names::RawAsync,
        r#type -> Nullable<crate::diesel_route::names::RawType>,
    }
}

#[derive(Encrypted, Queryable, Selectable, Clone, Debug, PartialEq)]
#[diesel(table_name = types, primary_key(r#move))]
struct Raw {
    r#move: i32,
    #[encrypt(deterministic, column = "e-mail")]
    #[diesel(column_name = address)]
    r#async: String,
    #[encrypt]
    r#type: Option<String>,
}

#[test]
fn a_struct_with_names_that_need_care() {
    with_database(|connection| {
        sql("CREATE TABLE type (move INTEGER, \"e-mail\" BLOB, type BLOB)", connection);
        let raw = Raw { r#move: 1, r#async: "x".to_owned(), r#type: Some("y".to_owned()) };
        insert_into(types::table).values(&raw).execute(connection).unwrap();
        let read = types::table.filter(types::address.eq("x")).select(Raw::as_select()).first(connection);
        assert_eq!(read, Ok(raw));
        assert_eq!(format!("{:?} {:?}", Raw::ASYNC, Raw::TYPE), "types.e-mail types.type");
    });
}
