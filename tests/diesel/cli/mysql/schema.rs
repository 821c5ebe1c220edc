// @generated automatically by Diesel CLI.

diesel::table! {
    use diesel::sql_types::*;
    use crate::models::*;

    users (id) {
        id -> Integer,
        #[max_length = 276]
        email -> UserEmail,
        note -> Nullable<UserNote>,
    }
}
