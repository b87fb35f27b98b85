use std::collections::BTreeMap;

use super::*;

const ALL: Roles = Roles { cluster: true, history: true, traffic: true, note: true, topic: false };
const PROFILE_ID: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/trafficManagerProfiles/tm";
const CLUSTER_ID: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerService/managedClusters/aks";

fn read(pairs: &[(&str, &str)], roles: Roles) -> Result<Settings, ConfigurationFaults> {
    let variables: BTreeMap<_, _> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut reader = Reader::new(&variables);
    let settings = Settings::read(&mut reader, roles);
    reader.finish(settings)
}

#[test]
fn three_names_are_enough() {
    let least = [
        ("HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID", PROFILE_ID),
        ("HOLDFAST_PRIMARY_ENDPOINT", "primary"),
        ("HOLDFAST_AKS_CLUSTER_ID", CLUSTER_ID),
    ];
    let settings = read(&least, ALL).expect("sound");
    assert_eq!(settings.primary.as_ref().map(|primary| primary.kind), Some(EndpointKind::External));
    assert_eq!((settings.account.endpoint.as_str(), settings.note.as_ref()), (PUBLIC, None));
    assert_eq!(settings.public_endpoints().targets.len(), 4);
}

#[test]
fn only_the_settings_of_its_roles_are_asked_for() {
    let faults = |roles| match read(&[], roles) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.0.into_iter().map(|fault| fault.name).collect::<Vec<_>>(),
    };
    let traffic = ["HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID", "HOLDFAST_PRIMARY_ENDPOINT"];
    assert_eq!(faults(Roles::default()), [""; 0]);
    assert_eq!(faults(Roles { cluster: true, ..Roles::default() }), ["HOLDFAST_AKS_CLUSTER_ID"]);
    assert_eq!(faults(Roles { traffic: true, ..Roles::default() }), traffic);
    assert_eq!(faults(ALL).len(), 3);
}

#[test]
fn a_region_is_written_as_azure_or_as_a_person_writes_it() {
    for good in ["westeurope", "East US 2"] {
        assert!(is_region(good), "{good}");
    }
    for bad in ["", "x", "east-us", "https://x", &"x".repeat(41)] {
        assert!(!is_region(bad), "{bad}");
    }
}

#[test]
fn an_alert_filter_without_traffic_manager_knows_no_endpoint() {
    let variables = BTreeMap::new();
    let mut reader = Reader::new(&variables);
    assert_eq!(AlarmFilter::read(&mut reader), AlarmFilter::default());
    assert!(reader.finish(()).is_ok());
}

fn credential_of(pairs: &[(&str, &str)]) -> Result<Credential, Vec<String>> {
    let variables: BTreeMap<_, _> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut reader = Reader::new(&variables);
    let read = credential(&mut reader);
    reader.finish(read).map_err(|faults| faults.0.into_iter().map(|fault| fault.name).collect())
}

#[test]
fn outside_of_azure_the_function_is_an_application_with_a_secret_or_a_token_file() {
    assert_eq!(credential_of(&[]), Ok(Credential::Managed { client_id: None }));
    let id = ("AZURE_CLIENT_ID", "app");
    assert_eq!(credential_of(&[id]), Ok(Credential::Managed { client_id: Some("app".to_owned()) }));
    let (tenant, secret) = (("AZURE_TENANT_ID", "t.example.com"), ("AZURE_CLIENT_SECRET", "hunter2"));
    let read = credential_of(&[id, tenant, secret]).expect("sound");
    let Credential::Application { tenant_id, client_id, proof: Proof::Secret(_), authority: None } = &read else {
        panic!("{read:?}")
    };
    assert_eq!((tenant_id.as_str(), client_id.as_str()), ("t.example.com", "app"));
    assert!(!format!("{read:?}").contains("hunter2"));
    let file = ("AZURE_FEDERATED_TOKEN_FILE", "/var/token");
    let read = credential_of(&[id, tenant, file, ("AZURE_AUTHORITY_HOST", "https://login.example.com")]);
    assert!(
        matches!(read, Ok(Credential::Application { proof: Proof::TokenFile(_), authority: Some(_), .. })),
        "{read:?}"
    );
    assert_eq!(credential_of(&[secret]), Err(vec!["AZURE_CLIENT_ID".to_owned(), "AZURE_TENANT_ID".to_owned()]));
    assert_eq!(credential_of(&[id, ("AZURE_TENANT_ID", "a/b"), secret]), Err(vec!["AZURE_TENANT_ID".to_owned()]));
}
