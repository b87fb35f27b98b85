//! Results, for people and as JSON.

use std::process::ExitCode;

use holdfast_core::clock::until;
use serde_json::{Value, json};

use super::{run_report::RunReport, scenario::Scenario};

/// How one promise came out.
struct Kept {
    name: &'static str,
    result: Result<String, String>,
}

/// How one scenario came out.
pub struct Verdict {
    scenario: &'static str,
    stuck: Option<String>,
    promises: Vec<Kept>,
    /// From the break of the primary to the lock, simulated seconds.
    break_to_lock_s: Option<f64>,
    record: Value,
}

impl Verdict {
    /// The verdict on a scenario that was run.
    pub fn of(scenario: &Scenario, played: Result<(), String>, report: &RunReport) -> Self {
        let check = |promise: &super::promise::Promise| Kept { name: promise.name, result: (promise.check)(report) };
        let locked = report.first(super::run_report::Effect::Locked);
        Self {
            scenario: scenario.name,
            stuck: played.err(),
            promises: scenario.promises.iter().map(check).collect(),
            break_to_lock_s: report.broke_at.zip(locked).map(|(broke, locked)| report.simulated(until(broke, locked))),
            record: serde_json::to_value(&report.state).unwrap_or_default(),
        }
    }

    /// The verdict on a scenario that could not be run.
    pub fn stuck(scenario: &Scenario, why: &str) -> Self {
        let promises = Vec::new();
        Self {
            scenario: scenario.name,
            stuck: Some(why.to_owned()),
            promises,
            break_to_lock_s: None,
            record: Value::Null,
        }
    }

    /// Each promise and what was seen, or how it was broken.
    pub fn promises(&self) -> impl Iterator<Item = (&str, Result<&str, &str>)> {
        self.promises.iter().map(|kept| (kept.name, kept.result.as_deref().map_err(String::as_str)))
    }

    /// What was asked for besides could not be done.
    pub fn spoil(&mut self, why: String) {
        self.stuck.get_or_insert(why);
    }

    fn passed(&self) -> bool {
        self.stuck.is_none() && self.promises.iter().all(|kept| kept.result.is_ok())
    }

    /// Prints it at length.
    #[allow(clippy::print_stdout, reason = "this is the command line's own voice")]
    pub fn print(&self) {
        println!("\nPromises");
        for kept in &self.promises {
            match &kept.result {
                Ok(seen) => println!("  kept    {:42} {seen}", kept.name),
                Err(how) => println!("  BROKEN  {:42} {how}", kept.name),
            }
        }
        if let Some(why) = &self.stuck {
            println!("  STUCK   {why}");
        }
        if let Some(seconds) = self.break_to_lock_s {
            println!(
                "\nFrom the break of the primary to the lock: {seconds:.0} s (simulated), of which 180 s are the holdoff."
            );
        }
    }

    /// Prints it in a line, and what is wrong below it.
    #[allow(clippy::print_stdout, reason = "this is the command line's own voice")]
    pub fn print_line(&self) {
        let word = if self.passed() { "PASS" } else { "FAIL" };
        println!("{word}  {:32} {} promises", self.scenario, self.promises.len());
        if let Some(why) = &self.stuck {
            println!("      stuck: {why}");
        }
        for kept in &self.promises {
            if let Err(how) = &kept.result {
                println!("      broken: {}: {how}", kept.name);
            }
        }
    }

    fn json(&self) -> Value {
        let promises = self.promises.iter().map(|kept| match &kept.result {
            Ok(seen) => json!({"promise": kept.name, "kept": true, "seen": seen}),
            Err(how) => json!({"promise": kept.name, "kept": false, "seen": how}),
        });
        json!({
            "scenario": self.scenario, "passed": self.passed(), "stuck": self.stuck, "promises": promises.collect::<Vec<_>>(),
            "break_to_lock_s": self.break_to_lock_s, "record": self.record,
        })
    }
}

/// Prints the sum of all and gives the exit code.
#[allow(clippy::print_stdout, reason = "this is the command line's own voice")]
pub fn close(verdicts: &[Verdict], as_json: bool, alone: bool) -> ExitCode {
    let failed = verdicts.iter().filter(|verdict| !verdict.passed()).count();
    let passed = verdicts.len() - failed;
    if as_json {
        let scenarios: Vec<_> = verdicts.iter().map(Verdict::json).collect();
        println!("{}", json!({"passed": passed, "failed": failed, "scenarios": scenarios}));
    } else if alone {
        let broken = verdicts.iter().flat_map(|verdict| &verdict.promises).filter(|kept| kept.result.is_err()).count();
        println!(
            "{}",
            if failed == 0 {
                "\nEvery promise was kept.".to_owned()
            } else {
                format!("\n{broken} promises were BROKEN.")
            }
        );
    } else {
        println!("{passed} passed, {failed} failed");
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
