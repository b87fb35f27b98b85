//! Lists in pages: `limit`, and a `continue` token that names the revision of the first page and the last object of the
//! page before, so that all pages are of one moment. As kube-apiserver (`apiserver/pkg/storage/continue.go`).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::failure::Failure;
use super::kinds::Kind;
use super::selector::Selector;
use super::store::Store;

/// Namespace and name of an object, in which order lists are.
type Place = (String, String);

/// What a list asks for.
pub(super) struct Request {
    /// The most objects of one page; 0 for all.
    limit: usize,
    /// The revision and the last object of the page before.
    after: Option<(u64, Place)>,
}

/// One page.
pub(super) struct Page {
    /// The list's metadata.
    pub(super) metadata: Value,
    /// Its objects.
    pub(super) items: Vec<Value>,
}

impl Request {
    /// Reads `limit` and `continue`.
    pub(super) fn of(query: &BTreeMap<String, String>) -> Result<Request, Failure> {
        let parameter = |name: &str| query.get(name).map(String::as_str).filter(|text| !text.is_empty());
        let limit = parameter("limit").map_or(Ok(0), |text| {
            text.parse().map_err(|_| Failure::bad_request(format!("limit is no number: {text:?}")))
        })?;
        let after = parameter("continue").map(|token| token_of(token).ok_or_else(invalid_token)).transpose()?;
        Ok(Request { limit, after })
    }

    /// The page, of the moment of the first page.
    pub(super) fn page(
        &self,
        store: &Store,
        kind: &Kind,
        namespace: &str,
        selector: &Selector,
    ) -> Result<Page, Failure> {
        let revision = self.after.as_ref().map_or(store.revision(), |(revision, _)| *revision);
        let all = store.list_at(kind.plural, namespace, revision).ok_or_else(Failure::continue_expired)?;
        let is_left = |object: &Value| self.after.as_ref().is_none_or(|(_, last)| place(object) > *last);
        let selected = all.into_iter().filter(is_left);
        let mut items: Vec<Value> = selected.filter(|object| selector.matches(object)).collect();
        let mut metadata = json!({"resourceVersion": revision.to_string()});
        if self.limit > 0 && items.len() > self.limit {
            let left = items.len() - self.limit;
            items.truncate(self.limit);
            let (last_namespace, name) = items.last().map(place).unwrap_or_default();
            let token = json!({"v": "meta.k8s.io/v1", "rv": revision, "start": format!("{last_namespace}/{name}\0")});
            metadata["continue"] = URL_SAFE_NO_PAD.encode(token.to_string()).into();
            // How many a selector would choose the real server does not know.
            if *selector == Selector::default() {
                metadata["remainingItemCount"] = left.into();
            }
        }
        Ok(Page { metadata, items })
    }
}

fn place(object: &Value) -> Place {
    let part = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    (part("namespace"), part("name"))
}

fn token_of(text: &str) -> Option<(u64, Place)> {
    let token: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (namespace, name) = token["start"].as_str()?.strip_suffix('\0')?.split_once('/')?;
    let revision = token["rv"].as_u64().filter(|_| token["v"] == "meta.k8s.io/v1")?;
    Some((revision, (namespace.to_owned(), name.to_owned())))
}

fn invalid_token() -> Failure {
    Failure::bad_request("continue key is not valid: illegal base64 data or an unrecognised version")
}
