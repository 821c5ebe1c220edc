//! Any sequence of what happens to keys, compared with a model that knows what was written: every value that was ever written opens, every
//! search finds what it should, and nothing opens in another column, row or tenant.

#[path = "model/step.rs"]
mod step;

use std::{env, fmt, time::Duration};

use envelope_core::{
    BoundColumn, ChangeError, Column as _, Find, KeyId, KeyState, Keyring, OpenError, Purpose, RowKey,
};
use pollster::block_on;
use proptest::{
    prelude::{TestCaseError, prop},
    test_runner::{Config, TestRunner},
};

use self::step::{Body, Folded, Kind, PROCESSES, Remark, Step, TENANTS, TEXTS, step};
use crate::support::{Email, MINUTE, Note, World, key_of};

/// A value that was written, whether a row has it still or a backup.
#[derive(Clone)]
struct Written {
    tenant: usize,
    kind: Kind,
    row: RowKey,
    text: &'static str,
    bytes: Vec<u8>,
    is_in_a_row: bool,
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenant, kind, text, is_in_a_row, .. } = self;
        write!(f, "{kind:?} of {:?}, key {}, {text:?}, {is_in_a_row}", TENANTS[*tenant], key_of(&self.bytes))
    }
}

struct Model {
    world: World,
    processes: Vec<Keyring>,
    written: Vec<Written>,
}

fn of(keyring: &Keyring, tenant: usize) -> Keyring {
    match TENANTS[tenant] {
        "" => keyring.clone(),
        name => keyring.tenant(name).unwrap(),
    }
}

fn open(keyring: &Keyring, kind: Kind, row: &RowKey, bytes: &[u8]) -> Result<String, OpenError> {
    match kind {
        Kind::Note => keyring.open(Note, bytes),
        Kind::Body => open_bound(keyring, Body, row, bytes),
        Kind::Email => keyring.open(Email, bytes),
        Kind::Term => unreachable!("a term is not opened"),
    }
}

fn open_bound<C: BoundColumn<Plain = String>>(
    keyring: &Keyring,
    column: C,
    row: &RowKey,
    bytes: &[u8],
) -> Result<String, OpenError> {
    keyring.open_in_row(column, row, bytes)
}

impl Model {
    fn new() -> Self {
        let world = World::new();
        let processes = (0..PROCESSES).map(|_| world.process()).collect();
        Self { world, processes, written: Vec::new() }
    }

    fn keyring(&self, process: usize, tenant: usize) -> Keyring {
        of(&self.processes[process], tenant)
    }

    fn write(&mut self, keyring: &Keyring, tenant: usize, kind: Kind, text: &'static str) {
        let row = RowKey::new(&i64::try_from(self.written.len()).unwrap());
        let bytes = match kind {
            Kind::Note => keyring.seal(Note, text).unwrap(),
            Kind::Body => keyring.seal_in_row(Body, &row, text).unwrap(),
            Kind::Email => keyring.seal(Email, text).unwrap(),
            Kind::Term => keyring.terms_field(&Folded::FIELD, text).unwrap().remove(0),
        };
        self.written.push(Written { tenant, kind, row, text, bytes, is_in_a_row: true });
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Write { process, tenant, kind, text } => {
                self.write(&self.keyring(process, tenant), tenant, kind, TEXTS[text]);
            }
            Step::WriteInPassing { tenant, kind, text } => {
                let keyring = of(&self.world.process(), tenant);
                self.write(&keyring, tenant, kind, TEXTS[text]);
            }
            Step::Rotate { process, tenant, purpose } => {
                let pending = block_on(self.keyring(process, tenant).rotate(purpose)).unwrap();
                assert_eq!((pending.state, pending.purpose), (KeyState::Pending, purpose));
            }
            Step::Promote { process, tenant, purpose } => {
                match block_on(self.keyring(process, tenant).promote(purpose)) {
                    Ok(promoted) => {
                        assert_eq!((promoted.state, promoted.purpose), (KeyState::Active, purpose));
                    }
                    Err(ChangeError::TooEarly { .. } | ChangeError::NothingPending { .. }) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
            Step::Reencrypt { process, tenant, purpose } => self.reencrypt(process, tenant, purpose),
            Step::Retire { process, tenant } => self.retire(process, tenant),
            Step::Reinstate { process, tenant } => {
                if let Some(id) = self.key_in(tenant, KeyState::Retired) {
                    block_on(self.keyring(process, tenant).reinstate(id)).unwrap();
                }
            }
            Step::Compromise { process, tenant } => {
                if let Some(id) = self.key_in(tenant, KeyState::DecryptOnly) {
                    block_on(self.keyring(process, tenant).mark_compromised(id)).unwrap();
                }
            }
            Step::MoveToAnotherKms => {
                self.world.kms = self.world.kms.successor();
                self.processes = (0..PROCESSES).map(|_| self.world.process()).collect();
            }
            Step::Rewrap { process, tenant } => {
                block_on(self.keyring(process, tenant).rewrap()).unwrap();
            }
            Step::Restart { process } => self.processes[process] = self.world.process(),
            Step::Wait { minutes } => {
                self.world.clock.advance(MINUTE * u32::try_from(minutes).unwrap());
            }
            Step::WaitSeconds { seconds } => self.world.clock.advance(Duration::from_secs(seconds)),
        }
    }

    /// Rows get values under the present key; what they had is in a backup.
    fn reencrypt(&mut self, process: usize, tenant: usize, purpose: Purpose) {
        let keyring = self.keyring(process, tenant);
        let rows = |written: &&mut Written| {
            written.tenant == tenant && written.kind.purpose() == purpose && written.is_in_a_row
        };
        let mut old: Vec<_> = self.written.iter_mut().filter(rows).collect();
        old.iter_mut().for_each(|written| written.is_in_a_row = false);
        let texts: Vec<_> = old.iter().map(|written| (written.kind, written.text)).collect();
        for (kind, text) in texts {
            self.write(&keyring, tenant, kind, text);
        }
    }

    fn state_of(&self, id: &str) -> KeyState {
        let records = self.world.store.records();
        records.iter().find(|record| record.id.to_string() == id).unwrap().state
    }

    fn key_in(&self, tenant: usize, state: KeyState) -> Option<KeyId> {
        let records = self.world.store.records();
        let of_tenant =
            records.iter().find(|record| record.tenant.as_str() == TENANTS[tenant] && record.state == state);
        of_tenant.map(|record| record.id)
    }

    fn retire(&self, process: usize, tenant: usize) {
        let records = self.world.store.records();
        let in_a_row = |id: KeyId| {
            self.written.iter().any(|written| written.is_in_a_row && key_of(&written.bytes) == id.to_string())
        };
        let idle = records.iter().find(|record| {
            record.tenant.as_str() == TENANTS[tenant]
                && matches!(record.state, KeyState::DecryptOnly | KeyState::Compromised)
                && !in_a_row(record.id)
        });
        if let Some(record) = idle {
            match block_on(self.keyring(process, tenant).retire(record.id)) {
                Ok(retired) => assert_eq!(retired.state, KeyState::Retired),
                Err(ChangeError::StillWritten { .. }) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    /// Everything that has to hold at any moment, in every process and in one that has just been started.
    fn check(&self, round: usize) {
        let fresh = self.world.process();
        for (number, process) in self.processes.iter().chain([&fresh]).enumerate() {
            for written in &self.written {
                if written.kind != Kind::Term {
                    self.check_open(&of(process, written.tenant), written);
                }
                if written.is_in_a_row {
                    self.check_found(&of(process, written.tenant), written);
                }
            }
            if let Some(written) = self.written.get((round + number) % self.written.len().max(1)) {
                check_elsewhere(process, written);
            }
        }
    }

    fn check_open(&self, keyring: &Keyring, written: &Written) {
        match open(keyring, written.kind, &written.row, &written.bytes) {
            Ok(text) => assert_eq!(text, written.text, "{written:?}"),
            // A process may not know yet that the key was retired, or that it was reinstated.
            Err(OpenError::KeyRetired { state: KeyState::Retired, .. }) => {
                assert!(!written.is_in_a_row, "{written:?}: {:?}", self.state_of(&key_of(&written.bytes)));
            }
            Err(error) => panic!("{written:?}: {error:?}"),
        }
    }

    /// A search finds the rows with this value, and none with another.
    fn check_found(&self, keyring: &Keyring, written: &Written) {
        let (candidates, folds) = match written.kind {
            Kind::Note | Kind::Body => return,
            Kind::Email => (keyring.lookup(Email, written.text).unwrap(), false),
            Kind::Term => {
                let search = keyring.search(Folded, &Find::equal(written.text)).unwrap();
                (search.groups().concat(), true)
            }
        };
        for row in self.written.iter().filter(|row| row.is_in_a_row && row.kind == written.kind) {
            let is_equal = match folds {
                true => row.text.to_lowercase() == written.text.to_lowercase(),
                false => row.text == written.text,
            };
            let is_due = is_equal && row.tenant == written.tenant;
            assert_eq!(candidates.contains(&row.bytes), is_due, "{written:?} and {row:?}");
        }
    }
}

/// In no other column, row or tenant does it open.
fn check_elsewhere(process: &Keyring, written: &Written) {
    let own = of(process, written.tenant);
    if written.kind == Kind::Term {
        assert!(matches!(own.open(Email, &written.bytes), Err(OpenError::Malformed { .. })));
        return;
    }
    if written.kind == Kind::Email {
        let opened = own.open(Note, &written.bytes);
        assert!(matches!(opened, Err(OpenError::WrongMode { .. })), "{opened:?}");
    } else {
        let row = RowKey::new(&-1);
        for opened in [own.open(Remark, &written.bytes), own.open_in_row(Body, &row, &written.bytes)] {
            let is_refused =
                matches!(opened, Err(OpenError::NotAuthentic { .. } | OpenError::KeyRetired { .. }));
            assert!(is_refused, "{written:?}: {opened:?}");
        }
    }
    let other = of(process, (written.tenant + 1) % TENANTS.len());
    let opened = open(&other, written.kind, &written.row, &written.bytes);
    assert!(matches!(opened, Err(OpenError::UnknownKey { .. })), "{written:?}: {opened:?}");
}

/// `PROPTEST_CASES` makes more or fewer sequences than the usual ones.
#[test]
fn whatever_happens_to_keys_every_value_opens_and_is_found() {
    let cases = env::var("PROPTEST_CASES").map_or(60, |cases| cases.parse().unwrap());
    let config = Config { failure_persistence: None, max_shrink_iters: 200, ..Config::with_cases(cases) };
    let steps = prop::collection::vec(step(), 1..50);
    TestRunner::new(config)
        .run(&steps, |steps| {
            let mut model = Model::new();
            for (round, step) in steps.into_iter().enumerate() {
                model.take(step);
                // Ids that were asked for in vain are asked for again after a few seconds, and few at once.
                model.world.clock.advance(Duration::from_secs(6));
                model.check(round);
            }
            Ok::<_, TestCaseError>(())
        })
        .unwrap();
}

/// The model notices a value that a row has and nobody can read.
#[test]
#[should_panic(expected = "Retired")]
fn the_model_is_not_blind() {
    let mut model = Model::new();
    let keyring = model.keyring(0, 1);
    model.write(&keyring, 1, Kind::Note, "x");
    block_on(keyring.rotate(Purpose::Encrypt)).unwrap();
    model.take(Step::Wait { minutes: 20 });
    block_on(keyring.promote(Purpose::Encrypt)).unwrap();
    let id = key_of(&model.written[0].bytes).parse().unwrap();
    // Though a row names it.
    model.take(Step::Wait { minutes: 20 });
    block_on(keyring.retire(id)).unwrap();
    model.check(0);
}
