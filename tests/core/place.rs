//! The row that a value is bound to, and the tenant of a row.

use envelope_core::{
    Field, KeyBatch, Keyring, Mode, OpenError, Place, PlaceError, RowKey, SealError, Tenant, TenantId,
    testing,
};

const BOUND: Field = Field::new("docs", "body", "docs.body", Mode::Randomized).bound_to_row(&["id"]);
const UNBOUND: Field = Field::new("docs", "body", "docs.body", Mode::Randomized);
const OF_TENANTS: Field =
    Field::new("people", "email", "people.email", Mode::Deterministic).of_tenants("org_id");

fn row(key: RowKey) -> Place {
    Place::default().in_row(key)
}

fn of(tenant: &str) -> Place {
    Place::default().of_tenant(tenant)
}

fn open(keyring: &Keyring, field: &Field, place: &Place, value: &[u8]) -> Result<String, OpenError> {
    let owned = keyring.open_at(field, place, value.to_vec());
    let borrowed = keyring.open_at(field, place, value);
    assert_eq!(owned.as_ref().map_err(ToString::to_string), borrowed.as_ref().map_err(ToString::to_string));
    owned
}

#[test]
fn a_value_opens_in_its_row_only() {
    let keyring = testing::keyring();
    let rows = [
        RowKey::new(&1),
        RowKey::new(&256),
        RowKey::new("1"),
        RowKey::new(""),
        RowKey::new("").and(""),
        RowKey::new("ab").and("c"),
        RowKey::new("a").and("bc"),
        RowKey::new("a").and("b").and("c"),
        // The encoding of the one before last, as the one column of a primary key.
        RowKey::new(b"\0\x01a\0\x02bc".as_slice()),
    ];
    for (number, own) in rows.iter().enumerate() {
        let value = keyring.seal_at(&BOUND, &row(own.clone()), "x").unwrap();
        for (other_number, other) in rows.iter().enumerate() {
            let opened = open(&keyring, &BOUND, &row(other.clone()), &value);
            match number == other_number {
                true => assert_eq!(opened.unwrap(), "x"),
                false => {
                    assert!(matches!(opened, Err(OpenError::NotAuthentic { .. })), "{number} {other_number}")
                }
            }
        }
        let unbound = open(&keyring, &UNBOUND, &Place::default(), &value).unwrap_err();
        assert!(matches!(unbound, OpenError::NotAuthentic { .. }), "{unbound}");
    }
    let unbound = keyring.seal_at(&UNBOUND, &row(RowKey::new(&1)), "x").unwrap();
    assert!(matches!(
        open(&keyring, &BOUND, &row(RowKey::new(&1)), &unbound),
        Err(OpenError::NotAuthentic { .. })
    ));
    assert_eq!(open(&keyring, &UNBOUND, &row(RowKey::new(&2)), &unbound).unwrap(), "x");
}

#[test]
fn a_row_is_named_by_the_meaning_of_its_id() {
    let keyring = testing::keyring();
    let value = keyring.seal_at(&BOUND, &row(RowKey::new(&17_i32)), "x").unwrap();
    for key in [RowKey::new(&17_i64), RowKey::new(&17_u8), RowKey::new(&&17_i128)] {
        assert_eq!(open(&keyring, &BOUND, &row(key), &value).unwrap(), "x");
    }
}

#[test]
fn a_bound_value_needs_its_row() {
    let keyring = testing::keyring();
    let error = keyring.seal_field(&BOUND, "x").unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot seal docs.body: its values are bound to their row, and no row was given; read and write whole structs, or \
         give the row's id"
    );
    assert!(matches!(error, SealError::Place { source: PlaceError::NoRow, .. }));
    let error = keyring.open_field::<String>(&BOUND, b"").unwrap_err();
    assert!(matches!(error, OpenError::Place { source: PlaceError::NoRow, .. }), "{error}");
    let long = vec![0_u8; 65_536];
    let error = keyring.seal_at(&BOUND, &row(RowKey::new(&1).and(&long)), "x").unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot seal docs.body: the row's id has 65536 bytes, and a row that values are bound to at most 65535"
    );
    let longest = row(RowKey::new(&long[1..]));
    let value = keyring.seal_at(&BOUND, &longest, "x").unwrap();
    assert_eq!(open(&keyring, &BOUND, &longest, &value).unwrap(), "x");
}

#[test]
fn a_row_is_of_the_tenant_that_it_names() {
    let keyring = testing::keyring();
    let value = keyring.seal_at(&OF_TENANTS, &of("acme"), "x").unwrap();
    assert_eq!(value, keyring.tenant("acme").unwrap().seal_field(&OF_TENANTS, "x").unwrap());
    assert_eq!(open(&keyring, &OF_TENANTS, &of("acme"), &value).unwrap(), "x");
    let other = open(&keyring, &OF_TENANTS, &of("globex"), &value).unwrap_err();
    assert!(matches!(&other, OpenError::UnknownKey { tenant, .. } if tenant.as_str() == "globex"), "{other}");
    let globex = keyring.tenant("globex").unwrap();
    let error = open(&globex, &OF_TENANTS, &of("acme"), &value).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot open people.email: the row is of tenant `acme`, and the keyring of tenant `globex`; the application's own \
         keyring opens the rows of all tenants"
    );
    let nobody = keyring.seal_at(&OF_TENANTS, &of(""), "x").unwrap_err();
    assert_eq!(
        nobody.to_string(),
        "cannot seal people.email: the row names no tenant: a tenant's name has 1 to 255 bytes; an application without \
         tenants uses the keyring as it is"
    );
    let no_tenant = keyring.lookup_field(&OF_TENANTS, "x").unwrap_err();
    assert_eq!(
        no_tenant.to_string(),
        "cannot seal people.email: its rows are of tenants, and the keyring is of none; use `keyring.tenant(…)`, or read \
         and write whole structs"
    );
    assert_eq!(keyring.tenant("acme").unwrap().lookup_field(&OF_TENANTS, "x").unwrap(), [value]);
}

#[test]
fn a_tenant_has_one_name() {
    assert_eq!(7_i64.tenant(), Tenant::new("7"));
    assert_eq!((-7_i8).tenant(), Tenant::new("-7"));
    assert_eq!(u128::MAX.tenant(), Tenant::new("340282366920938463463374607431768211455"));
    assert_eq!("Acme".to_owned().tenant(), Tenant::new("Acme"));
    let id = uuid::Uuid::from_u128(0xABCD);
    assert_eq!(id.tenant(), Tenant::new("00000000-0000-0000-0000-00000000abcd"));
    assert_ne!("Acme".tenant(), "acme".tenant());
    assert_eq!(Tenant::new("a").unwrap().tenant(), Tenant::new("a"));
    assert!(Tenant::default().tenant().is_err());
    assert!("x".repeat(256).tenant().is_err());
}

#[test]
fn a_struct_is_bound_to_the_columns_that_it_names() {
    const COMPOSITE: Field = UNBOUND.bound_to_row(&["org_id", "id"]);
    const { assert!(COMPOSITE.is_bound_to(&["org_id", "id"])) }
    for other in [&["id", "org_id"][..], &["org_id"], &["org_id", "id", "x"], &["org_i", "id"], &[]] {
        assert!(!COMPOSITE.is_bound_to(other), "{other:?}");
    }
    assert!(UNBOUND.is_bound_to(&[]));
    const { assert!(OF_TENANTS.is_of_tenants("org_id")) }
    assert!(!OF_TENANTS.is_of_tenants("org_i") && !UNBOUND.is_of_tenants(""));
}

#[test]
fn a_value_that_is_handed_over_is_opened_in_its_own_buffer() {
    let keyring = testing::keyring();
    let search = Field::new("docs", "title", "docs.title", Mode::Deterministic);
    for field in [UNBOUND, search] {
        let value = keyring.seal_field(&field, &vec![7_u8; 1000]).unwrap();
        let buffer = value.as_ptr();
        let opened: Vec<u8> = keyring.open_at(&field, &Place::default(), value).unwrap();
        assert_eq!((opened.as_ptr(), opened), (buffer, vec![7_u8; 1000]));
    }
}

#[test]
fn a_batch_takes_any_bytes() {
    let mut keys = KeyBatch::default();
    for length in 0..40 {
        for first in [0x00, 0xFD, 0xFE, 0xFF, b'e'] {
            let bytes = [&[first, 0x01][..], &vec![0xFE; length]].concat();
            keys.add(&UNBOUND, &Place::default(), &bytes);
            keys.add(&OF_TENANTS, &of(""), &bytes);
            keys.add(&UNBOUND.encoding(envelope_core::Encoding::Text), &of("a"), &bytes);
        }
    }
    let own = "(None, {KeyId(fefefefe): docs.body})";
    let tenants = "(Some(Tenant(\"a\")), {KeyId(fefefefe): docs.body})";
    assert_eq!(format!("{keys:?}"), format!("[{own}, {tenants}]"));
}
