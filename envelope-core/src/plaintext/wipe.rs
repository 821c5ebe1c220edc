//! Wiping a plaintext of a type that is not known where it is dropped.

use core::any::Any;

use zeroize::Zeroize;

/// Wipes a plaintext, if it is of a type whose memory this crate can reach: text, bytes, lists of them, JSON. `Box`ed secrets wipe
/// themselves; other types are left as they are.
///
/// A bound `Zeroize` on the wrappers of the ORM crates would shut out all plaintext types that do not have it, and a `Drop` cannot
/// depend on what its type implements.
#[doc(hidden)]
pub fn wipe(plain: &mut dyn Any) {
    macro_rules! wipe_if {
        ($($ty:ty),*) => {$(
            if let Some(plain) = plain.downcast_mut::<$ty>() {
                plain.zeroize();
                return;
            }
        )*};
    }
    wipe_if!(String, Vec<u8>, Box<str>, Box<[u8]>, Vec<String>, Vec<Box<str>>, Vec<Vec<u8>>, Vec<Box<[u8]>>);
    wipe_if!(Vec<i8>, Vec<i16>, Vec<i32>, Vec<i64>, Vec<i128>, Vec<isize>);
    wipe_if!(Vec<u16>, Vec<u32>, Vec<u64>, Vec<u128>, Vec<usize>);
    #[cfg(feature = "json")]
    if let Some(value) = plain.downcast_mut::<serde_json::Value>() {
        wipe_json(value);
    }
}

#[cfg(feature = "json")]
fn wipe_json(value: &mut serde_json::Value) {
    use serde_json::Value;

    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe_json),
        Value::Object(map) => {
            for (mut key, mut value) in core::mem::take(map) {
                key.zeroize();
                wipe_json(&mut value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::wipe;

    #[test]
    fn what_owns_bytes_is_wiped() {
        let mut text = "secret".to_owned();
        wipe(&mut text);
        assert_eq!(text, "");
        let mut bytes = b"secret".to_vec();
        wipe(&mut bytes);
        assert_eq!(bytes, b"");
        let mut boxed: Box<str> = "secret".into();
        wipe(&mut boxed);
        assert!(boxed.bytes().all(|byte| byte == 0));
        let mut boxed: Box<[u8]> = (*b"secret").into();
        wipe(&mut boxed);
        assert!(boxed.iter().all(|byte| *byte == 0));
        let mut list = vec!["secret".to_owned()];
        wipe(&mut list);
        assert_eq!(list, [""; 0]);
    }

    #[cfg(feature = "json")]
    #[test]
    fn the_text_in_json_is_wiped() {
        let mut value = serde_json::json!([{ "key": "secret" }, "secret"]);
        wipe(&mut value);
        assert_eq!(value, serde_json::json!([{}, ""]));
    }
}
