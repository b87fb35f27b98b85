//! The site file: one site pair in YAML, and the very variables that a function of it reads.
//!
//! The file and the variables say the same. A function is told by variables, because that is what its platform has; a
//! person writes the file. There is one walk over the file ([`walk`]), and both directions are made of it, so that no
//! key can mean one thing on the way there and another on the way back.
//!
//! # Layout
//!
//! * [`mod@file`]: the keys of the file; [`parts`]: those of its parts; [`seconds`]: durations.
//! * [`walk`]: which key is which variable, once.
//! * [`variables`]: from the file to the variables of its function, and back.
//! * [`fault`]: what can be wrong with a file, with line, column and the nearest known key.
//!
//! Values are not judged here: the reader of the function does that, with its own words (`holdfast_site::Settings`).

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

pub mod fault;
pub mod file;
pub mod parts;
pub mod seconds;
pub mod variables;
pub mod walk;

pub use fault::FileFault;
pub use file::SiteFile;
pub use parts::{Cluster, CooldownStore, Function, History, Secret, Switch};
pub use seconds::Seconds;

/// The largest file that is read, in bytes. One of a site pair has some two thousand.
pub const LARGEST: usize = 256 * 1024;

/// Reads a site file.
///
/// # Errors
/// The first thing in it that cannot be understood.
pub fn parse(text: &str) -> Result<SiteFile, FileFault> {
    if text.len() > LARGEST {
        return Err(FileFault::Rule(format!("the file has {} bytes; at most {LARGEST} are read", text.len())));
    }
    let file: SiteFile = serde_saphyr::from_str(text).map_err(|error| FileFault::of_yaml(&error))?;
    file.check()?;
    Ok(file)
}

/// The file as YAML.
///
/// # Errors
/// A value that YAML cannot hold.
pub fn to_yaml(file: &SiteFile) -> Result<String, FileFault> {
    serde_saphyr::to_string(file).map_err(|error| FileFault::Rule(format!("it cannot be written: {error}")))
}

/// The JSON Schema of the file.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(SiteFile).to_value()
}
