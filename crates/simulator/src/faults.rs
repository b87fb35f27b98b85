//! Faults that can be put on any call, by its name.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::calls::matches;

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Refused before it has an effect, in the shape of its service.
    Error {
        /// HTTP status, 400 to 599.
        status: u16,
        /// The service's error code, such as `Throttling`; for Kubernetes the `reason`, such as `TooManyRequests`.
        code: String,
    },
    /// Taken up only after this (real) time.
    Delay(Duration),
    /// Accepted and never answered; no effect.
    Hang,
    /// The connection is closed before the effect.
    Cut,
    /// The effect happens, then the connection is closed without one byte of the answer.
    LoseAnswer,
    /// The effect happens, and the answer says that it did not.
    FailAfter {
        /// HTTP status, 400 to 599.
        status: u16,
        /// As in [`Fault::Error`].
        code: String,
    },
    /// The function's process that made the call is killed (signal 9), and the connection closed.
    KillFunction {
        /// Whether the call takes effect before the process dies.
        after: bool,
    },
}

impl Fault {
    /// Route 53's refusal beyond five requests a second: HTTP 400, code `Throttling`.
    pub fn throttled_by_route53() -> Self {
        Self::Error { status: 400, code: "Throttling".to_owned() }
    }

    /// The refusal of SSM, EKS and CloudWatch beyond their rates: HTTP 400, code `ThrottlingException`.
    pub fn throttled() -> Self {
        Self::Error { status: 400, code: "ThrottlingException".to_owned() }
    }

    /// Azure's refusal beyond its rates: HTTP 429 with Retry-After.
    pub fn throttled_by_arm() -> Self {
        Self::Error { status: 429, code: "TooManyRequests".to_owned() }
    }

    /// OCI's refusal beyond its rates: HTTP 429.
    pub fn throttled_by_oci() -> Self {
        Self::Error { status: 429, code: "TooManyRequests".to_owned() }
    }

    /// A Kubernetes API server under load: HTTP 429, reason `TooManyRequests`, with Retry-After.
    pub fn kubernetes_busy() -> Self {
        Self::Error { status: 429, code: "TooManyRequests".to_owned() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error { status, code } => write!(out, "answered {status} {code}"),
            Self::Delay(by) => write!(out, "delayed by {} ms", by.as_millis()),
            Self::Hang => write!(out, "never answered"),
            Self::Cut => write!(out, "cut before the effect"),
            Self::LoseAnswer => write!(out, "answer lost after the effect"),
            Self::FailAfter { status, code } => write!(out, "answered {status} {code} after the effect"),
            Self::KillFunction { after: false } => write!(out, "function killed before the effect"),
            Self::KillFunction { after: true } => write!(out, "function killed after the effect"),
        }
    }
}

/// A fault with the calls that it meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pattern: String,
    fault: Fault,
    /// Nothing is met before a call of this name.
    after: Option<String>,
    skip: u32,
    left: Option<u32>,
}

impl Rule {
    /// Puts `fault` on every call whose name is `pattern`, or begins with it when it ends in `*` (`route53:*` is a whole service).
    pub fn on(pattern: impl Into<String>, fault: Fault) -> Self {
        Self { pattern: pattern.into(), fault, after: None, skip: 0, left: None }
    }

    /// Only the next `count` matching calls; later ones pass.
    pub fn times(self, count: u32) -> Self {
        Self { left: Some(count), ..self }
    }

    /// The first `count` matching calls pass.
    pub fn skipping(self, count: u32) -> Self {
        Self { skip: count, ..self }
    }

    /// Only calls that arrive after one that fits `pattern`: for calls that many make, when those of one of them are meant.
    pub fn after(self, pattern: impl Into<String>) -> Self {
        Self { after: Some(pattern.into()), ..self }
    }

    fn meets(&mut self, name: &str) -> bool {
        if self.after.is_some() || self.left == Some(0) || !matches(&self.pattern, name) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.left = self.left.map(|left| left - 1);
        true
    }

    fn hear(&mut self, name: &str) {
        if self.after.as_ref().is_some_and(|awaited| matches(awaited, name)) {
            self.after = None;
        }
    }
}

/// The rules in force. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Vec<Rule>>>);

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.0.lock().expect("no code panics while it holds this lock")
    }

    /// Adds a rule. Where several match, the first one added that still has calls to meet wins.
    pub fn add(&self, rule: Rule) {
        self.lock().push(rule);
    }

    /// Shorthand: `fault` on every call that fits `pattern`, until cleared.
    pub fn always(&self, pattern: &str, fault: Fault) {
        self.add(Rule::on(pattern, fault));
    }

    /// Shorthand: `fault` on the next call that fits `pattern`.
    pub fn once(&self, pattern: &str, fault: Fault) {
        self.add(Rule::on(pattern, fault).times(1));
    }

    /// Removes every rule. A call that hangs already goes on hanging.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Removes the rules with this very pattern.
    pub fn lift(&self, pattern: &str) {
        self.lock().retain(|rule| rule.pattern != pattern);
    }

    /// The fault for a call that arrives now; counts it against its rule.
    pub(crate) fn take(&self, name: &str) -> Option<Fault> {
        let mut rules = self.lock();
        let fault = rules.iter_mut().find_map(|rule| rule.meets(name).then(|| rule.fault.clone()));
        rules.iter_mut().for_each(|rule| rule.hear(name));
        fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_meets_only_its_count_of_calls() {
        let faults = Faults::default();
        faults.add(Rule::on("ssm:PutParameter", Fault::Cut).times(2));
        let met: Vec<_> = (0..3).map(|_| faults.take("ssm:PutParameter").is_some()).collect();
        assert_eq!(met, [true, true, false]);
    }

    #[test]
    fn skipped_calls_pass_before_the_fault_starts() {
        let faults = Faults::default();
        faults.add(Rule::on("route53:*", Fault::Hang).skipping(1).times(1));
        assert_eq!(faults.take("route53:GetHealthCheck"), None);
        assert_eq!(faults.take("ssm:GetParameter"), None);
        assert_eq!(faults.take("route53:UpdateHealthCheck"), Some(Fault::Hang));
        assert_eq!(faults.take("route53:UpdateHealthCheck"), None);
    }

    #[test]
    fn a_rule_can_wait_for_another_call() {
        let faults = Faults::default();
        faults.add(Rule::on("kubernetes:list:pods", Fault::Hang).after("route53:Update*").times(1));
        let calls =
            ["kubernetes:list:pods", "route53:UpdateHealthCheck", "kubernetes:list:pods", "kubernetes:list:pods"];
        assert_eq!(calls.map(|call| faults.take(call).is_some()), [false, false, true, false]);
    }

    #[test]
    fn a_spent_rule_lets_the_next_one_speak() {
        let faults = Faults::default();
        faults.once("eks:*", Fault::Cut);
        faults.always("eks:*", Fault::Hang);
        assert_eq!(faults.take("eks:DescribeCluster"), Some(Fault::Cut));
        assert_eq!(faults.take("eks:DescribeCluster"), Some(Fault::Hang));
        faults.lift("eks:*");
        assert_eq!(faults.take("eks:DescribeCluster"), None);
    }
}
