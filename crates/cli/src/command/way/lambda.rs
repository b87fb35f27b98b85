//! A signed call of a function on AWS Lambda (docs/reference/aws.md).

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::{self, signing_params},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use holdfast_http::{Client, Wanted};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::{Environment, LONGEST, credentials, person, reply};
use crate::command::{args::Errand, exit::Stopped};

/// A function on Lambda.
pub struct Lambda {
    client: Client,
    arn: Arn,
    endpoint: String,
    credentials: Credentials,
    person: String,
    wait: Duration,
}

/// The parts of a function's ARN that a call needs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Arn {
    whole: String,
    partition: String,
    region: String,
    name: String,
}

impl Arn {
    fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition, "lambda", region, _, "function", name, ..] = parts.as_slice() else { return None };
        let plain =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_$".contains(c));
        let is_one = parts.len() <= 8 && parts.iter().skip(1).all(|part| plain(part));
        is_one.then(|| Self {
            whole: text.to_owned(),
            partition: (*partition).to_owned(),
            region: (*region).to_owned(),
            name: (*name).to_owned(),
        })
    }

    fn endpoint(&self) -> String {
        let suffix = match self.partition.as_str() {
            "aws-cn" => "amazonaws.com.cn",
            "aws-eusc" => "amazonaws.eu",
            _ => "amazonaws.com",
        };
        format!("https://lambda.{}.{suffix}", self.region)
    }
}

impl Lambda {
    /// The function of this ARN, called with the keys of `profile`.
    ///
    /// # Errors
    /// In one line: no ARN of a function, or no keys.
    pub async fn open(
        client: Client,
        arn: &str,
        profile: Option<&str>,
        wait: Duration,
        environment: &Environment,
    ) -> Result<Self, Stopped> {
        let arn = Arn::read(arn)
            .ok_or_else(|| Stopped::usage(format!("function.lambda.arn: {arn:?} is no ARN of a function on Lambda")))?;
        let moved = ["AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL"].iter().find_map(|name| environment.get(*name));
        let endpoint = moved.map(|url| url.trim_end_matches('/').to_owned()).unwrap_or_else(|| arn.endpoint());
        let credentials = credentials::of_person(profile, &arn.region).await?;
        Ok(Self { client, arn, endpoint, credentials, person: person(environment), wait })
    }

    /// Where it is, and with which key it is called.
    pub fn describe(&self) -> String {
        format!("function {} in {}, key {}", self.arn.name, self.arn.region, self.credentials.access_key_id())
    }

    /// Calls it and waits for its answer.
    ///
    /// # Errors
    /// In one line.
    pub async fn ask(&self, errand: &Errand) -> Result<Value, Stopped> {
        let request = self.request(errand.payload().to_string())?;
        let asked = self.client.pooled(request, Wanted::Body { longest: LONGEST });
        let failed = |why: String| Stopped::unreached(format!("the {} could not be asked: {why}", self.describe()));
        let answer = tokio::time::timeout(self.wait, asked)
            .await
            .map_err(|_| failed(format!("no answer within {} s", self.wait.as_secs())))?
            .map_err(|failure| failed(holdfast_core::fault::with_causes(&failure)))?;
        self.read(&answer)
    }

    fn read(&self, answer: &Response<Bytes>) -> Result<Value, Stopped> {
        let document: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let said = |name: &str| document[name].as_str().map(reply::cut);
        if answer.status() != StatusCode::OK {
            let code = answer.headers().get("x-amzn-errortype").and_then(|code| code.to_str().ok());
            let code = code.and_then(|code| code.split(':').next()).unwrap_or("no code");
            let why = said("Message").or_else(|| said("message")).unwrap_or_default();
            let status = answer.status().as_u16();
            let hint = match answer.status() {
                StatusCode::FORBIDDEN => "; these credentials may not call it (lambda:InvokeFunction)",
                StatusCode::NOT_FOUND => "; look at function.lambda.arn in the site file",
                _ => "",
            };
            let why = format!("the {} was not called: HTTP {status}, {code} {why}{hint}", self.describe());
            return Err(Stopped::unreached(reply::cut(&why)));
        }
        if answer.headers().contains_key("x-amz-function-error") {
            let (kind, why) = (said("errorType").unwrap_or_default(), said("errorMessage").unwrap_or_default());
            return Err(match kind.as_str() {
                "Holdfast.Configuration" => reply::misconfigured(&why),
                _ => Stopped::unreached(format!("the {} failed: {kind} {why}", self.describe())),
            });
        }
        Ok(document)
    }

    fn request(&self, body: String) -> Result<Request<Bytes>, Stopped> {
        let defect = |why: String| Stopped::ours(format!("the call cannot be signed: {why}"));
        let uri = format!("{}/2015-03-31/functions/{}/invocations", self.endpoint, encoded(&self.arn.whole));
        let context = STANDARD.encode(json!({"custom": {"user": self.person}}).to_string());
        let headers = [("content-type", "application/json"), ("x-amz-client-context", context.as_str())];
        let identity = self.credentials.clone().into();
        #[allow(clippy::disallowed_methods, reason = "AWS goes by the wall clock")]
        let now = SystemTime::now();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.arn.region)
            .name("lambda")
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .map_err(|error: signing_params::BuildError| defect(error.to_string()))?;
        let signable = SignableRequest::new("POST", &uri, headers.into_iter(), SignableBody::Bytes(body.as_bytes()))
            .map_err(|error| defect(error.to_string()))?;
        let (instructions, _) = sign(signable, &params.into()).map_err(|error| defect(error.to_string()))?.into_parts();
        let mut request = Request::post(&uri);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut request = request.body(Bytes::from(body)).map_err(|error| defect(error.to_string()))?;
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}

/// An ARN as a part of a path.
fn encoded(arn: &str) -> String {
    arn.replace(':', "%3A").replace('$', "%24")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_found_by_its_arn_in_every_partition() {
        let endpoint = |arn: &str| Arn::read(arn).map(|arn| arn.endpoint());
        let of = |partition: &str, region: &str| format!("arn:{partition}:lambda:{region}:111122223333:function:dr");
        assert_eq!(endpoint(&of("aws", "us-east-2")).as_deref(), Some("https://lambda.us-east-2.amazonaws.com"));
        assert_eq!(
            endpoint(&of("aws-cn", "cn-north-1")).as_deref(),
            Some("https://lambda.cn-north-1.amazonaws.com.cn")
        );
        assert!(endpoint(&format!("{}:live", of("aws", "us-east-2"))).is_some());
        for wrong in
            ["", "dr", "arn:aws:s3:::bucket", "arn:aws:lambda:us-east-2:1:function:a/b", "arn:aws:lambda::1:function:f"]
        {
            assert_eq!(endpoint(wrong), None, "{wrong}");
        }
    }
}
