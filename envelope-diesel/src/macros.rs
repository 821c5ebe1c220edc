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
/// fn find(email: &str, db: &mut AnyConnection) -> QueryResult<User> {
///     users::table.filter(users::email.eq(email)).first(db)
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! multi_connection {
    ($backend:ty: $($marker:ty),+ $(,)?) => {
        const _: () = {
            use $crate::__private::diesel;

            impl $crate::EncryptedBackend for $backend {
                fn lend<'b>(
                    bytes: &'b [::core::primitive::u8],
                    out: &mut diesel::serialize::Output<'b, '_, Self>,
                ) -> diesel::serialize::Result {
                    out.set_value((diesel::sql_types::Binary, bytes));
                    ::core::result::Result::Ok(diesel::serialize::IsNull::No)
                }

                fn give<'b>(
                    bytes: $crate::__private::Vec<::core::primitive::u8>,
                    kept: &'b $crate::__private::Kept,
                    out: &mut diesel::serialize::Output<'b, '_, Self>,
                ) -> diesel::serialize::Result {
                    <Self as $crate::EncryptedBackend>::lend(kept.keep(bytes), out)
                }

                fn wrapped<'b, M: $crate::Column>(
                    value: &'b $crate::Encrypted<M>,
                    out: &mut diesel::serialize::Output<'b, '_, Self>,
                ) -> diesel::serialize::Result {
                    out.set_value(($crate::__private::Ciphertext, value));
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
            )+
        };
    };
}

/// The marker's SQL type, and how its plaintext is read, in each backend.
#[doc(hidden)]
#[macro_export]
macro_rules! __backends {
    ($marker:ty, $plain:ty) => {
        $crate::__sqlite! { $marker, $plain }
        $crate::__postgres! { $marker, $plain }
        $crate::__mysql! { $marker, $plain }
    };
}

/// `FromSql` for a foreign type is only permitted (E0119) with a backend that is named.
#[doc(hidden)]
#[macro_export]
macro_rules! __backend {
    ($backend:ty, $marker:ty, $plain:ty, $metadata:expr) => {
        #[automatically_derived]
        impl $crate::__private::diesel::sql_types::HasSqlType<$marker> for $backend {
            fn metadata(
                _: &mut <Self as $crate::__private::diesel::sql_types::TypeMetadata>::MetadataLookup,
            ) -> <Self as $crate::__private::diesel::sql_types::TypeMetadata>::TypeMetadata {
                $metadata
            }
        }

        #[automatically_derived]
        impl $crate::__private::diesel::deserialize::FromSql<$marker, $backend> for $plain {
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
    ($marker:ty, $plain:ty) => {
        $crate::__backend! {
            $crate::__private::diesel::sqlite::Sqlite, $marker, $plain,
            $crate::__private::diesel::sqlite::SqliteType::Binary
        }
    };
}

#[cfg(feature = "postgres")]
#[doc(hidden)]
#[macro_export]
macro_rules! __postgres {
    ($marker:ty, $plain:ty) => {
        $crate::__backend! {
            $crate::__private::diesel::pg::Pg, $marker, $plain,
            // `bytea` and `bytea[]`, whose OIDs are the same in every database.
            $crate::__private::diesel::pg::PgTypeMetadata::new(17, 1001)
        }
    };
}

#[cfg(feature = "mysql")]
#[doc(hidden)]
#[macro_export]
macro_rules! __mysql {
    ($marker:ty, $plain:ty) => {
        $crate::__backend! {
            $crate::__private::diesel::mysql::Mysql, $marker, $plain,
            $crate::__private::diesel::mysql::MysqlType::Blob
        }
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
