//! Columns that ask for XAES-256-GCM, and those that did or will; and keyrings that ask for another library.

use envelope_core::{
    CipherBackend, Encoding, Field, KeyId, Keyring, LocalKey, MemoryStore, Mode, OpenError, Place, RowKey,
    Tenant, ValueHeader,
    testing::{self, Case},
};

use super::vector::hex;

const PLAIN: Field = Field::new("events", "body", "events.body", Mode::Randomized);
const XAES: Field = PLAIN.xaes();

fn open(keyring: &Keyring, field: &Field, value: &[u8]) -> Result<String, OpenError> {
    keyring.open_field(field, value)
}

#[test]
fn a_value_does_not_open_as_one_of_the_other_suite() {
    let keyring = testing::keyring();
    for (field, other) in [(XAES, 1), (PLAIN, 2)] {
        let mut value = keyring.seal_field(&field, "a text of more than twelve bytes").unwrap();
        value[1] = other;
        for reader in [PLAIN, XAES] {
            let error = open(&keyring, &reader, &value).unwrap_err();
            assert!(matches!(error, OpenError::NotAuthentic { .. }), "{error:?}");
        }
    }
}

#[test]
fn a_changed_byte_anywhere_is_noticed() {
    let keyring = testing::keyring();
    let value = keyring.seal_field(&XAES, "text").unwrap();
    assert_eq!(value.len(), 4 + 46);
    for at in 0..value.len() {
        let mut changed = value.clone();
        changed[at] ^= 1;
        assert!(open(&keyring, &XAES, &changed).is_err(), "byte {at}");
        assert!(open(&keyring, &XAES, &value[..at]).is_err(), "{at} bytes");
    }
    assert!(open(&keyring, &XAES, &[&value[..], &[0]].concat()).is_err());
}

#[test]
fn a_column_that_is_declared_anew_reads_what_stands_in_it() {
    let keyring = testing::keyring();
    for encoding in [Encoding::Bytes, Encoding::Text] {
        let (plain, xaes) = (PLAIN.encoding(encoding), XAES.encoding(encoding));
        for (writer, suite) in [(plain, 1), (xaes, 2)] {
            let value = keyring.seal_field(&writer, "text").unwrap();
            let header = ValueHeader::of(&value).unwrap();
            assert_eq!((header.suite(), header.mode()), (suite, Mode::Randomized));
            assert!(header.is_of(&writer));
            assert_eq!([plain, xaes].iter().filter(|field| header.is_of(field)).count(), 1);
            assert!(ValueHeader::all(header.key(), Mode::Randomized, encoding).any(|known| known == header));
            assert!(value.starts_with(&Keyring::stored_prefix(&writer, header.key())));
            assert_eq!(open(&keyring, &plain, &value).unwrap(), "text");
            assert_eq!(open(&keyring, &xaes, &value).unwrap(), "text");
        }
    }
}

#[test]
fn values_are_bound_to_tenant_and_row_and_each_has_a_nonce_of_its_own() {
    let keyring = testing::keyring();
    let bound = XAES.bound_to_row(&["id"]);
    let at = |row: i64| Place::default().in_row(RowKey::new(&row));
    let value = keyring.seal_at(&bound, &at(1), "text").unwrap();
    assert!(keyring.open_at::<String>(&bound, &at(2), &value).is_err());
    assert_eq!(keyring.open_at::<String>(&bound, &at(1), &value).unwrap(), "text");
    let acme = keyring.tenant("acme").unwrap();
    let value = acme.seal_field(&XAES, "text").unwrap();
    assert!(open(&keyring, &XAES, &value).is_err());
    let other = acme.seal_field(&XAES, "text").unwrap();
    assert_ne!(value[6..18], other[6..18]);
    assert_ne!(value[18..30], other[18..30]);
}

#[test]
fn a_process_does_not_replace_a_key_for_what_xaes_seals() {
    let keyring = Keyring::builder(LocalKey::ephemeral().unwrap(), MemoryStore::new()).rotate_after(3);
    let keyring = keyring.open_blocking().unwrap();
    for _ in 0..20 {
        keyring.seal_field(&XAES, "text").unwrap();
    }
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(pollster::block_on(keyring.keys()).unwrap().len(), 2, "one for each purpose");
}

#[test]
fn both_libraries_write_the_same_bytes_and_read_each_others() {
    for field in [PLAIN, PLAIN.encoding(Encoding::Text), XAES] {
        let case = Case {
            data_key: [7; 32],
            key_id: KeyId::new(7).unwrap(),
            tenant: Tenant::default(),
            field,
            row: None,
        };
        let [rust, aws] = [CipherBackend::RustCrypto, CipherBackend::AwsLc].map(|it| case.keyring_with(it));
        // Up to both sides of where short values end, and far beyond.
        for length in (0..40).chain([460, 466, 467, 468, 512, 513, 1024, 70_000]) {
            let plaintext: Vec<u8> = (0_u8..=255).cycle().take(length).collect();
            let nonce = vec![9; if field.is_xaes() { 24 } else { 12 }];
            let [one, other] = [CipherBackend::RustCrypto, CipherBackend::AwsLc]
                .map(|backend| case.seal_with(backend, &nonce, &plaintext).value);
            assert_eq!(hex(&one), hex(&other), "{length} bytes");
            for (writer, reader) in [(&rust, &aws), (&aws, &rust)] {
                let value = writer.seal_field(&field, &plaintext).unwrap();
                assert_eq!(reader.open_field::<Vec<u8>>(&field, &value).unwrap(), plaintext);
                let mut changed = value.clone();
                *changed.last_mut().unwrap() ^= 4;
                assert!(reader.open_field::<Vec<u8>>(&field, &changed).is_err());
                assert!(writer.open_at::<Vec<u8>>(&field, &Place::default(), changed).is_err());
            }
        }
    }
}
