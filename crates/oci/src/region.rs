//! Regions and realms.

/// Keys of regions, which old resources carry in their ids, and that a resource principal may name (Oracle: "Regions and
/// Availability Domains"; the Python SDK knows the same).
const KEYS: [(&str, &str); 30] = [
    ("phx", "us-phoenix-1"),
    ("iad", "us-ashburn-1"),
    ("sjc", "us-sanjose-1"),
    ("ord", "us-chicago-1"),
    ("yyz", "ca-toronto-1"),
    ("yul", "ca-montreal-1"),
    ("gru", "sa-saopaulo-1"),
    ("vcp", "sa-vinhedo-1"),
    ("scl", "sa-santiago-1"),
    ("fra", "eu-frankfurt-1"),
    ("ams", "eu-amsterdam-1"),
    ("zrh", "eu-zurich-1"),
    ("mad", "eu-madrid-1"),
    ("mrs", "eu-marseille-1"),
    ("lin", "eu-milan-1"),
    ("arn", "eu-stockholm-1"),
    ("cdg", "eu-paris-1"),
    ("lhr", "uk-london-1"),
    ("cwl", "uk-cardiff-1"),
    ("jed", "me-jeddah-1"),
    ("dxb", "me-dubai-1"),
    ("jnb", "af-johannesburg-1"),
    ("bom", "ap-mumbai-1"),
    ("hyd", "ap-hyderabad-1"),
    ("nrt", "ap-tokyo-1"),
    ("kix", "ap-osaka-1"),
    ("icn", "ap-seoul-1"),
    ("sin", "ap-singapore-1"),
    ("syd", "ap-sydney-1"),
    ("mel", "ap-melbourne-1"),
];

/// Longest name of a region that is taken.
const LONGEST: usize = 40;

/// The name of the region that `text` names, by its name or its key, in any case. A name that is not known is taken as
/// it stands when it can be one (`xx-yyyy-1`): regions are added over the years. `None` for any other text.
pub fn named(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    if let Some((_, name)) = KEYS.iter().find(|(key, _)| *key == text) {
        return Some((*name).to_owned());
    }
    let parts: Vec<&str> = text.split('-').collect();
    let word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (text.len() <= LONGEST && parts.len() >= 3 && parts.iter().all(word)).then_some(text)
}

/// The domain of a realm's endpoints (docs/reference/oci.md#resource-principals). `None` for a realm that is not known; its endpoints must be configured.
pub fn domain(realm: &str) -> Option<&'static str> {
    match realm {
        "oc1" => Some("oraclecloud.com"),
        "oc2" | "oc3" => Some("oraclegovcloud.com"),
        "oc4" => Some("oraclegovcloud.uk"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_known_by_its_key_and_its_name_and_nothing_else_gets_into_a_host() {
        for (text, name) in [
            ("IAD", Some("us-ashburn-1")),
            (" us-chicago-1 ", Some("us-chicago-1")),
            ("us-gov-ashburn-1", Some("us-gov-ashburn-1")),
            ("xx-newplace-7", Some("xx-newplace-7")),
            ("zzz", None),
            ("", None),
            ("us-x-1.evil.example", None),
            ("us--1", None),
            ("us-x-1/", None),
        ] {
            assert_eq!(named(text).as_deref(), name, "{text:?}");
        }
    }

    #[test]
    fn each_realm_has_its_own_domain() {
        assert_eq!(domain("oc1"), Some("oraclecloud.com"));
        assert_eq!((domain("oc2"), domain("oc3")), (Some("oraclegovcloud.com"), Some("oraclegovcloud.com")));
        assert_eq!((domain("oc4"), domain("oc99")), (Some("oraclegovcloud.uk"), None));
    }
}
