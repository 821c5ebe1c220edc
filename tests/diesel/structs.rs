//! Structs that use the columns which another declares, and Diesel's own attributes.

use diesel::{insert_into, prelude::*};
use envelope_core::ToPlaintext;
use envelope_diesel::Encrypted;

use super::{
    DB,
    fixture::{all, insert, with_database},
};
use crate::model::{User, ada, bob, users};

#[derive(Encrypted)]
#[diesel(table_name = users)]
#[encrypt(columns = crate::model::User)]
struct NewUser<'a> {
    #[encrypt]
    email: &'a str,
    #[encrypt]
    name: &'a String,
    #[encrypt]
    note: Option<&'a str>,
    is_active: &'a bool,
}

#[test]
fn a_struct_that_borrows() {
    with_database(|connection| {
        let name = "Ada".to_owned();
        let new =
            NewUser { email: "ada@example.com", name: &name, note: Some("likes tea"), is_active: &true };
        assert_eq!(insert_into(users::table).values(&new).execute(connection), Ok(1));
        let expected = User { phone: None, ..ada() };
        assert_eq!(all(connection), Ok(vec![expected]));
        let more = vec![NewUser { email: "b", note: None, ..new }, NewUser { email: "c", note: None, ..new }];
        assert_eq!(insert_into(users::table).values(&more).execute(connection), Ok(2));
        let one = NewUser { email: "d", ..new };
        assert_eq!(insert_into(users::table).values(one).execute(connection), Ok(1));
        let emails = users::table.select(users::email).order_by(users::id).load::<String>(connection);
        assert_eq!(emails.unwrap(), ["ada@example.com", "b", "c", "d"]);
    });
}

/// Part of a row.
#[derive(Encrypted, Queryable, Selectable, Identifiable, Debug, PartialEq)]
#[diesel(table_name = users, check_for_backend(DB))]
#[encrypt(columns = crate::model::User)]
struct Contact {
    id: i32,
    #[encrypt]
    email: String,
    #[encrypt]
    phone: Option<String>,
}

#[test]
fn a_struct_with_some_of_the_columns() {
    with_database(|connection| {
        insert(&[ada(), bob()], connection);
        let contact: Contact = users::table
            .filter(users::phone.is_not_null())
            .select(Contact::as_select())
            .first(connection)
            .unwrap();
        assert_eq!(contact, Contact { id: 1, email: ada().email, phone: ada().phone });
        let changed = Contact { email: "new@example.com".to_owned(), ..contact };
        assert_eq!(diesel::update(&changed).set(&changed).execute(connection), Ok(1));
        assert_eq!(all(connection).unwrap()[0].email, "new@example.com");
    });
}

/// Generic in a plain field and in an encrypted one.
#[derive(Encrypted)]
#[diesel(table_name = users)]
#[encrypt(columns = crate::model::User, no_update)]
struct Signup<'a, E, A>
where
    E: ToPlaintext<Plain = String>,
    A: diesel::expression::AsExpression<diesel::sql_types::Bool>,
{
    #[encrypt]
    email: E,
    #[encrypt]
    name: &'a str,
    is_active: A,
}

#[test]
fn a_generic_struct() {
    with_database(|connection| {
        let signup =
            Signup { email: std::borrow::Cow::Borrowed("ada@example.com"), name: "Ada", is_active: true };
        assert_eq!(insert_into(users::table).values(signup).execute(connection), Ok(1));
        let signup = Signup { email: "bob@example.com", name: "Bob", is_active: false };
        assert_eq!(insert_into(users::table).values(&signup).execute(connection), Ok(1));
        let emails =
            users::table.select(users::email).order_by(users::id).load::<String>(connection).unwrap();
        assert_eq!(emails, ["ada@example.com", "bob@example.com"]);
    });
}

/// Diesel's attributes mean what they mean on any struct.
#[derive(Encrypted)]
#[diesel(table_name = users, treat_none_as_null = true, treat_none_as_default_value = false, primary_key(email))]
#[encrypt(columns = crate::model::User)]
struct Whole {
    #[encrypt]
    email: String,
    #[encrypt]
    name: String,
    #[encrypt]
    note: Option<String>,
    #[encrypt]
    #[diesel(skip_insertion)]
    phone: Option<String>,
    #[diesel(skip_update, serialize_as = Activity)]
    is_active: &'static str,
}

/// What `serialize_as` makes of a word.
#[derive(diesel::expression::AsExpression, Debug)]
#[diesel(sql_type = diesel::sql_types::Bool)]
struct Activity(bool);

impl From<&'static str> for Activity {
    fn from(word: &'static str) -> Self {
        Self(word == "active")
    }
}

impl diesel::serialize::ToSql<diesel::sql_types::Bool, DB> for Activity {
    fn to_sql<'b>(
        &'b self,
        out: &mut diesel::serialize::Output<'b, '_, DB>,
    ) -> diesel::serialize::Result {
        diesel::serialize::ToSql::<diesel::sql_types::Bool, _>::to_sql(&self.0, out)
    }
}

#[test]
fn a_struct_with_attributes_of_diesel() {
    with_database(|connection| {
        let whole = || Whole {
            email: ada().email,
            name: ada().name,
            note: None,
            phone: ada().phone,
            is_active: "sleeping",
        };
        assert_eq!(insert_into(users::table).values(whole()).execute(connection), Ok(1));
        let inserted = User { note: None, phone: None, is_active: false, ..ada() };
        assert_eq!(all(connection), Ok(vec![inserted]));
        let noted = diesel::update(users::table).set(users::note.eq("noted"));
        assert_eq!(noted.execute(connection), Ok(1));
        let update = diesel::update(users::table).set(Whole { is_active: "active", ..whole() });
        assert_eq!(update.execute(connection), Ok(1));
        assert_eq!(all(connection), Ok(vec![User { note: None, is_active: false, ..ada() }]));
    });
}

/// Encrypted columns from another struct, embedded.
#[derive(Encrypted, Queryable, Selectable, Debug, PartialEq)]
#[diesel(table_name = users)]
#[encrypt(columns = crate::model::User)]
struct Person {
    id: i32,
    #[encrypt]
    name: String,
    #[diesel(embed)]
    contact: Reach,
}

#[derive(Encrypted, Queryable, Selectable, Debug, PartialEq)]
#[diesel(table_name = users)]
#[encrypt(columns = crate::model::User)]
struct Reach {
    #[encrypt]
    email: String,
    #[encrypt]
    phone: Option<String>,
}

#[test]
fn an_embedded_struct() {
    with_database(|connection| {
        let contact = Reach { email: ada().email, phone: ada().phone };
        let person = Person { id: 1, name: ada().name, contact };
        assert_eq!(insert_into(users::table).values(&person).execute(connection), Ok(1));
        assert_eq!(users::table.select(Person::as_select()).first(connection), Ok(person));
        let contact = Reach { email: "new@example.com".to_owned(), phone: None };
        let person = Person { id: 1, name: "New".to_owned(), contact };
        assert_eq!(diesel::update(users::table).set(&person).execute(connection), Ok(1));
        assert_eq!(all(connection).unwrap()[0].email, "new@example.com");
    });
}

/// A struct for reading, with an expression: no `Insertable` and no `AsChangeset` is made of it.
#[derive(Encrypted, Queryable, Selectable, Debug, PartialEq)]
#[diesel(table_name = users)]
#[encrypt(columns = crate::model::User)]
struct Counted {
    #[encrypt]
    name: String,
    #[diesel(select_expression = users::id + 1_i32)]
    next: i32,
}

#[test]
fn a_struct_with_an_expression() {
    with_database(|connection| {
        insert(&[ada()], connection);
        let counted = users::table.select(Counted::as_select()).first(connection);
        assert_eq!(counted, Ok(Counted { name: ada().name, next: 2 }));
    });
}
