//! Storage: our own blob and queue code and the Azure SDK, each against Azurite and against the simulator. What two
//! servers answer differently to one client is a failing test.

use std::path::Path;

use holdfast_simulator::{
    Options, Simulator,
    clouds::azure::{self, STATE_CONTAINER, STORAGE_AUDIENCE},
};
use holdfast_testbed::{Azurite, Venv, find, required_or_skipped};
use holdfast_tests::clients::Azure;
use serde_json::{Value, json};

const SCRIPT: &str = "azure_storage.py";
const QUEUE: &str = "holdfast-work";

/// A storage account somewhere, with the client for it. The simulator gives the tokens for both.
struct Account<'a> {
    client: Azure,
    venv: &'a Venv,
    blobs: String,
    queues: String,
    token: String,
}

impl<'a> Account<'a> {
    fn new(venv: &'a Venv, simulator: &Simulator, ca_file: &Path, blobs: String, queues: String) -> Self {
        let token = simulator.azure().expect("Azure").operator_token(STORAGE_AUDIENCE);
        Self { client: Azure::function(simulator, ca_file), venv, blobs, queues, token }
    }

    fn of_simulator(venv: &'a Venv, simulator: &Simulator) -> Self {
        let azure = simulator.azure().expect("Azure");
        Self::new(venv, simulator, simulator.ca_file(), azure.blob_endpoint(), azure.queue_endpoint())
    }

    fn of_azurite(venv: &'a Venv, simulator: &Simulator, azurite: &Azurite) -> Self {
        Self::new(venv, simulator, &azurite.ca_file(), azurite.blob_endpoint(), azurite.queue_endpoint())
    }

    /// What an operator sees with the Azure SDK.
    async fn sdk(&self, parts: &[&str]) -> Value {
        let input = json!({
            "blobs": self.blobs, "queues": self.queues, "container": STATE_CONTAINER, "queue": QUEUE,
            "token": self.token, "parts": parts,
        });
        self.client.python(self.venv, SCRIPT, &input).await.json()
    }

    /// What the function sees with our own code.
    async fn ours(&self) -> Value {
        let blob = |container: &str, name: &str| format!("{}/{container}/{name}", self.blobs);
        let input = json!({
            "cooldown": blob(STATE_CONTAINER, "last-failover"), "reference": blob(STATE_CONTAINER, "reference"),
            "nowhere": blob("nowhere", "last-failover"), "queue": format!("{}/{QUEUE}", self.queues),
        });
        self.client.program(Path::new(env!("CARGO_BIN_EXE_azure-storage")), &input).await.json()
    }
}

async fn simulator() -> Simulator {
    let options = Options { cloud: &azure::Azure, ..Options::default() };
    let simulator = Simulator::start(options).await.expect("a simulator");
    simulator.world().set_scheduler(false);
    simulator
}

async fn azurite() -> Option<Azurite> {
    let program = required_or_skipped(find::azurite())?;
    Some(Azurite::start(&program).await.expect("Azurite"))
}

/// Our code between an operator who makes container and queue and one who looks at what was left there. `nowhere`: what
/// becomes of a container that is not there, which nobody has a role for.
async fn our_code_does_its_work(account: &Account<'_>, nowhere: &str) {
    account.sdk(&["make"]).await;
    let ours = account.ours().await;
    let t = 1_767_225_600;
    let cooldown = json!([null, null, null, "Conflict", t, null, "Conflict", t + 2, null, t + 4]);
    let wanted = json!({
        "cooldown": cooldown, "reference": t, "nowhere": nowhere, "at_once": null, "soon": null, "much_later": null,
    });
    assert_eq!(ours, wanted);
    let left = account.sdk(&["left"]).await;
    let wanted = json!({
        "blob": (t + 4).to_string(), "taken": [r#"{"n":1,"text":"a < b & ü"}"#, r#"{"n":2}"#],
        "waited_for_the_second": true, "third": false,
    });
    assert_eq!(left["left"], wanted);
}

#[tokio::test]
async fn our_cooldown_and_queue_work_on_azurite() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let Some(azurite) = azurite().await else { return };
    let simulator = simulator().await;
    our_code_does_its_work(&Account::of_azurite(&venv, &simulator, &azurite), "NotFound").await;
}

#[tokio::test]
async fn our_cooldown_and_queue_work_on_the_simulator() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let simulator = simulator().await;
    our_code_does_its_work(&Account::of_simulator(&venv, &simulator), "Denied").await;
    assert_eq!(simulator.refused().len(), 1, "{:?}", simulator.refused());
}

#[tokio::test]
async fn the_sdk_sees_no_difference_between_azurite_and_the_simulator() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let Some(azurite) = azurite().await else { return };
    let simulator = simulator().await;
    let parts = ["blobs", "queues"];
    let real = Account::of_azurite(&venv, &simulator, &azurite).sdk(&parts).await;
    let simulated = Account::of_simulator(&venv, &simulator).sdk(&parts).await;
    assert_eq!(real, simulated, "Azurite on the left, the simulator on the right");

    // What the function builds on, in case both are wrong (docs/reference/azure.md#blob-storage).
    let blobs = &real["blobs"];
    assert_eq!(blobs["absent"], json!([404, "BlobNotFound"]));
    assert_eq!(blobs["create_again"], json!([409, "BlobAlreadyExists"]));
    assert_eq!(
        (&blobs["late"], &blobs["change_absent"]),
        (&json!([412, "ConditionNotMet"]), &json!([412, "ConditionNotMet"]))
    );
    assert_eq!(real["queues"]["hidden"], json!([true, true]));
    assert_eq!(real["queues"]["received"], json!(["a < b & ü", 1]));
}
