//! Label selectors (equality, sets, existence) and the two field selectors that every kind has.

use serde_json::Value;

use super::failure::Failure;

/// One requirement of a label selector.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

/// Which objects a list or a watch is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<(String, String, bool)>,
}

impl Selector {
    /// Reads `labelSelector` and `fieldSelector` of a list of `plural`.
    pub(super) fn parse(plural: &str, labels: &str, fields: &str) -> Result<Selector, Failure> {
        let labels = split_outside_parentheses(labels)
            .into_iter()
            .map(|part| requirement(&part).ok_or_else(|| unparsable(&part)))
            .collect::<Result<_, _>>()?;
        let parts = fields.split(',').filter(|part| !part.trim().is_empty());
        let fields = parts.map(|part| field(plural, part)).collect::<Result<_, _>>()?;
        Ok(Selector { labels, fields })
    }

    /// Whether an object is selected.
    pub(super) fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.labels.iter().all(|requirement| requirement.matches(labels))
            && self.fields.iter().all(|(path, wanted, equal)| {
                let found = path.split('.').fold(object, |value, key| &value[key]);
                (found.as_str().unwrap_or_default() == wanted) == *equal
            })
    }
}

impl Requirement {
    fn matches(&self, labels: &Value) -> bool {
        let is_one_of = |key: &str, values: &[String]| {
            labels[key].as_str().is_some_and(|value| values.iter().any(|wanted| wanted == value))
        };
        match self {
            Requirement::In(key, values) => is_one_of(key, values),
            Requirement::NotIn(key, values) => !is_one_of(key, values),
            Requirement::Exists(key) => labels[key].is_string(),
            Requirement::Absent(key) => !labels[key].is_string(),
        }
    }
}

fn requirement(text: &str) -> Option<Requirement> {
    let text = text.trim();
    if let Some(key) = text.strip_prefix('!') {
        return label_key(key).map(Requirement::Absent);
    }
    if let Some((key, value)) = text.split_once("!=") {
        return Some(Requirement::NotIn(label_key(key)?, vec![value.trim().to_owned()]));
    }
    if let Some((key, value)) = text.split_once('=') {
        let value = value.strip_prefix('=').unwrap_or(value).trim().to_owned();
        if value.contains('=') {
            return None;
        }
        return Some(Requirement::In(label_key(key)?, vec![value]));
    }
    let Some((head, set)) = text.split_once('(') else {
        return label_key(text).map(Requirement::Exists);
    };
    let values = set.trim_end().strip_suffix(')')?.split(',').map(|value| value.trim().to_owned()).collect();
    match head.split_whitespace().collect::<Vec<_>>().as_slice() {
        [key, "in"] => Some(Requirement::In(label_key(key)?, values)),
        [key, "notin"] => Some(Requirement::NotIn(label_key(key)?, values)),
        _ => None,
    }
}

fn label_key(text: &str) -> Option<String> {
    let text = text.trim();
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    (!text.is_empty() && text.chars().all(valid)).then(|| text.to_owned())
}

fn unparsable(part: &str) -> Failure {
    let found = part.split_whitespace().nth(1).unwrap_or("");
    let message = format!("unable to parse requirement: found '{found}', expected: in, notin, =, ==, !=, gt, lt");
    Failure::bad_request(message)
}

/// The fields beyond name and namespace that the real server selects by.
fn own_fields(plural: &str) -> &'static [&'static str] {
    match plural {
        "secrets" => &["type"],
        "pods" => {
            &["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase"]
        }
        _ => &[],
    }
}

fn field(plural: &str, part: &str) -> Result<(String, String, bool), Failure> {
    let (path, value, equal) = match part.split_once("!=") {
        Some((path, value)) => (path, value, false),
        None => {
            let (path, value) = part.split_once('=').ok_or_else(|| {
                Failure::bad_request(format!("invalid selector: '{part}'; can't understand '{part}'"))
            })?;
            (path, value.trim_start_matches('='), true)
        }
    };
    let path = path.trim();
    let own = own_fields(plural);
    if !matches!(path, "metadata.name" | "metadata.namespace") && !own.contains(&path) {
        let known = "\"metadata.name\", \"metadata.namespace\"";
        return Err(Failure::bad_request(match own {
            [] => format!("\"{path}\" is not a known field selector: only {known}"),
            _ => format!("field label not supported: {path}"),
        }));
    }
    Ok((path.to_owned(), value.trim().to_owned(), equal))
}

fn split_outside_parentheses(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c == ',' && depth == 0 {
            parts.push(String::new());
        } else {
            parts.last_mut().expect("starts with one part").push(c);
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn selects(labels: &str, fields: &str) -> bool {
        let object = json!({"metadata": {"name": "pod-1", "labels": {"app": "humio", "tier": "core"}}});
        Selector::parse("pods", labels, fields).expect("a valid selector").matches(&object)
    }

    #[test]
    fn every_form_of_requirement_selects_what_it_says() {
        assert!(selects("app=humio,tier==core", ""));
        assert!(selects("app in (humio, other),tier", ""));
        assert!(selects("tier notin (edge),!missing,absent!=x", ""));
        assert!(!selects("app=other", "") && !selects("!app", "") && !selects("missing", ""));
        assert!(!selects("app notin (humio)", "") && !selects("tier in (edge)", ""));
    }

    #[test]
    fn fields_select_by_name() {
        assert!(selects("", "metadata.name=pod-1") && !selects("", "metadata.name!=pod-1"));
        assert!(Selector::parse("pods", "", "spec.colour=red").is_err());
    }

    #[test]
    fn only_secrets_are_selected_by_type() {
        let typed = |kind: &str| json!({"metadata": {"name": "s"}, "type": kind});
        let selector =
            Selector::parse("secrets", "", "type!=helm.sh/release.v1,type!=kubernetes.io/tls").expect("valid");
        assert!(selector.matches(&typed("Opaque")));
        assert!(!selector.matches(&typed("kubernetes.io/tls")) && !selector.matches(&typed("helm.sh/release.v1")));
        assert!(Selector::parse("pods", "", "type=x").is_err() && Selector::parse("configmaps", "", "type=x").is_err());
    }

    #[test]
    fn a_selector_that_makes_no_sense_is_refused() {
        assert!(Selector::parse("pods", "app in humio)", "").is_err());
        assert!(Selector::parse("pods", "app of (humio)", "").is_err());
    }
}
