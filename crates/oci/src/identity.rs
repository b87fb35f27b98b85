//! Who we are: the resource principal of the function, or a key of the configuration file of OCI's tools.
//!
//! Both are files that somebody else may replace at any time (the platform renews the function's token), so they are read
//! before each signature. They are small and on a memory file system; the key is only parsed again when they have changed.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::digest::{Context, SHA256};
use holdfast_core::{Fault, FaultClass};

use crate::{
    config_file::{DEFAULT, Profile},
    region,
    signer::Signer,
};

const CALL: &str = "identity:Read";

/// The longest file that is read. A token is some two kilobytes, a key of 8192 bits some six.
const LONGEST: u64 = 64 * 1024;

const VERSION: &str = "OCI_RESOURCE_PRINCIPAL_VERSION";
const TOKEN: &str = "OCI_RESOURCE_PRINCIPAL_RPST";
const KEY: &str = "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM";
const REGION: &str = "OCI_RESOURCE_PRINCIPAL_REGION";

/// An environment that says in no way who we are, or says it wrongly. Quotes no value of what is secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is not allowed: it must be {allowed}")]
pub struct NoIdentity {
    /// The variable, or the key of the configuration file.
    pub name: &'static str,
    /// What would be allowed.
    pub allowed: &'static str,
}

/// Where a value is: an absolute path names a file, any other text is the value itself (docs/reference/oci.md#resource-principals).
#[derive(Clone, PartialEq, Eq)]
enum Source {
    File(PathBuf),
    Itself(String),
}

impl Source {
    fn of(text: &str) -> Self {
        if Path::new(text).is_absolute() { Self::File(text.into()) } else { Self::Itself(text.to_owned()) }
    }

    fn read(&self) -> io::Result<String> {
        match self {
            Self::File(path) => read(path),
            Self::Itself(value) => Ok(value.clone()),
        }
    }
}

/// A file of bounded length; nothing that could block, such as a pipe.
fn read(path: &Path) -> io::Result<String> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = String::new();
    let length = File::open(path)?.take(LONGEST.saturating_add(1)).read_to_string(&mut text)?;
    if length as u64 > LONGEST {
        return Err(io::Error::other("it is too long"));
    }
    Ok(text)
}

/// What the key id is made of.
enum Id {
    /// As it stands: tenancy, user and fingerprint of a key.
    Known(String),
    /// A token, which is read anew each time.
    Token(Source),
}

/// An identity. Its private key and its token are in no log, no error and no debug output.
pub struct Identity {
    id: Id,
    key: Source,
    /// For words: what kind it is.
    kind: &'static str,
    kept: Mutex<Option<Kept>>,
}

/// A signer, and what it was made of.
struct Kept {
    sum: Vec<u8>,
    signer: Arc<Signer>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// An identity, and the region that it says we are in.
pub type Found = (Identity, Option<String>);

impl Identity {
    fn new(id: Id, key: Source, kind: &'static str) -> Self {
        Self { id, key, kind, kept: Mutex::new(None) }
    }

    /// The one that `variable` tells of: the resource principal where there is one, else a profile of the configuration
    /// file (`OCI_CLI_CONFIG_FILE`, `OCI_CONFIG_FILE` or `~/.oci/config`; `OCI_CLI_PROFILE` or `DEFAULT`).
    ///
    /// # Errors
    /// [`NoIdentity`].
    pub fn from_environment(variable: &dyn Fn(&str) -> Option<String>) -> Result<Found, NoIdentity> {
        let set = |name: &str| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        match set(VERSION) {
            Some(version) => principal(&version, &set),
            None => of_file(&set),
        }
    }

    /// The signer as the files are now.
    ///
    /// # Errors
    /// Files that cannot be read, or hold no key. Of a resource principal this is worth a retry: the platform may be
    /// replacing them.
    pub fn signer(&self) -> Result<Arc<Signer>, Fault> {
        let class = match self.id {
            Id::Token(_) => FaultClass::Server,
            Id::Known(_) => FaultClass::Invalid,
        };
        let unreadable = |what: &str, why: &dyn fmt::Display| {
            Fault::new(class, CALL, format!("the {what} of the {} cannot be read: {why}", self.kind))
        };
        let id = match &self.id {
            Id::Known(id) => id.clone(),
            Id::Token(token) => {
                format!("ST${}", token.read().map_err(|error| unreadable("token", &error))?.trim())
            }
        };
        let key = self.key.read().map_err(|error| unreadable("key", &error))?;
        let sum = sum(&[&id, &key]);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.sum == sum) {
            return Ok(Arc::clone(&kept.signer));
        }
        let signer = Signer::new(id, &key).map_err(|error| Fault::new(class, CALL, error.to_string()))?;
        Ok(Arc::clone(&kept.insert(Kept { sum, signer: Arc::new(signer) }).signer))
    }

    /// What kind it is, for a person.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    #[cfg(test)]
    pub(crate) fn of_key(id: &str, key: &str) -> Self {
        Self::new(Id::Known(id.to_owned()), Source::Itself(key.to_owned()), "test key")
    }
}

fn sum(parts: &[&str]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part.as_bytes());
        context.update(&[0]);
    }
    context.finish().as_ref().to_vec()
}

fn principal(version: &str, set: &dyn Fn(&str) -> Option<String>) -> Result<Found, NoIdentity> {
    if version != "2.2" {
        return Err(NoIdentity { name: VERSION, allowed: "2.2, as the platform of OCI Functions sets it" });
    }
    let source = |name, allowed| set(name).map(|value| Source::of(&value)).ok_or(NoIdentity { name, allowed });
    let token = source(TOKEN, "the path of a file with the token, or the token")?;
    let key = source(KEY, "the path of a file with the private key, or the key in PEM")?;
    let region = set(REGION).and_then(|region| region::named(&region));
    Ok((Identity::new(Id::Token(token), key, "resource principal"), region))
}

fn of_file(set: &dyn Fn(&str) -> Option<String>) -> Result<Found, NoIdentity> {
    let home = set("HOME");
    let resolved = |path: &str| match (path.strip_prefix("~/"), &home) {
        (Some(rest), Some(home)) => Path::new(home).join(rest),
        _ => PathBuf::from(path),
    };
    let named = ["OCI_CLI_CONFIG_FILE", "OCI_CONFIG_FILE"].into_iter().find_map(set);
    let path = resolved(&named.unwrap_or_else(|| "~/.oci/config".to_owned()));
    let none = NoIdentity {
        name: VERSION,
        allowed: "2.2 (in OCI Functions), or OCI_CLI_CONFIG_FILE must name a readable configuration file",
    };
    let text = read(&path).map_err(|_| none)?;
    let profile = Profile::find(&text, &set("OCI_CLI_PROFILE").unwrap_or_else(|| DEFAULT.to_owned()));
    let profile =
        profile.ok_or(NoIdentity { name: "OCI_CLI_PROFILE", allowed: "a section of the configuration file" })?;
    let need = |name: &'static str, allowed| profile.get(name).ok_or(NoIdentity { name, allowed });
    let key = match profile.get("key_content") {
        Some(content) => Source::Itself(content.replace("\\n", "\n")),
        None => Source::File(resolved(need("key_file", "the path of the private key, in the configuration file")?)),
    };
    let id = match profile.get("security_token_file") {
        Some(file) => Id::Token(Source::File(resolved(file))),
        None => {
            let allowed = "in the configuration file";
            let parts = [need("tenancy", allowed)?, need("user", allowed)?, need("fingerprint", allowed)?];
            Id::Known(parts.join("/"))
        }
    };
    Ok((Identity::new(id, key, "configuration file"), profile.get("region").and_then(region::named)))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use tempfile::TempDir;

    use super::*;
    use crate::{
        signer::Unsigned,
        testing::{KEY as PEM, key_id},
    };

    fn found(set: &[(&str, String)]) -> Result<Found, NoIdentity> {
        let set: BTreeMap<&str, String> = set.iter().cloned().collect();
        Identity::from_environment(&|name| set.get(name).cloned())
    }

    fn key_of(identity: &Identity) -> String {
        let request = Unsigned { method: "get", target: "/", host: "h", date: "d", content: None };
        let signed = identity.signer().expect("a signer").authorization(&request).expect("signed");
        signed.split("keyId=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a key id").to_owned()
    }

    fn written(folder: &TempDir, name: &str, text: &str) -> String {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        path.to_str().expect("a path").to_owned()
    }

    fn variables(token: String, key: String) -> Vec<(&'static str, String)> {
        vec![(VERSION, "2.2".to_owned()), (TOKEN, token), (KEY, key), (REGION, "iad".to_owned())]
    }

    #[test]
    fn the_values_of_a_resource_principal_are_files_or_stand_there_themselves() {
        let folder = TempDir::new().expect("a folder");
        let (token, key) = (written(&folder, "rpst", " TOKEN \n"), written(&folder, "private.pem", PEM));
        for (token, key) in [(token, key), ("TOKEN".to_owned(), PEM.to_owned())] {
            let (identity, region) = found(&variables(token, key)).expect("an identity");
            assert_eq!((key_of(&identity).as_str(), region.as_deref()), ("ST$TOKEN", Some("us-ashburn-1")));
        }
    }

    #[test]
    fn a_token_that_was_replaced_is_used_at_once_and_the_key_is_parsed_only_when_something_changed() {
        let folder = TempDir::new().expect("a folder");
        let (token, key) = (written(&folder, "rpst", "OLD"), written(&folder, "private.pem", PEM));
        let (identity, _) = found(&variables(token, key)).expect("an identity");
        let first = identity.signer().expect("a signer");
        assert!(Arc::ptr_eq(&first, &identity.signer().expect("a signer")));
        written(&folder, "rpst", "NEW");
        assert!(!Arc::ptr_eq(&first, &identity.signer().expect("a signer")));
        assert_eq!(key_of(&identity), "ST$NEW");
    }

    #[test]
    fn files_that_are_being_replaced_are_worth_a_retry() {
        let folder = TempDir::new().expect("a folder");
        let token = written(&folder, "rpst", "TOKEN");
        let absent = folder.path().join("absent").to_str().expect("a path").to_owned();
        let long = written(&folder, "long", &"x".repeat(100_000));
        let place = folder.path().to_str().expect("a path").to_owned();
        for key in [absent, written(&folder, "half.pem", &PEM[..200]), long, place] {
            let (identity, _) = found(&variables(token.clone(), key)).expect("an identity");
            let fault = identity.signer().expect_err("no key");
            assert_eq!(fault.class, FaultClass::Server, "{fault}");
            assert!(!fault.message.contains("MII") && !fault.message.contains("TOKEN"), "{fault}");
        }
    }

    fn config(folder: &TempDir, more: &str) -> Vec<(&'static str, String)> {
        written(folder, "key.pem", PEM);
        let text = format!(
            "[DEFAULT]\nuser=ocid1.user.oc1..aaaatestuser\ntenancy=ocid1.tenancy.oc1..aaaatesttenancy\n\
             fingerprint=95:59:d4:a1:14:de:4c:7b:2f:98:c9:e1:7e:a6:6d:c7\nregion=us-chicago-1\nkey_file=~/key.pem\n{more}"
        );
        let path = written(folder, "config", &text);
        vec![("HOME", folder.path().to_str().expect("a path").to_owned()), ("OCI_CLI_CONFIG_FILE", path)]
    }

    #[test]
    fn a_key_of_the_configuration_file_is_named_by_tenancy_user_and_fingerprint() {
        let folder = TempDir::new().expect("a folder");
        let (identity, region) = found(&config(&folder, "")).expect("an identity");
        assert_eq!((key_of(&identity).as_str(), region.as_deref()), (key_id(), Some("us-chicago-1")));
    }

    #[test]
    fn a_session_of_the_configuration_file_is_named_by_its_token() {
        let folder = TempDir::new().expect("a folder");
        written(&folder, "token", "SESSION\n");
        let (identity, _) = found(&config(&folder, "security_token_file=~/token\n")).expect("an identity");
        assert_eq!(key_of(&identity), "ST$SESSION");
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = TempDir::new().expect("a folder");
        let with = |name: &'static str, value: &str| {
            let mut set = config(&folder, "");
            set.push((name, value.to_owned()));
            found(&set).expect_err("refused").name
        };
        assert_eq!(with("OCI_CLI_PROFILE", "other"), "OCI_CLI_PROFILE");
        assert_eq!(with(VERSION, "1.1"), VERSION);
        assert_eq!(with(VERSION, "2.2"), TOKEN);
        assert_eq!(found(&[]).expect_err("nothing is set").name, VERSION);
        let mut set = config(&folder, "fingerprint=\n");
        assert_eq!(found(&set).expect_err("no fingerprint").name, "fingerprint");
        set[1].1 = "/nowhere".to_owned();
        assert_eq!(found(&set).expect_err("no file").name, VERSION);
    }

    #[test]
    fn nothing_of_a_secret_is_in_the_debug_output() {
        let (identity, _) = found(&variables("TOKEN".to_owned(), PEM.to_owned())).expect("an identity");
        identity.signer().expect("a signer");
        assert_eq!(format!("{identity:?}"), "Identity { kind: \"resource principal\", .. }");
        let profile = Profile::find("[DEFAULT]\nkey_content=SECRET\n", DEFAULT).expect("a profile");
        assert!(!format!("{profile:?}").contains("SECRET"));
    }
}
