//! What the function's identity may do: the custom role that ships, judged as Azure does (docs/reference/azure.md#roles).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde::Deserialize;

use crate::shipped;

/// A call that the role did not allow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// Such as `Microsoft.Network/trafficManagerProfiles/delete`.
    pub action: String,
    /// Id of the resource.
    pub scope: String,
}

/// A role definition, in the form that `az role definition create` takes. It counts as assigned where it can be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Role {
    name: String,
    actions: Vec<String>,
    not_actions: Vec<String>,
    data_actions: Vec<String>,
    not_data_actions: Vec<String>,
    assignable_scopes: Vec<String>,
}

/// The judge of every call to ARM and to storage. Clones share it.
#[derive(Clone)]
pub struct RoleJudge(Arc<Inner>);

struct Inner {
    roles: Vec<Role>,
    used: Mutex<BTreeSet<String>>,
    refused: Mutex<BTreeSet<Refused>>,
}

impl RoleJudge {
    /// Reads a list of role definitions, with these values for its placeholders.
    ///
    /// # Errors
    /// A text that holds no roles; a placeholder that stays without a value.
    pub(crate) fn new(text: &str, values: &BTreeMap<&str, String>) -> Result<Self, String> {
        let roles: Vec<Role> = shipped::read(text, values)?;
        if let Some(role) = roles.iter().find(|role| role.assignable_scopes.is_empty()) {
            return Err(format!("the role {:?} can be assigned nowhere", role.name));
        }
        Ok(Self(Arc::new(Inner { roles, used: Mutex::default(), refused: Mutex::default() })))
    }

    /// Whether a role allows this action on this resource; what is not allowed is noted.
    pub(crate) fn admits(&self, action: &str, scope: &str, is_data: bool) -> bool {
        let fits = |patterns: &[String]| patterns.iter().find(|pattern| wild(pattern, action)).cloned();
        let found = self.0.roles.iter().filter(|role| role.assignable_scopes.iter().any(|above| covers(above, scope)));
        let found = found.filter_map(|role| {
            let (allowed, denied) = match is_data {
                true => (&role.data_actions, &role.not_data_actions),
                false => (&role.actions, &role.not_actions),
            };
            fits(allowed).filter(|_| fits(denied).is_none())
        });
        let lock = "no code panics while it holds this lock";
        match found.into_iter().next() {
            Some(pattern) => {
                self.0.used.lock().expect(lock).insert(pattern);
                true
            }
            None => {
                let refused = Refused { action: action.to_owned(), scope: scope.to_owned() };
                self.0.refused.lock().expect(lock).insert(refused);
                false
            }
        }
    }

    /// The entries of the role that some call has used.
    pub fn used(&self) -> BTreeSet<String> {
        self.0.used.lock().expect("no code panics while it holds this lock").clone()
    }

    /// Every kind of call that was refused.
    pub fn refused(&self) -> BTreeSet<Refused> {
        self.0.refused.lock().expect("no code panics while it holds this lock").clone()
    }

    /// All entries of the role: to be compared with what was used.
    pub fn entries(&self) -> BTreeSet<String> {
        self.0.roles.iter().flat_map(|role| role.actions.iter().chain(&role.data_actions)).cloned().collect()
    }
}

/// Whether a scope is the other or lies below it.
fn covers(above: &str, scope: &str) -> bool {
    let (above, scope) = (above.to_ascii_lowercase(), scope.to_ascii_lowercase());
    scope.strip_prefix(&above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `*` stands for any text; case does not matter.
fn wild(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text
            .strip_prefix(head)
            .is_some_and(|tail| (0..=tail.len()).any(|at| tail.is_char_boundary(at) && wild(rest, &tail[at..]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str) -> RoleJudge {
        RoleJudge::new(text, &BTreeMap::from([("id", "/s/p".to_owned())])).expect("a role")
    }

    #[test]
    fn actions_and_data_actions_are_kept_apart_and_case_does_not_matter() {
        let judge = judge(
            r#"[{"Name": "r", "Actions": ["Microsoft.Network/x/read"], "DataActions": ["Microsoft.Storage/*"],
                "NotDataActions": ["Microsoft.Storage/q/delete"], "AssignableScopes": ["${id}"]}]"#,
        );
        assert!(judge.admits("microsoft.network/X/read", "/S/P/endpoints/e", false));
        assert!(!judge.admits("Microsoft.Network/x/write", "/s/p", false));
        assert!(!judge.admits("Microsoft.Storage/q/add/action", "/s/p", false));
        assert!(judge.admits("Microsoft.Storage/q/add/action", "/s/p", true));
        assert!(!judge.admits("Microsoft.Storage/q/delete", "/s/p", true));
        assert_eq!((judge.refused().len(), judge.used().len()), (3, 2));
    }

    #[test]
    fn a_role_reaches_no_further_than_its_scope() {
        let judge = judge(r#"[{"Name": "r", "Actions": ["*"], "AssignableScopes": ["${id}"]}]"#);
        assert!(judge.admits("A/read", "/s/p", false));
        assert!(!judge.admits("A/read", "/s/pq", false) && !judge.admits("A/read", "/s", false));
    }

    #[test]
    fn a_placeholder_without_a_value_and_a_role_without_a_scope_are_found() {
        let error = |text: &str| RoleJudge::new(text, &BTreeMap::new()).err().unwrap_or_default();
        assert!(error(r#"[{"AssignableScopes": ["${id}"]}]"#).starts_with("no value for ${id"));
        assert!(error(r#"[{"Name": "r"}]"#).contains("assigned nowhere"));
    }
}
