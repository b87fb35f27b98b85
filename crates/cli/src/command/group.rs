//! One verb for each site file of a folder.

use std::{
    future::Future,
    path::{Path, PathBuf},
};

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{
    args::{Group, Reach},
    exit::{Exit, Stopped},
    run::Said,
};

/// The most site files of one folder.
const MOST: usize = 200;

/// How many pairs are asked at the same time.
const AT_ONCE: usize = 8;

/// Runs `one` for the pair that `reach` names, or for each pair of the folder.
///
/// # Errors
/// Of one pair: its own. Of a folder: it cannot be read, or holds no site file. What one pair of a folder says never hides
/// the others.
pub async fn each<F>(group: &Group, reach: &Reach, one: impl Fn(Reach) -> F) -> Result<Said, Stopped>
where
    F: Future<Output = Result<Said, Stopped>>,
{
    let Some(folder) = &group.all else { return one(reach.clone()).await };
    let files = files(folder)?;
    let asked = files.into_iter().map(|file| {
        let mut reach = reach.clone();
        reach.site.site = file.clone();
        let said = one(reach);
        async move { (file, said.await) }
    });
    Ok(table(&stream::iter(asked).buffered(AT_ONCE).collect::<Vec<_>>().await))
}

/// The site files, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Stopped> {
    let unread = |error: std::io::Error| Stopped::usage(format!("{} cannot be read: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        if path.is_file() && path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            files.push(path);
        }
    }
    files.sort();
    match files.len() {
        0 => Err(Stopped::usage(format!("{}: there is no site file (*.yaml, *.yml) in it", folder.display()))),
        many if many > MOST => {
            Err(Stopped::usage(format!("{}: {many} site files, and {MOST} at most", folder.display())))
        }
        _ => Ok(files),
    }
}

/// One line for each pair: the first one of its screen.
fn table(all: &[(PathBuf, Result<Said, Stopped>)]) -> Said {
    let name = |file: &Path| file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let width = all.iter().map(|(file, _)| name(file).chars().count()).max().unwrap_or_default();
    let (mut text, mut documents, mut worst) = (String::new(), Vec::new(), Exit::Done);
    for (file, said) in all {
        let (line, exit, document) = match said {
            Ok(said) => (said.text.lines().next().unwrap_or_default(), said.exit, said.document.clone()),
            Err(stopped) => (stopped.why.as_str(), stopped.exit, stopped.document()),
        };
        text.push_str(&format!("{:width$}  {}  {line}\n", name(file), exit as u8));
        documents.push(with_file(document, file));
        worst = worse(worst, exit);
    }
    text.push_str(&format!("\n{} site pairs; the number is the exit code of each\n", all.len()));
    Said { text, document: json!({"exit_code": worst as u8, "sites": documents}), exit: worst }
}

fn with_file(mut document: Value, file: &Path) -> Value {
    document["file"] = file.display().to_string().into();
    document
}

/// The worse of two ends. A known fault beats "cannot tell".
fn worse(one: Exit, other: Exit) -> Exit {
    let rank = |exit: Exit| match exit {
        Exit::Done => 0,
        Exit::CannotTell => 1,
        Exit::NotDone => 2,
        Exit::Unfinished => 3,
        Exit::NotGood => 4,
        Exit::Usage => 5,
        Exit::Ours => 6,
    };
    if rank(other) > rank(one) { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_fault_beats_what_cannot_be_told_in_any_order() {
        for (one, other) in
            [(Exit::NotGood, Exit::CannotTell), (Exit::CannotTell, Exit::Done), (Exit::Usage, Exit::NotGood)]
        {
            assert_eq!((worse(one, other), worse(other, one)), (one, one));
        }
    }

    #[test]
    fn a_pair_that_is_not_reached_has_its_own_line_and_hides_no_other() {
        let said = Said { text: "a: WEST ACTIVE\n\nmore".to_owned(), document: json!({}), exit: Exit::Done };
        let all = [("x/a.yaml".into(), Ok(said)), ("x/long.yml".into(), Err(Stopped::unreached("no connection")))];
        let table = table(&all);
        assert!(table.text.starts_with("a     0  a: WEST ACTIVE\nlong  6  no connection\n"), "{}", table.text);
        assert_eq!((table.exit, &table.document["sites"][1]["exit_code"]), (Exit::CannotTell, &json!(6)));
    }
}
