//! What was not verified. A report that leaves this out is read as if everything had been.

use holdfast_core::{evidence::Evidence, record::Execution};

use crate::{headline::failing_since, source::Source};

/// One sentence each.
pub fn unverified(source: &Source<'_>) -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |is: bool, text: String| {
        if is {
            all.push(text);
        }
    };
    match source.run {
        Some(run) => {
            of_steps(run, &mut add);
            match run.evidence.known() {
                Some(evidence) => of_evidence(evidence, &mut add),
                None => add(true, "the evidence was written by another version and is not shown here".to_owned()),
            }
        }
        None => add(true, "there is no execution: nothing but what was seen from outside is told".to_owned()),
    }
    let seen = source.seen.is_some();
    add(failing_since(source).is_none(), "when the primary began to fail is not known".to_owned());
    add(!seen, "what users saw: the record holds what the engine did, and no measurement from outside".to_owned());
    add(!seen, "API calls that only read, and calls that were sent again within a step".to_owned());
    let simulated = "clouds and cluster were simulated on one machine: names, protocols and order are theirs, times and limits are not";
    add(seen, simulated.to_owned());
    let data = "the data: how old the recovered snapshot is, and whether it is complete, is not in the record";
    add(true, data.to_owned());
    all
}

fn of_steps(run: &Execution, add: &mut impl FnMut(bool, String)) {
    for step in run.steps.iter().filter(|step| !step.is_done()) {
        add(true, format!("the step {}: it was not seen to be done", step.step));
    }
}

fn of_evidence(evidence: &Evidence, add: &mut impl FnMut(bool, String)) {
    add(evidence.history.is_none(), "the history of the primary: it was not asked for".to_owned());
    add(evidence.probes.is_empty(), "the primary's own endpoint: it was not probed by us".to_owned());
    let controls = evidence.probes.iter().any(|probe| !probe.controls.is_empty());
    add(!controls, "our own way out: no control target was asked".to_owned());
    add(evidence.locked.is_none(), "whether traffic was locked before: it could not be read".to_owned());
    let fault = |what: &str, why: &dyn std::fmt::Display| format!("{what}: {why}");
    if let Some(Err(why)) = &evidence.fitness {
        add(true, fault("whether the standby could take over", why));
    }
    add(evidence.fitness.is_none(), "whether the standby could take over: it was not asked for".to_owned());
    match &evidence.traffic {
        None => add(true, "the name that users type: none is configured".to_owned()),
        Some(Err(why)) => add(true, fault("the name that users type", why)),
        Some(Ok(_)) => {}
    }
}
