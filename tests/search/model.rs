//! People, found in every way that there is.

use chrono::NaiveDate;
use diesel::prelude::*;
use envelope_diesel::Encrypted;

pub(crate) mod schema {
    use super::{
        PersonBirth, PersonBirthMonth, PersonCity, PersonEmail, PersonEmailIndex, PersonName,
        PersonNameBirth, PersonNameStart, PersonNameTrigrams, PersonNameWords, PersonSalary,
        PersonSalaryRange, PersonSsn, PersonSsnBits, PersonSsnEnd,
    };

    diesel::table! {
        use diesel::sql_types::{BigInt, Nullable};
        use super::{PersonBirth, PersonBirthMonth, PersonCity, PersonEmail, PersonEmailIndex, PersonName, PersonNameBirth, PersonNameStart, PersonSsn, PersonSsnBits, PersonSsnEnd, PersonSalary, PersonSalaryRange};

        people (id) {
            id -> BigInt,
            email -> PersonEmail,
            email_index -> PersonEmailIndex,
            name -> PersonName,
            name_start -> PersonNameStart,
            ssn -> Nullable<PersonSsn>,
            ssn_end -> Nullable<PersonSsnEnd>,
            ssn_bits -> Nullable<PersonSsnBits>,
            birth -> PersonBirth,
            birth_month -> PersonBirthMonth,
            salary -> PersonSalary,
            salary_range -> PersonSalaryRange,
            city -> PersonCity,
            name_birth -> PersonNameBirth,
        }
    }

    diesel::table! {
        use diesel::sql_types::BigInt;
        use super::PersonNameWords;

        person_words (person_id, term) {
            person_id -> BigInt,
            term -> PersonNameWords,
        }
    }

    diesel::table! {
        use diesel::sql_types::BigInt;
        use super::PersonNameTrigrams;

        person_trigrams (person_id, term) {
            person_id -> BigInt,
            term -> PersonNameTrigrams,
        }
    }
}

use schema::people;

/// A person, whole.
#[derive(Encrypted, Queryable, Selectable, Identifiable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = people)]
#[encrypt(sqlx)]
#[encrypt(index(columns = (name = "casefold,trim", birth), column = name_birth))]
pub(crate) struct Person {
    /// Of the person.
    pub(crate) id: i64,
    /// Found whatever its case.
    #[encrypt(index(column = email_index, normalize = "email"))]
    pub(crate) email: String,
    /// Found by its start, by a word, by a part.
    #[encrypt(index(column = name_start, prefix = 3, normalize = "casefold"))]
    #[encrypt(index(table = schema::person_words, row = person_id, words, normalize = "casefold"))]
    #[encrypt(index(table = schema::person_trigrams, row = person_id, trigrams, normalize = "casefold"))]
    pub(crate) name: String,
    /// Found by its last four digits, and by all of them with few bits.
    #[encrypt(index(column = ssn_end, suffix = 4, normalize = "digits"), index(column = ssn_bits, bits = 13, normalize = "digits"))]
    pub(crate) ssn: Option<String>,
    /// Found by ranges.
    #[encrypt(index(column = birth_month, bucket = 30, first = "1900-01-01", last = "2030-01-01"))]
    pub(crate) birth: NaiveDate,
    /// Found by ranges, without ends.
    #[encrypt(index(column = salary_range, bucket = 5000))]
    pub(crate) salary: i64,
    /// In the form in which it is searched.
    #[encrypt(deterministic, normalize = "casefold,spaces")]
    pub(crate) city: String,
}
