//! A scenario as a report: the world's own account beside the function's record.

use std::collections::BTreeMap;

use holdfast_report::{
    Report, Source,
    source::{Call, Event, Lane, Promise, Seen},
};
use holdfast_simulator::{
    timeline::{Event as Happened, EventKind},
    world::Site,
};

use super::{run_report::RunReport, scenario::Scenario, verdict::Verdict};

/// The report of a scenario.
pub fn report(scenario: &Scenario, run: &RunReport, verdict: &Verdict) -> Report {
    let seen = Seen {
        broke_at: run.broke_at,
        events: run.events.iter().filter_map(event).collect(),
        calls: calls(run),
        promises: verdict.promises().map(promise).collect(),
    };
    Report::of(&Source {
        name: scenario.name,
        summary: Some(scenario.summary),
        home: "the primary",
        standby: "the standby",
        run: run.state.as_ref().and_then(|state| state.current.as_ref()),
        pace: run.pace,
        seen: Some(seen),
    })
}

fn promise((name, result): (&str, Result<&str, &str>)) -> Promise {
    let (Ok(seen) | Err(seen)) = result;
    Promise { promise: name.to_owned(), kept: result.is_ok(), seen: seen.to_owned() }
}

fn event(happened: &Happened) -> Option<Event> {
    let lane = match &happened.kind {
        EventKind::SiteDown { site: Site::Primary, .. } | EventKind::SiteUp { site: Site::Primary } => Lane::Primary,
        EventKind::CheckersReport { .. } | EventKind::AlarmChanged { .. } | EventKind::AlarmDelivered { .. } => {
            Lane::Detection
        }
        EventKind::DnsChanged { to, .. } => Lane::Dns { to_standby: *to == Site::Standby },
        EventKind::SiteUp { site: Site::Standby } => Lane::Pods { serves: true },
        EventKind::SiteDown { site: Site::Standby, .. } => Lane::Pods { serves: false },
        EventKind::ClusterChanged { change } if change.contains(" pods ") => Lane::Pods { serves: false },
        _ => return None,
    };
    Some(Event { at: happened.at, lane, text: happened.kind.to_string() })
}

/// The function's calls, as the servers saw them.
fn calls(run: &RunReport) -> Vec<Call> {
    let mut counted: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for call in &run.calls {
        let failed = call.status.is_none_or(|status| status >= 400) || call.fault.is_some();
        let count = counted.entry(&call.name).or_default();
        count.0 += 1;
        count.1 += usize::from(failed);
    }
    counted.into_iter().map(|(call, (sent, failed))| Call { call: call.to_owned(), sent, failed }).collect()
}
