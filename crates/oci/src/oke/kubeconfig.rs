//! The certificate authority in a kubeconfig as OKE hands it out. Pure.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

/// Longest kubeconfig that is read; real ones are below 5 KiB.
pub const LONGEST: usize = 256 * 1024;

/// The file, as far as it is used. Its `kind` is empty, and its user only names a program that makes a token.
#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    clusters: Option<Vec<Entry>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    cluster: Option<Cluster>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Cluster {
    certificate_authority_data: Option<String>,
}

/// The certificate authority of the only cluster in a kubeconfig, PEM in base64.
///
/// # Errors
/// What is missing or makes no sense, in words that quote nothing.
pub fn authority(yaml: &str) -> Result<String, &'static str> {
    if yaml.len() > LONGEST {
        return Err("it is too long");
    }
    let file: Option<File> = serde_saphyr::from_str(yaml).map_err(|_| "it is no YAML of a kubeconfig")?;
    let mut clusters = file.unwrap_or_default().clusters.unwrap_or_default();
    let cluster = match (clusters.pop(), clusters.is_empty()) {
        (Some(entry), true) => entry.cluster.unwrap_or_default(),
        (Some(_), false) => return Err("it names several clusters"),
        (None, _) => return Err("it names no cluster"),
    };
    let authority = cluster.certificate_authority_data.unwrap_or_default().trim().to_owned();
    let is_base64 = !authority.is_empty() && STANDARD.decode(&authority).is_ok();
    if is_base64 { Ok(authority) } else { Err("its certificate authority is not base64") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "---\napiVersion: v1\nkind: \"\"\nclusters:\n- name: cluster-x\n  cluster:\n    server: https://10.0.3.30:6443\n    \
                        certificate-authority-data: Y2E=\nusers:\n- name: user-x\n  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/v1beta1\n      \
                        command: oci\n      args: [ce, cluster, generate-token]\n      env: []\ncontexts: []\n";

    #[test]
    fn the_authority_of_the_only_cluster_is_read() {
        assert_eq!(authority(FILE), Ok("Y2E=".to_owned()));
    }

    #[test]
    fn what_cannot_be_used_is_said_without_a_quotation() {
        for text in [
            "",
            "null",
            "[",
            "clusters: null",
            "clusters: []",
            "clusters: [{name: SECRET}]",
            "clusters: [{cluster: {certificate-authority-data: '%SECRET%'}}]",
            "clusters: [{cluster: {certificate-authority-data: Y2E=}}, {cluster: {certificate-authority-data: Y2E=}}]",
            &"x".repeat(300_000),
        ] {
            let why = authority(text).expect_err("nothing to use");
            assert!(!why.contains("SECRET"), "{why}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = authority(&text);
        }
    }
}
