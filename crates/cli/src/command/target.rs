//! The site file that a verb is about.

use std::{collections::BTreeMap, path::Path, time::Duration};

use holdfast_core::policy::{MissingData, Policy};
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
