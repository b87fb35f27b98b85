//! The conformance scenarios on the simulator. `real_kubernetes.rs` runs the same on a real control plane.

use holdfast_tests::{conformance, test_cluster::Backend};

macro_rules! as_tests {
    ($($module:ident::$name:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                conformance::$module::$name(&Backend::Simulated).await;
            }
        )*
    };
}

holdfast_tests::conformance!(as_tests);
