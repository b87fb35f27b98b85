//! PagerDuty, Events API v2: one alert by `dedup_key`, triggered, triggered again as an update, and resolved.

use holdfast_core::news::{News, Occasion, Urgency};
use serde_json::json;

use crate::Outgoing;

/// Where the service takes events, in the region US.
pub const ENDPOINT: &str = "https://events.pagerduty.com/v2/enqueue";

/// Longest `dedup_key`, in characters.
const LONGEST_KEY: usize = 255;

/// Longest `summary`, in characters.
const LONGEST_SUMMARY: usize = 1024;

/// The request that delivers `news` of `site`.
pub fn request(url: &str, routing_key: &str, site: &str, news: &News) -> Outgoing {
    let dedup_key: String = format!("{site}/{}", news.incident).chars().take(LONGEST_KEY).collect();
    let action = if news.occasion.resolves() { "resolve" } else { "trigger" };
    let severity = match (news.occasion, news.occasion.urgency()) {
        (Occasion::Test, _) => "info",
        (_, Urgency::Low) => "warning",
        (_, Urgency::High) => "critical",
    };
    let summary: String = format!("{site}: {}", news.says).chars().take(LONGEST_SUMMARY).collect();
    let body = json!({
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": dedup_key,
        "client": "holdfast",
        "payload": {
            "summary": summary,
            "source": site,
            "severity": severity,
            "timestamp": news.at,
            "component": news.execution,
            "class": news.occasion,
            "custom_details": {"why": news.why, "owed": news.owed, "next": news.next},
        },
    })
    .to_string();
    Outgoing { url: url.to_owned(), headers: Vec::new(), body }
}
