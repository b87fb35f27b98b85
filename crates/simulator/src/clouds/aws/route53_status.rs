//! What the checkers of a health check report (docs/reference/aws.md#health-decision).

use jiff::Timestamp;

use super::route53_xml::Element;
use crate::world::Watched;

/// The newest observation of every checker.
pub(super) fn status(watched: &Watched) -> Element {
    let checkers = watched.checkers.reporting(&watched.check.config);
    let observations = checkers
        .map(|checker| observation(checker.region, &checker.address, &checker.sight.sentence(), checker.checked));
    Element::root("GetHealthCheckStatusResponse").child(Element::new("HealthCheckObservations").children(observations))
}

/// The newest failure of every checker that has met one.
pub(super) fn last_failure(watched: &Watched) -> Element {
    let checkers = watched.checkers.reporting(&watched.check.config);
    let observations = checkers.filter_map(|checker| {
        let (sight, at) = checker.last_failure?;
        Some(observation(checker.region, &checker.address, &sight.sentence(), at))
    });
    Element::root("GetHealthCheckLastFailureReasonResponse")
        .child(Element::new("HealthCheckObservations").children(observations))
}

fn observation(region: &str, address: &str, sentence: &str, at: Timestamp) -> Element {
    let report = Element::new("StatusReport")
        .text("Status", sentence)
        .text("CheckedTime", at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"));
    Element::new("HealthCheckObservation").text("Region", region).text("IPAddress", address).child(report)
}
