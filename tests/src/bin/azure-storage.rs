//! The function's own blob cooldown and queue, done on whatever storage it is told of: a process of its own, because the
//! identity and the trusted authority are in the environment.
//!
//! Argument: a JSON document with the URLs `cooldown`, `reference`, `nowhere` (blobs) and `queue`. Output: what came of
//! each operation, as JSON: a time in epoch seconds, null for never or done, or the class of a fault.

#![expect(clippy::print_stdout, reason = "its output is its answer")]

use std::{sync::Arc, time::Duration};

use holdfast_azure::{
    Azure, Options,
    arm::{Credential, PUBLIC},
    cooldown::BlobCooldown,
    queue::Queue,
};
use holdfast_core::{Fault, Timestamp, ports::CooldownStore};
use holdfast_http::Proxies;
use holdfast_tests::clock::call;
use serde_json::{Value, json};

/// 2026-01-01T00:00:00Z.
const FIRST: i64 = 1_767_225_600;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let given = std::env::args().nth(1).unwrap_or_default();
    let given: Value = serde_json::from_str(&given).expect("a JSON document");
    let url = |name: &str| given[name].as_str().expect("a URL").to_owned();
    let options = Options {
        endpoint: PUBLIC.to_owned(),
        audience: PUBLIC.to_owned(),
        credential: Credential::default(),
        proxies: Proxies::default(),
    };
    let azure = Arc::new(Azure::new(&options).expect("an identity"));
    let store = |name: &str| BlobCooldown::new(Arc::clone(&azure), url(name));
    let queue = Queue::new(Arc::clone(&azure), &url("queue"));
    let cooldown = cooldown([store("cooldown"), store("cooldown")]).await;
    let seen = json!({
        "cooldown": cooldown,
        "reference": time(store("reference").last(&call()).await),
        "nowhere": time(store("nowhere").last(&call()).await),
        "at_once": done(queue.put(&call(), r#"{"n":1,"text":"a < b & ü"}"#, Duration::ZERO).await),
        "soon": done(queue.put(&call(), r#"{"n":2}"#, Duration::from_millis(1500)).await),
        "much_later": done(queue.put(&call(), r#"{"n":3}"#, Duration::from_secs(3600)).await),
    });
    println!("{seen}");
}

/// Two workers on one blob that is not there at first: each writes on what it has read, and the later one loses.
async fn cooldown([one, other]: [BlobCooldown; 2]) -> Value {
    let at = |seconds: i64| Timestamp::from_second(FIRST + seconds).expect("in range");
    json!([
        time(one.last(&call()).await),
        time(other.last(&call()).await),
        done(one.set(&call(), at(0)).await),
        // The other has seen no blob: it must not overwrite the one that is there now.
        done(other.set(&call(), at(1)).await),
        time(other.last(&call()).await),
        // Each knows the blob now; the other writes first, so the one is late.
        done(other.set(&call(), at(2)).await),
        done(one.set(&call(), at(3)).await),
        time(one.last(&call()).await),
        done(one.set(&call(), at(4)).await),
        time(other.last(&call()).await),
    ])
}

fn time(answer: Result<Option<Timestamp>, Fault>) -> Value {
    answer.map_or_else(class, |last| json!(last.map(Timestamp::as_second)))
}

fn done(answer: Result<(), Fault>) -> Value {
    answer.map_or_else(class, |()| Value::Null)
}

fn class(fault: Fault) -> Value {
    json!(format!("{:?}", fault.class))
}
