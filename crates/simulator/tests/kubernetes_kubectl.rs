//! `kubectl` against the simulated cluster, over TLS: what a person on call would type.

use std::path::{Path, PathBuf};
use std::process::Command;

use holdfast_simulator::kubernetes::{StandbyFixture, TlsFixture};
use holdfast_simulator::{Options, Simulator};
use holdfast_testbed::{find::kubectl, required_or_skipped};

/// A running simulator and how to call `kubectl` for it.
struct Terminal {
    simulator: Simulator,
    kubectl: PathBuf,
    folder: tempfile::TempDir,
}

impl Terminal {
    async fn open(kubectl: PathBuf, tls: TlsFixture) -> Terminal {
        let standby = StandbyFixture { tls, ..StandbyFixture::default() };
        let simulator = Simulator::start(Options { standby, ..Options::default() }).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), simulator.ca_pem()).unwrap();
        Terminal { simulator, kubectl, folder }
    }

    /// Runs a line; gives whether it succeeded, and what it printed on either stream.
    async fn run(&self, line: &str) -> (bool, String) {
        let at = |name: &str| self.folder.path().join(name);
        let mut command = Command::new(&self.kubectl);
        command.arg("--kubeconfig").arg(Path::new("/dev/null")).arg("--cache-dir").arg(at("cache"));
        command.arg("--server").arg(self.simulator.kubernetes_endpoint());
        command.arg("--certificate-authority").arg(at("ca.pem"));
        command.arg("--token").arg(self.simulator.cluster().admin_token()).args(["-n", "logging"]);
        command.args(line.split(' '));
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    /// Runs a line that must succeed and print these words.
    async fn expect(&self, line: &str, words: &str) {
        let (success, text) = self.run(line).await;
        assert!(success && text.contains(words), "kubectl {line}: {text}");
    }

    /// Runs a line that must fail and print these words.
    async fn refuse(&self, line: &str, words: &str) {
        let (success, text) = self.run(line).await;
        assert!(!success && text.contains(words), "kubectl {line}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_by_hand_works_with_kubectl() {
    let Some(kubectl) = required_or_skipped(kubectl()) else {
        return;
    };
    let terminal = Terminal::open(kubectl, TlsFixture::StaleNoCa).await;
    terminal.expect("get deployment humio-operator -o jsonpath=[{.spec.replicas}]", "[0]").await;
    terminal.expect("auth can-i delete secrets", "yes").await;
    terminal.expect("delete secret logscale", "deleted").await;
    terminal.expect("scale deployment humio-operator --replicas 1 --dry-run=server", "scaled").await;
    terminal.expect("get deployment humio-operator -o jsonpath=[{.spec.replicas}]", "[0]").await;
    terminal.expect("scale deployment humio-operator --replicas 1 --current-replicas 0", "scaled").await;
    terminal
        .refuse("scale deployment humio-operator --replicas 1 --current-replicas 0", "Expected replicas to be 0")
        .await;
    terminal.expect("rollout status deployment/humio-operator --timeout 10s", "successfully rolled out").await;
    terminal.expect("wait --for=create pod -l app.kubernetes.io/name=humio --timeout 10s", "condition met").await;
    terminal
        .expect("wait --for=condition=Ready pod -l app.kubernetes.io/name=humio --timeout 10s", "condition met")
        .await;
    terminal.expect("get pods -l app.kubernetes.io/name=humio", "1/1     Running   0").await;
    terminal.expect("get deployment humio-operator", "1/1     1            1").await;
    terminal.expect("get pods --watch --request-timeout 1s", "humio-operator-").await;
    terminal.expect("logs -l app.kubernetes.io/name=humio --tail 1", "setting readOnly=true").await;
    terminal.expect("get humiocluster logscale -o jsonpath=[{.status.state}]", "[Running]").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_record_can_be_read_and_changed_with_kubectl() {
    let Some(kubectl) = required_or_skipped(kubectl()) else {
        return;
    };
    let terminal = Terminal::open(kubectl, TlsFixture::Absent).await;
    terminal.expect("patch configmap holdfast -p {\"data\":{\"state\":\"one\"}}", "patched").await;
    terminal.expect("patch configmap holdfast --type merge -p {\"data\":{\"more\":\"two\"}}", "patched").await;
    terminal.expect("get configmap holdfast -o jsonpath={.data.state}-{.data.more}", "one-two").await;
    let test = r#"patch configmap holdfast --type json -p [{"op":"test","path":"/data/state","value":"other"}]"#;
    terminal.refuse(test, "the server rejected our request").await;
    terminal.expect("create configmap second --from-literal=a=b", "created").await;
    terminal.refuse("create configmap second --from-literal=a=b", "already exists").await;
    terminal.expect("annotate configmap second why=test", "annotated").await;
    terminal.expect("delete configmap second", "deleted").await;
    terminal.refuse("get configmap second", "NotFound").await;
    terminal.refuse("get toasters", "the server doesn't have a resource type").await;
}
