//! The HTTP side: log in, authorise, dispatch, write the audit log.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::cluster::{AuditEntry, Cluster};
use super::failure::Failure;
use super::kinds::Kind;
use super::request::RequestInfo;
use super::selector::Selector;
use super::store::{Actor, Key};
use super::table::View;
use super::token::Identity;
use super::write::Write;
use super::{certificates, clock, discovery, logs, pages, patch, protobuf, rbac, reviews, scale, watch};
use crate::net::PeerCertificate;

/// Largest body that is read, in bytes: 3 MiB, the limit of kube-apiserver.
const LARGEST_BODY: usize = 3 * 1024 * 1024;

impl Cluster {
    /// The API, to be served over TLS by the caller. Every path goes through one handler, as every path needs the same gates.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new().fallback(handle).with_state(Arc::clone(self))
    }
}

/// A request that has passed the gates.
struct Call<'a> {
    cluster: &'a Arc<Cluster>,
    info: &'a RequestInfo,
    who: &'a Identity,
    headers: &'a HeaderMap,
    body: Bytes,
}

async fn handle(State(cluster): State<Arc<Cluster>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let info = RequestInfo::of(&parts.method, &parts.uri);
    let who = authenticate(&cluster, &parts);
    let allowed = who.as_ref().is_ok_and(|who| rbac::allows(&cluster.state().store, who, &info));
    let outcome = match &who {
        Err(failure) => Err(failure.clone()),
        Ok(who) if !allowed => Err(rbac::refusal(who, &info)),
        Ok(who) => match to_bytes(body, LARGEST_BODY).await {
            Ok(body) => Call { cluster: &cluster, info: &info, who, headers: &parts.headers, body }.answer(),
            Err(_) => Err(Failure::too_large()),
        },
    };
    let response = outcome.unwrap_or_else(|failure| failure.into_response());
    let refused = response.status() == StatusCode::FORBIDDEN;
    note(&cluster, info, who.ok(), allowed && !refused, response.status());
    response
}

fn authenticate(cluster: &Cluster, request: &http::request::Parts) -> Result<Identity, Failure> {
    if let Some(identity) = request.extensions.get::<PeerCertificate>().and_then(certificates::identity) {
        return Ok(identity);
    }
    let Some(value) = request.headers.get(header::AUTHORIZATION) else {
        let groups = vec!["system:unauthenticated".to_owned()];
        return Ok(Identity { user: "system:anonymous".to_owned(), groups });
    };
    let token = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).ok_or_else(Failure::unauthorized)?;
    if token == cluster.admin_token() {
        let groups = vec![rbac::MASTERS.to_owned(), rbac::AUTHENTICATED.to_owned()];
        return Ok(Identity { user: "kubernetes-admin".to_owned(), groups });
    }
    cluster.bearer(token, clock::now()).map_err(|error| {
        tracing::debug!(%error, "token refused");
        Failure::unauthorized()
    })
}

fn note(cluster: &Cluster, info: RequestInfo, who: Option<Identity>, allowed: bool, code: StatusCode) {
    let who = who.unwrap_or(Identity { user: String::new(), groups: Vec::new() });
    let resource = if info.is_resource() { info.resource } else { info.path };
    cluster.state().audit.push(AuditEntry {
        at: clock::now(),
        user: who.user,
        groups: who.groups,
        verb: info.verb,
        api_group: info.group,
        resource,
        subresource: info.subresource,
        name: info.name,
        allowed,
        code: code.as_u16(),
    });
}

impl Call<'_> {
    fn answer(self) -> Result<Response, Failure> {
        let info = self.info;
        if !info.is_resource() {
            return self.answer_path();
        }
        if info.resource.starts_with("selfsubject") {
            let answer = reviews::answer(&self.cluster.state().store, self.who, info, &self.json()?)?;
            return Ok(reply(StatusCode::CREATED, answer));
        }
        if !discovery::is_group(&info.group) {
            return Ok(no_such_page());
        }
        let kind = Kind::of_path(&info.group, &info.version, &info.resource).ok_or_else(Failure::no_such_path)?;
        let known = info.subresource.is_empty() || kind.subresources().any(|name| name == info.subresource);
        if !known || (kind.namespaced && info.namespace.is_empty() && !info.name.is_empty() && info.verb == "get") {
            return Err(Failure::no_such_path());
        }
        match info.verb.as_str() {
            "get" if info.subresource == "log" => self.log(kind),
            "get" => self.get(kind),
            "list" => self.list(kind),
            "watch" => self.watch(kind),
            "create" if info.name.is_empty() => self.create(kind),
            "update" | "patch" if info.subresource != "log" && !info.name.is_empty() => self.change(kind),
            "delete" if info.subresource.is_empty() => self.delete(kind),
            _ => Err(Failure::no_such_verb()),
        }
    }

    fn answer_path(&self) -> Result<Response, Failure> {
        match self.info.path.trim_end_matches('/') {
            "/healthz" | "/livez" | "/readyz" => Ok("ok".into_response()),
            path => Ok(discovery::answer(path).map_or_else(no_such_page, |value| reply(StatusCode::OK, value))),
        }
    }

    fn get(&self, kind: &'static Kind) -> Result<Response, Failure> {
        let state = self.cluster.state();
        let key = Key::new(kind, &self.info.namespace, &self.info.name);
        let object = state.store.get(&key).ok_or_else(|| Failure::not_found(kind, &self.info.name))?;
        if self.info.subresource == "scale" {
            return Ok(reply(StatusCode::OK, scale::scale_of(object)));
        }
        Ok(reply(StatusCode::OK, self.view().single(kind, object.clone())))
    }

    fn view(&self) -> View {
        View::of(self.headers, self.info.query.get("includeObject").map(String::as_str))
    }

    fn selector(&self) -> Result<Selector, Failure> {
        let parameter = |name: &str| self.info.query.get(name).map(String::as_str).unwrap_or_default();
        Selector::parse(&self.info.resource, parameter("labelSelector"), parameter("fieldSelector"))
    }

    fn list(&self, kind: &'static Kind) -> Result<Response, Failure> {
        let selector = self.selector()?;
        let namespace = if kind.namespaced { self.info.namespace.as_str() } else { "" };
        let paged = pages::Request::of(&self.info.query)?;
        let page = paged.page(&self.cluster.state().store, kind, namespace, &selector)?;
        let (metadata, mut items) = (page.metadata, page.items);
        if self.view() != View::Objects {
            return Ok(reply(StatusCode::OK, self.view().table(kind, metadata, &items)));
        }
        if !kind.custom {
            // Items of built-in lists carry no type of their own on the wire.
            for fields in items.iter_mut().filter_map(Value::as_object_mut) {
                fields.remove("kind");
                fields.remove("apiVersion");
            }
        }
        let mut list = json!({
            "kind": format!("{}List", kind.kind), "apiVersion": kind.api_version(),
            "metadata": metadata, "items": items,
        });
        if kind.custom && list["metadata"]["continue"].is_null() {
            list["metadata"]["continue"] = "".into();
        }
        Ok(reply(StatusCode::OK, list))
    }

    fn watch(&self, kind: &'static Kind) -> Result<Response, Failure> {
        let body = watch::start(Arc::clone(self.cluster), kind, self.info, self.selector()?, self.view())?;
        Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
    }

    fn log(&self, kind: &'static Kind) -> Result<Response, Failure> {
        let text = logs::read(&self.cluster.state(), kind, self.info)?;
        Ok(([(header::CONTENT_TYPE, "text/plain")], Body::from(text)).into_response())
    }

    fn json(&self) -> Result<Value, Failure> {
        let media_type = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if media_type.is_some_and(|media_type| media_type.starts_with("application/vnd.kubernetes.protobuf")) {
            return protobuf::decode(&self.body).ok_or_else(|| Failure::unsupported_media("application/json"));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            let wanted = Kind::of_plural(&self.info.resource).map_or("object", |kind| kind.kind);
            let why = format!("couldn't get version/kind; json parse error: {error}");
            Failure::bad_request(format!("the object provided is unrecognized (must be of type {wanted}): {why}"))
        })
    }

    fn write(&self, kind: &'static Kind, dry_run: bool) -> Result<Write, Failure> {
        let verb = match self.info.verb.as_str() {
            "create" => "create",
            "update" => "update",
            "patch" => "patch",
            _ => "delete",
        };
        let subresource = kind.subresources().find(|name| *name == self.info.subresource).unwrap_or_default();
        let dry_run = match self.info.query.get("dryRun").map(String::as_str) {
            None => dry_run,
            Some("All") => true,
            Some(other) => return Err(bad_dry_run(verb, other)),
        };
        Ok(Write {
            kind,
            namespace: self.info.namespace.clone(),
            name: self.info.name.clone(),
            actor: Actor { name: Some(self.who.user.clone()), verb, subresource, manager: self.manager() },
            dry_run,
        })
    }

    /// The field manager, as the real server names it where a request does not.
    fn manager(&self) -> String {
        let agent = self.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        agent.split('/').next().unwrap_or_default().chars().take(128).collect()
    }

    fn create(&self, kind: &'static Kind) -> Result<Response, Failure> {
        let write = self.write(kind, false)?;
        let object = write.create(&mut self.cluster.state().store, self.json()?)?;
        Ok(reply(StatusCode::CREATED, object))
    }

    fn change(&self, kind: &'static Kind) -> Result<Response, Failure> {
        let mut write = self.write(kind, false)?;
        let mut state = self.cluster.state();
        if self.info.verb == "patch" {
            let media_type = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let patch = patch::Patch::decode(kind, media_type.unwrap_or_default(), &self.body)?;
            let patched = match self.info.subresource.as_str() {
                "scale" => scale::patch(&write, &mut state.store, &patch),
                _ => write.patch(&mut state.store, &patch),
            };
            return patched.map(|object| reply(StatusCode::OK, object));
        }
        let body = self.json()?;
        let absent = state.store.get(&Key::new(kind, &self.info.namespace, &self.info.name)).is_none();
        if !(absent && kind.create_on_update) {
            let replaced = match self.info.subresource.as_str() {
                "scale" => scale::replace(&write, &mut state.store, &body),
                _ => write.replace(&mut state.store, body),
            };
            return replaced.map(|object| reply(StatusCode::OK, object));
        }
        // A PUT that creates needs the right to create as well, which no rule with names can give.
        let create = RequestInfo { verb: "create".to_owned(), ..self.info.clone() };
        if !rbac::allows(&state.store, self.who, &create) {
            return Err(rbac::refusal(self.who, &create));
        }
        write.check_uid(&Value::Null, &body)?;
        let mut fresh = body;
        fresh["metadata"]["resourceVersion"] = Value::Null;
        write.actor.verb = "create";
        write.create(&mut state.store, fresh).map(|object| reply(StatusCode::CREATED, object))
    }

    fn delete(&self, kind: &'static Kind) -> Result<Response, Failure> {
        let options = if self.body.is_empty() { json!({}) } else { self.json()? };
        let write =
            self.write(kind, options["dryRun"].as_array().is_some_and(|values| values.contains(&json!("All"))))?;
        let last = write.delete(&mut self.cluster.state().store, &options)?;
        if kind.plural == "pods" {
            return Ok(reply(StatusCode::OK, last));
        }
        let mut details = json!({"name": self.info.name, "kind": kind.plural, "uid": last["metadata"]["uid"]});
        if !kind.group.is_empty() {
            details["group"] = kind.group.into();
        }
        let status =
            json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
        Ok(reply(StatusCode::OK, status))
    }
}

fn bad_dry_run(verb: &str, value: &str) -> Failure {
    let options = match verb {
        "create" => "CreateOptions",
        "update" => "UpdateOptions",
        "patch" => "PatchOptions",
        _ => "DeleteOptions",
    };
    let fault = format!("Unsupported value: [\"{value}\"]: supported values: \"All\"");
    Failure::invalid_as(&format!("{options}.meta.k8s.io"), "meta.k8s.io", options, "", "dryRun", &fault)
}

/// What the real server says, in plain text, of paths below no API that it knows.
fn no_such_page() -> Response {
    (StatusCode::NOT_FOUND, "404 page not found\n").into_response()
}

fn reply(code: StatusCode, value: Value) -> Response {
    (code, axum::Json(value)).into_response()
}
