//! The configuration file of OCI's tools (`~/.oci/config`): INI with one section for each profile, which inherits what
//! `[DEFAULT]` says (docs/reference/oci.md#request-signatures). Pure.

use std::{collections::BTreeMap, fmt};

/// The profile that the others inherit from.
pub const DEFAULT: &str = "DEFAULT";

/// The keys of one profile.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Profile(BTreeMap<String, String>);

// Not its values: `key_content` is a private key.
impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Profile {
    /// The profile `name` in a file's text. `None` when there is no such section.
    ///
    /// Keys are read in any case; lines that are none are skipped, as comments are.
    pub fn find(text: &str, name: &str) -> Option<Self> {
        let (mut inherited, mut own, mut section) = (BTreeMap::new(), None, "");
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
            if let Some(title) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = title.trim();
                if section == name {
                    own.get_or_insert_with(BTreeMap::new);
                }
            } else if let Some((key, value)) = line.split_once('=') {
                let (key, value) = (key.trim().to_ascii_lowercase(), value.trim().to_owned());
                if section == DEFAULT {
                    inherited.insert(key.clone(), value.clone());
                }
                if let Some(own) = own.as_mut().filter(|_| section == name) {
                    own.insert(key, value);
                }
            }
        }
        inherited.extend(own?);
        Some(Self(inherited))
    }

    /// The value of `key`, if it is not empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "; mine\nuser=nobody\n[DEFAULT]\nuser = ocid1.user.oc1..u\n# region=no\nRegion=us-chicago-1\n\
                        key_file=~/k=1.pem\n\n[other]\nregion=\nuser=ocid1.user.oc1..other\n[empty]\nnonsense\n";

    #[test]
    fn a_profile_inherits_what_it_does_not_say_itself() {
        let default = Profile::find(FILE, DEFAULT).expect("there");
        assert_eq!((default.get("user"), default.get("region")), (Some("ocid1.user.oc1..u"), Some("us-chicago-1")));
        assert_eq!((default.get("key_file"), default.get("tenancy")), (Some("~/k=1.pem"), None));
        let other = Profile::find(FILE, "other").expect("there");
        assert_eq!((other.get("user"), other.get("region")), (Some("ocid1.user.oc1..other"), None));
        assert_eq!(Profile::find(FILE, "empty"), Some(default));
        assert_eq!(Profile::find(FILE, "missing"), None);
        assert_eq!(Profile::find("", DEFAULT), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[\\[\\]a-zD=\n# ]*", name in ".*") {
            let _ = Profile::find(&text, &name);
        }
    }
}
