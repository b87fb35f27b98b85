//! What etcd and the watch cache are to the real server: objects, one revision counter, and the history of events.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::clock;
use super::kinds::Kind;
use crate::ids::Ids;

/// How many events are kept for watches that start in the past.
const HISTORY: usize = 4096;

/// The kind whose writes are noted in `metadata.managedFields`, because its readers judge its age by them.
const MANAGED: &str = "leases";

/// Who wrote an object last, and when by the server's clock. The real server keeps an entry for each manager with the
/// fields that are its own; here the newest stands for all of them and owns all of the specification.
fn managed_fields(object: &Value, actor: &Actor) -> Value {
    let names = object["spec"].as_object().into_iter().flatten().map(|(name, _)| (format!("f:{name}"), json!({})));
    let spec: serde_json::Map<String, Value> = names.collect();
    json!([{
        "manager": actor.manager, "operation": "Update", "apiVersion": object["apiVersion"],
        "time": clock::seconds(clock::now()), "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": spec},
    }])
}

/// A write that took effect.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// Username of the API client, or the name of the controller that the model plays.
    pub actor: String,
    /// `create`, `update`, `patch` or `delete`.
    pub verb: &'static str,
    /// Plural name, with the subresource that was written through, such as `deployments/scale`.
    pub resource: String,
    /// Name of the object.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Its resourceVersion after the write.
    pub resource_version: String,
}

/// Who writes, and how it is named in the list of changes.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    /// Name in the list; `None` is the cluster's owner, whose writes are not listed.
    pub(super) name: Option<String>,
    /// Verb in the list.
    pub(super) verb: &'static str,
    /// Subresource in the list, or empty.
    pub(super) subresource: &'static str,
    /// The field manager: the client's `User-Agent` up to the first slash.
    pub(super) manager: String,
}

impl Actor {
    /// A controller of the model.
    pub(super) fn model(name: &str, verb: &'static str) -> Actor {
        Actor { name: Some(name.to_owned()), verb, subresource: "", manager: name.to_owned() }
    }

    /// The cluster's owner.
    pub(super) fn owner() -> Actor {
        Actor { name: None, verb: "", subresource: "", manager: "kubectl".to_owned() }
    }
}

/// Identity of an object: plural, namespace (empty for cluster scope), name. Ordered as lists are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Plural name of the kind.
    pub(super) plural: &'static str,
    /// Namespace, or empty.
    pub(super) namespace: String,
    /// Name.
    pub(super) name: String,
}

impl Key {
    /// The key of an object of `kind`; the namespace is dropped for kinds that have none.
    pub(super) fn new(kind: &Kind, namespace: &str, name: &str) -> Key {
        let namespace = if kind.namespaced { namespace.to_owned() } else { String::new() };
        Key { plural: kind.plural, namespace, name: name.to_owned() }
    }
}

/// One step of the history: an object before and after.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Revision of the write.
    pub(super) revision: u64,
    /// What it was about.
    pub(super) key: Key,
    /// The object before, unless it was created.
    pub(super) before: Option<Value>,
    /// The object after; for a deletion its last state, stamped with the deletion's revision.
    pub(super) after: Value,
    /// Whether the object is gone after it.
    pub(super) deleted: bool,
}

/// An object that takes the place of a removed one, and how it is created there.
#[derive(Clone, Debug)]
pub(super) struct Heir {
    pub(super) object: Value,
    pub(super) create: fn(&mut Store, &Key, Value),
}

/// All objects of the cluster.
#[derive(Debug)]
pub(super) struct Store {
    objects: BTreeMap<Key, Value>,
    revision: u64,
    history: VecDeque<Event>,
    changes: Vec<Change>,
    announce: watch::Sender<u64>,
    ids: Ids,
    random: fastrand::Rng,
    heirs: BTreeMap<Key, Heir>,
}

impl Store {
    /// An empty store whose uids and generated names come from `fixture`.
    pub(super) fn new(seed: u64) -> Store {
        Store {
            objects: BTreeMap::new(),
            revision: 1,
            history: VecDeque::new(),
            changes: Vec::new(),
            announce: watch::channel(1).0,
            ids: Ids::new(seed),
            random: fastrand::Rng::with_seed(seed),
            heirs: BTreeMap::new(),
        }
    }

    /// Whoever removes the object finds `heir` in its place before the answer: a controller that is faster than any
    /// client. `None` ends that.
    pub(super) fn succeed(&mut self, key: Key, heir: Option<Heir>) {
        match heir {
            Some(heir) => self.heirs.insert(key, heir),
            None => self.heirs.remove(&key),
        };
    }

    /// The newest revision, which is the resourceVersion of lists.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// Tells of each new revision; a watch that subscribes before it reads misses none.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.announce.subscribe()
    }

    /// All writes that are listed, oldest first.
    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Empties that list: what came before is how the cluster was found.
    pub(super) fn forget_changes(&mut self) {
        self.changes.clear();
    }

    /// One object.
    pub(super) fn get(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key)
    }

    /// The objects of a kind, in one namespace or (when that is empty) in all.
    pub(super) fn list(&self, plural: &str, namespace: &str) -> impl Iterator<Item = &Value> {
        self.objects
            .iter()
            .filter(move |(key, _)| key.plural == plural && (namespace.is_empty() || key.namespace == namespace))
            .map(|(_, object)| object)
    }

    /// The objects of a kind as they were at `revision`; `None` when that is no longer known, or not yet.
    pub(super) fn list_at(&self, plural: &str, namespace: &str, revision: u64) -> Option<Vec<Value>> {
        if revision > self.revision {
            return None;
        }
        let later = self.events_after(revision).ok()?;
        let is_listed = |key: &Key| key.plural == plural && (namespace.is_empty() || key.namespace == namespace);
        let mut objects: BTreeMap<&Key, &Value> = self.objects.iter().filter(|(key, _)| is_listed(key)).collect();
        for event in later.iter().rev().filter(|event| is_listed(&event.key)) {
            match &event.before {
                Some(before) => objects.insert(&event.key, before),
                None => objects.remove(&event.key),
            };
        }
        Some(objects.into_values().cloned().collect())
    }

    /// The events after `revision`, or the oldest revision from which a watch could start.
    pub(super) fn events_after(&self, revision: u64) -> Result<Vec<Event>, u64> {
        let first_kept = self.history.front().map_or(self.revision + 1, |event| event.revision);
        if revision + 1 < first_kept {
            return Err(first_kept);
        }
        Ok(self.history.iter().filter(|event| event.revision > revision).cloned().collect())
    }

    /// Stores an object and gives it the next revision. The caller has checked everything.
    pub(super) fn put(&mut self, key: Key, mut object: Value, actor: &Actor) -> Value {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = self.revision.to_string().into();
        if key.plural == MANAGED {
            object["metadata"]["managedFields"] = managed_fields(&object, actor);
        }
        let before = self.objects.insert(key.clone(), object.clone());
        self.note(&object, &key, actor);
        self.record(Event { revision: self.revision, key, before, after: object.clone(), deleted: false });
        object
    }

    /// Removes an object and all that it alone owned; gives its last state.
    pub(super) fn remove(&mut self, key: &Key, actor: &Actor) -> Option<Value> {
        let before = self.objects.remove(key)?;
        self.revision += 1;
        let mut last = before.clone();
        last["metadata"]["resourceVersion"] = self.revision.to_string().into();
        self.note(&last, key, actor);
        let event = Event {
            revision: self.revision,
            key: key.clone(),
            before: Some(before),
            after: last.clone(),
            deleted: true,
        };
        self.record(event);
        self.collect_garbage(last["metadata"]["uid"].as_str().unwrap_or_default());
        if let Some(Heir { object, create }) = self.heirs.get(key).cloned() {
            create(self, key, object);
        }
        Some(last)
    }

    /// Removes what the object with this uid owned. The real garbage collector needs a moment; here it needs none.
    fn collect_garbage(&mut self, owner: &str) {
        let owned_by = |object: &Value| {
            let owners = object["metadata"]["ownerReferences"].as_array();
            owners.is_some_and(|owners| owners.len() == 1 && owners[0]["uid"] == owner)
        };
        let orphans: Vec<Key> =
            self.objects.iter().filter(|(_, object)| owned_by(object)).map(|(key, _)| key.clone()).collect();
        for key in orphans {
            self.remove(&key, &Actor::model("garbage-collector", "delete"));
        }
    }

    /// Metadata that a new object gets.
    pub(super) fn stamp_new(&mut self, object: &mut Value, kind: &Kind) {
        let uid = self.ids.uuid();
        let metadata = &mut object["metadata"];
        metadata["uid"] = uid.into();
        metadata["creationTimestamp"] = clock::seconds(clock::now()).into();
        if kind.generation {
            metadata["generation"] = json!(1);
        }
    }

    /// Says of everything that is there that it was made then.
    pub(super) fn backdate(&mut self, made: Timestamp) {
        for object in self.objects.values_mut() {
            object["metadata"]["creationTimestamp"] = clock::seconds(made).into();
        }
    }

    /// A random suffix in the alphabet that the real server uses for generated names: no vowels, nothing that looks alike.
    pub(super) fn suffix(&mut self, length: usize) -> String {
        const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..length).map(|_| char::from(ALPHABET[self.random.usize(..ALPHABET.len())])).collect()
    }

    /// A random suffix of lower-case letters, as humio-operator makes it.
    pub(super) fn letters(&mut self, length: usize) -> String {
        (0..length).map(|_| self.random.lowercase()).collect()
    }

    fn note(&mut self, object: &Value, key: &Key, actor: &Actor) {
        let Some(name) = &actor.name else { return };
        let separator = if actor.subresource.is_empty() { "" } else { "/" };
        self.changes.push(Change {
            at: clock::now(),
            actor: name.clone(),
            verb: actor.verb,
            resource: format!("{}{separator}{}", key.plural, actor.subresource),
            name: key.name.clone(),
            uid: object["metadata"]["uid"].as_str().unwrap_or_default().to_owned(),
            resource_version: self.revision.to_string(),
        });
    }

    fn record(&mut self, event: Event) {
        self.history.push_back(event);
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
        self.announce.send_replace(self.revision);
    }
}
