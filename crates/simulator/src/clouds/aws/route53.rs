//! Route 53 health checks (REST-XML; docs/reference/aws.md#health-checks, docs/reference/aws.md#wire-samples).

use axum::body::Body;
use http::{Response, StatusCode};

use super::error::AwsError;
use super::failover_record::{FailoverRecord, JUDGING, LOCKED_NAME};
use super::request::AwsRequest;
use super::route53_xml::{Document, Element};
use super::{Cloud, Outcome, route53_config, route53_status};
use crate::time;
use crate::timeline::EventKind;
use crate::world::{HealthCheck, State, Watched};

/// How many checks or failures a list holds at most; the API's default.
const PAGE: usize = 100;

/// The ARN that a call is judged by: that of its health check, or `*`.
pub(super) fn resource(request: &AwsRequest) -> String {
    id(request).map_or("*".to_owned(), |id| format!("arn:aws:route53:::healthcheck/{id}"))
}

/// The health check that the path names.
fn id(request: &AwsRequest) -> Option<&str> {
    let position = request.path.iter().position(|part| part == "healthcheck")?;
    request.path.get(position + 1).map(String::as_str)
}

pub(super) fn answer(cloud: &Cloud, request: &AwsRequest) -> Outcome {
    let id = id(request).unwrap_or_default();
    match request.operation.as_str() {
        "ListHealthChecks" => Ok(list(cloud, request)),
        "GetHealthCheckCount" => Ok(count(cloud)),
        "CreateHealthCheck" => create(cloud, request),
        "GetHealthCheck" => cloud.world.with(|state| {
            Ok(ok(Element::root("GetHealthCheckResponse").child(route53_config::element(&watched(state, id)?.check))))
        }),
        "UpdateHealthCheck" => update(cloud, request, id),
        "DeleteHealthCheck" => delete(cloud, id),
        "GetHealthCheckStatus" => cloud.world.with(|state| Ok(ok(route53_status::status(watched(state, id)?)))),
        "GetHealthCheckLastFailureReason" => {
            cloud.world.with(|state| Ok(ok(route53_status::last_failure(watched(state, id)?))))
        }
        "ListTagsForResource" => cloud.world.with(|state| Ok(ok(tags(&watched(state, id)?.check)))),
        "ChangeTagsForResource" => change_tags(cloud, request, id),
        other => Err(AwsError::unknown_operation(other)),
    }
}

fn ok(element: Element) -> Response<Body> {
    element.response(StatusCode::OK)
}

fn unknown(id: &str) -> AwsError {
    AwsError::new(404, "NoSuchHealthCheck", &format!("A health check with id {id} does not exist."))
}

fn watched<'a>(state: &'a mut State, id: &str) -> Result<&'a mut Watched, AwsError> {
    state.checks.get_mut(id).ok_or_else(|| unknown(id))
}

fn list(cloud: &Cloud, request: &AwsRequest) -> Response<Body> {
    let marker = request.query.get("marker").cloned().unwrap_or_default();
    let page = request.query.get("maxitems").and_then(|text| text.parse().ok()).unwrap_or(PAGE).clamp(1, PAGE);
    cloud.world.with(|state| {
        let mut rest = state.checks.range(marker.clone()..).map(|(_, watched)| &watched.check);
        let shown: Vec<Element> = rest.by_ref().take(page).map(route53_config::element).collect();
        let next = rest.next().map(|check| check.id.clone());
        ok(Element::root("ListHealthChecksResponse")
            .child(Element::new("HealthChecks").children(shown))
            .text("Marker", &marker)
            .text("IsTruncated", next.is_some())
            .optional("NextMarker", next)
            .text("MaxItems", page))
    })
}

fn count(cloud: &Cloud) -> Response<Body> {
    let count = cloud.world.with(|state| state.checks.len());
    ok(Element::root("GetHealthCheckCountResponse").text("HealthCheckCount", count))
}

/// One caller reference makes one check: again with the same settings is the same check, with others a conflict
/// (docs/reference/aws.md#health-checks).
fn create(cloud: &Cloud, request: &AwsRequest) -> Outcome {
    let document = Document::read(&request.body)?;
    let reference =
        document.text("CallerReference").ok_or_else(|| route53_config::invalid("CallerReference is required"))?;
    let config = route53_config::create(&document.inside("HealthCheckConfig"))?;
    let check = cloud.world.with(|state| {
        let known = state
            .checks
            .values()
            .find(|watched| watched.check.caller_reference == reference)
            .map(|watched| watched.check.clone());
        match known {
            Some(check) if check.config == config => Ok(check),
            Some(_) => Err(AwsError::new(
                409,
                "HealthCheckAlreadyExists",
                "The health check you're attempting to create already exists.",
            )),
            None => {
                let check = HealthCheck::new(&cloud.lambda.uuid(), reference, config);
                state.watch(check.clone(), JUDGING, time::now());
                Ok(check)
            }
        }
    })?;
    let mut answer =
        Element::root("CreateHealthCheckResponse").child(route53_config::element(&check)).response(StatusCode::CREATED);
    if let Ok(location) = format!("https://route53.amazonaws.com/2013-04-01/healthcheck/{}", check.id).parse() {
        answer.headers_mut().insert(http::header::LOCATION, location);
    }
    Ok(answer)
}

/// Partial update. A version that is not the stored one is refused and nothing is written (docs/reference/aws.md#health-checks).
fn update(cloud: &Cloud, request: &AwsRequest, id: &str) -> Outcome {
    let document = Document::read(&request.body)?;
    let expected: Option<u64> = document.parse("HealthCheckVersion")?;
    let check = cloud.world.with(|state| {
        let check = &mut watched(state, id)?.check;
        if expected.is_some_and(|expected| expected != check.version) {
            let message = "The value of HealthCheckVersion in the request doesn't match the value of HealthCheckVersion in the health check.";
            return Err(AwsError::new(409, "HealthCheckVersionMismatch", message));
        }
        let mut config = check.config.clone();
        route53_config::apply(&mut config, &document)?;
        check.config = config;
        check.version += 1;
        Ok(check.clone())
    })?;
    let name = check.config.name.clone().unwrap_or_default();
    let (locked, detail) =
        (name == LOCKED_NAME, format!("the health check now looks at {name} (version {})", check.version));
    cloud.world.record_event(EventKind::TrafficWritten { service: "Route 53", detail, locked });
    Ok(ok(Element::root("UpdateHealthCheckResponse").child(route53_config::element(&check))))
}

fn delete(cloud: &Cloud, id: &str) -> Outcome {
    cloud.world.with(|state| {
        watched(state, id)?;
        let record = state.control::<FailoverRecord>();
        let in_use =
            record.is_some_and(|record| record.primary_check == id || record.secondary_check.as_deref() == Some(id));
        if in_use || id == state.primary_check {
            return Err(AwsError::new(400, "HealthCheckInUse", "A failover record refers to this health check."));
        }
        state.checks.remove(id);
        Ok(ok(Element::root("DeleteHealthCheckResponse")))
    })
}

fn tags(check: &HealthCheck) -> Element {
    let tags = check.tags.iter().map(|(key, value)| Element::new("Tag").text("Key", key).text("Value", value));
    let set = Element::new("ResourceTagSet")
        .text("ResourceType", "healthcheck")
        .text("ResourceId", &check.id)
        .child(Element::new("Tags").children(tags));
    Element::root("ListTagsForResourceResponse").child(set)
}

fn change_tags(cloud: &Cloud, request: &AwsRequest, id: &str) -> Outcome {
    let document = Document::read(&request.body)?;
    cloud.world.with(|state| {
        let tags = &mut watched(state, id)?.check.tags;
        for tag in document.inside("AddTags").each() {
            tags.insert(
                tag.text("Key").unwrap_or_default().to_owned(),
                tag.text("Value").unwrap_or_default().to_owned(),
            );
        }
        for key in document.inside("RemoveTagKeys").texts() {
            tags.remove(&key);
        }
        Ok(ok(Element::root("ChangeTagsForResourceResponse")))
    })
}
