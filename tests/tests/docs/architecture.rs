//! The drawing of the crates in docs/ARCHITECTURE.md, held against cargo.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

use super::{page, root};

/// Who depends on whom. Names are those of the folders.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// What the page draws: an arrow a line, `from --> to`.
fn drawn() -> Arrows {
    let page = page("docs/ARCHITECTURE.md");
    let drawing = page
        .split("```mermaid\nflowchart")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("the page draws the crates");
    let name = |text: &str| text.trim().replace('_', "-");
    let mut arrows = Arrows::new();
    for line in drawing.lines() {
        if let Some((from, to)) = line.split_once("-->") {
            arrows.entry(name(to)).or_default();
            arrows.entry(name(from)).or_default().insert(name(to));
        }
    }
    assert!(arrows.len() >= 10, "only {} crates are drawn", arrows.len());
    arrows
}

/// What cargo says of the crates below `crates/` and `functions/`, without dependencies of tests alone.
fn built() -> Arrows {
    let manifest = root().join("Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
        .arg(&manifest)
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let root = metadata["workspace_root"].as_str().expect("a root").to_owned();
    let listed = metadata["packages"].as_array().expect("packages");
    // From a package's folder to the name that is drawn.
    let folder = |path: &str| {
        let inside = path.strip_prefix(&root)?.trim_start_matches('/').trim_end_matches("/Cargo.toml");
        let name = inside.strip_prefix("crates/").or_else(|| inside.strip_prefix("functions/"))?;
        Some(name.to_owned())
    };
    let mut arrows = Arrows::new();
    for package in listed {
        let Some(from) = package["manifest_path"].as_str().and_then(folder) else { continue };
        let needed = package["dependencies"].as_array().expect("dependencies").iter();
        let needed = needed.filter(|dependency| dependency["kind"].is_null());
        arrows.insert(from, needed.filter_map(|dependency| folder(dependency["path"].as_str()?)).collect());
    }
    arrows
}

/// Everything that is reached from `from`, over any number of arrows.
fn reached<'a>(arrows: &'a Arrows, from: &'a str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        for to in arrows.get(next).into_iter().flatten() {
            if found.insert(to.as_str()) {
                open.push(to);
            }
        }
    }
    found
}

#[test]
fn the_drawing_of_the_crates_is_what_cargo_says() {
    let (drawn, built) = (drawn(), built());
    let names = |arrows: &Arrows| arrows.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&drawn), names(&built), "left: the crates that are drawn; right: those that there are");
    for (from, to) in &drawn {
        let wrong: Vec<_> = to.difference(&built[from]).collect();
        assert!(wrong.is_empty(), "{from} is drawn with arrows to {wrong:?}, on which it does not depend");
    }
    for (from, to) in &built {
        let reached = reached(&drawn, from);
        let missing: Vec<_> = to.iter().filter(|to| !reached.contains(to.as_str())).collect();
        assert!(missing.is_empty(), "{from} depends on {missing:?}, which the drawing does not show");
    }
}

#[test]
fn no_cloud_knows_a_system_no_system_a_cloud_and_core_knows_nobody() {
    let built = built();
    let there = |names: &[&str]| -> Vec<String> {
        names.iter().filter(|name| built.contains_key(**name)).map(|name| (*name).to_owned()).collect()
    };
    let clouds = there(&["aws", "azure", "oci"]);
    let systems = there(&["logscale", "api-connect", "kloudfuse", "heartbeat"]);
    assert!(clouds.len() >= 2 && !systems.is_empty(), "clouds {clouds:?}, systems {systems:?}");
    for cloud in &clouds {
        for system in &systems {
            assert!(!reached(&built, cloud).contains(system.as_str()), "{cloud} knows {system}");
            assert!(!reached(&built, system).contains(cloud.as_str()), "{system} knows {cloud}");
        }
    }
    assert!(built["core"].is_empty(), "core depends on {:?}", built["core"]);
    assert!(built["simulator"].is_empty(), "the simulator depends on {:?}", built["simulator"]);
    for (name, needed) in &built {
        assert!(name == "cli" || !needed.contains("simulator"), "{name} ships and depends on the simulator");
    }
}
