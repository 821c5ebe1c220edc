//! The steps by which values are made alike: their names and what a declaration may say.

use core::fmt;

/// A step by which values that shall be found alike are made alike, by its name in `normalize = "…"`. Frozen: what a step does to a
/// text of assigned characters never changes (FORMAT.md#normalisers).
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Normalizer {
    /// `nfc`: Unicode's canonical composition.
    Nfc,
    /// `casefold`: without the distinction of upper and lower case, in canonical composition.
    Casefold,
    /// `lowercase`: in lower case, in canonical composition.
    Lowercase,
    /// `trim`: without white space at either end.
    Trim,
    /// `spaces`: each run of white space as one space, none at either end.
    Spaces,
    /// `digits`: its decimal digits only, of any script, as ASCII.
    Digits,
    /// `email`: an e-mail address: trimmed, its local part in lower case, its domain in ASCII. What is none is refused. Dots and what
    /// stands behind a `+` stay: they are the provider's affair, and with some they tell two people apart.
    Email,
    /// `phone`: a phone number as E.164. With a region, `phone:DE`, also one that is written as in that country. What is no valid
    /// number is refused, and one with an extension. Which numbers are valid changes with the numbering plans of the world. See
    /// [`phone`](Self::phone) for a declaration.
    Phone(Option<&'static str>),
    /// A function of the application, by its path.
    Custom(&'static str, fn(&str) -> String),
}

impl Normalizer {
    /// [`Phone`](Self::Phone) for a declaration: in a constant a mistake is a compile error.
    ///
    /// # Panics
    ///
    /// When the region is not the code of one in capitals (`DE`, `US`), or the feature `phone` is off.
    #[must_use]
    #[expect(clippy::assertions_on_constants, reason = "it depends on the feature")]
    pub const fn phone(region: Option<&'static str>) -> Self {
        assert!(
            cfg!(feature = "phone"),
            "the step `phone` needs the feature `phone` of `envelope-diesel` or `envelope-sqlx`"
        );
        if let Some(region) = region {
            assert!(
                is_region(region),
                "`phone:XX` names a region by its code of two capitals, as in `phone:DE`"
            );
        }
        Self::Phone(region)
    }
}

/// Whether these steps can be done with a part of a value.
pub(super) const fn takes_parts(mut parts: &[&[Normalizer]]) -> bool {
    while let [list, rest @ ..] = parts {
        let mut steps = *list;
        while let [step, others @ ..] = steps {
            if matches!(step, Normalizer::Email | Normalizer::Phone(_)) {
                return false;
            }
            steps = others;
        }
        parts = rest;
    }
    true
}

/// ISO 3166-1 codes of the regions that have a numbering plan, and `AC`, `TA` and `XK`.
pub(crate) const REGIONS: &str = "AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT \
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER \
    ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE \
    IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV \
    LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP \
    NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK \
    SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA \
    VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Whether this is the code of a region, in capitals.
pub(crate) const fn is_region(code: &str) -> bool {
    let &[one, two] = code.as_bytes() else { return false };
    let mut rest = REGIONS.as_bytes();
    while let &[a, b, ref others @ ..] = rest {
        if a == one && b == two {
            return true;
        }
        rest = match others {
            [_, others @ ..] => others,
            [] => &[],
        };
    }
    false
}

impl fmt::Display for Normalizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nfc => "nfc",
            Self::Casefold => "casefold",
            Self::Lowercase => "lowercase",
            Self::Trim => "trim",
            Self::Spaces => "spaces",
            Self::Digits => "digits",
            Self::Email => "email",
            Self::Phone(None) => "phone",
            Self::Phone(Some(region)) => return write!(f, "phone:{region}"),
            Self::Custom(name, _) => name,
        })
    }
}

impl fmt::Debug for Normalizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Normalizer {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Custom(name, _), Self::Custom(other, _)) => name == other,
            (Self::Phone(region), Self::Phone(other)) => region == other,
            _ => core::mem::discriminant(self) == core::mem::discriminant(other),
        }
    }
}

impl Eq for Normalizer {}
