use std::collections::BTreeMap;

use super::*;

const ALL: Roles = Roles { cluster: true, history: true, traffic: true, note: true, topic: true };

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret")];

fn read(pairs: &[(&str, &str)], roles: Roles) -> Result<Settings, ConfigurationFaults> {
    read_exactly(&[pairs, &KEYS].concat(), roles)
}

fn read_exactly(pairs: &[(&str, &str)], roles: Roles) -> Result<Settings, ConfigurationFaults> {
    let variables: BTreeMap<_, _> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut reader = Reader::new(&variables);
    let settings = Settings::read(&mut reader, &Context { roles, function: "dr-handler" });
    reader.finish(settings)
}

const LEAST: [(&str, &str); 3] =
    [("CLUSTER_NAME", "dr"), ("CLUSTER_REGION", "us-east-2"), ("PRIMARY_HEALTH_CHECK_ID", "hc")];

fn with(more: &[(&str, &str)]) -> Result<Settings, ConfigurationFaults> {
    read(&[&LEAST, more].concat(), ALL)
}

#[test]
fn the_reference_functions_variables_are_enough_and_keep_their_defaults() {
    let settings = with(&[("PRIMARY_HEALTH_CHECK_FQDN", "p.example.com")]).expect("sound");
    assert_eq!(settings.note.as_deref(), Some("/logscale-dr/dr-handler/last-failover-timestamp"));
    assert_eq!(settings.primary_name(), Some("p.example.com"));
    assert!(settings.public_endpoints().targets.iter().all(|url| !url.contains("us-east-2")));
    assert_eq!(settings.public_endpoints().targets.len(), 4);
}

#[test]
fn the_secondary_gate_can_be_skipped() {
    let gate = |skip| {
        let settings =
            with(&[("SECONDARY_HEALTH_CHECK_ID", "s"), ("SKIP_SECONDARY_HEALTH_CHECK", skip)]).expect("sound");
        settings.health_check.expect("read").secondary
    };
    assert_eq!(gate("false").as_deref(), Some("s"));
    assert_eq!(gate("true"), None);
}

#[test]
fn only_the_settings_of_its_roles_are_asked_for() {
    let faults = |roles| match read(&[], roles) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.0.into_iter().map(|fault| fault.name).collect::<Vec<_>>(),
    };
    assert_eq!(faults(Roles::default()), [""; 0]);
    assert_eq!(faults(Roles { cluster: true, ..Roles::default() }), ["CLUSTER_REGION", "CLUSTER_NAME"]);
    assert_eq!(faults(Roles { traffic: true, ..Roles::default() }), ["PRIMARY_HEALTH_CHECK_ID"]);
    assert_eq!(faults(Roles { note: true, ..Roles::default() }), ["CLUSTER_REGION"]);
}

#[test]
fn credentials_that_are_not_there_are_a_fault_only_where_they_are_used() {
    assert!(read_exactly(&[], Roles::default()).is_ok());
    let faults = read_exactly(&LEAST, ALL).expect_err("no credentials");
    let names: Vec<_> = faults.0.iter().map(|fault| fault.name.as_str()).collect();
    assert_eq!(names, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
}
