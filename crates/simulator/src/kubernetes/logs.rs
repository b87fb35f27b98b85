//! Pod logs as `pods/log` gives them.

use serde_json::Value;

use super::clock;
use super::cluster::State;
use super::failure::Failure;
use super::kinds::Kind;
use super::request::RequestInfo;
use super::store::Key;

/// The log of a pod up to now. `tailLines` and `limitBytes` are heeded; `follow` ends at once.
pub(super) fn read(state: &State, kind: &Kind, info: &RequestInfo) -> Result<String, Failure> {
    let pod = state
        .store
        .get(&Key::new(kind, &info.namespace, &info.name))
        .ok_or_else(|| Failure::not_found(kind, &info.name))?;
    let container = container_of(pod, info)?;
    if info.flag("previous") {
        let message = format!("previous terminated container \"{container}\" in pod \"{}\" not found", info.name);
        return Err(Failure::bad_request(message));
    }
    let Some(lines) = state.logs.get(pod["metadata"]["uid"].as_str().unwrap_or_default()) else {
        let message =
            format!("container \"{container}\" in pod \"{}\" is waiting to start: ContainerCreating", info.name);
        return Err(Failure::bad_request(message));
    };
    let now = clock::now();
    let written: Vec<&str> = lines.iter().filter(|(at, _)| *at <= now).map(|(_, line)| line.as_str()).collect();
    let number = |name: &str| info.query.get(name).and_then(|text| text.parse::<usize>().ok());
    let skip = number("tailLines").map_or(0, |tail| written.len().saturating_sub(tail));
    let mut text: String = written[skip..].iter().map(|line| format!("{line}\n")).collect();
    if let Some(limit) = number("limitBytes") {
        text.truncate(text.floor_char_boundary(limit));
    }
    Ok(text)
}

fn container_of(pod: &Value, info: &RequestInfo) -> Result<String, Failure> {
    let names = |list: &str| pod["spec"][list].as_array().cloned().unwrap_or_default();
    let containers: Vec<Value> = names("containers");
    match info.query.get("container") {
        None => Ok(containers.first().and_then(|first| first["name"].as_str()).unwrap_or_default().to_owned()),
        Some(wanted) if containers.iter().chain(&names("initContainers")).any(|one| one["name"] == wanted.as_str()) => {
            Ok(wanted.clone())
        }
        Some(wanted) => {
            let message = format!("container {wanted} is not valid for pod {}", info.name);
            Err(Failure::bad_request(message))
        }
    }
}
