//! The mark in the log at which a call begins, for platforms that ask for one (docs/reference/oci.md#function-contract).

use std::io::{self, Write};

use http::HeaderMap;

/// Longest value that is written.
const LONGEST: usize = 256;

/// What the platform wants to find in the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame(Option<Names>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Names {
    /// What stands before the value.
    name: String,
    /// The header that has the value.
    header: String,
}

impl Frame {
    /// Reads `FN_LOGFRAME_NAME` and `FN_LOGFRAME_HDR`; without both nothing is written.
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        Self(set("FN_LOGFRAME_NAME").zip(set("FN_LOGFRAME_HDR")).map(|(name, header)| Names { name, header }))
    }

    /// The mark of a call with these headers.
    pub fn mark(&self, headers: &HeaderMap) -> Option<String> {
        let Names { name, header } = self.0.as_ref()?;
        let value = headers.get(header.as_str())?.to_str().ok()?;
        let value: String = value.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        Some(format!("\n{name}={value}\n"))
    }

    /// Writes the mark to both streams. A log that cannot be written holds no call back.
    pub fn write(&self, headers: &HeaderMap) {
        if let Some(mark) = self.mark(headers) {
            let _ = written(&mut io::stderr().lock(), &mark);
            let _ = written(&mut io::stdout().lock(), &mark);
        }
    }
}

fn written(to: &mut dyn Write, mark: &str) -> io::Result<()> {
    to.write_all(mark.as_bytes())?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(set: &[(&str, &str)]) -> Frame {
        Frame::read(&|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_call_is_marked_where_the_platform_names_both_the_word_and_the_header() {
        let names = [("FN_LOGFRAME_NAME", "fn_call"), ("FN_LOGFRAME_HDR", "Fn-Call-Id")];
        let headers: HeaderMap =
            [(http::HeaderName::from_static("fn-call-id"), "01ABC".parse().expect("a value"))].into_iter().collect();
        assert_eq!(frame(&names).mark(&headers).as_deref(), Some("\nfn_call=01ABC\n"));
        assert_eq!(frame(&names).mark(&HeaderMap::new()), None);
        for set in [&names[..1], &names[1..], &[]] {
            assert_eq!(frame(set).mark(&headers), None);
        }
        assert_eq!(frame(&[names[0], ("FN_LOGFRAME_HDR", "no header\n")]).mark(&headers), None);
    }
}
