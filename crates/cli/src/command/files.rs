//! Verbs that write what the site file says.

use std::{collections::BTreeMap, path::Path};

use holdfast_site_file::{
    Cluster, Function, Secret, SiteFile, Switch,
    parts::{AzureFunction, Lambda, OciFunction},
    to_yaml,
    variables::Variables,
};
use serde_json::Value;

use super::{
    args::{Env, Form, Init, Site},
    exit::{Exit, Stopped},
    run::Said,
    target::{self, Target},
};

fn done(text: String) -> Said {
    Said { text, document: Value::Null, exit: Exit::Done }
}

/// The variables of the function.
pub fn env(arguments: &Env) -> Result<Said, Stopped> {
    let target = Target::read(&arguments.site.site)?;
    Ok(done(match arguments.form {
        Form::Json => format!("{}\n", Value::from_iter(target.variables)),
        Form::Env => target.variables.iter().map(|(name, value)| format!("{name}={}\n", for_shell(value))).collect(),
    }))
}

/// A value as a POSIX shell reads it back.
fn for_shell(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.,:/@%+=".contains(c);
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', "'\\''"))
}

/// The schema of the site file.
pub fn schema() -> Result<Said, Stopped> {
    let text = serde_json::to_string_pretty(&holdfast_site_file::schema());
    text.map(|text| done(format!("{text}\n"))).map_err(|error| Stopped::ours(error.to_string()))
}

/// A site file from the variables of a function.
pub fn init(arguments: &Init) -> Result<Said, Stopped> {
    let variables = given(&arguments.variables)?;
    let function = match (&arguments.arn, &arguments.function_id, &arguments.app_url) {
        (None, Some(id), _) => Function::OciFunction(OciFunction {
            id: id.clone(),
            endpoint: arguments.endpoint.clone().unwrap_or_default(),
            ..OciFunction::default()
        }),
        (Some(arn), ..) => Function::Lambda(Lambda { arn: arn.clone(), ..Lambda::default() }),
        (None, None, url) => Function::AzureFunction(AzureFunction {
            url: url.clone().unwrap_or_default(),
            key: Secret::Env(arguments.key_env.clone().unwrap_or_default()),
            name: variables.get("WEBSITE_SITE_NAME").cloned(),
            queue: None,
            timeout: None,
            alarms: Vec::new(),
            admits: None,
        }),
    };
    let sites = (arguments.home.as_str(), arguments.standby.as_str());
    let file = SiteFile::from_variables(&arguments.name, sites, function, &variables);
    let text = file
        .and_then(|file| to_yaml(&file))
        .map_err(|fault| Stopped::usage(format!("{}: {fault}", arguments.variables.display())))?;
    Ok(done(format!("# yaml-language-server: $schema=holdfast-site.schema.json (holdfast schema prints it)\n{text}")))
}

/// Variables as AWS's and as Azure's tools print them.
fn given(path: &Path) -> Result<Variables, Stopped> {
    let text = target::text(path)?;
    let unread = || {
        Stopped::usage(format!(
            "{}: a JSON object of variables, or a list of name and value, is needed",
            path.display()
        ))
    };
    match serde_json::from_str(&text).map_err(|_| unread())? {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| value.as_str().map(|value| (name, value.to_owned())).ok_or_else(unread))
            .collect(),
        Value::Array(list) => list
            .iter()
            .map(|one| {
                let (name, value) = (one["name"].as_str(), one["value"].as_str());
                name.zip(value).map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or_else(unread)
            })
            .collect::<Result<BTreeMap<_, _>, _>>(),
        _ => Err(unread()),
    }
}

/// The raw commands, with the real names.
pub fn runbook(site: &Site) -> Result<Said, Stopped> {
    let target = Target::read(&site.site)?;
    let (file, mut text) = (&target.file, String::new());
    let mut add = |line: String| text.extend([line.as_str(), "\n"]);
    let logscale = &file.system.logscale;
    let namespace = logscale.namespace.as_deref().unwrap_or("logging");
    let operator = logscale.operator.as_deref().unwrap_or("humio-operator");
    let replicas = logscale.operator_replicas.unwrap_or(1);
    let record = logscale.object_name.as_deref().unwrap_or("holdfast");
    add(format!(
        "# {}: by hand, when holdfast and its function cannot be used. Written from the site file.",
        file.name
    ));
    add(format!("# {} is home to the service, {} is its standby.", target.home(), target.standby()));
    add(String::new());
    add("# 1. The cluster of the standby".to_owned());
    add(kubeconfig(file));
    add(String::new());
    add("# 2. Is a failover open, or does one stand? Keep a copy of the record.".to_owned());
    add(format!("kubectl -n {namespace} get configmap {record} -o jsonpath='{{.data.state}}'"));
    add(String::new());
    add("# 3. Start the standby".to_owned());
    add(format!("kubectl -n {namespace} scale deploy/{operator} --replicas={replicas}"));
    add(String::new());
    add("# 4. Lock traffic to it. Without this step traffic goes back by itself as soon as home answers.".to_owned());
    let (lock, unlock) = switch(file);
    add(lock);
    add(String::new());
    add("# 5. See it serve".to_owned());
    add(format!("kubectl -n {namespace} get pods -w"));
    if let Some(name) = &file.traffic.name {
        add(format!("dig +short {name}"));
    }
    add(String::new());
    add("# The way back, once home answers by its own endpoint and its data is as it must be".to_owned());
    add(unlock);
    add("# Wait for DNS (TTL and a margin), see users arrive at home, and only then:".to_owned());
    add(format!("kubectl -n {namespace} scale deploy/{operator} --replicas=0"));
    Ok(done(text))
}

fn kubeconfig(file: &SiteFile) -> String {
    let site = file.standby().and_then(|name| file.sites.get(name));
    match site.and_then(|site| site.cluster.as_ref()) {
        Some(Cluster::Eks(eks)) => {
            let region = eks.region.as_deref().map(|region| format!(" --region {region}")).unwrap_or_default();
            let role = eks.role.arn.as_deref().map(|arn| format!(" --role-arn {arn}")).unwrap_or_default();
            format!("aws eks update-kubeconfig --name {}{region}{role}", eks.name)
        }
        Some(Cluster::Aks(aks)) => match &aks.id {
            Some(id) => format!("az aks get-credentials --ids {id}"),
            None => format!("# its API server: {}", aks.endpoint.as_deref().unwrap_or("not known")),
        },
        Some(Cluster::Oke(oke)) => {
            let region = oke.region.as_deref().map(|region| format!(" --region {region}")).unwrap_or_default();
            format!("oci ce cluster create-kubeconfig --cluster-id {}{region}", oke.id)
        }
        None => String::new(),
    }
}

/// The commands that lock and unlock.
fn switch(file: &SiteFile) -> (String, String) {
    match &file.traffic.switch {
        Switch::Route53HealthCheck(check) => {
            let lock = check.lock_host.as_deref().unwrap_or("failover-locked.invalid");
            let host = file.sites.get(&file.home).and_then(|site| site.host.as_deref());
            let host = host.unwrap_or("THE-NAME-THAT-THE-RECORD-HOLDS");
            let set = |name: &str| {
                let call = "aws route53 update-health-check --health-check-id";
                format!("{call} {} --fully-qualified-domain-name {name}", check.id)
            };
            let role = check.role.arn.as_deref().map(|arn| format!("# as {arn}:\n")).unwrap_or_default();
            (format!("{role}{}", set(lock)), format!("{role}{}", set(host)))
        }
        Switch::TrafficManager(end) => {
            let kind = end.endpoint_type.as_deref().unwrap_or("externalEndpoints");
            let part = |name: &str| {
                let mut parts = end.profile.split('/').skip_while(|part| !part.eq_ignore_ascii_case(name));
                parts.nth(1).unwrap_or("?").to_owned()
            };
            let set = |status: &str| {
                format!(
                    "az network traffic-manager endpoint update --subscription {} -g {} --profile-name {} -n {} --type {kind} \
                     --endpoint-status {status}",
                    part("subscriptions"),
                    part("resourceGroups"),
                    part("trafficManagerProfiles"),
                    end.endpoint
                )
            };
            (set("Disabled"), set("Enabled"))
        }
        Switch::DnsSteering(steering) => {
            let call = |what: &str| {
                format!(
                    "oci dns steering-policy get --steering-policy-id {id} > policy.json   # data.answers, and etag\n\
                     # {what}; put the whole list into answers.json\n\
                     oci dns steering-policy update --steering-policy-id {id} --answers file://answers.json --if-match ETAG",
                    id = steering.policy
                )
            };
            let lock = call("isDisabled: true for the answers of home, false for those of the standby");
            (lock, call("isDisabled: false for the answers of home"))
        }
    }
}
