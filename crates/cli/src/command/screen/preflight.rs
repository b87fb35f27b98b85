//! Whether a failover now would succeed.

use holdfast_core::{Timestamp, engine::Answer, evidence::Level};

use super::moment;
use crate::command::{exit::Exit, target::Target};

/// The screen.
pub fn preflight(target: &Target, answer: &Answer, now: Timestamp) -> (String, Exit) {
    let count = |level: Level| answer.checks.iter().filter(|check| check.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    let name = target.name();
    if answer.checks.is_empty() {
        return (format!("{name}: CANNOT TELL: nothing was looked at\n"), Exit::CannotTell);
    }
    let verdict = if errors == 0 { "READY" } else { "NOT READY" };
    let mut text = format!(
        "{name}: {verdict}. {errors} of {} checks failed, {warnings} warn.   {}\n\n",
        answer.checks.len(),
        moment::utc(now)
    );
    for level in [Level::Error, Level::Warning, Level::Good] {
        for check in answer.checks.iter().filter(|check| check.level == level) {
            let word = match level {
                Level::Error => "FAIL",
                Level::Warning => "warn",
                Level::Good => "ok",
            };
            text.push_str(&format!("  {word:<5} {:<24} {}\n", check.name, check.found));
        }
    }
    let next = match errors {
        0 => "nothing; look again after each change of either site",
        _ => "mend what failed (docs/TROUBLESHOOTING.md), then: holdfast preflight",
    };
    text.push_str(&format!("\nNext: {next}\n"));
    (text, if errors == 0 { Exit::Done } else { Exit::NotGood })
}
