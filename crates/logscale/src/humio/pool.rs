//! One pool that has nodes, as the operator sees it.

use super::{EnvVar, HumioCluster, NodeSpec};

/// A pool with at least one node.
#[derive(Clone, Debug)]
pub struct Pool<'a> {
    /// Its full name: the value of its pods' label.
    pub name: String,
    /// What is declared of it.
    pub spec: &'a NodeSpec,
    /// The variables of all pools.
    common: &'a [EnvVar],
}

impl HumioCluster {
    /// The pools that the operator makes pods of (`NodePoolFilterHasNode`): those with nodes. The top pool has the
    /// cluster's name.
    pub fn running_pools(&self) -> Vec<Pool<'_>> {
        let common = self.spec.common_environment_variables.as_slice();
        let name = &self.metadata.name;
        let top = Pool { name: name.clone(), spec: &self.spec.top, common };
        let further = self.spec.node_pools.iter().map(|pool| Pool {
            name: format!("{name}-{}", pool.name),
            spec: &pool.spec,
            common,
        });
        std::iter::once(top).chain(further).filter(|pool| pool.spec.node_count > 0).collect()
    }
}

impl<'a> Pool<'a> {
    /// The variable as the nodes of this pool see it, where it is declared as one.
    ///
    /// As the operator merges (`mergeEnvVars`): a pool's own list wins, and takes in of the common list what it does
    /// not hold yet, the first of each name; a pool without variables has the common list as it is. Of a name that
    /// stands twice in a container's list, Kubernetes takes the last.
    pub fn variable(&self, name: &str) -> Option<&'a EnvVar> {
        let is_it = |variable: &&EnvVar| variable.name == name;
        let (own, common) = (&self.spec.environment_variables, self.common);
        if own.is_empty() {
            return common.iter().rfind(is_it);
        }
        own.iter().rfind(is_it).or_else(|| common.iter().find(is_it))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn cluster(spec: Value) -> HumioCluster {
        serde_json::from_value(json!({"metadata": {"name": "c"}, "spec": spec})).expect("a cluster")
    }

    fn of<'a>(cluster: &'a HumioCluster, pool: &str) -> Option<&'a str> {
        let pools = cluster.running_pools();
        pools.iter().find(|it| it.name == pool)?.variable("A")?.value.as_deref()
    }

    #[test]
    fn variables_are_merged_as_the_operator_merges_them() {
        let list =
            |values: &[&str]| -> Value { values.iter().map(|value| json!({"name": "A", "value": value})).collect() };
        let other = json!([{"name": "B", "value": "b"}]);
        let cases = [
            (list(&["common"]), list(&[]), Some("common")),
            (list(&["common"]), list(&["own"]), Some("own")),
            (list(&["first", "last"]), list(&[]), Some("last")),
            (list(&["first", "last"]), other.clone(), Some("first")),
            (list(&["common"]), list(&["first", "last"]), Some("last")),
            (list(&[]), other, None),
        ];
        for (common, own, seen) in cases {
            let pool = json!([{"name": "p", "spec": {"nodeCount": 1, "environmentVariables": own}}]);
            let declared = cluster(json!({
                "commonEnvironmentVariables": common, "nodeCount": 1, "environmentVariables": own, "nodePools": pool,
            }));
            assert_eq!((of(&declared, "c"), of(&declared, "c-p")), (seen, seen), "{common} {own}");
        }
    }

    #[test]
    fn a_pool_without_nodes_is_none() {
        let declared =
            cluster(json!({"nodeCount": 0, "nodePools": [{"name": "a", "spec": {"nodeCount": 2}}, {"name": "b"}]}));
        let names: Vec<_> = declared.running_pools().into_iter().map(|pool| pool.name).collect();
        assert_eq!(names, ["c-a"]);
    }

    #[test]
    fn null_is_read_as_nothing() {
        let declared = cluster(json!({
            "nodeCount": null, "environmentVariables": null, "commonEnvironmentVariables": null, "image": null,
            "environmentVariablesSource": null, "imageSource": null, "dataVolumeSource": null, "nodePools": null,
        }));
        assert_eq!((declared.nodes(), declared.running_pools().len()), (0, 0));
    }
}
