//! Health Checks: the monitor of the primary, and what its vantage points saw last (docs/reference/oci.md#metrics).

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::error::{OciError, json_answer};
use super::request::OciRequest;
use super::{COMPARTMENT_ID, Cloud, MONITOR_ID, STANDBY_REGION};
use crate::world::{PRIMARY_ADDRESS, PRIMARY_NAME, Sight, State, Watched};

/// Clouds that vantage points are in, by their short names.
const PROVIDERS: [&str; 3] = ["aws", "goo", "azr"];
/// Results in one answer, when the caller does not say.
const USUAL_LIMIT: usize = 50;

/// The monitor itself.
pub(super) fn monitor(cloud: &Cloud, request: &OciRequest, id: &str) -> Result<Response<Body>, OciError> {
    at_home(request)?;
    cloud.world.with(|state| {
        let watched = watched(state, id)?;
        let config = &watched.check.config;
        let document = json!({
            "id": MONITOR_ID, "resultsUrl": format!("/20180501/httpProbeResults/{MONITOR_ID}"), "homeRegion": STANDBY_REGION,
            "compartmentId": COMPARTMENT_ID, "targets": [PRIMARY_ADDRESS], "vantagePointNames": vantage_points(watched),
            "port": config.port, "timeoutInSeconds": 10, "protocol": config.kind, "method": "GET", "path": config.resource_path,
            "headers": {"Host": PRIMARY_NAME}, "displayName": "holdfast-primary", "intervalInSeconds": config.request_interval,
            "isEnabled": !config.disabled,
        });
        let mut answer = json_answer(StatusCode::OK, &document);
        answer.headers_mut().insert("etag", HeaderValue::from_static("simulated"));
        Ok(answer)
    })
}

/// The newest result of each vantage point: earlier ones are not kept here.
pub(super) fn results(cloud: &Cloud, request: &OciRequest, id: &str) -> Result<Response<Body>, OciError> {
    at_home(request)?;
    let number =
        |name: &str| request.query.get(name).map(|text| text.parse::<f64>().map_err(|_| OciError::invalid(name)));
    let since = number("startTimeGreaterThanOrEqualTo").transpose()?.unwrap_or(0.0);
    let until = number("startTimeLessThanOrEqualTo").transpose()?.unwrap_or(f64::MAX);
    let limit = number("limit").transpose()?.map_or(USUAL_LIMIT, |limit| limit as usize);
    let target = request.query.get("target").map(String::as_str);
    cloud.world.with(|state| {
        let watched = watched(state, id)?;
        let mut results = if watched.check.config.disabled { Vec::new() } else { newest(watched) };
        let start = |result: &Value| result["startTime"].as_f64().unwrap_or_default();
        results.retain(|result| {
            (since..=until).contains(&start(result)) && target.is_none_or(|target| result["target"] == target)
        });
        results.sort_by(|one, other| start(one).total_cmp(&start(other)));
        if request.query.get("sortOrder").map(String::as_str) == Some("DESC") {
            results.reverse();
        }
        results.truncate(limit);
        Ok(json_answer(StatusCode::OK, &Value::Array(results)))
    })
}

/// Results and updates must be asked of the home region; a header names it.
fn at_home(request: &OciRequest) -> Result<(), OciError> {
    if request.region == STANDBY_REGION {
        return Ok(());
    }
    Err(OciError::new(403, "NotAllowed", &format!("Please go to your home region {STANDBY_REGION} to execute this.")))
}

fn watched<'a>(state: &'a State, id: &str) -> Result<&'a Watched, OciError> {
    state.checks.get(id).filter(|_| id == MONITOR_ID).ok_or_else(OciError::not_found)
}

fn vantage_points(watched: &Watched) -> Vec<String> {
    let all = watched.checkers.reporting(&watched.check.config).enumerate();
    all.map(|(index, checker)| format!("{}-{}", PROVIDERS[index % PROVIDERS.len()], checker.region)).collect()
}

fn newest(watched: &Watched) -> Vec<Value> {
    let checkers = watched.checkers.reporting(&watched.check.config);
    let result = |(checker, name): (&crate::world::Checker, String)| {
        let (status, category) = match checker.sight {
            Sight::Good(_) => (200, "NONE"),
            Sight::Refused(_) => (503, "NONE"),
            Sight::NoName => (0, "DNS"),
            Sight::TimedOut | Sight::NoConnection => (0, "TRANSPORT"),
        };
        json!({
            "key": checker.address, "probeConfigurationId": MONITOR_ID, "startTime": checker.checked.as_millisecond() as f64,
            "target": PRIMARY_ADDRESS, "vantagePointName": name, "isTimedOut": checker.sight == Sight::TimedOut,
            "isHealthy": checker.sight.good(), "errorCategory": category, "errorMessage": null, "protocol": "HTTPS",
            "statusCode": status, "duration": 12.5,
        })
    };
    checkers.zip(vantage_points(watched)).map(result).collect()
}
