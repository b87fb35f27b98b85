//! The front door: routes, keys, and the load balancer that gives a caller up after 230 s
//! (docs/reference/azure.md#keys, docs/reference/azure.md#time-limits).

use std::sync::Arc;

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Request as HttpRequest, Response, header};
use http_body_util::BodyExt;

use super::FunctionsHost;
use super::app::Function;
use super::envelope::{self, HttpAnswer, HttpCall};
use super::invocation::{Called, Request, without_function};
use super::worker::Post;
use crate::host::InvocationResult;
use crate::net::{Cut, Handler};
use crate::timeline::EventKind;

/// Simulated seconds after which the load balancer answers in the function's place; the function goes on.
const FRONT_S: f64 = 230.0;
/// And no less than this many real ones: a process must have time to start.
const LEAST_FRONT_S: f64 = 3.0;

impl FunctionsHost {
    /// The handler of the front door, for callers outside of the simulator.
    pub(crate) fn front_door(&self) -> Handler {
        let host = self.clone();
        Arc::new(move |request| {
            let host = host.clone();
            Box::pin(async move { host.enter(request).await })
        })
    }

    async fn enter(&self, request: HttpRequest<Body>) -> Result<Response<Body>, Cut> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else { return Err(Cut) };
        let query: Vec<(String, String)> = pairs(head.uri.query().unwrap_or_default());
        let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let code = query.iter().find(|(name, _)| name == "code").map(|(_, value)| value.clone());
        let call = HttpCall {
            method: head.method.to_string(),
            url: head.uri.path().to_owned(),
            query: query.into_iter().filter(|(name, _)| name != "code").collect(),
            headers: head
                .headers
                .iter()
                .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
                .collect(),
            body: body.to_bytes().to_vec(),
        };
        let key = text("x-functions-key").or(code);
        Ok(respond(self.request(&call, key.as_deref()).await))
    }

    /// A request by route and key.
    pub(crate) async fn request(&self, call: &HttpCall, key: Option<&str>) -> HttpAnswer {
        let app = &self.0.settings.app;
        let fits = |function: &&Function| {
            let Some(trigger) = function.triggered_by("httpTrigger") else { return false };
            let allowed = trigger.methods.as_ref();
            app.route(function).eq_ignore_ascii_case(&call.url)
                && allowed.is_none_or(|methods| methods.iter().any(|method| method.eq_ignore_ascii_case(&call.method)))
        };
        match app.functions.iter().find(fits).cloned() {
            None => HttpAnswer::empty(404),
            Some(_) if key != Some(self.0.settings.key.as_str()) => HttpAnswer::empty(401),
            Some(function) => self.serve(&function, call.clone()).await.1,
        }
    }

    /// Posts a body to a function over HTTP, as somebody who has the key.
    pub(super) async fn post(&self, function: &Function, body: Vec<u8>) -> (InvocationResult, HttpAnswer) {
        let call = HttpCall {
            method: "POST".to_owned(),
            url: self.0.settings.app.route(function),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body,
            ..HttpCall::default()
        };
        self.serve(function, call).await
    }

    /// The action group's call of the function that takes alarms.
    pub(crate) async fn alarm(&self, body: Vec<u8>) -> HttpAnswer {
        match self.0.settings.app.alarm().cloned() {
            Some(function) if self.0.settings.handler.is_some() => self.post(&function, body).await.1,
            _ => HttpAnswer::empty(404),
        }
    }

    /// A call of the function that takes alarms by hand, and its outcome.
    pub async fn deliver_alarm(&self, body: &serde_json::Value) -> InvocationResult {
        match self.0.settings.app.alarm().cloned() {
            Some(function) => self.post(&function, body.to_string().into_bytes()).await.0,
            None => without_function("no function for alarms is deployed"),
        }
    }

    /// Calls the function in a task of its own, which goes on when the front gives the caller up.
    async fn serve(&self, function: &Function, call: HttpCall) -> (InvocationResult, HttpAnswer) {
        let (host, function) = (self.clone(), function.clone());
        let begun = self.begin();
        let work = tokio::spawn(async move {
            let _begun = begun;
            let called = host.invoke_http(&function, &call).await;
            host.put_outputs(&function, &called);
            (called.result, called.http)
        });
        let limit = self.0.settings.pace.seconds(FRONT_S).max(std::time::Duration::from_secs_f64(LEAST_FRONT_S));
        match tokio::time::timeout(limit, work).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_)) => (without_function("the call was ended"), HttpAnswer::empty(502)),
            Err(_) => (without_function("the front gave the caller up after 230 s"), HttpAnswer::empty(504)),
        }
    }

    async fn invoke_http(&self, function: &Function, call: &HttpCall) -> Called {
        let (now, guid) = self.now_and_guid();
        let app = &self.0.settings.app;
        if !(app.forwarding && function.is_plain_http()) {
            let binding = function.trigger().map_or("req", |trigger| trigger.name.as_str());
            let envelope = envelope::http(&function.name, binding, call, now, &guid);
            return self.call(function, &guid, 1, Request::Envelope(envelope)).await;
        }
        let skipped = ["host", "content-length", "connection", "transfer-encoding"];
        let headers = call.headers.iter().filter(|(name, _)| !skipped.contains(&name.to_ascii_lowercase().as_str()));
        let query: Vec<String> = call.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let path = if query.is_empty() { call.url.clone() } else { format!("{}?{}", call.url, query.join("&")) };
        let post = Post {
            method: &call.method,
            path: &path,
            headers: headers.cloned().collect(),
            body: call.body.clone(),
            invocation: &guid,
        };
        self.call(function, &guid, 1, Request::Forwarded(post)).await
    }

    /// Puts what a successful call gave for its queues there.
    pub(super) fn put_outputs(&self, function: &Function, called: &Called) {
        let app = &self.0.settings.app;
        for (output, text) in called.outputs.iter().filter(|_| !called.orphaned) {
            if let Some(queue) = function.output_queue(output) {
                let text = if app.queues.base64 { STANDARD.encode(text) } else { text.clone() };
                self.0.queues.put(queue, &text, std::time::Duration::ZERO, None);
                self.record_event(EventKind::Queued { queue: queue.to_owned(), in_ms: 0 });
            }
        }
    }
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn respond(answer: HttpAnswer) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        http::StatusCode::from_u16(answer.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = answer.content_type.parse() {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}
