//! A request as an AWS SDK sends it: which service and operation, who signed it, for which region.

use std::collections::BTreeMap;

use axum::body::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method};

/// The services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Route53,
    CloudWatch,
    Ssm,
    Eks,
    Sts,
    Sns,
    Lambda,
    Unknown,
}

impl Service {
    /// The prefix of IAM actions and call names.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Route53 => "route53",
            Self::CloudWatch => "cloudwatch",
            Self::Ssm => "ssm",
            Self::Eks => "eks",
            Self::Sts => "sts",
            Self::Sns => "sns",
            Self::Lambda => "lambda",
            Self::Unknown => "unknown",
        }
    }
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// REST-XML of Route 53.
    RestXml,
    /// RPC v2 CBOR.
    Cbor,
    /// AWS JSON 1.0.
    Json10,
    /// AWS JSON 1.1.
    Json11,
    /// REST-JSON of EKS and Lambda.
    RestJson,
    /// Query (form in, XML out) of STS and SNS.
    Query,
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct AwsRequest {
    pub(crate) service: Service,
    pub(crate) operation: String,
    pub(crate) protocol: Protocol,
    /// Access key id and region of the signature's scope; `None` when the call is not signed.
    pub(crate) scope: Option<(String, String)>,
    pub(crate) session: Option<String>,
    /// The parts of the path after the API version, such as `["healthcheck", "ID"]`.
    pub(crate) path: Vec<String>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

const ROUTE53_PREFIX: &str = "/2013-04-01/";
const LAMBDA_PREFIX: &str = "/2015-03-31/functions/";
const CLOUDWATCH_PREFIX: &str = "/service/GraniteServiceVersion20100801/operation/";

impl AwsRequest {
    /// Reads a request; what cannot be placed becomes an unknown operation.
    pub(crate) fn read(head: &Parts, body: Bytes) -> Self {
        let path = head.uri.path();
        let target = header(&head.headers, "x-amz-target").unwrap_or_default();
        let rest = path.strip_prefix(ROUTE53_PREFIX).unwrap_or(path.trim_start_matches('/'));
        let parts: Vec<String> = rest.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let query = form(head.uri.query().unwrap_or_default());
        let (service, operation, protocol) = if path.starts_with(ROUTE53_PREFIX) {
            (Service::Route53, route53_operation(&head.method, &parts), Protocol::RestXml)
        } else if let Some(operation) = path.strip_prefix(CLOUDWATCH_PREFIX) {
            (Service::CloudWatch, operation.to_owned(), Protocol::Cbor)
        } else if let Some(operation) = target.strip_prefix("GraniteServiceVersion20100801.") {
            (Service::CloudWatch, operation.to_owned(), Protocol::Json10)
        } else if let Some(operation) = target.strip_prefix("AmazonSSM.") {
            (Service::Ssm, operation.to_owned(), Protocol::Json11)
        } else if path.starts_with(LAMBDA_PREFIX) && path.ends_with("/invocations") && head.method == Method::POST {
            (Service::Lambda, "Invoke".to_owned(), Protocol::RestJson)
        } else if parts.first().is_some_and(|part| part == "clusters") {
            (Service::Eks, eks_operation(&head.method, &parts), Protocol::RestJson)
        } else {
            query_operation(&query, &body)
        };
        let session = header(&head.headers, "x-amz-security-token").map(str::to_owned);
        Self {
            service,
            operation,
            protocol,
            scope: scope(&head.headers),
            session,
            path: parts,
            query,
            headers: head.headers.clone(),
            body,
        }
    }

    /// The name in the log, in fault rules and in IAM policies.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.service.prefix(), self.operation)
    }

    /// The fields of a form, as the query protocol sends them.
    pub(crate) fn form(&self) -> BTreeMap<String, String> {
        form(std::str::from_utf8(&self.body).unwrap_or_default())
    }

    /// A header's text; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        header(&self.headers, name).unwrap_or_default()
    }

    /// Region of the signature's scope; empty when the call is not signed.
    pub(crate) fn region(&self) -> &str {
        self.scope.as_ref().map_or("", |(_, region)| region)
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, ...`
fn scope(headers: &HeaderMap) -> Option<(String, String)> {
    let (_, rest) = header(headers, "authorization")?.split_once("Credential=")?;
    let mut parts = rest.split([',', ' ']).next()?.split('/');
    let key = parts.next()?;
    let region = parts.nth(1)?;
    Some((key.to_owned(), region.to_owned()))
}

fn route53_operation(method: &Method, path: &[String]) -> String {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let name = match (method.as_str(), path.as_slice()) {
        ("GET", ["healthcheck"]) => "ListHealthChecks",
        ("POST", ["healthcheck"]) => "CreateHealthCheck",
        ("GET", ["healthcheck", _]) => "GetHealthCheck",
        ("POST", ["healthcheck", _]) => "UpdateHealthCheck",
        ("DELETE", ["healthcheck", _]) => "DeleteHealthCheck",
        ("GET", ["healthcheck", _, "status"]) => "GetHealthCheckStatus",
        ("GET", ["healthcheck", _, "lastfailurereason"]) => "GetHealthCheckLastFailureReason",
        ("GET", ["healthcheckcount"]) => "GetHealthCheckCount",
        ("GET", ["tags", "healthcheck", _]) => "ListTagsForResource",
        ("POST", ["tags", "healthcheck", _]) => "ChangeTagsForResource",
        _ => "Unknown",
    };
    name.to_owned()
}

fn eks_operation(method: &Method, path: &[String]) -> String {
    let name = match (method.as_str(), path.len()) {
        ("GET", 1) => "ListClusters",
        ("GET", 2) => "DescribeCluster",
        _ => "Unknown",
    };
    name.to_owned()
}

fn query_operation(query: &BTreeMap<String, String>, body: &[u8]) -> (Service, String, Protocol) {
    let body = form(std::str::from_utf8(body).unwrap_or_default());
    match query.get("Action").or_else(|| body.get("Action")) {
        Some(action) if action == "GetCallerIdentity" => (Service::Sts, action.clone(), Protocol::Query),
        Some(action) if action == "Publish" => (Service::Sns, action.clone(), Protocol::Query),
        Some(action) => (Service::Unknown, action.clone(), Protocol::Query),
        None => (Service::Unknown, "Unknown".to_owned(), Protocol::Json11),
    }
}

/// The pairs of a query or a form.
fn form(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

/// Percent decoding; what is not UTF-8 afterwards is replaced.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%').then(|| tail.get(..2)).flatten().and_then(|two| hex::decode(two).ok());
        bytes.push(escaped.as_ref().map_or(*first, |byte| byte[0]));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(request: http::request::Builder, body: &'static str) -> AwsRequest {
        let (head, ()) = request.body(()).expect("request").into_parts();
        AwsRequest::read(&head, Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn the_services_are_told_apart_by_path_and_target() {
        let name = |request: http::request::Builder| read(request, "").name();
        assert_eq!(name(http::Request::get("/2013-04-01/healthcheck/x/status")), "route53:GetHealthCheckStatus");
        assert_eq!(
            name(http::Request::post("/service/GraniteServiceVersion20100801/operation/GetMetricData")),
            "cloudwatch:GetMetricData"
        );
        assert_eq!(name(http::Request::post("/").header("x-amz-target", "AmazonSSM.PutParameter")), "ssm:PutParameter");
        assert_eq!(name(http::Request::get("/clusters/standby")), "eks:DescribeCluster");
        assert_eq!(
            read(http::Request::post("/"), "Action=GetCallerIdentity&Version=2011-06-15").name(),
            "sts:GetCallerIdentity"
        );
    }

    #[test]
    fn the_scope_of_the_signature_names_key_and_region() {
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=00";
        let request = read(http::Request::post("/").header("authorization", authorization), "");
        assert_eq!(request.scope, Some(("AKIDEXAMPLE".to_owned(), "us-east-1".to_owned())));
    }

    #[test]
    fn escapes_in_a_path_are_undone() {
        assert_eq!(decode("a%2Fb%zz%"), "a/b%zz%");
    }
}
