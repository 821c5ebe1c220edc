//! Data keys as a service needs them: cached, renewed, rotated, refused. `./tests/run keys` runs this.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "the tests compute with small numbers")]

#[path = "keys/support.rs"]
mod support;

#[path = "keys/cache.rs"]
mod cache;
#[path = "keys/crash.rs"]
mod crash;
#[path = "keys/config.rs"]
mod config;
#[path = "keys/fork.rs"]
mod fork;
#[path = "keys/disk.rs"]
mod disk;
#[path = "keys/gone.rs"]
mod gone;
#[path = "keys/lies.rs"]
mod lies;
#[path = "keys/model.rs"]
mod model;
#[path = "keys/processes.rs"]
mod processes;
#[path = "keys/rotation.rs"]
mod rotation;
#[path = "keys/tenants.rs"]
mod tenants;
#[path = "keys/wraps.rs"]
mod wraps;
#[path = "keys/memory.rs"]
mod memory;
#[path = "keys/tables.rs"]
mod tables;
