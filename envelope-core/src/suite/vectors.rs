//! The ciphers of the suites against the vectors of others: Wycheproof, NIST, RFC 5297, RFC 5869. Our own, of whole values, are in
//! `tests/vectors`.
#![expect(clippy::arithmetic_side_effects, reason = "the tests compute with small numbers")]

use aes_siv::{
    KeyInit,
    siv::{Aes128Siv, Aes256Siv},
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use proptest::{
    prelude::{any, prop, proptest},
    test_runner::Config,
};
use sha2::Sha256;
use wycheproof::{TestResult, aead, hkdf as kdf, mac};
use zeroize::Zeroizing;

use super::{
    CipherBackend, NotAuthentic,
    deterministic::Siv,
    index,
    randomized::{Aead as _, Gcm},
};
use crate::{
    envelope::TAG_LEN,
    field::{Index, Take},
    key::DataKey,
};

/// AES-256-GCM by every backend that this build has.
fn backends(key: &[u8; 32]) -> Vec<(&'static str, Gcm)> {
    vec![
        ("RustCrypto", Gcm::new(key, CipherBackend::RustCrypto)),
        #[cfg(feature = "aws-lc")]
        ("AWS-LC", Gcm::new(key, CipherBackend::AwsLc)),
    ]
}

fn siv(key: &[u8; 64]) -> Siv {
    Siv::new(Box::new(Zeroizing::new(*key)))
}

fn unhex<const N: usize>(text: &str) -> [u8; N] {
    let bytes = unhex_all(text);
    bytes.try_into().unwrap_or_else(|bytes: Vec<u8>| panic!("{} bytes", bytes.len()))
}

fn unhex_all(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

/// Opens in a buffer of its own and in place, which have to agree.
fn open_gcm(gcm: &Gcm, ad: &[u8], body: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
    let opened = gcm.open(ad, body).map(|plaintext| plaintext.to_vec());
    let mut place = body.to_vec();
    let in_place = gcm.open_in_place(ad, &mut place).map(|range| place[range].to_vec());
    assert_eq!(opened, in_place);
    opened
}

fn open_siv(siv: &Siv, ad: &[u8], body: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
    let opened = siv.open(ad, body).map(|plaintext| plaintext.to_vec());
    let mut place = body.to_vec();
    let in_place = siv.open_in_place(ad, &mut place).map(|range| place[range].to_vec());
    assert_eq!(opened, in_place);
    opened
}

#[test]
fn gcm_is_that_of_wycheproof() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups {
        // The nonces and tags that the suite has.
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            continue;
        }
        for test in group.tests {
            let nonce: [u8; 12] = test.nonce[..].try_into().unwrap();
            let body = [&nonce[..], &test.ct, &test.tag].concat();
            for (backend, gcm) in backends(test.key[..].try_into().unwrap()) {
                let at = format!("{backend}, test {}: {}", test.tc_id, test.comment);
                let opened = open_gcm(&gcm, &test.aad, &body);
                if test.result == TestResult::Invalid {
                    assert_eq!(opened, Err(NotAuthentic), "{at}");
                    invalid += 1;
                    continue;
                }
                assert_eq!(opened.as_deref(), Ok(&test.pt[..]), "{at}");
                let mut sealed = test.pt.to_vec();
                let tag = gcm.encrypt(&nonce, &test.aad, &mut sealed).unwrap();
                assert_eq!((&sealed[..], &tag[..]), (&test.ct[..], &test.tag[..]), "{at}");
                valid += 1;
            }
        }
    }
    let backends = backends(&[0; 32]).len();
    assert_eq!((valid, invalid), (39 * backends, 27 * backends));
}

/// The test cases 13 to 16 of the specification of GCM that NIST took: AES-256 with nonces of 96 bits.
#[test]
fn gcm_is_that_of_nist() {
    const KEY: &str = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    const NONCE: &str = "cafebabefacedbaddecaf888";
    const PLAINTEXT: &str = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                             1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255";
    const CIPHERTEXT: &str = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                              8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad";
    let (zero_key, zero_nonce, zero_block) = ("00".repeat(32), "00".repeat(12), "00".repeat(16));
    for (key, nonce, ad, plaintext, ciphertext, tag) in [
        (&zero_key[..], &zero_nonce[..], "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
        (
            &zero_key,
            &zero_nonce,
            "",
            &zero_block,
            "cea7403d4d606b6e074ec5d3baf39d18",
            "d0d1c8a799996bf0265b98b5d48ab919",
        ),
        (KEY, NONCE, "", PLAINTEXT, CIPHERTEXT, "b094dac5d93471bdec1a502270e3cc6c"),
        (
            KEY,
            NONCE,
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            &PLAINTEXT[..120],
            &CIPHERTEXT[..120],
            "76fc6ece0f4e1768cddf8853bb2d551b",
        ),
    ] {
        let (ad, plaintext) = (unhex_all(ad), unhex_all(plaintext));
        for (backend, gcm) in backends(&unhex(key)) {
            let mut sealed = plaintext.clone();
            let made = gcm.encrypt(&unhex(nonce), &ad, &mut sealed).unwrap();
            assert_eq!((&sealed, made), (&unhex_all(ciphertext), unhex(tag)), "{backend}");
            let body = unhex_all(&[nonce, ciphertext, tag].concat());
            assert_eq!(open_gcm(&gcm, &ad, &body).as_ref(), Ok(&plaintext), "{backend}");
        }
    }
}

/// One backend opens what another sealed, to the byte.
#[test]
fn backends_agree() {
    proptest!(Config::with_cases(200), |(
        key: [u8; 32],
        nonce: [u8; 12],
        ad in prop::collection::vec(any::<u8>(), 0..100),
        plaintext in prop::collection::vec(any::<u8>(), 0..200),
    )| {
        let mut bodies: Vec<_> = backends(&key).into_iter().map(|(_, gcm)| {
            let mut sealed = plaintext.clone();
            let tag = gcm.encrypt(&nonce, &ad, &mut sealed).unwrap();
            [&nonce[..], &sealed, &tag].concat()
        }).collect();
        bodies.dedup();
        assert_eq!(bodies.len(), 1);
        for (_, gcm) in backends(&key) {
            assert_eq!(open_gcm(&gcm, &ad, &bodies[0]).unwrap(), plaintext);
        }
    });
}

/// The vectors of RFC 5297 are of AES-128 and of other lists of strings than the suite's, so they examine what it is made of.
#[test]
fn siv_is_made_of_that_of_rfc_5297() {
    // Appendix A.1.
    let key: [u8; 32] = unhex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    let ad = unhex_all("101112131415161718191a1b1c1d1e1f2021222324252627");
    let sealed = Aes128Siv::new(&key.into()).encrypt([&ad], &unhex_all("112233445566778899aabbccddee"));
    let expected = unhex_all("85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c");
    assert_eq!(sealed.unwrap(), expected);
    // Appendix A.2.
    let key: [u8; 32] = unhex("7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f");
    let strings = [
        "00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100",
        "102030405060708090a0",
        "09f911029d74e35bd84156c5635688c0",
    ];
    let sealed = Aes128Siv::new(&key.into())
        .encrypt(strings.map(unhex_all), b"this is some plaintext to encrypt using SIV-AES");
    let expected = "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17\
                    dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e9c485b62a3fd5c0d";
    assert_eq!(sealed.unwrap(), unhex_all(expected));
}

/// Those of Wycheproof have a nonce as third string, which the suite does not.
#[test]
fn siv_is_made_of_that_of_wycheproof() {
    let set = aead::TestSet::load(aead::TestName::AesSivCmac).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups.into_iter().filter(|group| group.key_size == 512) {
        for test in group.tests {
            let mut cipher = Aes256Siv::new_from_slice(&test.key).unwrap();
            let strings = [&test.aad[..], &test.nonce];
            // The synthetic IV is the tag, and stands first.
            let body = [&test.tag[..], &test.ct].concat();
            let opened = cipher.decrypt(strings, &body);
            if test.result == TestResult::Invalid {
                assert!(opened.is_err(), "test {}: {}", test.tc_id, test.comment);
                invalid += 1;
                continue;
            }
            assert_eq!(opened.unwrap(), test.pt[..], "test {}: {}", test.tc_id, test.comment);
            let sealed = cipher.encrypt(strings, &test.pt).unwrap();
            assert_eq!(sealed, body, "test {}: {}", test.tc_id, test.comment);
            valid += 1;
        }
    }
    assert_eq!((valid, invalid), (84, 216));
}

/// What of it the suite has: one string of associated data, then the plaintext.
#[test]
fn siv_is_what_it_is_made_of() {
    proptest!(Config::with_cases(500), |(
        key in prop::collection::vec(any::<u8>(), 64),
        ad in prop::collection::vec(any::<u8>(), 0..100),
        plaintext in prop::collection::vec(any::<u8>(), 0..100),
        (at, mask) in (any::<usize>(), 1..=u8::MAX),
    )| {
        let siv = siv(key[..].try_into().unwrap());
        let expected = Aes256Siv::new_from_slice(&key).unwrap().encrypt([&ad], &plaintext).unwrap();
        // Twice: what is kept of the associated data between calls must not change them.
        for _ in 0..2 {
            let mut sealed = plaintext.clone();
            let iv = siv.seal(&ad, &mut sealed).unwrap();
            assert_eq!([&iv[..], &sealed].concat(), expected);
            assert_eq!(open_siv(&siv, &ad, &expected).unwrap(), plaintext);
            let mut changed = expected.clone();
            changed[at % expected.len()] ^= mask;
            assert_eq!(open_siv(&siv, &ad, &changed), Err(NotAuthentic));
            assert_eq!(open_siv(&siv, &[&ad[..], &[0]].concat(), &expected), Err(NotAuthentic));
            assert_eq!(open_siv(&siv, &ad, &expected[..TAG_LEN - 1]), Err(NotAuthentic));
        }
    });
}

#[test]
fn hmac_is_that_of_wycheproof() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups {
        let length = group.tag_size / 8;
        for test in group.tests {
            let mut mac = Hmac::<Sha256>::new_from_slice(&test.key).unwrap();
            mac.update(&test.msg);
            let matches = mac.finalize().into_bytes()[..length] == test.tag[..];
            assert_eq!(matches, test.result == TestResult::Valid, "test {}: {}", test.tc_id, test.comment);
            *(if matches { &mut valid } else { &mut invalid }) += 1;
        }
    }
    assert_eq!((valid, invalid), (66, 108));
}

/// A term is of what the index is of, then of the text, cut to the index's bits.
#[test]
fn terms_are_made_of_it() {
    const WHOLE: Index = Index::new(Take::Whole);
    proptest!(Config::with_cases(300), |(
        key: [u8; 32],
        text in prop::collection::vec(any::<u8>(), 0..200),
        bits in 4_u16..=256,
        length in 1_u32..,
    )| {
        let hash = index::Hash::new(&key);
        for (index, what) in [
            (WHOLE, vec![0]),
            (Index::new(Take::Prefix(length)), [&[1][..], &length.to_be_bytes()].concat()),
            (Index::new(Take::Suffix(length)), [&[2][..], &length.to_be_bytes()].concat()),
            (Index::new(Take::Words), vec![4]),
            (Index::new(Take::Trigrams), vec![5]),
        ] {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            mac.update(&what);
            mac.update(&text);
            let mut expected = mac.finalize().into_bytes()[..usize::from(bits.div_ceil(8))].to_vec();
            if !bits.is_multiple_of(8) {
                *expected.last_mut().unwrap() &= 0xFF << (8 - bits % 8);
            }
            let mut term = Vec::new();
            hash.hash(&index, &text).append(bits, &mut term);
            assert_eq!(term, expected);
        }
    });
}

/// Appendices A.1 to A.3.
#[test]
fn hkdf_is_that_of_rfc_5869() {
    let long = |from: u8| (from..=from + 0x4f).collect::<Vec<_>>();
    for (ikm, salt, info, okm) in [
        (
            vec![0x0b; 22],
            (0x00..=0x0c).collect(),
            (0xf0..=0xf9).collect(),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            long(0x00),
            long(0x60),
            long(0xb0),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09\
             da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            vec![0x0b; 22],
            vec![],
            vec![],
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ] {
        let mut out = vec![0; okm.len() / 2];
        Hkdf::<Sha256>::new(Some(&salt), &ikm).expand(&info, &mut out).unwrap();
        assert_eq!(out, unhex_all(okm));
    }
}

/// `N` bytes from a data key, with the information in two parts.
fn derived<const N: usize>(key: &DataKey, info: &[u8]) -> Vec<u8> {
    let (one, other) = info.split_at(info.len() / 2);
    key.derive::<N>(&[one, other]).to_vec()
}

/// All of them show what a data key's derivation is made of, and those without a salt that have an input as long as a data key are that
/// derivation.
#[test]
fn hkdf_is_that_of_wycheproof() {
    let set = kdf::TestSet::load(kdf::TestName::HkdfSha256).unwrap();
    let (mut all, mut ours) = (0, 0);
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let at = format!("test {}: {}", test.tc_id, test.comment);
        let mut out = vec![0; test.size];
        let made = Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut out);
        assert_eq!(made.is_ok(), test.result != TestResult::Invalid, "{at}");
        all += 1;
        let Ok(()) = made else { continue };
        assert_eq!(out, test.okm[..], "{at}");
        let Ok(key) = <&[u8; DataKey::LEN]>::try_from(&test.ikm[..]) else { continue };
        if test.salt.is_empty() {
            let key = DataKey::from_bytes(key);
            let derived = match test.size {
                20 => derived::<20>(&key, &test.info),
                32 => derived::<32>(&key, &test.info),
                42 => derived::<42>(&key, &test.info),
                64 => derived::<64>(&key, &test.info),
                80 => derived::<80>(&key, &test.info),
                other => panic!("{at}: {other} bytes"),
            };
            assert_eq!(derived, test.okm[..], "{at}");
            ours += 1;
        }
    }
    assert!(all > 80, "{all}");
    assert_eq!(ours, 8);
}
