//! docs/CONFIGURATION.md says for each variable of the functions which variable of a module sets it; modules and their tests agree.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use super::{page, quoted, root};

const HEADING: &str = "## Set by Terraform";

/// The cells of the rows of all tables of a text.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let table = text.lines().filter(|line| line.starts_with("| "));
    table.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
}

fn is_variable(text: &&str) -> bool {
    text.contains('_') && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

/// The modules of the table, and by variable of the function what stands in the cell of each of them.
fn table(part: &str) -> (Vec<String>, BTreeMap<String, Vec<String>>) {
    let mut rows = rows(part);
    let modules = rows.next().expect("a head").into_iter().skip(1).map(str::to_owned).collect();
    let row = |cells: Vec<&str>| {
        let variable = quoted(cells[0]).next().expect("a variable in each row").to_owned();
        (variable, cells[1..].iter().map(|cell| (*cell).to_owned()).collect())
    };
    (modules, rows.map(row).collect())
}

/// The variables that a module declares.
fn declared(module: &str) -> BTreeSet<String> {
    let folder = root().join("terraform/modules").join(module);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = files.map(|entry| entry.expect("a readable entry").path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "tf"));
    let text: String = files.map(|path| fs::read_to_string(path).expect("UTF-8")).collect();
    let names = text.lines().filter_map(|line| line.strip_prefix("variable \"")?.split('"').next());
    names.map(str::to_owned).collect()
}

/// The variables of the function that the module sets when each of its own variables has a value.
fn set_by(module: &str) -> BTreeSet<String> {
    let path = root().join("tests/terraform/environment").join(format!("{module}.json"));
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cases: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_slice(&text).expect("cases of text");
    cases["everything"].keys().cloned().collect()
}

#[test]
fn every_variable_of_the_functions_says_which_module_variable_sets_it() {
    let page = page("docs/CONFIGURATION.md");
    let (before, part) = page.split_once(HEADING).expect("the section");
    let (modules, set) = table(part);
    let described: BTreeSet<String> = rows(before)
        .flat_map(|cells| quoted(cells[0]).filter(is_variable).collect::<Vec<_>>())
        .map(str::to_owned)
        .collect();
    assert!(described.len() > 60, "only {} variables were found", described.len());
    assert_eq!(set.keys().cloned().collect::<BTreeSet<_>>(), described, "rows of {HEADING}, and variables above it");
    for (place, module) in modules.iter().enumerate() {
        let (declared, given) = (declared(module), set_by(module));
        for (variable, cells) in &set {
            let cell = cells.get(place).unwrap_or_else(|| panic!("{variable}: no cell of {module}"));
            match quoted(cell).next() {
                None => {
                    assert_eq!(cell, "not set", "{module}, {variable}");
                    assert!(!given.contains(variable), "{module} sets {variable}");
                }
                Some("settings") => assert!(declared.contains("settings"), "{module} has no variable settings"),
                Some(name) => {
                    assert!(declared.contains(name), "{module} has no variable {name}");
                    assert!(given.contains(variable), "{module}: its test does not show that {name} sets {variable}");
                }
            }
        }
    }
}
