//! The SDK's clients: built once, without network, without retries of their own.

mod environment;
mod https;
mod role;

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_sts::config::IdentityCache;
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion, stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};
use holdfast_http::Proxies;

pub use environment::{Endpoints, Environment, MissingCredentials, Service};
use role::AssumedRole;
pub(crate) use role::BEFORE_THE_END;
pub use role::Role;

/// The region in which Route 53 publishes the metrics of health checks, for the ordinary partition.
pub const METRIC_REGION: &str = "us-east-1";

/// How long a connection may take. The SDK's own default, and the only bound that it sets by itself.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3100);

/// Where the clients talk to, and how long they listen.
#[derive(Clone, Debug)]
pub struct Options {
    /// The region of the standby cluster, of the function and of its parameter, such as `eu-west-1`.
    pub cluster_region: String,
    /// The region of the health check's metric; [`METRIC_REGION`] but for other partitions. Route 53's global
    /// endpoint is chosen by its partition.
    pub metric_region: String,
    /// How long one attempt may take, from the first byte sent to the last received.
    pub attempt_timeout: Duration,
    /// Which calls go through a proxy.
    pub proxies: Proxies,
}

/// The clients of the four services, and the credentials they sign with.
///
/// Building one takes under a millisecond (measured, debug build): it opens no connection, reads no file and loads no
/// trust anchors. Those come with the first request, and cost it some three milliseconds.
/// Retries are off, because the engine repeats calls by the class of their fault and within its deadline.
#[derive(Debug)]
pub struct Sdk {
    /// Health checks.
    pub route53: aws_sdk_route53::Client,
    /// The metric of the health check.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// Parameter Store.
    pub ssm: aws_sdk_ssm::Client,
    /// The standby cluster's address.
    pub eks: aws_sdk_eks::Client,
    /// What requests are signed with, where no role is assumed.
    pub credentials: Credentials,
    /// Who gives the credentials of the role that is assumed, if one is.
    pub role: Option<SharedCredentialsProvider>,
    /// Which calls go through a proxy; those to the cluster as well.
    pub proxies: Proxies,
}

impl Sdk {
    /// Clients for `options`, with what `environment` says. Endpoints that the environment moves are logged as a
    /// warning: a production function must not inherit them by accident.
    pub fn new(environment: &Environment, options: &Options) -> Self {
        environment.endpoints.warn_of_overrides();
        Self::of(environment, options, &shared(environment, options), None)
    }

    /// The same under `role`, whose credentials are asked for with the first request, kept, and asked for anew up to five
    /// minutes before their end. [`credentials`](Self::credentials) stay those of the environment.
    pub fn under(environment: &Environment, options: &Options, role: Role) -> Self {
        let own = shared(environment, options);
        let sts = configured(environment, &own, &options.cluster_region, Service::Sts);
        let assumed = AssumedRole { sts: aws_sdk_sts::Client::new(&sts), role };
        let assumed = SharedCredentialsProvider::new(assumed);
        let cache = IdentityCache::lazy().load_timeout(options.attempt_timeout).buffer_time(BEFORE_THE_END).build();
        let other = own.to_builder().credentials_provider(assumed.clone()).identity_cache(cache).build();
        Self::of(environment, options, &other, Some(assumed))
    }

    fn of(
        environment: &Environment,
        options: &Options,
        shared: &SdkConfig,
        role: Option<SharedCredentialsProvider>,
    ) -> Self {
        let config = |region: &str, service: Service| configured(environment, shared, region, service);
        let (home, metrics) = (options.cluster_region.as_str(), options.metric_region.as_str());
        Self {
            route53: aws_sdk_route53::Client::new(&config(metrics, Service::Route53)),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config(metrics, Service::CloudWatch)),
            ssm: aws_sdk_ssm::Client::new(&config(home, Service::Ssm)),
            eks: aws_sdk_eks::Client::new(&config(home, Service::Eks)),
            credentials: environment.credentials.clone(),
            role,
            proxies: options.proxies.clone(),
        }
    }
}

/// A client of SNS for topics in `region`, which need not be the region of anything else.
pub(crate) fn sns(environment: &Environment, options: &Options, region: &str) -> aws_sdk_sns::Client {
    aws_sdk_sns::Client::new(&configured(environment, &shared(environment, options), region, Service::Sns))
}

/// What the client of one service is built from.
fn configured(environment: &Environment, shared: &SdkConfig, region: &str, service: Service) -> SdkConfig {
    let mut builder = shared.to_builder().region(Region::new(region.to_owned()));
    builder.set_endpoint_url(environment.endpoints.of(service).map(str::to_owned));
    builder.build()
}

/// What all clients have in common.
fn shared(environment: &Environment, options: &Options) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT.min(options.attempt_timeout))
        .operation_attempt_timeout(options.attempt_timeout)
        .operation_timeout(options.attempt_timeout)
        .build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(environment.credentials.clone()))
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        // Answers are a few kilobytes and each attempt is bounded: a second watch over the stream adds nothing.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .use_fips(environment.fips)
        .use_dual_stack(environment.dual_stack)
        .http_client(https::LazyHttps::new(options.proxies.clone()))
        .build()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use holdfast_core::FaultClass;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::{
        fault::of_sdk,
        testing::{Reply, Server, environment, options, route53_error, xml},
    };

    #[test]
    fn clients_are_built_without_a_runtime_or_a_connection() {
        let sdk = Sdk::new(&environment("http://127.0.0.1:1"), &options());
        assert_eq!(sdk.credentials.access_key_id(), "AKIDEXAMPLE");
        assert_eq!(sdk.ssm.config().region().map(AsRef::as_ref), Some("eu-west-1"));
        assert_eq!(sdk.cloudwatch.config().region().map(AsRef::as_ref), Some("us-east-1"));
    }

    #[test]
    fn secrets_are_not_in_the_debug_output() {
        let shown = format!("{:?}", Sdk::new(&environment("http://127.0.0.1:1"), &options()));
        assert!(shown.contains("AKIDEXAMPLE") && !shown.contains("wJalrXUtnFEMI"), "{shown}");
    }

    async fn fault_for(answer: Reply) -> holdfast_core::Fault {
        let server = Server::start(vec![answer]).await;
        let sdk = Arc::new(server.sdk());
        let error = sdk.route53.get_health_check().health_check_id("hc").send().await.expect_err("a fault");
        assert_eq!(server.requests().len(), 1, "one call is one attempt");
        of_sdk("route53:GetHealthCheck", &error)
    }

    fn role() -> Role {
        Role {
            arn: "arn:aws:iam::444455556666:role/dns".to_owned(),
            external_id: Some("e-1".to_owned()),
            session: "dr-handler".to_owned(),
        }
    }

    fn credentials_for(seconds: u64) -> Reply {
        #[allow(clippy::disallowed_methods, reason = "the SDK goes by the wall clock")]
        let end = holdfast_core::Timestamp::now() + Duration::from_secs(seconds);
        xml(&format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>{end:.0}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
        ))
    }

    /// How often STS is asked while two calls are made under a role whose credentials hold for so long.
    async fn asked_of_sts(seconds: u64) -> usize {
        let given = credentials_for(seconds);
        let server = Server::start(vec![given.clone(), Reply::Cut, given, Reply::Cut]).await;
        let sdk = Sdk::under(&environment(&server.url()), &options(), role());
        for _ in 0..2 {
            sdk.route53.get_health_check().health_check_id("hc").send().await.expect_err("nothing is answered");
        }
        let requests = server.requests();
        let asked: Vec<_> = requests.iter().filter(|seen| seen.method == "POST").collect();
        let body = String::from_utf8_lossy(&asked[0].body);
        for part in ["Action=AssumeRole", "role%2Fdns", "ExternalId=e-1", "RoleSessionName=dr-handler"] {
            assert!(body.contains(part), "{body}");
        }
        asked.len()
    }

    #[tokio::test]
    async fn a_role_is_assumed_once_and_again_when_its_credentials_end() {
        assert_eq!(asked_of_sts(3600).await, 1);
        assert_eq!(asked_of_sts(0).await, 2);
    }

    #[tokio::test]
    async fn a_role_that_may_not_be_assumed_is_a_fault_of_the_call_with_the_reason() {
        let refusal =
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not yours</Message></Error></ErrorResponse>";
        let server = Server::start(vec![Reply::of_type(403, "text/xml", refusal)]).await;
        let sdk = Sdk::under(&environment(&server.url()), &options(), role());
        let error = sdk.route53.get_health_check().health_check_id("hc").send().await.expect_err("refused");
        let fault = of_sdk("route53:GetHealthCheck", &error);
        assert_eq!(fault.class, FaultClass::Denied, "{fault}");
        assert_eq!(fault.message, "no credentials (sts:AssumeRole): AccessDenied: not yours");
        assert_eq!(server.requests().len(), 1);
    }

    #[tokio::test]
    async fn throttling_sent_as_400_is_throttling_and_is_not_repeated_by_the_sdk() {
        let fault = fault_for(route53_error(400, "Throttling", "Rate exceeded")).await;
        assert_eq!((fault.class, fault.message.as_str()), (FaultClass::Throttled, "Throttling: Rate exceeded"));
    }

    #[tokio::test]
    async fn a_failing_server_is_worth_a_retry_and_is_not_repeated_by_the_sdk() {
        let fault = fault_for(route53_error(500, "InternalFailure", "oops")).await;
        assert_eq!(fault.class, FaultClass::Server);
    }

    #[tokio::test]
    async fn a_refusal_is_denied() {
        let fault = fault_for(route53_error(403, "AccessDenied", "not yours")).await;
        assert_eq!(fault.class, FaultClass::Denied);
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_is_a_time_out() {
        assert_eq!(fault_for(Reply::Hang).await.class, FaultClass::Timeout);
    }

    #[tokio::test]
    async fn a_cut_connection_is_a_connection_fault() {
        assert_eq!(fault_for(Reply::Cut).await.class, FaultClass::Connection);
    }

    #[tokio::test]
    async fn an_unreadable_success_is_worth_a_retry() {
        let fault = fault_for(Reply::of_type(200, "text/html", "<html><body>proxy</body>")).await;
        assert_eq!(fault.class, FaultClass::Server, "{fault}");
    }

    #[tokio::test]
    async fn a_404_that_is_not_the_services_says_nothing_about_the_resource() {
        let fault = fault_for(Reply::of_type(404, "text/html", "<html>")).await;
        assert_eq!(fault.class, FaultClass::Server, "{fault}");
    }

    #[tokio::test]
    async fn calls_go_through_the_proxy_and_its_refusal_is_a_connection_fault() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let proxy = format!("http://me:hunter2@{}", listener.local_addr().expect("bound"));
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut seen = vec![0; 4096];
            let length = stream.read(&mut seen).await.expect("a request");
            stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await.expect("an answer");
            String::from_utf8_lossy(&seen[..length]).into_owned()
        });
        let proxies = Proxies::read(&|name| (name == "https_proxy").then(|| proxy.clone())).expect("a rule");
        let sdk = Sdk::new(&environment("https://api.aws.invalid"), &Options { proxies, ..options() });
        let error = sdk.ssm.get_parameter().name("n").send().await.expect_err("the proxy refuses");
        let fault = of_sdk("ssm:GetParameter", &error);
        assert_eq!(fault.class, FaultClass::Connection, "{fault}");
        assert!(!fault.to_string().contains("hunter2"), "{fault}");
        let head = asked.await.expect("the proxy was asked").to_ascii_lowercase();
        assert!(head.starts_with("connect api.aws.invalid:443 http/1.1\r\n"), "{head}");
        // me:hunter2
        assert!(head.contains("\r\nproxy-authorization: basic bwu6ahvudgvymg=="), "{head}");
    }

    #[tokio::test]
    async fn a_refused_connection_is_a_connection_fault() {
        let sdk = Sdk::new(&environment("http://127.0.0.1:1"), &options());
        let error = sdk.ssm.get_parameter().name("n").send().await.expect_err("nobody listens");
        let fault = of_sdk("ssm:GetParameter", &error);
        assert_eq!(fault.class, FaultClass::Connection);
        assert!(fault.message.contains("refused"), "{}", fault.message);
    }
}
