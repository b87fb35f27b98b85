//! LogScale's own steps of a failover; what starts the operator is any cluster's
//! [`ScaleDeployment`](holdfast_kubernetes::ScaleDeployment).

mod remove_stale_tls;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;
mod verify_standby;

pub use remove_stale_tls::RemoveStaleTls;
pub use verify_standby::VerifyStandby;
