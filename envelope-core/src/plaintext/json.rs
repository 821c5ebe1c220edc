//! FORMAT.md#json: a value as JSON text.

mod check;

use std::io;

use core::ops;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{FromPlaintext, PlaintextBytes, PlaintextError, PlaintextKind, PlaintextWriter, ToPlaintext};

/// A value that is stored as JSON: anything that `serde` can write and read.
///
/// ```
/// # use envelope_core::{Json, Keyring, testing};
/// # use envelope_core::{Column, Field, Mode, Randomized};
/// #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
/// struct Preferences {
///     theme: String,
///     font_size: u8,
/// }
/// # #[derive(Clone, Copy, Debug)]
/// # struct UserPreferences;
/// # impl Column for UserPreferences {
/// #     type Plain = Json<Preferences>;
/// #     type Mode = Randomized;
/// #     const FIELD: Field = Field::new("users", "preferences", "users.preferences", Mode::Randomized);
/// # }
/// # let keyring = testing::keyring();
///
/// // In a model: `#[encrypt] preferences: Json<Preferences>`.
/// let preferences = Json(Preferences { theme: "dark".into(), font_size: 12 });
/// let stored = keyring.seal(UserPreferences, &preferences)?;
/// assert_eq!(keyring.open(UserPreferences, &stored)?.theme, "dark");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What cannot be read back is refused when it is sealed: a float that is no number, which JSON would turn into `null`; keys of maps
/// that are no text; more than 127 arrays and objects in each other.
///
/// A column of JSON cannot be searched, as one value has many texts.
///
/// # Security
///
/// The text is wiped; what `serde` allocates on the way, and `T` itself, are not unless they do it themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a wrapper and nothing else, for good")]
pub struct Json<T>(pub T);

const JSON: PlaintextError = PlaintextError::new("JSON of the field's type");

impl<T: Serialize + DeserializeOwned> ToPlaintext for Json<T> {
    type Plain = Self;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        write(&self.0, out);
    }
}

impl<T: Serialize + DeserializeOwned> FromPlaintext for Json<T> {
    const KIND: PlaintextKind = PlaintextKind::JsonText;

    fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
        serde_json::from_slice(&bytes).map(Self).map_err(|_| JSON)
    }
}

impl ToPlaintext for Value {
    type Plain = Self;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        write(self, out);
    }
}

impl FromPlaintext for Value {
    const KIND: PlaintextKind = PlaintextKind::JsonText;

    fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
        serde_json::from_slice(&bytes).map_err(|_| PlaintextError::new("JSON"))
    }
}

fn write(value: &impl Serialize, out: &mut PlaintextWriter<'_>) {
    let written = match value.serialize(check::Check::new()) {
        Ok(()) => serde_json::to_writer(Writer(out), value).map_err(|_| ()),
        Err(check::NotReadable) => Err(()),
    };
    if written.is_err() {
        out.refuse(PlaintextError::new(
            "a value that JSON can give back: it has a float that is no number, a key that is no text, more than 127 \
             levels, or a `Serialize` that fails",
        ));
    }
}

/// Text goes where the plaintext goes, and nowhere else.
struct Writer<'a, 'b>(&'a mut PlaintextWriter<'b>);

impl io::Write for Writer<'_, '_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.write(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<T> ops::Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> ops::DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
