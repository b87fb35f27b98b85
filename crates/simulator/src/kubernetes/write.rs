//! Create, update, patch and delete with the real server's rules on resourceVersion, uid and dry run.

use serde_json::{Value, json};

use super::failure::Failure;
use super::kinds::Kind;
use super::object::{counts_as_new_generation, normalise, set_defaults};
use super::patch::Patch;
use super::store::{Actor, Key, Store};
use super::validate::{Origin, validate};

/// One write: where, through which subresource, by whom, and whether only for show.
#[derive(Clone, Debug)]
pub(super) struct Write {
    /// Kind of the object.
    pub(super) kind: &'static Kind,
    /// Namespace from the path.
    pub(super) namespace: String,
    /// Name from the path; empty for a create.
    pub(super) name: String,
    /// Who writes; its subresource says through which path.
    pub(super) actor: Actor,
    /// Whether nothing may be kept.
    pub(super) dry_run: bool,
}

impl Write {
    fn key(&self) -> Key {
        Key::new(self.kind, &self.namespace, &self.name)
    }

    /// The object as it is.
    pub(super) fn current(&self, store: &Store) -> Result<Value, Failure> {
        store.get(&self.key()).cloned().ok_or_else(|| Failure::not_found(self.kind, &self.name))
    }

    /// Stores a new object.
    pub(super) fn create(mut self, store: &mut Store, mut object: Value) -> Result<Value, Failure> {
        check_kind(self.kind, &object)?;
        if !object["metadata"].is_object() {
            object["metadata"] = json!({});
        }
        if !text(&object, "resourceVersion").is_empty() {
            return Err(Failure::version_on_create());
        }
        self.name_new(store, &mut object)?;
        if store.get(&self.key()).is_some() {
            return Err(Failure::already_exists(self.kind, &self.name));
        }
        if self.kind.status && self.actor.name.is_some() && self.kind.plural != "pods" {
            object.as_object_mut().map(|fields| fields.remove("status"));
        }
        normalise(&mut object);
        set_defaults(self.kind, &mut object);
        validate(self.kind, None, &object, Origin::Body)?;
        store.stamp_new(&mut object, self.kind);
        if self.dry_run { Ok(object) } else { Ok(store.put(self.key(), object, &self.actor)) }
    }

    fn name_new(&mut self, store: &mut Store, object: &mut Value) -> Result<(), Failure> {
        let prefix = text(object, "generateName").to_owned();
        if text(object, "name").is_empty() && !prefix.is_empty() {
            object["metadata"]["name"] = format!("{prefix}{}", store.suffix(5)).into();
        }
        self.name = text(object, "name").to_owned();
        if self.name.is_empty() {
            return Err(Failure::invalid(
                self.kind,
                "",
                "metadata.name",
                "Required value: name or generateName is required",
            ));
        }
        if !self.kind.namespaced {
            return Ok(());
        }
        check_namespace(object, &self.namespace)?;
        object["metadata"]["namespace"] = self.namespace.as_str().into();
        let namespaces = Kind::of_plural("namespaces").expect("namespaces are served");
        match store.get(&Key::new(namespaces, "", &self.namespace)) {
            Some(_) => Ok(()),
            None => Err(Failure::not_found(namespaces, &self.namespace)),
        }
    }

    /// Replaces an object (PUT).
    pub(super) fn replace(self, store: &mut Store, body: Value) -> Result<Value, Failure> {
        let before = self.current(store)?;
        check_kind(self.kind, &body)?;
        self.check_name(&body)?;
        check_namespace(&body, &self.namespace)?;
        self.check_uid(&before, &body)?;
        if text(&body, "resourceVersion").is_empty() && !self.kind.unconditional {
            return Err(Failure::version_required(self.kind, &self.name));
        }
        self.check_version(&before, &body)?;
        self.commit(store, &before, body, Origin::Body)
    }

    /// Changes an object by a patch.
    pub(super) fn patch(self, store: &mut Store, patch: &Patch) -> Result<Value, Failure> {
        let before = self.current(store)?;
        let after = patch.apply(&before)?;
        self.check_name(&after)?;
        self.check_version(&before, &after)?;
        if !text(&after, "uid").is_empty() && text(&after, "uid") != text(&before, "uid") {
            let fault = format!("Invalid value: \"{}\": field is immutable", text(&after, "uid"));
            return Err(Failure::invalid(self.kind, &self.name, "metadata.uid", &fault));
        }
        self.commit(store, &before, after, Origin::Patch)
    }

    /// Removes an object if `options.preconditions` hold. Pods go at once, without their grace period.
    pub(super) fn delete(self, store: &mut Store, options: &Value) -> Result<Value, Failure> {
        let before = self.current(store)?;
        let wanted = &options["preconditions"];
        for (field, metadata, hint) in [
            ("uid", "uid", "The object might have been deleted and then recreated"),
            ("resourceVersion", "resourceVersion", "The object might have been modified"),
        ] {
            let Some(value) = wanted[field].as_str().filter(|value| *value != text(&before, metadata)) else {
                continue;
            };
            let label = if field == "uid" { "UID" } else { "ResourceVersion" };
            let found = text(&before, metadata);
            let why = format!(
                "the {label} in the precondition ({value}) does not match the {label} in record ({found}). {hint}"
            );
            return Err(Failure::delete_precondition(self.kind, &self.name, &why));
        }
        let last = if self.dry_run { Some(before) } else { store.remove(&self.key(), &self.actor) };
        last.ok_or_else(|| Failure::not_found(self.kind, &self.name))
    }

    /// 400 when the body names another object than the path does.
    pub(super) fn check_name(&self, body: &Value) -> Result<(), Failure> {
        let (given, path) = (text(body, "name"), &self.name);
        if given == path {
            return Ok(());
        }
        let message = format!("the name of the object ({given}) does not match the name on the URL ({path})");
        Err(Failure::bad_request(message))
    }

    /// 409 when the body names another uid than the stored object has.
    pub(super) fn check_uid(&self, before: &Value, body: &Value) -> Result<(), Failure> {
        let (wanted, found) = (text(body, "uid"), text(before, "uid"));
        if wanted.is_empty() || wanted == found {
            return Ok(());
        }
        // The real server lets the storage layer's error through, with the key in etcd.
        let kind = self.kind;
        let group = if kind.custom { format!("{}/", kind.group) } else { String::new() };
        let key = format!("/registry/{group}{}/{}/{}", kind.plural, self.namespace, self.name);
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: \
             Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}"
        );
        Err(Failure::conflict(self.kind, &self.name, &why))
    }

    /// 409 when the body names another resourceVersion than the stored object has; none, or 0, is no condition.
    pub(super) fn check_version(&self, before: &Value, body: &Value) -> Result<(), Failure> {
        let wanted = text(body, "resourceVersion");
        if matches!(wanted, "" | "0") || wanted == text(before, "resourceVersion") {
            return Ok(());
        }
        if wanted.parse::<u64>().is_err() {
            return Err(Failure::unparsable_version("", wanted));
        }
        Err(Failure::modified(self.kind, &self.name))
    }

    /// Stores the next state of an object, if it differs from the one before.
    pub(super) fn commit(
        &self,
        store: &mut Store,
        before: &Value,
        wanted: Value,
        origin: Origin,
    ) -> Result<Value, Failure> {
        let mut after = self.scoped(before, wanted);
        normalise(&mut after);
        set_defaults(self.kind, &mut after);
        validate(self.kind, Some(before), &after, origin)?;
        for field in ["uid", "creationTimestamp", "generation", "resourceVersion", "name", "namespace"] {
            after["metadata"][field] = before["metadata"][field].clone();
        }
        normalise(&mut after);
        // A write that changes nothing else leaves this as it is; one that does gets its own from the store.
        if before["metadata"]["managedFields"].is_array() {
            after["metadata"]["managedFields"] = before["metadata"]["managedFields"].clone();
        }
        if after == *before {
            return Ok(after);
        }
        if counts_as_new_generation(self.kind, before, &after) {
            let generation = before["metadata"]["generation"].as_i64().unwrap_or(0);
            after["metadata"]["generation"] = (generation + 1).into();
        }
        if self.dry_run { Ok(after) } else { Ok(store.put(self.key(), after, &self.actor)) }
    }

    /// Keeps the part that this path may not change. The cluster's owner may change everything.
    fn scoped(&self, before: &Value, mut wanted: Value) -> Value {
        if self.actor.subresource == "status" {
            let mut after = before.clone();
            after["status"] = wanted["status"].take();
            return after;
        }
        if self.kind.status && self.actor.name.is_some() {
            wanted["status"] = before["status"].clone();
        }
        wanted["apiVersion"] = self.kind.api_version().into();
        wanted["kind"] = self.kind.kind.into();
        wanted
    }
}

/// A string in an object's metadata, empty when it is not there.
pub(super) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or_default()
}

fn check_kind(kind: &Kind, object: &Value) -> Result<(), Failure> {
    if Kind::of_manifest(object).is_some_and(|found| found == kind) {
        return Ok(());
    }
    let part = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
    let (version, name) = (part("apiVersion"), part("kind"));
    let message = format!("the object provided is unrecognized (must be of type {}): {version}, {name}", kind.kind);
    Err(Failure::bad_request(message))
}

fn check_namespace(object: &Value, namespace: &str) -> Result<(), Failure> {
    let given = text(object, "namespace");
    if given.is_empty() || given == namespace {
        return Ok(());
    }
    let message = "the namespace of the provided object does not match the namespace sent on the request";
    Err(Failure::bad_request(message))
}
