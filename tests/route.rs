//! The whole route: a value goes into SQLite through an ORM and comes back. `diesel` and `sqlx` have what each database does.
#![cfg(test)]

#[path = "route/diesel.rs"]
mod diesel_route;
#[path = "sqlx/keys.rs"]
mod keys;
#[path = "route/sealed.rs"]
mod sealed;
#[path = "route/sqlx.rs"]
mod sqlx_route;
#[path = "diesel/typed.rs"]
mod typed;
#[path = "route/types.rs"]
mod types;
#[path = "route/xaes.rs"]
mod xaes;
