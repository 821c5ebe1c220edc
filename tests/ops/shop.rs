//! Tables of the shape of the public Chinook database, filled with made-up people.

use std::fmt::Write as _;

use envelope_tests::database::{Database, Kind};

pub(crate) const fn migration(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => {
            concat!(
                include_str!("../../envelope-sqlx/migrations/sqlite/20260101000000_envelope_keys.sql"),
                "CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, first_name NVARCHAR(40), fax NVARCHAR(24),
                 phone NVARCHAR(24), email NVARCHAR(60) NOT NULL);
                 CREATE TABLE employee (employee_id INTEGER PRIMARY KEY, last_name NVARCHAR(20), birth_date DATETIME,
                 email NVARCHAR(60));"
            )
        }
        Kind::Postgres => {
            concat!(
                include_str!("../../envelope-sqlx/migrations/postgres/20260101000000_envelope_keys.sql"),
                "CREATE TABLE customer (customer_id INT PRIMARY KEY, first_name VARCHAR(40), fax VARCHAR(24),
                 phone VARCHAR(24), email VARCHAR(60) NOT NULL);
                 CREATE TABLE employee (employee_id INT PRIMARY KEY, last_name VARCHAR(20), birth_date TIMESTAMP,
                 email VARCHAR(60));"
            )
        }
        Kind::Mysql => {
            concat!(
                include_str!("../../envelope-sqlx/migrations/mysql/20260101000000_envelope_keys.sql"),
                "CREATE TABLE customer (customer_id INT PRIMARY KEY, first_name NVARCHAR(40), fax NVARCHAR(24),
                 phone NVARCHAR(24), email NVARCHAR(60) NOT NULL);
                 CREATE TABLE employee (employee_id INT PRIMARY KEY, last_name NVARCHAR(20), birth_date DATETIME,
                 email NVARCHAR(60));"
            )
        }
    }
}

pub(crate) fn fill(database: &Database) {
    let mut sql = String::new();
    for id in 1..=59 {
        let phone = if id % 7 == 0 { "NULL".into() } else { format!("'+49 30 {id:06}'") };
        let _ = write!(
            sql,
            "INSERT INTO customer VALUES ({id}, 'Customer {id}', NULL, {phone}, 'customer{id}@example.com');"
        );
    }
    for id in 1..=8 {
        let _ = write!(
            sql,
            "INSERT INTO employee VALUES ({id}, 'Employee {id}', '196{id}-02-18 00:00:00', 'employee{id}@example.com');"
        );
    }
    database.sql(&sql);
}
