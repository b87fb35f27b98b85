//! The site file that a verb is about.

use std::{collections::BTreeMap, path::Path, time::Duration};

use holdfast_core::{
    engine::ServedBy,
    fault::quoted,
    policy::{MissingData, Policy},
};
use holdfast_site_file::{LARGEST, Seconds, SiteFile};

use super::exit::Stopped;

/// A site pair, as its file says.
#[derive(Clone, Debug)]
pub struct Target {
    /// The file.
    pub file: SiteFile,
    /// The variables of its function.
    pub variables: BTreeMap<String, String>,
}

impl Target {
    /// Reads the file.
    ///
    /// # Errors
    /// In one line: what is wrong with it, and where.
    pub fn read(path: &Path) -> Result<Self, Stopped> {
        let text = text(path)?;
        let stopped = |why: String| Stopped::usage(format!("{}: {why}", path.display()));
        let file = holdfast_site_file::parse(&text).map_err(|fault| stopped(fault.to_string()))?;
        let variables = file.variables().map_err(|fault| stopped(fault.to_string()))?;
        Ok(Self { file, variables })
    }

    /// The numbers of the decision, as the file has them, else the defaults.
    pub fn policy(&self) -> Policy {
        let (given, default) = (&self.file.policy, Policy::default());
        let of = |seconds: Option<Seconds>, or: Duration| {
            seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds.0).ok()).unwrap_or(or)
        };
        Policy {
            holdoff: of(given.holdoff, default.holdoff),
            cooldown: of(given.cooldown, default.cooldown),
            period: of(given.metric_period, default.period),
            stale_after: of(given.metric_stale, default.stale_after),
            missing: match given.missing_data.as_deref() {
                Some("counts-as-failing") => MissingData::CountsAsFailing,
                _ => MissingData::EndsTheStreak,
            },
            poll: of(given.poll, default.poll),
            stands_still_after: of(given.stands_still, default.stands_still_after),
            well_for: of(given.well_for, default.well_for),
            tick: of(given.tick, default.tick),
            // What is due is what is asked here, whatever becomes of it.
            mode: default.mode,
        }
    }

    /// What becomes of a failover that is due, as the file has it.
    pub fn mode(&self) -> &str {
        self.file.policy.mode.as_deref().unwrap_or("automatic")
    }

    /// Where what answered is another version, or decides by other numbers, than this file says.
    pub fn differs_from(&self, served_by: &ServedBy) -> Vec<String> {
        let (here, there, given) = (self.policy(), &served_by.policy, &self.file.policy);
        let seconds = |of: Duration| format!("{} s", of.as_secs_f64());
        let mut all = vec![
            ("version", env!("CARGO_PKG_VERSION").to_owned(), quoted(&served_by.version)),
            ("mode", self.mode().to_owned(), there.mode.name().to_owned()),
            ("holdoff", seconds(here.holdoff), seconds(there.holdoff)),
            ("cooldown", seconds(here.cooldown), seconds(there.cooldown)),
            ("well_for", seconds(here.well_for), seconds(there.well_for)),
            ("poll", seconds(here.poll), seconds(there.poll)),
            ("stands_still", seconds(here.stands_still_after), seconds(there.stands_still_after)),
        ];
        // These have another default on each cloud.
        let some = [
            ("tick", given.tick, there.tick),
            ("metric_period", given.metric_period, there.period),
            ("metric_stale", given.metric_stale, there.stale_after),
        ];
        all.extend(
            some.iter()
                .filter_map(|(name, here, there)| Some((*name, format!("{} s", here.as_ref()?.0), seconds(*there)))),
        );
        let differ = all.into_iter().filter(|(_, here, there)| here != there);
        differ
            .map(|(name, here, there)| format!("{name}: {here} by this command and its file, {there} by what answered"))
            .collect()
    }

    /// The name of the pair.
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// The site that is home.
    pub fn home(&self) -> &str {
        &self.file.home
    }

    /// The other one.
    pub fn standby(&self) -> &str {
        self.file.standby().unwrap_or("standby")
    }
}

/// A file as text, bounded; `-` is standard input.
///
/// # Errors
/// In one line.
pub fn text(path: &Path) -> Result<String, Stopped> {
    bounded(path, LARGEST)
}

/// The same up to `longest` bytes.
///
/// # Errors
/// In one line.
pub fn bounded(path: &Path, longest: usize) -> Result<String, Stopped> {
    use std::io::Read as _;
    let unread = |why: std::io::Error| Stopped::usage(format!("{} cannot be read: {why}", path.display()));
    let limit = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().take(limit).read_to_string(&mut text).map_err(unread)?;
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text)).map_err(unread)?;
    }
    if text.len() > longest {
        return Err(Stopped::usage(format!("{} is longer than {longest} bytes", path.display())));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use holdfast_core::mode::{Mode, Unanswered};

    use super::*;

    /// The example of the page, with another policy.
    fn target(policy: &str) -> Target {
        let page = include_str!("../../../../docs/COMMAND.md");
        let (_, rest) = page.split_once("```yaml\n").expect("an example");
        let (example, _) = rest.split_once("```").expect("its end");
        let (before, after) = example.split_once("\npolicy:").expect("a policy");
        let after = after.split_once('\n').map_or("", |(_, after)| after);
        let text = format!("{before}\npolicy: {policy}\n{after}");
        let file = holdfast_site_file::parse(&text).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
        Target { variables: file.variables().expect("variables"), file }
    }

    #[test]
    fn what_the_function_decides_by_is_compared_with_the_file() {
        let target = target("{mode: ask, holdoff: 180s, cooldown: 300s}");
        let same = Policy {
            mode: Mode::Ask { within: Duration::from_secs(60), then: Unanswered::Begin },
            ..Policy::default()
        };
        assert_eq!(target.differs_from(&ServedBy::of(&same)), Vec::<String>::new());
        let other = Policy { holdoff: Duration::from_secs(60), tick: Duration::from_secs(180), ..Policy::default() };
        let served_by = ServedBy { version: "0.0.1\u{1b}[31m".to_owned(), ..ServedBy::of(&other) };
        let differs = target.differs_from(&served_by);
        let names: Vec<_> = differs.iter().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(names, ["version", "mode", "holdoff"], "{differs:?}");
        assert!(differs[2].contains("180 s") && differs[2].contains("60 s"), "{differs:?}");
        assert!(!differs[0].contains('\u{1b}'), "{differs:?}");
    }
}
