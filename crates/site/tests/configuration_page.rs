//! docs/CONFIGURATION.md is held against the readers: each rule in the column "allowed" is tried by its violation, each
//! range at its ends, each default by being set.

use std::collections::BTreeMap;

use holdfast_aws::settings::{AlarmFilter, Aws};
use holdfast_azure::settings::{AzureCloud, HostSettings};
use holdfast_core::{action::ACTIONS, decision::Gate};
use holdfast_oci::settings::{HostSettings as OciHost, OciCloud};
use holdfast_site::{Settings, manual};

const PROFILE: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/trafficManagerProfiles/tm";
const CLUSTER: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerService/managedClusters/aks";

/// Rows of the shared tables that Azure and OCI do not read, or read with another rule.
const AWS_ONLY: [&str; 20] = [
    "HOLDFAST_CLUSTER_ROLE_ARN",
    "HOLDFAST_CLUSTER_EXTERNAL_ID",
    "HOLDFAST_HISTORY_ROLE_ARN",
    "HOLDFAST_TRAFFIC_ROLE_ARN",
    "HOLDFAST_NOTE_ROLE_ARN",
    "HOLDFAST_HISTORY_EXTERNAL_ID",
    "HOLDFAST_TRAFFIC_EXTERNAL_ID",
    "HOLDFAST_NOTE_EXTERNAL_ID",
    "CLUSTER_NAME",
    "CLUSTER_REGION",
    "PRIMARY_HEALTH_CHECK_ID",
    "PRIMARY_HEALTH_CHECK_FQDN",
    "SECONDARY_HEALTH_CHECK_ID",
    "SKIP_SECONDARY_HEALTH_CHECK",
    "FAILOVER_COOLDOWN_SECONDS",
    "COOLDOWN_SSM_PARAMETER",
    "HOLDFAST_LOCK_FQDN",
    "HOLDFAST_METRIC_REGION",
    "HOLDFAST_METRIC_PERIOD_SECONDS",
    "HOLDFAST_SNS_TOPIC_ARN",
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Cloud {
    Aws,
    Azure,
    Oci,
    /// Not a cloud: the system API Connect, on AWS.
    ApiConnect,
}

/// One row of a table with the columns variable, default, allowed and meaning.
struct Row {
    cloud: Cloud,
    name: String,
    default: String,
    allowed: String,
}

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CONFIGURATION.md");
    std::fs::read_to_string(path).expect("the page")
}

fn rows() -> Vec<Row> {
    let (mut rows, mut cloud, mut inside) = (Vec::new(), Cloud::Aws, false);
    for line in page().lines() {
        match line {
            "## Azure" => cloud = Cloud::Azure,
            "## OCI" => cloud = Cloud::Oci,
            "## API Connect" => cloud = Cloud::ApiConnect,
            _ => {}
        }
        inside = line == "| variable | default | allowed | meaning |" || (inside && line.starts_with('|'));
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let (true, [_, names, default, allowed, ..]) = (inside, cells.as_slice()) {
            for name in names.split(',').filter_map(|name| name.trim().strip_prefix('`')?.strip_suffix('`')) {
                let [name, default, allowed] = [name, default, allowed].map(str::to_owned);
                rows.push(Row { cloud, name, default, allowed });
            }
        }
    }
    rows
}

fn variables(cloud: Cloud, more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let least = match cloud {
        Cloud::Aws | Cloud::ApiConnect => vec![
            ("CLUSTER_NAME", "dr"),
            ("CLUSTER_REGION", "us-east-2"),
            ("PRIMARY_HEALTH_CHECK_ID", "hc"),
            ("PRIMARY_HEALTH_CHECK_FQDN", "p.example.com"),
        ],
        Cloud::Azure => vec![
            ("HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID", PROFILE),
            ("HOLDFAST_PRIMARY_ENDPOINT", "primary"),
            ("HOLDFAST_AKS_CLUSTER_ID", CLUSTER),
            ("HOLDFAST_PRIMARY_PROBE_URL", "https://p.example.com/api/v1/status"),
        ],
        Cloud::Oci => vec![
            ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"),
            ("OCI_RESOURCE_PRINCIPAL_RPST", "token"),
            ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "key"),
            ("OCI_RESOURCE_PRINCIPAL_REGION", "us-chicago-1"),
            ("CLUSTER_ID", "ocid1.cluster.oc1.us-chicago-1.aaaacluster"),
            ("COMPARTMENT_ID", "ocid1.compartment.oc1..aaaacompartment"),
            ("STEERING_POLICY_ID", "ocid1.dnspolicy.oc1..aaaapolicy"),
            ("PRIMARY_HEALTH_CHECK_ID", "ocid1.httpmonitor.oc1..aaaamonitor"),
            ("HOLDFAST_PRIMARY_PROBE_URL", "https://p.example.com/api/v1/status"),
        ],
    };
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let system = [("HOLDFAST_SYSTEM", "api-connect"), ("HOLDFAST_APIC_MANAGEMENT", "management")];
    let system = if cloud == Cloud::ApiConnect { &system[..] } else { &[] };
    keys.iter()
        .chain(&least)
        .chain(system)
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// What the reader says; nothing when it takes the variables.
fn refusal(cloud: Cloud, variables: &BTreeMap<String, String>) -> Option<String> {
    read(cloud, variables).err()
}

/// What a function on this cloud reads, written out.
fn read(cloud: Cloud, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let read = match cloud {
        Cloud::Aws | Cloud::ApiConnect => {
            Settings::read(&Aws, variables, |read, _| AlarmFilter::read(read)).map(|all| format!("{all:?}"))
        }
        Cloud::Azure => Settings::read(&AzureCloud, variables, |read, limits| HostSettings::read(read, limits.margin))
            .map(|all| format!("{all:?}")),
        Cloud::Oci => Settings::read(&OciCloud, variables, |read, _| OciHost::read(read)).map(|all| format!("{all:?}")),
    };
    read.map_err(|faults| faults.to_string())
}

/// The ends of a range, as they are written.
fn range(allowed: &str) -> Option<(f64, f64)> {
    let (before, after) = allowed.split_once(" to ")?;
    let least = before.rsplit(' ').next()?.parse().ok()?;
    Some((least, after.split([' ', ',', ';']).next()?.parse().ok()?))
}

/// Words that may stand in the column, and values that break the rule.
fn broken() -> Vec<(&'static str, Vec<String>)> {
    let many: Vec<String> = (0..9).map(|number| format!("https://h{number}.example.org/")).collect();
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    vec![
        ("whole", texts(&["1.5", "1e1"])),
        ("whole: 1, 5", texts(&["0", "45", "61", "3660"])),
        ("at least twice the call's time-out", texts(&["9.9"])),
        ("a name of Kubernetes", texts(&["a/b", "A", "a b", "../x"])),
        ("a name of EKS", texts(&["a/b", "a b", ":"])),
        ("a name of Azure", texts(&["a/../b", "a b"])),
        ("a region of AWS", texts(&["US East (N. Virginia)", "https://x", "nowhere"])),
        ("a region of Azure", texts(&["east-us", "https://x"])),
        ("a region of OCI", texts(&["chicago", "https://x", "us-x-1.evil.example"])),
        ("regions of OCI", texts(&["chicago", "iad,https://x"])),
        ("the OCID of", texts(&["x", "ocid1.user.oc1..aaaa", "ocid1.cluster", "ocid1.x.oc1..a/b"])),
        ("a backend set", texts(&["a b", "\"", "a/b"])),
        ("a pool other than the primary's", texts(&["primary", "a\nb"])),
        ("a pool other than the standby's", texts(&["secondary", "a\nb"])),
        ("an IP address or a host name", texts(&["https://x.example.com", "x y", "localhost", "1.2.3.4:443"])),
        ("letters, digits, `_`; set with the next", texts(&["a-b", "a b", "namespace"])),
        ("a query with", texts(&["up[1m].max()"])),
        ("names or OCIDs of alarms", texts(&["ocid1.topic.oc1..x", "a,arn:aws:sns:x"])),
        ("kinds of endpoints", texts(&["private", "PUBLIC_ENDPOINT,x"])),
        ("an id", vec!["a/b".to_owned(), "a b".to_owned(), "x".repeat(65)]),
        ("the name of an annotation", texts(&["a b/c", "example.com/", "example.com/a b", "https://x/y"])),
        ("a host name", texts(&["https://h.example.com", "h.example.com/x", "h.example.com:443", "h example.com"])),
        ("never resolves", texts(&["failover-locked.invalid", "0.0.0.0", "169.254.1.1"])),
        ("not the primary's own", texts(&["P.example.com."])),
        ("ends in `.invalid`", texts(&["locked.example.com", "invalid"])),
        ("a parameter name", vec!["a b".to_owned(), "/x".repeat(16)]),
        ("the ARN of a topic", texts(&["typo", "arn:aws:sns", "arn:aws:sqs:us-east-1:111122223333:q"])),
        ("names or ARNs", texts(&["arn:typo", "a,arn:aws:sns:us-east-1:111122223333:t"])),
        ("https address", texts(&["http://x.example.com", "https://", "x"])),
        ("without a password", texts(&["https://me:hunter2@x.example.com/"])),
        ("at most 8 hosts", vec![many.join(",")]),
        ("a resource id", texts(&["x", "/subscriptions/s"])),
        ("a certificate in PEM", texts(&["Y2E=", "-----BEGIN CERTIFICATE-----"])),
        ("the ARN of a role", texts(&["dns", "arn:aws:iam::4444:role/dns", "arn:aws:iam::444455556666:user/x"])),
        ("an external id", texts(&["e", "a b"])),
        ("a system", texts(&["humio", "0"])),
        ("https address; set with the", texts(&["https://c.example.com"])),
        ("signs without blanks", texts(&["short", "a b c d e f g h i j k l"])),
        ("a bearer token", texts(&["a b", "ü"])),
        ("the path of a file", texts(&["token", "./token"])),
        ("names of ManagementClusters", texts(&["other", "a b"])),
        ("a text of at most 60", vec!["x".repeat(61)]),
        ("words of at most 60", vec!["x".repeat(61), "a,b,c,d,e,f,g,h,i".to_owned()]),
        ("a readable file", texts(&["/nowhere/ca.pem", "/dev/null", "/"])),
        ("`DOOR=WORD,WORD;DOOR=...`", texts(&["live=everything", "=tick", "Alarm=tick;alarm=alarm"])),
    ]
}

fn violations(row: &Row) -> Vec<String> {
    let mut found: Vec<String> =
        broken().into_iter().filter(|(words, _)| row.allowed.contains(words)).flat_map(|(_, values)| values).collect();
    if let Some((least, most)) = range(&row.allowed) {
        found.extend(
            [least - 0.01, least - 1.0, most + 0.01, most + 1.0, f64::NAN, f64::INFINITY].map(|n| n.to_string()),
        );
        found.extend(["x", "1,5", "0x10", "1 s"].map(str::to_owned));
    }
    let words: Vec<&str> = row.allowed.split(", ").collect();
    if found.is_empty() && words.len() > 1 && words.iter().all(|word| !word.contains(' ')) {
        found.extend(["no-such-word", "0.5"].map(str::to_owned));
        found.push(row.allowed.clone());
    }
    found
}

/// What else must be set so that nothing but the row itself is tried.
fn companions(name: &str) -> Vec<(&'static str, &'static str)> {
    let all = [
        ("HOLDFAST_CALL_TIMEOUT_SECONDS", "0.05"),
        ("HOLDFAST_LEASE_SECONDS", "300"),
        ("HOLDFAST_MARGIN_SECONDS", "0.1"),
        ("HOLDFAST_FUNCTION_TIMEOUT_SECONDS", "3600"),
    ];
    all.into_iter().filter(|(other, _)| *other != name).collect()
}

/// The row on each cloud that reads it.
fn clouds(row: &Row) -> Vec<Cloud> {
    match row.cloud {
        Cloud::Aws if !AWS_ONLY.contains(&row.name.as_str()) => vec![Cloud::Aws, Cloud::Azure, Cloud::Oci],
        cloud => vec![cloud],
    }
}

#[test]
fn every_rule_of_the_page_is_refused_when_it_is_broken_and_the_refusal_names_the_variable() {
    let rows = rows();
    assert!(rows.len() > 45, "only {} rows were read", rows.len());
    for row in rows.iter().filter(|row| row.name != "IDENTITY_ENDPOINT") {
        let broken = violations(row);
        assert!(!broken.is_empty(), "{}: no violation of {:?} is known here", row.name, row.allowed);
        for (cloud, value) in clouds(row).into_iter().flat_map(|cloud| broken.iter().map(move |value| (cloud, value))) {
            let mut more = vec![(row.name.as_str(), value.as_str())];
            if row.name == "HOLDFAST_CLUSTER_CA_DATA" {
                more.push(("HOLDFAST_CLUSTER_ENDPOINT", "https://c.example.com"));
            }
            let said = refusal(cloud, &variables(cloud, &more));
            let said =
                said.unwrap_or_else(|| panic!("{cloud:?}: {}={value:?} is taken, against {:?}", row.name, row.allowed));
            assert!(said.contains(&row.name), "{cloud:?}: {}={value:?}: {said}", row.name);
            assert!(!said.contains("hunter2") && said.len() < 4096, "{said}");
        }
    }
}

#[test]
fn every_row_has_a_rule() {
    let without: Vec<String> = rows().into_iter().filter(|row| row.allowed.is_empty()).map(|row| row.name).collect();
    assert_eq!(without, ["IDENTITY_ENDPOINT"], "the platform sets it");
}

#[test]
fn both_ends_of_every_range_are_taken() {
    let mut tried = 0;
    for row in rows() {
        let Some((least, most)) = range(&row.allowed) else { continue };
        for cloud in clouds(&row) {
            for value in [least, most].map(|number| number.to_string()) {
                let mut more = companions(&row.name);
                more.push((&row.name, &value));
                let said = refusal(cloud, &variables(cloud, &more));
                assert_eq!(said, None, "{cloud:?}: {}={value}", row.name);
                tried += 1;
            }
        }
    }
    assert!(tried > 40, "only {tried} ends were tried");
}

#[test]
fn what_is_required_is_missed_when_it_is_not_set() {
    let mut tried = 0;
    for row in rows().iter().filter(|row| row.default.starts_with("required")) {
        let mut variables = variables(row.cloud, &[]);
        variables.remove(&row.name).unwrap_or_else(|| panic!("{} is not among what is set here", row.name));
        assert!(refusal(row.cloud, &variables).is_some_and(|said| said.contains(&row.name)), "{}", row.name);
        tried += 1;
    }
    assert!(tried >= 5, "only {tried} were tried");
}

#[test]
fn a_default_that_is_set_changes_nothing() {
    let mut tried = 0;
    for row in rows() {
        let value = row.default.trim_matches('`');
        let words = ["required", "none", "any", "system-assigned", "AWS_REGION"];
        if words.contains(&value) || value.contains([' ', '<', '/', '\'']) {
            continue;
        }
        let (without, with) = (variables(row.cloud, &[]), variables(row.cloud, &[(&row.name, value)]));
        assert_eq!(read(row.cloud, &without), read(row.cloud, &with), "{}", row.name);
        assert_eq!(refusal(row.cloud, &with), None);
        tried += 1;
    }
    assert!(tried > 25, "only {tried} were tried");
}

#[test]
fn the_page_names_every_action_every_gate_and_the_bound_of_a_reason() {
    let page = page();
    let actions: Vec<String> = ACTIONS.iter().map(|rule| format!("{:?}", rule.name)).collect();
    assert!(page.contains(&format!("{{\"action\": {},", actions.join(" | "))), "the actions are not {actions:?}");
    let gates: Vec<String> = Gate::ALL.map(|gate| format!("{:?}", gate.name())).into();
    assert!(page.contains(&format!("\"waive\": [{}]", gates.join(", "))), "the gates are not {gates:?}");
    assert!(page.contains(&format!("at most {} characters", manual::LONGEST_REASON)));
    for rule in &ACTIONS {
        let takes: Vec<_> = rule.arguments.iter().map(|argument| format!("`{}`", argument.name())).collect();
        let takes = if takes.is_empty() { "-".to_owned() } else { takes.join(", ") };
        let row = format!("| `{}` | {takes} | {} | {} |", rule.name, rule.access.describe(), rule.says);
        assert!(page.contains(&row), "the page lacks {row}");
    }
}
