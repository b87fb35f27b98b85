//! What is drawn from the seed before anything happens.

use std::time::Duration;

use fastrand::Rng;
use holdfast_core::{
    engine::{Action, Limits},
    policy::Policy,
    retry::RetryPolicy,
};

use super::{Micros, modes, operator_actions::Act, safety::STANDS_STILL, seconds};

/// The largest difference between a container's clock and the true time. AWS keeps hosts within milliseconds; five
/// seconds is a host whose time service has been dead for weeks.
pub const LARGEST_SKEW_S: u64 = 5;

/// How wrong the clocks are in stories with clocks that are wrong by more than that, in seconds.
const WRONG_BY_S: std::ops::Range<i64> = 600..6 * 3600;

/// A service behind the ports. Each has faults of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The API server of the standby cluster: record, lease, secrets, operator, pods.
    Standby,
    /// Holds the lock.
    Dns,
    /// Holds the history.
    Metrics,
    /// Holds the note of the last failover.
    Notes,
}

/// A time in which a service answers nobody.
#[derive(Clone, Copy, Debug)]
pub struct Blackout {
    /// Which service.
    pub service: Service,
    /// From when.
    pub from: Micros,
    /// Until when.
    pub to: Micros,
    /// Whether its calls hang instead of failing at once.
    pub hangs: bool,
}

/// A time in which workers have no way out: metrics, DNS service, notes, probe and controls, but for the standby's API.
#[derive(Clone, Copy, Debug)]
pub struct CutOff {
    /// Every third worker, beginning with this one, or all of them.
    pub third: Option<usize>,
    /// From when.
    pub from: Micros,
    /// Until when.
    pub to: Micros,
    /// Whether calls hang instead of failing at once.
    pub hangs: bool,
}

/// What another manager takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undoes {
    /// It wants no replicas of the operator.
    Scale,
    /// It wants traffic open.
    Lock,
}

/// Another manager (GitOps, Terraform) that takes back what a failover does.
#[derive(Clone, Copy, Debug)]
pub struct Manager {
    /// What.
    pub undoes: Undoes,
    /// From when.
    pub from: Micros,
    /// Until when: before the calm, or for ever.
    pub to: Micros,
    /// How often it looks; `None` when it is told of each change and answers within seconds.
    pub every: Option<Micros>,
}

/// Somebody else writes what only the function is to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strange {
    /// The record is copied, for a backup.
    Copy,
    /// The backup is put back.
    Restore,
    /// An execution is put there, open or completed.
    Plant,
    /// The cloud's note of the last failover gets a time that is none.
    Note,
    /// The lease is deleted.
    DeleteLease,
}

/// How often what goes wrong, as probabilities of one call or of one message.
#[derive(Clone, Copy, Debug, Default)]
pub struct FaultRates {
    /// A call fails, before or after its effect.
    pub fault: f64,
    /// A call never answers, with or without its effect.
    pub hang: f64,
    /// A call's effect comes after the caller has given up.
    pub late: f64,
    /// The worker dies in a call.
    pub crash: f64,
    /// The worker is frozen before it goes on.
    pub freeze: f64,
    /// A minute of metrics is lost.
    pub lost_minute: f64,
    /// A tick or an alarm is lost.
    pub lost_message: f64,
    /// Somebody else writes to what a step is about to write.
    pub meddling: f64,
    /// The probe cannot tell.
    pub blind_probe: f64,
    /// The longest that metrics lag behind.
    pub lag: Micros,
}

/// A whole story.
#[derive(Clone, Debug)]
pub struct Story {
    /// When the primary is down: from, to; in order, apart from each other.
    pub down: Vec<(Micros, Micros)>,
    /// How often calls go wrong until the calm.
    pub fault_rates: FaultRates,
    /// Services that are gone for a while, all of them before the calm.
    pub blackouts: Vec<Blackout>,
    /// Times in which workers are cut off.
    pub cut_offs: Vec<CutOff>,
    /// Who else wants to decide what runs and where traffic goes.
    pub manager: Option<Manager>,
    /// What others write that is not theirs, and when.
    pub strange: Vec<(Micros, Strange)>,
    /// How likely a container's clock is wrong by more than [`LARGEST_SKEW_S`], by minutes to hours.
    pub wrong_clocks: f64,
    /// When the standby is not fit.
    pub unfit: Option<(Micros, Micros)>,
    /// What people do, and when.
    pub acts: Vec<(Micros, Act)>,
    /// From here on all APIs are well and nobody meddles.
    pub calm: Micros,
    /// The end.
    pub end: Micros,
    /// Whether the metrics never come back.
    pub metrics_dead: bool,
    /// Whether a probe is configured.
    pub prober: bool,
    /// Whether the cloud keeps a note of the last failover.
    pub notes: bool,
    /// How long one invocation may take.
    pub deadline: Duration,
    /// How many invocations run at once, 2 to 5.
    pub concurrency: usize,
    /// How long the standby takes to come up once its operator runs.
    pub start_up: Micros,
    /// The numbers of the decision.
    pub policy: Policy,
    /// The numbers of the machinery.
    pub limits: Limits,
}

/// Stories from this seed on have people who fail back and rehearse. They are stories of their own, so that those below
/// stay as they are.
pub const KINDS_FROM: u64 = 1 << 40;

/// Stories from this seed on are of sites in the modes `ask` and `observe`.
pub const MODES_FROM: u64 = 1 << 41;

impl Story {
    /// Draws the story of `seed`, from which `rng` was made.
    pub fn draw(seed: u64, rng: &mut Rng) -> Self {
        let calm = seconds(rng.u64(900..2400));
        let end = calm + seconds(1800);
        let prober = rng.f64() < 0.7;
        let deadline = Duration::from_secs(*pick(rng, &[60, 120, 300, 600, 900]));
        let mut policy = policy(rng);
        // Probes alone prove only what one invocation sees.
        let can_watch = prober && deadline >= policy.holdoff + Duration::from_secs(120);
        let strange = strange(rng, calm);
        let mut acts = Act::draw_all(rng, calm);
        if rng.f64() < 0.2 {
            // Asks in the calm, and must get an answer.
            acts.push((calm + seconds(rng.u64(200..600)), Act::Call(Action::Status)));
        }
        let by_hand = Act::draw_lock(rng, calm);
        acts.extend(by_hand);
        if seed >= KINDS_FROM {
            acts.extend(Act::draw_kinds(&mut rng.clone(), calm));
        }
        if seed >= MODES_FROM {
            let (mode, more) = modes::draw(&mut Rng::with_seed(seed ^ 0x006d_6f64_6573), calm);
            policy.mode = mode;
            acts.extend(more);
        }
        acts.sort_by_key(|(at, _)| *at);
        Self {
            down: outages(rng, calm, end),
            fault_rates: fault_rates(rng),
            blackouts: blackouts(rng, calm),
            cut_offs: cut_offs(rng, calm),
            manager: (rng.f64() < 0.15).then(|| manager(rng, calm, end)),
            // Each alone is enough to tell what comes of it.
            wrong_clocks: if strange.is_empty() && rng.f64() < 0.15 { rng.f64() } else { 0.0 },
            strange,
            unfit: (rng.f64() < 0.1).then(|| span(rng, calm)),
            acts,
            calm,
            end,
            metrics_dead: can_watch && rng.f64() < 0.2,
            prober,
            notes: rng.f64() < 0.8,
            deadline,
            concurrency: rng.usize(2..=5),
            start_up: seconds(rng.u64(20..200)),
            policy,
            limits: limits(rng),
        }
    }

    /// True when the primary itself is down.
    pub fn is_down(&self, at: Micros) -> bool {
        self.down.iter().any(|(from, to)| (*from..*to).contains(&at))
    }

    /// The error of one container's clock.
    pub fn skew(&self, rng: &mut Rng) -> i64 {
        if rng.f64() < self.wrong_clocks {
            let wrong = rng.i64(WRONG_BY_S) * 1_000_000;
            return if rng.bool() { wrong } else { -wrong };
        }
        let most = i64::try_from(seconds(LARGEST_SKEW_S)).unwrap_or(0);
        rng.i64(-most..=most)
    }

    /// True when a manager that never rests takes effects back.
    pub fn never_rests(&self) -> bool {
        self.manager.is_some_and(|manager| manager.to >= self.end)
    }

    /// The longest time without a break that the primary is well, inside `from..to`.
    pub fn longest_up(&self, from: Micros, to: Micros) -> Micros {
        let (mut cursor, mut longest) = (from, 0);
        for (start, end) in self.down.iter().filter(|(start, end)| *end > from && *start < to) {
            longest = longest.max(start.saturating_sub(cursor));
            cursor = cursor.max(*end);
        }
        longest.max(to.saturating_sub(cursor))
    }
}

/// One of `choices`.
pub fn pick<'a, T>(rng: &mut Rng, choices: &'a [T]) -> &'a T {
    &choices[rng.usize(..choices.len())]
}

fn span(rng: &mut Rng, calm: Micros) -> (Micros, Micros) {
    let from = rng.u64(0..calm);
    (from, (from + seconds(rng.u64(30..900))).min(calm))
}

/// Flaps, blips, outages that end and outages that do not.
fn outages(rng: &mut Rng, calm: Micros, end: Micros) -> Vec<(Micros, Micros)> {
    let mut down = Vec::new();
    // Some sites are still being built when the function comes.
    let mut at = if rng.f64() < 0.06 { 0 } else { seconds(rng.u64(60..600)) };
    let restless = rng.f64();
    while at < calm {
        let lasts = match rng.f64() {
            _ if at == 0 => rng.u64(400..3600),
            kind if kind < restless => rng.u64(5..90),
            kind if kind < restless + 0.3 => rng.u64(90..400),
            _ => rng.u64(400..2400),
        };
        down.push((at, (at + seconds(lasts)).min(calm)));
        at += seconds(lasts) + seconds(if rng.f64() < restless { rng.u64(5..120) } else { rng.u64(120..1500) });
    }
    if rng.f64() < 0.6 {
        let from = (calm - seconds(rng.u64(0..900).min(calm / seconds(1)))).max(down.last().map_or(0, |last| last.0));
        down.retain(|(start, _)| *start < from);
        if let Some(last) = down.last_mut() {
            last.1 = last.1.min(from);
        }
        down.push((from, end));
    }
    down
}

fn fault_rates(rng: &mut Rng) -> FaultRates {
    let mut rare = |most: f64| if rng.bool() { rng.f64() * most } else { 0.0 };
    FaultRates {
        fault: rare(0.3),
        hang: rare(0.05),
        late: rare(0.05),
        crash: rare(0.05),
        freeze: rare(0.01),
        lost_minute: rare(0.2),
        lost_message: rare(0.5),
        meddling: rare(0.2),
        blind_probe: rare(0.5),
        lag: seconds(rng.u64(0..=90)),
    }
}

fn blackouts(rng: &mut Rng, calm: Micros) -> Vec<Blackout> {
    let services = [Service::Standby, Service::Dns, Service::Metrics, Service::Notes];
    let count = rng.usize(0..4);
    let draw = |_| {
        let (from, to) = span(rng, calm);
        Blackout { service: *pick(rng, &services), from, to, hangs: rng.bool() }
    };
    (0..count).map(draw).collect()
}

fn cut_offs(rng: &mut Rng, calm: Micros) -> Vec<CutOff> {
    let count = if rng.f64() < 0.25 { rng.usize(1..3) } else { 0 };
    let draw = |_| {
        let (from, to) = span(rng, calm);
        let to = if rng.f64() < 0.3 { calm } else { to };
        CutOff { third: rng.bool().then(|| rng.usize(0..3)), from, to, hangs: rng.bool() }
    };
    (0..count).map(draw).collect()
}

fn manager(rng: &mut Rng, calm: Micros, end: Micros) -> Manager {
    let (from, to) = span(rng, calm);
    Manager {
        undoes: if rng.f64() < 0.7 { Undoes::Scale } else { Undoes::Lock },
        from,
        to: *pick(rng, &[to, calm, calm, end]),
        every: rng.bool().then(|| seconds(rng.u64(20..300))),
    }
}

fn strange(rng: &mut Rng, calm: Micros) -> Vec<(Micros, Strange)> {
    let mut strange = Vec::new();
    if rng.f64() < 0.08 {
        let copied = rng.u64(0..calm);
        // A backup that is put back at once is what was there.
        let back = copied + STANDS_STILL + seconds(60);
        if back < calm {
            strange.extend([(copied, Strange::Copy), (rng.u64(back..calm), Strange::Restore)]);
        }
    }
    for (what, often) in [(Strange::Plant, 0.08), (Strange::Note, 0.05), (Strange::DeleteLease, 0.08)] {
        if rng.f64() < often {
            strange.push((rng.u64(0..calm), what));
        }
    }
    strange
}

fn policy(rng: &mut Rng) -> Policy {
    Policy {
        holdoff: Duration::from_secs(*pick(rng, &[60, 120, 180, 180, 300])),
        cooldown: Duration::from_secs(*pick(rng, &[0, 300, 300, 900])),
        well_for: Duration::from_secs(90),
        ..Policy::default()
    }
}

fn limits(rng: &mut Rng) -> Limits {
    Limits {
        verify_for: Duration::from_secs(*pick(rng, &[30, 120])),
        retry: RetryPolicy { max_retries: rng.usize(0..5), ..RetryPolicy::default() },
        ..Limits::default()
    }
}
