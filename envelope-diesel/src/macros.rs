//! Code that the derive cannot write: which backends there are is known to this crate's features, and not to the crate in
//! which the derive's output is compiled.

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
