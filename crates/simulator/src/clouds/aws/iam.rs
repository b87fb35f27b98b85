//! Who may do what: known access keys, and the IAM policy that ships with the function.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde::Deserialize;

use super::error::AwsError;
use super::request::{AwsRequest, Protocol, Service};
use crate::shipped;

/// What is deployed beside it where the function tells people by a topic.
const TOPIC_POLICY: &str = include_str!("../../../../../infra/aws/policy-topic.json");

/// The policy that is deployed with the function; its placeholders are explained in `infra/aws/README.md`.
const SHIPPED_POLICY: &str = include_str!("../../../../../infra/aws/policy.json");

/// A pair of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Access key id.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: String,
    /// Session token; `None` for long-lived keys.
    pub session_token: Option<String>,
}

/// A call that the policy did not allow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denied {
    /// Such as `route53:DeleteHealthCheck`.
    pub action: String,
    /// ARN, or `*`.
    pub resource: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    statement: Vec<Statement>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: String,
    effect: String,
    action: OneOrMany,
    resource: OneOrMany,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn any(&self, fits: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::One(one) => fits(one),
            Self::Many(many) => many.iter().any(|one| fits(one)),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(many) => many.len(),
        }
    }
}

/// The judge of every AWS call.
pub struct Authority {
    function_key: String,
    admin_key: String,
    policy: Policy,
    /// Statement id and action of every call of the function that was allowed.
    used: Mutex<BTreeSet<(String, String)>>,
    denied: Mutex<BTreeSet<Denied>>,
}

impl Authority {
    /// Reads the shipped policy with these values for its placeholders.
    ///
    /// # Errors
    /// When the policy is no policy, or a placeholder stays without a value.
    pub(crate) fn new(function_key: &str, admin_key: &str, values: &BTreeMap<&str, String>) -> Result<Self, String> {
        let mut policy: Policy = shipped::read(SHIPPED_POLICY, values)?;
        policy.statement.extend(shipped::read::<Policy>(TOPIC_POLICY, values)?.statement);
        let (used, denied) = (Mutex::default(), Mutex::default());
        Ok(Self { function_key: function_key.to_owned(), admin_key: admin_key.to_owned(), policy, used, denied })
    }

    /// Lets a call pass, or refuses it as AWS does.
    pub(crate) fn admit(&self, request: &AwsRequest, resource: &str) -> Result<(), AwsError> {
        let Some((key, _)) = &request.scope else {
            return Err(AwsError::new(403, "MissingAuthenticationToken", "Missing Authentication Token"));
        };
        if *key == self.admin_key || (*key == self.function_key && self.allows(&request.name(), resource)) {
            return Ok(());
        }
        if *key != self.function_key {
            return Err(unknown_key(request.protocol));
        }
        let action = request.name();
        let message = format!(
            "User: arn:aws:sts::111122223333:assumed-role/dr-failover/function is not authorized to perform: {action} on resource: {resource}"
        );
        self.denied
            .lock()
            .expect("no code panics while it holds this lock")
            .insert(Denied { action, resource: resource.to_owned() });
        let code = if request.service == Service::Route53 { "AccessDenied" } else { "AccessDeniedException" };
        // JSON protocols answer 400 with this code, REST and query ones 403.
        Err(AwsError::new(if request.service == Service::Ssm { 400 } else { 403 }, code, &message))
    }

    /// GetCallerIdentity needs no permission (docs/reference/aws.md#eks-permissions).
    fn allows(&self, action: &str, resource: &str) -> bool {
        let fits = |statement: &&Statement| {
            statement.effect == "Allow"
                && statement.action.any(|allowed| wild(allowed, action))
                && statement.resource.any(|allowed| wild(allowed, resource))
        };
        let Some(statement) = self.policy.statement.iter().find(fits) else { return action == "sts:GetCallerIdentity" };
        self.used
            .lock()
            .expect("no code panics while it holds this lock")
            .insert((statement.sid.clone(), action.to_owned()));
        true
    }

    /// Statement id and action of every kind of call that the function made and was allowed.
    pub fn used(&self) -> BTreeSet<(String, String)> {
        self.used.lock().expect("no code panics while it holds this lock").clone()
    }

    /// Every kind of call that the function made and was not allowed.
    pub fn denied(&self) -> BTreeSet<Denied> {
        self.denied.lock().expect("no code panics while it holds this lock").clone()
    }

    /// Ids of the statements, and how many actions each allows: to be compared with what was used.
    pub fn statements(&self) -> BTreeMap<String, usize> {
        self.policy.statement.iter().map(|statement| (statement.sid.clone(), statement.action.len())).collect()
    }
}

fn unknown_key(protocol: Protocol) -> AwsError {
    let code = if matches!(protocol, Protocol::RestXml | Protocol::Query) {
        "InvalidClientTokenId"
    } else {
        "UnrecognizedClientException"
    };
    AwsError::new(403, code, "The security token included in the request is invalid.")
}

/// IAM's pattern: `*` stands for any text.
fn wild(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text
            .strip_prefix(head)
            .is_some_and(|tail| (0..=tail.len()).any(|at| tail.is_char_boundary(at) && wild(rest, &tail[at..]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_in_a_policy_stands_for_any_text() {
        assert!(wild("*", "arn:aws:eks:us-west-2:1:cluster/x"));
        assert!(wild("arn:*:cluster/x", "arn:aws:eks:us-west-2:1:cluster/x"));
        assert!(!wild("arn:*:cluster/x", "arn:aws:eks:us-west-2:1:cluster/y"));
        assert!(!wild("ssm:GetParameter", "ssm:GetParameters"));
    }

    #[test]
    fn a_placeholder_without_a_value_is_found() {
        let error = Authority::new("f", "a", &BTreeMap::new()).err().expect("refused");
        assert!(error.starts_with("no value for ${"), "{error}");
    }
}
