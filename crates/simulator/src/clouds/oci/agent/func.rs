//! `func.yaml`: what is deployed beside the executable (docs/reference/oci.md#function-limits).

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

/// The file that ships.
const SHIPPED: &str = include_str!("../../../../../../infra/oci/function/func.yaml");
/// The longest that a call may take whose caller waits.
const LONGEST_S: u64 = 300;
/// The sizes of memory that there are, in megabytes.
const MEMORY_MB: [u64; 6] = [128, 256, 512, 1024, 2048, 3072];

/// The file, as far as it counts here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Func {
    /// Must be this one.
    schema_version: u64,
    /// Megabytes.
    pub(crate) memory: u64,
    /// Seconds.
    timeout: u64,
}

impl Func {
    /// The one that ships.
    pub(crate) fn shipped() -> Result<Self, String> {
        Self::parse(SHIPPED)
    }

    /// The one in this folder.
    pub(crate) fn read(folder: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(folder.join("func.yaml")).map_err(|error| error.to_string())?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let func: Self = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        match func {
            Self { schema_version, .. } if schema_version != 20_180_708 => Err("another schema_version".to_owned()),
            Self { timeout, .. } if !(1..=LONGEST_S).contains(&timeout) => {
                Err("the timeout is out of range".to_owned())
            }
            Self { memory, .. } if !MEMORY_MB.contains(&memory) => Err("there is no such size of memory".to_owned()),
            func => Ok(func),
        }
    }

    /// Simulated.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_has_the_longest_time_limit() {
        assert_eq!(Func::shipped().expect("valid").timeout(), Duration::from_secs(300));
    }

    #[test]
    fn what_the_platform_would_not_deploy_is_refused() {
        for text in [
            "schema_version: 20180708\nmemory: 256\ntimeout: 301",
            "schema_version: 20180708\nmemory: 300\ntimeout: 300",
            "schema_version: 1\nmemory: 256\ntimeout: 300",
            "memory: 256",
        ] {
            assert!(Func::parse(text).is_err(), "{text}");
        }
    }
}
