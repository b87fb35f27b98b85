//! Opsgenie, Alert API v2: one alert by `alias`; messages with the same alias are counted as one alert, and it is closed
//! by its alias.

use holdfast_core::news::{News, Occasion, Urgency};
use serde_json::json;

use crate::Outgoing;

/// Where the service is, in the region US.
pub const ENDPOINT: &str = "https://api.opsgenie.com";

/// Longest `message`, in characters.
const LONGEST_MESSAGE: usize = 130;

/// Longest `alias`, in characters.
const LONGEST_ALIAS: usize = 512;

/// The request that delivers `news` of `site`.
pub fn request(base: &str, api_key: &str, site: &str, news: &News) -> Outgoing {
    let base = base.trim_end_matches('/');
    let alias: String = format!("{site}/{}", news.incident).chars().take(LONGEST_ALIAS).collect();
    let headers = vec![("authorization", format!("GenieKey {api_key}"))];
    if news.occasion.resolves() {
        let url = format!("{base}/v2/alerts/{}/close?identifierType=alias", escaped(&alias));
        let body = json!({"source": site, "user": "holdfast", "note": told(news)}).to_string();
        return Outgoing { url, headers, body };
    }
    let priority = match (news.occasion, news.occasion.urgency()) {
        (Occasion::Test, _) => "P5",
        (_, Urgency::Low) => "P3",
        (_, Urgency::High) => "P1",
    };
    let message: String = format!("{site}: {}", news.says).chars().take(LONGEST_MESSAGE).collect();
    let body = json!({
        "message": message,
        "alias": alias,
        "description": told(news),
        "source": site,
        "priority": priority,
        "tags": ["holdfast", news.occasion.name()],
        "details": {"execution": news.execution.as_deref().unwrap_or_default(), "next": news.next},
    });
    Outgoing { url: format!("{base}/v2/alerts"), headers, body: body.to_string() }
}

/// Everything in one text.
fn told(news: &News) -> String {
    let mut lines = vec![news.says.clone()];
    lines.extend(news.why.iter().map(|why| format!("because {why}")));
    lines.extend(news.owed.iter().map(|owed| format!("owed: {owed}")));
    lines.push(format!("next: {}", news.next));
    lines.join("\n")
}

/// As it stands in a path: what is neither letter, digit, `-`, `.`, `_` nor `~` is written by its bytes.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
