//! What stands in the Lease object, and how it is changed. Everything else in it is left as it is.

use std::time::Duration;

use holdfast_core::{Timestamp, clock::later};
use serde_json::Value;

use crate::json::{at, field_mut};

/// The exact end of the grant. `leaseDurationSeconds` counts whole seconds only.
pub(super) const EXPIRES: &str = "holdfast.dev/expires";

/// The largest fencing number: Kubernetes keeps 32 bits with a sign.
pub(super) const LAST_FENCE: u64 = i32::MAX as u64;

/// Who has the lease, unless it was given back. The grant may be over by now.
pub(super) fn holder(document: &Value) -> Option<&str> {
    at(document, "/spec/holderIdentity").as_str().filter(|holder| !holder.is_empty())
}

/// How often the holder has changed: the fencing number. What is none counts as 0.
pub(super) fn fence(document: &Value) -> u64 {
    at(document, "/spec/leaseTransitions").as_u64().filter(|number| *number <= LAST_FENCE).unwrap_or(0)
}

/// The fencing number of the next holder: another one than the last. After the largest comes 1.
fn next_fence(document: &Value) -> u64 {
    match fence(document) {
        LAST_FENCE.. => 1,
        number => number.saturating_add(1),
    }
}

/// Makes `holder` the holder until `now + ttl`, which it returns. A new holder gets a new fencing number.
pub(super) fn hold(document: &mut Value, holder: &str, now: Timestamp, ttl: Duration) -> Timestamp {
    let now = to_micros(now);
    let changes = self::holder(document) != Some(holder);
    let fence = if changes { next_fence(document) } else { fence(document) };
    let expires = later(now, ttl);
    // Kubernetes refuses a duration below 1 and keeps 32 bits; rounding up keeps the exact end within the coarse one.
    let seconds = ttl.as_secs().saturating_add(u64::from(ttl.subsec_nanos() > 0)).clamp(1, LAST_FENCE);
    let spec = field_mut(document, "spec");
    if changes {
        *field_mut(spec, "acquireTime") = micro(now).into();
    }
    *field_mut(spec, "holderIdentity") = holder.into();
    *field_mut(spec, "leaseDurationSeconds") = seconds.into();
    *field_mut(spec, "leaseTransitions") = fence.into();
    *field_mut(spec, "renewTime") = micro(now).into();
    *field_mut(annotations(document), EXPIRES) = expires.to_string().into();
    expires
}

/// Leaves the lease without a holder. The fencing number stays, so that it does not come again.
pub(super) fn let_go(document: &mut Value) {
    for (fields, name) in [("/spec", "holderIdentity"), ("/metadata/annotations", EXPIRES)] {
        if let Some(fields) = document.pointer_mut(fields).and_then(Value::as_object_mut) {
            fields.remove(name);
        }
    }
}

fn annotations(document: &mut Value) -> &mut Value {
    field_mut(field_mut(document, "metadata"), "annotations")
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
    use serde_json::json;

    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_grant_keeps_its_end_to_the_microsecond() {
        let mut document = json!({"metadata": {}, "spec": {}});
        let expires = hold(&mut document, "a", time("2026-01-01T00:00:00.1234567Z"), Duration::from_millis(1500));
        assert_eq!(document["spec"]["renewTime"], "2026-01-01T00:00:00.123456Z");
        assert_eq!(document["spec"]["leaseDurationSeconds"], 2);
        assert_eq!(expires, time("2026-01-01T00:00:01.623456Z"));
        assert_eq!(document["metadata"]["annotations"][EXPIRES], expires.to_string());
    }

    #[test]
    fn the_fencing_number_grows_with_the_holder_and_stays_on_renewal() {
        let mut document = json!({"metadata": {}, "spec": {}});
        let (now, ttl) = (time("2026-01-01T00:00:00Z"), Duration::from_secs(30));
        hold(&mut document, "a", now, ttl);
        assert_eq!(fence(&document), 1);
        hold(&mut document, "a", now, ttl);
        assert_eq!(fence(&document), 1);
        hold(&mut document, "b", now, ttl);
        assert_eq!(fence(&document), 2);
        let_go(&mut document);
        assert_eq!(holder(&document), None);
        hold(&mut document, "b", now, ttl);
        assert_eq!(fence(&document), 3);
    }

    #[test]
    fn a_fencing_number_is_never_written_beyond_what_kubernetes_keeps_and_always_changes_with_the_holder() {
        let (now, ttl) = (time("2026-01-01T00:00:00Z"), Duration::from_secs(30));
        let max = i64::from(i32::MAX);
        let odd =
            [json!(max), json!(max + 1), json!(u64::MAX), json!(-7), json!("7"), json!(1.5), json!(null), json!([])];
        for transitions in odd {
            let mut document = json!({"metadata": {}, "spec": {"leaseTransitions": transitions}});
            let before = fence(&document);
            hold(&mut document, "a", now, ttl);
            let written = document["spec"]["leaseTransitions"].as_i64().expect("a number");
            assert!((1..=max).contains(&written), "{transitions} became {written}");
            assert_ne!(fence(&document), before, "{transitions}");
        }
        let mut document = json!({"metadata": {}, "spec": {"leaseTransitions": max - 1}});
        hold(&mut document, "a", now, ttl);
        assert_eq!(fence(&document), LAST_FENCE);
        hold(&mut document, "a", now, ttl);
        assert_eq!(fence(&document), LAST_FENCE, "a renewal changes nothing");
    }

    #[test]
    fn a_grant_at_the_end_of_time_is_written_without_a_panic() {
        for (now, ttl) in
            [(Timestamp::MAX, Duration::MAX), (Timestamp::MIN, Duration::ZERO), (Timestamp::MAX, Duration::ZERO)]
        {
            let mut document = json!({"metadata": 7, "spec": [1]});
            hold(&mut document, "a", now, ttl);
            let seconds = document["spec"]["leaseDurationSeconds"].as_i64().expect("a number");
            assert!((1..=i64::from(i32::MAX)).contains(&seconds), "{seconds}");
        }
    }

    #[test]
    fn labels_and_foreign_fields_stay() {
        let mut document = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"strategy": "x"}});
        hold(&mut document, "a", time("2026-01-01T00:00:00Z"), Duration::from_secs(1));
        assert_eq!(document["metadata"]["labels"]["a"], "b");
        assert_eq!(document["spec"]["strategy"], "x");
    }
}
