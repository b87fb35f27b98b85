//! The Role that we ship as a set of permissions, and what an audit log says of its use.

use std::collections::BTreeSet;

use holdfast_testbed::AuditEntry;
use serde_json::Value;

/// The Role, and the group that it is bound to on EKS.
pub const MANIFEST: &str = include_str!("../../infra/kubernetes/role.yaml");
/// Who has the same Role on Azure. It adds no rule.
pub const AZURE_BINDING: &str = include_str!("../../infra/azure/binding.yaml");

/// Who has the same Role on OCI, and what it may read there beside it.
pub const OCI: [&str; 2] = [include_str!("../../infra/oci/binding.yaml"), include_str!("../../infra/oci/ingress.yaml")];

/// One thing that may be done, or was done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// Such as `get`.
    pub verb: String,
    /// API group; empty for the core group.
    pub group: String,
    /// Plural, with its subresource after a slash.
    pub resource: String,
    /// The one object; empty where the rule names none.
    pub name: String,
}

/// Everything that the shipped manifests allow, whoever they bind it to: one Role for all clouds.
pub fn shipped() -> BTreeSet<Permission> {
    [MANIFEST, AZURE_BINDING].into_iter().flat_map(roles).flat_map(|role| rules(&role)).collect()
}

/// The same for a function on OCI, which may read where the standby's load balancer is.
pub fn shipped_on_oci() -> BTreeSet<Permission> {
    shipped().into_iter().chain(OCI.into_iter().flat_map(roles).flat_map(|role| rules(&role))).collect()
}

/// Everything that one manifest allows.
pub fn permissions_of(manifest: &str) -> BTreeSet<Permission> {
    roles(manifest).iter().flat_map(rules).collect()
}

/// The Roles of a manifest, those of the whole cluster included.
fn roles(manifest: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(manifest).expect("the shipped manifest is YAML");
    documents.into_iter().filter(|it| matches!(it["kind"].as_str(), Some("Role" | "ClusterRole"))).collect()
}

fn rules(role: &Value) -> BTreeSet<Permission> {
    role["rules"].as_array().expect("rules").iter().flat_map(expand).collect()
}

fn expand(rule: &Value) -> BTreeSet<Permission> {
    let all = |field: &str| -> Vec<String> {
        let list = rule[field].as_array().into_iter().flatten();
        list.map(|text| text.as_str().expect("text").to_owned()).collect()
    };
    let mut names = all("resourceNames");
    if names.is_empty() {
        names.push(String::new());
    }
    let mut permissions = BTreeSet::new();
    for group in all("apiGroups") {
        for resource in all("resources") {
            for verb in all("verbs") {
                permissions.extend(names.iter().map(|name| Permission {
                    verb: verb.clone(),
                    group: group.clone(),
                    resource: resource.clone(),
                    name: name.clone(),
                }));
            }
        }
    }
    permissions
}

/// What a server noted of one user, in the words of the Role: an object's name is kept only where the Role names objects,
/// so that what was done beyond the Role shows as something that the Role does not hold.
pub fn used(requests: impl IntoIterator<Item = Permission>) -> BTreeSet<Permission> {
    let shipped = shipped();
    let in_its_words = |request: Permission| {
        let any_name = Permission { name: String::new(), ..request.clone() };
        if shipped.contains(&any_name) { any_name } else { request }
    };
    requests.into_iter().map(in_its_words).collect()
}

impl From<&AuditEntry> for Permission {
    fn from(entry: &AuditEntry) -> Self {
        let AuditEntry { verb, api_group: group, resource, subresource, name, .. } = entry;
        Self::of(verb, group, resource, subresource, name)
    }
}

impl From<&holdfast_simulator::kubernetes::AuditEntry> for Permission {
    fn from(entry: &holdfast_simulator::kubernetes::AuditEntry) -> Self {
        Self::of(&entry.verb, &entry.api_group, &entry.resource, &entry.subresource, &entry.name)
    }
}

impl Permission {
    fn of(verb: &str, group: &str, resource: &str, subresource: &str, name: &str) -> Self {
        let resource = if subresource.is_empty() { resource.to_owned() } else { format!("{resource}/{subresource}") };
        Self { verb: verb.to_owned(), group: group.to_owned(), resource, name: name.to_owned() }
    }
}
