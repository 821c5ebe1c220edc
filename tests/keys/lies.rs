//! A key service that answers, and answers wrongly; and calendars that jump.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use envelope_core::{
    BoxFuture, ChangeError, DataKey, EncryptionContext, GeneratedKey, KeyError, KeyProvider, KeyState,
    Keyring, LocalKey, MemoryStore, OpenError, ProviderError, Purpose, SealError, WrappedKey,
};
use pollster::block_on;

use crate::support::{Email, MINUTE, Note, World, eventually, key_of};

const TRUTH: u8 = 0;
/// Unwrapping gives another key than was wrapped.
const ANOTHER_KEY: u8 = 1;
/// A new key comes with the wrap of another.
const ANOTHER_WRAP: u8 = 2;
/// A new key comes with bytes that are no wrap.
const GARBAGE: u8 = 3;
/// Wrapping anew gives the wrap of another key.
const ANOTHER_REWRAP: u8 = 4;

#[derive(Clone, Debug)]
struct Liar {
    key: Arc<LocalKey>,
    lie: Arc<AtomicU8>,
    /// What it says that its present key is.
    name: Option<&'static str>,
}

impl Liar {
    fn new() -> Self {
        Self { key: Arc::new(LocalKey::ephemeral().unwrap()), lie: Arc::default(), name: None }
    }

    fn lie(&self, lie: u8) {
        self.lie.store(lie, Ordering::SeqCst);
    }

    fn tells(&self, lie: u8) -> bool {
        self.lie.load(Ordering::SeqCst) == lie
    }
}

impl KeyProvider for Liar {
    fn generate_key<'a>(
        &'a self,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>> {
        Box::pin(async move {
            let generated = self.key.generate_key(context).await?;
            let wrapped = if self.tells(ANOTHER_WRAP) {
                self.key.generate_key(context).await?.wrapped
            } else if self.tells(GARBAGE) {
                WrappedKey::new(self.key.name().to_owned(), vec![0xA5; 61])
            } else {
                generated.wrapped
            };
            Ok(GeneratedKey { key: generated.key, wrapped })
        })
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>> {
        Box::pin(async move {
            let key = self.key.unwrap_key(wrapped, context).await?;
            if self.tells(ANOTHER_KEY) { Ok(DataKey::random()?) } else { Ok(key) }
        })
    }

    fn wrap_key<'a>(
        &'a self,
        key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        self.key.wrap_key(key, context)
    }

    fn rewrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        Box::pin(async move {
            let mut key = self.key.unwrap_key(wrapped, context).await?;
            if self.tells(ANOTHER_REWRAP) {
                key = DataKey::random()?;
            }
            self.key.wrap_key(&key, context).await
        })
    }

    fn knows(&self, provider_key: &str) -> bool {
        self.key.knows(provider_key)
    }

    fn current_key(&self) -> Option<&str> {
        self.name.or(Some(self.key.name()))
    }
}

fn open(liar: &Liar, store: &Arc<MemoryStore>) -> Result<Keyring, KeyError> {
    Keyring::builder(liar.clone(), Arc::clone(store)).open_blocking()
}

/// Under a key that the service made up, old values would be refused as tampered with, and new ones lost with the next process.
#[test]
fn another_key_is_not_taken() {
    let (liar, store) = (Liar::new(), Arc::new(MemoryStore::new()));
    let value = open(&liar, &store).unwrap().tenant("acme").unwrap().seal(Note, "x").unwrap();
    let keyring = open(&liar, &store).unwrap().tenant("acme").unwrap();
    liar.lie(ANOTHER_KEY);
    let opened = keyring.open(Note, &value).unwrap_err();
    assert!(matches!(&opened, OpenError::Key { source: KeyError::RecordChanged { .. }, .. }), "{opened:?}");
    assert!(opened.to_string().contains(&key_of(&value)), "{opened}");
    let sealed = keyring.seal(Note, "y").unwrap_err();
    assert!(matches!(&sealed, SealError::Key { source: KeyError::RecordChanged { .. }, .. }), "{sealed:?}");
    // The application's own keys are asked for when it starts.
    assert!(matches!(open(&liar, &store), Err(KeyError::RecordChanged { .. })));
    liar.lie(TRUTH);
    let keyring = open(&liar, &store).unwrap().tenant("acme").unwrap();
    assert_eq!(keyring.open(Note, &value).unwrap(), "x");
}

/// A wrap that does not hold the key is found out by the next process at the latest: nothing opens under another key.
#[test]
fn the_wrap_of_another_key_opens_nothing() {
    for lie in [ANOTHER_WRAP, GARBAGE] {
        let (liar, store) = (Liar::new(), Arc::new(MemoryStore::new()));
        let keyring = open(&liar, &store).unwrap();
        liar.lie(lie);
        let sealed = keyring.tenant("acme").unwrap().seal(Note, "x");
        liar.lie(TRUTH);
        let next = open(&liar, &store).unwrap().tenant("acme").unwrap();
        let Ok(value) = sealed else { continue };
        let opened = next.open(Note, &value).unwrap_err();
        let is_due = match &opened {
            OpenError::Key { source, .. } => {
                matches!(source, KeyError::RecordChanged { .. } | KeyError::NotUnwrapped { .. })
            }
            _ => false,
        };
        assert!(is_due, "{lie}: {opened:?}");
        assert!(next.seal(Note, "y").is_err(), "a damaged key is not written with");
    }
}

/// A rewrap by a service that lies changes what is stored, and the next reader of it says so.
#[test]
fn the_wrap_of_another_key_is_found_out_after_a_rewrap() {
    let (liar, store) = (Liar::new(), Arc::new(MemoryStore::new()));
    let value = open(&liar, &store).unwrap().tenant("acme").unwrap().seal(Note, "x").unwrap();
    let mover = Liar { name: Some("another"), ..liar.clone() };
    liar.lie(ANOTHER_REWRAP);
    let keyring = open(&mover, &store).unwrap().tenant("acme").unwrap();
    let rewrapped = block_on(keyring.rewrap());
    liar.lie(TRUTH);
    let opened = open(&liar, &store).unwrap().tenant("acme").unwrap().open(Note, &value);
    match rewrapped {
        // It was found out before anything was stored.
        Err(_) => assert_eq!(opened.unwrap(), "x"),
        Ok(_) => assert!(
            matches!(opened, Err(OpenError::Key { source: KeyError::RecordChanged { .. }, .. })),
            "{opened:?}"
        ),
    }
}

/// A calendar that is years ahead, or behind, for a while: values open, searches find, keys come and go in order.
#[test]
fn calendars_jump() {
    const TEN_YEARS: u64 = 10 * 365 * 24 * 3600;
    const START: u64 = 1_767_225_600;
    for jump in [START + TEN_YEARS, START - TEN_YEARS, 0, u64::MAX] {
        let world = World::new();
        let (one, other) = (world.process(), world.process());
        let mut notes = vec![one.seal(Note, "x").unwrap()];
        let mut emails = vec![one.seal(Email, "a@example.com").unwrap()];
        let check = |notes: &[Vec<u8>], emails: &[Vec<u8>], processes: &[&Keyring]| {
            for process in processes {
                for value in notes {
                    assert_eq!(process.open(Note, value).unwrap(), "x", "{jump}");
                }
                let found = process.lookup(Email, "a@example.com").unwrap();
                for value in emails {
                    assert_eq!(process.open(Email, value).unwrap(), "a@example.com");
                    assert!(found.contains(value), "{jump}");
                }
            }
        };
        for purpose in Purpose::ALL {
            block_on(one.rotate(purpose)).unwrap();
        }
        world.clock.set_calendar(jump);
        check(&notes, &emails, &[&one, &other, &world.process()]);
        for purpose in Purpose::ALL {
            match block_on(one.promote(purpose)) {
                Ok(key) => assert_eq!(key.state, KeyState::Active),
                Err(ChangeError::TooEarly { .. }) => assert!(jump < START, "{jump}"),
                Err(ChangeError::NothingPending { .. }) => assert!(jump > START, "{jump}"),
                Err(error) => panic!("{jump}: {error:?}"),
            }
        }
        notes.push(one.seal(Note, "x").unwrap());
        emails.push(one.seal(Email, "a@example.com").unwrap());
        check(&notes, &emails, &[&one, &world.process()]);
        // One that learnt nothing meets the new key in a value, or at the end of what it knows.
        world.clock.set_calendar(START);
        world.clock.advance(16 * MINUTE);
        check(&notes, &emails, &[&one, &other, &world.process()]);
        // The right time again: what was pending is promoted in the end.
        world.clock.advance(40 * MINUTE);
        for purpose in Purpose::ALL {
            eventually("the key is promoted", || {
                !matches!(block_on(one.promote(purpose)), Err(ChangeError::TooEarly { .. }))
            });
        }
        notes.push(other.seal(Note, "x").unwrap());
        emails.push(other.seal(Email, "a@example.com").unwrap());
        check(&notes, &emails, &[&one, &other, &world.process()]);
    }
}
