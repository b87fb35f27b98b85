//! Public endpoints of AWS that answer anybody: control targets for probes.
//!
//! They lie in regions other than the standby's and far from each other, and belong to different services, so that
//! the loss of the primary's region or of one service leaves most of them. The primary's region is not known here: it
//! may be one of them, and the others remain. `us-east-1` is never one of them, because Route 53's own control plane
//! and metrics are there: losing both witnesses at once is what controls are for.

/// How the names of headers begin that AWS puts on its answers, refusals and redirections included (`x-amzn-requestid`,
/// `x-amz-cf-id`). An answer without one is not AWS's.
pub const MARKS: [&str; 2] = ["x-amzn-", "x-amz-"];

/// How many are given.
const GIVEN: usize = 4;

/// Public endpoints of the ordinary partition, in regions that every account has. Each says
/// something without a signature: a word of its health, a redirection, or a refusal. Any of these is an answer.
const ORDINARY: [(&str, &str); 6] = [
    ("eu-west-1", "https://dynamodb.eu-west-1.amazonaws.com/ping"),
    ("ap-southeast-2", "https://sqs.ap-southeast-2.amazonaws.com/ping"),
    ("ca-central-1", "https://sts.ca-central-1.amazonaws.com/"),
    ("us-west-2", "https://dynamodb.us-west-2.amazonaws.com/ping"),
    ("eu-north-1", "https://sqs.eu-north-1.amazonaws.com/ping"),
    ("ap-northeast-1", "https://sts.ap-northeast-1.amazonaws.com/"),
];

/// China has two regions, so one of them is the primary's as a rule. The site of the cloud itself is not in either, and
/// of the regions outside those nearby are reached.
const CHINA: [(&str, &str); 5] = [
    ("", "https://www.amazonaws.cn/"),
    ("cn-north-1", "https://dynamodb.cn-north-1.amazonaws.com.cn/ping"),
    ("cn-northwest-1", "https://dynamodb.cn-northwest-1.amazonaws.com.cn/ping"),
    ("ap-southeast-1", "https://dynamodb.ap-southeast-1.amazonaws.com/ping"),
    ("ap-northeast-1", "https://sqs.ap-northeast-1.amazonaws.com/ping"),
];

/// GovCloud has two regions; the ordinary partition is reached by the same way out.
const GOVERNMENT: [(&str, &str); 4] = [
    ("us-gov-east-1", "https://dynamodb.us-gov-east-1.amazonaws.com/ping"),
    ("us-gov-west-1", "https://dynamodb.us-gov-west-1.amazonaws.com/ping"),
    ("us-west-2", "https://sqs.us-west-2.amazonaws.com/ping"),
    ("ca-central-1", "https://sts.ca-central-1.amazonaws.com/"),
];

/// The European Sovereign Cloud has one region; the ordinary partition's in Europe are reached by the same way out.
const SOVEREIGN: [(&str, &str); 4] = [
    ("eusc-de-east-1", "https://dynamodb.eusc-de-east-1.amazonaws.eu/ping"),
    ("eu-west-1", "https://dynamodb.eu-west-1.amazonaws.com/ping"),
    ("eu-north-1", "https://sqs.eu-north-1.amazonaws.com/ping"),
    ("eu-west-3", "https://sts.eu-west-3.amazonaws.com/"),
];

/// Control targets for a function whose standby is in `standby_region`: up to four, none of them there.
pub fn control_targets(standby_region: &str) -> Vec<&'static str> {
    let listed: &[(&str, &str)] = match standby_region {
        region if region.starts_with("cn-") => &CHINA,
        region if region.starts_with("us-gov-") => &GOVERNMENT,
        region if region.starts_with("eusc-") => &SOVEREIGN,
        _ => &ORDINARY,
    };
    listed.iter().filter(|(region, _)| *region != standby_region).map(|(_, url)| *url).take(GIVEN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGIONS: [&str; 9] = [
        "us-east-1",
        "us-west-2",
        "eu-west-1",
        "ca-central-1",
        "ap-southeast-2",
        "cn-north-1",
        "us-gov-west-1",
        "eusc-de-east-1",
        "eu-central-1",
    ];

    #[test]
    fn whatever_region_the_primary_is_in_two_targets_are_in_none_of_ours() {
        for standby in REGIONS {
            let targets = control_targets(standby);
            assert!(targets.iter().all(|url| url.starts_with("https://") && !url.contains(standby)), "{targets:?}");
            for primary in REGIONS {
                let left = targets.iter().filter(|url| !url.contains(primary)).count();
                assert!(left >= 2, "{standby}, {primary}: {targets:?}");
            }
        }
    }

    #[test]
    fn the_region_of_route_53_is_never_a_control() {
        for standby in REGIONS {
            assert!(control_targets(standby).iter().all(|url| !url.contains("us-east-1")), "{standby}");
        }
    }

    #[test]
    fn no_two_targets_of_a_site_are_the_same_host() {
        for standby in REGIONS {
            let mut targets = control_targets(standby);
            targets.sort_unstable();
            targets.dedup();
            assert!(targets.len() >= 3, "{standby}: {targets:?}");
        }
    }
}
