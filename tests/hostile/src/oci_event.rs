//! What OCI Functions hands the function.

use holdfast_oci_function::event::{Filter, Incoming, parse};

use crate::said;

fn filter() -> Filter {
    Filter {
        resources: vec!["ocid1.httpmonitor.oc1..aaaamonitor".to_owned()],
        alarms: vec!["any-site-down".to_owned()],
        ticks: vec!["holdfast-tick".to_owned()],
    }
}

/// Any content: each message in it is understood, or ignored with its reason. Whoever may publish on the topic may send any
/// text.
pub fn event(bytes: &[u8]) {
    let all = parse(bytes, &filter());
    assert!(!all.is_empty() && all.len() <= 100, "{} messages", all.len());
    for incoming in all {
        match incoming {
            Incoming::Ignored(reason) => {
                said(&reason);
                said(&reason.code());
            }
            Incoming::Alarm(alarm) => said(&format!("{alarm:?}")),
            Incoming::Manual(call) => said(&format!("{call:?}")),
            Incoming::Tick => {}
        }
    }
}
