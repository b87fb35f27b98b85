//! Where a report is written: a page, and the same facts as JSON beside it.

use std::path::{Path, PathBuf};

use holdfast_report::{Report, page};

/// Where the JSON of the page at `path` is.
pub fn beside(path: &Path) -> PathBuf {
    path.with_extension("json")
}

/// Writes both.
///
/// # Errors
/// In one line: the page would stand where its JSON does, or a file cannot be written.
pub fn write(path: &Path, report: &Report) -> Result<(), String> {
    let json = beside(path);
    if json == path {
        return Err(format!("{}: a page has another ending than .json, where its JSON is written", path.display()));
    }
    let facts = serde_json::to_string_pretty(report).map_err(|error| error.to_string())?;
    let text = page(report).map_err(|error| error.to_string())?;
    for (to, content) in [(path, text), (json.as_path(), facts)] {
        std::fs::write(to, content).map_err(|error| format!("{} cannot be written: {error}", to.display()))?;
    }
    Ok(())
}
