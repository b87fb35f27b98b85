//! Token reviews against the vectors of docs/reference/aws.md#eks-tokens, on which botocore and aws-sigv4 agree.

use super::*;

const URL: &str = "https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260101%2Fus-west-2%2Fsts%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id";
const PLAIN: &str = "8a16ff69737a21077b35a180c6dd88291b8938e24f18619221ea97cadf01313b";
const WITH_SESSION: &str = "042e882eb60ab4e8baff59f8f7e1c75d1cce3c77ebe1f55094c20c59e8e0ea77";
const INSTANT: i64 = 1_767_225_600;

fn policy() -> TokenPolicy {
    TokenPolicy {
        cluster_name: "demo-cluster".to_owned(),
        region: "us-west-2".to_owned(),
        access_key: "AKIDEXAMPLE".to_owned(),
        secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        user: "function".to_owned(),
        groups: vec!["dr-failover".to_owned()],
    }
}

fn token(url: &str) -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(url))
}

fn good_url() -> String {
    format!("{URL}&X-Amz-Signature={PLAIN}")
}

fn review_at(url: &str, seconds: i64, policy: &TokenPolicy) -> Result<Identity, TokenError> {
    review(&token(url), Timestamp::from_second(seconds).expect("in range"), policy)
}

#[test]
fn the_published_vectors_are_accepted() {
    let identity = review_at(&good_url(), INSTANT, &policy()).expect("accepted");
    assert_eq!(identity, Identity { user: "function".to_owned(), groups: vec!["dr-failover".to_owned()] });
    let session = format!("{URL}&X-Amz-Signature={WITH_SESSION}&X-Amz-Security-Token=SESSION%2FTOKEN%2B%3D%3D");
    review_at(&session, INSTANT, &policy()).expect("accepted with a session token");
}

#[test]
fn a_token_lives_for_fifteen_minutes_whatever_its_expiry_says() {
    assert!(review_at(&good_url(), INSTANT + 900, &policy()).is_ok());
    assert!(matches!(review_at(&good_url(), INSTANT + 901, &policy()), Err(TokenError::Expired(_))));
    assert!(matches!(review_at(&good_url(), INSTANT - 901, &policy()), Err(TokenError::Expired(_))));
}

#[test]
fn a_wrong_key_or_another_cluster_is_refused() {
    let other_secret = TokenPolicy { secret_key: "other".to_owned(), ..policy() };
    let other_cluster = TokenPolicy { cluster_name: "other".to_owned(), ..policy() };
    let other_key = TokenPolicy { access_key: "AKIDOTHER".to_owned(), ..policy() };
    for policy in [other_secret, other_cluster, other_key] {
        assert!(matches!(review_at(&good_url(), INSTANT, &policy), Err(TokenError::Signature(_))));
    }
}

#[test]
fn a_url_that_is_not_the_expected_call_is_refused() {
    let good = good_url();
    let changes = [
        ("https:", "http:"),
        ("sts.us-west-2.amazonaws.com", "127.0.0.1:8080"),
        ("sts.us-west-2.amazonaws.com", "sts.amazonaws.com"),
        ("com/?", "com/path?"),
        ("GetCallerIdentity", "AssumeRole"),
        ("Version=2011-06-15", "Version=2011-06-15&Extra=1"),
        ("Version=2011-06-15", "Version=2011-06-15&version=2011-06-15"),
        ("Expires=60", "Expires=901"),
        ("Expires=60", "Expires=-1"),
        ("host%3Bx-k8s-aws-id", "host"),
        ("X-Amz-Date=20260101T000000Z", "X-Amz-Date=now"),
    ];
    for (from, to) in changes {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good);
        let error = review_at(&changed, INSTANT, &policy()).expect_err(to);
        assert!(!matches!(error, TokenError::Signature(_)), "{to} must fail before the signature, got {error}");
    }
}

#[test]
fn a_token_that_is_no_token_is_refused() {
    let now = Timestamp::from_second(INSTANT).expect("in range");
    let long = format!("{PREFIX}{}", "a".repeat(4096));
    for text in ["", "k8s-aws-v1.", "k8s-aws-v1.%%%", "Bearer x", long.as_str()] {
        assert!(review(text, now, &policy()).is_err(), "{text}");
    }
}
