//! Traffic Manager's resources on the wire (docs/reference/azure.md#traffic-manager-api). No ETag, no long-running operation: the last writer wins.

use axum::body::Body;
use http::{Method, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::ArmError;
use super::profile::{Endpoint, PRIMARY_ENDPOINT, Profile, TrafficManager};
use super::request::{ArmRequest, PROFILES};
use super::{Cloud, PROFILE_NAME, json_answer, profile_id};
use crate::time;
use crate::timeline::EventKind;
use crate::world::State;

/// The global name, which the probes send as the Host header (docs/reference/azure.md#reference-function).
const GLOBAL_NAME: &str = "logs.example.com";

pub(super) fn list(cloud: &Cloud) -> Response<Body> {
    let profile = cloud.world.with(|state| document(state, time::now()));
    json_answer(StatusCode::OK, &json!({"value": [profile]}))
}

pub(super) fn profile(cloud: &Cloud, request: &ArmRequest, name: &str) -> Result<Response<Body>, ArmError> {
    if !name.eq_ignore_ascii_case(PROFILE_NAME) {
        return Err(ArmError::not_found(&request.scope()));
    }
    match request.method {
        Method::GET => {}
        Method::PATCH | Method::PUT => write_profile(cloud, &request.json()?["properties"])?,
        _ => return Err(not_allowed()),
    }
    Ok(json_answer(StatusCode::OK, &cloud.world.with(|state| document(state, time::now()))))
}

pub(super) fn endpoint(
    cloud: &Cloud,
    request: &ArmRequest,
    (profile, kind, name): (&str, &str, &str),
) -> Result<Response<Body>, ArmError> {
    let known = cloud.world.profile().is_some_and(|profile| profile.endpoint(name).is_some());
    if !profile.eq_ignore_ascii_case(PROFILE_NAME) || kind != "externalEndpoints" || !known {
        return Err(ArmError::not_found(&request.scope()));
    }
    match request.method {
        Method::GET => {}
        Method::PATCH => write_endpoint(cloud, name, &request.json()?["properties"])?,
        // A PUT is the whole endpoint: what it leaves out is as it is at first.
        Method::PUT => {
            let mut properties = request.json()?["properties"].clone();
            if properties["target"].as_str().is_none() {
                return Err(ArmError::new(
                    400,
                    "BadRequest",
                    "The 'target' property of an external endpoint is required.",
                ));
            }
            if properties["endpointStatus"].is_null() {
                properties["endpointStatus"] = json!("Enabled");
            }
            write_endpoint(cloud, name, &properties)?;
        }
        _ => return Err(not_allowed()),
    }
    let document = cloud.world.with(|state| {
        let profile = state.control::<TrafficManager>().map(|manager| &manager.profile);
        let found = profile.and_then(|profile| Some((profile, profile.endpoint(name)?)));
        found.map(|(profile, found)| endpoint_document(state, profile, found, time::now())).unwrap_or_default()
    });
    Ok(json_answer(StatusCode::OK, &document))
}

fn not_allowed() -> ArmError {
    ArmError::new(405, "MethodNotAllowed", "The requested resource does not support this http method here.")
}

fn status(properties: &Value, field: &str) -> Result<Option<bool>, ArmError> {
    match &properties[field] {
        Value::Null => Ok(None),
        Value::String(word) if word.eq_ignore_ascii_case("Enabled") => Ok(Some(true)),
        Value::String(word) if word.eq_ignore_ascii_case("Disabled") => Ok(Some(false)),
        other => Err(ArmError::new(400, "BadRequest", &format!("The value {other} of '{field}' is invalid."))),
    }
}

fn write_endpoint(cloud: &Cloud, name: &str, properties: &Value) -> Result<(), ArmError> {
    let enabled = status(properties, "endpointStatus")?;
    let always = status(properties, "alwaysServe")?;
    let number = |field: &str| {
        properties[field]
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| (1..=1000).contains(number))
    };
    let (priority, weight) = (number("priority"), number("weight"));
    let event = cloud.world.with(|state| {
        let (manager, checks) = state.control_mut::<TrafficManager>()?;
        if let Some(enabled) = enabled {
            manager.switch(name, enabled, time::now());
        }
        let endpoint = manager.profile.endpoint_mut(name)?;
        endpoint.writes += 1;
        endpoint.always_serve = always.unwrap_or(endpoint.always_serve);
        endpoint.priority = priority.unwrap_or(endpoint.priority);
        endpoint.weight = weight.unwrap_or(endpoint.weight);
        let (id, enabled, always) = (endpoint.name.clone(), endpoint.enabled, endpoint.always_serve);
        let detail = format!("the Traffic Manager endpoint {id} is {}", word(enabled));
        let locked = id == PRIMARY_ENDPOINT && !enabled;
        let event = EventKind::TrafficWritten { service: "Traffic Mgr", detail, locked };
        if let Some(watched) = checks.get_mut(&id) {
            watched.check.config.disabled = !enabled || always;
        }
        Some(event)
    });
    if let Some(event) = event {
        cloud.world.record_event(event);
    }
    Ok(())
}

fn write_profile(cloud: &Cloud, properties: &Value) -> Result<(), ArmError> {
    let enabled = status(properties, "profileStatus")?;
    if let Some(endpoints) = properties["endpoints"].as_array() {
        for endpoint in endpoints {
            write_endpoint(cloud, endpoint["name"].as_str().unwrap_or_default(), &endpoint["properties"])?;
        }
    }
    cloud.world.with(|state| {
        if let Some((manager, _)) = state.control_mut::<TrafficManager>() {
            manager.profile.enabled = enabled.unwrap_or(manager.profile.enabled);
        }
    });
    Ok(())
}

fn word(enabled: bool) -> &'static str {
    if enabled { "Enabled" } else { "Disabled" }
}

fn monitor_status(state: &State, profile: &Profile, endpoint: &Endpoint, now: Timestamp) -> &'static str {
    let up = state.checks.get(&endpoint.name).is_some_and(|watched| watched.verdict);
    endpoint.monitor_status(profile.enabled, up, now)
}

fn endpoint_document(state: &State, profile: &Profile, endpoint: &Endpoint, now: Timestamp) -> Value {
    json!({
        "id": format!("{}/externalEndpoints/{}", profile_id(), endpoint.name), "name": endpoint.name,
        "type": format!("{PROFILES}/externalEndpoints"),
        "properties": {
            "endpointStatus": word(endpoint.enabled), "endpointMonitorStatus": monitor_status(state, profile, endpoint, now),
            "target": endpoint.target, "weight": endpoint.weight, "priority": endpoint.priority,
            "endpointLocation": null, "alwaysServe": word(endpoint.always_serve),
        },
    })
}

fn document(state: &State, now: Timestamp) -> Value {
    let Some(TrafficManager { profile, .. }) = state.control::<TrafficManager>() else { return Value::Null };
    let endpoints: Vec<Value> =
        profile.endpoints.iter().map(|endpoint| endpoint_document(state, profile, endpoint, now)).collect();
    json!({
        "id": profile_id(), "name": PROFILE_NAME, "type": PROFILES, "location": "global", "tags": {},
        "properties": {
            "profileStatus": word(profile.enabled), "trafficRoutingMethod": "Priority",
            "dnsConfig": {"relativeName": PROFILE_NAME, "fqdn": format!("{PROFILE_NAME}.trafficmanager.net"), "ttl": profile.ttl_s},
            "monitorConfig": {
                "profileMonitorStatus": profile_status(state, profile, now), "protocol": "HTTPS", "port": 443,
                "path": "/api/v1/status", "intervalInSeconds": profile.interval_s, "timeoutInSeconds": profile.timeout_s,
                "toleratedNumberOfFailures": profile.tolerated,
                "customHeaders": [{"name": "Host", "value": GLOBAL_NAME}],
                "expectedStatusCodeRanges": [{"min": 200, "max": 200}],
            },
            "endpoints": endpoints, "trafficViewEnrollmentStatus": "Disabled", "maxReturn": null,
        },
    })
}

/// Online when every enabled endpoint is; one that is degraded makes the profile so.
fn profile_status(state: &State, profile: &Profile, now: Timestamp) -> &'static str {
    let statuses: Vec<&str> =
        profile.endpoints.iter().map(|endpoint| monitor_status(state, profile, endpoint, now)).collect();
    match () {
        () if !profile.enabled => "Disabled",
        () if statuses.iter().all(|status| *status == "Disabled") => "Inactive",
        () if statuses.contains(&"Degraded") => "Degraded",
        () if statuses.contains(&"CheckingEndpoint") => "CheckingEndpoints",
        () => "Online",
    }
}
