//! The verbs for a live site pair, driven as a person drives them: the executable, its words and its exit codes.

mod scene;

use std::time::Duration;

use holdfast_simulator::{faults::Fault, world::Outage};
use scene::{Ran, Scene};
use serde_json::Value;

const WHY: &str = "drill 7";

/// One day of a pair: quiet, paused, failed over and failed back.
async fn day(cloud: &str) -> Scene {
    let mut scene = Scene::start(cloud).await;
    for (arguments, code) in [
        (&["status"][..], 0),
        (&["preflight"], 0),
        (&["plan"], 0),
        (&["guard"], 0),
        (&["failover", "--reason", WHY], 2),
        (&["failover", "--reason", WHY, "--yes"], 3),
        (&["pause", "--for", "2h", "--reason", WHY], 0),
        (&["resume", "--reason", WHY], 0),
    ] {
        expect(scene.types(arguments).await, code, arguments);
    }
    scene.simulator.world().break_primary(Outage::Silent);
    let failover = ["failover", "--reason", WHY, "--yes"];
    for _ in 0..10 {
        // Until the metrics and the probes have proven the holdoff, a call may end without a decision.
        let ran = scene.run(&failover).await;
        if ran.code == 0 {
            break;
        }
    }
    for (arguments, code) in [
        (&failover[..], 0),
        (&["status"], 0),
        (&["guard"], 4),
        (&["finish", "--reason", WHY, "--yes"], 0),
        (&["history"], 0),
    ] {
        expect(scene.types(arguments).await, code, arguments);
    }
    reported(&scene).await;
    scene.simulator.world().heal_primary();
    scene.simulator.world().set_scheduler(true);
    tokio::time::sleep(Duration::from_secs(6)).await;
    scene.simulator.world().set_scheduler(false);
    let back = ["failback", "--data", "east kept nothing", "--reason", WHY, "--yes"];
    for _ in 0..10 {
        let ran = scene.run(&back).await;
        if ran.code == 5 {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // How a call ends that was the first to succeed depends on how much time it had; the next one finds what it left.
    for (arguments, code) in [(&back[..], 5), (&["failback", "--rest", "--reason", WHY, "--yes"], 0), (&["guard"], 0)] {
        expect(scene.types(arguments).await, code, arguments);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    expect(scene.types(&["status"]).await, 0, &["status"]);
    scene
}

/// The failover that stands, as a page, from the live record and from a stored one.
async fn reported(scene: &Scene) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let page = path("page.html");
    let ran = scene.run(&["history", "--report", &page]).await;
    assert!(ran.code == 0 && ran.stdout.contains(&page), "{}{}", ran.stdout, ran.stderr);
    let text = std::fs::read_to_string(&page).expect("a page");
    for word in ["east was active and traffic was locked to it", "lock-traffic", WHY, "What was not verified"] {
        assert!(text.contains(word), "{word}");
    }
    let ran = scene.run(&["history", "--report", &path("other.html"), "no-such-execution"]).await;
    assert!(ran.code == 2 && ran.stderr.contains("does not hold no-such-execution in full"), "{}", ran.stderr);
    assert!(!folder.path().join("other.html").exists());
    let answer = scene.run(&["history", "--output", "json"]).await.stdout;
    std::fs::write(path("answer.json"), answer).expect("written");
    let ran = scene.run(&["explain", &path("answer.json"), "--report", &path("stored.html")]).await;
    assert!(ran.code == 0 && folder.path().join("stored.json").exists(), "{}", ran.stderr);
    let ran = scene.run(&["history", "--report", &path("page.json")]).await;
    assert!(ran.code != 0 && ran.stderr.contains("another ending than .json"), "{}", ran.stderr);
}

fn expect(ran: Ran, code: i32, arguments: &[&str]) {
    assert_eq!(ran.code, code, "{arguments:?}\n{}{}", ran.stdout, ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_a_pair_on_aws_reads_like_this() {
    insta::assert_snapshot!("day-on-aws", day("aws").await.transcript());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_a_pair_on_azure_reads_like_this() {
    insta::assert_snapshot!("day-on-azure", day("azure").await.transcript());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_words_come_out_of_the_function_and_of_this_process() {
    let mut scene = Scene::start("aws").await;
    let keys = scene.simulator.function_credentials();
    scene.set("AWS_ACCESS_KEY_ID", Some(&keys.access_key));
    scene.set("AWS_SECRET_ACCESS_KEY", Some(&keys.secret_key));
    scene.set("AWS_SESSION_TOKEN", keys.session_token.as_deref());
    let direct = scene.run(&["status", "--direct"]).await;
    let person = scene.simulator.admin_credentials();
    scene.set("AWS_ACCESS_KEY_ID", Some(&person.access_key));
    scene.set("AWS_SECRET_ACCESS_KEY", Some(&person.secret_key));
    scene.set("AWS_SESSION_TOKEN", None);
    let by_function = scene.run(&["status"]).await;
    assert_eq!((by_function.code, direct.code), (0, 0), "{}{}{}", by_function.stderr, direct.stderr, direct.stdout);
    let words = |ran: &Ran| scene::plain(&ran.stdout);
    assert_eq!(words(&by_function), words(&direct));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_one_document_with_the_answer_of_the_function_and_the_exit_code() {
    let scene = Scene::start("aws").await;
    for verb in ["status", "preflight", "plan", "history", "guard"] {
        let ran = scene.run(&[verb, "--output", "json"]).await;
        let document: Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
        assert_eq!((&document["site"], &document["exit_code"]), (&"logscale-prod".into(), &ran.code.into()), "{verb}");
        assert!(document["answer"]["outcome"].is_string() && ran.stderr.is_empty(), "{verb}: {}", ran.stderr);
    }
    let ran = scene.run(&["status", "--output", "json", "--site", "nowhere.yaml"]).await;
    let document: Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
    assert_eq!((ran.code, &document["exit_code"]), (2, &2.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_is_one_line_and_six() {
    let mut scene = Scene::start("aws").await;
    let keys = scene.simulator.admin_credentials();
    scene.set("AWS_ACCESS_KEY_ID", Some("AKIDOFNOBODY"));
    one_line(&scene.run(&["status"]).await, 6, "may not call it");
    scene.set("AWS_SECRET_ACCESS_KEY", None);
    scene.set("AWS_ACCESS_KEY_ID", None);
    one_line(&scene.run(&["status"]).await, 6, "no AWS credentials");
    scene.set("AWS_ACCESS_KEY_ID", Some(&keys.access_key));
    scene.set("AWS_SECRET_ACCESS_KEY", Some(&keys.secret_key));
    scene.set("AWS_ENDPOINT_URL", Some("https://localhost:1"));
    one_line(&scene.run(&["status"]).await, 6, "no connection");
    let azure = {
        let mut scene = Scene::start("azure").await;
        scene.set("OPERATOR_KEY", Some("wrong"));
        one_line(&scene.run(&["status"]).await, 6, "key of the site file is not taken");
        scene.set("OPERATOR_KEY", None);
        scene.run(&["status"]).await
    };
    one_line(&azure, 2, "OPERATOR_KEY is not set");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_file_or_wrong_words_are_one_line_and_two() {
    let scene = Scene::start("aws").await;
    let site = std::fs::read_to_string(scene.site()).expect("a site file");
    for (from, to, says) in [
        ("schema: 1", "shema: 1", "did you mean \"schema\"?"),
        ("home: west", "home: north", "none of the sites"),
        ("arn:aws:lambda", "arn:aws:s3", "no ARN of a function"),
    ] {
        assert!(site.contains(from), "{from}\n{site}");
        std::fs::write(scene.folder.path().join("wrong.yaml"), site.replacen(from, to, 1)).expect("a file");
        one_line(&scene.run(&["status", "--site", "wrong.yaml"]).await, 2, says);
    }
    one_line(&scene.run(&["status", "--site", "nowhere.yaml"]).await, 2, "nowhere.yaml cannot be read");
    one_line(&scene.run(&["pause", "--for", "soon", "--reason", "x"]).await, 2, "for must be a time");
    let ran = scene.run(&["failback", "--reason", "x", "--yes"]).await;
    assert!(ran.code == 2 && ran.stderr.contains("--data"), "{}", ran.stderr);
    let holdoff = site.replacen("holdoff: 3s", "holdoff: 9000s", 1);
    assert_ne!(holdoff, site);
    std::fs::write(scene.folder.path().join("wrong.yaml"), holdoff).expect("a file");
    one_line(&scene.run(&["status", "--direct", "--site", "wrong.yaml"]).await, 2, "policy.holdoff: PRE_FAILOVER");
}

fn one_line(ran: &Ran, code: i32, says: &str) {
    assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains(says) && ran.stderr.trim_end().lines().count() == 1, "{says}: {}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variables_of_the_function_come_back_from_its_site_file() {
    let scene = Scene::start("azure").await;
    let ran = scene.run(&["env", "--form", "json"]).await;
    let printed: std::collections::BTreeMap<String, String> = serde_json::from_str(&ran.stdout).expect("variables");
    let variables = scene.simulator.function_env();
    for (name, value) in &printed {
        let number = |text: &String| text.parse::<f64>().ok();
        let same = variables.get(name).is_some_and(|found| found == value || number(found) == number(value));
        assert!(same, "{name}={value}, the function has {:?}", variables.get(name));
    }
    let own = |name: &&String| !holdfast_site_file::variables::is_of_the_platform(name);
    assert_eq!(printed.len(), variables.keys().filter(own).count());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_judged_again_on_any_machine() {
    let scene = Scene::start("aws").await;
    scene.simulator.world().break_primary(Outage::Silent);
    let mut last = scene.run(&["failover", "--reason", WHY, "--yes"]).await;
    for _ in 0..10 {
        if last.code == 0 {
            break;
        }
        last = scene.run(&["failover", "--reason", WHY, "--yes"]).await;
    }
    let status = scene.run(&["status", "--output", "json"]).await;
    std::fs::write(scene.folder.path().join("record.json"), &status.stdout).expect("a file");
    let ran = scene.run(&["explain", "record.json"]).await;
    assert!(
        ran.code == 0 && ran.stdout.contains("today's rules decide the same: \"failover\""),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    let mut document: Value = serde_json::from_str(&status.stdout).expect("JSON");
    document["answer"]["state"]["current"]["policy"]["holdoff"] = 600.into();
    std::fs::write(scene.folder.path().join("record.json"), document.to_string()).expect("a file");
    let ran = scene.run(&["explain", "record.json"]).await;
    assert!(ran.stdout.contains("TODAY'S RULES DECIDE DIFFERENTLY: \"wait\""), "{}{}", ran.stdout, ran.stderr);
    std::fs::write(scene.folder.path().join("record.json"), "{}").expect("a file");
    one_line(&scene.run(&["explain", "record.json"]).await, 2, "no execution");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_holdoffs_are_tried_on_a_file_and_on_the_real_history() {
    let scene = Scene::start("aws").await;
    let minute = |number: u32| {
        let value = u8::from(!(30..35).contains(&number) && !(60..101).contains(&number));
        format!("2026-11-12T{:02}:{:02}:00Z,{value}\n", 3 + number / 60, number % 60)
    };
    let history: String = (0..160).map(minute).collect();
    std::fs::write(scene.folder.path().join("history.csv"), history).expect("a file");
    let site = std::fs::read_to_string(scene.site()).expect("a site file");
    let at_pace = ["holdoff: 3s", "metric_period: 1s", "metric_stale: 3s"];
    let real = at_pace.iter().fold(site, |site, key| {
        assert!(site.contains(key), "{key}");
        site.replace(
            &format!("{key}\n"),
            &format!(
                "{}: {}s\n",
                key.split(':').next().unwrap_or_default(),
                if key.contains("period") { 60 } else { 180 }
            ),
        )
    });
    std::fs::write(scene.folder.path().join("real.yaml"), real).expect("a file");
    let ran = scene.run(&["backtest", "--site", "real.yaml", "--csv", "history.csv", "--holdoffs", "60s,5m,10m"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!("backtest", ran.stdout);
    scene.simulator.world().break_primary(Outage::Silent);
    tokio::time::sleep(Duration::from_secs(8)).await;
    let ran = scene.run(&["backtest", "--days", "1", "--holdoffs", "1s,3s", "--output", "json"]).await;
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}{}", ran.stdout, ran.stderr));
    assert_eq!(document["outages"].as_array().map(Vec::len), Some(1), "{document}");
    assert_eq!(document["holdoffs"][0]["failovers"].as_array().map(Vec::len), Some(1), "{document}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_runbook_has_the_real_names() {
    let (aws, azure) = (Scene::start("aws").await, Scene::start("azure").await);
    insta::assert_snapshot!("runbook-on-aws", aws.run(&["runbook"]).await.stdout);
    insta::assert_snapshot!("runbook-on-azure", azure.run(&["runbook"]).await.stdout);
}

/// A terminal of its own, by util-linux's `script`; what is typed comes from a pipe.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_the_plan_and_types_the_name_before_anything_is_done() {
    let scene = Scene::start("aws").await;
    scene.simulator.world().break_primary(Outage::Silent);
    tokio::time::sleep(Duration::from_secs(6)).await;
    let (code, shown) = scene.at_a_terminal("failover --reason drill", "logscale-test\n").await;
    assert_eq!(code, 3, "{shown}");
    for part in
        ["the steps of a failover", "by function logscale-standby", "Type the name", "logscale-prod was not typed"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(scene.run(&["guard"]).await.code, 0, "something was done");
    let (code, shown) = scene.at_a_terminal("failover --reason drill --waive holdoff", "logscale-prod\n").await;
    assert!(code == 0 && shown.contains("logscale-prod: DONE"), "{code} {shown}");
}

/// A rehearsal starts the standby while home is well, and an abort ends it as it is; the record tells both.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_rehearses_aborts_acknowledges_and_is_told_why_a_switchover_is_not_begun() {
    let scene = Scene::start("aws").await;
    for (arguments, code, says) in [
        (&["switchover", "--reason", WHY, "--yes"][..], 3, "this system gives no steps for a switchover"),
        (&["abort", "--reason", WHY, "--yes"], 3, "no execution is open, and none stands"),
        (&["rehearse", "--reason", WHY, "--yes", "--waive", "holdoff"], 2, ""),
        (&["rehearse", "--reason", WHY, "--yes"], 0, "rest-operator          done"),
        (&["status"], 0, "completed, nothing is owed"),
        (&["finish", "--reason", WHY, "--yes"], 3, "no execution is unfinished"),
        (&["acknowledge", "--reason", WHY], 0, "noted in the record"),
        (&["history"], 0, "acknowledge"),
    ] {
        let ran = scene.run(arguments).await;
        assert!(
            ran.code == code && ran.stdout.contains(says),
            "{arguments:?} {}\n{}{}",
            ran.code,
            ran.stdout,
            ran.stderr
        );
    }
    scene.simulator.world().break_primary(Outage::Silent);
    let failover = ["failover", "--waive", "holdoff", "--reason", WHY, "--yes"];
    for _ in 0..10 {
        if scene.run(&failover).await.code == 0 {
            break;
        }
    }
    let ran = scene.run(&["abort", "--reason", WHY, "--yes"]).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(scene.run(&["history"]).await.stdout.contains("ended by a person"));
}

/// The lock is slow here: what is done before it is told while it is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn steps_are_told_on_standard_error_while_the_function_works() {
    let scene = Scene::start("aws").await;
    scene.simulator.faults().always("route53:UpdateHealthCheck", Fault::Hang);
    scene.simulator.world().break_primary(Outage::Silent);
    let ran = scene.run(&["failover", "--waive", "holdoff", "--progress", "--reason", WHY, "--yes"]).await;
    assert!(
        ran.stderr.contains("scale-operator") && ran.stderr.contains("done"),
        "{}\n{}{}",
        ran.code,
        ran.stdout,
        ran.stderr
    );
    assert!(ran.code == 5 && ran.stdout.contains("lock-traffic"), "{}\n{}", ran.code, ran.stdout);
}

/// Called with a person's own key, signed as OCI's own tools sign.
#[tokio::test(flavor = "multi_thread")]
async fn a_pair_on_oci_is_reached_through_its_function_and_from_this_process_with_the_same_words() {
    let mut scene = Scene::start("oci").await;
    for (arguments, code, says) in [
        (&["status"][..], 0, "WEST ACTIVE"),
        (&["preflight"], 0, "READY"),
        (&["plan"], 0, "would NOT fail over"),
        (&["guard"], 0, "FREE"),
        (&["pause", "--for", "2h", "--reason", WHY], 0, "noted in the record"),
        (&["failover", "--reason", WHY, "--yes"], 3, "NOT DONE"),
        (&["resume", "--reason", WHY], 0, "noted in the record"),
        (&["runbook"], 0, "oci dns steering-policy update"),
    ] {
        let ran = scene.run(arguments).await;
        assert!(
            ran.code == code && ran.stdout.contains(says),
            "{arguments:?} {}\n{}{}",
            ran.code,
            ran.stdout,
            ran.stderr
        );
    }
    let (through, direct) = (scene.run(&["status"]).await, scene.run(&["status", "--direct"]).await);
    assert_eq!((direct.code, scene::plain(&direct.stdout)), (0, scene::plain(&through.stdout)), "{}", direct.stderr);
    scene.set("OCI_CLI_CONFIG_FILE", Some("nowhere"));
    one_line(&scene.run(&["status"]).await, 6, "no credentials of OCI");
}

/// What fails on OCI is answered with an error whose message is the answer: it is read all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_failover_on_oci_is_driven_to_its_end_through_the_function() {
    let scene = Scene::start("oci").await;
    scene.simulator.world().break_primary(Outage::Silent);
    let failover = ["failover", "--waive", "holdoff", "--reason", WHY, "--yes"];
    let mut last = scene.run(&failover).await;
    for _ in 0..10 {
        if last.code == 0 {
            break;
        }
        assert!([3, 5].contains(&last.code), "{}{}", last.stdout, last.stderr);
        tokio::time::sleep(Duration::from_secs(1)).await;
        last = scene.run(&failover).await;
    }
    assert!(last.code == 0 && last.stdout.contains("lock-traffic"), "{}{}", last.stdout, last.stderr);
    assert_eq!(scene.run(&["guard"]).await.code, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_pairs_are_a_line_each_and_the_worst_is_the_exit_code() {
    let scene = Scene::start("aws").await;
    let folder = scene.folder.path().join("sites");
    std::fs::create_dir(&folder).expect("a folder");
    one_line(&scene.run(&["status", "--all", "sites"]).await, 2, "no site file");
    let site = std::fs::read_to_string(scene.site()).expect("a site file");
    std::fs::write(folder.join("one.yaml"), &site).expect("a file");
    std::fs::write(folder.join("two.yaml"), site.replacen("name: logscale-prod", "name: logscale-test", 1))
        .expect("a file");
    for (arguments, says) in [
        (&["status", "--all", "sites"][..], "WEST ACTIVE"),
        (&["preflight", "--all", "sites"], "READY"),
        (&["pause", "--all", "sites", "--reason", WHY], "noted in the record"),
        (&["status", "--all", "sites"], "PAUSED"),
        (&["resume", "--all", "sites", "--reason", WHY], "noted in the record"),
    ] {
        let ran = scene.run(arguments).await;
        assert_eq!((ran.code, ran.stdout.matches(says).count()), (0, 2), "{says}: {}{}", ran.stdout, ran.stderr);
    }
    std::fs::write(folder.join("three.yaml"), "schema: 1\n").expect("a file");
    let ran = scene.run(&["status", "--all", "sites", "--output", "json"]).await;
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let codes: Vec<_> =
        document["sites"].as_array().expect("sites").iter().map(|site| site["exit_code"].clone()).collect();
    assert_eq!((ran.code, codes), (2, vec![0.into(), 2.into(), 0.into()]));
}

/// A reader of a pipe sees screen after screen; Ctrl-C ends it, with the exit code of the last one.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_on_a_pipe_prints_a_screen_for_each_interval_until_it_is_interrupted() {
    let scene = Scene::start("aws").await;
    let ran = scene.interrupted(&["status", "--watch=1"], "WEST ACTIVE", 2).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.matches("WEST ACTIVE").count() >= 2 && !ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
    one_line_of_watch(&scene.run(&["status", "--watch", "--site", "nowhere.yaml"]).await);
}

fn one_line_of_watch(ran: &Ran) {
    assert!(ran.code == 2 && ran.stdout.contains("nowhere.yaml cannot be read"), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn the_published_schema_is_that_of_this_version() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_holdfast")).arg("schema").output().expect("it starts");
    let published = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/holdfast-site.schema.json");
    let published = std::fs::read_to_string(published).expect("the published schema");
    assert_eq!(String::from_utf8_lossy(&output.stdout), published, "holdfast schema > docs/holdfast-site.schema.json");
}

/// The file that the page shows is one that can be used.
#[test]
fn the_site_file_of_the_page_is_read() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/COMMAND.md")).expect("the page");
    let shown = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a site file");
    let file = holdfast_site_file::parse(shown).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(file.variables().expect("variables")["PRE_FAILOVER_FAILURE_SECONDS"], "180");
}

#[test]
fn the_man_page_and_the_completions_name_every_verb() {
    let run = |arguments: &[&str]| {
        let output =
            std::process::Command::new(env!("CARGO_BIN_EXE_holdfast")).args(arguments).output().expect("it starts");
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let (man, bash) = (run(&["man"]), run(&["completions", "bash"]));
    for verb in
        ["status", "preflight", "plan", "failover", "failback", "finish", "abort", "guard", "backtest", "explain"]
    {
        assert!(man.contains(verb) && bash.contains(verb), "{verb}");
    }
    assert!(man.contains("Exit codes: 0 done"), "the man page has no exit codes");
}
