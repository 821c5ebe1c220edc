//! The statements of the key table, the same for each backend: with the type of the backend known, Diesel asks for no bounds.

use diesel::{
    connection::LoadConnection, dsl::sql, prelude::*, query_dsl::methods::ExecuteDsl, sql_types::BigInt,
};
use envelope_core::{KeyRow, Tenant};

use super::KeyTableBackend;

diesel::table! {
    envelope_keys (id) {
        id -> BigInt,
        application -> Text,
        tenant -> Binary,
        purpose -> Text,
        state -> Text,
        active_slot -> Nullable<Binary>,
        revision -> BigInt,
        created_at -> BigInt,
        changed_at -> BigInt,
        provider_key -> Nullable<Text>,
        wrapped -> Nullable<Binary>,
        further_wraps -> Binary,
        check_value -> Binary,
    }
}

/// The columns in the order of the table.
#[derive(Queryable)]
struct Loaded {
    id: i64,
    application: String,
    tenant: Vec<u8>,
    purpose: String,
    state: String,
    active_slot: Option<Vec<u8>>,
    revision: i64,
    created_at: i64,
    changed_at: i64,
    provider_key: Option<String>,
    wrapped: Option<Vec<u8>>,
    further_wraps: Vec<u8>,
    check_value: Vec<u8>,
}

impl From<Loaded> for KeyRow {
    fn from(row: Loaded) -> Self {
        Self {
            id: row.id,
            application: row.application,
            tenant: row.tenant,
            purpose: row.purpose,
            state: row.state,
            active_slot: row.active_slot,
            revision: row.revision,
            created_at: row.created_at,
            changed_at: row.changed_at,
            provider_key: row.provider_key,
            wrapped: row.wrapped,
            further_wraps: row.further_wraps,
            check_value: row.check_value,
        }
    }
}

macro_rules! key_table_backend {
    ($($feature:literal: $backend:ty, $set_up:literal, $attempts:literal, $tables:literal;)*) => {$(
        #[cfg(feature = $feature)]
        impl KeyTableBackend for $backend {
            const MIGRATION: &str =
                concat!("`migrations/", $feature, "/20260101000000_envelope_keys` of envelope-diesel");
            const SET_UP: &str = $set_up;
            const ATTEMPTS: u32 = $attempts;

            fn has_table<C: LoadConnection<Backend = Self>>(connection: &mut C) -> QueryResult<bool> {
                diesel::select(sql::<BigInt>($tables)).get_result::<i64>(connection).map(|tables| tables > 0)
            }

            fn rows<C: LoadConnection<Backend = Self>>(
                connection: &mut C,
                of: &Tenant,
            ) -> QueryResult<Vec<KeyRow>> {
                let rows = envelope_keys::table
                    .filter(envelope_keys::tenant.eq(of.as_str().as_bytes()))
                    .or_filter(envelope_keys::active_slot.eq_any(KeyRow::slots(of)))
                    .load::<Loaded>(connection)?;
                Ok(rows.into_iter().map(KeyRow::from).collect())
            }

            fn tenants<C: LoadConnection<Backend = Self>>(connection: &mut C) -> QueryResult<Vec<Vec<u8>>> {
                envelope_keys::table.select(envelope_keys::tenant).distinct().load(connection)
            }

            fn insert<C: LoadConnection<Backend = Self>>(
                connection: &mut C,
                row: &KeyRow,
            ) -> QueryResult<usize> {
                diesel::insert_into(envelope_keys::table)
                    .values((
                        envelope_keys::id.eq(row.id),
                        envelope_keys::application.eq(&row.application),
                        envelope_keys::tenant.eq(&row.tenant),
                        envelope_keys::purpose.eq(&row.purpose),
                        envelope_keys::state.eq(&row.state),
                        envelope_keys::active_slot.eq(&row.active_slot),
                        envelope_keys::revision.eq(row.revision),
                        envelope_keys::created_at.eq(row.created_at),
                        envelope_keys::changed_at.eq(row.changed_at),
                        envelope_keys::provider_key.eq(&row.provider_key),
                        envelope_keys::wrapped.eq(&row.wrapped),
                        envelope_keys::further_wraps.eq(&row.further_wraps),
                        envelope_keys::check_value.eq(&row.check_value),
                    ))
                    .execute(connection)
            }

            fn replace<C: LoadConnection<Backend = Self>>(
                connection: &mut C,
                old: &KeyRow,
                new: &KeyRow,
            ) -> QueryResult<usize> {
                let unchanged = envelope_keys::table
                    .filter(envelope_keys::id.eq(new.id))
                    .filter(envelope_keys::revision.eq(old.revision))
                    .filter(envelope_keys::check_value.eq(&old.check_value));
                let update = diesel::update(unchanged)
                    .set((
                        envelope_keys::state.eq(&new.state),
                        envelope_keys::active_slot.eq(&new.active_slot),
                        envelope_keys::revision.eq(new.revision),
                        envelope_keys::changed_at.eq(new.changed_at),
                        envelope_keys::provider_key.eq(&new.provider_key),
                        envelope_keys::wrapped.eq(&new.wrapped),
                        envelope_keys::further_wraps.eq(&new.further_wraps),
                        envelope_keys::check_value.eq(&new.check_value),
                    ))
                    .into_boxed();
                let update = match &old.wrapped {
                    Some(wrapped) => update.filter(envelope_keys::wrapped.eq(wrapped)),
                    None => update.filter(envelope_keys::wrapped.is_null()),
                };
                // Named in full: with two backends compiled in, the method would be that of either.
                ExecuteDsl::<C, Self>::execute(update, connection)
            }
        }
    )*};
}

key_table_backend! {
    // Shorter than the keyring waits, so that the caller learns what the matter is.
    "sqlite": diesel::sqlite::Sqlite, "PRAGMA busy_timeout = 2000", 1,
        "(SELECT COUNT(*) FROM sqlite_master WHERE name = 'envelope_keys')";
    "postgres": diesel::pg::Pg, "", 3, "CASE WHEN to_regclass('envelope_keys') IS NULL THEN 0 ELSE 1 END::bigint";
    "mysql": diesel::mysql::Mysql, "", 3,
        "(SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'envelope_keys')";
}
