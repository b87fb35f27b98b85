//! Public endpoints of OCI that answer anybody: control targets for probes.
//!
//! They lie in regions other than the standby's and far from each other, and belong to different services, so that the
//! loss of the primary's region or of one service leaves most of them. Without a signature each of them refuses, and a
//! refusal is an answer. The primary's region may be one of them; the others remain.
//!
//! A service gateway leads to the services of its own region only, so these are reached by a NAT gateway, which a probe of
//! the primary needs as well.

/// How the names of headers begin of which one is on each answer of OCI's services (docs/reference/oci.md#request-signatures).
pub const MARKS: [&str; 1] = ["opc-"];

/// How many are given.
const GIVEN: usize = 4;

/// Of the commercial realm: where each is, and its address (hosts: docs/reference/oci.md#metrics).
const COMMERCIAL: [(&str, &str); 6] = [
    ("us-ashburn-1", "https://objectstorage.us-ashburn-1.oraclecloud.com/"),
    ("eu-frankfurt-1", "https://telemetry.eu-frankfurt-1.oraclecloud.com/"),
    ("ap-tokyo-1", "https://objectstorage.ap-tokyo-1.oraclecloud.com/"),
    ("us-phoenix-1", "https://telemetry.us-phoenix-1.oraclecloud.com/"),
    ("uk-london-1", "https://objectstorage.uk-london-1.oraclecloud.com/"),
    ("ap-sydney-1", "https://telemetry.ap-sydney-1.oraclecloud.com/"),
];

/// Of the realms of governments, which have few regions. The commercial realm is reached by the same way out.
const GOVERNMENT: [(&str, &str); 4] = [
    ("us-ashburn-1", "https://objectstorage.us-ashburn-1.oraclecloud.com/"),
    ("uk-london-1", "https://telemetry.uk-london-1.oraclecloud.com/"),
    ("us-phoenix-1", "https://objectstorage.us-phoenix-1.oraclecloud.com/"),
    ("eu-frankfurt-1", "https://telemetry.eu-frankfurt-1.oraclecloud.com/"),
];

/// Control targets for a function in `realm`, outside of `regions`, by their names, as far as they are known: up to four.
/// None for a realm that is not known.
pub fn control_targets(realm: &str, regions: &[&str]) -> Vec<&'static str> {
    let listed: &[(&str, &str)] = match realm {
        "oc1" => &COMMERCIAL,
        "oc2" | "oc3" | "oc4" => &GOVERNMENT,
        _ => &[],
    };
    let outside = listed.iter().filter(|(region, _)| !regions.contains(region));
    outside.map(|(_, url)| *url).take(GIVEN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_region_is_lost_two_targets_in_no_region_of_ours_are_left() {
        let regions: Vec<&str> = COMMERCIAL.iter().map(|(region, _)| *region).chain(["us-chicago-1"]).collect();
        for standby in &regions {
            let targets = control_targets("oc1", &[standby]);
            assert!(targets.len() == GIVEN && targets.iter().all(|url| !url.contains(standby)), "{targets:?}");
            for primary in &regions {
                let left = targets.iter().filter(|url| !url.contains(primary)).count();
                assert!(left >= 2, "{standby}, {primary}: {targets:?}");
            }
        }
    }

    #[test]
    fn no_two_targets_are_the_same_host_and_an_unknown_realm_has_none() {
        for realm in ["oc1", "oc2", "oc3", "oc4"] {
            let mut targets = control_targets(realm, &["us-ashburn-1", "eu-frankfurt-1"]);
            targets.sort_unstable();
            targets.dedup();
            assert!(targets.len() >= 2, "{realm}: {targets:?}");
        }
        assert!(control_targets("oc99", &[]).is_empty());
    }
}
