//! One HTTP client for all services, made when the first request needs it.

use std::{sync::OnceLock, time::Duration};

use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnectorSettings, SharedHttpConnector},
    runtime_components::RuntimeComponents,
};
use holdfast_http::Proxies;

/// An idle connection is thrown away after this long. A Lambda sandbox is frozen between calls, a minute for ticks;
/// a connection from before the frost may be dead without our knowing, and finding out costs a whole time-out.
const IDLE: Duration = Duration::from_secs(20);

/// The SDK's own HTTPS connector behind a lock that opens once.
///
/// The SDK's default client loads and parses the system's trust anchors when a service client is *built*, once for
/// each; here they are loaded once, with the first request. They are the system's, or those in the file that
/// `SSL_CERT_FILE` (or the folder that `SSL_CERT_DIR`) names; proxies are those of all our clients.
#[derive(Debug)]
pub(super) struct LazyHttps {
    proxies: Proxies,
    connector: OnceLock<SharedHttpConnector>,
}

impl LazyHttps {
    pub(super) fn new(proxies: Proxies) -> Self {
        Self { proxies, connector: OnceLock::new() }
    }

    /// The rule as the SDK knows it. An address that we can use, the SDK can use.
    fn proxy(&self) -> ProxyConfig {
        let Some((address, exceptions)) = self.proxies.rule() else { return ProxyConfig::disabled() };
        ProxyConfig::https(address.clone())
            .map_or_else(|_| ProxyConfig::disabled(), |config| config.no_proxy(exceptions))
    }
}

impl HttpClient for LazyHttps {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        // All clients have the same time-outs, so the first one's settings are everybody's.
        let connector = self.connector.get_or_init(|| {
            let mut builder = Connector::builder()
                .connector_settings(settings.clone())
                .proxy_config(self.proxy())
                .pool_idle_timeout(IDLE)
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc));
            builder.set_sleep_impl(components.sleep_impl());
            SharedHttpConnector::new(builder.build())
        });
        connector.clone()
    }
}
