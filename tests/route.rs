//! The whole route: a value goes into a database through an ORM, is searched, and comes back.
#![cfg(test)]

#[path = "route/both.rs"]
mod both;
#[path = "route/diesel.rs"]
mod diesel_route;
#[path = "route/keys.rs"]
mod keys;
#[path = "route/sqlx.rs"]
mod sqlx_route;
#[path = "route/types.rs"]
mod types;
