//! Who is told, from variables.

use std::{fmt, sync::Arc, time::Duration};

use holdfast_core::{engine::Limits, ports::Announcer};
use holdfast_http::{Client, Proxies};
use holdfast_settings::Reader;
use http::Uri;

use crate::{Receiver, Switch, opsgenie, pagerduty, webhook};

const WEBHOOK: &str = "HOLDFAST_NOTIFY_WEBHOOK_URL";
const SECRET: &str = "HOLDFAST_NOTIFY_WEBHOOK_SECRET";
const ROUTING_KEY: &str = "HOLDFAST_NOTIFY_PAGERDUTY_ROUTING_KEY";
const PAGERDUTY: &str = "HOLDFAST_NOTIFY_PAGERDUTY_URL";
const API_KEY: &str = "HOLDFAST_NOTIFY_OPSGENIE_API_KEY";
const OPSGENIE: &str = "HOLDFAST_NOTIFY_OPSGENIE_URL";
const TICK: &str = "HOLDFAST_TICK_URL";

/// Shortest secret that signs: a shorter one is guessed.
const SHORTEST_SECRET: usize = 16;

/// What is allowed for an address. It may hold a secret in its path or query, so it is not shown.
const ADDRESS: &str = "an https:// address without a user name";

/// Who is told. Its `Debug` form shows names only: addresses and keys are secrets.
#[derive(Clone, Default)]
pub struct NotifySettings {
    /// An address of the site's people, and the secret that signs.
    pub webhook: Option<(Uri, Option<String>)>,
    /// A routing key of PagerDuty, and where events go.
    pub pagerduty: Option<(String, Uri)>,
    /// A key of Opsgenie, and where alerts go.
    pub opsgenie: Option<(String, Uri)>,
    /// What is called when a tick has ended well.
    pub switch: Option<Uri>,
}

impl fmt::Debug for NotifySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotifySettings")
            .field("webhook", &self.webhook.is_some())
            .field("pagerduty", &self.pagerduty.is_some())
            .field("opsgenie", &self.opsgenie.is_some())
            .field("switch", &self.switch.is_some())
            .finish()
    }
}

impl NotifySettings {
    /// Reads variables.
    pub fn read(read: &mut Reader<'_>) -> Self {
        let secret = secret(read, SECRET, SHORTEST_SECRET);
        let webhook = address(read, WEBHOOK);
        if webhook.is_none() && secret.is_some() {
            read.hidden_fault(SECRET, &format!("nothing, where {WEBHOOK} is not set"));
        }
        let pagerduty = secret_with(read, ROUTING_KEY, PAGERDUTY, pagerduty::ENDPOINT);
        let opsgenie = secret_with(read, API_KEY, OPSGENIE, opsgenie::ENDPOINT);
        Self { webhook: webhook.map(|uri| (uri, secret)), pagerduty, opsgenie, switch: address(read, TICK) }
    }

    /// How long a pause may last until people are told of it.
    pub fn paused_long(read: &mut Reader<'_>) -> Duration {
        read.seconds("HOLDFAST_NOTIFY_PAUSED_SECONDS", 86_400.0, 1.0..=2_592_000.0)
    }

    /// Those who are told of the site called `site`.
    pub fn receivers(&self, site: &str, proxies: &Proxies, limits: &Limits) -> Vec<Arc<dyn Announcer>> {
        let (client, timeout) = (Client::new(proxies.clone()), limits.retry.attempt_timeout);
        let mut receivers: Vec<Arc<dyn Announcer>> = Vec::new();
        if let Some((uri, secret)) = &self.webhook {
            let (url, secret, site) = (uri.to_string(), secret.clone(), site.to_owned());
            let compose = move |news: &_| webhook::request(&url, secret.as_deref(), &site, news);
            receivers.push(Arc::new(Receiver::new("webhook", client.clone(), timeout, compose)));
        }
        if let Some((key, uri)) = &self.pagerduty {
            let (url, key, site) = (uri.to_string(), key.clone(), site.to_owned());
            let compose = move |news: &_| pagerduty::request(&url, &key, &site, news);
            receivers.push(Arc::new(Receiver::new("pagerduty", client.clone(), timeout, compose)));
        }
        if let Some((key, uri)) = &self.opsgenie {
            let (url, key, site) = (uri.to_string(), key.clone(), site.to_owned());
            let compose = move |news: &_| opsgenie::request(&url, &key, &site, news);
            receivers.push(Arc::new(Receiver::new("opsgenie", client, timeout, compose)));
        }
        receivers
    }

    /// The dead-man's switch, where there is one.
    pub fn switch(&self, proxies: &Proxies, limits: &Limits) -> Option<Switch> {
        let uri = self.switch.clone()?;
        Some(Switch::new(Client::new(proxies.clone()), uri, limits.retry.attempt_timeout))
    }
}

/// An address that messages go to. Its query may be a key of the receiver.
fn address(read: &mut Reader<'_>, name: &str) -> Option<Uri> {
    let text = read.text(name)?;
    let uri = text.parse::<Uri>().ok().filter(|uri| uri.scheme_str() == Some("https"));
    let plain = |uri: &Uri| uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    let uri = uri.filter(plain);
    if uri.is_none() {
        read.hidden_fault(name, ADDRESS);
    }
    uri
}

/// A secret that can stand in a header.
fn secret(read: &mut Reader<'_>, name: &str, shortest: usize) -> Option<String> {
    let text = read.text(name)?;
    if text.len() >= shortest && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some(text);
    }
    read.hidden_fault(name, &format!("{shortest} or more letters, digits and signs, without blanks"));
    None
}

/// A key, and the address that it is for; an address alone is a fault.
fn secret_with(read: &mut Reader<'_>, key: &str, endpoint: &str, default: &str) -> Option<(String, Uri)> {
    let (given, at) = (secret(read, key, 8), address(read, endpoint));
    match given {
        Some(given) => Some((given, at.or_else(|| default.parse().ok())?)),
        None => {
            if at.is_some() {
                read.hidden_fault(endpoint, &format!("nothing, where {key} is not set"));
            }
            None
        }
    }
}
