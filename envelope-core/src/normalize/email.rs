//! E-mail addresses: their case, and the two writings of a domain.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use zeroize::Zeroizing;

use super::{Text, is_white_space, lowercase, trim};
use crate::plaintext::PlaintextError;

const EMAIL: PlaintextError = PlaintextError::new("an e-mail address, `local-part@domain`");

/// Of the local part only the case is removed. Whether `a.b@` and `ab@`, or `a+shop@` and `a@`, are one mailbox is a rule of the
/// provider, and with some they are those of two people. For the same reason its case is not folded: `straße@` is not `strasse@`.
/// Neither are they as domains, and the mapping of UTS 46 keeps them apart.
pub(super) fn email(text: &str) -> Result<Text, PlaintextError> {
    let address = trim(text);
    if address.chars().any(|character| is_white_space(character) || character.is_control()) {
        return Err(EMAIL);
    }
    let (local, domain) = split(address).ok_or(EMAIL)?;
    if local.is_empty() || domain.is_empty() {
        return Err(EMAIL);
    }
    let domain = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::Check, DnsLength::Verify)
        .map_err(|_| EMAIL)?;
    let domain = Zeroizing::new(domain.into_owned());
    let local = lowercase(local);
    Ok([local.as_str(), "@", &domain].into_iter().collect())
}

/// The parts before and behind the only `@` that is not in quotes (RFC 5321, section 4.1.2).
fn split(address: &str) -> Option<(&str, &str)> {
    let (mut is_quoted, mut is_escaped, mut at) = (false, false, None);
    for (place, character) in address.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '@' if !is_quoted && at.is_some() => return None,
            '@' if !is_quoted => at = Some(place),
            _ => {}
        }
    }
    if is_quoted {
        return None;
    }
    let (local, rest) = address.split_at_checked(at?)?;
    Some((local, rest.strip_prefix('@')?))
}
