//! Who called, and through which door, as far as Lambda tells it.

use holdfast_core::fault::{Limit, quoted_within};
use lambda_runtime::Context;

/// The door of a call without an alias: Lambda runs the same code for both.
const UNQUALIFIED: &str = "$LATEST";

/// Where a client context may name a person.
const CLAIMS: [&str; 4] = ["user", "name", "caller", "email"];

/// The alias or version through which the function was called.
pub fn door(context: &Context) -> &str {
    context.invoked_function_arn.split(':').nth(7).filter(|alias| !alias.is_empty()).unwrap_or(UNQUALIFIED)
}

/// Who called. Lambda tells nobody's name: CloudTrail has it beside the request id, where it records calls of functions.
/// What the caller says about itself is told as a claim.
pub fn caller(context: &Context) -> String {
    let mut told = format!("Lambda request {}", quoted_within(&context.request_id, Limit::Value));
    if let Some(claim) = claim(context) {
        told.push_str(&format!(", claims to be {claim:?}"));
    }
    if let Some(identity) = &context.identity {
        told.push_str(&format!(", Cognito identity {}", quoted_within(&identity.identity_id, Limit::Value)));
    }
    told.push_str(", whose caller CloudTrail names");
    quoted_within(&told, Limit::Caller)
}

/// What the client context says: anybody who may call can write anything into it.
pub fn claim(context: &Context) -> Option<String> {
    let client = context.client_context.as_ref()?;
    let custom = CLAIMS.iter().find_map(|name| client.custom.get(*name));
    let words = custom.unwrap_or(&client.client.app_title);
    let words = quoted_within(words, Limit::Value);
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn context(arn: &str, client: Option<Value>, identity: Option<Value>) -> Context {
        let mut context = Context::default();
        context.request_id = "6f2c1d3e-0001-5aaa-9bbb-000000000001".to_owned();
        context.invoked_function_arn = arn.to_owned();
        context.client_context = client.map(|client| serde_json::from_value(client).expect("a client context"));
        context.identity = identity.map(|identity| serde_json::from_value(identity).expect("an identity"));
        context
    }

    #[test]
    fn the_door_is_the_alias_in_the_arn() {
        let arn = "arn:aws:lambda:us-east-2:111122223333:function:dr-handler";
        for (arn, expected) in [
            (format!("{arn}:live"), "live"),
            (format!("{arn}:12"), "12"),
            (arn.to_owned(), "$LATEST"),
            (format!("{arn}:$LATEST"), "$LATEST"),
            (format!("{arn}:"), "$LATEST"),
            ("No header lambda-runtime-invoked-function-arn found.".to_owned(), "$LATEST"),
        ] {
            assert_eq!(door(&context(&arn, None, None)), expected, "{arn}");
        }
    }

    #[test]
    fn what_a_caller_says_about_itself_is_a_claim() {
        let told = caller(&context("", Some(json!({"custom": {"user": "alice", "x": "y"}})), None));
        assert!(told.contains("6f2c1d3e") && told.contains("claims to be \"alice\""), "{told}");
        assert!(told.contains("CloudTrail"), "{told}");
        let app = json!({"client": {"installation_id": "", "app_title": "drill", "app_version_name": "",
            "app_version_code": "", "app_package_name": ""}});
        assert!(caller(&context("", Some(app), None)).contains("claims to be \"drill\""));
        let told = caller(&context("", None, Some(json!({"identityId": "eu:1", "identityPoolId": "p"}))));
        assert!(told.contains("Cognito identity eu:1") && !told.contains("claims"), "{told}");
        assert!(!caller(&context("", Some(json!({"custom": {"user": "\u{200b} "}})), None)).contains("claims"));
    }

    #[test]
    fn the_account_of_a_caller_is_short_and_on_one_line() {
        let long = format!("eve\u{202e}\n{}", "x".repeat(100_000));
        let identity = json!({"identityId": "i".repeat(5000), "identityPoolId": "p"});
        let told = caller(&context("", Some(json!({"custom": {"name": long}})), Some(identity)));
        assert!(told.chars().count() <= 200 && !told.contains(['\n', '\u{202e}']), "{told}");
    }
}
