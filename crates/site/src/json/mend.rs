//! What other writers of JSON let pass and `serde_json` does not, made readable. Pure.

/// The replacement character, as JSON may write it.
const REPLACED: &str = "\\ufffd";

/// The same document with halves of characters replaced and numbers beyond every range as text; `None` where it holds
/// none of either.
pub(super) fn mended(text: &str) -> Option<String> {
    let (mut out, mut rest, mut in_text, mut changed) = (String::with_capacity(text.len()), text, false, false);
    while let Some(first) = rest.chars().next() {
        let (piece, put) = match first {
            '"' => {
                in_text = !in_text;
                (first.len_utf8(), None)
            }
            '\\' if in_text => escape(rest),
            '-' | '0'..='9' if !in_text => number(rest),
            other => (other.len_utf8(), None),
        };
        let (piece, after) = rest.split_at_checked(piece)?;
        changed |= put.is_some();
        out.push_str(put.as_deref().unwrap_or(piece));
        rest = after;
    }
    changed.then_some(out)
}

/// The length of the escape at the beginning of `text`, and what stands for it where it is half a character.
fn escape(text: &str) -> (usize, Option<String>) {
    match (unit(text), text.get(6..).and_then(unit)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, None),
        (Some(0xd800..=0xdfff), _) => (6, Some(REPLACED.to_owned())),
        (Some(_), _) => (6, None),
        // The backslash and the character after it, which may be a quote.
        (None, _) => (1 + text.chars().nth(1).map_or(0, char::len_utf8), None),
    }
}

/// The unit of UTF-16 that `\\uHHHH` at the beginning of `text` names.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

/// The length of the number at the beginning of `text`, and the text that stands for it where it is beyond every range.
fn number(text: &str) -> (usize, Option<String>) {
    let ends = |character: char| !(character.is_ascii_digit() || "+-.eE".contains(character));
    let length = text.find(ends).unwrap_or(text.len());
    let digits = text.get(..length).unwrap_or_default();
    let is_beyond = digits.parse::<f64>().is_ok_and(f64::is_infinite);
    (length, is_beyond.then(|| format!("\"{digits}\"")))
}
