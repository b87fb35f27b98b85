//! Who we are on OCI, and where its services are.

use std::sync::Arc;

use holdfast_http::Proxies;
use holdfast_settings::Reader;

use crate::{
    client::{Oci, Options},
    endpoint::{BadEndpoint, Endpoints, Moved},
    identity::Identity,
    ocid::Ocid,
    region,
};

/// The realm of a site that names no resource of OCI.
const COMMERCIAL: &str = "oc1";

/// What is allowed where a region is named.
pub(super) const REGION: &str = "a region of OCI, such as us-chicago-1 or ord";

/// Who we are on OCI, and where its services are.
#[derive(Debug)]
pub(super) struct Account {
    /// Nobody where OCI fills no role.
    identity: Option<Arc<Identity>>,
    /// The region that the function runs in, which is the standby's, as the identity says.
    pub(super) region: Option<String>,
    pub(super) realm: String,
    moved: Moved,
}

impl Account {
    /// Reads it. `is_used` is true where OCI fills a role; without one no identity is needed.
    pub(super) fn read(read: &mut Reader<'_>, is_used: bool) -> Self {
        let moved = Moved::read(&|name| read.text(name)).unwrap_or_else(|bad| {
            read.fault(bad.name, BadEndpoint::ALLOWED);
            Moved::default()
        });
        let (identity, region) = if is_used { identity(read) } else { (None, None) };
        Self { identity, region, realm: realm(read), moved }
    }

    /// The client; none where OCI fills no role. Nothing is sent.
    pub(super) fn open(&self, proxies: &Proxies) -> Option<Arc<Oci>> {
        let identity = Arc::clone(self.identity.as_ref()?);
        let endpoints = Endpoints::new(self.realm.clone(), self.moved.clone());
        Some(Arc::new(Oci::new(Options { identity, endpoints, proxies: proxies.clone() })))
    }

    /// The region `name` names; else the one that the function runs in. A fault when there is neither.
    pub(super) fn region_or_own(&self, read: &mut Reader<'_>, name: &str) -> String {
        let own = || self.region.clone();
        region_of(read, name).or_else(own).unwrap_or_else(|| read.required(name, REGION))
    }
}

fn identity(read: &mut Reader<'_>) -> (Option<Arc<Identity>>, Option<String>) {
    match Identity::from_environment(&|name| read.text(name)) {
        Ok((identity, region)) => (Some(Arc::new(identity)), region),
        Err(none) => {
            read.hidden_fault(none.name, none.allowed);
            (None, None)
        }
    }
}

/// The realm that the resources of the site are in: all are in one.
fn realm(read: &Reader<'_>) -> String {
    let names = ["CLUSTER_ID", "STEERING_POLICY_ID", "PRIMARY_HEALTH_CHECK_ID", "PRIMARY_LB_OCID"];
    let named = names.into_iter().find_map(|name| Ocid::parse(&read.text(name)?));
    named.map_or_else(|| COMMERCIAL.to_owned(), |id| id.realm().to_owned())
}

/// The region that a variable names, by its name.
pub(super) fn region_of(read: &mut Reader<'_>, name: &str) -> Option<String> {
    let text = read.shaped(name, REGION, |text| region::named(text).is_some())?;
    Some(region::named(&text).unwrap_or_default())
}
