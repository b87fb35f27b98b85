//! Names of Azure resources, as they stand in addresses.

use std::fmt;

/// The id of one resource: `/subscriptions/S/resourceGroups/R/providers/NAMESPACE/TYPE/NAME`.
///
/// Azure writes ids in changing case (`resourcegroups`), so two ids are compared without it. The default names nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceId(String);

impl ResourceId {
    /// Reads the id of a resource of `kind`, such as `Microsoft.Network/trafficManagerProfiles`. `None` for any other
    /// text, so that nothing but a resource of this kind is ever in an address.
    pub fn parse(text: &str, kind: &str) -> Option<Self> {
        let parts: Vec<&str> = text.trim().trim_end_matches('/').split('/').collect();
        let ["", subscriptions, subscription, groups, group, providers, namespace, of_kind, name] = parts[..] else {
            return None;
        };
        let words = [(subscriptions, "subscriptions"), (groups, "resourceGroups"), (providers, "providers")];
        let known = words.iter().all(|(word, known)| word.eq_ignore_ascii_case(known));
        let of_kind = format!("{namespace}/{of_kind}").eq_ignore_ascii_case(kind);
        let names = [subscription, group, name].into_iter().all(is_name);
        (known && of_kind && names).then(|| Self(parts.join("/")))
    }

    /// True when `other` names the same resource. What has no id is none.
    pub fn is(&self, other: &str) -> bool {
        !self.0.is_empty() && self.0.eq_ignore_ascii_case(other.trim().trim_end_matches('/'))
    }

    /// The resource's own name.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The id of the resource group that it is in.
    pub fn group(&self) -> String {
        self.0.split('/').take(5).collect::<Vec<_>>().join("/")
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// True for text that may be a part of an address: what Azure allows in the names that we meet (letters, digits and
/// `-_.()`), and no way up.
pub fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.()".contains(c);
    !text.is_empty() && text.len() <= 260 && text.chars().all(allowed) && !text.chars().all(|c| c == '.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KIND: &str = "Microsoft.Network/trafficManagerProfiles";
    const ID: &str = "/subscriptions/s/resourceGroups/r_(1)/providers/Microsoft.Network/trafficManagerProfiles/p";

    #[test]
    fn an_id_is_read_in_any_case_and_kept_as_it_stands() {
        for text in [ID, &ID.to_lowercase(), &format!(" {ID}/ ")] {
            let id = ResourceId::parse(text, KIND).expect(text);
            assert!(id.is(ID) && id.is(&ID.to_uppercase()), "{text}");
            assert_eq!((id.name(), id.group().to_lowercase().as_str()), ("p", "/subscriptions/s/resourcegroups/r_(1)"));
        }
    }

    #[test]
    fn what_is_no_id_of_that_kind_is_refused() {
        let other = ID.replace("trafficManagerProfiles", "dnsZones");
        for text in
            ["", "p", &other, &format!("{ID}/more"), &ID.replace("/p", "/.."), &ID.replace("/p", "/a?b"), &ID[1..]]
        {
            assert_eq!(ResourceId::parse(text, KIND), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = ResourceId::parse(&text, KIND);
        }
    }
}
