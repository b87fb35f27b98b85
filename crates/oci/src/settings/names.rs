//! Ids and addresses of resources, as settings give them.

use std::net::IpAddr;

use holdfast_settings::{Reader, shape::is_host_name};

use crate::ocid::Ocid;

/// The id of a `kind` of resource; `None` where it is not set or makes no sense, which is then a fault.
pub(super) fn ocid(read: &mut Reader<'_>, name: &str, kind: &str) -> Option<Ocid> {
    let is_one = |text: &str| Ocid::parse(text).is_some_and(|id| id.kind() == kind);
    Ocid::parse(&read.shaped(name, &allowed(kind), is_one)?)
}

/// The same, where it must be set.
pub(super) fn required(read: &mut Reader<'_>, name: &str, kind: &str) -> Option<Ocid> {
    if read.text(name).is_none() {
        read.required(name, &allowed(kind));
    }
    ocid(read, name, kind)
}

const COMPARTMENT: &str = "the OCID of a compartment, ocid1.compartment...., or of the tenancy";

/// A tenancy is its own root compartment.
fn is_compartment(text: &str) -> bool {
    Ocid::parse(text).is_some_and(|id| matches!(id.kind(), "compartment" | "tenancy"))
}

/// The id of a compartment; `None` where it is not set or makes no sense, which is then a fault.
pub(super) fn compartment(read: &mut Reader<'_>, name: &str) -> Option<Ocid> {
    Ocid::parse(&read.shaped(name, COMPARTMENT, is_compartment)?)
}

/// The same, where it must be set.
pub(super) fn required_compartment(read: &mut Reader<'_>, name: &str) -> Option<Ocid> {
    Ocid::parse(&read.required_shaped(name, COMPARTMENT, is_compartment))
}

fn allowed(kind: &str) -> String {
    format!("the OCID of a resource, ocid1.{kind}....")
}

/// An IP address, or a host name with a domain.
pub(super) fn is_place(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok() || (is_host_name(text) && text.contains('.'))
}
