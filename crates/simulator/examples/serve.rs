//! Starts the simulator, prints what clients need as `export` lines (the last is `SIMULATOR_READY`), and lives until its input ends.
//!
//! `serve [BOOTSTRAP] [PACE]`. Lines of input are orders: `break refuse|silent|closed`, `heal`, `invoke JSON`, `log`. What happens
//! is told on stderr.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is its purpose")]

use std::collections::BTreeMap;
use std::error::Error;

use holdfast_simulator::world::Outage;
use holdfast_simulator::{Options, Simulator};
use tokio::sync::mpsc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let bootstrap = arguments.next().filter(|path| !path.is_empty()).map(Into::into);
    let pace = arguments.next().map_or(Ok(60.0), |text| text.parse())?;
    let simulator = Simulator::start(Options { bootstrap, pace, ..Options::default() }).await?;
    for (name, value) in exports(&simulator) {
        println!("export {name}='{value}'");
    }
    println!("export SIMULATOR_READY='1'");
    tell(&simulator);
    let mut orders = orders();
    while let Some(line) = orders.recv().await {
        obey(&simulator, &line).await;
    }
    simulator.stop().await;
    Ok(())
}

/// What the AWS SDKs, the aws CLI and kubectl need to work here as an operator, and where everything is.
fn exports(simulator: &Simulator) -> BTreeMap<&'static str, String> {
    let (admin, function) = (simulator.admin_credentials(), simulator.function_credentials());
    let ca_file = simulator.ca_file().display().to_string();
    let variables = simulator.function_env();
    BTreeMap::from([
        ("AWS_ENDPOINT_URL", simulator.aws_endpoint()),
        ("AWS_CA_BUNDLE", ca_file.clone()),
        ("SSL_CERT_FILE", ca_file),
        ("AWS_ACCESS_KEY_ID", admin.access_key),
        ("AWS_SECRET_ACCESS_KEY", admin.secret_key),
        ("AWS_REGION", variables["AWS_REGION"].clone()),
        ("SIMULATOR_FUNCTION_NAME", variables["AWS_LAMBDA_FUNCTION_NAME"].clone()),
        ("AWS_DEFAULT_REGION", variables["AWS_REGION"].clone()),
        ("SIMULATOR_FUNCTION_KEY_ID", function.access_key),
        ("SIMULATOR_FUNCTION_SECRET", function.secret_key),
        ("SIMULATOR_FUNCTION_TOKEN", function.session_token.unwrap_or_default()),
        ("SIMULATOR_HEALTH_CHECK_ID", variables["PRIMARY_HEALTH_CHECK_ID"].clone()),
        ("SIMULATOR_CLUSTER_NAME", variables["CLUSTER_NAME"].clone()),
        (
            "SIMULATOR_COOLDOWN_PARAMETER",
            format!("/logscale-dr/{}/last-failover-timestamp", variables["AWS_LAMBDA_FUNCTION_NAME"]),
        ),
        ("SIMULATOR_KUBERNETES_ENDPOINT", simulator.kubernetes_endpoint()),
        ("SIMULATOR_KUBERNETES_TOKEN", simulator.cluster().admin_token().to_owned()),
        ("SIMULATOR_PRIMARY_URL", simulator.primary_url()),
        ("SIMULATOR_STANDBY_URL", simulator.standby_url()),
        ("SIMULATOR_GLOBAL_URL", simulator.global_url()),
    ])
}

/// Tells every event on stderr.
fn tell(simulator: &Simulator) {
    let mut events = simulator.timeline();
    tokio::spawn(async move {
        while let Ok(event) = events.recv().await {
            eprintln!("{} {}", event.at.strftime("%H:%M:%S.%3f"), event.kind);
        }
    });
}

/// The lines of the input, read by a thread of their own; the channel closes when the input ends.
fn orders() -> mpsc::UnboundedReceiver<String> {
    let (sender, orders) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    orders
}

async fn obey(simulator: &Simulator, line: &str) {
    match line.split_once(' ').unwrap_or((line, "")) {
        ("break", "refuse") => simulator.world().break_primary(Outage::Refuse),
        ("break", "silent") => simulator.world().break_primary(Outage::Silent),
        ("break", "closed") => simulator.world().break_primary(Outage::Closed),
        ("heal", _) => simulator.world().heal_primary(),
        ("invoke", payload) => match serde_json::from_str(payload) {
            Ok(payload) => println!("{}", serde_json::json!(simulator.lambda().invoke(payload).await)),
            Err(error) => eprintln!("not JSON: {error}"),
        },
        ("log", _) => {
            for call in simulator.calls().all() {
                println!("{}", serde_json::json!(call));
            }
            for result in simulator.lambda().results() {
                println!("{}", serde_json::json!(result));
            }
        }
        (order, _) => eprintln!("unknown order: {order}"),
    }
}
