//! LogScale as a system of a site: its settings, the same on every cloud, and the parts that follow from them.

use holdfast_kubernetes::StandbyCluster;
use holdfast_parts::{ObjectStorage, StatusEndpoint, Surroundings, System, SystemParts, SystemSettings};
use holdfast_settings::{Reader, shape};

use crate::{
    LogScale, Options, RecoverPrefix, TlsCleanup,
    site::{ANNOTATION, RUNBOOK},
    status,
};

/// LogScale, as a site knows it.
#[derive(Clone, Copy, Debug)]
pub struct LogScaleSystem;

impl System for LogScaleSystem {
    fn name(&self) -> &'static str {
        RUNBOOK
    }

    fn read(&self, read: &mut Reader<'_>, storage: ObjectStorage) -> Box<dyn SystemSettings> {
        Box::new(Settings::read(read, storage))
    }
}

/// What was read.
#[derive(Debug)]
struct Settings {
    namespace: String,
    object_name: String,
    options: Options,
}

impl Settings {
    fn read(read: &mut Reader<'_>, storage: ObjectStorage) -> Self {
        let mut name = |name: &str, default: &str| read.object_name(name).unwrap_or_else(|| default.to_owned());
        let namespace = name("CLUSTER_NAMESPACE", "logging");
        let operator_deployment = name("HOLDFAST_OPERATOR_DEPLOYMENT", "humio-operator");
        let object_name = name("HOLDFAST_OBJECT_NAME", "holdfast");
        let cleanups = [("stale", TlsCleanup::StaleOnly), ("always", TlsCleanup::Always), ("off", TlsCleanup::Off)];
        let annotation =
            read.shaped("COOLDOWN_ANNOTATION_KEY", "the name of an annotation: domain/name", is_annotation);
        let options = Options {
            cooldown_annotation: annotation.unwrap_or_else(|| ANNOTATION.to_owned()),
            operator_deployment,
            humio_cluster: read.object_name("HUMIOCLUSTER_NAME"),
            target_replicas: i32::try_from(read.whole("TARGET_OPERATOR_REPLICAS", 1, 1..=10)).unwrap_or(1),
            tls_cleanup: read.choice("HOLDFAST_TLS_CLEANUP", &cleanups),
            recover_prefix: read.choice("HOLDFAST_RECOVER_PREFIX", &prefixes(storage)),
        };
        Self { namespace, object_name, options }
    }
}

/// True for the name of an annotation: at most 63 characters, behind a domain and a slash if it has one.
fn is_annotation(text: &str) -> bool {
    let (domain, name) = text.split_once('/').map_or((None, text), |(domain, name)| (Some(domain), name));
    let is_inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let ends = [name.chars().next(), name.chars().next_back()];
    let is_name = name.len() <= 63 && name.chars().all(is_inner);
    is_name
        && ends.iter().all(|end| end.is_some_and(|c| c.is_ascii_alphanumeric()))
        && domain.is_none_or(shape::is_object_name)
}

/// The prefixes of the recovery variables, the storage's own first.
fn prefixes(storage: ObjectStorage) -> [(&'static str, RecoverPrefix); 3] {
    let (s3, azure, gcp) = (("S3_", RecoverPrefix::S3), ("AZURE_", RecoverPrefix::Azure), ("GCP_", RecoverPrefix::Gcp));
    match storage {
        ObjectStorage::S3 => [s3, azure, gcp],
        ObjectStorage::AzureBlob => [azure, s3, gcp],
    }
}

impl SystemSettings for Settings {
    fn namespace(&self) -> &str {
        &self.namespace
    }

    fn object_name(&self) -> &str {
        &self.object_name
    }

    fn status(&self) -> StatusEndpoint {
        StatusEndpoint { path: status::PATH, judge: status::judge }
    }

    fn open(&self, cluster: &StandbyCluster, around: Surroundings<'_>) -> SystemParts {
        let system = LogScale::new(cluster, self.options.clone());
        let runbook = system.runbook(around.lock_traffic, around.witness);
        SystemParts { standby: system.standby(), note: Some(system.cooldown()), runbook, prober: around.prober }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_annotation_that_notes_the_last_failover_can_be_named_and_must_be_one() {
        for (text, sound) in [
            ("example.com/last.Failover", true),
            ("last", true),
            ("example.com/", false),
            ("-a", false),
            ("a/b/c", false),
            ("A b/c", false),
        ] {
            let variables = BTreeMap::from([("COOLDOWN_ANNOTATION_KEY".to_owned(), text.to_owned())]);
            let mut reader = Reader::new(&variables);
            let settings = Settings::read(&mut reader, ObjectStorage::S3);
            let read = reader.finish(settings).map(|settings| settings.options.cooldown_annotation);
            assert_eq!(read.ok().as_deref(), sound.then_some(text), "{text}");
        }
    }

    #[test]
    fn without_a_word_the_names_of_the_published_modules_are_used() {
        for (storage, prefix) in
            [(ObjectStorage::S3, RecoverPrefix::S3), (ObjectStorage::AzureBlob, RecoverPrefix::Azure)]
        {
            let variables = BTreeMap::new();
            let mut reader = Reader::new(&variables);
            let settings = Settings::read(&mut reader, storage);
            let Settings { namespace, object_name, options } = reader.finish(settings).expect("sound");
            assert_eq!((namespace.as_str(), object_name.as_str()), ("logging", "holdfast"));
            assert_eq!(options, Options { recover_prefix: prefix, ..Options::default() });
        }
    }
}
