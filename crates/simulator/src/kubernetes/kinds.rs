//! The resources that this API server serves, and how each of them differs from the others.

/// One resource type and the rules that the real API server has for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// API group; empty for the core group.
    pub(super) group: &'static str,
    /// Version inside the group.
    pub(super) version: &'static str,
    /// Name in paths and in RBAC rules. Unique over all kinds served here.
    pub(super) plural: &'static str,
    /// Name that `kubectl` accepts beside the plural.
    pub(super) singular: &'static str,
    /// Name in manifests.
    pub(super) kind: &'static str,
    /// Abbreviations that `kubectl` accepts.
    pub(super) short: &'static [&'static str],
    /// Whether its objects live in a namespace.
    pub(super) namespaced: bool,
    /// Whether `status` is a subresource, so that the main path cannot change it.
    pub(super) status: bool,
    /// Whether `scale` is a subresource.
    pub(super) scale: bool,
    /// Whether `log` is a subresource.
    pub(super) log: bool,
    /// Whether it comes from a CustomResourceDefinition: no strategic merge patch, no PUT without a resourceVersion.
    pub(super) custom: bool,
    /// Whether a PUT may leave the resourceVersion out (`AllowUnconditionalUpdate` of its strategy).
    pub(super) unconditional: bool,
    /// Whether a PUT may create it (`AllowCreateOnUpdate`; of the kinds here only Lease says yes).
    pub(super) create_on_update: bool,
    /// Whether `metadata.generation` counts changes of the spec.
    pub(super) generation: bool,
}

const BASE: Kind = Kind {
    group: "",
    version: "v1",
    plural: "",
    singular: "",
    kind: "",
    short: &[],
    namespaced: true,
    status: false,
    scale: false,
    log: false,
    custom: false,
    unconditional: true,
    create_on_update: false,
    generation: false,
};

const CUSTOM: Kind = Kind { status: true, custom: true, unconditional: false, generation: true, ..BASE };
const RBAC: Kind = Kind { group: "rbac.authorization.k8s.io", ..BASE };
const APPS: Kind = Kind { group: "apps", status: true, generation: true, ..BASE };

/// Every resource served, in the order of discovery.
pub(super) static KINDS: &[Kind] = &[
    Kind { plural: "configmaps", singular: "configmap", kind: "ConfigMap", short: &["cm"], ..BASE },
    Kind {
        plural: "namespaces",
        singular: "namespace",
        kind: "Namespace",
        short: &["ns"],
        namespaced: false,
        status: true,
        ..BASE
    },
    Kind { plural: "pods", singular: "pod", kind: "Pod", short: &["po"], status: true, log: true, ..BASE },
    Kind { plural: "secrets", singular: "secret", kind: "Secret", ..BASE },
    Kind { plural: "services", singular: "service", kind: "Service", short: &["svc"], status: true, ..BASE },
    Kind { plural: "deployments", singular: "deployment", kind: "Deployment", short: &["deploy"], scale: true, ..APPS },
    Kind { plural: "replicasets", singular: "replicaset", kind: "ReplicaSet", short: &["rs"], ..APPS },
    Kind {
        group: "cert-manager.io",
        plural: "certificates",
        singular: "certificate",
        kind: "Certificate",
        short: &["cert", "certs"],
        ..CUSTOM
    },
    Kind { group: "cert-manager.io", plural: "issuers", singular: "issuer", kind: "Issuer", ..CUSTOM },
    Kind {
        group: "coordination.k8s.io",
        plural: "leases",
        singular: "lease",
        kind: "Lease",
        unconditional: false,
        create_on_update: true,
        ..BASE
    },
    Kind {
        group: "core.humio.com",
        version: "v1alpha1",
        plural: "humioclusters",
        singular: "humiocluster",
        kind: "HumioCluster",
        ..CUSTOM
    },
    Kind { plural: "rolebindings", singular: "rolebinding", kind: "RoleBinding", ..RBAC },
    Kind { plural: "roles", singular: "role", kind: "Role", ..RBAC },
];

impl Kind {
    /// The kind with this plural name.
    pub(super) fn of_plural(plural: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.plural == plural)
    }

    /// The kind at this path.
    pub(super) fn of_path(group: &str, version: &str, plural: &str) -> Option<&'static Kind> {
        Kind::of_plural(plural).filter(|kind| kind.group == group && kind.version == version)
    }

    /// The kind that a manifest names.
    pub(super) fn of_manifest(manifest: &serde_json::Value) -> Option<&'static Kind> {
        let version = manifest["apiVersion"].as_str()?;
        let name = manifest["kind"].as_str()?;
        KINDS.iter().find(|kind| kind.kind == name && kind.api_version() == version)
    }

    /// `apiVersion` as manifests write it.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The resource as error messages write it: `secrets`, `deployments.apps`.
    pub(super) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// The kind as validation errors write it: `Secret`, `Deployment.apps`.
    pub(super) fn qualified_kind(&self) -> String {
        if self.group.is_empty() { self.kind.to_owned() } else { format!("{}.{}", self.kind, self.group) }
    }

    /// The subresources that it has.
    pub(super) fn subresources(&self) -> impl Iterator<Item = &'static str> {
        [("status", self.status), ("scale", self.scale), ("log", self.log)]
            .into_iter()
            .filter_map(|(name, present)| present.then_some(name))
    }
}
