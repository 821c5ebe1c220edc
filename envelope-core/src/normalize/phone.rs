//! Telephone numbers as E.164, by the numbering plans of libphonenumber.

use super::Text;
use crate::plaintext::PlaintextError;

#[cfg(not(feature = "phone"))]
pub(super) fn phone(_: Option<&'static str>, _: &str) -> Result<Text, PlaintextError> {
    Err(const { PlaintextError::new("normalised: the step `phone` needs the feature `phone`") })
}

/// A number with an extension is refused: E.164 has none, and two extensions of one number would be alike.
#[cfg(feature = "phone")]
pub(super) fn phone(region: Option<&'static str>, text: &str) -> Result<Text, PlaintextError> {
    use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};
    use zeroize::Zeroizing;

    use crate::field::is_region;

    const PHONE: PlaintextError = PlaintextError::new("a valid phone number without an extension");
    const REGION: PlaintextError =
        PlaintextError::new("normalised: the step `phone` names a region that there is not");

    let region = match region {
        Some(region) if is_region(region) => Some(region.parse().map_err(|_| REGION)?),
        Some(_) => return Err(REGION),
        None => None,
    };
    let number = PHONE_NUMBER_UTIL.parse(text, region).map_err(|_| PHONE)?;
    if number.extension.is_some() || !number.is_valid() {
        return Err(PHONE);
    }
    let number = Zeroizing::new(number.format_as(PhoneNumberFormat::E164).into_owned());
    Ok([number.as_str()].into_iter().collect())
}

#[cfg(all(test, feature = "phone"))]
mod tests {
    use rlibphonenumber::PHONE_NUMBER_UTIL;

    use crate::field::{REGIONS, is_region};

    #[test]
    fn the_regions_are_those_of_the_library() {
        for region in PHONE_NUMBER_UTIL.get_supported_regions() {
            assert!(is_region(&region.to_string()), "{region:?}");
        }
        let own = REGIONS.split(' ').count();
        assert_eq!(own, PHONE_NUMBER_UTIL.get_supported_regions().count());
    }
}
