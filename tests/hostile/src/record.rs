//! The document that survives between calls.

use holdfast_core::{
    Timestamp,
    decision::{Said, decide},
    evidence::Evidence,
    policy::Policy,
    record::{Note, Pause, StepRecord},
    step::Need,
    transition::{Event, next},
};
use holdfast_kubernetes::store::read;

use crate::said;

/// Any document is read or refused with a reason; what was read can be judged, changed and written again.
pub fn record(bytes: &[u8]) {
    let state = match read(&String::from_utf8_lossy(bytes)) {
        Ok(state) => state,
        Err(why) => return said(&why),
    };
    let text = serde_json::to_string(&state).expect("what was read can be written");
    assert_eq!(read(&text).as_ref(), Ok(&state), "and read again");
    let now = Timestamp::from_second(1_767_225_600).expect("a time in range");
    let nothing = Evidence::nothing(now);
    let seen = state.current.as_ref().and_then(|execution| execution.evidence.known());
    let seen = seen.map(|evidence| Evidence { at: now, ..evidence.clone() });
    for evidence in [Some(nothing), seen].into_iter().flatten() {
        let decision = decide(&Ok(state.clone()), &evidence, &Policy::default(), now, Said::default());
        assert!(!decision.reasons.is_empty(), "{decision:?}");
    }
    let execution = state.current.clone();
    let began = execution.into_iter().map(|execution| Event::Began(Box::new(execution)));
    let step = StepRecord::pending("scale-operator", Need::Required);
    let events = [
        Event::Stepped { fence: u64::MAX, step },
        Event::TakenOver { fence: u64::MAX, holder: "other".to_owned(), found: Default::default() },
        Event::Noted(Note { at: now, text: "text".to_owned() }),
        Event::Aborted { at: now, reason: "reason".to_owned() },
        Event::Paused(Pause { at: now, until: None, reason: "reason".to_owned(), caller: None }),
        Event::Unlocked { at: now },
    ];
    for event in began.chain(events) {
        if let Err(illegal) = next(&state, event) {
            assert!(!illegal.to_string().is_empty());
        }
    }
}
