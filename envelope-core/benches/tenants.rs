//! Finding a column's key that is in memory, with few tenants and with many: the time beside that of reading a pointer that others
//! exchange, and the memory that a tenant takes.

use std::{
    cell::Cell,
    collections::HashMap,
    fs,
    future::ready,
    hint::black_box,
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use envelope_bench::{criterion, figure, ratio};
use envelope_core::{
    BoxFuture, Commit, Field, KeyChange, KeyRecord, KeyStore, Keyring, LocalKey, Mode, StoreError, Tenant,
    testing::find_key,
};

const NOTE: Field = Field::new("users", "note", "users.note", Mode::Randomized);

/// Records by tenant: a store in memory for a hundred thousand.
#[derive(Debug, Default)]
struct ByTenant(Mutex<HashMap<Tenant, Vec<KeyRecord>>>);

impl KeyStore for ByTenant {
    fn load<'a>(&'a self, tenant: &'a Tenant) -> BoxFuture<'a, Result<Vec<KeyRecord>, StoreError>> {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned();
        Box::pin(ready(Ok(records.unwrap_or_default())))
    }

    fn tenants(&self) -> BoxFuture<'_, Result<Vec<Tenant>, StoreError>> {
        let tenants = self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        Box::pin(ready(Ok(tenants)))
    }

    /// Nobody else writes here, and keys are only made.
    fn commit<'a>(&'a self, changes: &'a [KeyChange]) -> BoxFuture<'a, Result<Commit, StoreError>> {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            if let KeyChange::Insert(record) = change {
                records.entry(record.tenant.clone()).or_default().push(record.clone());
            }
        }
        Box::pin(ready(Ok(Commit::Done)))
    }
}

/// The memory of this process, in bytes.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace()
        .next()
        .and_then(|size| size.parse().ok())
        .map_or(0, |size: u64| size.saturating_mul(1024))
}

fn main() {
    let mut criterion = criterion();
    let most = 100_000_usize;
    let provider = LocalKey::ephemeral().expect("the operating system has random bytes");
    let keyring = Keyring::builder(provider, ByTenant::default())
        .max_tenants(NonZeroUsize::new(most.saturating_mul(2)).unwrap_or(NonZeroUsize::MIN))
        .open_blocking()
        .expect("nothing can fail in memory");
    let baseline = ArcSwap::from_pointee(vec![1_u64; 16]);
    let place = Cell::new(0_usize);
    let mut tenants: Vec<Keyring> = Vec::new();
    let before = memory();
    for count in [1, 100, most] {
        for number in tenants.len()..count {
            let tenant = keyring.tenant(&format!("tenant-{number}")).expect("it is a name");
            assert!(find_key(&tenant, &NOTE), "its keys are made");
            tenants.push(tenant);
        }
        // Neighbours in the list are not neighbours in time.
        let next = || {
            place.set(place.get().wrapping_add(7919).checked_rem(count).unwrap_or(0));
            tenants.get(place.get())
        };
        ratio(
            &mut criterion,
            &format!("cached_key_lookup_{count}_vs_arcswap"),
            || {
                let loaded = baseline.load();
                let _ = black_box(loaded.get(black_box(7)));
            },
            || assert!(next().is_some_and(|tenant| find_key(tenant, &NOTE)), "it is in memory"),
        );
        let one = tenants.first();
        ratio(
            &mut criterion,
            &format!("cached_key_lookup_{count}_vs_1"),
            || assert!(one.is_some_and(|tenant| find_key(black_box(tenant), &NOTE)), "it is in memory"),
            || assert!(next().is_some_and(|tenant| find_key(black_box(tenant), &NOTE)), "it is in memory"),
        );
        // As requests do: a tenant, then as many values as a page has.
        let left = Cell::new(0_usize);
        ratio(
            &mut criterion,
            &format!("cached_key_lookup_{count}_in_pages_vs_1"),
            || assert!(one.is_some_and(|tenant| find_key(black_box(tenant), &NOTE)), "it is in memory"),
            || {
                let tenant = if left.get() == 0 { next() } else { tenants.get(place.get()) };
                left.set(left.get().wrapping_add(1).checked_rem(50).unwrap_or(0));
                assert!(tenant.is_some_and(|tenant| find_key(black_box(tenant), &NOTE)), "it is in memory");
            },
        );
    }
    let taken = memory().saturating_sub(before);
    figure("bytes_of_a_tenant_in_memory", taken.checked_div(u64::try_from(most).unwrap_or(1)).unwrap_or(0));
    criterion.final_summary();
}
