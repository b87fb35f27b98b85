//! The log of every call that reached the simulator, and what it tells about sequence.

use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use serde::Serialize;

use crate::time;

/// One call as the server saw it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// Position in the log, from 1; later calls have larger numbers.
    pub id: u64,
    /// Service and operation, such as `route53:UpdateHealthCheck`, `kubernetes:patch:deployments/scale` or `primary:GET /api/v1/status`.
    pub name: String,
    /// Request id of the Lambda invocation that made it, where that can be told: by the session token, which differs per process,
    /// else when only one invocation was running. `None` for other clients.
    pub invocation: Option<String>,
    /// When its head had arrived.
    pub started: Timestamp,
    /// When its answer was ready or its connection was cut; `None` while it runs or hangs.
    pub ended: Option<Timestamp>,
    /// HTTP status of the answer; `None` when none was given.
    pub status: Option<u16>,
    /// The fault that was put on it, in words.
    pub fault: Option<String>,
}

/// Every call in order of arrival. Clones share one log.
#[derive(Debug, Clone, Default)]
pub struct CallLog(Arc<Mutex<Vec<Call>>>);

impl CallLog {
    fn lock(&self) -> MutexGuard<'_, Vec<Call>> {
        self.0.lock().expect("no code panics while it holds this lock")
    }

    /// All calls so far.
    pub fn all(&self) -> Vec<Call> {
        self.lock().clone()
    }

    /// The calls that began after the one with this id; 0 gives all.
    pub fn since(&self, id: u64) -> Vec<Call> {
        self.lock().iter().filter(|call| call.id > id).cloned().collect()
    }

    /// The calls of this name; a final `*` matches any rest.
    pub fn named(&self, pattern: &str) -> Vec<Call> {
        self.lock().iter().filter(|call| matches(pattern, &call.name)).cloned().collect()
    }

    /// Id of the newest call, 0 when there is none: a mark for [`CallLog::since`] and [`CallLog::sequential_chain`].
    pub fn mark(&self) -> u64 {
        self.lock().last().map_or(0, |call| call.id)
    }

    /// The longest chain of finished calls after `id` in which each began after the one before had ended: the round trips that
    /// had to wait for each other. Trustworthy only with some delay on every call (`Options::round_trip_delay`): without one,
    /// calls that a client sends side by side can still end before the next arrives.
    pub fn sequential_chain(&self, id: u64) -> Vec<Call> {
        longest_chain(self.since(id))
    }

    /// Opens an entry. The guard closes it, also when the connection is dropped half-way.
    pub(crate) fn begin(&self, name: &str, invocation: Option<String>) -> OpenCall {
        let mut calls = self.lock();
        let id = calls.len() as u64 + 1;
        calls.push(Call {
            id,
            name: name.to_owned(),
            invocation,
            started: time::now(),
            ended: None,
            status: None,
            fault: None,
        });
        OpenCall { log: self.clone(), id }
    }

    fn edit(&self, id: u64, change: impl FnOnce(&mut Call)) {
        if let Some(call) = self.lock().get_mut(id as usize - 1) {
            change(call);
        }
    }
}

/// An entry whose call has not ended.
pub(crate) struct OpenCall {
    log: CallLog,
    id: u64,
}

impl OpenCall {
    /// Notes the fault that was put on the call.
    pub(crate) fn fault(&self, words: String) {
        self.log.edit(self.id, |call| call.fault = Some(words));
    }

    /// Notes the status of the answer.
    pub(crate) fn status(&self, status: http::StatusCode) {
        self.log.edit(self.id, |call| call.status = Some(status.as_u16()));
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.log.edit(self.id, |call| call.ended = Some(time::now()));
    }
}

/// Whether a name fits a pattern: the same text, or the same beginning when the pattern ends in `*`.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix))
}

/// Taking the call that ends first again and again gives the most calls that do not overlap (interval scheduling).
fn longest_chain(mut calls: Vec<Call>) -> Vec<Call> {
    calls.retain(|call| call.ended.is_some());
    calls.sort_by_key(|call| call.ended);
    let mut chain: Vec<Call> = Vec::new();
    for call in calls {
        if chain.last().is_none_or(|last| last.ended.is_some_and(|ended| ended <= call.started)) {
            chain.push(call);
        }
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: u64, started: i64, ended: i64) -> Call {
        let at = |ms| Timestamp::from_millisecond(ms).expect("time");
        Call {
            id,
            name: format!("c{id}"),
            invocation: None,
            started: at(started),
            ended: Some(at(ended)),
            status: None,
            fault: None,
        }
    }

    fn chain(calls: Vec<Call>) -> Vec<u64> {
        longest_chain(calls).into_iter().map(|call| call.id).collect()
    }

    #[test]
    fn calls_side_by_side_count_once() {
        assert_eq!(chain(vec![call(1, 0, 10), call(2, 1, 9), call(3, 11, 20)]), [2, 3]);
    }

    #[test]
    fn one_long_call_does_not_hide_three_short_ones() {
        assert_eq!(chain(vec![call(1, 0, 100), call(2, 0, 10), call(3, 20, 30), call(4, 40, 50)]), [2, 3, 4]);
    }

    #[test]
    fn a_call_that_never_ended_is_no_part_of_a_chain() {
        let mut hanging = call(1, 0, 0);
        hanging.ended = None;
        assert_eq!(chain(vec![hanging, call(2, 5, 6)]), [2]);
    }

    #[test]
    fn a_dropped_call_is_closed_without_a_status() {
        let log = CallLog::default();
        drop(log.begin("ssm:GetParameter", None));
        let call = &log.all()[0];
        assert!(call.ended.is_some() && call.status.is_none());
    }

    #[test]
    fn a_star_matches_any_rest_and_nothing_else_does() {
        assert!(matches("route53:*", "route53:GetHealthCheck"));
        assert!(matches("ssm:GetParameter", "ssm:GetParameter"));
        assert!(!matches("ssm:GetParameter", "ssm:GetParameters"));
    }
}
