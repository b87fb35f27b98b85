//! `core` decides; it must not be able to talk, to run, or to ask what time it is.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// Everything that `core` may stand on, directly or not. Data, derive macros and combinators only.
const ALLOWED: &[&str] = &[
    "async-trait",
    "autocfg",
    "backon",
    "cfg-if",
    "fastrand",
    "futures-core",
    "futures-macro",
    "futures-task",
    "futures-util",
    "holdfast-core",
    "itoa",
    "jiff",
    "jiff-core",
    "memchr",
    "once_cell",
    "pin-project-lite",
    "portable-atomic",
    "portable-atomic-util",
    "proc-macro2",
    "quote",
    "ryu",
    "serde",
    "serde_core",
    "serde_derive",
    "serde_json",
    "slab",
    "syn",
    "thiserror",
    "thiserror-impl",
    "tracing",
    "tracing-attributes",
    "tracing-core",
    "unicode-ident",
    "zmij",
];

#[test]
fn core_depends_on_no_cloud_cluster_network_runtime_or_clock() {
    let cargo = std::env!("CARGO");
    let tree = Command::new(cargo)
        .args(["tree", "-p", "holdfast-core", "-e", "normal", "--prefix", "none", "--format", "{lib}|{p}", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs, it runs this test");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).expect("cargo prints UTF-8");
    let names = text.lines().filter_map(|line| line.split('|').nth(1)?.split(' ').next());
    let found: BTreeSet<&str> = names.collect();
    assert!(found.contains("serde"), "the list was not read: {found:?}");
    let foreign: Vec<_> = found.iter().filter(|name| !ALLOWED.contains(name)).collect();
    assert!(foreign.is_empty(), "core has gained {foreign:?}; decide in an adapter, or explain it here");
}

#[test]
fn core_never_asks_for_the_time_the_environment_files_or_the_network() {
    let banned = [
        "Timestamp::now",
        "Zoned::now",
        "SystemTime",
        "Instant::now",
        "std::env",
        "std::fs",
        "std::net",
        "std::thread",
    ];
    let mut read = 0;
    each_source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut |path, text| {
        read += 1;
        for word in banned {
            assert!(!text.contains(word), "{} uses {word}", path.display());
        }
    });
    assert!(read > 20, "only {read} files were read");
}

fn each_source(folder: &Path, visit: &mut dyn FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            each_source(&path, visit);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            visit(&path, &fs::read_to_string(&path).expect("UTF-8 source"));
        }
    }
}
