//! Verbs of people, a pair on OCI, several pairs at once, and what is told while something goes on.

use std::time::Duration;

use holdfast_simulator::{faults::Fault, world::Outage};
use serde_json::Value;

use crate::{
    WHY, one_line,
    scene::{self, Ran, Scene},
};

/// Runs verbs one after the other, each with its exit code and a part of what it says.
async fn play(scene: &Scene, verbs: &[(&[&str], i32, &str)]) {
    for (arguments, code, says) in verbs {
        let Ran { code: ended, stdout, stderr, .. } = scene.run(arguments).await;
        assert!(ended == *code && stdout.contains(says), "{arguments:?} {ended}\n{stdout}{stderr}");
    }
}

/// A rehearsal starts the standby while home is well, and an abort ends it as it is; the record tells both.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_rehearses_aborts_acknowledges_and_is_told_why_a_switchover_is_not_begun() {
    let scene = Scene::start("aws").await;
    play(
        &scene,
        &[
            (&["switchover", "--reason", WHY, "--yes"][..], 3, "this system gives no steps for a switchover"),
            (&["abort", "--reason", WHY, "--yes"], 3, "no execution is open, and none stands"),
            (&["rehearse", "--reason", WHY, "--yes", "--waive", "holdoff"], 2, ""),
            (&["rehearse", "--reason", WHY, "--yes"], 0, "rest-operator          done"),
            (&["status"], 0, "completed, nothing is owed"),
            (&["finish", "--reason", WHY, "--yes"], 3, "no execution is unfinished"),
            (&["acknowledge", "--reason", WHY], 0, "noted in the record"),
            (&["history"], 0, "acknowledge"),
        ],
    )
    .await;
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
    play(
        &scene,
        &[
            (&["status"][..], 0, "WEST ACTIVE"),
            (&["preflight"], 0, "READY"),
            (&["plan"], 0, "would NOT fail over"),
            (&["guard"], 0, "FREE"),
            (&["pause", "--for", "2h", "--reason", WHY], 0, "noted in the record"),
            (&["failover", "--reason", WHY, "--yes"], 3, "NOT DONE"),
            (&["resume", "--reason", WHY], 0, "noted in the record"),
            (&["runbook"], 0, "oci dns steering-policy update"),
        ],
    )
    .await;
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
