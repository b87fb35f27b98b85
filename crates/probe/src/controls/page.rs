//! The page that something on the way gives in every site's name. Pure.

use holdfast_core::evidence::ProbeResult;
use http::{StatusCode, Uri};

use crate::verdict::{Judge, Outcome};

/// What came with a 200 where it is compared: a page that blocks names the address that was asked for, the time and a
/// number of its own, and is the same in all other words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// Its words in lower case, in their order, without those of the address and without all that holds a digit.
    Words(Vec<String>),
    /// No words are left; these bytes are all.
    Bytes(Vec<u8>),
}

impl Page {
    /// The page that was given for `uri`; `None` where the answer was no 200, or did not come whole, or is longer than
    /// a page that blocks.
    pub(super) fn of(outcome: &Outcome, uri: &Uri) -> Option<Self> {
        let answer = outcome.as_ref().ok().filter(|answer| answer.status() == StatusCode::OK)?;
        Some(Self::read(answer.body(), uri))
    }

    /// The same where `judge` says of it that the primary fails: of an answer that it gives while it is well, no
    /// control is suspected.
    pub(super) fn of_a_failing_primary(outcome: &Outcome, uri: &Uri, judge: Judge) -> Option<Self> {
        let answer = outcome.as_ref().ok()?;
        let fails = matches!(judge(answer.status(), answer.body()), ProbeResult::Failing { .. });
        Self::of(outcome, uri).filter(|_| fails)
    }

    fn read(body: &[u8], uri: &Uri) -> Self {
        let text = String::from_utf8_lossy(body).to_lowercase();
        let address = uri.to_string().to_lowercase();
        let own: Vec<&str> = split(&address).collect();
        let kept = split(&text).filter(|word| !word.contains(char::is_numeric) && !own.contains(word));
        let words: Vec<String> = kept.map(str::to_owned).collect();
        if words.is_empty() { Self::Bytes(body.to_vec()) } else { Self::Words(words) }
    }
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use http::Response;
    use hyper::body::Bytes;

    use super::*;

    fn page(host: &str, body: &str) -> Page {
        let uri = format!("https://{host}/ping").parse().expect("an address");
        Page::of(&Ok(Response::new(Bytes::copy_from_slice(body.as_bytes()))), &uri).expect("a page")
    }

    #[test]
    fn a_page_that_blocks_is_the_same_for_every_host() {
        let block = |host: &str, id: &str| {
            page(
                host,
                &format!("<html>Access to https://{host}/ping is blocked by policy. Incident {id}, 12:00:01</html>"),
            )
        };
        assert_eq!(block("p.example.com", "7f3a9"), block("c.example.org", "81bc2"));
        assert_ne!(block("p.example.com", "7f3a9"), page("c.example.org", "healthy: c.example.org"));
        assert_eq!(page("p.example.com", ""), page("c.example.org", ""));
        assert_ne!(page("p.example.com", "{}"), page("c.example.org", "1"));
    }

    #[test]
    fn only_a_200_is_a_page() {
        let uri = Uri::from_static("https://p.example.com/");
        for status in [301, 403, 404, 500] {
            let mut answer = Response::new(Bytes::from_static(b"blocked"));
            *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
            assert_eq!(Page::of(&Ok(answer), &uri), None, "{status}");
        }
    }
}
