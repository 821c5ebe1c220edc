//! Suite 0x02: XAES-256-GCM (C2SP), AES-256-GCM under a key of its own for each value, derived from one half of a 192-bit nonce.

use aes_gcm::{
    Aes256Gcm, AesGcm,
    aead::consts::U12,
    aes::{
        Aes256, Block,
        cipher::{BlockCipherEncrypt, KeyInit},
    },
};
use dbl::Dbl;
use zeroize::{Zeroize, Zeroizing};

use super::{
    NotAuthentic, TooLong,
    block::Narrow,
    randomized::{Aead, decrypt, encrypt, is_short},
};
use crate::{
    envelope::{NONCE_LEN, TAG_LEN, XAES_NONCE_LEN},
    key::wipe_stack,
};

/// The key of the derivation, and *K1* of the specification.
pub(super) struct Xaes {
    cipher: Box<Aes256>,
    subkey: Box<Zeroizing<[u8; 16]>>,
}

impl Xaes {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let cipher = Box::new(Aes256::new(key.into()));
        let mut block = Block::default();
        cipher.encrypt_block(&mut block);
        let mut subkey = block.dbl();
        let mut kept = Box::new(Zeroizing::new([0; 16]));
        kept.copy_from_slice(&subkey);
        block.zeroize();
        subkey.zeroize();
        Self { cipher, subkey: kept }
    }

    /// *Kₓ*: the SP 800-108 derivation with CMAC, of which each message is one block.
    fn derive(&self, context: &[u8; 12], key: &mut [u8; 32]) {
        let (halves, _) = key.as_chunks_mut::<16>();
        for (number, half) in (1..).zip(halves) {
            let mut block = Block::default();
            let start = [0, number, b'X', 0];
            let message = start.iter().chain(context);
            block.iter_mut().zip(message).zip(self.subkey.iter()).for_each(|((byte, m), k)| *byte = m ^ k);
            self.cipher.encrypt_block(&mut block);
            half.copy_from_slice(&block);
            block.zeroize();
        }
    }

    #[inline(never)]
    fn seal(
        &self,
        nonce: &[u8; XAES_NONCE_LEN],
        ad: &[u8],
        plaintext: &mut [u8],
    ) -> Result<[u8; TAG_LEN], TooLong> {
        let (context, nonce) = halves(nonce);
        let mut key = Zeroizing::new([0; 32]);
        self.derive(&context, &mut key);
        match is_short(ad, plaintext) {
            true => encrypt(&Short::new((&*key).into()), &nonce, ad, plaintext),
            false => encrypt(&Aes256Gcm::new((&*key).into()), &nonce, ad, plaintext),
        }
    }

    #[inline(never)]
    fn unseal(
        &self,
        nonce: &[u8; XAES_NONCE_LEN],
        ad: &[u8],
        ciphertext: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), NotAuthentic> {
        let (context, nonce) = halves(nonce);
        let mut key = Zeroizing::new([0; 32]);
        self.derive(&context, &mut key);
        match is_short(ad, ciphertext) {
            true => decrypt(&Short::new((&*key).into()), &nonce, ad, ciphertext, tag),
            false => decrypt(&Aes256Gcm::new((&*key).into()), &nonce, ad, ciphertext, tag),
        }
    }
}

type Short = AesGcm<Narrow<Aes256>, U12>;

/// What the key is derived from, and *Nₓ*.
fn halves(nonce: &[u8; XAES_NONCE_LEN]) -> ([u8; NONCE_LEN], [u8; NONCE_LEN]) {
    let (mut context, mut rest) = ([0; NONCE_LEN], [0; NONCE_LEN]);
    let (first, second) = nonce.split_at(NONCE_LEN);
    context.copy_from_slice(first);
    rest.copy_from_slice(second);
    (context, rest)
}

impl Aead<XAES_NONCE_LEN> for Xaes {
    fn encrypt(
        &self,
        nonce: &[u8; XAES_NONCE_LEN],
        ad: &[u8],
        plaintext: &mut [u8],
    ) -> Result<[u8; TAG_LEN], TooLong> {
        let tag = self.seal(nonce, ad, plaintext);
        wipe_stack();
        tag
    }

    fn decrypt(
        &self,
        nonce: &[u8; XAES_NONCE_LEN],
        ad: &[u8],
        ciphertext: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), NotAuthentic> {
        let outcome = self.unseal(nonce, ad, ciphertext, tag);
        wipe_stack();
        outcome
    }
}

#[cfg(test)]
mod tests {
    use sha3::{
        Shake128,
        digest::{ExtendableOutput, Update, XofReader},
    };

    use super::{Aead, Xaes};

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn sealed(key: &[u8; 32], nonce: &[u8; 24], plaintext: &[u8], ad: &[u8]) -> Vec<u8> {
        let cipher = Xaes::new(key);
        let mut value = plaintext.to_vec();
        let tag = cipher.encrypt(nonce, ad, &mut value).unwrap();
        let mut opened = value.clone();
        cipher.decrypt(nonce, ad, &mut opened, &tag).unwrap();
        assert_eq!(opened, plaintext);
        value.extend_from_slice(&tag);
        value
    }

    // The vectors of the specification: the most significant bit of L is 0, and 1.
    #[test]
    fn vectors_of_the_specification() {
        let nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX";
        let one = sealed(&[1; 32], nonce, b"XAES-256-GCM", b"");
        assert_eq!(hex(&one), "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
        let other = sealed(&[3; 32], nonce, b"XAES-256-GCM", b"c2sp.org/XAES-256-GCM");
        assert_eq!(hex(&other), "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d");
    }

    // Its accumulated vectors, of 10,000 cases.
    #[test]
    fn accumulated_vectors() {
        let mut random = Shake128::default().finalize_xof();
        let mut hash = Shake128::default();
        for _ in 0..10_000 {
            let (mut key, mut nonce) = ([0; 32], [0; 24]);
            random.read(&mut key);
            random.read(&mut nonce);
            let [plaintext, ad] = [(); 2].map(|()| {
                let mut length = [0];
                random.read(&mut length);
                let mut bytes = vec![0; length[0].into()];
                random.read(&mut bytes);
                bytes
            });
            hash.update(&sealed(&key, &nonce, &plaintext, &ad));
        }
        let mut digest = [0; 32];
        hash.finalize_xof().read(&mut digest);
        assert_eq!(hex(&digest), "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939");
    }
}
