//! The pages are held against the code: a name that is promised exists, a variable that is read is described.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

mod architecture;
mod references;
mod terraform;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All Rust sources below these folders, as one text.
fn sources(folders: &[&str]) -> String {
    fn collect(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).expect("the folder exists") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
                collect(&path, text);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                text.push_str(&fs::read_to_string(&path).expect("UTF-8 source"));
            }
        }
    }
    let mut text = String::new();
    for folder in folders {
        collect(&root().join(folder), &mut text);
    }
    text
}

/// What stands between back quotes, list item by list item.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The items of `page` that begin with `mark`, with their continuation lines.
fn items(page: &str, mark: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with(mark) {
            items.push(line.to_owned());
            inside = true;
        } else if inside && line.starts_with("  ") {
            items.last_mut().expect("an item was begun").push_str(line);
        } else {
            inside = false;
        }
    }
    items
}

/// Names of the drill's scenarios, from their sources.
fn scenarios() -> BTreeSet<String> {
    let source = sources(&["crates/cli/src/drill/scenarios"]);
    let names = source.split("name: \"").skip(1).filter_map(|rest| rest.split('"').next());
    names.map(str::to_owned).collect()
}

#[test]
fn the_promises_page_names_only_what_exists() {
    let page = page("docs/SEMANTICS.md");
    let (scenarios, sources) =
        (scenarios(), sources(&["crates", "functions", "tests/proof", "tests/tests", "tests/src"]));
    assert!(scenarios.len() >= 27, "only {} scenarios were found", scenarios.len());
    let mut named = 0;
    for name in items(&page, "* S:").iter().flat_map(|item| quoted(item)) {
        assert!(scenarios.contains(name), "docs/SEMANTICS.md names the scenario {name}, which does not exist");
        named += 1;
    }
    for name in items(&page, "* T:").iter().flat_map(|item| quoted(item)) {
        assert!(
            sources.contains(&format!("fn {name}(")),
            "docs/SEMANTICS.md names the test {name}, which does not exist"
        );
        named += 1;
    }
    assert!(named >= 40, "only {named} names were read");
}

#[test]
fn every_promise_names_what_holds_it_up() {
    let page = page("docs/SEMANTICS.md");
    let promises: Vec<&str> =
        page.split("\n## ").filter(|part| part.starts_with(|first: char| first.is_ascii_digit())).collect();
    assert_eq!(promises.len(), 7);
    for promise in promises {
        let title = promise.lines().next().unwrap_or_default();
        assert!(promise.contains("* T:") || promise.contains("* S:"), "{title} names neither scenario nor test");
    }
}

#[test]
fn every_scenario_stands_on_the_promises_page_or_guards_tls() {
    let page = page("docs/SEMANTICS.md");
    let missing: Vec<_> = scenarios().into_iter().filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/SEMANTICS.md does not name {missing:?}");
}

/// The sources that read settings: the site's, and the modules `settings` of clouds and systems.
fn settings() -> String {
    let mut text = sources(&["crates/site/src", "crates/parts/src", "crates/http/src"]);
    for entry in fs::read_dir(root().join("crates")).expect("the crates") {
        let file = entry.expect("a readable entry").path().join("src/settings.rs");
        text.push_str(&fs::read_to_string(file).unwrap_or_default());
    }
    text
}

#[test]
fn every_variable_that_is_read_is_described_and_every_described_one_is_read() {
    let page = page("docs/CONFIGURATION.md");
    let source = settings();
    let is_variable = |text: &&str| {
        text.contains('_')
            && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            && !text.ends_with('_')
    };
    let read: BTreeSet<&str> = source.split('"').filter(is_variable).filter(|name| !name.starts_with("AWS_")).collect();
    let described: BTreeSet<&str> =
        quoted(&page).filter(is_variable).filter(|name| !name.starts_with("AWS_")).collect();
    assert!(read.len() > 30, "only {} variables were found", read.len());
    let undescribed: Vec<_> = read.difference(&described).collect();
    assert!(undescribed.is_empty(), "docs/CONFIGURATION.md does not describe {undescribed:?}");
    let unread: Vec<_> = described.difference(&read).collect();
    assert!(unread.is_empty(), "docs/CONFIGURATION.md describes {unread:?}, which nothing reads");
}

#[test]
fn every_reason_is_explained_to_the_one_who_has_to_act() {
    let page = page("docs/TROUBLESHOOTING.md");
    let source = fs::read_to_string(root().join("crates/core/src/decision/reason.rs")).expect("the reasons");
    let variants =
        source.split("pub enum Reason {").nth(1).and_then(|rest| rest.split("\n}").next()).expect("the enum");
    let names = variants.lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?.split([' ', '{', ',']).next()?;
        name.starts_with(|first: char| first.is_ascii_uppercase()).then_some(name)
    });
    let mut read = 0;
    for name in names {
        let code = name.chars().fold(String::new(), |mut code, letter| {
            if letter.is_ascii_uppercase() && !code.is_empty() {
                code.push('_');
            }
            code.push(letter.to_ascii_lowercase());
            code
        });
        assert!(page.contains(&format!("`{code}`")), "docs/TROUBLESHOOTING.md does not explain {code}");
        read += 1;
    }
    assert!(read > 15, "only {read} reasons were read");
}

/// The lint takes no list: it is a line in each crate, and a new crate must not be without it.
#[test]
fn every_crate_refuses_dependencies_that_it_does_not_use() {
    let manifest = page("Cargo.toml");
    let members = manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']')).expect("members").0;
    let members: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
    assert!(members.len() > 10, "{members:?}");
    // These tests are a crate whose dependencies its programs and tests share.
    for member in members.iter().filter(|member| **member != "tests") {
        let source = root().join(member).join("src");
        let main = ["lib.rs", "main.rs"].map(|name| source.join(name)).into_iter().find(|path| path.exists());
        let text = fs::read_to_string(main.expect("a library or a program")).expect("UTF-8 source");
        assert!(text.contains("warn(unused_crate_dependencies)"), "{member}: `lib.rs` lacks the lint, see the others");
    }
}
