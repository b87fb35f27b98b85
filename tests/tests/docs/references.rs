//! Citations and links: what a comment or a page refers to exists.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::root;

/// The folder whose pages comments cite.
const REFERENCE: &str = "docs/reference/";

/// Every file of the project with one of these endings, with its path from the root.
fn files(endings: &[&str]) -> BTreeMap<PathBuf, String> {
    fn collect(folder: &Path, endings: &[&str], found: &mut BTreeMap<PathBuf, String>) {
        for entry in fs::read_dir(folder).expect("the folder exists") {
            let path = entry.expect("a readable entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() {
                // What is built or installed, and input that tests keep as it came.
                if !["target", "dist", "node_modules", ".git", ".terraform", "seeds", "cases"].contains(&name) {
                    collect(&path, endings, found);
                }
            } else if path
                .extension()
                .and_then(|ending| ending.to_str())
                .is_some_and(|ending| endings.contains(&ending))
            {
                let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                found.insert(path.strip_prefix(root()).expect("below the root").to_owned(), text);
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(&root(), endings, &mut found);
    found
}

/// The anchors that a forge makes of a page's headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    headings.map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

/// The start of `text` that can be a path and an anchor; a full stop at its end belongs to the sentence.
fn address(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_./#".contains(c))).unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

#[test]
fn every_heading_of_the_reference_that_is_cited_exists() {
    let sources = files(&["rs", "py", "sh", "toml", "yaml", "tf"]);
    let mut cited = 0;
    for (path, text) in sources.iter().filter(|(path, _)| !path.ends_with("tests/docs/references.rs")) {
        for (start, _) in text.match_indices(REFERENCE) {
            let address = address(&text[start..]);
            let (page, anchor) = address.split_once('#').unwrap_or((address, ""));
            let known = fs::read_to_string(root().join(page)).map(|page| anchors(&page));
            let Ok(known) = known else { panic!("{} cites {page}, which does not exist", path.display()) };
            assert!(anchor.is_empty() || known.contains(anchor), "{} cites {address}: no such heading", path.display());
            cited += 1;
        }
    }
    assert!(cited >= 100, "only {cited} citations were found");
}

/// The facts once had no place in the project, and comments cited them by the numbers of pages that nobody could read.
#[test]
fn no_comment_cites_a_page_that_the_project_does_not_have() {
    let numbered = |rest: &str| {
        let rest = ["aws ", "azure ", "logscale ", "oci ", "section "]
            .iter()
            .fold(rest, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
        rest.starts_with(|first: char| first.is_ascii_digit())
    };
    for (path, text) in files(&["rs", "py", "sh", "toml", "yaml", "tf"]) {
        for line in text.lines() {
            let comment = line.split_once("//").or_else(|| line.split_once("# ")).map_or("", |(_, comment)| comment);
            for (start, word) in comment.match_indices("facts") {
                let rest = &comment[start + word.len()..];
                let cites = rest.starts_with('/') || rest.strip_prefix(' ').is_some_and(numbered);
                assert!(!cites, "{}: {line}", path.display());
            }
        }
    }
}

#[test]
fn every_link_from_a_page_to_a_file_leads_to_it() {
    let pages = files(&["md"]);
    let mut followed = 0;
    for (path, text) in &pages {
        for (start, mark) in text.match_indices("](") {
            let target = text[start + mark.len()..].split(')').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.contains(char::is_whitespace) {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let from = root().join(path);
            let file = if file.is_empty() { from } else { from.parent().expect("a folder").join(file) };
            assert!(file.exists(), "{} links to {target}, which does not exist", path.display());
            if !anchor.is_empty() {
                let page = fs::read_to_string(&file).expect("a page");
                assert!(anchors(&page).contains(anchor), "{} links to {target}: no such heading", path.display());
            }
            followed += 1;
        }
    }
    assert!(followed >= 50, "only {followed} links were found");
}

#[test]
fn every_decision_has_a_date_and_a_status_and_stands_in_the_index() {
    let folder = root().join("docs/decisions");
    let index = fs::read_to_string(folder.join("README.md")).expect("the index");
    let mut read = 0;
    for entry in fs::read_dir(&folder).expect("the folder") {
        let name = entry.expect("a readable entry").file_name().into_string().expect("a name in UTF-8");
        if !name.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        let text = fs::read_to_string(folder.join(&name)).expect("the record");
        let dated = text.lines().any(|line| line.starts_with("Date: 20") && line.contains("Status: "));
        assert!(dated, "{name} has no line with its date and status");
        assert!(index.contains(&format!("({name})")), "docs/decisions/README.md does not list {name}");
        read += 1;
    }
    assert!(read >= 11, "only {read} decisions were read");
}
