//! Values as text, for columns of text (FORMAT.md#text-form).

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};

/// What every value begins with that is stored as text.
pub(crate) const PREFIX: &[u8] = b"env:";

/// Text that begins like a value and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotBase64;

/// The text of a value.
pub(crate) fn encode(value: &[u8]) -> Vec<u8> {
    let mut text = String::from("env:");
    BASE64_STANDARD_NO_PAD.encode_string(value, &mut text);
    text.into_bytes()
}

/// The value of a text; `None` if it does not begin like one.
pub(crate) fn decode(text: &[u8]) -> Option<Result<Vec<u8>, NotBase64>> {
    let digits = text.strip_prefix(PREFIX)?;
    // No padding, no white space, and no bits behind the last byte: a value has one text.
    Some(BASE64_STANDARD_NO_PAD.decode(digits).map_err(|_| NotBase64))
}

/// The first bytes in the text of a value: the header and a few more.
pub(crate) fn start(text: &[u8]) -> Option<[u8; 9]> {
    let digits = text.strip_prefix(PREFIX)?.first_chunk::<12>()?;
    BASE64_STANDARD_NO_PAD.decode(digits).ok()?.try_into().ok()
}

/// The header in the text of a value, or in its first 12 characters.
pub(crate) fn header(text: &[u8]) -> Option<[u8; 6]> {
    let digits = text.strip_prefix(PREFIX)?.first_chunk::<8>()?;
    BASE64_STANDARD_NO_PAD.decode(digits).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::{NotBase64, decode, encode, start};

    #[test]
    fn a_value_has_one_text() {
        for text in
            ["env:/gEA=", "env:/gEA ", "env: /gEA", "env:/gF", "env:/g", "env:_gEA", "env:/", "env:/gE\n"]
        {
            let decoded = decode(text.as_bytes());
            let is_canonical = text == "env:/g";
            assert_eq!(decoded == Some(Err(NotBase64)), !is_canonical, "{text}: {decoded:?}");
        }
        assert_eq!(decode(b"ENV:/gEA"), None);
        assert_eq!(decode(b""), None);
    }

    #[test]
    fn the_header_is_eight_digits() {
        let value = [0xFE, 0x01, 0, 0, 0, 7, 1, 2, 3];
        let text = encode(&value);
        assert!(text.starts_with(b"env:/gEAAAAH"), "{text:?}");
        assert_eq!(start(&text), Some(value));
        assert_eq!(decode(&text), Some(Ok(value.to_vec())));
    }
}
