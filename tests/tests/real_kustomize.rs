//! What `kubectl apply -k` makes on the standby cluster on each cloud: one Role, which the tests of the control plane run under, and whose it is.

use std::{path::Path, process::Command};

use holdfast_testbed::{find::kubectl, required_or_skipped};
use serde_json::{Value, json};

/// The objects that kustomize makes of a folder of infra/.
fn objects(kubectl: &Path, folder: &str) -> Vec<Value> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra").join(folder);
    let made = Command::new(kubectl).arg("kustomize").arg(place).output().expect("kubectl starts");
    assert!(made.status.success(), "{folder}: {}", String::from_utf8_lossy(&made.stderr));
    serde_saphyr::from_multiple(&String::from_utf8_lossy(&made.stdout)).expect("YAML")
}

/// The objects of a kind.
fn of<'all>(objects: &'all [Value], kind: &str) -> Vec<&'all Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

#[test]
fn each_clouds_folder_makes_the_one_role_in_one_namespace_and_binds_it_to_its_identity() {
    let Some(kubectl) = required_or_skipped(kubectl()) else { return };
    let documents: Vec<Value> = serde_saphyr::from_multiple(holdfast_tests::role::MANIFEST).expect("YAML");
    let shipped = of(&documents, "Role")[0];
    let group = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "dr-failover"});
    let user = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "${principal_id}"});
    let dynamic = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "${dynamic_group_id}"});
    for (folder, bound) in
        [("kubernetes", vec![&group]), ("azure", vec![&group, &user]), ("oci", vec![&group, &dynamic])]
    {
        let made = objects(&kubectl, folder);
        assert_eq!(of(&made, "Role"), [shipped], "{folder}");
        assert!(made.iter().all(|object| object["metadata"]["namespace"] == "logging"), "{folder}: {made:?}");
        assert!(!made.iter().any(|object| object["kind"].as_str().is_some_and(|kind| kind.starts_with("Cluster"))));
        let bindings = of(&made, "RoleBinding");
        assert!(bindings.iter().all(|binding| binding["roleRef"]["name"] == shipped["metadata"]["name"]), "{folder}");
        let subjects: Vec<_> = bindings.iter().flat_map(|it| it["subjects"].as_array().expect("subjects")).collect();
        assert_eq!(subjects, bound, "{folder}");
        assert_eq!((of(&made, "Lease").len(), of(&made, "ConfigMap").len()), (1, 1), "{folder}");
    }
}
