//! What the function's identity may do: the custom role that ships, judged as Azure does (facts azure 6.6).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::Value;

/// A call that the role did not allow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// Such as `Microsoft.Network/trafficManagerProfiles/delete`.
    pub action: String,
    /// Id of the resource.
    pub scope: String,
}

/// A role definition, in the form that `az role definition create` takes.
#[derive(Debug, Clone, Default, Deserialize)]
struct Role {
    #[serde(alias = "Actions", default)]
    actions: Vec<String>,
    #[serde(alias = "NotActions", rename = "notActions", default)]
    not_actions: Vec<String>,
    #[serde(alias = "DataActions", rename = "dataActions", default)]
    data_actions: Vec<String>,
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
    /// Reads role definitions; a file may hold one, or a list, or `properties` around `permissions`.
    ///
    /// # Errors
    /// A text that holds no role.
    pub(crate) fn new(texts: &[String]) -> Result<Self, String> {
        let mut roles = Vec::new();
        for text in texts {
            let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
            for permissions in permissions(&value) {
                roles.push(serde_json::from_value(permissions).map_err(|error| error.to_string())?);
            }
        }
        if roles.is_empty() {
            return Err("there is no role with actions".to_owned());
        }
        Ok(Self(Arc::new(Inner { roles, used: Mutex::default(), refused: Mutex::default() })))
    }

    /// Whether the role allows this action; what is not allowed is noted.
    pub(crate) fn admits(&self, action: &str, scope: &str, is_data: bool) -> bool {
        let fits = |patterns: &[String]| patterns.iter().find(|pattern| wild(pattern, action)).cloned();
        let found = self.0.roles.iter().find_map(|role| {
            let allowed = if is_data { &role.data_actions } else { &role.actions };
            fits(allowed).filter(|_| fits(&role.not_actions).is_none())
        });
        let lock = "no code panics while it holds this lock";
        match found {
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

fn permissions(value: &Value) -> Vec<Value> {
    if let Some(list) = value.as_array() {
        return list.iter().flat_map(permissions).collect();
    }
    let inner = if value["properties"].is_object() { &value["properties"] } else { value };
    match inner["permissions"].as_array() {
        Some(list) => list.clone(),
        None if inner["actions"].is_array() || inner["Actions"].is_array() => vec![inner.clone()],
        None => Vec::new(),
    }
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
        RoleJudge::new(&[text.to_owned()]).expect("a role")
    }

    #[test]
    fn actions_and_data_actions_are_kept_apart_and_case_does_not_matter() {
        let judge =
            judge(r#"{"Name": "r", "Actions": ["Microsoft.Network/x/read"], "DataActions": ["Microsoft.Storage/*"]}"#);
        assert!(judge.admits("microsoft.network/X/read", "/s", false));
        assert!(!judge.admits("Microsoft.Network/x/write", "/s", false));
        assert!(!judge.admits("Microsoft.Storage/q/add/action", "/s", false));
        assert!(judge.admits("Microsoft.Storage/q/add/action", "/s", true));
        let refused: Vec<_> = judge.refused().into_iter().map(|refused| refused.action).collect();
        assert_eq!(refused, ["Microsoft.Network/x/write", "Microsoft.Storage/q/add/action"]);
    }

    #[test]
    fn the_forms_of_the_portal_and_of_the_command_line_are_both_read() {
        let judge = judge(
            r#"{"properties": {"permissions": [{"actions": ["A/*"], "notActions": ["A/delete"], "dataActions": []}]}}"#,
        );
        assert!(judge.admits("A/read", "/s", false) && !judge.admits("A/delete", "/s", false));
        assert!(RoleJudge::new(&["{}".to_owned()]).is_err());
    }
}
