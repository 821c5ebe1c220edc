//! A file of `tests/vectors` (FORMAT.md#vectors).

use std::{collections::BTreeMap, fs, path::Path};

use envelope_core::{
    Encoding, Field, KeyId, KeyRecord, KeyState, Mode, Place, Purpose, RowKey, Tenant, testing::Case,
};

/// The lines of a vector by name.
#[derive(Clone)]
pub(super) struct Vector {
    pub(super) name: String,
    lines: BTreeMap<String, String>,
}

impl Vector {
    /// Every vector, by name.
    pub(super) fn all() -> Vec<Self> {
        let mut vectors: Vec<_> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
            .map(|path| Self::read(&path))
            .collect();
        vectors.sort_by(|one, other| one.name.cmp(&other.name));
        assert!(!vectors.is_empty());
        vectors
    }

    fn read(path: &Path) -> Self {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut lines = BTreeMap::new();
        for line in fs::read_to_string(path).unwrap().lines() {
            let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("{name}: line `{line}`"));
            let value = value.strip_prefix(' ').unwrap_or(value);
            assert!(lines.insert(key.into(), value.into()).is_none(), "{name}: `{key}` twice");
        }
        Self { name, lines }
    }

    /// The same case with its mistake taken back, if it says how.
    pub(super) fn control(&self) -> Option<Self> {
        let mut lines = self.lines.clone();
        let mut has_control = false;
        for (key, value) in &self.lines {
            if let Some(key) = key.strip_prefix("control-") {
                has_control = true;
                lines.insert(key.into(), value.clone());
            }
        }
        has_control.then(|| Self { name: format!("{} (control)", self.name), lines })
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.lines.get(key).map(String::as_str)
    }

    pub(super) fn text(&self, key: &str) -> &str {
        self.get(key).unwrap_or_else(|| panic!("{} has no {key}", self.name))
    }

    pub(super) fn bytes(&self, key: &str) -> Vec<u8> {
        unhex(self.text(key))
    }

    pub(super) fn array<const N: usize>(&self, key: &str) -> [u8; N] {
        self.bytes(key).try_into().unwrap()
    }

    pub(super) fn key_id(&self) -> KeyId {
        self.text("key-id").parse().unwrap()
    }

    pub(super) fn tenant(&self) -> Tenant {
        Tenant::from_stored(self.get("tenant").unwrap_or_default()).unwrap()
    }

    pub(super) fn field(&self) -> Field {
        let mode = match self.text("mode") {
            "randomized" => Mode::Randomized,
            "deterministic" => Mode::Deterministic,
            other => panic!("mode {other}"),
        };
        // A field lives as long as the program.
        let mut field = Field::new("users", "column", self.text("context").to_owned().leak(), mode);
        if self.row().is_some() {
            field = field.bound_to_row(&["id"]);
        }
        if self.get("nonce").is_some_and(|nonce| nonce.len() == 48) {
            field = field.xaes();
        }
        if self.get("text").is_some() {
            field = field.encoding(Encoding::Text);
        }
        field
    }

    /// Where the value stands.
    pub(super) fn place(&self) -> Place {
        self.row().map_or_else(Place::default, |row| Place::default().in_row(row))
    }

    /// What the column holds.
    pub(super) fn stored(&self) -> Vec<u8> {
        self.get("text").map_or_else(|| self.bytes("value"), |text| text.as_bytes().to_vec())
    }

    pub(super) fn case(&self) -> Case {
        Case {
            data_key: self.array("data-key"),
            key_id: self.key_id(),
            tenant: self.tenant(),
            field: self.field(),
            row: self.row(),
        }
    }

    /// The row that the value is bound to; with `row-2` its primary key has two columns.
    fn row(&self) -> Option<RowKey> {
        let part = |name| self.get(name).filter(|row| *row != "none").map(unhex);
        let row = RowKey::new(&part("row")?);
        Some(part("row-2").into_iter().fold(row, |row, part| row.and(&part)))
    }

    /// A record that says what the vector says about its key.
    pub(super) fn record(&self) -> KeyRecord {
        let purpose = Purpose::ALL.into_iter().find(|p| p.as_str() == self.text("purpose")).unwrap();
        KeyRecord {
            id: self.key_id(),
            application: self.text("application").into(),
            tenant: self.tenant(),
            purpose,
            state: KeyState::Active,
            revision: 1,
            created_at: 0,
            changed_at: 0,
            wrapped: None,
            further_wraps: Vec::new(),
            check: Vec::new(),
        }
    }
}

pub(super) fn unhex(digits: &str) -> Vec<u8> {
    assert!(digits.len().is_multiple_of(2), "{digits}");
    let pair = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(pair).collect()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
