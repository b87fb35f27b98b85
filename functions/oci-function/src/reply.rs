//! Endings in the words of the contract (docs/reference/oci.md#function-contract): 200 is over, 502 and 504 are failures after which the container is
//! kept. Any other status would end the container, so none is ever sent.

use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::json;

use crate::ending::Ending;

/// Longest content that the platform takes.
pub const LONGEST: usize = 6 * 1024 * 1024;

/// What we call ourselves.
const VERSION: &str = concat!("holdfast/", env!("CARGO_PKG_VERSION"));

/// The response to the agent.
pub fn of_ending(ending: Ending) -> Response<Full<Bytes>> {
    match ending {
        Ending::Said(document) => respond(StatusCode::OK, document.to_string()),
        Ending::Again(document) => respond(StatusCode::BAD_GATEWAY, document.to_string()),
        Ending::OutOfTime => {
            let says =
                "the work did not end in time; what was begun stays in the record and is driven on by the next call";
            respond(StatusCode::GATEWAY_TIMEOUT, json!({"outcome": "out_of_time", "says": [says]}).to_string())
        }
    }
}

/// The response to what is no call. The agent sends nothing else than `POST /call`; if it ever does, the container must
/// survive it.
pub fn no_call() -> Response<Full<Bytes>> {
    respond(StatusCode::BAD_GATEWAY, json!({"outcome": "no_call", "says": ["only POST /call is answered"]}).to_string())
}

fn respond(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let text = match text.len() {
        0..=LONGEST => text,
        _ => json!({"outcome": "answered", "says": ["the answer is longer than 6 MB; the log has its outcome"]})
            .to_string(),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert("fn-fdk-version", HeaderValue::from_static(VERSION));
    response
}

#[cfg(test)]
mod tests {
    use hyper::body::Body as _;

    use super::*;

    #[test]
    fn no_status_is_sent_that_would_end_the_container() {
        for (ending, status) in
            [(Ending::Said(json!({})), 200), (Ending::Again(json!({})), 502), (Ending::OutOfTime, 504)]
        {
            let response = of_ending(ending);
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["content-type"], "application/json");
            assert!(
                response.headers()["fn-fdk-version"].to_str().is_ok_and(|version| version.starts_with("holdfast/"))
            );
        }
        assert_eq!(no_call().status(), 502);
    }

    #[test]
    fn an_answer_that_the_platform_would_not_take_is_replaced() {
        let long = of_ending(Ending::Said(json!("x".repeat(LONGEST))));
        assert!(long.status() == 200 && long.body().size_hint().exact().is_some_and(|size| size < 200));
    }
}
