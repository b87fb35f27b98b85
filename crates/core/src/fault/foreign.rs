//! What others said, made fit to be shown: no character that hides or turns text, nothing that looks like a credential.
//!
//! Three readings mask, each the way in which credentials are quoted: by a name before it (`Signature=...`), by a word
//! before it (`bearer ...`), by its own shape (`eyJ...`). A word too many is masked rather than one too few.

#[cfg(test)]
mod tests;

/// What stands where a credential stood.
const MASK: &str = "[masked]";

/// How much is read, in characters: many times what is shown, because masks are shorter than what they replace.
const LONGEST_READ: usize = 4096;

/// Below this, a run of letters and digits is a name. 40 characters is the shortest key in use (a secret access key).
const SHORTEST_RUN: usize = 40;

/// A piece of a run that is as long and as mixed as this is no word of a path.
const LONGEST_WORD: usize = 24;

/// The ends of names whose value is a credential, in lower case without `-` and `_`.
const SECRET_NAMES: [&str; 20] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "authorization",
    "cookie",
    "token",
    "secret",
    "signature",
    "accountkey",
    "accesskey",
    "apikey",
    "privatekey",
    "sharedkey",
    "sessionkey",
    "subscriptionkey",
    "functionskey",
    "credential",
    "credentials",
    "assertion",
];

/// Of those, the names after which even a plain word is a credential.
const ALWAYS: usize = 6;

/// Words that may stand between `Authorization:` and the credential.
const SCHEMES: [&str; 7] = ["bearer", "basic", "token", "apikey", "sharedkey", "negotiate", "aws4-hmac-sha256"];

/// Credentials that show by how they begin: JSON Web Tokens, tokens for EKS, Google, GitHub, GitLab and Slack.
const BEGINNINGS: [&str; 17] = [
    "eyJ",
    "k8s-aws-v1.",
    "ya29.",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "glrt-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "AIza",
];

/// Words after which a credential comes. So it does after `key`, if it looks like one: most keys are only names.
const INTRODUCING: [&str; 3] = ["bearer", "basic", "token"];

/// True for a character that is not seen: control, zero width, direction of text, and others that only steer a display.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The first line that can be seen, masked, at most `longest` characters of it.
pub(super) fn shown(text: &str, longest: usize) -> String {
    let visible = |line: &&str| line.chars().any(|character| !is_hidden(character) && !character.is_whitespace());
    let line = text.lines().find(visible).unwrap_or_default();
    let mut seen = line.chars().filter(|character| !is_hidden(*character)).skip_while(|first| first.is_whitespace());
    let mut chars: Vec<char> = seen.by_ref().take(LONGEST_READ).collect();
    if seen.next().is_some() {
        // A credential that was cut could be taken for a short word. What is one word from end to end is too long for one.
        let end = chars.iter().rposition(|character| character.is_whitespace());
        chars.truncate(end.map_or(LONGEST_READ, |last| last.saturating_add(1)));
    }
    let masked = by_shape(&by_word(&by_name(&in_address(&chars))));
    masked.into_iter().take(longest).collect()
}

/// Splits where `wanted` ends.
fn split(chars: &[char], wanted: impl Fn(char) -> bool) -> (&[char], &[char]) {
    chars.split_at(chars.iter().take_while(|character| wanted(**character)).count())
}

fn lower(chars: &[char]) -> String {
    chars.iter().map(char::to_ascii_lowercase).collect()
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_')
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '\'' | '`' | '\\')
}

fn ends_value(character: char) -> bool {
    character.is_whitespace() || is_quote(character) || "&,;)}]<>".contains(character)
}

/// A word of prose: it says nothing that a credential would.
fn is_plain(word: &[char]) -> bool {
    let (first, rest) = word.split_at(word.len().min(1));
    word.len() < 20 && first.iter().all(char::is_ascii_alphabetic) && rest.iter().all(char::is_ascii_lowercase)
}

/// Masks values with the name of a credential before them: in URLs, headers, JSON and prose.
fn by_name(chars: &[char]) -> Vec<char> {
    let (mut masked, mut rest) = (Vec::with_capacity(chars.len()), chars);
    while let Some(first) = rest.first() {
        let (name, after) = if is_name(*first) { split(rest, is_name) } else { rest.split_at(1) };
        masked.extend(name);
        rest = after;
        if let Some((before, value)) = assigned(name, after) {
            masked.extend(after.iter().take(before));
            masked.extend(MASK.chars());
            rest = after.get(before.saturating_add(value)..).unwrap_or_default();
        }
    }
    masked
}

/// Where the value of the credential `name` begins in `after`, and its length.
fn assigned(name: &[char], after: &[char]) -> Option<(usize, usize)> {
    let name: String = lower(name).chars().filter(|character| character.is_ascii_alphanumeric()).collect();
    let at = match name.as_str() {
        "sig" => SECRET_NAMES.len(),
        // Not as an end: of `bypass` everything may be shown.
        "pass" => 0,
        other => SECRET_NAMES.iter().position(|secret| other.ends_with(secret))?,
    };
    let (quote, rest) = split(after, is_quote);
    let (_, rest) = split(rest, |character| character == ' ');
    let equals = rest.first() == Some(&'=') || (lower(rest.get(..3)?) == "%3d");
    let rest = match rest.first()? {
        '=' | ':' => rest.get(1..)?,
        '%' if equals => rest.get(3..)?,
        _ => return None,
    };
    let (_, rest) = split(rest, |character| character == ' ');
    let (opening, rest) = split(rest, is_quote);
    let (value, _) = value_of(rest, !opening.is_empty());
    let certain = equals || !quote.is_empty() || !opening.is_empty() || at < ALWAYS || !is_plain(value);
    (!value.is_empty() && certain).then(|| (after.len().saturating_sub(rest.len()), value.len()))
}

/// A value and what follows it. A scheme belongs to the credential that comes after it.
fn value_of(chars: &[char], is_quoted: bool) -> (&[char], &[char]) {
    let ends = |character: char| if is_quoted { is_quote(character) } else { ends_value(character) };
    let (value, after) = split(chars, |character| !ends(character));
    if !SCHEMES.contains(&lower(value).as_str()) {
        return (value, after);
    }
    let (spaces, after) = split(after, |character| character == ' ');
    let (credential, _) = split(after, |character| !ends(character));
    chars.split_at(value.len().saturating_add(spaces.len()).saturating_add(credential.len()).min(chars.len()))
}

/// At least 20 letters and digits, of both kinds, as keys in hexadecimal are.
fn is_digits_and_letters(value: &[char]) -> bool {
    let has = |of: fn(&char) -> bool| value.iter().any(of);
    value.len() >= 20
        && value.iter().all(char::is_ascii_alphanumeric)
        && has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic)
}

/// Masks what stands before the `@` of an address: `https://user:password@host`.
fn in_address(chars: &[char]) -> Vec<char> {
    let (mut masked, mut rest) = (Vec::with_capacity(chars.len()), chars);
    while let Some(first) = rest.first() {
        if !rest.starts_with(&['/', '/']) {
            masked.push(*first);
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let (slashes, after) = rest.split_at(2);
        let (authority, _) = split(after, |character| !"/?#".contains(character) && !ends_address(character));
        // The last one counts: a password may hold others.
        let user = authority.iter().rposition(|character| *character == '@').unwrap_or_default();
        masked.extend(slashes);
        if user > 0 {
            masked.extend(MASK.chars());
        }
        rest = after.get(user..).unwrap_or_default();
    }
    masked
}

fn ends_address(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '\'' | '`' | '<' | '>')
}

/// Masks what follows the words `bearer`, `basic`, `token` and `key`, unless it is a word of prose.
fn by_word(chars: &[char]) -> Vec<char> {
    let (mut masked, mut rest) = (Vec::with_capacity(chars.len()), chars);
    while let Some(first) = rest.first() {
        let (word, after) = if is_name(*first) { split(rest, is_name) } else { rest.split_at(1) };
        masked.extend(word);
        rest = after;
        let (spaces, next) = split(after, |character| character == ' ');
        let (quote, next) = split(next, is_quote);
        let (introduces, is_key) = (INTRODUCING.contains(&lower(word).as_str()), lower(word).ends_with("key"));
        if spaces.is_empty() || !(introduces || is_key) {
            continue;
        }
        let (value, _) = split(next, |character| !ends_value(character));
        let (value, _) = value
            .split_at(value.len().saturating_sub(value.iter().rev().take_while(|end| ".:=".contains(**end)).count()));
        let is_secret = match is_key {
            true => is_digits_and_letters(value),
            false => !quote.is_empty() || (value.len() >= 6 && !is_plain(value)),
        };
        if !value.is_empty() && is_secret && value.first() != Some(&'[') {
            masked.extend(spaces.iter().chain(quote));
            masked.extend(MASK.chars());
            rest = next.get(value.len()..).unwrap_or_default();
        }
    }
    masked
}

/// Masks what looks like a credential wherever it stands.
fn by_shape(chars: &[char]) -> Vec<char> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-_.~+/=%".contains(character);
    let (mut masked, mut rest) = (Vec::with_capacity(chars.len()), chars);
    while let Some(first) = rest.first() {
        let (run, after) = if is_part(*first) { split(rest, is_part) } else { rest.split_at(1) };
        let text: String = run.iter().collect();
        let begins = BEGINNINGS.iter().filter_map(|beginning| text.find(beginning)).min();
        match begins {
            // A run is ASCII: its bytes are its characters.
            Some(at) if run.len() >= at.saturating_add(10) => {
                masked.extend(run.iter().take(at).copied().chain(MASK.chars()))
            }
            _ => masked.extend(text.split_inclusive(['.', '~']).flat_map(|piece| long_or_key(piece).into_iter())),
        }
        rest = after;
    }
    masked
}

/// A piece without dots: masked when it is an access key id or a long run of mixed characters.
fn long_or_key(piece: &str) -> Vec<char> {
    let run = piece.trim_end_matches(['.', '~']);
    let is_long = run.len() >= SHORTEST_RUN && is_mixed(run) && !is_path(run);
    if is_long || run.split(['/', '=', '%']).any(is_access_key) {
        return MASK.chars().chain(piece.chars().skip(run.len())).collect();
    }
    piece.chars().collect()
}

/// `AKIA...` and its kin: who they are is no secret, but they come with one and are asked for in no sentence of ours.
fn is_access_key(word: &str) -> bool {
    let upper = word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    word.len() == 20 && upper && (word.starts_with("AKIA") || word.starts_with("ASIA"))
}

/// Capitals, small letters and digits.
fn is_mixed(run: &str) -> bool {
    let has = |of: fn(&u8) -> bool| run.bytes().any(|byte| of(&byte));
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}

/// Paths, resource ids and names of roles are long and mixed too, but made of words: short pieces, whose kinds of
/// character change seldom. In random base64 they change at six of ten places, in names at one of ten.
fn is_path(run: &str) -> bool {
    let pieces: Vec<&str> = run.split(['/', '-', '_', '=', '%', '+']).filter(|piece| !piece.is_empty()).collect();
    if pieces.iter().any(|piece| piece.len() >= LONGEST_WORD && is_mixed(piece)) {
        return false;
    }
    // Identifiers in hexadecimal are part of paths.
    let is_hex = |piece: &&str| piece.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let (mut places, mut changes) = (1, 0);
    for piece in pieces.iter().filter(|piece| !is_hex(piece)) {
        let kinds: Vec<u8> = piece.bytes().map(kind).collect();
        places = kinds.len().saturating_add(places);
        let more = kinds.windows(2).filter(|pair| pair.first() != pair.last()).count();
        changes = more.saturating_add(changes);
    }
    usize::saturating_mul(changes, 4) < places
}

fn kind(byte: u8) -> u8 {
    u8::from(byte.is_ascii_uppercase()) | u8::from(byte.is_ascii_digit()) << 1
}
