//! What stands between Lambda's runtime and [`Function`]: payloads as they came, and panics.
//!
//! The runtime reads a payload as JSON before it calls anybody, and answers one that it cannot read with an error of its
//! own, which Lambda delivers again. Here every payload is handed over as text, so that each is answered by us.

use std::{any::Any, future::Future, panic::AssertUnwindSafe};

use futures_util::FutureExt;
use lambda_runtime::{
    Diagnostic, Error, LambdaEvent, LambdaInvocation, Runtime, service_fn, tower::util::MapRequestLayer,
};
use serde_json::Value;

use crate::{function::Function, reply};

/// Answers events until Lambda ends the process.
///
/// # Errors
/// The runtime's, when its API cannot be reached.
pub async fn run(function: Function) -> Result<(), Error> {
    let handler = service_fn(|event: LambdaEvent<Option<String>>| guarded(function.invoke(event)));
    Runtime::new(handler).layer(MapRequestLayer::new(as_text)).run().await
}

/// The payload as one JSON text, whatever it is; `null` when it is no text.
fn as_text(mut invocation: LambdaInvocation) -> LambdaInvocation {
    let text = std::str::from_utf8(&invocation.body).ok();
    invocation.body = serde_json::to_vec(&text).unwrap_or_else(|_| b"null".to_vec()).into();
    invocation
}

/// A defect in the work is an error of ours, so that Lambda calls again. What the panic says is not told: it may quote
/// what was being worked on.
async fn guarded(work: impl Future<Output = Result<Value, Diagnostic>>) -> Result<Value, Diagnostic> {
    let ended: Result<_, Box<dyn Any + Send>> = AssertUnwindSafe(work).catch_unwind().await;
    ended.unwrap_or_else(|_| Err(reply::panicked()))
}

#[cfg(test)]
mod tests {
    use lambda_runtime::Context;

    use super::*;

    fn invocation(body: &'static [u8]) -> LambdaInvocation {
        let (parts, ()) = http::Response::new(()).into_parts();
        LambdaInvocation { parts, body: body.into(), context: Context::default() }
    }

    #[test]
    fn every_payload_can_be_read_by_the_runtime() {
        for (body, text) in [
            (&b"{\"action\":\"plan\"}"[..], Some("{\"action\":\"plan\"}")),
            (b"", Some("")),
            (b"[[[", Some("[[[")),
            (b"\"\n\x00\"", Some("\"\n\u{0}\"")),
            (b"\xff\xfe", None),
        ] {
            let handed = as_text(invocation(body)).body;
            let read: Option<String> = serde_json::from_slice(&handed).expect("JSON");
            assert_eq!(read.as_deref(), text, "{}", body.escape_ascii());
        }
    }

    #[tokio::test]
    async fn a_panic_is_an_error_of_ours_and_says_nothing_of_what_was_worked_on() {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let error = guarded(async { panic!("SECRET-OF-THE-EVENT") }).await.expect_err("an error");
        std::panic::set_hook(hook);
        assert_eq!(error.error_type, "Holdfast.Panic");
        assert!(!error.error_message.is_empty() && !error.error_message.contains("SECRET"), "{}", error.error_message);
        assert_eq!(guarded(async { Ok(Value::Null) }).await, Ok(Value::Null));
    }
}
