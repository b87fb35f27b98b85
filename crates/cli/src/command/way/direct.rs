//! The engine in this process, put together from the variables that the function has.
//!
//! Who we are is the person at the terminal: keys of AWS as its own tools find them, an application of Entra or a managed
//! identity by the usual variables of Azure, a profile of OCI's configuration file. `az login` is no source of credentials here.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use holdfast_aws::settings::Aws;
use holdfast_azure::settings::AzureCloud;
use holdfast_core::{Clock, clock::later, record::Trigger};
use holdfast_oci::settings::OciCloud;
use holdfast_parts::Cloud;
use holdfast_settings::ConfigurationFaults;
use holdfast_site::{Site, clock::SystemClock, json::Document, manual, report};
use holdfast_site_file::{Function, SiteFile, variables::is_of_the_platform};
use serde_json::Value;

use super::{Environment, credentials, person};
use crate::command::{
    args::Errand,
    exit::{Exit, Stopped},
    target::Target,
};

/// The engine here.
pub struct Direct {
    site: Site,
    clock: Arc<SystemClock>,
    person: String,
    identity: String,
    wait: Duration,
}

impl Direct {
    /// Puts it together. Nothing is sent to the site.
    ///
    /// # Errors
    /// In one line: no credentials, or settings that cannot be used, with their keys in the site file.
    pub async fn open(
        target: &Target,
        profile: Option<&str>,
        wait: Duration,
        environment: &Environment,
    ) -> Result<Self, Stopped> {
        let (variables, identity) = variables(target, profile, environment).await?;
        let clock = Arc::new(SystemClock::default());
        let site = site(&target.file, &variables, Arc::clone(&clock) as Arc<dyn Clock>)?;
        Ok(Self { site, clock, person: person(environment), identity, wait })
    }

    /// Where it is, and as whom it acts.
    pub fn describe(&self) -> String {
        format!("this process, for {}, {}", self.person, self.identity)
    }

    /// The site that was put together.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The clock of this process.
    pub fn clock(&self) -> &SystemClock {
        &self.clock
    }

    /// Asks the engine.
    ///
    /// # Errors
    /// In one line: the same refusals as those of a function.
    pub async fn ask(&self, errand: &Errand) -> Result<Value, Stopped> {
        let document = Document { value: errand.payload(), repeated: None };
        let call = manual::parse(&document).map_err(|invalid| Stopped::usage(invalid.to_string()))?;
        let caller = format!("{:?} at a terminal (claims to be), {}", self.person, self.identity);
        let caller: String = caller.chars().take(200).collect();
        let request = call.request(Trigger::Operator, caller, later(self.clock.now(), self.wait));
        let holder = format!("holdfast/{}/{}/{:08x}", self.person, std::process::id(), fastrand::u32(..));
        let answer = self.site.engine(holder).handle(&request).await;
        report::document(&answer).map_err(|error| Stopped::ours(format!("the answer cannot be written: {error}")))
    }
}

/// The site of a file.
///
/// # Errors
/// Every setting that cannot be used, with its key in the file.
pub fn site(file: &SiteFile, variables: &BTreeMap<String, String>, clock: Arc<dyn Clock>) -> Result<Site, Stopped> {
    let host: &'static dyn Cloud = match file.function {
        Function::Lambda(_) => &Aws,
        Function::AzureFunction(_) => &AzureCloud,
        Function::OciFunction(_) => &OciCloud,
    };
    let read = Site::from_variables(host, variables, clock, |_, _| ());
    read.map(|(site, ())| site).map_err(|faults| Stopped { exit: Exit::Usage, why: told(file, &faults) })
}

/// Faults in one line, each with the key that it comes from.
fn told(file: &SiteFile, faults: &ConfigurationFaults) -> String {
    let told = faults.0.iter().map(|fault| match file.key_of(&fault.name) {
        Some(key) => format!("{key}: {fault}"),
        None => fault.to_string(),
    });
    format!("the site file cannot be used: {}", told.collect::<Vec<_>>().join("; "))
}

/// The variables of the function, with who we are in place of who it is.
async fn variables(
    target: &Target,
    profile: Option<&str>,
    environment: &Environment,
) -> Result<(BTreeMap<String, String>, String), Stopped> {
    let own = environment.iter().filter(|(name, _)| is_of_the_platform(name));
    let mut variables: BTreeMap<String, String> = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    variables.extend(target.variables.clone());
    match &target.file.function {
        Function::Lambda(function) => {
            let name = function.arn.split(':').nth(6).unwrap_or("holdfast");
            variables.insert("AWS_LAMBDA_FUNCTION_NAME".to_owned(), name.to_owned());
        }
        Function::AzureFunction(function) => {
            let name = function.name.clone().unwrap_or_else(|| "holdfast".to_owned());
            variables.insert("WEBSITE_SITE_NAME".to_owned(), name);
        }
        Function::OciFunction(function) => {
            variables.insert("FN_FN_NAME".to_owned(), function.id.clone());
            if let Some(profile) = profile {
                variables.insert("OCI_CLI_PROFILE".to_owned(), profile.to_owned());
            }
        }
    }
    let mut identity = match target.file.function {
        Function::OciFunction(_) => "the profile of OCI's configuration file".to_owned(),
        Function::Lambda(_) | Function::AzureFunction(_) => "the identity of the AZURE_ variables".to_owned(),
    };
    if uses_aws(target) {
        let region = variables.get("CLUSTER_REGION").map_or("us-east-1", String::as_str);
        let keys = credentials::of_person(profile, region).await?;
        identity = format!("AWS key {}", keys.access_key_id());
        variables.insert("AWS_ACCESS_KEY_ID".to_owned(), keys.access_key_id().to_owned());
        variables.insert("AWS_SECRET_ACCESS_KEY".to_owned(), keys.secret_access_key().to_owned());
        match keys.session_token() {
            Some(token) => variables.insert("AWS_SESSION_TOKEN".to_owned(), token.to_owned()),
            None => variables.remove("AWS_SESSION_TOKEN"),
        };
    }
    Ok((variables, identity))
}

/// Whether a part of the site is on AWS.
fn uses_aws(target: &Target) -> bool {
    target.file.host() == "aws" || target.file.clouds().contains(&"aws")
}
