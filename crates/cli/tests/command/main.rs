//! The verbs for a live site pair, driven as a person drives them: the executable, its words and its exit codes.

mod scene;
mod verbs;

use std::time::Duration;

use holdfast_simulator::world::Outage;
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
