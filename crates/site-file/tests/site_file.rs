//! The site file as a person writes it, and as the variables of a function.

use std::collections::BTreeMap;

use holdfast_simulator::{Options, Simulator, clouds};

use holdfast_site_file::{
    Function, Secret, SiteFile, parse,
    parts::{AzureFunction, Lambda, OciFunction},
    to_yaml,
    variables::{Variables, is_of_the_platform},
};

const SITE: &str = "\
schema: 1
name: logscale-prod
system:
  logscale: {namespace: logging, cluster: logscale}
sites:
  west:
    host: logs-west.example.com
    history:
      route53-health-check: {id: 7f5c1d4e-0000-4000-8000-1e9a5f1c0b2d}
  east:
    cluster: {eks: {name: dr-secondary, region: us-east-2}}
home: west
traffic:
  name: logscale.example.com
  switch:
    route53-health-check:
      id: 7f5c1d4e-0000-4000-8000-1e9a5f1c0b2d
      role: {arn: arn:aws:iam::444455556666:role/dns}
policy: {holdoff: 3m, cooldown: 300s}
control_targets: [https://status.example.net/, https://other.example.net/]
function:
  lambda: {arn: arn:aws:lambda:us-east-2:111122223333:function:dr-failover}
";

fn variables(text: &str) -> BTreeMap<String, String> {
    parse(text).expect("a site").variables().expect("variables")
}

fn fault(text: &str) -> String {
    parse(text).and_then(|file| file.variables().map(drop)).expect_err("a fault").to_string()
}

#[test]
fn a_file_is_the_variables_of_its_function() {
    let expected = [
        ("CLUSTER_NAME", "dr-secondary"),
        ("CLUSTER_NAMESPACE", "logging"),
        ("CLUSTER_REGION", "us-east-2"),
        ("FAILOVER_COOLDOWN_SECONDS", "300"),
        ("HOLDFAST_CONTROL_TARGETS", "https://status.example.net/,https://other.example.net/"),
        ("HOLDFAST_TRAFFIC_NAME", "logscale.example.com"),
        ("HOLDFAST_TRAFFIC_ROLE_ARN", "arn:aws:iam::444455556666:role/dns"),
        ("HUMIOCLUSTER_NAME", "logscale"),
        ("PRE_FAILOVER_FAILURE_SECONDS", "180"),
        ("PRIMARY_HEALTH_CHECK_FQDN", "logs-west.example.com"),
        ("PRIMARY_HEALTH_CHECK_ID", "7f5c1d4e-0000-4000-8000-1e9a5f1c0b2d"),
    ];
    let found = variables(SITE);
    let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_file_that_was_written_is_read_as_the_same() {
    let file = parse(SITE).expect("a site");
    assert_eq!(parse(&to_yaml(&file).expect("YAML")).expect("the same site"), file);
}

#[test]
fn an_unknown_key_is_told_with_its_place_and_the_nearest_known_one() {
    let text = fault(&SITE.replace("  logscale: {namespace", "  logscale: {namespcae"));
    assert_eq!(text, "line 4, column 14: the key \"namespcae\" is not known; did you mean \"namespace\"?");
    let text = fault(&SITE.replace("{eks:", "{openshift:"));
    assert!(text.starts_with("line 11, column 15: the kind \"openshift\" is not known; there are"), "{text}");
    let text = fault(&SITE.replace("name: logscale-prod\n", ""));
    assert!(text.contains("the key name is missing"), "{text}");
    let text = fault(&SITE.replace("3m", "soon"));
    assert!(text.starts_with("line 19, column 19") && text.contains("180s"), "{text}");
}

#[test]
fn parts_that_do_not_fit_together_are_told_in_one_line() {
    for (from, to, says) in [
        ("schema: 1", "schema: 7", "schema 7 is not known"),
        ("home: west", "home: north", "none of the sites east, west"),
        ("home: west", "home: east", "sites.east.history is missing"),
        ("name: logscale-prod", "name: two words", "one word"),
        ("      id: 7f5c", "      id: 8f5c", "traffic.switch.route53-health-check.id: PRIMARY_HEALTH_CHECK_ID"),
    ] {
        let text = fault(&SITE.replace(from, to));
        assert!(text.contains(says) && !text.contains('\n'), "{text}");
    }
    let secret = format!("{SITE}variables: {{AWS_SECRET_ACCESS_KEY: hunter2}}\n");
    let text = fault(&secret);
    assert!(text.contains("credential") && !text.contains("hunter2"), "{text}");
}

#[test]
fn the_keys_by_which_people_are_told_are_not_written_into_a_file() {
    let lambda = Function::Lambda(Lambda { arn: "arn:aws:lambda:r:1:function:f".to_owned(), ..Lambda::default() });
    let secrets = [
        "HOLDFAST_NOTIFY_OPSGENIE_API_KEY",
        "HOLDFAST_NOTIFY_PAGERDUTY_ROUTING_KEY",
        "HOLDFAST_NOTIFY_WEBHOOK_SECRET",
        "HOLDFAST_NOTIFY_WEBHOOK_URL",
        "HOLDFAST_TICK_URL",
    ];
    let mut given = variables(SITE);
    given.extend(secrets.map(|name| (name.to_owned(), "https://hunter2.example".to_owned())));
    given.insert("HOLDFAST_NOTIFY_PAUSED_SECONDS".to_owned(), "60".to_owned());
    let file = SiteFile::from_variables("pair", ("west", "east"), lambda, &given).expect("a file");
    let text = to_yaml(&file).expect("YAML");
    assert!(!text.contains("hunter2") && text.contains("HOLDFAST_NOTIFY_PAUSED_SECONDS"), "{text}");
    for name in secrets {
        let text = fault(&format!("{SITE}variables: {{{name}: hunter2}}\n"));
        assert!(text.contains("credential") && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn the_key_of_a_variable_is_found() {
    let file = parse(SITE).expect("a site");
    assert_eq!(file.key_of("CLUSTER_REGION").as_deref(), Some("sites.east.cluster.eks.region"));
    assert_eq!(file.key_of("HOLDFAST_AKS_CLUSTER_ID"), None);
}

#[test]
fn a_nested_or_huge_file_is_refused() {
    assert!(fault(&"[".repeat(100_000)).len() < 300);
    assert!(fault(&" ".repeat(300 * 1024)).contains("262144"));
}

/// Variables of a site, with numbers in one spelling.
fn of_site(variables: &Variables) -> Variables {
    let own = variables.iter().filter(|(name, _)| !is_of_the_platform(name));
    let plain = |value: &String| value.parse::<f64>().map_or_else(|_| value.clone(), |number| number.to_string());
    own.map(|(name, value)| (name.clone(), plain(value))).collect()
}

#[tokio::test]
async fn the_variables_of_a_function_come_back_from_its_file_on_every_cloud() {
    let lambda = || Function::Lambda(Lambda { arn: "arn:aws:lambda:r:1:function:f".to_owned(), ..Lambda::default() });
    let app = || {
        Function::AzureFunction(AzureFunction {
            url: "https://app.azurewebsites.net/api/operator".to_owned(),
            key: Secret::Env("KEY".to_owned()),
            name: None,
            queue: None,
            timeout: None,
            alarms: Vec::new(),
            admits: None,
        })
    };
    let oci = || {
        Function::OciFunction(OciFunction {
            id: "ocid1.fnfunc.oc1.iad.x".to_owned(),
            endpoint: "https://x.us-ashburn-1.functions.oci.oraclecloud.com".to_owned(),
            ..OciFunction::default()
        })
    };
    let cloud = |name: &str| clouds::by_name(name).expect("a cloud");
    for (name, traffic, function) in
        [("aws", None, lambda()), ("azure", None, app()), ("aws", Some("azure"), lambda()), ("oci", None, oci())]
    {
        let options = Options { traffic: traffic.map(cloud), ..Options::on(cloud(name)) };
        let simulator = Simulator::start(options).await.expect("a simulator");
        let variables = simulator.function_env();
        let file = SiteFile::from_variables("pair", ("west", "east"), function, &variables).expect("a file");
        assert!(file.variables.is_empty(), "no key for {:?}", file.variables.keys());
        let read = parse(&to_yaml(&file).expect("YAML")).expect("the file");
        assert_eq!(of_site(&read.variables().expect("variables")), of_site(&variables), "{name} {traffic:?}");
    }
}
