//! Whole chains: intermediate CAs, bundles, renewals, and what cannot be judged. The inputs that went wrong first, then
//! siblings of them that are made here.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_ED25519, SignatureAlgorithm,
};
use serde_json::Value;

use super::{Judgement, Material, OwnSecret, judge, own_secret};
use holdfast_kubernetes::{
    meta::Meta,
    secret::{Entry, Secret},
};

type Ca = CertifiedIssuer<'static, KeyPair>;

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn copy(key: &KeyPair) -> KeyPair {
    KeyPair::from_pem(&key.serialize_pem()).expect("a key")
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn root(name: &str, key: KeyPair) -> Ca {
    CertifiedIssuer::self_signed(params(name), key).expect("a CA")
}

fn below(above: &Ca, name: &str, key: KeyPair) -> Ca {
    CertifiedIssuer::signed_by(params(name), key, above).expect("a CA")
}

fn leaf(ca: &Ca) -> String {
    let params = CertificateParams::new(vec!["logging-internal.logging".to_owned()]).expect("a name");
    params.signed_by(&key(), ca).expect("a leaf").pem()
}

fn secret(name: &str, entries: &[(&str, String)]) -> Secret {
    let metadata = Meta { name: name.to_owned(), uid: format!("uid-of-{name}"), ..Meta::default() };
    let entry = |(key, text): &(&str, String)| ((*key).to_owned(), Entry::Public(text.clone().into_bytes()));
    Secret { metadata, kind: None, data: entries.iter().map(entry).collect() }
}

/// The CA secret with these two entries.
fn pair(tls_crt: &[&str], ca_crt: &[&str]) -> Secret {
    let mut entries = vec![("tls.crt", tls_crt.concat()), ("tls.key", "key".to_owned())];
    if !ca_crt.is_empty() {
        entries.push(("ca.crt", ca_crt.concat()));
    }
    secret("logging-ca-keypair", &entries)
}

/// The cluster's own secret with these two entries.
fn own(tls_crt: &[&str], ca_crt: &[&str]) -> Secret {
    secret("logging", &[("tls.crt", tls_crt.concat()), ("ca.crt", ca_crt.concat())])
}

#[derive(Debug, PartialEq)]
enum Said {
    Matching,
    Stale,
    CannotTell,
}

/// What is said of the cluster's own secret, by both who ask.
fn said(ca_secret: Secret, own: Secret) -> Said {
    let secrets = [ca_secret, own];
    let material = Material {
        cluster: "logging",
        enabled: Some(true),
        ca_secret_name: None,
        secrets: &secrets,
        pods: std::collections::BTreeSet::new(),
    };
    let judged = match judge(&material, false) {
        Judgement::Clean { .. } => Said::Matching,
        Judgement::CannotTell { found } => {
            assert!(found.contains("kept"), "{found}");
            Said::CannotTell
        }
        Judgement::Stale { doomed, .. } => {
            assert_eq!(doomed.len(), 1, "the CA is never among them");
            Said::Stale
        }
        Judgement::Blocked { why } => panic!("blocked: {why}"),
    };
    let stands = match own_secret(&material).expect("a CA") {
        OwnSecret::Matching { .. } => Said::Matching,
        OwnSecret::CannotTell { .. } => Said::CannotTell,
        OwnSecret::Stale { .. } => Said::Stale,
        other => panic!("{other:?}"),
    };
    assert_eq!(judged, stands);
    judged
}

/// The secrets of a case file, with the CA secret and the cluster's own under the names of these tests.
fn case(text: &str, ca_name: &str) -> Said {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).expect("YAML");
    let named = |name: &str, as_name: &str| {
        let found = documents.iter().find(|it| it["kind"] == "Secret" && it["metadata"]["name"] == name);
        let mut secret: Secret = serde_json::from_value(found.expect("in the file").clone()).expect("a secret");
        secret.metadata.name = as_name.to_owned();
        secret
    };
    said(named(ca_name, "logging-ca-keypair"), named("logscale", "logging"))
}

#[test]
fn the_cases_that_went_wrong_are_right() {
    let intermediate = include_str!("../../../../tests/cases/tls-intermediate-ca.yaml");
    assert_eq!(case(intermediate, "company-issuing"), Said::Matching);
    assert_eq!(case(include_str!("../../../../tests/cases/tls-p521-ca.yaml"), "my-ca"), Said::Matching);
    let renewed = include_str!("../../../../tests/cases/tls-renewed-ca-same-key.yaml");
    assert_eq!(case(renewed, "logscale-ca-keypair"), Said::Matching);
}

#[test]
fn an_intermediate_ca_is_judged_by_its_whole_chain_wherever_the_chain_stands() {
    let root = root("root", key());
    let middle = below(&root, "middle", key());
    let issuing = below(&middle, "issuing", key());
    let (top, mid, low) = (root.pem(), middle.pem(), issuing.pem());
    let leaf = leaf(&issuing);
    for pair in [pair(&[&low, &mid], &[&top]), pair(&[&low, &mid, &top], &[]), pair(&[&low], &[&mid, &top])] {
        for trusted in [&top, &mid, &low] {
            assert_eq!(said(pair.clone(), own(&[&leaf, &low, &mid], &[trusted])), Said::Matching);
        }
    }
    assert_eq!(said(pair(&[&low], &[]), own(&[&leaf], &[&low])), Said::Matching, "cert-manager hands out the topmost");
}

#[test]
fn an_intermediate_ca_that_was_renewed_under_its_root_keeps_what_the_root_still_covers() {
    let root = root("root", key());
    let (before, now) = (below(&root, "issuing", key()), below(&root, "issuing", key()));
    let kept = own(&[&leaf(&before), &before.pem()], &[&root.pem()]);
    assert_eq!(said(pair(&[&now.pem()], &[&root.pem()]), kept.clone()), Said::Matching);
    let other = self::root("root", key());
    let foreign = below(&other, "issuing", key());
    assert_eq!(said(pair(&[&foreign.pem()], &[&other.pem()]), kept), Said::Stale);
}

#[test]
fn of_a_bundle_each_ca_is_judged_and_only_what_is_above_the_signing_one_counts() {
    let (now, before) = (root("humio-operator", key()), root("humio-operator", key()));
    let good = own(&[&leaf(&now)], &[&before.pem(), &now.pem()]);
    let former = own(&[&leaf(&before)], &[&before.pem()]);
    for pair in [pair(&[&now.pem(), &before.pem()], &[]), pair(&[&now.pem()], &[&before.pem(), &now.pem()])] {
        assert_eq!(said(pair.clone(), good.clone()), Said::Matching);
        assert_eq!(
            said(pair.clone(), former.clone()),
            Said::Stale,
            "the other CA of the bundle signs nothing any more"
        );
        let mixed = own(&[&leaf(&before)], &[&now.pem()]);
        assert_eq!(said(pair, mixed), Said::Stale, "signed by the other CA of the bundle");
    }
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(said(pair(&[&now.pem()], &[]), own(&[&leaf(&now)], &[broken, &now.pem()])), Said::Matching);
}

#[test]
fn a_ca_that_was_renewed_with_its_old_key_keeps_what_the_key_signed() {
    let old_key = key();
    let (before, renewed) = (root("company root", copy(&old_key)), root("company root", copy(&old_key)));
    assert_ne!(before.pem(), renewed.pem());
    let kept = own(&[&leaf(&before)], &[&before.pem()]);
    assert_eq!(said(pair(&[&renewed.pem()], &[]), kept.clone()), Said::Matching);
    assert_eq!(said(pair(&[&root("company root", key()).pem()], &[]), kept.clone()), Said::Stale, "with a new key");
    let renamed = root("company root two", old_key);
    assert_ne!(said(pair(&[&renamed.pem()], &[]), kept), Said::Matching, "libraries differ about a changed name");
}

#[test]
fn a_ca_that_was_renewed_with_a_new_key_and_signed_by_the_old_one_keeps_what_the_old_one_covers() {
    let before = root("humio-operator", key());
    let now = below(&before, "humio-operator", key());
    let kept = own(&[&leaf(&before)], &[&before.pem()]);
    assert_eq!(said(pair(&[&now.pem()], &[&before.pem()]), kept), Said::Matching);
}

#[test]
fn every_algorithm_that_can_be_checked_is_judged_both_ways() {
    let kinds: [&'static SignatureAlgorithm; 4] =
        [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ECDSA_P521_SHA512, &PKCS_ED25519];
    for kind in kinds {
        let ca = || root("humio-operator", KeyPair::generate_for(kind).expect("a key"));
        let (now, before) = (ca(), ca());
        assert_eq!(said(pair(&[&now.pem()], &[]), own(&[&leaf(&now)], &[&now.pem()])), Said::Matching, "{kind:?}");
        let former = own(&[&leaf(&before)], &[&before.pem()]);
        assert_eq!(said(pair(&[&now.pem()], &[]), former), Said::Stale, "{kind:?}");
    }
}

/// The CA and the leaf of a file of OpenSSL's.
fn openssl(text: &str) -> (String, String) {
    let cut = text.rfind("-----BEGIN").expect("two certificates");
    (text[..cut].to_owned(), text[cut..].to_owned())
}

#[test]
fn a_secret_under_an_algorithm_that_cannot_be_checked_is_kept() {
    for text in [
        include_str!("../../tests/fixtures/algorithms/brainpool.pem"),
        include_str!("../../tests/fixtures/algorithms/ed448.pem"),
        include_str!("../../tests/fixtures/algorithms/psssalt.pem"),
        include_str!("../../tests/fixtures/algorithms/rsasha224.pem"),
    ] {
        let (ca, leaf) = openssl(text);
        assert_eq!(said(pair(&[&ca], &[]), own(&[&leaf], &[&ca])), Said::CannotTell);
        let elsewhere = root("humio-operator", key());
        let foreign = own(&[&self::leaf(&elsewhere)], &[&elsewhere.pem()]);
        assert_eq!(said(pair(&[&ca], &[]), foreign), Said::Stale, "from a CA of another name");
    }
}

#[test]
fn what_may_be_readable_to_others_is_kept_and_what_nobody_reads_is_not() {
    let ca = root("humio-operator", key());
    let armoured = |der: &[u8]| pem::encode(&pem::Pem::new("CERTIFICATE", der));
    let der = pem::parse(leaf(&ca)).expect("PEM").into_contents();
    let (odd, cut) = (armoured(&[&der[..], &[0]].concat()), armoured(&der[..der.len() / 2]));
    let good = leaf(&ca);
    let now = ca.pem();
    let with = |leaf: &str, trusted: &str| said(pair(&[&now], &[]), own(&[leaf], &[trusted]));
    assert_eq!(with(&odd, &now), Said::CannotTell);
    assert_eq!(with(&good, &odd), Said::CannotTell);
    for nothing in [cut.as_str(), "", "junk"] {
        assert_eq!(with(nothing, &now), Said::Stale, "{nothing:?}");
        assert_eq!(with(&good, nothing), Said::Stale, "{nothing:?}");
    }
    assert_eq!(said(pair(&[&odd], &[]), own(&[&good], &[&now])), Said::CannotTell, "a CA that we cannot read");
    assert_eq!(said(pair(&[&odd], &[]), own(&[&good], &[""])), Said::Stale, "a client that trusts nobody");
}

#[test]
fn certificates_that_are_too_long_to_be_kept_are_not_judged() {
    let ca = root("humio-operator", key());
    let mut own = own(&[&leaf(&ca)], &[&ca.pem()]);
    own.data.insert("ca.crt".to_owned(), Entry::Long([0; 32]));
    assert_eq!(said(pair(&[&ca.pem()], &[]), own), Said::CannotTell);
}

#[test]
fn an_unconditional_clean_up_takes_the_own_secret_that_cannot_be_judged_too() {
    let (ca, leaf) = openssl(include_str!("../../tests/fixtures/algorithms/brainpool.pem"));
    let secrets = [pair(&[&ca], &[]), own(&[&leaf], &[&ca])];
    let material = Material {
        cluster: "logging",
        enabled: None,
        ca_secret_name: None,
        secrets: &secrets,
        pods: std::collections::BTreeSet::new(),
    };
    let Judgement::Stale { doomed, found, .. } = judge(&material, true) else { panic!("must go") };
    assert_eq!(doomed.len(), 1);
    assert!(found.contains("deleted all the same"), "{found}");
}

#[test]
fn thousands_of_certificates_of_one_name_are_judged_in_bounded_time() {
    let (now, before) = (root("humio-operator", key()), root("humio-operator", key()));
    let many: String = (0..60).map(|_| root("humio-operator", key()).pem()).collect();
    let crowded = pair(&[&now.pem(), &many], &[&many]);
    let secrets: Vec<_> = std::iter::once(crowded)
        .chain((0..60).map(|number| {
            let mut node = own(&[&leaf(&before), &many], &[&many]);
            node.metadata.name = format!("logging-core-n{number:05}");
            node.metadata.annotations.insert("cert-manager.io/issuer-name".to_owned(), "logging".to_owned());
            node
        }))
        .collect();
    let material = Material {
        cluster: "logging",
        enabled: Some(true),
        ca_secret_name: None,
        secrets: &secrets,
        pods: std::collections::BTreeSet::new(),
    };
    let Judgement::Stale { doomed, kept, .. } = judge(&material, false) else { panic!("some are proven stale") };
    assert!(doomed.len() < 60 && kept.is_some(), "{} of 60: what was not checked is kept", doomed.len());
}

#[test]
fn a_cross_certificate_that_is_shown_with_a_certificate_leads_to_the_root_that_is_trusted() {
    let shared = key();
    let (old, ca) = (root("old", key()), root("ca", copy(&shared)));
    let cross = below(&old, "ca", copy(&shared));
    let signed = leaf(&ca);
    let current = || pair(&[&ca.pem()], &[&ca.pem()]);
    assert_eq!(said(current(), own(&[&signed, &cross.pem()], &[&old.pem()])), Said::Matching);
    // Siblings: not shown, of another key, of another root, and of a certificate that another CA signed.
    assert_eq!(said(current(), own(&[&signed], &[&old.pem()])), Said::Stale);
    let of_another_key = below(&old, "ca", key());
    assert_eq!(said(current(), own(&[&signed, &of_another_key.pem()], &[&old.pem()])), Said::Stale);
    let of_another_root = below(&root("other", key()), "ca", copy(&shared));
    assert_eq!(said(current(), own(&[&signed, &of_another_root.pem()], &[&old.pem()])), Said::Stale);
    assert_eq!(said(current(), own(&[&leaf(&old), &cross.pem()], &[&old.pem()])), Said::Stale);
}
