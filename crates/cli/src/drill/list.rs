//! The scenarios and clouds that there are: for people, and as JSON for scripts.

use holdfast_simulator::clouds::CLOUDS;
use serde_json::{Value, json};

use super::scenario::Scenario;
use crate::args::DrillArguments;

/// Prints the scenarios of the cloud that was asked for; as JSON also every cloud with its function.
#[allow(clippy::print_stdout, reason = "this is the command line's own voice")]
pub fn print(scenarios: &[Scenario], arguments: &DrillArguments) {
    if arguments.json {
        println!("{}", json(scenarios, arguments));
        return;
    }
    for scenario in scenarios {
        println!("{:32} {}", scenario.name, scenario.summary);
    }
}

fn json(scenarios: &[Scenario], arguments: &DrillArguments) -> Value {
    let clouds = CLOUDS.map(|cloud| {
        let program = cloud.program();
        json!({
            "name": cloud.name(), "services": cloud.services(), "executable": program.executable,
            "package": program.package,
        })
    });
    let scenarios = scenarios.iter().map(|scenario| json!({"name": scenario.name, "summary": scenario.summary}));
    json!({"clouds": clouds, "cloud": arguments.cloud.name(), "scenarios": scenarios.collect::<Vec<_>>()})
}
