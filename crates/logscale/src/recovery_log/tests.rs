use super::*;

const AZURE: &str = "\
Checking bucket storage localAndHttpWereEmpty=true
Trying to fetch a global snapshot from bucket storage azure if one exists in bucket=secondarylogscalecontainer
Fetching global snapshot from bucket storage azure found no snapshot to fetch.
Trying to fetch a global snapshot as recovery source from bucket storage in azure
Trying to fetch a global snapshot from bucket storage azure if one exists in bucket=primarylogscalecontainer
Fetched global snapshot from bucket storage azure found snapshot with epochOffset={epoch=0 offset=1329609}
Fetched a global snapshot as recovery source from bucket storage in azure and got snapshot with epochOffset={epoch=0 offset=1329609} now patching...
Snapshots to choose from, last is better...; List({epoch=0 offset=1329609},azure)) using kafkaMinOffsetOpt of Some(KafkaMinOffset(...))
Selecting snapshot from source=azure with epochOffset={epoch=0 offset=1329609}
updateSnapshotForDisasterRecovery: Patching region using from=eastus to=westus on bucketId=1
updateSnapshotForDisasterRecovery: Patching bucket using from=primarylogscalecontainer to=secondarylogscalecontainer on bucketId=1
updateSnapshotForDisasterRecovery: Patching access configs from RECOVER_FROM on bucketId=1
updateSnapshotForDisasterRecovery: setting readOnly=true on bucketId=1 keyPrefix= new value for bucket=secondarylogscalecontainer";

fn expected() -> Expected {
    Expected {
        own_bucket: Some("secondarylogscalecontainer".to_owned()),
        source_bucket: Some("primarylogscalecontainer".to_owned()),
        replaces_region: true,
        replaces_bucket: true,
    }
}

fn recovery_log(lines: &str) -> RecoveryLog {
    let mut recovery_log = RecoveryLog::default();
    lines.lines().for_each(|line| recovery_log.take(line));
    recovery_log
}

fn judged(lines: &str) -> Recovery {
    recovery_log(lines).judge(&expected())
}

fn why(lines: &str) -> String {
    match judged(lines) {
        Recovery::Failed { why } => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_lines_of_both_guides_are_a_whole_recovery() {
    assert_eq!(judged(AZURE), Recovery::Done);
    let aws = AZURE.replace("azure", "s3").replace("List({", "List(({");
    assert_eq!(judged(&aws), Recovery::Done);
}

#[test]
fn the_same_lines_inside_json_are_read_as_well() {
    let wrap = |line: &str| format!("{{\"level\":\"INFO\",\"msg\":\"{line}\",\"thread\":\"main\"}}");
    let json: Vec<_> = AZURE.lines().map(wrap).collect();
    assert_eq!(judged(&json.join("\n")), Recovery::Done);
    let bucket = recovery_log(&json.join("\n")).source_bucket;
    assert_eq!(bucket.as_deref(), Some("primarylogscalecontainer"), "without the quote behind it");
}

#[test]
fn no_line_can_be_missing_and_each_is_waited_for_by_name() {
    let mut waited_for = std::collections::BTreeSet::new();
    for count in 0..13 {
        let lines: Vec<_> = AZURE.lines().take(count).collect();
        let Recovery::NotYet { next } = judged(&lines.join("\n")) else { panic!("not done after {count} lines") };
        waited_for.insert(next);
    }
    assert_eq!(waited_for.len(), 13);
    for left_out in 1..13 {
        let lines: Vec<_> = AZURE.lines().enumerate().filter(|(at, _)| *at != left_out).map(|(_, line)| line).collect();
        assert_ne!(judged(&lines.join("\n")), Recovery::Done, "without line {}", left_out + 1);
    }
}

#[test]
fn what_is_not_replaced_is_not_waited_for() {
    let lines: Vec<_> =
        AZURE.lines().filter(|line| !line.contains("Patching region") && !line.contains("Patching bucket")).collect();
    let expected = Expected { replaces_region: false, replaces_bucket: false, ..expected() };
    assert_eq!(recovery_log(&lines.join("\n")).judge(&expected), Recovery::Done);
}

#[test]
fn data_of_its_own_or_a_snapshot_in_its_own_bucket_prevent_the_recovery() {
    assert!(why("Checking bucket storage localAndHttpWereEmpty=false").contains("data of its own"));
    let lines: Vec<_> =
        AZURE.lines().filter(|line| !line.contains("no snapshot") && !line.contains("in azure")).collect();
    assert!(why(&lines.join("\n")).contains("its own bucket holds a snapshot"));
}

#[test]
fn another_bucket_another_snapshot_and_a_writable_source_are_failures() {
    assert!(why(&AZURE.replace("bucket=primary", "bucket=other")).contains("looks into bucket other"));
    assert!(
        why(&AZURE.replace("azure with epochOffset={epoch=0", "azure with epochOffset={epoch=1"))
            .contains("not the one")
    );
    let twice = format!(
        "{}\n{}",
        AZURE.replace("readOnly=true", "readOnly=false"),
        "updateSnapshotForDisasterRecovery: setting readOnly=true on bucketId=2"
    );
    assert!(why(&twice).contains("stays writable"));
}

#[test]
fn a_loader_that_starts_again_begins_a_new_recovery() {
    let again = format!("{AZURE}\nChecking bucket storage localAndHttpWereEmpty=true");
    assert_eq!(judged(&again), Recovery::NotYet { next: "a look into its own bucket" });
}

#[test]
fn a_name_without_end_is_cut() {
    let line = format!(
        "Trying to fetch a global snapshot from bucket storage s3 if one exists in bucket={}",
        "ä".repeat(100_000)
    );
    assert_eq!(recovery_log(&line).own_bucket.map(|name| name.chars().count()), Some(255));
}
