//! Columns as the derive would write them.

use envelope_core::{Column, Deterministic, Field, Mode, Randomized};

macro_rules! columns {
    ($($name:ident: $plain:ty, $mode:ident, $column:literal;)*) => {$(
        #[derive(Clone, Copy, Debug)]
        pub(super) struct $name;

        impl Column for $name {
            type Plain = $plain;
            type Mode = $mode;
            const FIELD: Field = Field::new("users", $column, concat!("users.", $column), Mode::$mode);
        }
    )*};
}

columns! {
    UserEmail: String, Deterministic, "email";
    UserNote: String, Randomized, "note";
    UserScore: i64, Deterministic, "score";
    UserScoreNarrow: i32, Deterministic, "score";
    UserAge: i64, Randomized, "age";
    UserAgeNarrow: i32, Randomized, "age";
    UserPhoto: Vec<u8>, Randomized, "photo";
    UserDigest: Vec<u8>, Deterministic, "digest";
}
