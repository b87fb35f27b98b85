//! AWS around the standby: its services and the Lambda host, started together.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::alarm::{ACCOUNT, Channel};
use super::environment::{self, Facts};
use super::lambda::{self, LambdaHost};
use super::parameters::Parameters;
use super::{Authority, Cloud, ClusterView, Credentials};
use crate::backend::Started;
use crate::environment::{CLUSTER_NAME, FUNCTION_KEYS, FUNCTION_NAME, STANDBY_REGION};
use crate::net::Listener;
use crate::test_bed::{StartError, TestBed};

/// Keys of an operator who may do everything.
const ADMIN_KEYS: (&str, &str) = ("AKIDHOLDFASTOPERATOR", "simulated/operator+secret");
/// Reserved concurrency of the function.
const CONCURRENCY: usize = 5;

/// The running services.
pub struct AwsServices {
    cloud: Arc<Cloud>,
    listener: Listener,
}

impl AwsServices {
    /// Starts them, and the Lambda service with the function.
    pub(crate) async fn start(bed: &TestBed<'_>) -> Result<Started, StartError> {
        let health_check = bed.world.health_check().id;
        let lambda = LambdaHost::new(lambda_settings(bed), bed.seed.wrapping_add(1), bed.timeline.clone());
        let server = bed.api_server.clone();
        let cloud = Arc::new(Cloud {
            gate: bed.gate.clone(),
            lambda: lambda.clone(),
            world: bed.world.clone(),
            parameters: Arc::default(),
            authority: judge(&health_check)?,
            cluster: ClusterView { name: CLUSTER_NAME.to_owned(), endpoint: server.endpoint, ca_pem: server.ca_pem },
            region: STANDBY_REGION.to_owned(),
            people: bed.people.clone(),
        });
        let listener = Listener::tls(bed.authority.acceptor(), cloud.clone().handler()).await?;
        let services = Self { cloud, listener };
        let variables = services.variables(bed, &health_check);
        Ok(Started { host: Some(Arc::new(lambda)), variables, services: Box::new(services) })
    }

    fn variables(&self, bed: &TestBed<'_>, health_check: &str) -> BTreeMap<String, String> {
        let view = &self.cloud.cluster;
        environment::build(
            &Facts {
                access_key: FUNCTION_KEYS.0,
                secret_key: FUNCTION_KEYS.1,
                session_token: lambda::session_token(0),
                aws_endpoint: &self.endpoint(),
                ca_file: bed.authority.ca_file().display().to_string(),
                health_check,
                humio_cluster: &bed.standby.cluster_name,
                topic_arn: channel().topic_arn(),
                primary_port: bed.ports.sites.primary.port(),
                control_targets: bed.ports.control_targets(),
                known_cluster: bed.known_cluster.then(|| (view.endpoint.clone(), STANDARD.encode(&view.ca_pem))),
            },
            bed.pace,
        )
    }

    /// The Lambda service.
    pub(crate) fn lambda(&self) -> &LambdaHost {
        &self.cloud.lambda
    }

    /// The parameters of the standby region.
    pub(crate) fn parameters(&self) -> MutexGuard<'_, Parameters> {
        self.cloud.parameters()
    }

    /// The judge of the function's calls.
    pub(crate) fn iam(&self) -> &Authority {
        &self.cloud.authority
    }

    /// `https://localhost:port` of all services.
    pub(crate) fn endpoint(&self) -> String {
        format!("https://localhost:{}", self.listener.port())
    }
}

/// Keys that may do everything.
pub(crate) fn admin_credentials() -> Credentials {
    Credentials { access_key: ADMIN_KEYS.0.to_owned(), secret_key: ADMIN_KEYS.1.to_owned(), session_token: None }
}

/// The function's keys, as they are before a process gets its own session token.
pub(crate) fn function_credentials() -> Credentials {
    let (access_key, secret_key) = (FUNCTION_KEYS.0.to_owned(), FUNCTION_KEYS.1.to_owned());
    Credentials { access_key, secret_key, session_token: Some(lambda::session_token(0)) }
}

/// Names of the alarm and its topic.
pub(crate) fn channel() -> Channel {
    Channel {
        alarm: format!("{CLUSTER_NAME}-dr-failover-primary-unhealthy"),
        topic: format!("{CLUSTER_NAME}-dr-failover-sns"),
    }
}

fn lambda_settings(bed: &TestBed<'_>) -> lambda::Settings {
    lambda::Settings {
        bootstrap: bed.function.executable.clone(),
        function_arn: format!("arn:aws:lambda:{STANDBY_REGION}:{ACCOUNT}:function:{FUNCTION_NAME}"),
        timeout: bed.function.timeout,
        concurrency: CONCURRENCY,
        pace: bed.pace,
    }
}

/// IAM with the shipped policy for this world.
fn judge(health_check: &str) -> Result<Authority, StartError> {
    let values = BTreeMap::from([
        ("account_id", ACCOUNT.to_owned()),
        ("standby_region", STANDBY_REGION.to_owned()),
        ("primary_health_check_id", health_check.to_owned()),
        ("cooldown_parameter", format!("logscale-dr/{FUNCTION_NAME}/last-failover-timestamp")),
        ("cluster_name", CLUSTER_NAME.to_owned()),
        ("notify_topic_arn", super::sns::topic_arn()),
    ]);
    Authority::new(FUNCTION_KEYS.0, ADMIN_KEYS.0, &values)
        .map_err(|why| StartError::Shipped { file: "infra/aws/policy.json", why })
}
