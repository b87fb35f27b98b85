//! Who may sign: the function's containers, each with a token and a key in files (resource principal 2.2, docs/reference/oci.md#resource-principals), and an operator
//! with an API key (5.2).

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{COMPARTMENT_ID, FUNCTION_ID, OPERATOR_ID, TENANCY_ID};
use crate::time;

/// How long a token is good, in seconds. Not paced: the function reads `exp` by the wall clock.
const TOKEN_LIFE_S: i64 = 1800;
/// Names of the files, as in OCI Functions.
const TOKEN_FILE: &str = "rpst";
const KEY_FILE: &str = "private.pem";

/// Who signed a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Principal {
    /// The function, in the container of this session.
    Function {
        /// Tells the container.
        session: String,
    },
    /// A person who may do everything.
    Operator,
}

/// A key that signatures can be checked with.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) principal: Principal,
    /// PKCS #1, as the check wants it.
    pub(crate) public: Vec<u8>,
}

/// All of them. Clones share them.
#[derive(Clone)]
pub struct Principals(Arc<Inner>);

struct Inner {
    /// Removed with everything in it.
    folder: tempfile::TempDir,
    operator: Key,
    state: Mutex<State>,
}

struct State {
    key: Key,
    known: BTreeMap<String, Known>,
    seats: BTreeMap<String, PathBuf>,
    /// Tokens made so far.
    made: u64,
}

struct Key {
    pem: String,
    public: Vec<u8>,
}

impl Key {
    fn generate() -> io::Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(io::Error::other)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(io::Error::other)?;
        let pem = pem::encode(&pem::Pem::new("PRIVATE KEY", der.as_ref()));
        Ok(Self { pem, public: pair.public_key().as_ref().to_vec() })
    }

    /// In the form of a fingerprint; a real one is made with MD5.
    fn fingerprint(&self) -> String {
        let sum = Sha256::digest(&self.public);
        sum.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
    }
}

/// A container's place: where its token and its key are.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) session: String,
    pub(crate) token: PathBuf,
    pub(crate) key: PathBuf,
}

impl Principals {
    /// Makes the keys, in a folder of their own.
    pub(crate) fn new() -> io::Result<Self> {
        let (operator, key) = (Key::generate()?, Key::generate()?);
        let known = Known { principal: Principal::Operator, public: operator.public.clone() };
        let known = BTreeMap::from([(key_id(&operator), known)]);
        let folder = tempfile::Builder::new().prefix("holdfast-simulator-oci-").tempdir()?;
        let state = Mutex::new(State { key, known, seats: BTreeMap::new(), made: 0 });
        Ok(Self(Arc::new(Inner { folder, operator, state })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no code panics while it holds this lock")
    }

    /// `keyId` of the operator's API key.
    pub fn operator_key_id(&self) -> String {
        key_id(&self.0.operator)
    }

    /// The operator's API key, as PEM of PKCS #8.
    pub fn operator_key(&self) -> &str {
        &self.0.operator.pem
    }

    /// Who has the key of this `keyId`.
    pub(crate) fn find(&self, key_id: &str) -> Option<Known> {
        self.state().known.get(key_id).cloned()
    }

    /// A place for the container of this number.
    pub(crate) fn seat(&self, container: u64) -> io::Result<Seat> {
        let session = format!("holdfast-simulated-session-{container}");
        let folder = self.0.folder.path().join(&session);
        std::fs::create_dir_all(&folder)?;
        let mut state = self.state();
        state.issue(&session, &folder)?;
        state.seats.insert(session.clone(), folder.clone());
        Ok(Seat { session, token: folder.join(TOKEN_FILE), key: folder.join(KEY_FILE) })
    }

    /// The platform replaces the function's key, and token and key of every container. What was signed with the one before is refused from
    /// now on.
    ///
    /// # Errors
    /// When no key can be made or a file cannot be written.
    pub fn rotate(&self) -> io::Result<()> {
        let key = Key::generate()?;
        let mut state = self.state();
        state.key = key;
        state.known.retain(|_, known| known.principal == Principal::Operator);
        let seats = state.seats.clone();
        seats.iter().try_for_each(|(session, folder)| state.issue(session, folder))
    }
}

impl State {
    /// Makes a token and writes both files.
    fn issue(&mut self, session: &str, folder: &Path) -> io::Result<()> {
        self.made += 1;
        let token = token(session, self.made);
        write(folder, KEY_FILE, &self.key.pem)?;
        write(folder, TOKEN_FILE, &token)?;
        let principal = Principal::Function { session: session.to_owned() };
        self.known.insert(format!("ST${token}"), Known { principal, public: self.key.public.clone() });
        Ok(())
    }
}

fn key_id(key: &Key) -> String {
    format!("{TENANCY_ID}/{OPERATOR_ID}/{}", key.fingerprint())
}

/// A JWT with the claims of a resource principal's session token. Nobody but the service could check its signature, so it has none worth
/// the name.
fn token(session: &str, number: u64) -> String {
    let now = time::now().as_second();
    let claims = json!({
        "sub": FUNCTION_ID, "iss": "authService.oracle.com", "iat": now, "exp": now + TOKEN_LIFE_S, "jti": number.to_string(),
        "res_type": "fnfunc", "res_id": FUNCTION_ID, "res_tenant": TENANCY_ID, "res_compartment": COMPARTMENT_ID,
        "sess": session, "ptype": "resource",
    });
    let header = json!({"alg": "RS256", "kid": "simulated", "typ": "JWT"});
    let encoded = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}.{}", encoded(&header), encoded(&claims), URL_SAFE_NO_PAD.encode("simulated"))
}

/// The session in a token, unchecked.
pub(crate) fn session(key_id: &str) -> Option<String> {
    let claims = key_id.strip_prefix("ST$")?.split('.').nth(1)?;
    let claims: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    Some(claims["sess"].as_str()?.to_owned())
}

/// A reader meets the old file or the new one, never half of one.
fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let beside = folder.join(format!("{name}.new"));
    std::fs::write(&beside, text)?;
    std::fs::rename(beside, folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_replaces_both_files_and_what_was_before_is_unknown() {
        let principals = Principals::new().expect("keys");
        let seat = principals.seat(1).expect("a seat");
        let read = |path: &Path| std::fs::read_to_string(path).expect("a file");
        let (token, key) = (format!("ST${}", read(&seat.token)), read(&seat.key));
        assert_eq!(session(&token).as_ref(), Some(&seat.session));
        let known = principals.find(&token).expect("known");
        assert_eq!(known.principal, Principal::Function { session: seat.session.clone() });
        principals.rotate().expect("rotated");
        assert!(principals.find(&token).is_none() && read(&seat.key) != key);
        assert!(principals.find(&format!("ST${}", read(&seat.token))).is_some());
        assert!(principals.find(&principals.operator_key_id()).is_some(), "a person's key is another");
    }
}
