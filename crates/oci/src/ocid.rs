//! Names of resources of OCI, as they stand in addresses.

use std::fmt;

/// Longest OCID (documentation: 255 characters).
const LONGEST: usize = 255;

/// The id of one resource: `ocid1.TYPE.REALM.[REGION].UNIQUE`. It holds nothing that could end a part of an address, a
/// parameter or a quoted text in a metric query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ocid(String);

impl Ocid {
    /// Reads an id. `None` for any other text, so that nothing but an id is ever in an address.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if text.len() > LONGEST || !text.chars().all(allowed) {
            return None;
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [version, kind, realm, _region, .., unique] = parts[..] else { return None };
        let complete = version == "ocid1" && [kind, realm, unique].iter().all(|part| !part.is_empty());
        complete.then(|| Self(text.to_owned()))
    }

    /// The id as it stands.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it names, such as `loadbalancer`.
    pub fn kind(&self) -> &str {
        self.part(1).unwrap_or_default()
    }

    /// The realm that it is in, such as `oc1`.
    pub fn realm(&self) -> &str {
        self.part(2).unwrap_or_default()
    }

    /// The region that it names, by its key or its name; global resources name none.
    pub fn region(&self) -> Option<&str> {
        self.part(3).filter(|region| !region.is_empty())
    }

    fn part(&self, number: usize) -> Option<&str> {
        self.0.split('.').nth(number)
    }
}

impl fmt::Display for Ocid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_tells_what_it_names_and_where_that_is() {
        let id = Ocid::parse(" ocid1.loadbalancer.oc1.iad.aaaa \n").expect("an id");
        assert_eq!((id.as_str(), id.kind()), ("ocid1.loadbalancer.oc1.iad.aaaa", "loadbalancer"));
        assert_eq!((id.realm(), id.region()), ("oc1", Some("iad")));
        let global = Ocid::parse("ocid1.dnspolicy.oc1..aaaatestpolicy").expect("an id");
        assert_eq!(global.region(), None);
        assert!(Ocid::parse("ocid1.x.oc1.r.future.unique").is_some());
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let long = format!("ocid1.a.oc1..{}", "x".repeat(300));
        for text in
            ["", "x", "ocid1.a.oc1", "ocid2.a.oc1..x", "ocid1.a.oc1..", "ocid1..oc1..x", "ocid1.a.oc1..x/y", &long]
        {
            assert_eq!(Ocid::parse(text), None, "{text}");
        }
        for end in ["?", "#", "\"", "%2F", " x", "\n", "é"] {
            assert_eq!(Ocid::parse(&format!("ocid1.a.oc1..x{end}y")), None, "{end:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = Ocid::parse(&text);
        }
    }
}
