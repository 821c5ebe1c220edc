//! What other libraries encrypted.
#![no_main]

use std::sync::LazyLock;

use envelope_core::{FernetImport, Import, RailsImport, RawImport};
use libfuzzer_sys::fuzz_target;

/// Those that sealed the seeds, so that some open.
static IMPORTS: LazyLock<Vec<Box<dyn Import>>> = LazyLock::new(|| {
    let fernet = FernetImport::new(["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]).expect("a key");
    let (key, salt) = ("primary key of the application", "salt of the application");
    let rails = RailsImport::new(key, salt).expect("keys");
    let older = RailsImport::with_sha1(key, salt).expect("keys");
    let key: Vec<u8> = (0..32).collect();
    let raw = || RawImport::aes_256_gcm(&key).expect("32 bytes");
    let other = RawImport::chacha20_poly1305(&key).expect("32 bytes").base64();
    vec![
        Box::new(fernet),
        Box::new(rails),
        Box::new(older),
        Box::new(raw()),
        Box::new(raw().base64()),
        Box::new(other),
    ]
});

fuzz_target!(|stored: &[u8]| {
    for import in IMPORTS.iter() {
        if let Err(error) = import.open(stored) {
            let _ = error.to_string();
        }
    }
});
