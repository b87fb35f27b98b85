//! A stored execution, judged again by the rules of this version. Nothing but the record is asked.

use holdfast_core::{
    decision::{self, Decision, Gate, Word, decide},
    evidence::Evidence,
    kind::Kind,
    policy::Policy,
    record::{Execution, State},
};
use serde_json::{Value, json};

use super::{
    args::Explain,
    exit::{Exit, Stopped},
    page,
    run::Said,
    screen::{moment, primary},
    target,
};

/// The largest record that is read, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// Where an execution may stand in a document: in a record, in an answer, in an answer as `--output json` writes it.
const PLACES: [&str; 7] =
    ["", "/current", "/state/current", "/execution", "/answer/state/current", "/answer/execution", "/data/state"];

/// Judges it.
///
/// # Errors
/// In one line: no execution in the file.
pub fn run(arguments: &Explain) -> Result<Said, Stopped> {
    let text = target::bounded(&arguments.record, LARGEST)?;
    let execution = execution(&text).ok_or_else(|| {
        let why = "there is no execution in it; it is the JSON of a record, of one execution, or of an answer";
        Stopped::usage(format!("{}: {why}", arguments.record.display()))
    })?;
    let written = match &arguments.report {
        Some(path) => page::write(("a stored record", "the primary", "the standby"), &execution, path)?,
        None => String::new(),
    };
    if execution.kind != Kind::Failover && !written.is_empty() {
        let document = json!({"execution": execution.id, "exit_code": 0});
        return Ok(Said { text: written, document, exit: Exit::Done });
    }
    if execution.kind != Kind::Failover {
        let why =
            format!("{} is a {}: a person asked for it; only failovers are judged again", execution.id, execution.kind);
        return Err(Stopped::usage(why));
    }
    let past = Past::of(&execution).ok_or_else(|| {
        Stopped::usage(format!(
            "{}: another version wrote its evidence, and this one does not understand it",
            execution.id
        ))
    })?;
    let again = past.judged();
    let same = again.verdict == past.decision.verdict;
    let document = json!({
        "execution": execution.id, "recorded": past.decision, "now": again, "same": same, "exit_code": 0,
    });
    Ok(Said { text: told(&past, &again, same) + &written, document, exit: Exit::Done })
}

fn execution(text: &str) -> Option<Execution> {
    let document: Value = serde_json::from_str(text).ok()?;
    PLACES.iter().find_map(|place| {
        let value = document.pointer(place)?;
        // A ConfigMap holds the record as text.
        let read = value.as_str().and_then(|text| serde_json::from_str::<State>(text).ok());
        read.and_then(|state| state.current).or_else(|| serde_json::from_value(value.clone()).ok())
    })
}

/// An execution, as far as it is judged again.
struct Past<'a> {
    id: &'a str,
    decision: &'a Decision,
    evidence: &'a Evidence,
    policy: &'a Policy,
    overrides: Vec<Gate>,
}

impl<'a> Past<'a> {
    /// `None` where another version wrote what this one does not know.
    fn of(run: &'a Execution) -> Option<Self> {
        Some(Self {
            id: &run.id,
            decision: run.decision.known()?,
            evidence: run.evidence.known()?,
            policy: run.policy.known()?,
            overrides: run.overrides.iter().map(|gate| gate.known().copied()).collect::<Option<_>>()?,
        })
    }

    /// The decision by today's rules. What the record held before it is not stored; a site that was armed and had nothing
    /// open is taken in its place. It did begin, so whatever the mode asked for had been said.
    fn judged(&self) -> Decision {
        let at = self.evidence.at;
        let state = Ok(State { armed: Some(at), ..State::default() });
        decide(&state, self.evidence, self.policy, at, decision::Said { waived: &self.overrides, word: Word::Begins })
    }
}

fn told(run: &Past<'_>, again: &Decision, same: bool) -> String {
    let verdict =
        |decision: &Decision| serde_json::to_value(decision.verdict).unwrap_or_default()["verdict"].to_string();
    let mut text = match same {
        true => format!("{}: today's rules decide the same: {}\n", run.id, verdict(again)),
        false => {
            let (then, now) = (verdict(run.decision), verdict(again));
            format!("{}: TODAY'S RULES DECIDE DIFFERENTLY: {now}, where it was {then}\n", run.id)
        }
    };
    text.push_str(&format!("\nevidence at {}\n", moment::utc(run.evidence.at)));
    for line in primary(run.evidence) {
        text.push_str(&format!("  {line}\n"));
    }
    for (head, decision) in [("recorded", run.decision), ("by today's rules", again)] {
        text.push_str(&format!("\n{head}\n"));
        for reason in &decision.reasons {
            text.push_str(&format!("  because {reason}\n"));
        }
        if let Some(streak) = &decision.streak {
            text.push_str(&format!("  failing time that is proven: {} s\n", streak.proven.as_secs()));
        }
    }
    text.push_str(
        "\nWhat the record held before this execution is not stored: an armed site with nothing open is taken.\n",
    );
    text
}
