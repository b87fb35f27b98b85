use std::{collections::BTreeMap, time::Duration};

use holdfast_settings::ConfigurationFaults;

use super::*;

/// A certificate in PEM in base64.
fn ca_data() -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let made = rcgen::generate_simple_self_signed(["dc1.example.com".to_owned()]).expect("a certificate");
    STANDARD.encode(made.cert.pem())
}

fn read(pairs: &[(&str, &str)]) -> Result<Settings, ConfigurationFaults> {
    let variables: BTreeMap<_, _> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut reader = Reader::new(&variables);
    let settings = Settings::read(&mut reader);
    reader.finish(settings)
}

const MANAGEMENT: (&str, &str) = ("HOLDFAST_APIC_MANAGEMENT", "management");

#[test]
fn a_name_is_enough_and_the_rest_has_defaults() {
    let settings = read(&[MANAGEMENT]).expect("sound");
    let service =
        Service { part: Part::Management, primary: "management".to_owned(), standby: "management".to_owned() };
    assert_eq!(settings.options.services, [service]);
    assert_eq!(
        (&*settings.namespace, &*settings.object_name, &*settings.primary_namespace),
        ("apic", "holdfast", "apic")
    );
    assert_eq!(
        (&*settings.options.isolation, settings.options.isolation_lasts),
        ("holdfast-isolation", Duration::from_secs(43_200))
    );
    assert_eq!((settings.options.annotation.name.as_str(), settings.options.annotation.value.as_str()), DELETION);
    assert!(settings.primary.is_none() && settings.options.top_level.is_none());
}

#[test]
fn each_side_may_have_names_of_its_own() {
    let settings =
        read(&[("HOLDFAST_APIC_PORTALS", "p1, p2b=p2a"), ("HOLDFAST_APIC_TOP_LEVEL", "b=a")]).expect("sound");
    let names: Vec<_> =
        settings.options.services.iter().map(|service| (&*service.primary, &*service.standby)).collect();
    assert_eq!(names, [("p1", "p1"), ("p2a", "p2b")]);
    assert_eq!(settings.options.top_level, Some(("a".to_owned(), "b".to_owned())));
}

#[test]
fn the_primarys_cluster_is_told_whole_or_not_at_all() {
    let ca_data = ca_data();
    let endpoint = ("HOLDFAST_APIC_PRIMARY_ENDPOINT", "https://dc1.example.com:6443");
    let ca = ("HOLDFAST_APIC_PRIMARY_CA_DATA", ca_data.as_str());
    let (token, file) = (("HOLDFAST_APIC_PRIMARY_TOKEN", "abc"), ("HOLDFAST_APIC_PRIMARY_TOKEN_FILE", "/run/token"));
    let settings = read(&[MANAGEMENT, endpoint, ca, token]).expect("sound");
    assert!(!format!("{settings:?}").contains("abc"));
    assert_eq!(settings.primary.expect("a cluster").1, Token::Known("abc".to_owned()));
    let settings = read(&[MANAGEMENT, endpoint, ca, file]).expect("sound");
    assert_eq!(settings.primary.expect("a cluster").1, Token::File("/run/token".to_owned()));
    for some in [
        vec![endpoint],
        vec![ca],
        vec![token],
        vec![endpoint, ca],
        vec![endpoint, token],
        vec![endpoint, ca, token, file],
    ] {
        let faults = read(&[vec![MANAGEMENT], some.clone()].concat()).expect_err("half");
        assert!(!faults.to_string().contains("abc"), "{faults}");
    }
    let same = [MANAGEMENT, endpoint, ca, token, ("HOLDFAST_CLUSTER_ENDPOINT", endpoint.1)];
    assert!(read(&same).expect_err("one cluster").to_string().contains("another cluster"));
}

#[test]
fn every_fault_is_told_at_once_by_its_name() {
    let many = (0..9).map(|index| format!("p{index}")).collect::<Vec<_>>().join(",");
    for (name, bad) in [
        ("HOLDFAST_APIC_MANAGEMENT", "Bad Name"),
        ("HOLDFAST_APIC_MANAGEMENT", "a=b=c"),
        ("HOLDFAST_APIC_PORTALS", "p1,p1"),
        ("HOLDFAST_APIC_PORTALS", "p1=a,p2=a"),
        ("HOLDFAST_APIC_PORTALS", "p1=,p2"),
        ("HOLDFAST_APIC_PORTALS", many.as_str()),
        ("HOLDFAST_APIC_TOP_LEVEL", "A"),
        ("HOLDFAST_APIC_ISOLATION", "a/b"),
        ("HOLDFAST_APIC_ISOLATION_SECONDS", "59"),
        ("HOLDFAST_APIC_DELETABLE", "other"),
        ("HOLDFAST_APIC_DELETION_ANNOTATION", "a/b/c"),
        ("HOLDFAST_APIC_PROBE", "perhaps"),
        ("HOLDFAST_APIC_PRIMARY_NAMESPACE", "A"),
        ("HOLDFAST_APIC_ACTIVE_WORDS", "a,b,c,d,e,f,g,h,i"),
    ] {
        let management = if name == MANAGEMENT.0 { vec![] } else { vec![MANAGEMENT] };
        let faults = read(&[management, vec![(name, bad)]].concat()).expect_err(bad);
        assert!(faults.0.iter().all(|fault| fault.name == name), "{faults}");
    }
    let two = read(&[MANAGEMENT, ("HOLDFAST_APIC_PROBE", "x"), ("HOLDFAST_APIC_ISOLATION_SECONDS", "x")]);
    assert_eq!(two.expect_err("two faults").0.len(), 2);
    assert_eq!(read(&[]).expect_err("nothing to fail over").0[0].name, "HOLDFAST_APIC_MANAGEMENT");
}

#[test]
fn words_are_added_in_the_form_in_which_they_are_compared() {
    let settings =
        read(&[MANAGEMENT, ("HOLDFAST_APIC_OUT_OF_SERVICE_WORDS", "Setup Complete, drained")]).expect("sound");
    assert_eq!(settings.options.words.out_of_service, ["setupcomplete", "drained"]);
}
