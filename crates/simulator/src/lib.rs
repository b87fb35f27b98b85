//! The clouds and clusters that Holdfast meets, on loopback, speaking their real wire protocols.

pub mod kubernetes;
