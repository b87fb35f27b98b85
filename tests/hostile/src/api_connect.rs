//! What API Connect's resources, its endpoint and the word on the primary's isolation say.

use std::time::Duration;

use holdfast_api_connect::{
    isolation::{self, Isolation},
    site::DELETION,
    state::{Declared, Mode, Part, State},
    status::{judge_page, judge_platform_api},
    words::Words,
};
use holdfast_core::{Timestamp, evidence::ProbeResult};
use http::StatusCode;
use serde_json::Value;

use crate::said;

/// A management cluster, a portal, the resource above them, or a ConfigMap with a word: whatever it says, nothing lets go
/// that is not declared passive, and no word counts without an author and a time of the last hour.
pub fn resource(bytes: &[u8]) {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else { return };
    let (words, annotation) = (Words::default(), DELETION.0);
    let state = State::of(&document, annotation);
    said(&state.describe());
    let declared = document.pointer("/spec/multiSiteHA/mode").and_then(Value::as_str);
    for part in [Part::Management, Part::Portal] {
        if state.lets_go(part, &words) || state.is_good_standby(&words) {
            assert_eq!((declared, &state.declared.mode), (Some("passive"), &Mode::Passive));
        }
        said(&Declared::of_top_level(&document, part, annotation).mode.describe());
    }
    let now = Timestamp::from_second(1_767_225_600).expect("a time in range");
    match isolation::judge(Some(&document), "ConfigMap x", now, Duration::from_secs(3600)) {
        Isolation::Confirmed { said: words, given } => {
            said(&words);
            assert!((given.as_second() - now.as_second()).abs() <= 3600, "{given}");
            assert!(document["data"]["by"].as_str().is_some_and(|by| !by.trim().is_empty()));
        }
        Isolation::Unconfirmed { why } => said(&why),
    }
}

/// An answer of the primary's endpoint, with each status that decides something.
pub fn status(bytes: &[u8]) {
    for status in [200, 302, 404, 503] {
        let code = StatusCode::from_u16(status).expect("a status");
        for judge in [judge_platform_api, judge_page] {
            match judge(code, bytes) {
                ProbeResult::Healthy { said: words } => {
                    assert!(status < 400);
                    said(&words);
                }
                ProbeResult::Failing { why } | ProbeResult::Inconclusive { why } => said(&why),
            }
        }
    }
}
