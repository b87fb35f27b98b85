//! SSM parameters (awsJson1.1; docs/reference/aws.md#parameter-store, docs/reference/aws.md#wire-samples).

use http::StatusCode;
use serde_json::Value;

use super::alarm::ACCOUNT;
use super::error::AwsError;
use super::parameters::Parameter;
use super::request::AwsRequest;
use super::tree::{Node, read_json};
use super::{Cloud, Outcome};
use crate::time;
use crate::timeline::EventKind;

/// The largest value of a standard parameter, in bytes (docs/reference/aws.md#parameter-store).
const LONGEST_VALUE: usize = 4096;

/// The ARN of the parameter that the call names; a slash in front of the name is not doubled (docs/reference/aws.md#parameter-store).
pub(super) fn resource(region: &str, request: &AwsRequest) -> String {
    let body = read_json(&request.body).unwrap_or_default();
    let name = body["Name"].as_str().unwrap_or_default();
    arn(region, name.split_once(':').map_or(name, |(name, _)| name))
}

fn arn(region: &str, name: &str) -> String {
    format!("arn:aws:ssm:{region}:{ACCOUNT}:parameter/{}", name.trim_start_matches('/'))
}

pub(super) fn answer(cloud: &Cloud, request: &AwsRequest) -> Outcome {
    let body = read_json(&request.body)?;
    let answer = match request.operation.as_str() {
        _ if request.region() != cloud.region => elsewhere(&request.operation),
        "GetParameter" => get(cloud, &body),
        "PutParameter" => put(cloud, &body),
        "DeleteParameter" => delete(cloud, &body),
        other => Err(AwsError::unknown_operation(other)),
    }?;
    Ok(answer.json_response(StatusCode::OK, "application/x-amz-json-1.1"))
}

/// Parameters live in one region; in every other there are none.
fn elsewhere(operation: &str) -> Result<Node, AwsError> {
    match operation {
        "GetParameter" | "DeleteParameter" => Err(not_found()),
        other => Err(AwsError::new(
            400,
            "ValidationException",
            &format!("{other}: the simulator keeps parameters in the standby region only"),
        )),
    }
}

fn not_found() -> AwsError {
    AwsError::new(400, "ParameterNotFound", "")
}

fn validation(message: &str) -> AwsError {
    AwsError::new(400, "ValidationException", message)
}

fn name(body: &Value) -> Result<&str, AwsError> {
    body["Name"].as_str().filter(|name| !name.is_empty()).ok_or_else(|| validation("Name is required"))
}

fn get(cloud: &Cloud, body: &Value) -> Result<Node, AwsError> {
    let asked = name(body)?;
    let (name, selector) = asked.split_once(':').map_or((asked, None), |(name, selector)| (name, Some(selector)));
    let parameters = cloud.parameters();
    let parameter = parameters.get(name).ok_or_else(not_found)?;
    let (version, value) = select(parameter, selector)?;
    let mut fields = vec![
        ("Name", Node::text(&parameter.name)),
        ("Type", Node::text(&parameter.kind)),
        ("Value", Node::text(value)),
        ("Version", Node::Integer(version as i64)),
        ("LastModifiedDate", Node::Time(parameter.modified)),
        ("ARN", Node::Text(arn(&cloud.region, &parameter.name))),
        ("DataType", Node::text("text")),
    ];
    if let Some(selector) = selector {
        fields.push(("Selector", Node::Text(format!(":{selector}"))));
    }
    Ok(Node::map([("Parameter", Node::Map(fields))]))
}

fn select<'a>(parameter: &'a Parameter, selector: Option<&str>) -> Result<(u64, &'a str), AwsError> {
    let Some(selector) = selector else { return Ok((parameter.version, &parameter.value)) };
    let missing = || AwsError::new(400, "ParameterVersionNotFound", "Systems Manager could not find that version.");
    let version: u64 = selector.parse().map_err(|_| missing())?;
    if version == parameter.version {
        return Ok((version, &parameter.value));
    }
    parameter.earlier.get(&version).map(|value| (version, value.as_str())).ok_or_else(missing)
}

fn put(cloud: &Cloud, body: &Value) -> Result<Node, AwsError> {
    let name = name(body)?;
    let value = body["Value"].as_str().unwrap_or_default();
    if value.is_empty() || value.len() > LONGEST_VALUE {
        return Err(validation("Value must hold 1 to 4096 bytes"));
    }
    check_name(name)?;
    let overwrite = body["Overwrite"].as_bool().unwrap_or(false);
    let version = {
        let mut parameters = cloud.parameters();
        let exists = parameters.get(name).is_some();
        match body["Type"].as_str() {
            _ if exists && !overwrite => Err(AwsError::new(
                400,
                "ParameterAlreadyExists",
                "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
            )),
            None if !exists => Err(validation("A parameter type is required when you create a parameter.")),
            kind => Ok(parameters.put(name, kind.unwrap_or("String"), value, time::now())),
        }
    }?;
    let name = format!("the parameter {name}");
    cloud.world.record_event(EventKind::NoteWritten { service: "SSM", name, version });
    Ok(Node::map([("Version", Node::Integer(version as i64)), ("Tier", Node::text("Standard"))]))
}

/// The rules for names (docs/reference/aws.md#parameter-store).
fn check_name(name: &str) -> Result<(), AwsError> {
    let allowed = |sign: char| sign.is_ascii_alphanumeric() || "_.-/".contains(sign);
    let first = name.trim_start_matches('/').to_ascii_lowercase();
    match () {
        () if !name.chars().all(allowed) => {
            Err(validation("Parameter name: only a-z, A-Z, 0-9, and the symbols ._-/ are allowed."))
        }
        () if name.contains('/') && !name.starts_with('/') => {
            Err(validation("Parameter name must be a fully qualified name."))
        }
        () if first.starts_with("aws") || first.starts_with("ssm") => {
            Err(AwsError::new(400, "AccessDeniedException", "No access to reserved parameter name."))
        }
        () if name.matches('/').count() > 15 => Err(AwsError::new(
            400,
            "HierarchyLevelLimitExceededException",
            "A hierarchy can have a maximum of 15 levels.",
        )),
        () => Ok(()),
    }
}

fn delete(cloud: &Cloud, body: &Value) -> Result<Node, AwsError> {
    let name = name(body)?;
    let existed = cloud.parameters().delete(name);
    if existed { Ok(Node::map([])) } else { Err(not_found()) }
}
