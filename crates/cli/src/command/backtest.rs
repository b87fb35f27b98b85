//! What other holdoffs would have done on the real history of the primary.
//!
//! Each end of a period is judged by the very `decide` that ships, with the datapoints that were there by then. Our own
//! probes were not there to see, so this is metrics alone: a function that probes is quicker where metrics lag. After each
//! outage the site is taken to be back as it was.

mod csv;

use std::time::Duration;

use holdfast_core::{
    Timestamp,
    clock::{earlier, later, until},
    decision::{self, Verdict, decide},
    evidence::{Datapoint, Evidence, History},
    policy::Policy,
    record::State,
};
use holdfast_site_file::Seconds;
use serde_json::json;

use super::{
    args::Backtest,
    exit::{Exit, Stopped},
    run::Said,
    screen::moment,
    target::{self, Target},
    way::{Environment, direct::Direct},
};

/// The largest file of history, in bytes: a year of minutes.
const LARGEST: usize = 64 * 1024 * 1024;

/// A failover of a primary that was well again so soon afterwards was needless.
const NEEDLESS: Duration = Duration::from_secs(600);

/// Most holdoffs of one test.
const MOST: usize = 20;

/// One unbroken time of failing.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Outage {
    from: Timestamp,
    to: Timestamp,
}

/// What one holdoff would have done.
struct Row {
    holdoff: Duration,
    /// Each outage in which it would have failed over, with the time of the decision.
    failovers: Vec<(Outage, Timestamp)>,
}

/// Runs it.
///
/// # Errors
/// In one line.
pub async fn run(arguments: &Backtest, environment: &Environment) -> Result<Said, Stopped> {
    let target = Target::read(&arguments.reach.site.site)?;
    let holdoffs = holdoffs(arguments, target.policy().holdoff)?;
    let policy = target.policy();
    let (points, source) = match &arguments.csv {
        Some(path) => (csv::read(&target::bounded(path, LARGEST)?)?, format!("{}", path.display())),
        None => (asked(&target, arguments, environment).await?, format!("the last {} days", arguments.days)),
    };
    if points.is_empty() {
        return Err(Stopped::unreached(format!("{source}: there is no datapoint in it")));
    }
    let outages = outages(&points, policy.period);
    let rows: Vec<Row> = holdoffs.iter().map(|holdoff| judged(*holdoff, &points, &outages, &policy)).collect();
    Ok(Said {
        text: text(&target, &source, &points, &outages, &rows),
        document: document(&target, &points, &outages, &rows),
        exit: Exit::Done,
    })
}

fn holdoffs(arguments: &Backtest, configured: Duration) -> Result<Vec<Duration>, Stopped> {
    let read = |text: &String| {
        let length = Seconds::read(text).and_then(|seconds| Duration::try_from_secs_f64(seconds.0).ok());
        length.ok_or_else(|| Stopped::usage(format!("--holdoffs: {text:?} is no duration; write 60s,3m,...")))
    };
    let mut all = arguments.holdoffs.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    all.push(configured);
    all.sort_unstable();
    all.dedup();
    if all.len() > MOST {
        return Err(Stopped::usage(format!("--holdoffs: at most {MOST} are tried")));
    }
    Ok(all)
}

/// The history as the site's own source has it.
async fn asked(target: &Target, arguments: &Backtest, environment: &Environment) -> Result<Vec<Datapoint>, Stopped> {
    use holdfast_core::Clock as _;
    let wait = Duration::from_secs(u64::from(arguments.reach.wait));
    let direct = Direct::open(target, arguments.reach.profile.as_deref(), wait, environment).await?;
    let Some(source) = direct.site().engine("backtest".to_owned()).ports.history else {
        return Err(Stopped::usage("this site has no source of history; use --csv"));
    };
    let call = direct.site().call(later(direct.clock().now(), wait));
    let window = Duration::from_secs(u64::from(arguments.days) * 86_400);
    let history = source.history(&call, window).await;
    let history = history.map_err(|fault| Stopped::unreached(format!("the history could not be read: {fault}")))?;
    Ok(sorted(history.points))
}

/// Oldest first, each period once.
fn sorted(mut points: Vec<Datapoint>) -> Vec<Datapoint> {
    points.sort_by_key(|point| point.start);
    points.dedup_by_key(|point| point.start);
    points
}

/// The runs of periods without a healthy sample. A hole of one period does not end one.
fn outages(points: &[Datapoint], period: Duration) -> Vec<Outage> {
    let mut outages: Vec<Outage> = Vec::new();
    let mut was_failing = false;
    for point in points {
        let failing = point.maximum == 0.0;
        let end = later(point.start, period);
        match outages.last_mut() {
            Some(last) if failing && was_failing && until(last.to, point.start) <= period => last.to = end,
            _ if failing => outages.push(Outage { from: point.start, to: end }),
            _ => {}
        }
        was_failing = failing;
    }
    outages
}

/// What a holdoff would have done in each outage.
fn judged(holdoff: Duration, points: &[Datapoint], outages: &[Outage], policy: &Policy) -> Row {
    let policy = Policy { holdoff, ..policy.clone() };
    let failovers = outages.iter().filter_map(|outage| Some((*outage, begun(outage, points, &policy)?)));
    Row { holdoff, failovers: failovers.collect() }
}

/// When a failover would have begun in an outage.
fn begun(outage: &Outage, points: &[Datapoint], policy: &Policy) -> Option<Timestamp> {
    let window = policy.holdoff.saturating_add(policy.stale_after).saturating_add(policy.period.saturating_mul(10));
    let state = Ok(State { armed: Some(earlier(outage.from, window)), ..State::default() });
    let ends = points.iter().map(|point| later(point.start, policy.period));
    ends.filter(|end| *end > outage.from && *end <= outage.to).find(|now| {
        let first = points.partition_point(|point| point.start < earlier(*now, window));
        let after = points.partition_point(|point| later(point.start, policy.period) <= *now);
        let seen = points.get(first..after).unwrap_or_default().to_vec();
        let history = Some(Ok(History { points: seen }));
        let evidence = Evidence { history, locked: Some(false), ..Evidence::nothing(*now) };
        decide(&state, &evidence, policy, *now, decision::Said::default()).verdict == Verdict::FailOver
    })
}

impl Row {
    fn needless(&self, last: Timestamp) -> usize {
        let soon = |(outage, at): &&(Outage, Timestamp)| outage.to < last && until(*at, outage.to) <= NEEDLESS;
        self.failovers.iter().filter(soon).count()
    }

    /// From the beginning of an outage to the decision, on average.
    fn delay(&self) -> Option<Duration> {
        let all: Duration = self.failovers.iter().map(|(outage, at)| until(outage.from, *at)).sum();
        all.checked_div(u32::try_from(self.failovers.len()).ok()?)
    }
}

/// Where the history ends.
fn end(points: &[Datapoint], period: Duration) -> Timestamp {
    points.last().map_or(Timestamp::UNIX_EPOCH, |point| later(point.start, period))
}

/// How many periods between the first and the last point are not there.
fn missing(points: &[Datapoint], period: Duration) -> u64 {
    let Some((first, last)) = points.first().zip(points.last()) else { return 0 };
    let whole = until(first.start, last.start).as_secs() / period.as_secs().max(1) + 1;
    whole.saturating_sub(points.len() as u64)
}

fn text(target: &Target, source: &str, points: &[Datapoint], outages: &[Outage], rows: &[Row]) -> String {
    let policy = target.policy();
    let last = end(points, policy.period);
    let mut text = format!(
        "{}: {} outages of {} in {source} ({} points, {} missing), metrics only: probes were not there to see\n\n\
         \x20  holdoff   failovers   needless*   outage before the first effect, on average\n",
        target.name(),
        outages.len(),
        target.home(),
        points.len(),
        missing(points, policy.period)
    );
    for row in rows {
        let delay = row.delay().map_or_else(|| "-".to_owned(), moment::span);
        let mark = if row.holdoff == policy.holdoff { "   <- configured" } else { "" };
        let (begun, needless) = (row.failovers.len(), row.needless(last));
        let holdoff = format!("{} s", row.holdoff.as_secs());
        text.push_str(&format!("{holdoff:>10}   {begun:>9}   {needless:>9}   {delay}{mark}\n"));
    }
    text.push_str(&format!("  * {} was well again within 10 minutes without us.\n", target.home()));
    if outages.len() < 5 {
        text.push_str("  So few outages are too few to choose a holdoff by: keep a longer history and use --csv.\n");
    }
    if !outages.is_empty() {
        text.push('\n');
    }
    for outage in outages {
        let would = rows.iter().filter(|row| row.failovers.iter().any(|(of, _)| of == outage));
        let would: Vec<_> = would.map(|row| format!("{} s", row.holdoff.as_secs())).collect();
        let told = match would.len() {
            0 => "no holdoff would have failed over".to_owned(),
            all if all == rows.len() => "all would have failed over".to_owned(),
            _ => format!("{} would have failed over", would.join(", ")),
        };
        let length = until(outage.from, outage.to);
        let bar = "#".repeat(usize::try_from(length.as_secs() / 60).unwrap_or(usize::MAX).clamp(1, 20));
        let length = moment::span(length);
        text.push_str(&format!("  {}  failing {length:<12} |{bar:<20}|  {told}\n", moment::utc(outage.from)));
    }
    text
}

fn document(target: &Target, points: &[Datapoint], outages: &[Outage], rows: &[Row]) -> serde_json::Value {
    let policy = target.policy();
    let last = end(points, policy.period);
    let rows = rows.iter().map(|row| {
        let begun = row.failovers.iter().map(|(outage, at)| json!({"outage": outage.from, "at": at}));
        json!({
            "holdoff_s": row.holdoff.as_secs_f64(), "configured": row.holdoff == policy.holdoff,
            "failovers": begun.collect::<Vec<_>>(), "needless": row.needless(last),
            "delay_s": row.delay().map(|delay| delay.as_secs_f64()),
        })
    });
    json!({
        "site": target.name(), "points": points.len(), "missing": missing(points, policy.period),
        "outages": outages.iter().map(|outage| json!({"from": outage.from, "to": outage.to})).collect::<Vec<_>>(),
        "holdoffs": rows.collect::<Vec<_>>(), "exit_code": 0,
    })
}

#[cfg(test)]
mod tests;
