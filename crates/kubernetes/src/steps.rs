//! The steps of a failover on the standby cluster.

mod remove_stale_tls;
mod scale_operator;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;
mod verify_standby;

pub use remove_stale_tls::RemoveStaleTls;
pub(crate) use scale_operator::missing as missing_operator;
pub use scale_operator::{RestOperator, ScaleOperator};
pub use verify_standby::VerifyStandby;
