//! IAM: the statements that ship with the function, and who may do what by them (docs/reference/oci.md#oke, "IAM verbs").

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Deserialize;

use crate::shipped;

/// The policy that is deployed with the function; its placeholders are explained in `infra/oci/README.md`.
const SHIPPED_POLICY: &str = include_str!("../../../../../infra/oci/policy.json");
/// What is deployed beside it where the function tells people by a topic.
const TOPIC_POLICY: &str = include_str!("../../../../../infra/oci/policy-topic.json");
/// From less to more; each includes those before it.
const VERBS: [&str; 4] = ["inspect", "read", "use", "manage"];

/// What a call needs: a verb on a kind of resource, and the facts that conditions look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) subject: Subject,
    pub(crate) verb: &'static str,
    /// `clusters`, `metrics` and so on; families are known to contain them.
    pub(crate) resource: &'static str,
    pub(crate) compartment: &'static str,
    /// Such as `target.cluster.id`.
    pub(crate) facts: BTreeMap<&'static str, String>,
}

/// Who wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The function, by its dynamic group.
    Function,
    /// Any principal: a topic's subscription.
    Anybody,
}

#[derive(Debug, Deserialize)]
struct Shipped {
    statements: Vec<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
    statement: String,
}

/// One statement, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    name: String,
    /// The dynamic group, or nothing for anybody.
    group: Option<String>,
    verb: String,
    resource: String,
    /// Nothing for the whole tenancy.
    compartment: Option<String>,
    conditions: Vec<(String, String)>,
}

/// The judge of the function's calls. Clones share what it saw.
#[derive(Clone)]
pub struct PolicyJudge(Arc<Inner>);

struct Inner {
    group: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    statements: Vec<Statement>,
    used: BTreeSet<(String, String)>,
    refused: BTreeSet<String>,
}

impl PolicyJudge {
    /// Reads the shipped policy with these values for its placeholders.
    ///
    /// # Errors
    /// What makes it none: a placeholder without a value, a sentence that is no statement.
    pub(crate) fn new(values: &BTreeMap<&str, String>) -> Result<Self, String> {
        let group = values.get("dynamic_group").cloned().unwrap_or_default();
        let judge = Self(Arc::new(Inner { group, state: Mutex::default() }));
        let mut shipped: Shipped = shipped::read(SHIPPED_POLICY, values)?;
        shipped.statements.extend(shipped::read::<Shipped>(TOPIC_POLICY, values)?.statements);
        let read = |named: &Named| statement(named).ok_or(format!("no statement: {}", named.statement));
        // What the platform itself is allowed is no matter of any call here.
        let ours = shipped.statements.iter().filter(|named| !named.statement.starts_with("Allow service "));
        judge.state().statements = ours.map(read).collect::<Result<_, _>>()?;
        Ok(judge)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no code panics while it holds this lock")
    }

    /// Whether a statement allows it. Both answers are remembered.
    pub(crate) fn allows(&self, operation: &str, need: &Need) -> bool {
        let mut state = self.state();
        let found = state.statements.iter().find(|statement| statement.covers(need, &self.0.group));
        match found.map(|statement| statement.name.clone()) {
            Some(name) => drop(state.used.insert((name, operation.to_owned()))),
            None => {
                let facts = need.facts.values().cloned().collect::<Vec<_>>().join(", ");
                state.refused.insert(format!("{operation} ({} {}) on {facts}", need.verb, need.resource));
                return false;
            }
        }
        true
    }

    /// Takes a statement away, as somebody does who tidies up.
    pub fn revoke(&self, name: &str) {
        self.state().statements.retain(|statement| statement.name != name);
    }

    /// Name of the statement and operation of every kind of call that was allowed.
    pub fn used(&self) -> BTreeSet<(String, String)> {
        self.state().used.clone()
    }

    /// Every kind of call of the function that no statement allowed, with what it was about.
    pub fn refused(&self) -> BTreeSet<String> {
        self.state().refused.clone()
    }

    /// Names of the statements in force that are about calls of the function or to it.
    pub fn statements(&self) -> BTreeSet<String> {
        self.state().statements.iter().map(|statement| statement.name.clone()).collect()
    }
}

impl Statement {
    fn covers(&self, need: &Need, group: &str) -> bool {
        let rank = |verb: &str| VERBS.iter().position(|known| known.eq_ignore_ascii_case(verb));
        let subject = match &self.group {
            Some(named) => need.subject == Subject::Function && named == group,
            None => true,
        };
        subject
            && rank(&self.verb) >= rank(need.verb)
            && contains(&self.resource, need.resource)
            && self.compartment.as_deref().is_none_or(|compartment| compartment == need.compartment)
            && self.conditions.iter().all(|(name, value)| need.facts.get(name.as_str()) == Some(value))
    }
}

/// Whether a kind of resource is the other, or a family that it is in.
fn contains(allowed: &str, wanted: &str) -> bool {
    let family = match wanted {
        "clusters" => "cluster-family",
        "health-check-monitor" | "health-check-results" => "health-check-family",
        "dns-steering-policies" => "dns",
        "metrics" => "metrics",
        "fn-invocation" => "functions-family",
        _ => wanted,
    };
    allowed == wanted || allowed == family || allowed == "all-resources"
}

/// `Allow dynamic-group G to VERB KIND in compartment id C [where CONDITIONS]`.
fn statement(named: &Named) -> Option<Statement> {
    let (head, conditions) = match named.statement.split_once(" where ") {
        Some((head, conditions)) => (head, self::conditions(conditions)?),
        None => (named.statement.as_str(), Vec::new()),
    };
    let words: Vec<&str> = head.split_whitespace().collect();
    let (group, rest) = match words.as_slice() {
        ["Allow", "dynamic-group", group, "to", rest @ ..] => (Some((*group).to_owned()), rest),
        ["Allow", "any-user", "to", rest @ ..] => (None, rest),
        _ => return None,
    };
    let (verb, resource, compartment) = match rest {
        [verb, resource, "in", "compartment", "id", id] => (verb, resource, Some((*id).to_owned())),
        [verb, resource, "in", "tenancy"] => (verb, resource, None),
        _ => return None,
    };
    VERBS.contains(verb).then(|| Statement {
        name: named.name.clone(),
        group,
        verb: (*verb).to_owned(),
        resource: (*resource).to_owned(),
        compartment,
        conditions,
    })
}

/// `NAME = 'VALUE'`, or `all {..., ...}` of them.
fn conditions(text: &str) -> Option<Vec<(String, String)>> {
    let list = text.trim().strip_prefix("all").map_or(text, str::trim).trim();
    let list = list.strip_prefix('{').and_then(|list| list.strip_suffix('}')).unwrap_or(list);
    let one = |clause: &str| {
        let (name, value) = clause.split_once('=')?;
        let value = value.trim().strip_prefix('\'')?.strip_suffix('\'')?;
        Some((name.trim().to_owned(), value.to_owned()))
    };
    list.split(',').map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Statement> {
        statement(&Named { name: "n".to_owned(), statement: text.to_owned() })
    }

    fn need(verb: &'static str, resource: &'static str, id: &str) -> Need {
        let facts = BTreeMap::from([("target.cluster.id", id.to_owned())]);
        Need { subject: Subject::Function, verb, resource, compartment: "c", facts }
    }

    #[test]
    fn a_verb_includes_the_weaker_ones_and_a_condition_is_kept() {
        let statement = read("Allow dynamic-group g to use clusters in compartment id c where target.cluster.id = 'x'")
            .expect("one");
        for (verb, resource, id, allowed) in [
            ("read", "clusters", "x", true),
            ("use", "clusters", "x", true),
            ("manage", "clusters", "x", false),
            ("read", "clusters", "y", false),
            ("read", "metrics", "x", false),
        ] {
            assert_eq!(statement.covers(&need(verb, resource, id), "g"), allowed, "{verb} {resource} {id}");
        }
        assert!(!statement.covers(&need("read", "clusters", "x"), "another-group"));
        let elsewhere = Need { compartment: "d", ..need("read", "clusters", "x") };
        assert!(!statement.covers(&elsewhere, "g"));
    }

    #[test]
    fn several_conditions_are_all_of_them() {
        let text = "all {request.principal.type = 'onssubscription', request.principal.compartment.id = 'c'}";
        assert_eq!(conditions(text).expect("two").len(), 2);
        assert!(conditions("request.principal.type = onssubscription").is_none());
        assert!(read("Allow group g to use clusters in compartment id c").is_none());
    }

    #[test]
    fn a_placeholder_without_a_value_is_found() {
        let error = PolicyJudge::new(&BTreeMap::new()).err().expect("refused");
        assert!(error.starts_with("no value for ${"), "{error}");
    }
}
