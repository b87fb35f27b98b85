//! Public endpoints of Azure that answer anybody: control targets for probes.
//!
//! Two are global services, which answer from wherever they are well; the others are Azure Monitor's own endpoints of
//! single regions. Whichever region is lost with the primary, most of them remain.

use crate::arm::PUBLIC;

/// How the names of headers begin that Azure puts on its answers, refusals and redirections included (`x-ms-request-id`,
/// `x-azure-ref`). An answer without one is not Azure's.
pub const MARKS: [&str; 2] = ["x-ms-", "x-azure-"];

/// How many are given.
const GIVEN: usize = 4;

/// Of the public cloud: where each is, if in one region, and its address.
const PUBLIC_CLOUD: [(&str, &str); 6] = [
    ("", "https://login.microsoftonline.com/"),
    ("", "https://management.azure.com/"),
    ("northeurope", "https://northeurope.metrics.monitor.azure.com/"),
    ("australiaeast", "https://australiaeast.metrics.monitor.azure.com/"),
    ("canadacentral", "https://canadacentral.metrics.monitor.azure.com/"),
    ("japaneast", "https://japaneast.metrics.monitor.azure.com/"),
];

/// Of the cloud of the government of the United States. The public cloud's sign-in is reached by the same way out.
const GOVERNMENT: [(&str, &str); 3] = [
    ("", "https://login.microsoftonline.us/"),
    ("", "https://management.usgovcloudapi.net/"),
    ("", "https://login.microsoftonline.com/"),
];

/// Of the cloud in China.
const CHINA: [(&str, &str); 3] = [
    ("", "https://login.partner.microsoftonline.cn/"),
    ("", "https://management.chinacloudapi.cn/"),
    ("", "https://portal.azure.cn/"),
];

/// Control targets for a function that asks Resource Manager at `arm_endpoint`, outside of `regions`, as far as they
/// are known (`West Europe` and `westeurope` are the same). None for a cloud that is not one of Microsoft's.
pub fn control_targets(arm_endpoint: &str, regions: &[&str]) -> Vec<&'static str> {
    let listed: &[(&str, &str)] = match arm_endpoint.trim_end_matches('/') {
        PUBLIC => &PUBLIC_CLOUD,
        "https://management.usgovcloudapi.net" => &GOVERNMENT,
        "https://management.chinacloudapi.cn" => &CHINA,
        _ => &[],
    };
    let ours: Vec<String> = regions.iter().map(|region| code(region)).collect();
    let outside = listed.iter().filter(|(region, _)| region.is_empty() || !ours.iter().any(|own| own == region));
    outside.map(|(_, url)| *url).take(GIVEN).collect()
}

/// A region's code, of its code or its name.
fn code(region: &str) -> String {
    region.chars().filter(|character| character.is_ascii_alphanumeric()).collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_the_two_sites_are_left_out_however_they_are_written() {
        let targets = control_targets("https://management.azure.com/", &["North Europe", "australiaeast"]);
        assert_eq!(targets.len(), GIVEN);
        assert!(
            targets.iter().all(|url| !url.contains("northeurope") && !url.contains("australiaeast")),
            "{targets:?}"
        );
    }

    #[test]
    fn each_of_microsofts_clouds_has_its_own_hosts_and_no_other_cloud_has_any() {
        for (arm, own) in [
            (PUBLIC, "login.microsoftonline.com"),
            ("https://management.usgovcloudapi.net", "login.microsoftonline.us"),
            ("https://management.chinacloudapi.cn", "login.partner.microsoftonline.cn"),
        ] {
            let targets = control_targets(arm, &[]);
            assert!(targets.len() >= 3 && targets.iter().any(|url| url.contains(own)), "{targets:?}");
        }
        for arm in ["https://localhost:8443", "https://management.azure.com.example.com", ""] {
            assert!(control_targets(arm, &[]).is_empty(), "{arm}");
        }
    }
}
