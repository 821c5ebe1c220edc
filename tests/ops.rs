//! Operations on whole tables, on SQLite, PostgreSQL and MariaDB. `./tests/run ops` starts the servers and builds the tool.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "the tests compute with small numbers")]

#[path = "ops/columns.rs"]
mod columns;
#[path = "ops/crash.rs"]
mod crash;
#[path = "ops/declared.rs"]
mod declared;
#[path = "ops/encrypt.rs"]
mod encrypt;
#[path = "ops/guide.rs"]
mod guide;
#[path = "ops/indexes.rs"]
mod indexes;
#[path = "ops/imports.rs"]
mod imports;
#[path = "ops/kinds.rs"]
mod kinds;
#[path = "ops/lint.rs"]
mod lint;
#[path = "ops/migrations.rs"]
mod migrations;
#[path = "ops/placed.rs"]
mod placed;
#[path = "ops/reencrypt.rs"]
mod reencrypt;
#[path = "ops/endings.rs"]
mod endings;
#[path = "ops/rotation.rs"]
mod rotation;
#[path = "ops/safety.rs"]
mod safety;
#[path = "ops/shop.rs"]
mod shop;
#[path = "ops/tenants.rs"]
mod tenants;
#[path = "ops/throughput.rs"]
mod throughput;
#[path = "ops/tool.rs"]
mod tool;
#[path = "ops/world.rs"]
mod world;
