//! A call taken apart: which service and operation, in which region.
//!
//! All services are on one port. What tells them apart in the cloud, the host, stands in front of the path here: `/REGION/...`. A client
//! that only knows how to name a host leaves the region out and is in the standby's.

use std::collections::BTreeMap;

use axum::body::Bytes;
use http::{HeaderMap, Method, request::Parts};

use super::STANDBY_REGION;

/// What is asked, with the OCID of what it is asked of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    GetSteeringPolicy(String),
    UpdateSteeringPolicy(String),
    SummarizeMetricsData,
    ListAlarms,
    GetAlarm(String),
    GetHttpMonitor(String),
    ListHttpProbeResults(String),
    GetCluster(String),
    CreateKubeconfig(String),
    InvokeFunction(String),
    PublishMessage(String),
    Unknown,
}

/// A call.
#[derive(Debug)]
pub(crate) struct OciRequest {
    pub(crate) method: Method,
    /// Path and query as they came over the wire: they are signed.
    pub(crate) target: String,
    pub(crate) region: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) operation: Operation,
}

impl OciRequest {
    pub(crate) fn read(head: &Parts, body: Bytes) -> Self {
        let mut path: Vec<&str> = head.uri.path().split('/').filter(|part| !part.is_empty()).collect();
        let region = match path.first() {
            Some(first) if !first.starts_with(|c: char| c.is_ascii_digit()) => path.remove(0),
            _ => STANDBY_REGION,
        };
        let pairs = head.uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        Self {
            operation: operation(&head.method, &path),
            method: head.method.clone(),
            target: head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
            region: region.to_owned(),
            query: pairs.map(|(name, value)| (decoded(name), decoded(value))).collect(),
            headers: head.headers.clone(),
            body,
        }
    }

    /// Name in the log and in fault rules: the service, and the operation as the API reference names it.
    pub(crate) fn name(&self) -> String {
        match &self.operation {
            Operation::GetSteeringPolicy(_) => "dns:GetSteeringPolicy",
            Operation::UpdateSteeringPolicy(_) => "dns:UpdateSteeringPolicy",
            Operation::SummarizeMetricsData => "monitoring:SummarizeMetricsData",
            Operation::ListAlarms => "monitoring:ListAlarms",
            Operation::GetAlarm(_) => "monitoring:GetAlarm",
            Operation::GetHttpMonitor(_) => "healthchecks:GetHttpMonitor",
            Operation::ListHttpProbeResults(_) => "healthchecks:ListHttpProbeResults",
            Operation::GetCluster(_) => "containerengine:GetCluster",
            Operation::CreateKubeconfig(_) => "containerengine:CreateKubeconfig",
            Operation::InvokeFunction(_) => "functions:InvokeFunction",
            Operation::PublishMessage(_) => "notifications:PublishMessage",
            Operation::Unknown => return format!("oci:{} {}", self.method, self.target),
        }
        .to_owned()
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

fn operation(method: &Method, path: &[&str]) -> Operation {
    let get = *method == Method::GET;
    match path {
        ["20180115", "steeringPolicies", id] if get => Operation::GetSteeringPolicy((*id).to_owned()),
        ["20180115", "steeringPolicies", id] if *method == Method::PUT => {
            Operation::UpdateSteeringPolicy((*id).to_owned())
        }
        ["20180401", "metrics", "actions", "summarizeMetricsData"] if *method == Method::POST => {
            Operation::SummarizeMetricsData
        }
        ["20180401", "alarms"] if get => Operation::ListAlarms,
        ["20180401", "alarms", id] if get => Operation::GetAlarm((*id).to_owned()),
        ["20180501", "httpMonitors", id] if get => Operation::GetHttpMonitor((*id).to_owned()),
        ["20180501", "httpProbeResults", id] if get => Operation::ListHttpProbeResults((*id).to_owned()),
        ["20180222", "clusters", id] if get => Operation::GetCluster((*id).to_owned()),
        ["20180222", "clusters", id, "kubeconfig", "content"] if *method == Method::POST => {
            Operation::CreateKubeconfig((*id).to_owned())
        }
        ["20181201", "functions", id, "actions", "invoke"] if *method == Method::POST => {
            Operation::InvokeFunction((*id).to_owned())
        }
        ["20181201", "topics", id, "messages"] if *method == Method::POST => {
            Operation::PublishMessage((*id).to_owned())
        }
        _ => Operation::Unknown,
    }
}

/// Undoes the encoding of a form: `+` and `%41`. What is no encoding stays.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let escaped = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        at += if escaped.is_some() { 3 } else { 1 };
        out.push(escaped.unwrap_or(if *byte == b'+' { b' ' } else { *byte }));
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, uri: &str) -> OciRequest {
        let (head, ()) = http::Request::builder().method(method).uri(uri).body(()).expect("a request").into_parts();
        OciRequest::read(&head, Bytes::new())
    }

    #[test]
    fn the_region_in_front_of_the_path_may_be_left_out() {
        for (uri, region) in [
            ("/us-ashburn-1/20180115/steeringPolicies/p?scope=GLOBAL", "us-ashburn-1"),
            ("/20180115/steeringPolicies/p", STANDBY_REGION),
        ] {
            let request = read("GET", uri);
            assert_eq!(request.operation, Operation::GetSteeringPolicy("p".to_owned()));
            assert_eq!((request.region.as_str(), request.target.as_str()), (region, uri));
        }
    }

    #[test]
    fn an_operation_has_its_method_and_its_path() {
        assert_eq!(read("PUT", "/20180115/steeringPolicies/p").name(), "dns:UpdateSteeringPolicy");
        assert_eq!(read("DELETE", "/20180115/steeringPolicies/p").operation, Operation::Unknown);
        assert_eq!(read("GET", "/20180401/metrics/actions/summarizeMetricsData").operation, Operation::Unknown);
        assert_eq!(
            read("POST", "/r/20180222/clusters/c/kubeconfig/content").name(),
            "containerengine:CreateKubeconfig"
        );
    }

    #[test]
    fn forms_are_decoded_and_what_is_none_stays() {
        assert_eq!(decoded("a+b%3D%22%C3%A9"), "a b=\"é");
        assert_eq!(decoded("100%"), "100%");
    }
}
