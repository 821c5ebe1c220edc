//! Code that the derive cannot write: which backends there are is known to this crate's features, and not to the crate in
//! which the derive's output is compiled.

/// Encrypted columns for a connection of `#[derive(MultiConnection)]`, which chooses its database at run time: the backend that Diesel
/// makes for it, and the markers of all columns.
///
/// ```standalone_crate
/// # mod schema { diesel::table! { users { id -> Integer, email -> crate::UserEmail, note -> Nullable<crate::UserNote> } } }
/// # use schema::users;
/// use diesel::prelude::*;
/// use envelope_diesel::Encrypted;
///
/// #[derive(diesel::MultiConnection)]
/// pub enum AnyConnection {
///     Sqlite(SqliteConnection),
///     // Postgresql(PgConnection), Mysql(MysqlConnection): with Diesel's features, and the same of this crate
/// }
///
/// envelope_diesel::multi_connection!(MultiBackend: UserEmail, UserNote);
///
/// #[derive(Encrypted, Queryable)]
/// #[diesel(table_name = users)]
/// pub struct User {
///     pub id: i32,
///     #[encrypt(deterministic)]
///     pub email: String,
///     #[encrypt]
///     pub note: Option<String>,
/// }
///
/// // Of structs with `bind`, behind the others: `multi_connection!(MultiBackend: UserEmail, UserNote; bound: DocBody)`.
///
/// fn find(email: &str, db: &mut AnyConnection) -> QueryResult<User> {
///     users::table.filter(users::email.eq(email)).first(db)
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! multi_connection {
    ($backend:ty: $($marker:ty),* $(,)? $(; bound: $($bound:ty),+ $(,)?)?) => {
        const _: () = {
            use $crate::__private::diesel;

            impl $crate::EncryptedBackend for $backend {
                fn lend<'b>(
                    bytes: &'b [::core::primitive::u8],
                    stored_as: $crate::Encoding,
                    out: &mut diesel::serialize::Output<'b, '_, Self>,
                ) -> diesel::serialize::Result {
                    match stored_as {
                        $crate::Encoding::Bytes => out.set_value((diesel::sql_types::Binary, bytes)),
                        $crate::Encoding::Text => {
                            out.set_value((diesel::sql_types::Text, ::core::str::from_utf8(bytes)?));
                        }
                    }
                    ::core::result::Result::Ok(diesel::serialize::IsNull::No)
                }

                fn give<'b>(
                    bytes: $crate::__private::Vec<::core::primitive::u8>,
                    stored_as: $crate::Encoding,
                    kept: &'b $crate::__private::Kept,
                    out: &mut diesel::serialize::Output<'b, '_, Self>,
                ) -> diesel::serialize::Result {
                    <Self as $crate::EncryptedBackend>::lend(kept.keep(bytes), stored_as, out)
                }

                fn wrapped<'b, M: $crate::Column>(
                    value: &'b $crate::Encrypted<M>,
                    out: &mut diesel::serialize::Output<'b, '_, Self>,
                ) -> diesel::serialize::Result {
                    match M::FIELD.stored_as() {
                        $crate::Encoding::Bytes => out.set_value(($crate::__private::Ciphertext, value)),
                        $crate::Encoding::Text => out.set_value(($crate::__private::TextCiphertext, value)),
                    }
                    ::core::result::Result::Ok(diesel::serialize::IsNull::No)
                }

                fn read<R>(
                    value: <Self as diesel::backend::Backend>::RawValue<'_>,
                    f: impl ::core::ops::FnOnce(&[::core::primitive::u8]) -> R,
                ) -> diesel::deserialize::Result<R> {
                    type Bytes = $crate::__private::Vec<::core::primitive::u8>;
                    let bytes = value.from_sql::<Bytes, diesel::sql_types::Binary>()?;
                    ::core::result::Result::Ok(f(&bytes))
                }
            }

            $(
                impl diesel::sql_types::HasSqlType<$marker> for $backend {
                    fn metadata(
                        lookup: &mut <Self as diesel::sql_types::TypeMetadata>::MetadataLookup,
                    ) -> <Self as diesel::sql_types::TypeMetadata>::TypeMetadata {
                        <$backend>::lookup_sql_type::<$marker>(lookup)
                    }
                }

                impl diesel::deserialize::FromSql<$marker, $backend> for <$marker as $crate::Column>::Plain {
                    fn from_sql(
                        value: <$backend as diesel::backend::Backend>::RawValue<'_>,
                    ) -> diesel::deserialize::Result<Self> {
                        value.from_sql::<Self, $marker>()
                    }
                }
            )*

            $($(
                impl diesel::sql_types::HasSqlType<$bound> for $backend {
                    fn metadata(
                        lookup: &mut <Self as diesel::sql_types::TypeMetadata>::MetadataLookup,
                    ) -> <Self as diesel::sql_types::TypeMetadata>::TypeMetadata {
                        <$backend>::lookup_sql_type::<$bound>(lookup)
                    }
                }
            )+)?
        };
    };
}

/// The marker's SQL type in each backend, of a column of bytes.
#[doc(hidden)]
#[macro_export]
macro_rules! __backends {
    ($marker:ty) => {
        $crate::__sqlite! { metadata, $marker, Binary }
        // `bytea` and `bytea[]`, whose OIDs are the same in every database.
        $crate::__postgres! { metadata, $marker, 17, 1001 }
        $crate::__mysql! { metadata, $marker, Blob }
    };
}

/// The same of a column of text.
#[doc(hidden)]
#[macro_export]
macro_rules! __text_backends {
    ($marker:ty) => {
        $crate::__sqlite! { metadata, $marker, Text }
        // `text` and `text[]`.
        $crate::__postgres! { metadata, $marker, 25, 1009 }
        $crate::__mysql! { metadata, $marker, String }
    };
}

/// How the plaintext is read in each backend.
#[doc(hidden)]
#[macro_export]
macro_rules! __reads {
    ($marker:ty, $plain:ty, $($bound:path)?) => {
        $crate::__sqlite! { reads, $marker, $plain, $($bound)? }
        $crate::__postgres! { reads, $marker, $plain, $($bound)? }
        $crate::__mysql! { reads, $marker, $plain, $($bound)? }
    };
}

/// The marker in one backend.
#[doc(hidden)]
#[macro_export]
macro_rules! __metadata {
    ($backend:ty, $marker:ty, $metadata:expr) => {
        #[automatically_derived]
        impl $crate::__private::diesel::sql_types::HasSqlType<$marker> for $backend {
            fn metadata(
                _: &mut <Self as $crate::__private::diesel::sql_types::TypeMetadata>::MetadataLookup,
            ) -> <Self as $crate::__private::diesel::sql_types::TypeMetadata>::TypeMetadata {
                $metadata
            }
        }
    };
}

/// `FromSql` for a foreign type is only permitted (E0119) with a backend that is named.
#[doc(hidden)]
#[macro_export]
macro_rules! __from_sql {
    ($backend:ty, $marker:ty, $plain:ty, $($bound:path)?) => {
        #[automatically_derived]
        impl $crate::__private::diesel::deserialize::FromSql<$marker, $backend> for $plain
        where
            $(for<'__a> $marker: $bound,)?
        {
            fn from_sql(
                value: <$backend as $crate::__private::diesel::backend::Backend>::RawValue<'_>,
            ) -> $crate::__private::diesel::deserialize::Result<Self> {
                $crate::__private::open::<$marker, $backend>(value)
            }
        }
    };
}

#[cfg(feature = "sqlite")]
#[doc(hidden)]
#[macro_export]
macro_rules! __sqlite {
    (metadata, $marker:ty, $type:ident) => {
        $crate::__metadata! {
            $crate::__private::diesel::sqlite::Sqlite, $marker,
            $crate::__private::diesel::sqlite::SqliteType::$type
        }
    };
    (reads, $marker:ty, $plain:ty, $($bound:path)?) => {
        $crate::__from_sql! { $crate::__private::diesel::sqlite::Sqlite, $marker, $plain, $($bound)? }
    };
}

#[cfg(feature = "postgres")]
#[doc(hidden)]
#[macro_export]
macro_rules! __postgres {
    (metadata, $marker:ty, $oid:literal, $array_oid:literal) => {
        $crate::__metadata! {
            $crate::__private::diesel::pg::Pg, $marker,
            $crate::__private::diesel::pg::PgTypeMetadata::new($oid, $array_oid)
        }
    };
    (reads, $marker:ty, $plain:ty, $($bound:path)?) => {
        $crate::__from_sql! { $crate::__private::diesel::pg::Pg, $marker, $plain, $($bound)? }
    };
}

#[cfg(feature = "mysql")]
#[doc(hidden)]
#[macro_export]
macro_rules! __mysql {
    (metadata, $marker:ty, $type:ident) => {
        $crate::__metadata! {
            $crate::__private::diesel::mysql::Mysql, $marker,
            $crate::__private::diesel::mysql::MysqlType::$type
        }
    };
    (reads, $marker:ty, $plain:ty, $($bound:path)?) => {
        $crate::__from_sql! { $crate::__private::diesel::mysql::Mysql, $marker, $plain, $($bound)? }
    };
}

#[cfg(not(feature = "sqlite"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __sqlite {
    ($($tokens:tt)*) => {};
}

#[cfg(not(feature = "postgres"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __postgres {
    ($($tokens:tt)*) => {};
}

#[cfg(not(feature = "mysql"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __mysql {
    ($($tokens:tt)*) => {};
}
