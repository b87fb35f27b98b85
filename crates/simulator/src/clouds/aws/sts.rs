//! STS: who is calling. Enough for `aws sts get-caller-identity`; tokens for EKS are checked by the cluster itself.

use http::StatusCode;

use super::alarm::ACCOUNT;
use super::error::AwsError;
use super::request::AwsRequest;
use super::route53_xml::Element;
use super::{Cloud, Outcome};

pub(super) fn answer(_cloud: &Cloud, request: &AwsRequest) -> Outcome {
    let (key, _) = request
        .scope
        .as_ref()
        .ok_or_else(|| AwsError::new(403, "MissingAuthenticationToken", "Missing Authentication Token"))?;
    let identity = Element::new("GetCallerIdentityResult")
        .text("Arn", format!("arn:aws:sts::{ACCOUNT}:assumed-role/simulated/{key}"))
        .text("UserId", format!("AROASIMULATED:{key}"))
        .text("Account", ACCOUNT);
    let metadata = Element::new("ResponseMetadata").text("RequestId", "00000000-0000-4000-8000-000000000000");
    let root = Element::new("GetCallerIdentityResponse")
        .namespace(Some("https://sts.amazonaws.com/doc/2011-06-15/"))
        .child(identity)
        .child(metadata);
    Ok(root.response(StatusCode::OK))
}
