//! What goes in comes back, bit for bit, and is found again; a field may grow wider.

use std::{borrow::Cow, fmt::Debug, rc::Rc, sync::Arc};

use envelope_core::{
    Field, FromPlaintext, Keyring, Mode, OpenError, PlaintextWriter, SealError, ToPlaintext, testing,
};
use proptest::{
    prelude::{Strategy, TestCaseError, any, prop},
    test_runner::{Config, TestRunner},
};

use super::columns::{
    UserAge, UserAgeNarrow, UserDigest, UserEmail, UserNote, UserPhoto, UserScore, UserScoreNarrow,
};

const GCM: Field = Field::new("t", "c", "t.c", Mode::Randomized);
const SIV: Field = Field::new("t", "d", "t.d", Mode::Deterministic);

#[test]
fn randomized_values_do_not_repeat_and_deterministic_ones_do() {
    let keyring = testing::keyring();
    let notes: Vec<_> = (0..100).map(|_| keyring.seal(UserNote, "x").unwrap()).collect();
    for (index, one) in notes.iter().enumerate() {
        // Not only another value: another nonce, or the key stream would be used twice.
        assert!(notes[..index].iter().all(|other| other[6..18] != one[6..18]));
    }
    assert_eq!(keyring.seal(UserEmail, "x").unwrap(), keyring.seal(UserEmail, "x").unwrap());
    assert_ne!(keyring.seal(UserEmail, "x").unwrap(), keyring.seal(UserEmail, "y").unwrap());
}

#[test]
fn a_randomized_column_is_not_searched() {
    let error = testing::keyring().lookup_field(&GCM, "x").unwrap_err();
    assert!(matches!(error, SealError::NotSearchable { .. }), "{error}");
}

#[test]
fn the_overhead_is_34_and_22_bytes() {
    let keyring = testing::keyring();
    for length in [0, 1, 15, 16, 17, 255, 256, 65_536] {
        let bytes = vec![0xA5_u8; length];
        assert_eq!(keyring.seal(UserPhoto, &bytes).unwrap().len(), length + 34);
        assert_eq!(keyring.seal(UserDigest, &bytes).unwrap().len(), length + 22);
    }
}

#[test]
fn edge_values_come_back() {
    let keyring = &testing::keyring();
    for text in ["", "\0", "a\0b", "😀", "Zu\u{308}rich", "\u{feff}x", " ", "\u{10ffff}"] {
        comes_back(keyring, &text.to_owned());
    }
    comes_back(keyring, &Vec::<u8>::new());
    comes_back(keyring, &vec![0_u8; 3]);
    comes_back(keyring, &[0xFE_u8, 0x01, 0, 0, 0, 7]);
    comes_back(keyring, &[0_u8; 0]);
    comes_back(keyring, &true);
    comes_back(keyring, &false);
    for number in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX] {
        comes_back(keyring, &number);
    }
    for number in [i128::MIN, i64::MIN.into(), i128::from(i64::MIN) - 1, u64::MAX.into(), i128::MAX] {
        comes_back(keyring, &number);
    }
    for number in [0, u128::from(u64::MAX) + 1, i128::MAX.unsigned_abs(), 1 << 127, u128::MAX] {
        comes_back(keyring, &number);
    }
    comes_back(keyring, &i8::MIN);
    comes_back(keyring, &u8::MAX);
    comes_back(keyring, &i16::MIN);
    comes_back(keyring, &u16::MAX);
    comes_back(keyring, &i32::MIN);
    comes_back(keyring, &u32::MAX);
    comes_back(keyring, &u64::MAX);
    comes_back(keyring, &isize::MIN);
    comes_back(keyring, &usize::MAX);
}

#[test]
fn floats_keep_their_bits() {
    let keyring = testing::keyring();
    for bits in [0, 1, 1 << 63, 0x7FF0_0000_0000_0000, 0x7FF8_0000_0000_0001, 0xFFF4_0000_00AB_CDEF, u64::MAX]
    {
        for field in [GCM, SIV] {
            let sealed = keyring.seal_field(&field, &f64::from_bits(bits)).unwrap();
            assert_eq!(keyring.open_field::<f64>(&field, &sealed).unwrap().to_bits(), bits);
        }
    }
    for bits in [0, 1, 1 << 31, 0x7F80_0000, 0x7FA0_0001, 0x7FC0_BEEF, u32::MAX] {
        let sealed = keyring.seal_field(&GCM, &f32::from_bits(bits)).unwrap();
        assert_eq!(keyring.open_field::<f32>(&GCM, &sealed).unwrap().to_bits(), bits);
    }
}

#[test]
fn sixteen_mebibytes_come_back() {
    let keyring = testing::keyring();
    let bytes: Vec<u8> = (0_u32..16 << 20).map(|at| at.to_le_bytes()[usize::from(at % 7 == 0)]).collect();
    for field in [GCM, SIV] {
        let sealed = keyring.seal_field(&field, &bytes).unwrap();
        assert!(keyring.open_field::<Vec<u8>>(&field, &sealed).unwrap() == bytes);
        // One bit in the middle of much.
        let mut changed = sealed;
        changed[8 << 20] ^= 1;
        let error = keyring.open_field::<Vec<u8>>(&field, &changed).unwrap_err();
        assert!(matches!(error, OpenError::NotAuthentic { .. }));
    }
}

/// A field that grows from `i32` to `i64` reads its old rows and finds them.
#[test]
fn integers_grow_without_a_change_of_bytes() {
    let keyring = testing::keyring();
    for number in [i32::MIN, -1, 0, 1, i32::MAX] {
        let wide = i64::from(number);
        let narrow_bytes = keyring.seal(UserScoreNarrow, &number).unwrap();
        assert_eq!(keyring.open(UserScore, &narrow_bytes).unwrap(), wide);
        assert_eq!(keyring.lookup(UserScore, &wide).unwrap(), [narrow_bytes]);
        assert_eq!(keyring.open(UserAge, &keyring.seal(UserAgeNarrow, &number).unwrap()).unwrap(), wide);
        assert_eq!(keyring.open(UserAgeNarrow, &keyring.seal(UserAge, &wide).unwrap()).unwrap(), number);
    }
    // And back only where the number fits: nothing is cut off.
    let error = keyring.open(UserScoreNarrow, &keyring.seal(UserScore, &(1_i64 << 31)).unwrap()).unwrap_err();
    assert!(matches!(error, OpenError::Plaintext { .. }), "{error}");
    let five: Vec<Vec<u8>> = vec![
        keyring.seal_field(&SIV, &5_u8).unwrap(),
        keyring.seal_field(&SIV, &5_i16).unwrap(),
        keyring.seal_field(&SIV, &5_u64).unwrap(),
        keyring.seal_field(&SIV, &5_i128).unwrap(),
        keyring.seal_field(&SIV, &5_u128).unwrap(),
        keyring.seal_field(&SIV, &5_usize).unwrap(),
    ];
    assert!(five.iter().all(|value| value == &five[0]));
}

#[test]
fn owned_and_borrowed_forms_are_one_value() {
    let keyring = testing::keyring();
    let text = "alice@example.com";
    let sealed = keyring.seal(UserEmail, text).unwrap();
    let same = |value: &dyn Fn() -> Vec<u8>| assert_eq!(value(), sealed);
    same(&|| keyring.seal(UserEmail, &text).unwrap());
    same(&|| keyring.seal(UserEmail, &text.to_owned()).unwrap());
    same(&|| keyring.seal(UserEmail, &Cow::Borrowed(text)).unwrap());
    same(&|| keyring.seal(UserEmail, &Rc::<str>::from(text)).unwrap());
    same(&|| keyring.seal_field(&UserEmailField::FIELD, &Arc::<str>::from(text)).unwrap());
    same(&|| keyring.seal_field(&UserEmailField::FIELD, &Box::<str>::from(text)).unwrap());
    assert_eq!(keyring.lookup(UserEmail, text).unwrap(), [&sealed[..]]);
    assert_eq!(&*keyring.open_field::<Arc<str>>(&UserEmailField::FIELD, &sealed).unwrap(), text);
    assert_eq!(&*keyring.open_field::<Box<[u8]>>(&UserEmailField::FIELD, &sealed).unwrap(), text.as_bytes());
}

struct UserEmailField;

impl UserEmailField {
    const FIELD: Field = <UserEmail as envelope_core::Column>::FIELD;
}

/// An implementation of `ToPlaintext` by hand may write in pieces and give a wrong hint.
#[test]
fn a_wrong_size_hint_changes_nothing() {
    struct Pieces {
        hint: usize,
    }

    impl ToPlaintext for Pieces {
        type Plain = String;

        fn write(&self, out: &mut PlaintextWriter<'_>) {
            for piece in ["", "alice", "@", "example", ".com"] {
                out.write(piece.as_bytes());
            }
        }

        fn size_hint(&self) -> usize {
            self.hint
        }
    }

    let keyring = testing::keyring();
    let whole = keyring.seal(UserEmail, "alice@example.com").unwrap();
    for hint in [0, 1, 16, 17, 18, 10_000, usize::MAX] {
        assert_eq!(keyring.seal(UserEmail, &Pieces { hint }).unwrap(), whole);
        let sealed = keyring.seal(UserNote, &Pieces { hint }).unwrap();
        assert_eq!(keyring.open(UserNote, &sealed).unwrap(), "alice@example.com");
    }
}

#[test]
fn whatever_is_sealed_opens() {
    let keyring = &testing::keyring();
    holds(&any::<String>(), |value| comes_back(keyring, value));
    holds(&any::<Vec<u8>>(), |value| comes_back(keyring, value));
    holds(&prop::array::uniform32(any::<u8>()), |value| comes_back(keyring, value));
    holds(&any::<i8>(), |value| comes_back(keyring, value));
    holds(&any::<i32>(), |value| comes_back(keyring, value));
    holds(&any::<i64>(), |value| comes_back(keyring, value));
    // Halved at random, so that all of the three lengths occur.
    holds(&(any::<i128>(), 0_u32..128), |(value, by)| comes_back(keyring, &(value >> by)));
    holds(&(any::<u128>(), 0_u32..128), |(value, by)| comes_back(keyring, &(value >> by)));
    holds(&any::<u64>(), |value| {
        let sealed = keyring.seal_field(&SIV, value).unwrap();
        assert_eq!(keyring.open_field::<u128>(&SIV, &sealed).unwrap(), u128::from(*value));
        assert_eq!(keyring.open_field::<i64>(&SIV, &sealed).ok(), i64::try_from(*value).ok());
        assert_eq!(keyring.open_field::<u16>(&SIV, &sealed).ok(), u16::try_from(*value).ok());
    });
}

/// Two different numbers have different bytes, whatever their types, or a search would find what was not meant.
#[test]
fn different_numbers_have_different_bytes() {
    let keyring = &testing::keyring();
    holds(&(any::<i128>(), any::<u128>(), 0_u32..128), |(one, other, by)| {
        let (one, other) = (one >> by, other >> by);
        let equal = u128::try_from(one) == Ok(other);
        let bytes = (keyring.seal_field(&SIV, &one).unwrap(), keyring.seal_field(&SIV, &other).unwrap());
        assert_eq!(bytes.0 == bytes.1, equal);
    });
}

/// No bytes at all make a decoder panic, or decode to a value that would be written otherwise.
#[test]
fn whatever_decodes_is_what_would_be_written() {
    let keyring = &testing::keyring();
    holds(&prop::collection::vec(any::<u8>(), 0..20), |bytes| {
        decodes_to_itself::<i8>(keyring, bytes);
        decodes_to_itself::<u64>(keyring, bytes);
        decodes_to_itself::<i128>(keyring, bytes);
        decodes_to_itself::<u128>(keyring, bytes);
        decodes_to_itself::<bool>(keyring, bytes);
        decodes_to_itself::<f32>(keyring, bytes);
        decodes_to_itself::<f64>(keyring, bytes);
        decodes_to_itself::<String>(keyring, bytes);
        decodes_to_itself::<[u8; 8]>(keyring, bytes);
    });
}

pub(super) fn comes_back<P: ToPlaintext<Plain = P> + FromPlaintext + PartialEq + Debug>(
    keyring: &Keyring,
    value: &P,
) {
    for field in [GCM, SIV] {
        let sealed = keyring.seal_field(&field, value).unwrap();
        assert_eq!(&keyring.open_field::<P>(&field, &sealed).unwrap(), value);
    }
    let found = keyring.lookup_field(&SIV, value).unwrap();
    assert_eq!(found, [keyring.seal_field(&SIV, value).unwrap()]);
}

pub(super) fn decodes_to_itself<P: ToPlaintext + FromPlaintext>(keyring: &Keyring, bytes: &[u8]) {
    let sealed = keyring.seal_field(&SIV, bytes).unwrap();
    match keyring.open_field::<P>(&SIV, &sealed) {
        Ok(value) => assert_eq!(keyring.seal_field(&SIV, &value).unwrap(), sealed),
        Err(error) => assert!(matches!(error, OpenError::Plaintext { .. }), "{error}"),
    }
}

pub(super) fn holds<S: Strategy<Value: Debug>>(strategy: &S, test: impl Fn(&S::Value)) {
    // Failures are printed with the case that caused them; no file of them is kept.
    let config = Config { failure_persistence: None, ..Config::with_cases(500) };
    TestRunner::new(config)
        .run(strategy, |value| {
            test(&value);
            Ok::<_, TestCaseError>(())
        })
        .unwrap();
}
