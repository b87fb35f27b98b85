//! How an action reaches the engine of a site pair.
//!
//! # Layout
//!
//! * this file: [`Way`], chosen by the site file and `--direct`.
//! * `lambda`: a signed call of a function on AWS Lambda; `credentials`: with whose keys.
//! * `app`: the endpoint for operators of a function app on Azure.
//! * `oci`: a signed call of a function on OCI.
//! * `direct`: the engine in this process, from the same variables.
//! * `reply`: what comes back that is no answer of the engine.

mod app;
mod credentials;
pub mod direct;
mod lambda;
mod oci;
mod reply;

use std::{collections::BTreeMap, time::Duration};

use holdfast_http::{Client, Proxies};
use holdfast_site_file::Function;
use serde_json::Value;

use super::{
    args::{Errand, Reach},
    exit::Stopped,
    target::Target,
};

/// The longest answer that is read, in bytes: a record is below 1 MiB, and so is the evidence beside it.
const LONGEST: usize = 4 * 1024 * 1024;

/// The variables of this process.
pub type Environment = BTreeMap<String, String>;

/// The way to the engine.
pub enum Way {
    /// A function on AWS Lambda.
    Lambda(Box<lambda::Lambda>),
    /// A function app on Azure.
    App(Box<app::App>),
    /// A function on OCI.
    Oci(Box<oci::Oci>),
    /// The engine in this process.
    Direct(Box<direct::Direct>),
}

impl Way {
    /// The way that was asked for. Nothing is sent to the function.
    ///
    /// # Errors
    /// In one line: no credentials, no key, or settings that cannot be used.
    pub async fn open(target: &Target, reach: &Reach, environment: &Environment) -> Result<Self, Stopped> {
        let wait = Duration::from_secs(u64::from(reach.wait));
        if reach.direct {
            let direct = direct::Direct::open(target, reach.profile.as_deref(), wait, environment).await?;
            return Ok(Self::Direct(Box::new(direct)));
        }
        let proxies = Proxies::read(&|name| environment.get(name).cloned())
            .map_err(|fault| Stopped::usage(format!("the proxy of your environment cannot be used: {fault}")))?;
        let client = Client::new(proxies);
        match &target.file.function {
            Function::Lambda(function) => {
                let opened = lambda::Lambda::open(client, &function.arn, reach.profile.as_deref(), wait, environment);
                Ok(Self::Lambda(Box::new(opened.await?)))
            }
            Function::AzureFunction(function) => {
                Ok(Self::App(Box::new(app::App::open(client, function, wait, environment)?)))
            }
            Function::OciFunction(function) => {
                let profile = reach.profile.as_deref();
                Ok(Self::Oci(Box::new(oci::Oci::open(client, function, profile, wait, environment)?)))
            }
        }
    }

    /// Asks the engine and hands over its answer as the function writes it.
    ///
    /// # Errors
    /// In one line: it could not be reached, or did not answer as an engine.
    pub async fn ask(&self, errand: &Errand) -> Result<Value, Stopped> {
        let document = match self {
            Self::Lambda(lambda) => lambda.ask(errand).await?,
            Self::App(app) => app.ask(errand).await?,
            Self::Oci(oci) => oci.ask(errand).await?,
            Self::Direct(direct) => direct.ask(errand).await?,
        };
        reply::of_engine(document)
    }

    /// Where the engine runs, and as whom it is called.
    pub fn describe(&self) -> String {
        match self {
            Self::Lambda(lambda) => lambda.describe(),
            Self::App(app) => app.describe(),
            Self::Oci(oci) => oci.describe(),
            Self::Direct(direct) => direct.describe(),
        }
    }

    /// True where nobody drives on what this process leaves.
    pub fn is_direct(&self) -> bool {
        matches!(self, Self::Direct(_))
    }
}

/// Who sits at the terminal, as the environment says: a claim and no proof.
fn person(environment: &Environment) -> String {
    let name = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| environment.get(*name));
    let plain = |name: &String| name.chars().filter(|c| c.is_ascii_graphic() && *c != '"').take(64).collect::<String>();
    name.map(plain).filter(|name| !name.is_empty()).unwrap_or_else(|| "somebody".to_owned())
}
