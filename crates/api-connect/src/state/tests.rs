use serde_json::json;

use super::*;

const ANNOTATION: &str = "apiconnect-operator/dr-data-deletion-confirmation";

fn state(document: &Value) -> State {
    State::of(document, ANNOTATION)
}

/// A management cluster of release 10.0.7 that was set passive and waits for its peer.
fn converting(message: &str) -> Value {
    json!({
        "metadata": {"name": "management", "resourceVersion": "7"},
        "spec": {"siteName": "dallas", "multiSiteHA": {"mode": "passive"}},
        "status": {
            "haMode": "BlockedWarmStandbyConversion", "phase": "Blocked", "state": "7/23",
            "haStatus": [{"type": "BlockedWarmStandbyConversion", "status": "True", "reason": "na", "message": message}],
        },
    })
}

#[test]
fn a_conversion_lets_go_once_it_says_that_its_peer_waits_for_promotion() {
    let words = Words::default();
    let waiting = state(&converting("remote haMode is ReadyForPromotion, expected active"));
    assert!(waiting.peer_waits && waiting.lets_go(Part::Management, &words));
    let other = state(&converting("shutting down backend services"));
    assert!(!other.lets_go(Part::Management, &words));
    let mut remote = converting("");
    remote["status"]["multiSiteHA"] = json!({"remoteHAMode": "ReadyForPromotion"});
    assert!(state(&remote).lets_go(Part::Management, &words));
}

#[test]
fn a_side_that_is_declared_active_never_lets_go_whatever_its_status_says() {
    let mut document = converting("remote haMode is ReadyForPromotion");
    document["spec"]["multiSiteHA"]["mode"] = json!("active");
    assert!(!state(&document).lets_go(Part::Management, &Words::default()));
    document["status"]["haMode"] = json!("passive");
    assert!(!state(&document).lets_go(Part::Portal, &Words::default()));
}

#[test]
fn a_portal_lets_go_on_its_way_and_a_management_cluster_does_not() {
    let mut document = converting("");
    document["status"]["haMode"] = json!("progressing to passive");
    assert!(state(&document).lets_go(Part::Portal, &Words::default()));
    assert!(!state(&document).lets_go(Part::Management, &Words::default()));
}

#[test]
fn a_condition_that_does_not_hold_says_nothing() {
    let mut document = converting("remote haMode is ReadyForPromotion");
    document["status"]["haStatus"][0]["status"] = json!("False");
    assert!(!state(&document).peer_waits);
}

#[test]
fn a_standby_is_good_while_it_is_passive_and_reaches_its_peer() {
    let mut document = json!({
        "spec": {"multiSiteHA": {"mode": "passive"}},
        "status": {"haMode": "passive", "phase": "Running",
                   "haStatus": [{"type": "Ready", "status": "True", "message": "Warm Standby DB is ready"}]},
    });
    assert!(state(&document).is_good_standby(&Words::default()));
    assert_eq!(state(&document).unreplicated(), None);
    document["status"]["haStatus"] = json!([{"type": "PeerNotReachable", "status": "True"}]);
    assert!(!state(&document).is_good_standby(&Words::default()));
    document["status"]["haStatus"] = json!([]);
    document["status"]["message"] = json!("HA status PeerNotReachable - see HAStatus in CR for details");
    assert!(state(&document).peer_unreachable, "the message says so where no condition does");
}

#[test]
fn the_top_level_resource_declares_the_mode_of_each_part() {
    let document = json!({
        "metadata": {"resourceVersion": "9", "annotations": {ANNOTATION: "true"}},
        "spec": {"management": {"multiSiteHA": {"mode": "active"}}, "portal": {}},
    });
    let management = Declared::of_top_level(&document, Part::Management, ANNOTATION);
    assert_eq!((management.mode, &*management.version, management.confirms_deletion), (Mode::Active, "9", true));
    assert_eq!(Declared::of_top_level(&document, Part::Portal, ANNOTATION).mode, Mode::Absent);
}

#[test]
fn the_owner_is_found_among_others() {
    let owners = json!([{"kind": "Other", "name": "x"}, {"kind": "APIConnectCluster", "name": "apic"}, 7]);
    let document = json!({"metadata": {"ownerReferences": owners}});
    assert_eq!(state(&document).owner.as_deref(), Some("apic"));
}

#[test]
fn a_document_of_any_shape_is_read_and_proves_nothing() {
    let words = Words::default();
    let odd = [json!(null), json!([]), json!(7), json!("active"), json!({"mode": "active"}), json!(["passive"])];
    let spots =
        ["/spec", "/spec/multiSiteHA", "/spec/multiSiteHA/mode", "/status", "/status/haMode", "/status/haStatus"];
    let mut hostile = vec![json!(null), json!([]), json!(7), json!({})];
    for value in &odd {
        for spot in spots {
            let mut document = converting("x");
            *document.pointer_mut(spot).expect("there") = value.clone();
            hostile.push(document);
        }
    }
    for document in hostile {
        let read = state(&document);
        for part in [Part::Management, Part::Portal] {
            assert!(!read.lets_go(part, &words), "{document}");
        }
        assert!(!read.is_good_standby(&words), "{document}");
        assert!(read.describe().len() < 1000);
    }
}

#[test]
fn a_huge_document_is_cut_and_not_quoted_whole() {
    let long = "x".repeat(2_000_000);
    let conditions: Vec<_> = (0..10_000).map(|_| json!({"type": "Other", "status": "True", "message": "y"})).collect();
    let document = json!({
        "metadata": {"ownerReferences": vec![json!({"kind": "Other"}); 10_000]},
        "spec": {"multiSiteHA": {"mode": long}, "siteName": long},
        "status": {"haMode": long, "phase": long, "state": long, "message": long, "haStatus": conditions},
    });
    let read = state(&document);
    assert!(read.describe().chars().count() < 1000 && read.ha_mode.len() < 400 && read.site_name.len() < 400);
    let last = json!({"type": "PeerNotReachable", "status": "True"});
    let mut behind = document;
    behind["status"]["haStatus"].as_array_mut().expect("a list").push(last);
    assert!(!state(&behind).peer_unreachable, "read up to a bound only");
}

#[test]
fn a_foreign_word_is_kept_to_be_shown_and_means_nothing() {
    let mut document = converting("");
    document["status"]["haMode"] = json!("Verkehrt\u{202e}\nactive");
    let read = state(&document);
    assert!(read.ha_mode_said.starts_with("Verkehrt") && !read.ha_mode_said.contains(['\n', '\u{202e}']));
    assert!(!Words::default().is_active(&read.ha_mode));
}
