//! Lists: narrowed on the server, in pages, bounded in all that they may bring.

use holdfast_core::{Call, Fault, FaultClass};
use http::StatusCode;
use serde::{Deserialize, de::DeserializeOwned};

use super::{Answer, Api, Operation, invalid, read, refused};
use crate::meta::or_default;

/// Objects in one page. A hundred secrets with a certificate and two key stores are about 1 MB.
const LIMIT: usize = 100;

/// Pages of one list. Twenty thousand objects of a kind that we ask for are none that we were made for.
const PAGES: usize = 200;

/// Bytes of a list that are kept, by [`Weight`].
const KEPT: usize = 2 * 1024 * 1024;

/// Longest continue token that is sent back.
const LONGEST_TOKEN: usize = 8 * 1024;

/// How much memory an object takes, so that a list can be bounded.
pub trait Weight {
    /// About that many bytes.
    fn weight(&self) -> usize;
}

/// All of them together.
pub fn total(parts: impl IntoIterator<Item = usize>) -> usize {
    parts.into_iter().fold(0, usize::saturating_add)
}

/// What a list brought.
#[derive(Debug)]
pub struct Listed<T> {
    /// The objects that were to be kept, in the server's order.
    pub items: Vec<T>,
    /// False when there are more than a list may bring; the rest was not read.
    pub complete: bool,
}

/// One page on the wire.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Page<T> {
    #[serde(default)]
    metadata: Next,
    /// An answer without this field is no list, and must not read as an empty one.
    #[serde(deserialize_with = "or_default")]
    items: Vec<T>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Next {
    #[serde(rename = "continue", deserialize_with = "or_default")]
    token: String,
}

/// What came of asking for a page.
enum Turn<T> {
    Read(Page<T>),
    /// The page is longer than what is read.
    TooLong,
    /// The server has forgotten the state that this list is of (410); a list may begin anew.
    Expired,
}

impl Api {
    /// Reads a list page by page and keeps what `keep` says. `query` holds selectors, in characters that a query may
    /// hold as they are.
    ///
    /// # Errors
    /// Faults of the API server.
    pub async fn list<T: DeserializeOwned + Weight>(
        &self,
        call: &Call,
        operation: &Operation,
        query: &str,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Listed<T>, Fault> {
        for _ in 0..2 {
            if let Some(listed) = self.pages(call, operation, query, &keep).await? {
                return Ok(listed);
            }
        }
        let message = "the list could not be read to its end: its continue token expired twice (HTTP 410)";
        Err(Fault::new(FaultClass::Server, operation.name, message))
    }

    /// Reads a list that is expected to have one page of `limit` objects. `None` when it has more, or when the page is
    /// longer than what is read; then nothing was kept.
    pub(crate) async fn short_list<T: DeserializeOwned>(
        &self,
        call: &Call,
        operation: &Operation,
        query: &str,
        limit: usize,
    ) -> Result<Option<Vec<T>>, Fault> {
        Ok(match self.turn(call, operation, query, limit, "").await? {
            Turn::Read(page) if page.metadata.token.is_empty() => Some(page.items),
            Turn::Read(_) | Turn::TooLong | Turn::Expired => None,
        })
    }

    /// `None` when the server has forgotten the beginning of this list.
    async fn pages<T: DeserializeOwned + Weight>(
        &self,
        call: &Call,
        operation: &Operation,
        query: &str,
        keep: &impl Fn(&T) -> bool,
    ) -> Result<Option<Listed<T>>, Fault> {
        let mut listed = Listed { items: Vec::new(), complete: false };
        let (mut limit, mut token, mut kept) = (LIMIT, String::new(), 0_usize);
        for _ in 0..PAGES {
            match self.turn(call, operation, query, limit, &token).await? {
                Turn::Expired => return Ok(None),
                Turn::TooLong if limit == 1 => {
                    let most = operation.largest;
                    return Err(invalid(operation, format!("one object of the list is longer than {most} bytes")));
                }
                Turn::TooLong => limit = (limit / 2).max(1),
                Turn::Read(page) => {
                    let items = page.items.into_iter().filter(keep);
                    listed.items.extend(items.inspect(|item| kept = kept.saturating_add(item.weight())));
                    listed.complete = page.metadata.token.is_empty();
                    if listed.complete || kept > KEPT {
                        break;
                    }
                    token = page.metadata.token;
                }
            }
        }
        Ok(Some(listed))
    }

    async fn turn<T: DeserializeOwned>(
        &self,
        call: &Call,
        operation: &Operation,
        query: &str,
        limit: usize,
        token: &str,
    ) -> Result<Turn<T>, Fault> {
        if token.len() > LONGEST_TOKEN {
            return Err(invalid(operation, format!("the continue token is longer than {LONGEST_TOKEN} bytes")));
        }
        let next = if token.is_empty() { String::new() } else { format!("&continue={}", encoded(token)) };
        let query = format!("{query}&limit={limit}{next}");
        let Answer { code, headers, body } = self.ask(call, operation, None, &query, Vec::new()).await?;
        match body {
            _ if code == StatusCode::GONE && !token.is_empty() => Ok(Turn::Expired),
            body if !code.is_success() => Err(refused(operation, None, code, &headers, body)),
            Some(body) => read(operation, &body).map(Turn::Read),
            None => Ok(Turn::TooLong),
        }
    }
}

/// Percent encoding of everything that is not unreserved in a URL.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests;
