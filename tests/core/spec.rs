//! Every vector is opened, or refused, exactly as its `expect:` says (FORMAT.md#vectors).

use std::{
    collections::BTreeSet, fmt::Debug, fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path, str::FromStr,
};

use envelope_core::{
    CipherBackend, Field, FileStore, FromPlaintext, KeyError, KeyProvider, Keyring, LocalKey, MalformedValue,
    OpenError, Place, PlaintextBytes, PlaintextError, PlaintextWriter, ProviderError, StoreError,
    ToPlaintext, WrappedKey,
};

use super::{
    index, meaning, normalize,
    vector::{Vector, hex, unhex},
};

/// The name of an error, and nothing when the case opened.
pub(super) type Outcome = Result<(), &'static str>;

#[test]
fn every_vector_reads_as_it_says() {
    let vectors = Vector::all();
    let mut deviations = Vec::new();
    for vector in &vectors {
        let expected = match vector.text("expect") {
            "ok" => Ok(()),
            kind => Err(kind),
        };
        for (case, expected) in [(Some(vector.clone()), expected), (vector.control(), Ok(()))] {
            let Some(case) = case else { continue };
            let outcome = read(&case, &vectors);
            if outcome != expected {
                deviations.push(format!("{}: {outcome:?}, expected {expected:?}", case.name));
            }
        }
    }
    assert!(deviations.is_empty(), "{deviations:#?}");
}

/// A vector that nobody can find missing is no vector: every error that FORMAT.md names has one.
#[test]
fn every_named_error_has_a_vector() {
    let expected: BTreeSet<_> = Vector::all().iter().map(|vector| vector.text("expect").to_owned()).collect();
    let format = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../FORMAT.md")).unwrap();
    for kind in &expected {
        assert!(format.contains(&format!("`{kind}`")), "FORMAT.md does not say what {kind} is");
    }
    let rules = section(&format, "### Rules for readers", "### Suites");
    let table = section(&format, "## Vectors", "## Alternatives");
    let in_rules = rules.split("(`").skip(1).filter_map(|rest| rest.split_once("`)")).map(|(kind, _)| kind);
    let in_table = table.lines().filter(|line| line.starts_with("| `")).flat_map(|line| {
        let (names, _) = line.strip_prefix("| ").unwrap().split_once(" |").unwrap();
        names.split(", ").map(|name| name.trim_matches('`'))
    });
    for kind in in_rules.chain(in_table) {
        // A value of more than 2^30 bytes is too long for a file; `tamper` has it.
        assert!(expected.contains(kind) || kind == "too-long", "no vector is refused as {kind}");
    }
}

fn section<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).unwrap().1.split_once(to).unwrap().0
}

fn read(vector: &Vector, all: &[Vector]) -> Outcome {
    match vector.text("kind") {
        "value" => read_value(vector),
        "normaliser" => normalize::read(vector),
        "index" => index::read(vector),
        "context" => {
            let context = vector.record().context();
            assert_eq!(hex(&context.to_bytes()), vector.text("encoded"), "{}", vector.name);
            Ok(())
        }
        "local-file" => open_local(&vector.bytes("contents")).map(|key| {
            assert_eq!(Some(key.name()), vector.get("provider-key").or(Some(key.name())), "{}", vector.name);
        }),
        "local-wrap" => read_local_wrap(vector, all),
        "key-file" => read_key_file(vector, all),
        kind => panic!("{}: kind {kind}", vector.name),
    }
}

// Values.

/// Every vector holds with each of them.
const BACKENDS: [CipherBackend; 2] = [CipherBackend::RustCrypto, CipherBackend::AwsLc];

fn read_value(vector: &Vector) -> Outcome {
    let case = vector.case();
    if let (true, Some(plaintext)) = (vector.text("expect") == "ok", vector.get("plaintext")) {
        let nonce = vector.get("nonce").map_or_else(|| vec![0; 12], unhex);
        for backend in BACKENDS {
            let steps = case.seal_with(backend, &nonce, &unhex(plaintext));
            assert_eq!(hex(&steps.column_key), vector.text("column-key"), "{}", vector.name);
            assert_eq!(hex(&steps.associated_data), vector.text("associated-data"), "{}", vector.name);
            assert_eq!(hex(&steps.value), vector.text("value"), "{} {backend}", vector.name);
        }
    }
    match vector.text("type") {
        // Only the control of an unknown variant knows more variants than `Status`.
        "enum" if vector.text("variants") != Status::NAMES => opens_as::<Anything>(vector),
        "enum" => opens_as::<Status>(vector),
        "text" => opens_as::<Text>(vector),
        "bytes" => opens_as::<Bytes>(vector),
        "bool" => opens_as::<bool>(vector),
        "f32" => opens_as::<f32>(vector),
        "f64" => opens_as::<f64>(vector),
        "i8" => opens_as::<i8>(vector),
        "i16" => opens_as::<i16>(vector),
        "i32" => opens_as::<i32>(vector),
        "i64" => opens_as::<i64>(vector),
        "i128" => opens_as::<i128>(vector),
        "u8" => opens_as::<u8>(vector),
        "u16" => opens_as::<u16>(vector),
        "u32" => opens_as::<u32>(vector),
        "u64" => opens_as::<u64>(vector),
        "u128" => opens_as::<u128>(vector),
        _ => meaning::read(vector),
    }
}

fn opens_as<P: FromPlaintext + ToPlaintext + FromStr<Err: Debug>>(vector: &Vector) -> Outcome {
    opens::<P>(vector, |meaning| meaning.parse().unwrap())
}

/// Opens the vector's value as a `P`, and compares what it encodes to with the vector's plaintext.
pub(super) fn opens<P: FromPlaintext + ToPlaintext>(vector: &Vector, parse: impl Fn(&str) -> P) -> Outcome {
    let [own, other] = BACKENDS.map(|backend| opens_with::<P>(backend, vector, &parse));
    assert_eq!(own, other, "{}", vector.name);
    own
}

fn opens_with<P: FromPlaintext + ToPlaintext>(
    backend: CipherBackend,
    vector: &Vector,
    parse: impl Fn(&str) -> P,
) -> Outcome {
    let (keyring, field, place) = (vector.case().keyring_with(backend), vector.field(), vector.place());
    // Once in its own buffer, once from a borrowed one.
    let stored = vector.stored();
    let value: P = keyring.open_at(&field, &place, &stored).map_err(|error| kind(&error))?;
    let opened = keyring.open_at::<P>(&field, &place, stored);
    assert!(opened.is_ok(), "{}", vector.name);
    let Some(plaintext) = vector.get("plaintext") else { return Ok(()) };
    let encoding = |value: &P| hex(&encoding(&keyring, &field, &place, value));
    assert_eq!(encoding(&value), plaintext, "{}", vector.name);
    if let Some(meaning) = vector.get("meaning") {
        assert_eq!(encoding(&parse(meaning)), plaintext, "{}", vector.name);
    }
    Ok(())
}

/// What a value encodes to: it is sealed, and opened as bytes.
fn encoding(keyring: &Keyring, field: &Field, place: &Place, value: &impl ToPlaintext) -> Vec<u8> {
    keyring.open_at(field, place, keyring.seal_at(field, place, value).unwrap()).unwrap()
}

/// Standard types that a vector's `meaning` is read into.
macro_rules! meanings {
    ($($name:ident($inner:ty): $parse:expr;)*) => {$(
        struct $name($inner);

        impl FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                Ok(Self($parse(text)))
            }
        }

        impl ToPlaintext for $name {
            type Plain = Self;

            fn write(&self, out: &mut PlaintextWriter<'_>) {
                self.0.write(out);
            }
        }

        impl FromPlaintext for $name {
            fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
                <$inner>::read(bytes).map(Self)
            }
        }
    )*};
}

meanings! {
    Text(String): str::to_owned;
    Bytes(Vec<u8>): unhex;
    Anything(String): str::to_owned;
}

/// As `#[derive(Plaintext)]` has it for an enum of unit variants.
struct Status(&'static str);

impl Status {
    const NAMES: &str = "Draft Published";
}

impl FromStr for Status {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::NAMES.split(' ').find(|known| *known == name).map(Self).ok_or(())
    }
}

impl ToPlaintext for Status {
    type Plain = Self;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        self.0.write(out);
    }
}

impl FromPlaintext for Status {
    fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
        String::read(bytes)?.parse().map_err(|()| PlaintextError::new("a status"))
    }
}

fn kind(error: &OpenError) -> &'static str {
    match error {
        OpenError::NotAnEnvelope { .. } => "not-an-envelope",
        OpenError::Malformed { reason, .. } => match reason {
            MalformedValue::SelfContained => "self-contained",
            MalformedValue::UnknownSuite(_) => "unknown-suite",
            MalformedValue::Truncated => "truncated",
            MalformedValue::TooLong => "too-long",
            MalformedValue::KeyIdZero => "key-id-zero",
            MalformedValue::Text => "bad-text",
            _ => "malformed",
        },
        OpenError::WrongMode { .. } => "wrong-mode",
        OpenError::UnknownKey { .. } => "unknown-key",
        OpenError::KeyRetired { .. } => "key-retired",
        OpenError::NotAuthentic { .. } => "not-authentic",
        OpenError::Plaintext { .. } => "bad-plaintext",
        OpenError::Key { source, .. } => key_kind(source),
        _ => "another",
    }
}

// Keys.

/// A local key from a file with the contents.
fn open_local(contents: &[u8]) -> Result<LocalKey, &'static str> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("local.key");
    let mut file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path).unwrap();
    file.write_all(contents).unwrap();
    LocalKey::open(&path).map_err(|error| provider_kind(&error))
}

/// The local key that a vector speaks of, from the vector that has its file.
fn local_key(vector: &Vector, all: &[Vector]) -> LocalKey {
    let file = all.iter().find(|other| other.get("key") == Some(vector.text("local-key"))).unwrap();
    open_local(&file.bytes("contents")).unwrap()
}

fn read_local_wrap(vector: &Vector, all: &[Vector]) -> Outcome {
    let wrapped = WrappedKey::new(vector.text("provider-key").into(), vector.bytes("wrapped"));
    let context = vector.record().context();
    let key = pollster::block_on(local_key(vector, all).unwrap_key(&wrapped, &context))
        .map_err(|error| provider_kind(&error))?;
    if let Some(data_key) = vector.get("data-key") {
        assert_eq!(hex(key.expose_secret()), data_key, "{}", vector.name);
    }
    Ok(())
}

fn read_key_file(vector: &Vector, all: &[Vector]) -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.json");
    fs::write(&path, vector.text("store")).unwrap();
    let keyring = Keyring::builder(local_key(vector, all), FileStore::new(path))
        .application(vector.text("application"))
        .open_blocking()
        .map_err(|error| key_kind(&error))?;
    let keyring = match vector.tenant() {
        tenant if tenant.is_default() => keyring,
        tenant => keyring.tenant(tenant.as_str()).unwrap(),
    };
    let plaintext: Vec<u8> =
        keyring.open_field(&vector.field(), &vector.bytes("value")).map_err(|error| kind(&error))?;
    if let Some(expected) = vector.get("plaintext") {
        assert_eq!(hex(&plaintext), expected, "{}", vector.name);
    }
    Ok(())
}

fn key_kind(error: &KeyError) -> &'static str {
    match error {
        KeyError::NotUnwrapped { source, .. } => provider_kind(source),
        KeyError::RecordChanged { .. } => "record-changed",
        KeyError::OtherApplication { .. } => "other-application",
        KeyError::Store(error) if matches!(**error, StoreError::Damaged { .. }) => "store-damaged",
        _ => "another",
    }
}

fn provider_kind(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::WrongKey { .. } => "wrong-key",
        ProviderError::NotAuthentic => "key-not-authentic",
        ProviderError::KeyFileDamaged(_) => "key-file-damaged",
        _ => "another",
    }
}
