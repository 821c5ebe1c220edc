//! What the model knows: tenants, columns, and what happens to them.

use envelope_core::{
    Column, Exact, Field, Index, IndexKey, Mode, Normalizer, Purpose, Randomized, RowBound, Take,
};
use proptest::prelude::{Strategy, any, prop, prop_oneof};

/// The default tenant, two that there are, and two that may come.
pub(super) const TENANTS: [&str; 5] = ["", "acme", "globex", "Acme", "ü"];
pub(super) const TEXTS: [&str; 5] =
    ["", "a@example.com", "A@Example.com", "b@example.com", "a note of more than one block"];
pub(super) const PROCESSES: usize = 2;

/// Bound to its row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body;

impl Column for Body {
    type Plain = String;
    type Mode = RowBound;
    const FIELD: Field = Field::new("users", "body", "users.body", Mode::Randomized).bound_to_row(&["id"]);
}

/// Another column of the same kind as `Note`, in which its values have no business.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remark;

impl Column for Remark {
    type Plain = String;
    type Mode = Randomized;
    const FIELD: Field = Field::new("users", "remark", "users.remark", Mode::Randomized);
}

/// An index beside `Email`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folded;

impl Column for Folded {
    type Plain = String;
    type Mode = Exact;
    const FIELD: Field = Field::of_index(
        "users",
        "email_index",
        "users.email_index",
        Index::new(Take::Whole).normalized(&[&[Normalizer::Lowercase]]).under(IndexKey::Active),
    );
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Note,
    Body,
    Email,
    Term,
}

impl Kind {
    pub(super) const fn purpose(self) -> Purpose {
        match self {
            Self::Note | Self::Body => Purpose::Encrypt,
            Self::Email | Self::Term => Purpose::Search,
        }
    }
}

/// What happens. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Write {
        process: usize,
        tenant: usize,
        kind: Kind,
        text: usize,
    },
    /// By an application that ends at once.
    WriteInPassing {
        tenant: usize,
        kind: Kind,
        text: usize,
    },
    Rotate {
        process: usize,
        tenant: usize,
        purpose: Purpose,
    },
    Promote {
        process: usize,
        tenant: usize,
        purpose: Purpose,
    },
    Reencrypt {
        process: usize,
        tenant: usize,
        purpose: Purpose,
    },
    /// A key that no row names any more.
    Retire {
        process: usize,
        tenant: usize,
    },
    Reinstate {
        process: usize,
        tenant: usize,
    },
    Compromise {
        process: usize,
        tenant: usize,
    },
    /// Every process learns of another wrapping key, and some time later the keys are wrapped by it.
    MoveToAnotherKms,
    Rewrap {
        process: usize,
        tenant: usize,
    },
    Restart {
        process: usize,
    },
    Wait {
        minutes: u64,
    },
    WaitSeconds {
        seconds: u64,
    },
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let kind = || prop::sample::select(vec![Kind::Note, Kind::Body, Kind::Email, Kind::Term]);
    let purpose = || prop::sample::select(Purpose::ALL.to_vec());
    let (process, tenant, text) = (|| 0..PROCESSES, || 0..TENANTS.len(), || 0..TEXTS.len());
    prop_oneof![
        8 => (process(), tenant(), kind(), text())
            .prop_map(|(process, tenant, kind, text)| Step::Write { process, tenant, kind, text }),
        1 => (tenant(), kind(), text()).prop_map(|(tenant, kind, text)| Step::WriteInPassing { tenant, kind, text }),
        4 => (process(), tenant(), purpose())
            .prop_map(|(process, tenant, purpose)| Step::Rotate { process, tenant, purpose }),
        4 => (process(), tenant(), purpose())
            .prop_map(|(process, tenant, purpose)| Step::Promote { process, tenant, purpose }),
        3 => (process(), tenant(), purpose())
            .prop_map(|(process, tenant, purpose)| Step::Reencrypt { process, tenant, purpose }),
        2 => (process(), tenant()).prop_map(|(process, tenant)| Step::Retire { process, tenant }),
        1 => (process(), tenant()).prop_map(|(process, tenant)| Step::Reinstate { process, tenant }),
        1 => (process(), tenant()).prop_map(|(process, tenant)| Step::Compromise { process, tenant }),
        1 => any::<()>().prop_map(|()| Step::MoveToAnotherKms),
        2 => (process(), tenant()).prop_map(|(process, tenant)| Step::Rewrap { process, tenant }),
        2 => process().prop_map(|process| Step::Restart { process }),
        5 => (1..40_u64).prop_map(|minutes| Step::Wait { minutes }),
        2 => (1..90_u64).prop_map(|seconds| Step::WaitSeconds { seconds }),
    ]
}
