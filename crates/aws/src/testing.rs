//! A server on loopback that gives scripted answers, and what tests of the adapters share.

use std::{ops::Deref, sync::Arc, time::Duration};

use holdfast_core::{Call, retry::RetryPolicy};
use holdfast_testkit::server;
pub(crate) use holdfast_testkit::{
    clock::{NEW_YEAR as NOW, TestClock, at},
    server::Reply,
};

use crate::sdk::{Environment, METRIC_REGION, Options, Sdk};

/// A clock that shows `second`.
pub(crate) fn clock_at(second: i64) -> Arc<TestClock> {
    TestClock::at(at(second))
}

/// A call at [`NOW`] with a minute left and attempts of half a second.
pub(crate) fn call() -> Call {
    let retry = RetryPolicy { attempt_timeout: Duration::from_millis(500), ..RetryPolicy::default() };
    Call { clock: clock_at(NOW), deadline: at(NOW + 60), retry }
}

/// Time-outs short enough for tests.
pub(crate) fn options() -> Options {
    Options {
        cluster_region: "eu-west-1".to_owned(),
        metric_region: METRIC_REGION.to_owned(),
        attempt_timeout: Duration::from_millis(500),
        proxies: holdfast_http::Proxies::default(),
    }
}

/// An environment in which every service is at `endpoint`.
pub(crate) fn environment(endpoint: &str) -> Environment {
    Environment::read(&|name| match name {
        "AWS_ACCESS_KEY_ID" => Some("AKIDEXAMPLE".to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
        "AWS_ENDPOINT_URL" => Some(endpoint.to_owned()),
        _ => None,
    })
    .expect("credentials are there")
}

/// An answer of Route 53.
pub(crate) fn xml(body: &str) -> Reply {
    Reply::of_type(200, "application/xml", body)
}

/// An error of Route 53.
pub(crate) fn route53_error(status: u16, code: &str, message: &str) -> Reply {
    let body = format!(
        "<ErrorResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error><RequestId>id</RequestId></ErrorResponse>"
    );
    Reply::of_type(status, "application/xml", body)
}

/// An error of a service that speaks JSON.
pub(crate) fn json_error(status: u16, code: &str) -> Reply {
    let body = format!("{{\"__type\":\"{code}\",\"message\":\"said the service\"}}");
    Reply::of_type(status, "application/x-amz-json-1.1", body).with("x-amzn-errortype", code)
}

/// A scripted server in place of every service.
pub(crate) struct Server(server::Server);

impl Server {
    pub(crate) async fn start(replies: Vec<Reply>) -> Self {
        Self(server::Server::start(replies).await)
    }

    pub(crate) fn sdk(&self) -> Sdk {
        Sdk::new(&environment(&self.url()), &options())
    }
}

impl Deref for Server {
    type Target = server::Server;

    fn deref(&self) -> &server::Server {
        &self.0
    }
}
