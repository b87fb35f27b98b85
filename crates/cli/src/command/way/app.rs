//! The endpoint for operators of a function app on Azure (docs/reference/azure.md).

use std::time::Duration;

use bytes::Bytes;
use holdfast_http::{Client, Wanted};
use holdfast_site_file::parts::AzureFunction;
use http::{Request, StatusCode, Uri};
use serde_json::Value;

use super::{Environment, LONGEST, reply};
use crate::command::{args::Errand, exit::Stopped, secret};

/// A function app.
pub struct App {
    client: Client,
    url: Uri,
    key: String,
    wait: Duration,
}

impl App {
    /// The app of the site file. Its key is read now.
    ///
    /// # Errors
    /// In one line: no address, or no key.
    pub fn open(
        client: Client,
        function: &AzureFunction,
        wait: Duration,
        environment: &Environment,
    ) -> Result<Self, Stopped> {
        let url: Option<Uri> = function.url.parse().ok();
        let is_plain = |url: &Uri| url.scheme_str() == Some("https") && url.host().is_some() && url.query().is_none();
        let url = url.filter(is_plain).ok_or_else(|| {
            let why = "an https address without a query is needed; the key does not belong into it";
            Stopped::usage(format!("function.azure-function.url: {why}"))
        })?;
        let key = secret::value(&function.key, environment)?;
        Ok(Self { client, url, key, wait })
    }

    /// Where it is.
    pub fn describe(&self) -> String {
        format!("function app {}", self.url.host().unwrap_or_default())
    }

    /// Calls it and waits for its answer.
    ///
    /// # Errors
    /// In one line.
    pub async fn ask(&self, errand: &Errand) -> Result<Value, Stopped> {
        let request = Request::post(&self.url)
            .header("content-type", "application/json")
            .header("x-functions-key", &self.key)
            .body(Bytes::from(errand.payload().to_string()))
            .map_err(|_| Stopped::ours("the call cannot be written"))?;
        let failed = |why: String| Stopped::unreached(format!("the {} could not be asked: {why}", self.describe()));
        let asked = self.client.pooled(request, Wanted::Body { longest: LONGEST });
        let answer = tokio::time::timeout(self.wait, asked)
            .await
            .map_err(|_| failed(format!("no answer within {} s", self.wait.as_secs())))?
            .map_err(|failure| failed(holdfast_core::fault::with_causes(&failure)))?;
        let document: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if document["outcome"].is_string() {
            return Ok(document);
        }
        let hint = match answer.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "; the key of the site file is not taken",
            StatusCode::NOT_FOUND => "; look at function.azure-function.url in the site file",
            _ => "",
        };
        let status = answer.status().as_u16();
        Err(Stopped::unreached(reply::cut(&format!("the {} did not answer: HTTP {status}{hint}", self.describe()))))
    }
}
