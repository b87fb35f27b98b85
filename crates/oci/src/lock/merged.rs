//! What the policy is to be: locked, and as it was. Pure.

use holdfast_core::fault::quoted;

use crate::steering::{SteeringAnswer, Written, rtype_of};

/// The name of the answer that is made when the policy has none for the standby; the reference makes the same.
const MADE: &str = "secondary-ingest";

/// The pools of the two sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pools {
    /// The primary's.
    pub primary: String,
    /// The standby's.
    pub secondary: String,
}

impl Default for Pools {
    /// The reference's.
    fn default() -> Self {
        Self { primary: "primary".to_owned(), secondary: "secondary".to_owned() }
    }
}

/// What is to be written, and whether that differs from what is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Merged {
    pub(super) written: Written,
    pub(super) changed: bool,
}

/// The policy with the primary's answers disabled and the standby's in service.
///
/// The standby's only answer is led to `standby` where that is known and of the same kind; several are left as they are. A
/// policy that is locked is left alone whatever its answer leads to: a lock that looked undone would be taken for a
/// failback.
///
/// # Errors
/// Why there is no such policy. What is written always has an answer in service.
pub(super) fn merged(found: &Written, pools: &Pools, standby: Option<&str>) -> Result<Merged, String> {
    if pools.primary == pools.secondary {
        return Err(format!("both sites are in the pool {:?}, so neither can be locked out", quoted(&pools.primary)));
    }
    let mut written = found.clone();
    let Some(first) = found.answers.iter().find(|answer| answer.pool() == pools.primary) else {
        return Err(format!("the steering policy has no answer in the pool {:?}", quoted(&pools.primary)));
    };
    let secondaries = found.answers.iter().filter(|answer| answer.pool() == pools.secondary).count();
    let mut changed = secondaries == 0;
    if changed {
        written.answers.push(made(first, found, pools, standby)?);
    }
    for answer in &mut written.answers {
        let (is_primary, is_secondary) = (answer.pool() == pools.primary, answer.pool() == pools.secondary);
        if answer.is_disabled() != is_primary && (is_primary || is_secondary) {
            answer.set_disabled(is_primary);
            changed = true;
        }
    }
    let only =
        written.answers.iter_mut().find(|answer| changed && secondaries == 1 && answer.pool() == pools.secondary);
    if let (Some(only), Some(address)) = (only, standby)
        && only.rtype() == rtype_of(address)
        && !only.leads_to(address)
    {
        only.set_rdata(address);
    }
    Ok(Merged { written, changed })
}

/// An answer for the standby, of the kind that the primary's is: one attachment serves one kind.
fn made(
    first: &SteeringAnswer,
    found: &Written,
    pools: &Pools,
    standby: Option<&str>,
) -> Result<SteeringAnswer, String> {
    let pool = quoted(&pools.secondary);
    let Some(address) = standby else {
        return Err(format!(
            "the steering policy has no answer in the pool {pool:?}, and the standby's address is not known"
        ));
    };
    let rtype = rtype_of(address);
    if rtype != first.rtype() {
        let wanted = quoted(first.rtype());
        return Err(format!(
            "the standby's address {address} needs an answer of type {rtype}, and the policy's is {wanted}"
        ));
    }
    if found.answers.iter().any(|answer| answer.name() == MADE) {
        return Err(format!("the steering policy has no answer in the pool {pool:?}, and {MADE} is in another"));
    }
    Ok(SteeringAnswer::new(MADE, rtype, address, &pools.secondary))
}

impl Pools {
    /// True when an answer of the standby leads to `address`.
    pub(super) fn lead_to(&self, found: &Written, address: &str) -> bool {
        found.answers.iter().any(|answer| answer.pool() == self.secondary && answer.leads_to(address))
    }

    /// `found` with the answers of both pools as `original` had them, in service or not. An answer that was made for the
    /// lock is taken away. `None` when no answer of the primary would then be in service.
    pub(super) fn restored(&self, found: &Written, original: &Written) -> Option<Merged> {
        let before = |answer: &SteeringAnswer| original.answers.iter().find(|one| one.name() == answer.name());
        let mut written = found.clone();
        let is_ours = |answer: &SteeringAnswer| answer.pool() == self.primary || answer.pool() == self.secondary;
        written.answers.retain(|answer| answer.name() != MADE || !is_ours(answer) || before(answer).is_some());
        for answer in written.answers.iter_mut().filter(|answer| is_ours(answer)) {
            let disabled = before(answer).map(SteeringAnswer::is_disabled);
            if let Some(disabled) = disabled.filter(|disabled| *disabled != answer.is_disabled()) {
                answer.set_disabled(disabled);
            }
        }
        self.serves_primary(&written).then(|| Merged { changed: written != *found, written })
    }

    /// `found` with the primary's answers in service, where nothing is known of what was before. `None` when it has none.
    pub(super) fn opened(&self, found: &Written) -> Option<Merged> {
        let mut written = found.clone();
        let of_primary = |answer: &&mut SteeringAnswer| answer.pool() == self.primary && answer.is_disabled();
        written.answers.iter_mut().filter(of_primary).for_each(|answer| answer.set_disabled(false));
        self.serves_primary(&written).then(|| Merged { changed: written != *found, written })
    }

    fn serves_primary(&self, written: &Written) -> bool {
        written.answers.iter().any(|answer| answer.pool() == self.primary && !answer.is_disabled())
    }
}
