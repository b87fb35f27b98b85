//! One of the two data centres: its resources, read and written.

use std::sync::Arc;

use futures_util::join;
use holdfast_core::{Call, Fault, FaultClass, clock::half};
use holdfast_kubernetes::{
    api::{Api, Operation},
    single_flight::SingleFlight,
};
use http::Method;
use serde_json::{Map, Value, json};

use crate::state::{Declared, Mode, Part, State};

const MANAGEMENT: (&str, &str) = ("apis/management.apiconnect.ibm.com/v1beta1", "managementclusters");
const PORTAL: (&str, &str) = ("apis/portal.apiconnect.ibm.com/v1beta1", "portalclusters");
const TOP_LEVEL: (&str, &str) = ("apis/apiconnect.ibm.com/v1beta1", "apiconnectclusters");

const GET_MANAGEMENT: Operation = custom("kubernetes:get managementclusters", Method::GET, MANAGEMENT);
const PATCH_MANAGEMENT: Operation = custom("kubernetes:patch managementclusters", Method::PATCH, MANAGEMENT);
const GET_PORTAL: Operation = custom("kubernetes:get portalclusters", Method::GET, PORTAL);
const PATCH_PORTAL: Operation = custom("kubernetes:patch portalclusters", Method::PATCH, PORTAL);
const GET_TOP_LEVEL: Operation = custom("kubernetes:get apiconnectclusters", Method::GET, TOP_LEVEL);
const PATCH_TOP_LEVEL: Operation = custom("kubernetes:patch apiconnectclusters", Method::PATCH, TOP_LEVEL);

const fn custom(name: &'static str, method: Method, (group, plural): (&'static str, &'static str)) -> Operation {
    Operation::custom(name, method, group, plural)
}

/// The annotation by which IBM's operator is told that the database of a management cluster that is made passive may be
/// deleted; newer releases ask for it. Its value is unconfirmed, so both are settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What one data centre has.
pub(crate) struct Side {
    /// What it is called in sentences: `primary` or `standby`.
    pub(crate) name: &'static str,
    /// None where no address is known: then nothing of it can be read.
    api: Option<Api>,
    /// The `APIConnectCluster`, where one manages the others.
    top_level: Option<String>,
    annotation: Annotation,
    /// Its resources, in the order of the services.
    resources: Vec<Resource>,
    /// Whether it may be gone: then a read of it must leave time for what is to be said instead.
    may_be_gone: bool,
}

/// A `ManagementCluster` or `PortalCluster`.
struct Resource {
    part: Part,
    name: String,
    reads: SingleFlight<Option<State>>,
}

/// What is known of a side beforehand.
pub(crate) struct SideOptions {
    pub(crate) name: &'static str,
    pub(crate) api: Option<Api>,
    pub(crate) top_level: Option<String>,
    pub(crate) annotation: Annotation,
    pub(crate) resources: Vec<(Part, String)>,
    pub(crate) may_be_gone: bool,
}

impl Side {
    pub(crate) fn new(options: SideOptions) -> Self {
        let SideOptions { name, api, top_level, annotation, resources, may_be_gone } = options;
        let resource = |(part, name)| Resource { part, name, reads: SingleFlight::new() };
        let resources = resources.into_iter().map(resource).collect();
        Self { name, api, top_level, annotation, resources, may_be_gone }
    }

    /// The name of the resource of a service here.
    pub(crate) fn resource(&self, service: usize) -> &str {
        self.resources.get(service).map(|resource| resource.name.as_str()).unwrap_or_default()
    }

    /// A resource and where it should be, for a sentence.
    pub(crate) fn place(&self, service: usize) -> String {
        let (side, name) = (self.name, self.resource(service));
        let kind = self.resources.get(service).map(|resource| resource.part.kind()).unwrap_or_default();
        match &self.api {
            Some(api) => format!("the {side}'s {}", api.place(kind, name)),
            None => format!("the {side}'s {kind} {name}"),
        }
    }

    /// Reads the resource of a service; `None` when the server says that it is not there.
    ///
    /// # Errors
    /// Faults of the API server, and `Connection` where no address of this side is known.
    pub(crate) async fn read(&self, call: &Call, service: usize) -> Result<Arc<Option<State>>, Fault> {
        let (Some(api), Some(resource)) = (self.api.clone(), self.resources.get(service)) else {
            let message = format!("no address of the {}'s cluster is configured", self.name);
            return Err(Fault::new(FaultClass::Connection, "primary:address", message));
        };
        // Half of what one attempt has: the rest is for what is said when this side does not answer.
        let call = if self.may_be_gone { call.within(half(call.retry.attempt_timeout)) } else { call.clone() };
        let (part, name, top_level) = (resource.part, resource.name.clone(), self.top_level.clone());
        let annotation = self.annotation.name.clone();
        resource.reads.get(|| async move { read(&api, &call, part, &name, top_level, &annotation).await }).await
    }

    /// Sets the mode of a service if the resource in which it is declared still has this `version`, by a merge patch of
    /// nothing but `mode`; the rest of `multiSiteHA` stays. `deletion` adds the annotation, or takes it away. Returns the
    /// mode that the answer shows.
    ///
    /// # Errors
    /// Faults of the API server: `Conflict` when anything has been written since.
    pub(crate) async fn set_mode(
        &self,
        call: &Call,
        service: usize,
        version: &str,
        mode: &str,
        deletion: Deletion,
    ) -> Result<Mode, Fault> {
        let (Some(api), Some(Resource { part, name, .. })) = (self.api.as_ref(), self.resources.get(service)) else {
            let message = format!("no address of the {}'s cluster is configured", self.name);
            return Err(Fault::new(FaultClass::Invalid, "primary:address", message));
        };
        let section = json!({"multiSiteHA": {"mode": mode}});
        let mut metadata = Map::from_iter([("resourceVersion".to_owned(), json!(version))]);
        let annotated = match deletion {
            Deletion::Unsaid => None,
            Deletion::Confirmed => Some(json!({self.annotation.name.as_str(): self.annotation.value})),
            Deletion::TakenBack => Some(json!({self.annotation.name.as_str(): null})),
        };
        metadata.extend(annotated.map(|annotations| ("annotations".to_owned(), annotations)));
        let annotation = &self.annotation.name;
        if let Some(top_level) = &self.top_level {
            let patch = json!({"metadata": metadata, "spec": {part.field(): section}});
            let answer = api.write(call, &PATCH_TOP_LEVEL, top_level, &patch).await?;
            return Ok(Declared::of_top_level(&answer, *part, annotation).mode);
        }
        let operation = match part {
            Part::Management => &PATCH_MANAGEMENT,
            Part::Portal => &PATCH_PORTAL,
        };
        let patch = json!({"metadata": metadata, "spec": section});
        let answer = api.write(call, operation, name, &patch).await?;
        Ok(Declared::of_part(&answer, annotation).mode)
    }

    /// Why the mode of what was read must not be written here: its owner would put it back.
    pub(crate) fn is_owned_above(&self, state: &State) -> Option<String> {
        let owner = state.owner.as_ref().filter(|_| self.top_level.is_none())?;
        Some(format!(
            "APIConnectCluster {owner} owns it and puts back what is written below it; name it in HOLDFAST_APIC_TOP_LEVEL"
        ))
    }
}

/// What a write says of the deletion of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// Nothing.
    Unsaid,
    /// It is confirmed.
    Confirmed,
    /// The confirmation is taken away.
    TakenBack,
}

async fn read(
    api: &Api,
    call: &Call,
    part: Part,
    name: &str,
    top_level: Option<String>,
    annotation: &str,
) -> Result<Option<State>, Fault> {
    let operation = match part {
        Part::Management => &GET_MANAGEMENT,
        Part::Portal => &GET_PORTAL,
    };
    let above = async {
        match &top_level {
            Some(top_level) => api.get::<Value>(call, &GET_TOP_LEVEL, top_level).await,
            None => Ok(None),
        }
    };
    let (own, above) = join!(api.get::<Value>(call, operation, name), above);
    let (own, above) = (own?, above?);
    let Some(mut state) = own.map(|document| State::of(&document, annotation)) else { return Ok(None) };
    if let Some(top_level) = &top_level {
        let Some(above) = above else {
            let message = format!("there is no {}", api.place("APIConnectCluster", top_level));
            return Err(Fault::new(FaultClass::Invalid, GET_TOP_LEVEL.name, message));
        };
        state.declared = Declared::of_top_level(&above, part, annotation);
    }
    Ok(Some(state))
}
