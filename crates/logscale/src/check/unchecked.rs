//! What a failover needs and cannot be seen with the rights that we have.

use holdfast_core::{evidence::Check, fault::quoted};

use holdfast_kubernetes::check::{listed, warning};

use super::variables::Variables;

/// ConfigMaps that are named.
const NAMED: usize = 4;

/// The one check of this kind: never good, because nothing of this was looked at.
pub(super) fn check(pools: &[Variables<'_>], has_read_all_nodes: bool) -> Check {
    let mut left = vec![
        "whether the images can be pulled".to_owned(),
        "whether nodes have room for the pods".to_owned(),
        "whether volumes can be made".to_owned(),
        "whether Kafka and the buckets can be reached".to_owned(),
        "whether service accounts and classes that are named exist".to_owned(),
    ];
    let mut maps: Vec<&str> = Vec::new();
    for variables in pools {
        let image = variables.pool.spec.image_source.as_ref().and_then(|source| source.config_map_ref.as_ref());
        maps.extend(image.map(|map| map.name.as_str()));
        maps.extend(variables.config_maps());
    }
    maps.sort_unstable();
    maps.dedup();
    let maps: Vec<String> = maps.into_iter().map(quoted).collect();
    if !maps.is_empty() {
        left.push(format!("whether ConfigMap {} exists and what is in it", listed(&maps, NAMED)));
    }
    if !has_read_all_nodes {
        left.push("TLS secrets of nodes beyond the first that are read: there are too many".to_owned());
    }
    warning("not-checked", format!("cannot be seen with the rights of this function: {}", left.join("; ")))
}
