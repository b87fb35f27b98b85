//! The page of one fixed execution, and what it makes of hostile words.

use std::{path::Path, process::Command};

use holdfast_core::record::{Execution, State};
use holdfast_report::{
    Report, Source, page,
    source::{Call, Event, Lane, Promise, Seen},
};
use serde_json::{Value, json};

/// A failover with one step that is owed, as the record keeps it.
fn written() -> Value {
    let state: Value =
        serde_json::from_str(include_str!("../../core/fixtures/record-schema-1.json")).expect("a fixture");
    let mut run = state["current"].clone();
    run["trigger"] = json!({"kind": "alarm", "name": "dr-primary-unhealthy", "changed_at": "2025-12-31T23:57:00Z"});
    run["finished_at"] = json!("2026-01-01T00:01:10Z");
    run["steps"][1]["ended_at"] = json!("2026-01-01T00:00:40Z");
    run
}

fn read(run: Value) -> Execution {
    serde_json::from_value(run).expect("an execution")
}

fn report(run: &Execution, seen: Option<Seen>) -> Report {
    let (name, home, standby) = ("logscale-prod", "west", "east");
    Report::of(&Source { name, summary: None, home, standby, run: Some(run), pace: 1.0, seen })
}

fn seen() -> Seen {
    let at = |text: &str| text.parse().expect("a time");
    let event = |time, lane, text: &str| Event { at: at(time), lane, text: text.to_owned() };
    Seen {
        broke_at: Some(at("2025-12-31T23:55:10Z")),
        events: vec![
            event("2026-01-01T00:01:00Z", Lane::Dns { to_standby: true }, "DNS now answers with the standby"),
            event("2025-12-31T23:55:10Z", Lane::Primary, "the primary is down"),
            event("2026-01-01T00:00:30Z", Lane::Pods { serves: true }, "a pod is ready"),
        ],
        calls: vec![Call { call: "patch deployments/scale".to_owned(), sent: 2, failed: 1 }],
        promises: vec![Promise { promise: "it happened once".to_owned(), kept: false, seen: "twice".to_owned() }],
    }
}

#[test]
fn a_fixed_execution_makes_this_page_and_this_json() {
    let run = read(written());
    insta::assert_snapshot!("page", page(&report(&run, None)).expect("a page"));
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&report(&run, Some(seen()))).expect("JSON"));
}

#[test]
fn what_was_seen_from_outside_stands_on_the_page_and_a_broken_promise_makes_it_bad() {
    let run = read(written());
    let report = report(&run, Some(seen()));
    let text = page(&report).expect("a page");
    for part in ["BROKEN", "it happened once", "patch deployments&#x2f;scale", "5 min 50 s", "a pod is ready"] {
        assert!(text.contains(part), "{part}");
    }
    assert!(!report.good);
}

#[test]
fn markup_in_foreign_words_is_text_wherever_it_stands() {
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let mut run = written();
    for place in [
        "/reason",
        "/caller",
        "/id",
        "/steps/0/step",
        "/steps/0/found",
        "/steps/0/before/found",
        "/trigger/name",
        "/notes/0/text",
        "/evidence/probes/0/why",
        "/steps/1/why/fault/message",
    ] {
        *run.pointer_mut(place).expect(place) = json!(hostile);
    }
    let mut seen = seen();
    seen.events[0].text = hostile.to_owned();
    seen.calls[0].call = hostile.to_owned();
    seen.promises[0].seen = hostile.to_owned();
    let run = read(run);
    let source = Source {
        name: hostile,
        summary: Some(hostile),
        home: hostile,
        standby: hostile,
        run: Some(&run),
        pace: 1.0,
        seen: Some(seen),
    };
    let text = page(&Report::of(&source)).expect("a page");
    let lower = text.to_lowercase();
    assert!(!lower.contains("<script") && !lower.contains("<img"), "markup came through");
    assert!(lower.matches("&lt;script&gt;").count() >= 14, "{}", lower.matches("&lt;script&gt;").count());
    assert_eq!(text.matches('<').count(), {
        let run = read(written());
        let plain =
            Source { name: "n", summary: Some("s"), home: "h", standby: "b", run: Some(&run), ..source.clone() };
        page(&Report::of(&plain)).expect("a page").matches('<').count()
    });
}

#[test]
fn the_page_loads_nothing() {
    let text = page(&report(&read(written()), Some(seen()))).expect("a page");
    for word in ["http://", "https://", "src=", "href=", "url(", "@import", "<script", "<link"] {
        assert!(!text.contains(word), "{word}");
    }
    assert!(text.contains("default-src 'none'"));
}

#[test]
fn where_nothing_was_begun_the_page_says_so() {
    let source = Source {
        name: "n",
        summary: None,
        home: "west",
        standby: "east",
        run: None,
        pace: 60.0,
        seen: Some(Seen::default()),
    };
    let text = page(&Report::of(&source)).expect("a page");
    assert!(text.contains("Nothing failed over") && text.contains("there is no execution"));
}

#[test]
fn accounts_of_another_version_are_named_and_stop_no_page() {
    let mut state: Value =
        serde_json::from_str(include_str!("../../core/fixtures/record-schema-1.json")).expect("a fixture");
    for part in ["decision", "evidence", "policy", "trigger"] {
        state["current"][part] = json!("of another version");
    }
    let state: State = serde_json::from_value(state).expect("a record");
    let text = page(&report(state.current.as_ref().expect("an execution"), None)).expect("a page");
    assert!(text.contains("another version"));
}

/// The browser, where it is installed.
fn browser() -> Option<&'static Path> {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .into_iter()
        .map(Path::new)
        .find(|path| path.is_file())
}

/// Tells the frame around the page whether its content is as narrow as the window, and the colour of its paper.
const MEASURE: &str = "<script>addEventListener('load',()=>{const d=document.documentElement;parent.postMessage(\
[d.scrollWidth<=d.clientWidth,getComputedStyle(document.body).backgroundColor,d.clientWidth].join('|'),'*')})</script>";

/// A frame of any width: a window of Chromium is not narrower than 500 pixels.
const FRAME: &str = "<!doctype html><meta name=\"color-scheme\" content=\"light dark\"><title>nothing</title>\
<script>addEventListener('message',event=>{document.title=event.data})</script>\
<iframe src=\"inner.html\" width=\"WIDTH\" height=\"9000\" style=\"border:0\"></iframe>";

#[test]
#[allow(clippy::print_stderr, reason = "a test that was skipped says so")]
fn chromium_shows_it_in_both_colour_schemes_and_at_phone_width() {
    let Some(browser) = browser() else {
        eprintln!("SKIPPED: Chromium is not installed (Debian's package chromium)");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    // The page's own policy forbids scripts. The measured copy is the same page without that line.
    let text = page(&report(&read(written()), Some(seen()))).expect("a page");
    let policy =
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">";
    assert!(text.contains(policy));
    std::fs::write(folder.path().join("inner.html"), text.replace(policy, MEASURE)).expect("written");
    for (dark, paper) in [(false, "rgb(255, 255, 255)"), (true, "rgb(13, 17, 23)")] {
        for width in ["390", "1200"] {
            let shown = open(browser, folder.path(), dark, width);
            let title = shown.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
            assert_eq!(title, Some(format!("true|{paper}|{width}").as_str()), "dark: {dark}");
        }
    }
}

/// The frame as the browser has it once the page in it is loaded.
fn open(browser: &Path, folder: &Path, dark: bool, width: &str) -> String {
    let frame = folder.join(format!("frame-{width}.html"));
    std::fs::write(&frame, FRAME.replace("WIDTH", width)).expect("written");
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.args(["--virtual-time-budget=5000", "--dump-dom", "--window-size=1300,900"]);
    command.arg(format!("--user-data-dir={}", folder.join(format!("profile-{dark}-{width}")).display()));
    if dark {
        command.arg("--blink-settings=preferredColorScheme=0");
    }
    let output = command.arg(format!("file://{}", frame.display())).output().expect("the browser starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
