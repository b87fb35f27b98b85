//! What stands in the Lease object, and how it is changed. Everything else in it is left as it is.

use std::time::Duration;

use holdfast_core::Timestamp;
use serde_json::{Value, json};

/// The exact end of the grant. `leaseDurationSeconds` counts whole seconds only.
const EXPIRES: &str = "holdfast.dev/expires";

/// Who has the lease.
pub(super) struct Held {
    pub(super) holder: String,
    pub(super) until: Timestamp,
}

/// Who has it, unless it was given back. It may be over by now.
pub(super) fn held(document: &Value) -> Option<Held> {
    let spec = &document["spec"];
    let holder = spec["holderIdentity"].as_str().filter(|holder| !holder.is_empty())?.to_owned();
    let renewed = time(&spec["renewTime"]).unwrap_or(Timestamp::MIN);
    let lasts = Duration::from_secs(spec["leaseDurationSeconds"].as_u64().unwrap_or(0));
    let end = renewed.checked_add(lasts).unwrap_or(Timestamp::MAX);
    // Another client may have renewed it without knowing our annotation, which is then older than the renewal.
    let exact = time(&document["metadata"]["annotations"][EXPIRES]).filter(|exact| (renewed..=end).contains(exact));
    Some(Held { holder, until: exact.unwrap_or(end) })
}

/// How often the holder has changed: the fencing number.
pub(super) fn transitions(document: &Value) -> u64 {
    document["spec"]["leaseTransitions"].as_u64().unwrap_or(0)
}

/// Makes `holder` the holder until `now + ttl`, which it returns. A new holder gets a new fencing number.
pub(super) fn hold(document: &mut Value, holder: &str, now: Timestamp, ttl: Duration) -> Timestamp {
    let now = to_micros(now);
    let changes = held(document).is_none_or(|held| held.holder != holder);
    let fence = transitions(document).saturating_add(u64::from(changes));
    let expires = now.checked_add(ttl).unwrap_or(Timestamp::MAX);
    // Kubernetes refuses a duration below 1; rounding up keeps the exact end within the coarse one.
    let seconds = (ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0)).max(1);
    let spec = object(&mut document["spec"]);
    if changes {
        spec.insert("acquireTime".into(), micro(now).into());
    }
    spec.insert("holderIdentity".into(), holder.into());
    spec.insert("leaseDurationSeconds".into(), seconds.into());
    spec.insert("leaseTransitions".into(), fence.into());
    spec.insert("renewTime".into(), micro(now).into());
    object(&mut document["metadata"]["annotations"]).insert(EXPIRES.into(), expires.to_string().into());
    expires
}

/// Leaves the lease without a holder. The fencing number stays, so that it never comes again.
pub(super) fn let_go(document: &mut Value) {
    object(&mut document["spec"]).remove("holderIdentity");
    object(&mut document["metadata"]["annotations"]).remove(EXPIRES);
}

fn object(value: &mut Value) -> &mut serde_json::Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("was made an object above")
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// Kubernetes keeps microseconds; counting from what is kept makes the exact end fall within the coarse one.
fn to_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// Kubernetes' `MicroTime`: exactly six digits after the point.
fn micro(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_grant_keeps_its_end_to_the_microsecond() {
        let mut document = json!({"metadata": {}, "spec": {}});
        let expires = hold(&mut document, "a", at("2026-01-01T00:00:00.1234567Z"), Duration::from_millis(1500));
        assert_eq!(document["spec"]["renewTime"], "2026-01-01T00:00:00.123456Z");
        assert_eq!(document["spec"]["leaseDurationSeconds"], 2);
        assert_eq!(held(&document).expect("held").until, expires);
        assert_eq!(expires, at("2026-01-01T00:00:01.623456Z"));
    }

    #[test]
    fn a_whole_number_of_seconds_is_kept_exactly() {
        let mut document = json!({"metadata": {}, "spec": {}});
        let expires = hold(&mut document, "a", at("2026-01-01T00:00:00.123456789Z"), Duration::from_secs(30));
        assert_eq!(held(&document).expect("held").until, expires);
    }

    #[test]
    fn the_fencing_number_grows_with_the_holder_and_stays_on_renewal() {
        let mut document = json!({"metadata": {}, "spec": {}});
        let (now, ttl) = (at("2026-01-01T00:00:00Z"), Duration::from_secs(30));
        hold(&mut document, "a", now, ttl);
        assert_eq!(transitions(&document), 1);
        hold(&mut document, "a", now, ttl);
        assert_eq!(transitions(&document), 1);
        hold(&mut document, "b", now, ttl);
        assert_eq!(transitions(&document), 2);
        let_go(&mut document);
        assert!(held(&document).is_none());
        hold(&mut document, "b", now, ttl);
        assert_eq!(transitions(&document), 3);
    }

    #[test]
    fn a_renewal_by_a_client_that_does_not_know_the_annotation_counts() {
        let document = json!({
            "metadata": {"annotations": {EXPIRES: "2026-01-01T00:00:10Z"}},
            "spec": {"holderIdentity": "other", "renewTime": "2026-01-01T00:01:00.000000Z", "leaseDurationSeconds": 15},
        });
        assert_eq!(held(&document).expect("held").until, at("2026-01-01T00:01:15Z"));
    }

    #[test]
    fn a_fencing_number_at_its_end_stays_there() {
        let mut document = json!({"metadata": {}, "spec": {"leaseTransitions": u64::MAX}});
        hold(&mut document, "a", at("2026-01-01T00:00:00Z"), Duration::from_secs(30));
        assert_eq!(transitions(&document), u64::MAX);
    }

    #[test]
    fn labels_and_foreign_fields_stay() {
        let mut document = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"strategy": "x"}});
        hold(&mut document, "a", at("2026-01-01T00:00:00Z"), Duration::from_secs(1));
        assert_eq!(document["metadata"]["labels"]["a"], "b");
        assert_eq!(document["spec"]["strategy"], "x");
    }
}
