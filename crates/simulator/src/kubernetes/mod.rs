//! The Kubernetes API of the standby cluster, and the operator that reconciles in it.
