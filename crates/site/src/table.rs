//! The clouds and the systems that a site can be put together from. A new one is a crate and an entry here.

use holdfast_api_connect::ApiConnectSystem;
use holdfast_aws::settings::Aws;
use holdfast_azure::settings::AzureCloud;
use holdfast_logscale::LogScaleSystem;
use holdfast_oci::settings::OciCloud;
use holdfast_parts::{Cloud, System};

/// Every cloud.
pub(crate) const CLOUDS: [&dyn Cloud; 3] = [&Aws, &AzureCloud, &OciCloud];

/// Every system, the default first.
pub(crate) const SYSTEMS: [&dyn System; 2] = [&LogScaleSystem, &ApiConnectSystem];
