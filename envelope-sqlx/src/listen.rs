//! Feature `postgres`: being told of tenants who left.

use core::convert::Infallible;

use envelope_core::Keyring;
use sqlx::{PgPool, postgres::PgListener};

/// The channel on which `shred` tells the tenant's name.
pub(crate) const CHANNEL: &str = "envelope_shredded";

/// Forgets the keys of tenants as soon as `envelope shred` (or `Operations::shred`) destroyed them, where otherwise the process would have
/// them in memory for up to `cache_ttl`. Runs for as long as the application does, in a task of its own:
///
/// ```no_run
/// # async fn example(pool: sqlx::PgPool, keyring: envelope_sqlx::Keyring) {
/// tokio::spawn(async move { envelope_sqlx::forget_shredded(&pool, &keyring).await });
/// # }
/// ```
///
/// A notification that is missed while the connection is lost is made up for by the end of `cache_ttl`, for which `shred` waits anyway.
///
/// # Errors
///
/// When the database cannot be reached, at first or again after the connection was lost.
pub async fn forget_shredded(pool: &PgPool, keyring: &Keyring) -> Result<Infallible, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        let told = listener.recv().await?;
        // Reading the records anew forgets keys that are gone. If the store fails, the keys end with their lifetime.
        if let Ok(tenant) = keyring.tenant(told.payload()) {
            let _ = tenant.keys().await;
        }
    }
}
