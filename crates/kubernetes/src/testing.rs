//! For tests of this crate and of systems: an API server of a few lines, in memory, that keeps objects and versions, and a
//! clock that is set by hand. Whether real servers behave so is proven elsewhere, on the wire.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use holdfast_core::{Call, Clock, Timestamp, retry::RetryPolicy};
pub use holdfast_testkit::clock::TestClock;
use holdfast_testkit::clock::{NEW_YEAR, at};
use http::{Method, Request, Response};
use kube::{Client, client::Body};
use serde_json::{Value, json};

use crate::{Direct, StandbyCluster, api::Api};

/// A call on New Year's Day 2026, and the clock behind it.
pub fn call() -> (Call, Arc<TestClock>) {
    let now = at(NEW_YEAR);
    let clock = TestClock::without_timeouts(now);
    let deadline = now + Duration::from_secs(600);
    (Call { clock: Arc::clone(&clock) as Arc<dyn Clock>, deadline, retry: RetryPolicy::default() }, clock)
}

#[derive(Default)]
struct World {
    objects: BTreeMap<String, Value>,
    version: u64,
    log: Vec<String>,
    failing: Option<u16>,
    down: bool,
    losing_answers: bool,
    /// How many of the next lists that go on from a token find it expired.
    expiring: usize,
    reissued: BTreeMap<String, Value>,
    /// The server's own clock; without one it dates nothing, neither answers nor writes.
    clock: Option<Arc<TestClock>>,
}

/// The server.
#[derive(Clone, Default)]
pub struct FakeApi(Arc<Mutex<World>>);

impl FakeApi {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().expect("unpoisoned")
    }

    /// Puts an object there; its path is `group/resource/name`, such as `api/v1/secrets/logging`.
    pub fn put(&self, path: &str, mut object: Value) {
        let mut world = self.world();
        world.version += 1;
        let name = path.rsplit('/').next().expect("a name").to_owned();
        object["metadata"]["name"] = name.into();
        object["metadata"]["resourceVersion"] = world.version.to_string().into();
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = format!("uid-{}", world.version).into();
        }
        world.objects.insert(path.to_owned(), object);
    }

    /// Takes an object away.
    pub fn remove(&self, path: &str) {
        self.world().objects.remove(path);
    }

    /// The object at this path.
    pub fn object(&self, path: &str) -> Option<Value> {
        self.world().objects.get(path).cloned()
    }

    /// From now on answers carry `Date`, and writes their time in `managedFields`, by this clock.
    pub fn dated_by(&self, clock: &Arc<TestClock>) {
        self.world().clock = Some(Arc::clone(clock));
    }

    /// Dates nothing any more, as behind a proxy that drops what it does not know.
    pub fn undated(&self) {
        self.world().clock = None;
    }

    /// The requests since the last time, as `VERB group/resource[/name][/subresource]`.
    pub fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.world().log)
    }

    /// Answers the next request with an error and does nothing.
    pub fn fail_next(&self, code: u16) {
        self.world().failing = Some(code);
    }

    /// From now on, or no longer, answers everything with an error and does nothing.
    pub fn set_down(&self, down: bool) {
        self.world().down = down;
    }

    /// Answers the next `lists` that go on from a continue token as a server does that has forgotten them.
    pub fn expire_tokens(&self, lists: usize) {
        self.world().expiring = lists;
    }

    /// Carries out the next request and answers with an error.
    pub fn lose_next_answer(&self) {
        self.world().losing_answers = true;
    }

    /// From now on, whoever deletes the object finds this one in its place at once, each time another one.
    pub fn reissue(&self, path: &str, object: Value) {
        self.world().reissued.insert(path.to_owned(), object);
    }

    /// The cluster that it serves, with the names that the shipped manifests use.
    pub fn cluster(&self) -> StandbyCluster {
        StandbyCluster::new(Arc::new(self.direct()), "logging", "holdfast")
    }

    /// The requests themselves.
    pub fn api(&self) -> Api {
        Api::new(Arc::new(self.direct()), "logging")
    }

    fn direct(&self) -> Direct {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move { Ok::<_, Infallible>(server.answer(request).await) }
        });
        Direct(Client::new(service, "logging"))
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let body = body.collect_bytes().await.expect("a body");
        let document = serde_json::from_slice(&body).unwrap_or_default();
        let path = head.uri.path().trim_start_matches('/').replace("namespaces/logging/", "");
        let mut world = self.world();
        world.log.push(format!("{} {path}", head.method));
        let failing = if world.down { Some(503) } else { world.failing.take() };
        let (mut code, mut answer) = match failing {
            Some(code) => (code, json!({})),
            None => world.serve(&head.method, &path, head.uri.query().unwrap_or_default(), &document),
        };
        if std::mem::take(&mut world.losing_answers) {
            (code, answer) = (502, json!({}));
        }
        let body = Body::from(answer.to_string().into_bytes());
        let mut response = Response::builder().status(code);
        if let Some(clock) = &world.clock {
            let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&clock.now());
            response = response.header(http::header::DATE, date.expect("a year of four digits"));
        }
        response.body(body).expect("a response")
    }
}

impl World {
    fn serve(&mut self, method: &Method, path: &str, query: &str, document: &Value) -> (u16, Value) {
        if *method == Method::GET && matches!(path, "api/v1/secrets" | "api/v1/pods") {
            return self.list(path, query);
        }
        let path = path.trim_end_matches("/scale");
        let Some(object) = self.objects.get(path).cloned() else { return (404, not_found(path)) };
        let metadata = &object["metadata"];
        let fenced = if *method == Method::DELETE { &document["preconditions"] } else { &document["metadata"] };
        let is_fenced = |field: &str| fenced[field].is_null() || fenced[field] == metadata[field];
        if *method != Method::GET && !(is_fenced("resourceVersion") && is_fenced("uid")) {
            return (409, json!({"message": "the object has been modified", "reason": "Conflict"}));
        }
        match *method {
            Method::PUT => self.replace(path, document.clone()),
            Method::PATCH => {
                let mut patched = object;
                merge(&mut patched, document);
                self.replace(path, patched)
            }
            Method::DELETE => {
                let gone = self.objects.remove(path).unwrap_or_default();
                if let Some(mut next) = self.reissued.get(path).cloned() {
                    next["metadata"]["name"] = gone["metadata"]["name"].clone();
                    next["metadata"]["uid"] = format!("uid-{}-anew", self.version).into();
                    self.replace(path, next);
                }
                (200, gone)
            }
            _ => (200, object),
        }
    }

    /// A list as the real server gives it: selected, and in pages. Its token is the last path of the page.
    fn list(&mut self, path: &str, query: &str) -> (u16, Value) {
        let parameter = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let (prefix, token) = (format!("{path}/"), parameter("continue").unwrap_or_default().replace("%2F", "/"));
        if !token.is_empty() && self.expiring > 0 {
            self.expiring -= 1;
            return (410, json!({"kind": "Status", "reason": "Expired", "code": 410, "message": "too old"}));
        }
        let fields: Vec<_> = parameter("fieldSelector").unwrap_or_default().split(',').collect();
        let selected = |object: &Value| {
            fields.iter().filter(|field| !field.is_empty()).all(|field| {
                let (name, value) = field.split_once('=').expect("a requirement");
                let found = match name.trim_end_matches('!') {
                    "type" => object["type"].as_str().unwrap_or("Opaque"),
                    "metadata.name" => object["metadata"]["name"].as_str().unwrap_or_default(),
                    other => panic!("no field selector: {other}"),
                };
                (found == value) != name.ends_with('!')
            })
        };
        let limit: usize = parameter("limit").expect("every list has a limit").parse().expect("a number");
        let listed = self
            .objects
            .iter()
            .filter(|(path, object)| path.starts_with(&prefix) && **path > token && selected(object));
        let (paths, items): (Vec<_>, Vec<_>) = listed.take(limit + 1).unzip();
        let next = if items.len() > limit { paths[limit - 1].as_str() } else { "" };
        (200, json!({"metadata": {"continue": next}, "items": items.into_iter().take(limit).collect::<Vec<_>>()}))
    }

    fn replace(&mut self, path: &str, mut object: Value) -> (u16, Value) {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        if let Some(clock) = &self.clock {
            object["metadata"]["managedFields"] = managed("holdfast", clock.now());
        }
        self.objects.insert(path.to_owned(), object.clone());
        (200, object)
    }
}

/// What the real server says of an object that is not there; `path` is `api/v1/KINDS/NAME` or `apis/GROUP/V/KINDS/NAME`.
fn not_found(path: &str) -> Value {
    let parts: Vec<_> = path.split('/').collect();
    let group = if parts[0] == "apis" { parts[1] } else { "" };
    let (kind, name) = (parts[parts.len() - 2], parts[parts.len() - 1]);
    json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
        "message": format!("{kind} \"{name}\" not found"), "details": {"name": name, "group": group, "kind": kind},
    })
}

/// What the server notes of a write: whole seconds.
pub fn managed(manager: &str, at: Timestamp) -> Value {
    let at = Timestamp::from_second(at.as_second()).expect("in range");
    let fields = json!({"f:spec": {"f:holderIdentity": {}, "f:renewTime": {}}});
    json!([{"manager": manager, "operation": "Update", "time": at.to_string(), "fieldsV1": fields}])
}

/// A JSON merge patch (RFC 7386), without its way to remove things.
fn merge(target: &mut Value, patch: &Value) {
    match patch.as_object() {
        Some(fields) => fields.iter().for_each(|(name, value)| merge(&mut target[name.as_str()], value)),
        None => target.clone_from(patch),
    }
}
