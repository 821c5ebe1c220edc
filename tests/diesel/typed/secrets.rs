//! Secrets.

use diesel::prelude::*;
use secrecy::{SecretBox, SecretSlice, SecretString};

diesel::table! {
    accounts (id) {
        id -> Integer,
        token -> crate::typed::secrets::AccountToken,
        seed -> Nullable<crate::typed::secrets::AccountSeed>,
        pin -> Nullable<crate::typed::secrets::AccountPin>,
    }
}

#[derive(envelope_diesel::Encrypted, Queryable, Selectable, Debug)]
#[diesel(table_name = accounts)]
#[encrypt(diesel, sqlx)]
pub(crate) struct Account {
    pub(crate) id: i32,
    #[encrypt(deterministic)]
    pub(crate) token: SecretString,
    #[encrypt]
    pub(crate) seed: Option<SecretSlice<u8>>,
    #[encrypt]
    pub(crate) pin: Option<SecretBox<[u8; 4]>>,
}

/// The same table with fields that hide nothing.
pub(crate) mod exposed {
    diesel::table! {
        accounts (id) {
            id -> Integer,
            token -> crate::typed::secrets::exposed::AccountToken,
            pin -> Nullable<crate::typed::secrets::exposed::AccountPin>,
        }
    }

    #[derive(envelope_diesel::Encrypted)]
    #[diesel(table_name = accounts)]
    pub(crate) struct Account {
        pub(crate) id: i32,
        #[encrypt(deterministic)]
        pub(crate) token: Vec<u8>,
        #[encrypt]
        pub(crate) pin: Option<String>,
    }
}

pub(crate) const TABLE: &str =
    "CREATE TABLE accounts (id {id}, token {bytes} NOT NULL UNIQUE, seed {bytes}, pin {bytes})";

pub(crate) fn account(id: i32) -> Account {
    Account {
        id,
        token: SecretString::from(format!("token {id}")),
        seed: (id == 1).then(|| vec![0, 255].into()),
        pin: (id == 1).then(|| SecretBox::new(Box::new([1, 2, 3, 4]))),
    }
}
