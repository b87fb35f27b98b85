//! For the tests of this crate: LogScale on the API server in memory.

use std::sync::Arc;

pub(crate) use holdfast_kubernetes::testing::{FakeApi, call};
use holdfast_kubernetes::{StandbyCluster, lease::KubernetesLease, store::ConfigMapStore};

use crate::{LogScale, Options};

/// LogScale, and the cluster under it.
pub(crate) struct Site {
    cluster: StandbyCluster,
    logscale: LogScale,
}

/// LogScale with the usual options, changed.
pub(crate) fn site(server: &FakeApi, change: impl FnOnce(&mut Options)) -> Site {
    let mut options = Options::default();
    change(&mut options);
    let cluster = server.cluster();
    let logscale = LogScale::new(&cluster, options);
    Site { cluster, logscale }
}

impl Site {
    pub(crate) fn lease(&self) -> Arc<KubernetesLease> {
        self.cluster.lease()
    }

    pub(crate) fn store(&self) -> Arc<ConfigMapStore> {
        self.cluster.store()
    }
}

impl std::ops::Deref for Site {
    type Target = LogScale;

    fn deref(&self) -> &LogScale {
        &self.logscale
    }
}
