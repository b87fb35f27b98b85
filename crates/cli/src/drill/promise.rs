//! What must be true in the end. Each promise reads the clouds' and the cluster's own account, and holds the function's
//! record against it.

use holdfast_core::{
    clock::until,
    record::{Execution, Progress, Status},
};
use holdfast_simulator::{timeline::EventKind, world::Site};

use super::run_report::{Effect, RunReport};

/// One promise.
pub struct Promise {
    /// In a few words.
    pub name: &'static str,
    /// `Ok` says what was seen, `Err` how the promise was broken.
    pub check: fn(&RunReport) -> Result<String, String>,
}

const fn promise(name: &'static str, check: fn(&RunReport) -> Result<String, String>) -> Promise {
    Promise { name, check }
}

/// What holds in every scenario.
fn always() -> Vec<Promise> {
    vec![
        promise("least privilege: nothing was refused", nothing_refused),
        promise("no key, token or secret in a log", no_secrets_logged),
        promise("every call was answered in time", all_answered),
    ]
}

/// What holds when the failover was due.
pub fn failed_over() -> Vec<Promise> {
    let mut promises = vec![
        promise("the standby is active and serves", standby_serves),
        promise("traffic is locked to it", locked),
        promise("it happened once", once),
        promise("not before the holdoff was proven", not_early),
        promise("secrets, then operator, then lock", in_order),
        promise("the record tells what happened", record_true),
    ];
    promises.extend(always());
    promises
}

/// What holds when it was not due.
pub fn untouched() -> Vec<Promise> {
    let mut promises = vec![promise("nothing was touched", nothing_touched)];
    promises.extend(always());
    promises
}

/// These promises and others.
pub fn and(mut promises: Vec<Promise>, more: Vec<Promise>) -> Vec<Promise> {
    promises.extend(more);
    promises
}

/// The primary came back, and traffic stayed.
pub fn traffic_stays() -> Promise {
    promise("traffic stays when the primary returns", |report| {
        let back = report
            .events
            .iter()
            .filter(|event| matches!(event.kind, EventKind::DnsChanged { to: Site::Primary, .. }))
            .count();
        let well = report.world.primary.is_none();
        if well && back == 0 && report.world.answer == Site::Standby {
            return Ok("DNS answers with the standby while the primary is well".to_owned());
        }
        Err(format!("primary well: {well}, DNS answers with the {}, went back {back} times", report.world.answer))
    })
}

/// One worker began the work and ended it. Where nobody crashed, a take-over means that the election failed.
pub fn one_worker() -> Promise {
    promise("one worker did it", |report| match execution(report)?.takeovers {
        0 => Ok("no take-over".to_owned()),
        // A call on OCI has five minutes: one that began late hands over what is left, and says so.
        takeovers if report.cloud.name() == "oci" && usize::try_from(takeovers).is_ok_and(|it| it <= owed(report)) => {
            Ok(format!("{takeovers} handed over by a call that was over"))
        }
        takeovers => Err(format!("{takeovers} take-overs")),
    })
}

/// Calls that ended with something left to do.
fn owed(report: &RunReport) -> usize {
    report.outcomes().iter().filter(|outcome| *outcome == "owed").count()
}

/// Injected faults were waited out inside the call that met it: no call gave up.
pub fn nothing_failed() -> Promise {
    promise("no call gave up", |report| {
        let outcomes = report.outcomes();
        // On Azure a call that gave up and could not put its work back fails, and the host says no more than that.
        let words = ["failed", "owed", "Holdfast.Failed", "Holdfast.Owed", "HandlerStatus"];
        // On OCI a call of five minutes may end while the standby is not up yet: it says "owed" and has not given up.
        let in_time = |outcome: &str| report.cloud.name() == "oci" && outcome == "owed";
        let given_up = |outcome: &&String| words.contains(&outcome.as_str()) && !in_time(outcome);
        let left: Vec<&str> = outcomes.iter().filter(given_up).map(String::as_str).collect();
        if left.is_empty() { Ok(format!("{} invocations", outcomes.len())) } else { Err(left.join(", ")) }
    })
}

/// Some invocation said this.
pub fn said(name: &'static str, check: fn(&RunReport) -> Result<String, String>) -> Promise {
    promise(name, check)
}

/// Whether any invocation came to `outcome`; for use in [`said`].
pub fn came_to(report: &RunReport, outcome: &str) -> Result<String, String> {
    let outcomes = report.outcomes();
    if outcomes.iter().any(|seen| seen == outcome) {
        return Ok(format!("an invocation came to {outcome}"));
    }
    Err(format!("no invocation came to {outcome}; there were: {}", outcomes.join(", ")))
}

/// Whether any answer gave a reason with this code; for use in [`said`].
pub fn gave_reason(report: &RunReport, code: &str) -> Result<String, String> {
    let has = |answer: &serde_json::Value| {
        answer["reasons"].as_array().is_some_and(|reasons| reasons.iter().any(|reason| reason["code"] == code))
    };
    if report.answers().any(has) {
        return Ok(format!("an answer names {code}"));
    }
    Err(format!("no answer names {code}; outcomes: {}", report.outcomes().join(", ")))
}

/// The execution, when there is one.
pub fn execution(report: &RunReport) -> Result<&Execution, String> {
    let state = report.state.as_ref().ok_or("the record is empty or cannot be read")?;
    state.current.as_ref().ok_or_else(|| "the record holds no execution".to_owned())
}

fn standby_serves(report: &RunReport) -> Result<String, String> {
    let ready = report.operator["status"]["readyReplicas"].as_i64().unwrap_or(0);
    if report.replicas() == 1 && ready == 1 && report.world.standby_ready {
        return Ok("operator 1/1, the standby's status endpoint answers 200".to_owned());
    }
    let (wanted, up) = (report.replicas(), report.world.standby_ready);
    Err(format!("operator {ready}/{wanted}, standby answers: {up}"))
}

fn locked(report: &RunReport) -> Result<String, String> {
    let words = &report.world.lock.summary;
    if report.is_locked() && report.world.answer == Site::Standby {
        return Ok(format!("{words}; DNS answers with the standby"));
    }
    Err(format!("{words}; DNS answers with the {}", report.world.answer))
}

fn once(report: &RunReport) -> Result<String, String> {
    let (scaled, locked) = (report.count(Effect::Scaled), report.count(Effect::Locked));
    let writes = report.world.lock.writes - report.lock_writes_before;
    let past = report.state.as_ref().map_or(0, |state| state.past.len());
    if scaled <= 1 && locked <= 1 && writes == locked as u64 && past == 0 {
        return Ok(format!("scaled {scaled} time, locked {locked} time, one execution"));
    }
    Err(format!("scaled {scaled} times, locked {locked} times ({writes} writes), {past} earlier executions"))
}

/// The longest that a probe of a drill takes: its time-out (see the environment).
const ON_ITS_WAY: std::time::Duration = std::time::Duration::from_millis(500);

fn not_early(report: &RunReport) -> Result<String, String> {
    let broke = report.broke_at.ok_or("the primary was never broken")?;
    let Some((effect, first)) = report.effects.first() else { return Err("there was no effect at all".to_owned()) };
    let waited = until(broke, *first);
    let (waited_s, holdoff_s) = (report.simulated(waited), report.simulated(report.holdoff));
    let streak = execution(report)?.decision.known().and_then(|decision| decision.streak.as_ref());
    // A probe bears the time at which it was sent: one that was on its way when the primary broke begins a little early.
    if let Some(streak) = streak.filter(|streak| streak.since + ON_ITS_WAY < broke) {
        let early_s = report.simulated(until(streak.since, broke));
        return Err(format!("the streak begins {early_s:.0} s before the break: time was counted that nobody proved"));
    }
    let proven = streak.map(|streak| streak.proven).unwrap_or_default();
    if waited >= report.holdoff && proven >= report.holdoff {
        let proven_s = report.simulated(proven);
        return Ok(format!("first effect {waited_s:.0} s after the break, {proven_s:.0} s of failing time proven"));
    }
    Err(format!(
        "{effect:?} came {waited_s:.0} s after the break with {:.0} s proven; {holdoff_s:.0} s are needed",
        report.simulated(proven)
    ))
}

fn in_order(report: &RunReport) -> Result<String, String> {
    let kinds: Vec<_> = report.effects.iter().map(|(kind, _)| *kind).collect();
    // What a later call cleans up again comes after the lock.
    let firsts: Vec<_> =
        (0..kinds.len()).filter(|at| !kinds[..*at].contains(&kinds[*at])).map(|at| kinds[at]).collect();
    if firsts.is_sorted() {
        return Ok(format!("{kinds:?}"));
    }
    Err(format!("out of order: {kinds:?}"))
}

fn record_true(report: &RunReport) -> Result<String, String> {
    let execution = execution(report)?;
    if execution.status != Status::Completed || execution.finished_at.is_none() {
        return Err(format!("the record says {:?}", execution.status));
    }
    let changed = |name: &str| {
        let step = execution.steps.iter().find(|step| step.step == name);
        step.is_some_and(|step| matches!(step.progress, Progress::Done { changed: true }))
    };
    let told = [
        ("remove-stale-tls", Effect::SecretDeleted),
        ("scale-operator", Effect::Scaled),
        ("lock-traffic", Effect::Locked),
    ];
    for (name, effect) in told {
        let (says, seen) = (changed(name), report.count(effect) > 0);
        // A worker that died after its effect leaves a step that its successor finds done.
        if says && !seen || seen && !says && execution.takeovers == 0 {
            return Err(format!("the record says {name} changed something: {says}; the cloud saw it: {seen}"));
        }
    }
    let evidence = execution.evidence.known().ok_or("the record holds evidence of another version")?;
    if evidence.history.is_none() && evidence.probes.is_empty() {
        return Err("the record holds no evidence".to_owned());
    }
    Ok(format!("execution {} completed, {} steps, evidence kept", execution.id, execution.steps.len()))
}

fn nothing_touched(report: &RunReport) -> Result<String, String> {
    let ours = |entry: &&holdfast_simulator::kubernetes::AuditEntry| {
        let reading = matches!(entry.verb.as_str(), "get" | "list" | "watch");
        let notes = matches!(entry.resource.as_str(), "leases" | "configmaps");
        !reading && !notes
    };
    let writes: Vec<_> =
        report.audit.iter().filter(ours).map(|entry| format!("{} {}", entry.verb, entry.resource)).collect();
    let executions = report.state.as_ref().is_some_and(|state| state.current.is_some());
    if writes.is_empty() && report.effects.is_empty() && report.replicas() == 0 && !executions && !report.is_locked() {
        return Ok(format!(
            "{} calls to the cluster, all of them reads; operator at 0; traffic as it was",
            report.audit.len()
        ));
    }
    Err(format!(
        "writes: {}; effects: {:?}; replicas {}; an execution: {executions}",
        writes.join(", "),
        report.effects,
        report.replicas()
    ))
}

fn nothing_refused(report: &RunReport) -> Result<String, String> {
    let refused = report.audit.iter().filter(|entry| !entry.allowed || matches!(entry.code, 401 | 403));
    let mut refused: Vec<_> =
        refused.map(|entry| format!("{} {}/{}", entry.verb, entry.resource, entry.subresource)).collect();
    refused.extend(report.refused.iter().cloned());
    if refused.is_empty() {
        Ok(format!("{} calls to the cluster under the shipped Role", report.audit.len()))
    } else {
        Err(refused.join(", "))
    }
}

fn no_secrets_logged(report: &RunReport) -> Result<String, String> {
    let mut lines = 0;
    for line in report.results.iter().flat_map(|result| &result.log) {
        lines += 1;
        if let Some(secret) = report.secrets_of_the_cloud.iter().find(|secret| line.text.contains(secret.as_str())) {
            return Err(format!("a line holds {:.12}...", secret));
        }
    }
    Ok(format!("{lines} lines read"))
}

fn all_answered(report: &RunReport) -> Result<String, String> {
    let outcomes = report.outcomes();
    if outcomes.is_empty() {
        return Err("the function was never called".to_owned());
    }
    let timed_out = outcomes.iter().filter(|outcome| outcome.contains("time limit")).count();
    if timed_out == 0 {
        Ok(format!("{} invocations", outcomes.len()))
    } else {
        Err(format!("{timed_out} invocations ran into the time limit"))
    }
}
