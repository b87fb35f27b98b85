//! What must be masked, what must stay readable, and that nothing is seen of what cannot be seen.

use proptest::prelude::*;

use super::*;

fn all(text: &str) -> String {
    shown(text, LONGEST_READ)
}

/// Credentials as they are quoted, each with the part that must not be seen.
const CREDENTIALS: [(&str, &str); 38] = [
    ("Unauthorized: Bearer k8s-aws-v1.aHR0cHM6Ly9zdHMuYW1hem9uYXdzLmNvbQ", "aHR0"),
    ("invalid bearer token: eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", "c2ln"),
    ("error=invalid_token,token=eyJhbGciOiJSUzI1NiJ9.e30.abc", "e30"),
    ("the token \"secret-token-123\" is not known", "secret-token-123"),
    ("the token secret-token-123 is not known", "secret-token-123"),
    ("token opaqueandveryverylongword is not known", "opaque"),
    ("Authorization: Bearer hunter", "hunter"),
    ("authorization: Basic aHVudGVyOnR3bw==", "aHVud"),
    ("{\"access_token\": \"hunter\", \"expires_in\": 3599}", "hunter"),
    ("{\\\"password\\\":\\\"hunter two\\\"}", "hunter"),
    ("password: hunter", "hunter"),
    ("client_secret = hunter&scope=x", "hunter"),
    ("GET /?sv=2024-11-04&sig=aHVudGVy%2Bdg%3D&se=2026 failed", "aHVud"),
    ("https://sts.amazonaws.com/?X-Amz-Signature=0123abcdef&Action=X", "0123abcdef"),
    ("?X-Amz-Security-Token=IQoJb3JpZ2luX2VjEXAMPLE&x=1", "IQoJ"),
    ("X-Amz-Security-Token%3DIQoJb3JpZ2lu", "IQoJ"),
    ("AccountKey=aHVudGVy;EndpointSuffix=core.windows.net", "aHVud"),
    ("Signature='hunter', rest", "hunter"),
    ("the key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY is wrong", "K7MDENG"),
    ("session IQoJb3JpZ2luX2VjEDoaCXVzLWVhc3QtMSJHMEUCIQDTz0 is over", "JpZ2lu"),
    ("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "mnop"),
    ("credential AKIAIOSFODNN7EXAMPLE/20260101/us-east-1", "IOSFODNN"),
    ("ASIAIOSFODNN7EXAMPLE is not known", "IOSFODNN"),
    ("see ya29.a0AfB_by-hunter-hunter", "hunter"),
    ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "16C7"),
    ("eyJhbGci\u{200b}OiJSUzI1NiJ9.e30.hunter", "hunter"),
    ("proxy https://user:hunter2@proxy:3128 refused", "hunter2"),
    ("http://hunter2@proxy/ refused", "hunter2"),
    ("https://user:hun@ter2@proxy:3128", "ter2"),
    ("\"https://u:hunter2@p\"", "hunter2"),
    ("api key 0123456789abcdef0123456789abcdef01234567 is revoked", "89abcdef"),
    ("API-Key 0123456789abcdef0123456789abcdef is revoked", "89abcdef"),
    ("the key '0123456789abcdef0123456789abcdef'", "89abcdef"),
    ("glpat-xYz12345678901234567", "xYz1"),
    ("glrt-xyz12345678901234567", "xyz1"),
    ("pass: hunter2", "hunter2"),
    ("user: me, pass = hunter", "hunter"),
    ("{\"pass\": \"hunter\"}", "hunter"),
];

#[test]
fn no_credential_is_seen_however_it_is_quoted() {
    for (text, hidden) in CREDENTIALS {
        let said = all(text);
        assert!(!said.contains(hidden), "{text} -> {said}");
        assert!(said.contains(MASK), "{text} -> {said}");
    }
}

#[test]
fn a_credential_is_masked_wherever_it_stands_and_however_far_it_is_cut() {
    let token = format!("k8s-aws-v1.{}", "aHR0cHM6Ly9zdHM".repeat(20));
    for before in [0, 10, 280, 295, 4000, 4085, 4095] {
        let text = format!("{} {token} {token}", "x".repeat(before));
        let said = shown(&text, 300);
        assert!(!said.contains("aHR0"), "{before}: {said}");
    }
    // Masks are shorter than what they replace, so the end of what is read may be shown.
    let jwt = format!("eyJ{}", "hbGciOiJ".repeat(600));
    assert_eq!(shown(&format!("{jwt} eyJhbGciOiJSUzI1NiJ9"), 300), MASK);
    let first = &jwt.chars().take(LONGEST_READ - 20).collect::<String>();
    assert_eq!(shown(&format!("{first} Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3"), 300), "[masked] ");
}

#[test]
fn what_a_person_needs_to_find_the_cause_stays_readable() {
    let readable = [
        "User: arn:aws:sts::111122223333:assumed-role/HoldfastFailoverFunctionRole-us-east-2/holdfast-7 is not authorized",
        "deployments.apps \"humio-operator\" is forbidden: User \"system:serviceaccount:logging:holdfast\" cannot patch \
         resource \"deployments/scale\" in API group \"apps\" in the namespace \"logging\"",
        "secrets \"logscale-s3-encryption-key\" not found",
        "secret \"logscale-ca-keypair\" not found",
        "/subscriptions/12345678-90ab-cdef-1234-567890abcdef/resourceGroups/rg-DR2/providers/Microsoft.Network/x",
        "the server could not find the requested resource (get humioclusters.core.humio.com logscale-Standby-2)",
        "ExpiredToken: The security token included in the request is expired",
        "invalid bearer token: expired",
        "Operation cannot be fulfilled on leases.coordination.k8s.io \"holdfast\": the object has been modified",
        "arn:aws:sts::1:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/Jane.Doe",
        "status code: 403, request id: 1b206dfc-f80e-4e06-9bf9-3c5b2dc1a4b1",
        "GET https://logs.example.com:443/api/v1/status?x=a@b failed",
        "the primary key customer-7 is missing; key logscale-s3-encryption-key not found",
        "KMS key 1b206dfc-f80e-4e06-9bf9-3c5b2dc1a4b1 is disabled",
        "a bypass is in place: see https://docs.example.com/a@2",
    ];
    for text in readable {
        assert_eq!(all(text), text);
    }
}

#[test]
fn hidden_characters_are_removed_and_a_line_of_them_is_none() {
    let hidden = ['\u{7}', '\u{1b}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{ad}', '\u{2028}', '\u{e0041}'];
    for character in hidden {
        assert_eq!(all(&format!("de{character}nied")), "denied", "{character:?}");
        assert_eq!(all(&format!("{character}\n{character} why\nmore")), "why", "{character:?}");
    }
    assert_eq!(all("Zürich, 東京, ок"), "Zürich, 東京, ок");
    assert_eq!(all(" \n\u{200b}\n"), "");
}

proptest! {
    #[test]
    fn whatever_is_said_the_answer_is_bounded_and_shows_nothing_hidden(text in "\\PC{0,600}|.{0,600}") {
        let said = shown(&text, 300);
        prop_assert!(said.chars().count() <= 300);
        prop_assert!(!said.chars().any(is_hidden));
    }

    #[test]
    fn a_random_key_is_never_shown(key in "[A-Za-z0-9+/]{44,90}", before in "[a-z ]{0,30}") {
        let text = format!("{before} {key} end");
        let mixed = is_mixed(&key);
        let changes = key.as_bytes().windows(2).filter(|pair| kind(pair[0]) != kind(pair[1])).count();
        prop_assume!(mixed && changes * 2 > key.len());
        prop_assert!(!all(&text).contains(&key));
    }
}

#[test]
fn of_one_endless_word_the_beginning_is_shown_unless_it_looks_like_a_credential() {
    assert_eq!(shown(&"9".repeat(100_000), 300), "9".repeat(300));
    assert_eq!(shown(&"aB3".repeat(100_000), 300), MASK);
    assert_eq!(shown(&format!("id {}", "9".repeat(100_000)), 300), "id ");
}
