//! AES block by block, for short values.
//!
//! On processors with wide vectors the cipher makes room on the stack for 64 blocks at a time and leaves round keys far below. What is
//! left there has to be wiped after each call, which for a short value takes longer than encrypting it. Block by block less than half
//! of the stack is used, and up to some hundred bytes it is as fast.

use core::borrow::Borrow;
use std::sync::Arc;

use aes_gcm::aes::{
    Aes256,
    cipher::{
        Block, BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, Key, KeyInit,
        KeySizeUser, ParBlocksSizeUser,
        consts::{U1, U16, U32},
        inout::InOut,
    },
};

/// Up to so many bytes of plaintext a value is short.
pub(super) const SHORT: usize = 512;

/// AES-256 with a key schedule that others use too, in as many blocks at a time as the processor can.
pub(super) struct Wide(pub(super) Arc<Aes256>);

/// The same, or one of its own, block by block.
pub(super) struct Narrow<C>(pub(super) C);

impl BlockSizeUser for Wide {
    type BlockSize = U16;
}

impl BlockCipherEncrypt for Wide {
    #[inline]
    fn encrypt_with_backend(&self, f: impl BlockCipherEncClosure<BlockSize = U16>) {
        self.0.encrypt_with_backend(f);
    }
}

impl<C> BlockSizeUser for Narrow<C> {
    type BlockSize = U16;
}

impl<C> KeySizeUser for Narrow<C> {
    type KeySize = U32;
}

impl KeyInit for Narrow<Aes256> {
    #[inline]
    fn new(key: &Key<Self>) -> Self {
        Self(Aes256::new(key))
    }
}

impl<C: Borrow<Aes256>> BlockCipherEncrypt for Narrow<C> {
    #[inline]
    fn encrypt_with_backend(&self, f: impl BlockCipherEncClosure<BlockSize = U16>) {
        self.0.borrow().encrypt_with_backend(OneByOne(f));
    }
}

/// What is to be done with a cipher, which gets one that knows single blocks only.
struct OneByOne<F>(F);

impl<F> BlockSizeUser for OneByOne<F> {
    type BlockSize = U16;
}

impl<F: BlockCipherEncClosure<BlockSize = U16>> BlockCipherEncClosure for OneByOne<F> {
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        self.0.call(&Single(backend));
    }
}

struct Single<'b, B>(&'b B);

impl<B> BlockSizeUser for Single<'_, B> {
    type BlockSize = U16;
}

impl<B> ParBlocksSizeUser for Single<'_, B> {
    type ParBlocksSize = U1;
}

impl<B: BlockCipherEncBackend<BlockSize = U16>> BlockCipherEncBackend for Single<'_, B> {
    #[inline(always)]
    fn encrypt_block(&self, block: InOut<'_, '_, Block<Self>>) {
        self.0.encrypt_block(block);
    }
}
