//! The table and its model: the annotated fields are all that encryption asks for.

use diesel::prelude::*;
use envelope_diesel::Encrypted;

diesel::table! {
    customers (customer_id) {
        customer_id -> Integer,
        first_name -> Text,
        last_name -> Text,
        company -> Nullable<Text>,
        address -> Nullable<crate::model::CustomerAddress>,
        city -> Nullable<crate::model::CustomerCity>,
        state -> Nullable<Text>,
        country -> Nullable<Text>,
        postal_code -> Nullable<crate::model::CustomerPostalCode>,
        phone -> Nullable<crate::model::CustomerPhone>,
        fax -> Nullable<crate::model::CustomerFax>,
        email -> crate::model::CustomerEmail,
        support_rep_id -> Nullable<Integer>,
    }
}

/// What the table looks like to the database: encrypted columns are `BLOB`.
pub(crate) const CREATE_TABLE: &str = "
    CREATE TABLE customers (
        customer_id INTEGER PRIMARY KEY,
        first_name TEXT NOT NULL,
        last_name TEXT NOT NULL,
        company TEXT,
        address BLOB,
        city BLOB,
        state TEXT,
        country TEXT,
        postal_code BLOB,
        phone BLOB,
        fax BLOB,
        email BLOB NOT NULL UNIQUE,
        support_rep_id INTEGER
    )";

/// One customer; Diesel writes it and SQLx reads it.
#[derive(Encrypted, Queryable, Selectable, Identifiable, Debug, PartialEq, Eq)]
#[diesel(table_name = customers, primary_key(customer_id))]
#[encrypt(diesel, sqlx)]
pub(crate) struct Customer {
    pub(crate) customer_id: i32,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) company: Option<String>,
    #[encrypt]
    pub(crate) address: Option<String>,
    #[encrypt]
    pub(crate) city: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) country: Option<String>,
    #[encrypt]
    pub(crate) postal_code: Option<String>,
    #[encrypt]
    pub(crate) phone: Option<String>,
    #[encrypt]
    pub(crate) fax: Option<String>,
    #[encrypt(deterministic)]
    pub(crate) email: String,
    pub(crate) support_rep_id: Option<i32>,
}

impl Customer {
    /// What must not be found in the database file.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        [&self.address, &self.city, &self.postal_code, &self.phone, &self.fax]
            .into_iter()
            .filter_map(Option::as_deref)
            .chain([self.email.as_str()])
    }

    /// The plain texts of the row, joined where they stand side by side in the file.
    pub(crate) fn plain_runs(&self) -> [String; 2] {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        [
            [self.first_name.clone(), self.last_name.clone(), text(&self.company)].concat(),
            [text(&self.state), text(&self.country)].concat(),
        ]
    }
}
