// @generated automatically by Diesel CLI.

diesel::table! {
    use diesel::sql_types::*;
    use crate::models::*;

    users (id) {
        id -> Integer,
        email -> UserEmail,
        note -> Nullable<UserNote>,
    }
}
