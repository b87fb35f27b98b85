//! The clouds that can be simulated. This is the one list of them: a new cloud is a folder here and a line in it.

pub mod aws;
pub mod azure;
pub mod oci;

use crate::backend::CloudBackend;
use crate::options::Options;

/// Every cloud, the one that is taken by default first.
pub static CLOUDS: [&dyn CloudBackend; 3] = [&aws::Aws, &azure::Azure, &oci::Oci];

/// The cloud of this name.
pub fn by_name(name: &str) -> Option<&'static dyn CloudBackend> {
    CLOUDS.into_iter().find(|cloud| cloud.name() == name)
}

impl Default for Options {
    /// The first cloud of the list, pace 60, seed 1, no function, the longest time limit of Lambda (900 s, paced), a fit standby, no delay.
    fn default() -> Self {
        Self::on(CLOUDS[0])
    }
}
