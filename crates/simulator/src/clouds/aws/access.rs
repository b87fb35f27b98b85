//! What tests reach of AWS through the simulator and its world.

use super::alarm::{Alarm, AlarmState};
use super::failover_record::{FailoverRecord, JUDGING};
use super::iam::{Authority, Credentials};
use super::lambda::LambdaHost;
use super::services::{AwsServices, admin_credentials, function_credentials};
use crate::simulator::Simulator;
use crate::time;
use crate::world::{HealthCheck, HealthCheckConfig, STANDBY_NAME, World};

impl Simulator {
    fn aws(&self) -> &AwsServices {
        self.services_of().expect("this simulator runs no AWS")
    }

    /// The Lambda service.
    ///
    /// # Panics
    /// When the function does not run on AWS.
    pub fn lambda(&self) -> &LambdaHost {
        self.aws().lambda()
    }

    /// What IAM saw of the function: statements used, calls denied.
    ///
    /// # Panics
    /// When the function does not run on AWS.
    pub fn iam(&self) -> &Authority {
        self.aws().iam()
    }

    /// The value of an SSM parameter in the standby region.
    ///
    /// # Panics
    /// When the function does not run on AWS.
    pub fn ssm_parameter(&self, name: &str) -> Option<String> {
        self.aws().parameters().get(name).map(|parameter| parameter.value.clone())
    }

    /// Keys that may do everything on AWS, for clients that are not the function.
    pub fn admin_credentials(&self) -> Credentials {
        admin_credentials()
    }

    /// The function's keys on AWS, as they are before a process gets its own session token.
    pub fn function_credentials(&self) -> Credentials {
        function_credentials()
    }

    /// `https://localhost:port` of all AWS services.
    ///
    /// # Panics
    /// When the function does not run on AWS.
    pub fn aws_endpoint(&self) -> String {
        self.aws().endpoint()
    }
}

impl World {
    /// The state of the CloudWatch alarm; `None` where another cloud watches.
    pub fn alarm_state(&self) -> Option<AlarmState> {
        self.with(|state| state.rule::<Alarm>().map(|alarm| alarm.state))
    }

    /// Gives the secondary record a health check of its own, as the reference does (TCP 443, every 30 s, two in a row;
    /// docs/reference/aws.md#reference-function), and its
    /// id. Nothing happens where Route 53 does not switch traffic.
    pub fn attach_secondary_check(&self, id: &str) {
        let config = HealthCheckConfig {
            kind: "TCP".to_owned(),
            resource_path: None,
            request_interval: 30,
            failure_threshold: 2,
            enable_sni: false,
            ..HealthCheckConfig::https(STANDBY_NAME)
        };
        self.with(|state| {
            let Some((record, _)) = state.control_mut::<FailoverRecord>() else { return };
            record.secondary_check = Some(id.to_owned());
            state.watch(HealthCheck::new(id, "holdfast-secondary", config), JUDGING, time::now());
        });
    }
}
