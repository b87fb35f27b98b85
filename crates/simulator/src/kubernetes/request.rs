//! What a request asks for, read from its method and path: the `RequestInfo` of kube-apiserver.

use std::collections::BTreeMap;

use http::{Method, Uri};

/// A request in the words of RBAC and of the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RequestInfo {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; for a path that is no resource the lower-case method.
    pub(super) verb: String,
    /// API group, empty for core.
    pub(super) group: String,
    /// API version.
    pub(super) version: String,
    /// Plural name; empty when the path is no resource.
    pub(super) resource: String,
    /// `scale`, `status`, `log` or empty.
    pub(super) subresource: String,
    /// Namespace; empty when the request is for the whole cluster.
    pub(super) namespace: String,
    /// Object; for list and watch the one that a `metadata.name` field selector names.
    pub(super) name: String,
    /// The path as it came.
    pub(super) path: String,
    /// Query parameters; of a repeated one the last.
    pub(super) query: BTreeMap<String, String>,
}

impl RequestInfo {
    /// Reads a request line.
    pub(super) fn of(method: &Method, uri: &Uri) -> RequestInfo {
        let query = decode_query(uri.query().unwrap_or_default());
        let mut info = RequestInfo { path: uri.path().to_owned(), query, ..RequestInfo::default() };
        let segments: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
        let rest = match segments.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => {
                info.version = (*version).to_owned();
                rest
            }
            ["apis", group, version, rest @ ..] if !rest.is_empty() => {
                info.group = (*group).to_owned();
                info.version = (*version).to_owned();
                rest
            }
            _ => {
                info.verb = method.as_str().to_ascii_lowercase();
                return info;
            }
        };
        info.read_resource(rest);
        info.verb = info.verb_of(method);
        info.read_field_selector();
        info
    }

    /// The resource with its subresource, as RBAC rules write it: `deployments/scale`.
    pub(super) fn resource_path(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.clone()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }

    /// Whether the path names a resource at all.
    pub(super) fn is_resource(&self) -> bool {
        !self.resource.is_empty()
    }

    /// Whether a query parameter is set to a true value.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.query.get(name).is_some_and(|value| matches!(value.as_str(), "true" | "1"))
    }

    fn read_resource(&mut self, rest: &[&str]) {
        let rest = match rest {
            ["namespaces", namespace, inner @ ..] if !inner.is_empty() && !matches!(inner, ["status" | "finalize"]) => {
                self.namespace = decode(namespace);
                inner
            }
            ["namespaces", namespace, ..] => {
                self.namespace = decode(namespace);
                rest
            }
            other => other,
        };
        let part = |index: usize| rest.get(index).map(|text| decode(text)).unwrap_or_default();
        (self.resource, self.name, self.subresource) = (part(0), part(1), part(2));
    }

    fn verb_of(&self, method: &Method) -> String {
        let verb = match *method {
            Method::GET | Method::HEAD if !self.name.is_empty() => "get",
            Method::GET | Method::HEAD if self.flag("watch") => "watch",
            Method::GET | Method::HEAD => "list",
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE if self.name.is_empty() => "deletecollection",
            Method::DELETE => "delete",
            _ => return method.as_str().to_ascii_lowercase(),
        };
        verb.to_owned()
    }

    fn read_field_selector(&mut self) {
        if !matches!(self.verb.as_str(), "list" | "watch" | "deletecollection") {
            return;
        }
        if let Some(selector) = self.query.get("fieldSelector")
            && let Some(name) = selector.strip_prefix("metadata.name=")
            && !name.contains(',')
        {
            self.name = name.trim_start_matches('=').to_owned();
        }
    }
}

/// Splits a query string and undoes its percent encoding.
pub(super) fn decode_query(query: &str) -> BTreeMap<String, String> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(&name.replace('+', " ")), decode(&value.replace('+', " "))))
        .collect()
}

/// Undoes percent encoding; what is no valid escape stays as it is.
pub(super) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match escape.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(method: Method, uri: &str) -> RequestInfo {
        RequestInfo::of(&method, &uri.parse().expect("a valid URI"))
    }

    #[test]
    fn a_subresource_is_part_of_the_resource_path() {
        let got = info(Method::PATCH, "/apis/apps/v1/namespaces/logging/deployments/humio-operator/scale");
        assert_eq!((got.verb.as_str(), got.group.as_str()), ("patch", "apps"));
        assert_eq!(got.resource_path(), "deployments/scale");
        assert_eq!((got.namespace.as_str(), got.name.as_str()), ("logging", "humio-operator"));
    }

    #[test]
    fn a_list_with_a_name_selector_is_about_that_name() {
        let got =
            info(Method::GET, "/api/v1/namespaces/logging/secrets?fieldSelector=metadata.name%3Dlogscale&watch=true");
        assert_eq!((got.verb.as_str(), got.name.as_str()), ("watch", "logscale"));
    }

    #[test]
    fn a_namespace_is_a_resource_of_its_own() {
        let got = info(Method::GET, "/api/v1/namespaces/logging");
        assert_eq!(
            (got.resource.as_str(), got.name.as_str(), got.namespace.as_str()),
            ("namespaces", "logging", "logging")
        );
        assert_eq!(info(Method::GET, "/api/v1/namespaces").verb, "list");
    }

    #[test]
    fn a_discovery_path_is_no_resource() {
        let got = info(Method::GET, "/apis/apps/v1");
        assert!(!got.is_resource());
        assert_eq!(got.verb, "get");
    }
}
