//! The table, row by row, on certificates made here.

use std::collections::BTreeMap;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::*;
use holdfast_kubernetes::{
    meta::Meta,
    secret::{Entry, Secret},
};

type Ca = CertifiedIssuer<'static, KeyPair>;

fn ca() -> Ca {
    ca_with(KeyPair::generate().expect("a key"))
}

fn ca_with(key: KeyPair) -> Ca {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "humio-operator");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, key).expect("a CA")
}

fn leaf(ca: &Ca) -> String {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["logging-internal.logging".to_owned()]).expect("a name");
    params.signed_by(&key, ca).expect("a leaf").pem()
}

fn secret(name: &str, entries: &[(&str, &str)]) -> Secret {
    let metadata = Meta {
        name: name.to_owned(),
        uid: format!("uid-of-{name}"),
        resource_version: "7".to_owned(),
        annotations: BTreeMap::from([("cert-manager.io/issuer-name".to_owned(), "logging".to_owned())]),
        ..Meta::default()
    };
    let data = entries.iter().map(|(key, text)| ((*key).to_owned(), Entry::Public(text.as_bytes().to_vec()))).collect();
    Secret { metadata, kind: None, data }
}

fn pair(ca: &Ca) -> Secret {
    secret("logging-ca-keypair", &[("tls.crt", &ca.pem()), ("tls.key", "key")])
}

fn issued(name: &str, by: &Ca) -> Secret {
    secret(name, &[("ca.crt", &by.pem()), ("tls.crt", &leaf(by))])
}

fn material<'a>(secrets: &'a [Secret], pods: &[&'a str]) -> Material<'a> {
    Material {
        cluster: "logging",
        enabled: Some(true),
        ca_secret_name: None,
        secrets,
        pods: pods.iter().copied().collect(),
    }
}

fn doomed(judgement: Judgement) -> Vec<String> {
    match judgement {
        Judgement::Stale { doomed, .. } => doomed.into_iter().map(|secret| secret.name).collect(),
        Judgement::Clean { .. } | Judgement::CannotTell { .. } => Vec::new(),
        Judgement::Blocked { why } => panic!("blocked: {why}"),
    }
}

fn stale(secrets: &[Secret]) -> Vec<String> {
    doomed(judge(&material(secrets, &[]), false))
}

#[test]
fn with_a_ca_and_no_own_secret_nothing_is_stale() {
    assert_eq!(stale(&[pair(&ca())]), [""; 0]);
}

#[test]
fn with_neither_nothing_is_stale() {
    assert_eq!(stale(&[]), [""; 0]);
}

#[test]
fn without_a_ca_the_own_secret_is_stale_because_a_new_ca_is_about_to_be_made() {
    assert_eq!(stale(&[issued("logging", &ca())]), ["logging"]);
}

#[test]
fn a_named_ca_that_does_not_exist_blocks_whatever_else_there_is() {
    for secrets in [vec![], vec![issued("logging", &ca()), pair(&ca())]] {
        let material = Material { ca_secret_name: Some("my-ca"), ..material(&secrets, &[]) };
        let Judgement::Blocked { why } = judge(&material, false) else { panic!("must block") };
        assert!(why.contains("my-ca"), "{why}");
    }
}

#[test]
fn a_named_ca_is_the_one_that_counts() {
    let (named, made) = (ca(), ca());
    let secrets =
        [secret("my-ca", &[("tls.crt", &named.pem()), ("tls.key", "key")]), pair(&made), issued("logging", &named)];
    let material = Material { ca_secret_name: Some("my-ca"), ..material(&secrets, &[]) };
    assert_eq!(doomed(judge(&material, false)), [""; 0]);
}

#[test]
fn an_own_secret_of_the_current_ca_is_kept() {
    let ca = ca();
    assert_eq!(stale(&[pair(&ca), issued("logging", &ca)]), [""; 0]);
}

#[test]
fn a_clean_judgement_says_what_was_seen_and_names_the_ca_that_signs() {
    let ca = ca();
    for (secrets, own, fingerprints) in [
        (vec![pair(&ca), issued("logging", &ca)], "secret logging is from the current CA", 1),
        (vec![pair(&ca)], "secret logging will be issued by the current CA", 1),
        (vec![], "secret logging will be issued when the operator runs", 0),
    ] {
        let Judgement::Clean { found } = judge(&material(&secrets, &[]), false) else { panic!("must be clean") };
        assert!(found.contains(own) && found.matches("sha256:").count() == fingerprints, "{found}");
    }
}

#[test]
fn rsa_4096_as_the_operator_makes_it_is_judged_as_well() {
    let (ca, other, leaf) = (
        include_str!("../../tests/fixtures/rsa-ca.pem"),
        include_str!("../../tests/fixtures/rsa-other-ca.pem"),
        include_str!("../../tests/fixtures/rsa-leaf.pem"),
    );
    let own = secret("logging", &[("ca.crt", ca), ("tls.crt", leaf)]);
    let pair = |ca| secret("logging-ca-keypair", &[("tls.crt", ca), ("tls.key", "key")]);
    assert_eq!(stale(&[pair(ca), own.clone()]), [""; 0]);
    assert_eq!(stale(&[pair(other), own]), ["logging"]);
}

#[test]
fn an_own_secret_of_a_former_ca_of_the_same_name_is_stale() {
    let (now, before) = (ca(), ca());
    let secrets = [pair(&now), issued("logging", &before)];
    let Judgement::Stale { doomed, found, kept: None } = judge(&material(&secrets, &[]), false) else {
        panic!("must be stale")
    };
    let seen = Doomed { name: "logging".into(), uid: "uid-of-logging".into(), resource_version: "7".into() };
    assert_eq!(doomed, [seen]);
    assert_eq!(found.matches("sha256:").count(), 2, "both CAs are named by fingerprint: {found}");
}

#[test]
fn the_right_ca_beside_a_leaf_that_it_did_not_sign_is_stale() {
    let (now, before) = (ca(), ca());
    let mixed = secret("logging", &[("ca.crt", &now.pem()), ("tls.crt", &leaf(&before))]);
    assert_eq!(stale(&[pair(&now), mixed]), ["logging"]);
}

#[test]
fn a_leaf_of_the_right_ca_beside_a_former_ca_is_stale() {
    let (now, before) = (ca(), ca());
    let mixed = secret("logging", &[("ca.crt", &before.pem()), ("tls.crt", &leaf(&now))]);
    assert_eq!(stale(&[pair(&now), mixed]), ["logging"]);
}

#[test]
fn an_own_secret_that_cannot_be_read_is_stale() {
    let ca = ca();
    for entries in [&[][..], &[("ca.crt", "junk"), ("tls.crt", "junk")], &[("tls.crt", "junk")]] {
        assert_eq!(stale(&[pair(&ca), secret("logging", entries)]), ["logging"], "{entries:?}");
    }
}

#[test]
fn a_ca_that_lacks_what_the_operator_or_cert_manager_demands_blocks_and_says_what() {
    let pem = ca().pem();
    let certificate = ("tls.crt", pem.as_str());
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[certificate], "logging-ca-keypair has no tls.key; the operator refuses it"),
        (&[("tls.key", "key")], "logging-ca-keypair has no tls.crt; the operator refuses it"),
        (&[certificate, ("tls.key", "")], "has an empty tls.key; cert-manager cannot sign with it"),
        (&[("tls.crt", "junk"), ("tls.key", "key")], "no readable certificate under tls.crt"),
        (&[("tls.crt", ""), ("tls.key", "key")], "no readable certificate under tls.crt"),
    ];
    for (entries, says) in cases {
        let secrets = [secret("logging-ca-keypair", entries), issued("logging", &ca())];
        let Judgement::Blocked { why } = judge(&material(&secrets, &[]), true) else { panic!("must block: {says}") };
        assert!(why.contains(says), "{why}");
        assert_eq!(own_secret(&material(&secrets, &[])), Err(why));
    }
}

#[test]
fn a_bundle_that_holds_the_current_ca_beside_a_former_one_is_kept() {
    let (now, before) = (ca(), ca());
    let both = format!("{}{}", before.pem(), now.pem());
    let own = secret("logging", &[("ca.crt", &both), ("tls.crt", &leaf(&now))]);
    assert_eq!(stale(&[pair(&now), own]), [""; 0]);
}

#[test]
fn stale_node_secrets_go_too_unless_a_pod_uses_them() {
    let (now, before) = (ca(), ca());
    let secrets = [
        pair(&now),
        issued("logging", &now),
        issued("logging-core-aaaaaa", &before),
        issued("logging-ui-core-bbbbbb", &before),
        issued("logging-core-inuse1", &before),
        issued("logging-core-matchg", &now),
    ];
    let judgement = judge(&material(&secrets, &["logging-core-inuse1"]), false);
    assert_eq!(doomed(judgement), ["logging-core-aaaaaa", "logging-ui-core-bbbbbb"]);
}

#[test]
fn secrets_of_others_are_never_judged() {
    let (now, before) = (ca(), ca());
    let mut other_issuer = issued("logging-core-cccccc", &before);
    other_issuer.metadata.annotations.insert("cert-manager.io/issuer-name".into(), "logging-two".into());
    let mut no_issuer = issued("logging-core-dddddd", &before);
    no_issuer.metadata.annotations.clear();
    let secrets =
        [pair(&now), other_issuer, no_issuer, issued("other-core-eeeeee", &before), issued("logging-tls", &before)];
    assert_eq!(stale(&secrets), [""; 0]);
}

#[test]
fn the_secrets_that_pods_use_are_told_apart_by_whether_the_current_ca_is_above_them() {
    let (now, before) = (ca(), ca());
    let secrets = [
        pair(&now),
        issued("logging", &now),
        issued("logging-core-former", &before),
        issued("logging-core-gooood", &now),
        issued("logging-core-unused", &before),
    ];
    let material = material(&secrets, &["logging-core-former", "logging-core-gooood", "logging-core-absent"]);
    let used = used_secrets(&material).expect("a CA");
    let names: Vec<_> = used.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["logging-core-former", "logging-core-gooood"]);
    assert!(matches!(used[0].1, OwnSecret::Stale { .. }), "{:?}", used[0]);
    assert!(matches!(used[1].1, OwnSecret::Matching { .. }), "{:?}", used[1]);
    assert_eq!(used_secrets(&Material { enabled: Some(false), ..material }), Ok(Vec::new()));
}

#[test]
fn dates_are_told_and_nothing_is_deleted_for_them() {
    let ca = ca();
    let secrets = [pair(&ca), issued("logging", &ca)];
    let material = material(&secrets, &[]);
    let at = |time: &str| out_of_date(&material, time.parse().expect("a time")).unwrap_or_default();
    // rcgen's certificates are valid from 1975 to 4096.
    assert_eq!(at("2026-01-01T00:00:00Z"), "");
    assert!(at("1970-01-01T00:00:00Z").contains("not valid before 1975"), "{}", at("1970-01-01T00:00:00Z"));
    assert!(at("5000-01-01T00:00:00Z").contains("out of date since 4096"), "{}", at("5000-01-01T00:00:00Z"));
    assert_eq!(stale(&secrets), [""; 0]);
}

#[test]
fn findings_about_very_many_secrets_are_told_by_their_number() {
    let (now, before) = (ca(), ca());
    let nodes = (0..30).map(|number| issued(&format!("logging-core-n{number:05}"), &before));
    let secrets: Vec<_> = std::iter::once(pair(&now)).chain(nodes).collect();
    let Judgement::Stale { doomed, found, .. } = judge(&material(&secrets, &[]), false) else {
        panic!("must be stale")
    };
    assert_eq!(doomed.len(), 30);
    assert!(found.contains("and 25 more") && found.len() < 1000, "{found}");
}

#[test]
fn unconditional_takes_the_matching_own_secret_and_no_more() {
    let ca = ca();
    let secrets = [pair(&ca), issued("logging", &ca), issued("logging-core-aaaaaa", &ca)];
    assert_eq!(doomed(judge(&material(&secrets, &[]), true)), ["logging"]);
}

#[test]
fn the_ca_pair_is_never_doomed() {
    let mut odd = pair(&ca());
    odd.metadata.name = "logging-ca-keypair".into();
    for unconditional in [false, true] {
        assert_eq!(doomed(judge(&material(&[odd.clone()], &[]), unconditional)), [""; 0]);
    }
}

#[test]
fn with_tls_off_nothing_is_judged() {
    let secrets = [issued("logging", &ca())];
    let material = Material { enabled: Some(false), ..material(&secrets, &[]) };
    assert!(matches!(judge(&material, true), Judgement::Clean { .. }));
}

#[test]
fn tls_that_is_neither_declared_nor_seen_needs_no_secret() {
    let (secrets, ca) = ([], ca());
    let undeclared = |secrets| Material { enabled: None, ..material(secrets, &[]) };
    assert_eq!(own_secret(&undeclared(&secrets)), Ok(OwnSecret::Unused));
    assert_eq!(own_secret(&material(&secrets, &[])), Ok(OwnSecret::Absent), "declared, so it will come");
    assert_eq!(own_secret(&undeclared(&[pair(&ca)])), Ok(OwnSecret::Absent), "there is a CA, so it will come");
}
