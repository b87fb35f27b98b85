//! The way to the primary's cluster, which is another than the standby's and may be gone.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use holdfast_core::{Call, Fault, FaultClass};
use holdfast_http::Proxies;
use holdfast_kubernetes::{Access, Connector, KnownCluster, TokenSource, connect};
use kube::Client;

const TOKEN: &str = "primary:token";

/// The longest token that is read of a file, in bytes.
const LONGEST_TOKEN: u64 = 16 * 1024;

/// Where the token of the primary's cluster comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum Token {
    /// It is known.
    Known(String),
    /// A file, read anew for each request: a projected token is replaced there before it expires.
    File(String),
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Known(_) => write!(f, "Known(not shown)"),
            Self::File(path) => write!(f, "File({path:?})"),
        }
    }
}

impl TokenSource for Token {
    fn token(&self) -> Result<String, Fault> {
        match self {
            Self::Known(token) => Ok(token.clone()),
            Self::File(path) => read(path).map_err(|why| {
                Fault::new(FaultClass::Denied, TOKEN, format!("the token of the primary's cluster, {path}: {why}"))
            }),
        }
    }
}

/// The token in a file, without blanks around it.
fn read(path: &str) -> Result<String, String> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(|error| error.kind().to_string())?;
    let mut text = String::new();
    file.take(LONGEST_TOKEN).read_to_string(&mut text).map_err(|error| error.kind().to_string())?;
    match text.trim() {
        "" => Err("is empty".to_owned()),
        token => Ok(token.to_owned()),
    }
}

/// Makes the client once, at the first request.
pub(crate) struct PrimaryCluster {
    known: KnownCluster,
    token: Token,
    proxies: Proxies,
    client: Mutex<Option<Client>>,
}

impl PrimaryCluster {
    pub(crate) fn new(known: KnownCluster, token: Token, proxies: Proxies) -> Self {
        Self { known, token, proxies, client: Mutex::new(None) }
    }

    fn made(&self) -> Result<Client, Fault> {
        let unreadable = |_| Fault::new(FaultClass::Invalid, TOKEN, "the CA of the primary's cluster is no base64");
        let ca_pem = STANDARD.decode(&self.known.ca_data).map_err(unreadable)?;
        let token = std::sync::Arc::new(self.token.clone());
        connect(Access { endpoint: self.known.endpoint.clone(), ca_pem, token }, &self.proxies)
    }
}

#[async_trait]
impl Connector for PrimaryCluster {
    async fn client(&self, _call: &Call) -> Result<Client, Fault> {
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref() {
            Some(client) => Ok(client.clone()),
            None => Ok(kept.insert(self.made()?).clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_shown_and_one_of_a_file_is_read_anew() {
        assert!(!format!("{:?}", Token::Known("hunter2".to_owned())).contains("hunter2"));
        let path = std::env::temp_dir().join(format!("holdfast-apic-token-{}", std::process::id()));
        let token = Token::File(path.display().to_string());
        for written in ["first\n", " second "] {
            std::fs::write(&path, written).expect("written");
            assert_eq!(token.token().expect("a token"), written.trim());
        }
        std::fs::write(&path, "\n").expect("written");
        assert_eq!(token.token().expect_err("empty").class, FaultClass::Denied);
        std::fs::remove_file(&path).expect("removed");
        assert!(token.token().expect_err("gone").message.contains("not found"));
    }
}
