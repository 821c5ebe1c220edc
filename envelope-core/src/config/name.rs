//! Texts of a configuration, none of which is a key.

use serde::Deserialize;
use zeroize::Zeroize;

use super::ConfigError;

/// A name or a path. What looks like a key is not kept, and is refused when the name is needed: an error while the file is read
/// would be printed with the line, and the key in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
pub(super) struct Name(Option<String>);

impl Name {
    pub(super) fn get(&self, field: &str) -> Result<&str, ConfigError> {
        self.0.as_deref().ok_or_else(|| ConfigError::HoldsKey { field: field.to_owned() })
    }
}

impl From<String> for Name {
    fn from(mut text: String) -> Self {
        if is_like_a_key(text.trim()) {
            text.zeroize();
            Self(None)
        } else {
            Self(Some(text))
        }
    }
}

/// Hexadecimal or base64 of 16 bytes and more as keys have them, a private key of age or PEM.
fn is_like_a_key(text: &str) -> bool {
    if text.contains("-----BEGIN") || text.to_ascii_uppercase().contains("AGE-SECRET-KEY-") {
        return true;
    }
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.len() >= 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit() || b":- ".contains(&byte)) {
        // A UUID is a name.
        return digits.len() != 36;
    }
    let unpadded = text.trim_end_matches('=');
    let is_base64 = unpadded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte));
    // Of 16, 24, 32, 48 and 64 bytes. A word or a path may have one of these lengths: padding, or digits and both cases, tell.
    let is_mixed = [u8::is_ascii_digit, u8::is_ascii_lowercase, u8::is_ascii_uppercase]
        .into_iter()
        .all(|kind| text.as_bytes().iter().any(kind));
    is_base64 && matches!(unpadded.len(), 22 | 32 | 43 | 64 | 86) && (text.ends_with('=') || is_mixed)
}

#[cfg(test)]
mod tests {
    use base64::{
        Engine,
        prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
    };

    use super::*;

    #[test]
    fn keys_are_told_from_names() {
        for key in [
            &"0123456789abcdef".repeat(4),
            &"0123456789ABCDEF".repeat(2),
            &format!("0x{}", "ab".repeat(32)),
            &vec!["ab"; 32].join(":"),
            &BASE64_STANDARD.encode([7; 32]),
            &BASE64_STANDARD.encode([0xab; 16]),
            &BASE64_URL_SAFE_NO_PAD.encode((0..32).map(|n| n * 7).collect::<Vec<u8>>()),
            "AGE-SECRET-KEY-1QQQQ",
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAw",
        ] {
            assert!(is_like_a_key(key), "{key}");
        }
        for name in [
            "shop",
            "",
            "/etc/shop/app.key",
            "/var/lib/application/secrets/envelope/appkey",
            "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
            "https://vpce-0123456789abcdef0-abcdefgh.kms.eu-central-1.vpce.amazonaws.com",
        ] {
            assert!(!is_like_a_key(name), "{name}");
        }
    }
}
