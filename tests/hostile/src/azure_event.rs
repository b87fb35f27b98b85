//! What the Functions host hands the custom handler.

use holdfast_azure::resource::ResourceId;
use holdfast_azure_function::event::{Filter, Function, Incoming, Invocation, Mode, parse};
use holdfast_site::manual::ManualCall;
use serde_json::{Value, json};

use crate::said;

const PROFILE: &str = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/dr-global/providers/\
                       Microsoft.Network/trafficManagerProfiles/logs";

/// As the host calls, and as somebody calls who knows an address.
const PATHS: [&str; 9] = [
    "/Alarm",
    "/Work",
    "/Tick",
    "/Preflight",
    "/Operator",
    "/api/alarm",
    "/api/operator",
    "/api/work",
    "/api/preflight",
];

fn filter() -> Filter {
    let profile = ResourceId::parse(PROFILE, holdfast_azure::endpoint::PROFILE).expect("an id");
    Filter { profile, endpoint: "primary".to_owned(), alarm_names: vec!["any-site-down".to_owned()] }
}

/// Any body on any path: understood, or ignored with its reason. A fixture of the function names its own path.
pub fn event(bytes: &[u8]) {
    if let Ok(fixture) = serde_json::from_slice::<Value>(bytes)
        && let (Some(path), Some(body)) = (fixture["path"].as_str(), fixture.get("body"))
    {
        judged(path, body.to_string().as_bytes());
    }
    let text = String::from_utf8_lossy(bytes);
    let wrapped = json!({"Data": {"req": {"Body": text}}, "Metadata": {}}).to_string();
    let queued = json!({"Data": {"work": text}, "Metadata": {}}).to_string();
    for path in PATHS {
        for body in [bytes, wrapped.as_bytes(), queued.as_bytes()] {
            judged(path, body);
        }
    }
}

fn judged(path: &str, body: &[u8]) {
    let Some(Invocation { function, mode, incoming, .. }) = parse(path, body, &filter()) else { return };
    match incoming {
        Incoming::Ignored(reason) => {
            said(&reason);
            said(&reason.code());
        }
        Incoming::Work(work) => {
            assert!(matches!(function, Function::Alarm | Function::Work), "{function:?} has work");
            said(&format!("{work:?}"));
        }
        Incoming::Tick => assert_eq!((function, mode), (Function::Tick, Mode::Envelope), "a stranger's tick"),
        // Whatever the body says, this door asks for a preflight and nothing else, and only the host's own timer opens it.
        Incoming::Manual(call) if function == Function::Preflight => {
            assert_eq!(mode, Mode::Envelope, "a stranger's preflight");
            assert_eq!(format!("{call:?}"), format!("{:?}", ManualCall::preflight()));
        }
        Incoming::Manual(call) => {
            assert_eq!(function, Function::Operator);
            said(&format!("{call:?}"));
        }
    }
}
