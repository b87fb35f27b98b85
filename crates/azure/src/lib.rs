//! Azure behind the ports of `holdfast-core`.
