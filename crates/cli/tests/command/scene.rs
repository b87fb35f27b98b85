//! A simulated site pair, and the command as a person drives it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use holdfast_simulator::{Options, Simulator, clouds, kubernetes::StandbyFixture, time};
use serde_json::json;
use tempfile::TempDir;
use tokio::{io::AsyncReadExt as _, process::Command};

/// How long the function has been there.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600 + 5 * 3600);

/// One pair under its function.
pub struct Scene {
    pub simulator: Simulator,
    pub folder: TempDir,
    /// What a person's shell holds.
    environment: Vec<(String, String)>,
    transcript: String,
}

/// The function on OCI, and the configuration file of a person who may call it.
fn oci_place(simulator: &Simulator, folder: &Path, environment: &mut Vec<(String, String)>) -> Vec<String> {
    let oci = simulator.oci().expect("OCI");
    let (key, config) = (folder.join("key.pem"), folder.join("oci-config"));
    std::fs::write(&key, oci.principals().operator_key()).expect("a file");
    let id = oci.principals().operator_key_id();
    let [tenancy, user, fingerprint] = id.split('/').collect::<Vec<_>>()[..] else { panic!("{id}") };
    let profile = format!(
        "[DEFAULT]\ntenancy={tenancy}\nuser={user}\nfingerprint={fingerprint}\nkey_file={}\nregion=us-chicago-1\n",
        key.display()
    );
    std::fs::write(&config, profile).expect("a file");
    let variables = simulator.function_env();
    environment.push(("OCI_CLI_CONFIG_FILE".to_owned(), config.display().to_string()));
    environment.push(("HOLDFAST_OCI_ENDPOINT".to_owned(), variables["HOLDFAST_OCI_ENDPOINT"].clone()));
    let id = variables["FN_FN_ID"].clone();
    vec!["--function-id".to_owned(), id, "--endpoint".to_owned(), oci.endpoint()]
}

/// What a command said, and its exit code.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Scene {
    /// A pair that has been well for a month, and its site file, written by `holdfast init`.
    pub async fn start(cloud: &str) -> Self {
        let backend = clouds::by_name(cloud).expect("a cloud");
        let record = json!({"schema": holdfast_core::record::SCHEMA, "armed": time::now() - MONTH});
        let function_env = [
            ("HOLDFAST_CALL_TIMEOUT_SECONDS", "2"),
            ("HOLDFAST_PROBE_TIMEOUT_SECONDS", "1"),
            ("HOLDFAST_OBSERVE_SECONDS", "4"),
            ("HOLDFAST_LEASE_SECONDS", "5"),
            ("HOLDFAST_WELL_SECONDS", "1"),
            ("HOLDFAST_VERIFY_SECONDS", "8"),
            // Longer than the story, so that it never ends in the middle of a screen.
            (if cloud == "azure" { "COOLDOWN_SECONDS" } else { "FAILOVER_COOLDOWN_SECONDS" }, "1200"),
        ];
        let options = Options {
            bootstrap: Some(function(backend.program().executable, backend.program().package)),
            function_env: function_env.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            standby: StandbyFixture { record: Some(record), ..StandbyFixture::default() },
            ..Options::on(backend)
        };
        let simulator = Simulator::start(options).await.expect("a simulator");
        simulator.world().set_scheduler(false);
        simulator.world().set_alarm(false);
        let mut environment = vec![
            ("SSL_CERT_FILE".to_owned(), simulator.ca_file().display().to_string()),
            ("USER".to_owned(), "alice".to_owned()),
            ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
        ];
        let folder = TempDir::new().expect("a folder");
        let place = match simulator.azure() {
            None if cloud == "oci" => oci_place(&simulator, folder.path(), &mut environment),
            Some(azure) => {
                environment.push(("OPERATOR_KEY".to_owned(), azure.function_key().to_owned()));
                vec![
                    "--app-url".to_owned(),
                    format!("{}/api/operator", azure.function_url()),
                    "--key-env".to_owned(),
                    "OPERATOR_KEY".to_owned(),
                ]
            }
            None => {
                let keys = simulator.admin_credentials();
                environment.push(("AWS_ACCESS_KEY_ID".to_owned(), keys.access_key));
                environment.push(("AWS_SECRET_ACCESS_KEY".to_owned(), keys.secret_key));
                environment.push(("AWS_ENDPOINT_URL".to_owned(), simulator.aws_endpoint()));
                let arn = "arn:aws:lambda:us-west-2:111122223333:function:logscale-standby-dr-failover-handler";
                vec!["--arn".to_owned(), arn.to_owned()]
            }
        };
        let mut scene = Self { simulator, folder, environment, transcript: String::new() };
        scene.init(&place).await;
        scene
    }

    async fn init(&mut self, place: &[String]) {
        let given = self.folder.path().join("variables.json");
        let variables: BTreeMap<String, String> = self.simulator.function_env();
        std::fs::write(&given, json!(variables).to_string()).expect("a file");
        let given = given.display().to_string();
        let mut arguments =
            vec!["init", "--variables", &given, "--name", "logscale-prod", "--home", "west", "--standby", "east"];
        arguments.extend(place.iter().map(String::as_str));
        let ran = self.run(&arguments).await;
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        std::fs::write(self.site(), ran.stdout).expect("a site file");
    }

    /// The site file.
    pub fn site(&self) -> PathBuf {
        self.folder.path().join("holdfast-site.yaml")
    }

    /// Sets a variable of the person's shell, or takes it away.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    /// Runs it until it has said `word` so many times, and interrupts it as Ctrl-C does.
    pub async fn interrupted(&self, arguments: &[&str], word: &str, times: usize) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.environment.iter().cloned())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the command starts");
        let mut out = child.stdout.take().expect("a pipe");
        let (mut stdout, mut part) = (String::new(), [0; 4096]);
        while stdout.matches(word).count() < times {
            let read = tokio::time::timeout(Duration::from_secs(60), out.read(&mut part)).await.expect("it says more");
            let read = read.expect("a pipe");
            assert!(read > 0, "it ended by itself: {stdout}");
            stdout.push_str(&String::from_utf8_lossy(&part[..read]));
        }
        let id = child.id().expect("it runs").to_string();
        std::process::Command::new("kill").args(["-INT", &id]).status().expect("kill starts");
        let output = child.wait_with_output().await.expect("it ends");
        let code = output.status.code().expect("an exit code");
        Ran { code, stdout, stderr: String::from_utf8_lossy(&output.stderr).into_owned() }
    }

    /// Runs the command in the folder of the site file, with nobody at a terminal.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.environment.iter().cloned())
            .stdin(std::process::Stdio::null())
            .output()
            .await
            .expect("the command starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().expect("an exit code");
        Ran { code, stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Runs it, and keeps what was typed and said for the transcript.
    pub async fn types(&mut self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments).await;
        self.keep(arguments, &ran);
        ran
    }

    /// Keeps what was typed and said for the transcript.
    fn keep(&mut self, arguments: &[&str], ran: &Ran) {
        self.transcript.push_str(&format!("$ holdfast {}\n", arguments.join(" ")));
        self.transcript.push_str(&plain(&ran.stdout));
        self.transcript.push_str(&plain(&ran.stderr));
        self.transcript.push_str(&format!("exit {}\n\n", ran.code));
    }

    /// Runs it at a terminal, and types `typed`. Gives the exit code and what the terminal showed.
    pub async fn at_a_terminal(&self, arguments: &str, typed: &str) -> (i32, String) {
        use tokio::io::AsyncWriteExt as _;
        let command = format!("{} {arguments}", env!("CARGO_BIN_EXE_holdfast"));
        let mut script = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.environment.iter().cloned())
            .env("PATH", "/usr/bin:/bin")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("script of util-linux is there");
        let mut stdin = script.stdin.take().expect("a pipe");
        stdin.write_all(typed.as_bytes()).await.expect("it is typed");
        let output = script.wait_with_output().await.expect("it ends");
        drop(stdin);
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Everything that was typed and said, with numbers left out.
    pub fn transcript(&self) -> &str {
        &self.transcript
    }
}

/// A text in which every number is `N`, so that times, ports and ids do not matter; long spaces stay.
pub fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' if plain.ends_with('N') => {}
            '0'..='9' => plain.push('N'),
            c => plain.push(c),
        }
    }
    let plain = plain.replace("N.N", "N").replace("probes say CheckingEndpoint", "probes say Online");
    let mut parts = plain.split("shaN:");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| format!("shaN:H{}", part.trim_start_matches(|c: char| c.is_ascii_alphanumeric())));
    first + &rest.collect::<String>()
}

/// A function that ships, built if it is not there: cargo builds no executables of other packages for a test.
fn function(executable: &str, package: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_holdfast")).with_file_name(executable);
    if !path.is_file() {
        let mut cargo = std::process::Command::new(env!("CARGO"));
        assert!(
            cargo.args(["build", "-p", package]).status().expect("cargo starts").success(),
            "{package} does not build"
        );
    }
    path
}
