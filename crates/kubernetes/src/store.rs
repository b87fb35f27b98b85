//! Keeps the record in a ConfigMap of the standby cluster: the one place that must be reachable for a failover to
//! make sense, on every cloud.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault, FaultClass,
    ports::{StateStore, Versioned},
    record::State,
};
use serde_json::Value;

use crate::{
    api::{Api, Dated, GET_CONFIG_MAP, PUT_CONFIG_MAP, not_applied, version_of},
    json::{self, field, field_mut},
};

mod reader;
#[cfg(test)]
mod tests;

pub use reader::read;

/// The entry of the ConfigMap that holds the document.
const KEY: &str = "state";

/// Largest document that is sent. Kubernetes takes 1 MiB for the whole object; the rest is for what others keep in it.
const LARGEST: usize = 900 * 1024;

/// [`StateStore`] in the entry `state` of a ConfigMap that exists beforehand (`infra/kubernetes/role.yaml`).
///
/// Other entries, labels and annotations stay as they are. An absent entry is an empty state.
pub struct ConfigMapStore {
    api: Api,
    name: String,
    seen: Mutex<Option<Value>>,
}

impl ConfigMapStore {
    /// The record in the ConfigMap `name`.
    pub fn new(api: Api, name: String) -> Self {
        Self { api, name, seen: Mutex::new(None) }
    }

    async fn read(&self, call: &Call) -> Result<Dated<Value>, Fault> {
        let read = self.api.get_dated(call, &GET_CONFIG_MAP, &self.name).await?;
        read.ok_or_else(|| not_applied(&GET_CONFIG_MAP, "ConfigMap", self.api.namespace(), &self.name))
    }

    /// The object at `version`. A replacement must be whole, so the object that was read is kept; a process that has
    /// not read it (or has seen another version since) reads it now.
    async fn at(&self, call: &Call, version: &str) -> Result<Value, Fault> {
        let is_it = |document: &Value| json::version(document) == Some(version);
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        match seen.filter(is_it) {
            Some(document) => Ok(document),
            None => {
                let document = self.read(call).await?.object;
                if is_it(&document) { Ok(document) } else { Err(changed(&document)) }
            }
        }
    }

    fn keep(&self, document: Value) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(document);
    }

    fn state(&self, document: &Value) -> Result<State, Fault> {
        self.is_writable(document)?;
        let Some(text) = field(field(document, "data"), KEY).as_str() else { return Ok(State::default()) };
        // A long one may be too long to be written back.
        let is_short = |state: &State| if text.len() > LARGEST { text_of(state).map(drop) } else { Ok(()) };
        let written = |state| {
            is_short(&state).map(|()| state).map_err(|fault| format!("cannot be written back: {}", fault.message))
        };
        let state = read(text).and_then(written);
        state.map_err(|why| {
            let (namespace, name) = (self.api.namespace(), &self.name);
            let message = format!(
                "the record in ConfigMap {namespace}/{name}, entry {KEY}, {why}. Nothing is done on a record that \
                 cannot be read; look at it with: kubectl -n {namespace} get configmap {name} -o jsonpath='{{.data.{KEY}}}'"
            );
            Fault::new(FaultClass::Invalid, GET_CONFIG_MAP.name, message)
        })
    }
}

impl ConfigMapStore {
    /// A record that can be read and never written would be found out in the middle of a failover.
    ///
    /// # Errors
    /// [`Invalid`](FaultClass::Invalid), with what a person must put right.
    fn is_writable(&self, document: &Value) -> Result<(), Fault> {
        let (namespace, name) = (self.api.namespace(), &self.name);
        let why = if field(document, "immutable").as_bool() == Some(true) {
            "is immutable, so nothing can be noted; delete it and apply infra/kubernetes/role.yaml, which makes it"
        } else if !field(field(document, "binaryData"), KEY).is_null() {
            "has the entry `state` under binaryData, so Kubernetes takes none under data; remove it there"
        } else {
            return Ok(());
        };
        let message = format!("the record cannot be written: ConfigMap {namespace}/{name} {why}");
        Err(Fault::new(FaultClass::Invalid, GET_CONFIG_MAP.name, message))
    }
}

fn changed(document: &Value) -> Fault {
    let version = json::version(document).unwrap_or("unknown");
    Fault::new(
        FaultClass::Conflict,
        PUT_CONFIG_MAP.name,
        format!("the record has been written since, it is at {version}"),
    )
}

fn text_of(state: &State) -> Result<String, Fault> {
    let invalid = |message: String| Fault::new(FaultClass::Invalid, PUT_CONFIG_MAP.name, message);
    let text = serde_json::to_string(state).map_err(|error| invalid(format!("the record is no JSON: {error}")))?;
    if text.len() > LARGEST {
        return Err(invalid(format!("the record has {} bytes, more than the {LARGEST} that are sent", text.len())));
    }
    Ok(text)
}

#[async_trait]
impl StateStore for ConfigMapStore {
    async fn load(&self, call: &Call) -> Result<Versioned, Fault> {
        let Dated { object, server, .. } = self.read(call).await?;
        let (state, version) = (self.state(&object)?, version_of(&GET_CONFIG_MAP, &object)?);
        self.keep(object);
        Ok(Versioned { state, version, server_time: server })
    }

    async fn save(&self, call: &Call, state: &State, version: &str) -> Result<String, Fault> {
        let text = text_of(state)?;
        let mut document = self.at(call, version).await?;
        *field_mut(field_mut(&mut document, "data"), KEY) = text.into();
        let written = self.api.write(call, &PUT_CONFIG_MAP, &self.name, &document).await?;
        let version = version_of(&PUT_CONFIG_MAP, &written)?;
        self.keep(written);
        Ok(version)
    }
}
