//! What the operator checks of each pool before it makes a pod: volumes, image, sources of variables.
//!
//! Each of them stops the whole cluster with `ConfigError` (humio-operator, `humiocluster_controller.go`,
//! `verifyHumioClusterConfigurationIsValid` and `constructPodAttachments`), so one pool is enough for an error.

use holdfast_core::{
    evidence::{Check, Level},
    fault::quoted,
};
use serde_json::{Map, Value};

use super::{
    RecoverPrefix,
    findings::Findings,
    variables::{Presence, Variables},
};

/// The operator takes no older LogScale (`humiocluster_version.go`, `HumioVersionMinimumSupported`).
const OLDEST: [u64; 3] = [1, 130, 0];

/// All checks of this kind.
pub(super) fn checks(pools: &[Variables<'_>], prefix: RecoverPrefix) -> Vec<Check> {
    let (mut volumes, mut images, mut sources) =
        (Findings::among(pools), Findings::among(pools), Findings::among(pools));
    for variables in pools {
        let (pool, spec) = (&variables.pool.name, variables.pool.spec);
        let (level, found) = volume(&spec.data_volume_source, &spec.data_volume_persistent_volume_claim_spec_template);
        volumes.add(pool, level, found);
        if spec.image_source.is_none() {
            let (level, found) = image(&spec.image, prefix);
            images.add(pool, level, found);
        }
        for source in &spec.environment_variables_source {
            let Some(name) = source.secret_ref.as_ref().map(|secret| secret.name.as_str()) else { continue };
            let shown = quoted(name);
            // `getEnvVarSource`; it heeds no `optional`.
            let (level, found) = match variables.presence(name) {
                Presence::There(_) => (Level::Good, format!("secret {shown} is there")),
                Presence::Unread => (Level::Warning, format!("secret {shown} was not looked at")),
                Presence::Absent => {
                    (Level::Error, format!("secret {shown} does not exist: the operator stops with ConfigError"))
                }
            };
            sources.add(pool, level, found);
        }
    }
    let checks =
        [volumes.of_operator("data-volume"), images.of_operator("image"), sources.of_operator("environment-source")];
    checks.into_iter().flatten().collect()
}

/// `ensureValidStorageConfiguration`: exactly one of the two.
fn volume(source: &Map<String, Value>, claims: &Map<String, Value>) -> (Level, String) {
    let (one, other) = ("dataVolumeSource", "dataVolumePersistentVolumeClaimSpecTemplate");
    let found = match (is_given(source), is_given(claims)) {
        (true, false) => return (Level::Good, format!("{one} is set")),
        (false, true) => return (Level::Good, format!("{other} is set")),
        (true, true) => format!("both {one} and {other} are set"),
        (false, false) => format!("neither {one} nor {other} is set"),
    };
    (Level::Error, format!("{found}: the operator wants exactly one of them, and stops with ConfigError"))
}

/// True when the operator reads more than its zero value. `resources: {}` is no more than that.
fn is_given(object: &Map<String, Value>) -> bool {
    let is_zero = |(name, value): (&String, &Value)| {
        value.is_null() || (name == "resources" && value.as_object().is_some_and(|fields| !is_given(fields)))
    };
    !object.iter().all(is_zero)
}

fn image(image: &str, prefix: RecoverPrefix) -> (Level, String) {
    let shown = quoted(image);
    let dotted = |version: [u64; 3]| version.map(|part| part.to_string()).join(".");
    let since = prefix.known_since();
    match version(image) {
        _ if image.is_empty() => (Level::Good, "the operator's own".to_owned()),
        None => (Level::Good, format!("{shown}, which the operator takes for the latest")),
        Some(version) if version < OLDEST => {
            let oldest = dotted(OLDEST);
            (Level::Error, format!("{shown} is older than {oldest}: the operator stops with ConfigError"))
        }
        // The guides say when the variables came; none says what an older LogScale does with them.
        Some(version) if version < since => {
            let since = dotted(since);
            (Level::Warning, format!("{shown} is older than {since}, which brought the recovery variables"))
        }
        Some(_) => (Level::Good, shown),
    }
}

/// The version in an image's name as the operator reads it (`HumioVersionFromString`): after the first colon, up to a
/// dash, one to three numbers. What is none it takes for the latest.
fn version(image: &str) -> Option<[u64; 3]> {
    let tag = image.split('@').next()?.split_once(':')?.1;
    let text = tag.split('-').next()?.split('+').next()?;
    let mut version = [0; 3];
    let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
    for (place, part) in version.iter_mut().zip(parts.by_ref()) {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        *place = digits.then(|| part.parse().ok()).flatten()?;
    }
    parts.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_version_of_an_image_is_read_as_the_operator_reads_it() {
        for (image, read) in [
            ("humio/humio-core:1.245.0", Some([1, 245, 0])),
            ("humio/humio-core:1.130.0--build-100--sha-0", Some([1, 130, 0])),
            ("humio/humio-core:v1.130@sha256:00", Some([1, 130, 0])),
            ("humio/humio-core:1", Some([1, 0, 0])),
            ("humio/humio-core", None),
            ("humio/humio-core@sha256:00", None),
            ("registry.example.com:5000/humio-core:1.2.3", None),
            ("humio/humio-core:stable", None),
            ("humio/humio-core:1.2.3.4", None),
            ("humio/humio-core:1.99999999999999999999.0", None),
            (":", None),
            ("", None),
        ] {
            assert_eq!(version(image), read, "{image}");
        }
    }

    #[test]
    fn an_image_below_what_the_operator_takes_is_an_error_and_below_recovery_a_warning() {
        let level = |tag: &str, prefix| image(&format!("humio/humio-core:{tag}"), prefix).0;
        assert_eq!(level("1.129.9", RecoverPrefix::S3), Level::Error);
        assert_eq!(level("1.130.0", RecoverPrefix::S3), Level::Warning);
        assert_eq!(level("1.234.9", RecoverPrefix::S3), Level::Warning);
        assert_eq!(level("1.235.0", RecoverPrefix::S3), Level::Good);
        assert_eq!(level("1.231.0", RecoverPrefix::Azure), Level::Good);
        assert_eq!(image("", RecoverPrefix::S3).0, Level::Good);
    }

    #[test]
    fn exactly_one_kind_of_volume_must_be_given() {
        let level = |source: Value, claims: Value| {
            volume(source.as_object().expect("an object"), claims.as_object().expect("an object")).0
        };
        let (nothing, claims) = (json!({}), json!({"accessModes": ["ReadWriteOnce"]}));
        assert_eq!(level(json!({"emptyDir": {}}), nothing.clone()), Level::Good);
        assert_eq!(level(nothing.clone(), claims.clone()), Level::Good);
        assert_eq!(level(json!({"hostPath": {"path": "/x"}}), claims), Level::Error);
        assert_eq!(level(json!({"emptyDir": null}), json!({"resources": {}})), Level::Error);
    }
}
